using System.Diagnostics;
using System.Globalization;
using RedisClone.Server.Tests.Network;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>The built program as a process of its own.</summary>
internal sealed class ProgramProcess : IDisposable
{
    private const string Ready = "Ready to accept connections on port ";

    private readonly Process _process;
    private readonly List<string> _lines = [];

    /// <summary>Starts it and waits until it serves.</summary>
    public ProgramProcess(params string[] arguments)
        : this(Launch(arguments))
    {
    }

    private ProgramProcess(Process process)
    {
        _process = process;
        string line;
        do
        {
            Task<string?> reading = _process.StandardOutput.ReadLineAsync();
            Eventually.Done(reading);
            line = reading.Result ?? throw new InvalidOperationException(string.Join('\n', _lines));
            _lines.Add(line);
        }
        while (!line.Contains(Ready, StringComparison.Ordinal));

        Port = int.Parse(line[(line.IndexOf(Ready, StringComparison.Ordinal) + Ready.Length)..], CultureInfo.InvariantCulture);
    }

    /// <summary>Starts it on Linux with fewer descriptors than usual, and waits until it serves.</summary>
    public static ProgramProcess WithDescriptors(int most, params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "redisclone.dll");
        string script = string.Create(CultureInfo.InvariantCulture, $"ulimit -n {most} && exec \"$@\"");
        return new ProgramProcess(Launch("/bin/sh", ["-c", script, "sh", "dotnet", "exec", program, .. arguments]));
    }

    public int Port { get; }

    /// <summary>What it said until it served.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>Runs it to its end; gives the exit code and all it printed.</summary>
    public static (int Code, string Output) RunToEnd(params string[] arguments)
    {
        using Process process = Launch(arguments);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            Assert.True(process.WaitForExit(Eventually.Bound), "the program did not end");
            return (process.ExitCode, output.Result + errors.Result);
        }
        finally
        {
            process.Kill();
        }
    }

    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public int WaitForExit()
    {
        Assert.True(_process.WaitForExit(Eventually.Bound), "the program did not end");
        return _process.ExitCode;
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    private static Process Launch(string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "redisclone.dll");
        return Launch("dotnet", ["exec", program, .. arguments]);
    }

    private static Process Launch(string command, string[] arguments)
    {
        return Process.Start(new ProcessStartInfo(command, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }
}
