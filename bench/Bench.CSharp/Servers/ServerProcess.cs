using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using RedisClone.Bench.Load;
using RedisClone.Bench.Machine;

namespace RedisClone.Bench.Servers;

/// <summary>A running server, with a data directory of its own that goes when the server does.</summary>
internal sealed partial class ServerProcess : IDisposable
{
    private const int LogLinesMax = 400;
    private static readonly TimeSpan ReadyMax = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ImpatientMax = TimeSpan.FromMilliseconds(500);

    private readonly Process _process;
    private readonly string _directory;
    private readonly Queue<string> _log = new();
    private readonly long _startedAt;

    private ServerProcess(Subject subject, Process process, int port, string directory, long startedAt)
    {
        Subject = subject;
        Port = port;
        _process = process;
        _directory = directory;
        _startedAt = startedAt;
    }

    public Subject Subject { get; }
    public int Port { get; }
    public int Pid => _process.Id;

    /// <summary>Seconds from the start of the program to its first PONG.</summary>
    public double ReadySeconds { get; private set; }

    public double CpuSeconds => ProcessAccounts.CpuSeconds(Pid);
    private TimeSpan Elapsed => Stopwatch.GetElapsedTime(_startedAt);
    public long ResidentBytes => ProcessAccounts.ResidentBytes(Pid);

    /// <summary>Starts a server on its core.</summary>
    /// <exception cref="BenchException">The program cannot be started.</exception>
    public static ServerProcess Start(Subject subject, int port, string directory, Options options, string[] settings)
    {
        var info = new ProcessStartInfo(subject.Program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = directory,
        };
        string[] always =
        [
            "--port", port.ToString(CultureInfo.InvariantCulture), "--dir", directory, "--save", "",
            "--auto-aof-rewrite-percentage", "0",
        ];
        foreach (var argument in (string[])[.. subject.LeadingArguments, .. always, .. settings])
        {
            info.ArgumentList.Add(argument);
        }

        Pinning.PinThisThread(options.ServerCore);
        Process process;
        long startedAt;
        try
        {
            startedAt = Stopwatch.GetTimestamp();
            process = Process.Start(info) ?? throw new BenchException($"{subject.Program} did not start");
        }
        finally
        {
            Pinning.PinThisThread(options.LoadCore);
        }

        var server = new ServerProcess(subject, process, port, directory, startedAt);
        process.StandardInput.Close();
        process.OutputDataReceived += (_, line) => server.Keep(line.Data);
        process.ErrorDataReceived += (_, line) => server.Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return server;
    }

    public RespClient Connect() => new(Port);

    /// <summary>Seconds the server itself says loading its log took; null when it does not say.</summary>
    public double? LoadSecondsInLog()
    {
        lock (_log)
        {
            foreach (var line in _log)
            {
                var match = LoadLine().Match(line);
                if (match.Success)
                {
                    return double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
                }
            }
        }

        return null;
    }

    public void Dispose()
    {
        try
        {
            _process.Kill();
            _process.WaitForExit();
        }
        catch (InvalidOperationException)
        {
            // It had ended already.
        }

        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Waits until the server answers PING with PONG.</summary>
    /// <exception cref="BenchException">It ended instead, or took longer than ten minutes.</exception>
    public void WaitUntilReady()
    {
        RespClient? client = null;
        try
        {
            while (true)
            {
                try
                {
                    client ??= Connect();
                    if (client.TryPing())
                    {
                        ReadySeconds = Elapsed.TotalSeconds;
                        return;
                    }
                }
                catch (SocketException)
                {
                    // Not listening yet.
                    client?.Dispose();
                    client = null;
                }

                if (_process.HasExited)
                {
                    _process.WaitForExit();
                    throw new BenchException($"{Subject.Name} ended with {_process.ExitCode} while starting:\n{LogTail()}");
                }

                if (Elapsed > ReadyMax)
                {
                    throw new BenchException($"{Subject.Name} was not ready after {ReadyMax.TotalMinutes:0} minutes:\n{LogTail()}");
                }

                Pause();
            }
        }
        finally
        {
            client?.Dispose();
        }
    }

    // A start takes milliseconds and is asked about every fifth of one; loading takes seconds and is left in peace.
    private void Pause()
    {
        if (Elapsed > ImpatientMax)
        {
            Thread.Sleep(5);
            return;
        }

        var since = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(since).TotalMilliseconds < 0.2)
        {
            Thread.SpinWait(10);
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_log)
        {
            _log.Enqueue(line);
            if (_log.Count > LogLinesMax)
            {
                _log.Dequeue();
            }
        }
    }

    private string LogTail()
    {
        lock (_log)
        {
            return string.Join('\n', _log.TakeLast(20));
        }
    }

    [GeneratedRegex(@"loaded from .*?([0-9]+\.[0-9]+) seconds", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LoadLine();
}
