using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace RedisClone.Server.Tests.Scripts;

/// <summary>
/// A real redis-server of its own, on a free loopback port, without persistence. It has a clock that nobody can set,
/// so <see cref="Advance"/> moves the deadline of every key back instead: what is left of a lifetime, and whether a key
/// is still there, are the same as if the time had passed. Absolute deadlines and idle times are not; scripts do not
/// ask for them after <c>@time</c>.
/// </summary>
public sealed class OracleServer : IScriptTarget
{
    /// <summary>Options with which DEBUG is allowed.</summary>
    public static readonly string[] WithDebug = ["--enable-debug-command", "yes"];

    private const string Program = "redis-server";
    private const string Shell = "/bin/sh";

    /// <summary>
    /// Starts what the arguments say in place of the shell, with a watcher beside it that ends it when its input ends:
    /// so it goes with the tests, even where they are killed.
    /// </summary>
    private const string WatchedStart =
        "exec 3<&0; (cat <&3; kill -9 $$) >/dev/null 2>&1 & exec \"$@\" 3<&- </dev/null";

    private const int StartTimeoutMs = 20_000;
    private const int PortAttemptsMax = 20;

    private readonly Process _process;
    private readonly string _directory;
    private readonly int _port;

    private OracleServer(Process process, string directory, int port)
    {
        _process = process;
        _directory = directory;
        _port = port;
    }

    /// <summary>What a test says when it cannot be run; null when it can.</summary>
    public static string? SkipReason { get; } = FindProgram() is null ? $"skipped: no {Program}" : null;

    public bool ClockStandsStill => false;

    /// <summary>The version of the installed server.</summary>
    public static Version InstalledVersion()
    {
        using Process process = Launch(ProgramPath(), ["--version"]);
        string words = process.StandardOutput.ReadToEnd();
        string version = words.Split(' ').First(word => word.StartsWith("v=", StringComparison.Ordinal));
        return Version.Parse(version["v=".Length..]);
    }

    /// <summary>Starts a server and returns once it accepts connections.</summary>
    public static OracleServer Start(params string[] options)
    {
        string directory = Directory.CreateTempSubdirectory("oracle-").FullName;
        for (int attempt = 0; attempt < PortAttemptsMax; attempt++)
        {
            int port = FreePort();
            Process process = Launch(Shell,
            [
                "-c", WatchedStart, Shell, ProgramPath(),
                "--port", port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", directory,
                "--save", "", "--appendonly", "no", "--daemonize", "no", .. options,
            ]);
            var server = new OracleServer(process, directory, port);
            if (server.WaitUntilReady())
            {
                return server;
            }

            server.StopProcess();
        }

        throw new InvalidOperationException($"{Program} did not start");
    }

    public int Port => _port;

    public IScriptConnection Connect() => new TcpConnection(_port);

    public void Advance(TimeSpan time)
    {
        using IScriptConnection connection = Connect();
        string setting = connection.Call("CONFIG", "GET", "databases").Items[1].Text;
        int databases = int.Parse(setting, CultureInfo.InvariantCulture);
        for (int database = 0; database < databases; database++)
        {
            connection.Call("SELECT", database.ToString(CultureInfo.InvariantCulture));
            foreach (ReplyValue key in connection.Call("KEYS", "*").Items)
            {
                long deadline = long.Parse(connection.Call("PEXPIRETIME", key.Text).Text, CultureInfo.InvariantCulture);
                if (deadline >= 0)
                {
                    long moved = deadline - (long)time.TotalMilliseconds;
                    connection.Call("PEXPIREAT", key.Text, moved.ToString(CultureInfo.InvariantCulture));
                }
            }
        }
    }

    public void Dispose()
    {
        StopProcess();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Reads the server's log until it says that it is ready; false when it ends before.</summary>
    private bool WaitUntilReady()
    {
        var ready = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                ready.TrySetResult(false);
            }
            else if (line.Data.Contains("eady to accept connections", StringComparison.Ordinal))
            {
                ready.TrySetResult(true);
            }
        };
        _process.BeginOutputReadLine();
        return ready.Task.Wait(StartTimeoutMs) && ready.Task.Result;
    }

    private void StopProcess()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.WaitForExit();
        _process.Dispose();
    }

    private static Process Launch(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return Process.Start(start) ?? throw new InvalidOperationException($"{program} could not be started");
    }

    private static string ProgramPath() => FindProgram() ?? throw new FileNotFoundException(Program);

    private static string? FindProgram() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, Program))
            .FirstOrDefault(File.Exists);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>A test that compares with a real server; skipped, and saying so, where none is installed.</summary>
public sealed class OracleFactAttribute : FactAttribute
{
    public OracleFactAttribute() => Skip = OracleServer.SkipReason;
}

/// <summary>The theory form of <see cref="OracleFactAttribute"/>.</summary>
public sealed class OracleTheoryAttribute : TheoryAttribute
{
    public OracleTheoryAttribute() => Skip = OracleServer.SkipReason;
}
