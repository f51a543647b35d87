using System.Diagnostics;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>A program that is installed beside us, run to its end.</summary>
internal static class Tool
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    /// <summary>What a test says that needs the program; null when it is there, and in continuous integration, where it has to be.</summary>
    public static string? SkipReason(string program) =>
        Environment.GetEnvironmentVariable("CI") is null or "" && !IsInstalled(program) ? $"skipped: no {program}" : null;

    /// <summary>Runs it with something to read; gives its exit code and all it printed.</summary>
    public static (int Code, string Output) Run(string program, string input, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        if (!process.WaitForExit(Bound))
        {
            process.Kill();
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} runs on");
        }

        return (process.ExitCode, output.Result + errors.Result);
    }

    /// <summary>Starts it; the caller ends it.</summary>
    public static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, program)));
}
