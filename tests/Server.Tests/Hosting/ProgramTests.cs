using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using RedisClone.Server.Configuration;
using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>The program as it is started from a shell.</summary>
public sealed class ProgramTests : IDisposable
{
    private const int ExitTimeoutMs = 30_000;

    private readonly string _folder = Directory.CreateTempSubdirectory("program-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void TheVersionIsPrinted()
    {
        (int code, string output, string errors) = Run("", "--version");
        Assert.Equal((0, ""), (code, errors));
        Assert.StartsWith($"{ProductInfo.Name} v={ProductInfo.Version} ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void HelpShowsHowToStart()
    {
        (int code, string output, _) = Run("", "--help");
        Assert.Equal(0, code);
        Assert.Contains("redisclone --port 7000", output, StringComparison.Ordinal);
    }

    [Fact]
    public void AWrongSettingEndsTheProgramAndSaysWhereItIs()
    {
        (int code, string output, string errors) = Run("port 0\nnosuch 1\n", "-");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains(
            "Reading standard input, at line 2\n>>> 'nosuch 1'\nBad directive or wrong number of arguments\n",
            errors,
            StringComparison.Ordinal);
    }

    [Fact]
    public void ALogFileThatCannotBeOpenedEndsTheProgram()
    {
        (int code, _, string errors) = Run("", "--port", "0", "--logfile", Path.Combine(_folder, "no", "such.log"));
        Assert.Equal(1, code);
        Assert.Contains("Can't open the log file", errors, StringComparison.Ordinal);
        Assert.Contains("No such file or directory", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void NoMoreClientsArePromisedThanTheSystemAllows()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var program = ProgramProcess.WithDescriptors(
            300, "--port", "0", "--dir", _folder, "--appendonly", "no", "--maxclients", "5000");
        Assert.Single(program.Lines, line => line.Contains("maxclients is lowered from 5000 to 172", StringComparison.Ordinal));
        using var client = new TcpConnection(program.Port);
        Assert.Equal("172", client.Call("CONFIG", "GET", "maxclients").Items[1].Text);
        Assert.Contains("maxclients:172\r\n", client.Call("INFO", "clients").Text, StringComparison.Ordinal);
        Assert.Contains(
            "not able to handle the specified number of clients, try with 172",
            client.Call("CONFIG", "SET", "maxclients", "173").Text,
            StringComparison.Ordinal);
        Assert.Equal("OK", client.Call("CONFIG", "SET", "maxclients", "100").Text);
        Assert.Equal("OK", client.Call("CONFIG", "SET", "maxclients", "172").Text);
    }

    [Fact]
    public void TheReferencePagesAreWritten()
    {
        string folder = Path.Combine(_folder, "docs");
        Assert.Equal(0, Run("", "docs", "--out", folder).Code);
        Assert.Equal(ConfigurationDocs.Write(), File.ReadAllText(Path.Combine(folder, ConfigurationDocs.FileName)));
    }

    [Fact]
    public void AVerbUsedWronglySaysHowToUseIt()
    {
        (int code, _, string errors) = Run("", "check");
        Assert.Equal((1, "check needs one file: check <file>\n"), (code, errors));
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task ASignalStopsTheServerInGoodOrder(string signal)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using Process process = Start("--port", "0", "--dir", _folder);
        try
        {
            await ReadUntilAsync(process, "Ready to accept connections");
            Signal(process, signal);

            await ReadUntilAsync(process, "Stopped");
            Assert.True(process.WaitForExit(ExitTimeoutMs));
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public async Task SystemdIsToldAndThePidFileAndTheUnixSocketComeAndGoWithTheServer()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        string notify = Path.Combine(_folder, "notify");
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified)
        {
            ReceiveTimeout = ExitTimeoutMs,
        };
        systemd.Bind(new UnixDomainSocketEndPoint(notify));
        string pidFile = Path.Combine(_folder, "server.pid");
        string socket = Path.Combine(_folder, "s.sock");
        using Process process = Start(
            [
                "--port", "0", "--unixsocket", "s.sock", "--dir", _folder, "--pidfile", "server.pid",
                "--supervised", "auto", "--logfile", "x.log",
            ],
            notify);
        try
        {
            Assert.StartsWith("STATUS=Loading", Told(systemd), StringComparison.Ordinal);
            Assert.StartsWith("READY=1\n", Told(systemd), StringComparison.Ordinal);
            Assert.Equal($"{process.Id}\n", File.ReadAllText(pidFile));
            Assert.Equal((0, "PONG\n", ""), Run("", "ping", socket));

            // What logrotate does: the file is moved, the program is told, and writes to a new one.
            string log = Path.Combine(_folder, "x.log");
            File.Move(log, log + ".1");
            Signal(process, "HUP");
            Eventually.True(() => File.Exists(log) && File.ReadAllText(log).Contains("SIGHUP", StringComparison.Ordinal));
            Assert.Equal((0, "PONG\n", ""), Run("", "ping", socket));

            Signal(process, "TERM");
            Assert.StartsWith("STOPPING=1\n", Told(systemd), StringComparison.Ordinal);
            await process.WaitForExitAsync(new CancellationTokenSource(ExitTimeoutMs).Token);
            Assert.Equal(0, process.ExitCode);
            Assert.False(File.Exists(pidFile));
            Assert.False(File.Exists(socket));
            Assert.Equal(1, Run("", "ping", socket).Code);
        }
        finally
        {
            process.Kill();
        }

        static string Told(Socket systemd)
        {
            byte[] datagram = new byte[1024];
            return Encoding.UTF8.GetString(datagram, 0, systemd.Receive(datagram));
        }
    }

    [Fact]
    public void UpstartIsRefusedWithTheReason()
    {
        (int code, string output, _) = Run("", "--port", "0", "--dir", _folder, "--supervised", "upstart");
        Assert.Equal(1, code);
        Assert.Contains("upstart cannot supervise this server", output, StringComparison.Ordinal);
    }

    [Fact]
    public void ATlsPortWithoutACertificateEndsTheProgramWithTheReason()
    {
        (int code, string output, _) = Run("", "--port", "0", "--tls-port", "22590", "--dir", _folder);
        Assert.Equal(1, code);
        Assert.Contains("TLS needs a certificate and its key", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AClientCanEndTheProgram()
    {
        using Process process = Start("--port", "0", "--dir", _folder);
        try
        {
            string ready = await ReadUntilAsync(process, "Ready to accept connections");
            using (var client = new TcpConnection(PortIn(ready)))
            {
                client.Send(["SHUTDOWN"]);
                Assert.Null(client.Receive());
            }

            await ReadUntilAsync(process, "Stopped");
            Assert.True(process.WaitForExit(ExitTimeoutMs));
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public async Task APortThatIsTakenEndsTheProgramWithTheReason()
    {
        using Process first = Start("--port", "0", "--dir", _folder);
        try
        {
            string ready = await ReadUntilAsync(first, "Ready to accept connections");
            string port = $"{PortIn(ready)}";
            string other = Path.Combine(_folder, "other");
            Directory.CreateDirectory(other);
            (int code, string output, _) = Run("", "--port", port, "--dir", other);
            Assert.Equal(1, code);
            string reason = $"error   Cannot start: Cannot listen on port {port} of 127.0.0.1";
            Assert.Contains(reason, output, StringComparison.Ordinal);
        }
        finally
        {
            first.Kill();
            first.WaitForExit();
        }
    }

    [Fact]
    public void ALogThatCannotBeTrustedEndsTheProgramWithTheReason()
    {
        File.WriteAllText(Path.Combine(_folder, "storage.store"), "*1\r\n$6\r\nNOSUCH\r\n");
        (int code, string output, string errors) = Run("", "--port", "0", "--dir", _folder);
        Assert.Equal((1, ""), (code, errors));
        Assert.Contains(" error   Cannot start: ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Ready to accept connections", output, StringComparison.Ordinal);
    }

    private static int PortIn(string ready) =>
        int.Parse(ready.AsSpan(ready.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture);

    private static async Task<string> ReadUntilAsync(Process process, string text)
    {
        using var timeout = new CancellationTokenSource(ExitTimeoutMs);
        string? line;
        do
        {
            line = await process.StandardOutput.ReadLineAsync(timeout.Token);
            Assert.NotNull(line);
        }
        while (!line.Contains(text, StringComparison.Ordinal));

        return line;
    }

    private static (int Code, string Output, string Errors) Run(string input, params string[] arguments)
    {
        using Process process = Start(arguments);
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            Assert.True(process.WaitForExit(ExitTimeoutMs), "the program did not end");
            return (process.ExitCode, output.Result, errors.Result);
        }
        finally
        {
            process.Kill();
        }
    }

    private static Process Start(params string[] arguments) => Start(arguments, notifySocket: null);

    private static Process Start(string[] arguments, string? notifySocket)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "redisclone.dll");
        var start = new ProcessStartInfo("dotnet", ["exec", program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (notifySocket is not null)
        {
            start.Environment["NOTIFY_SOCKET"] = notifySocket;
        }

        return Process.Start(start)!;
    }

    private static void Signal(Process process, string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        kill.WaitForExit();
    }
}
