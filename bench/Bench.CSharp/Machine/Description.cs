using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace RedisClone.Bench.Machine;

/// <summary>The machine and the versions, in words, for the report.</summary>
internal static class Description
{
    public static string OfMachine()
    {
        var model = ValueOf("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString();
        var cores = File.ReadLines("/proc/cpuinfo").Count(line => line.StartsWith("processor", StringComparison.Ordinal));
        var memory = ValueOf("/proc/meminfo", "MemTotal") ?? "0 kB";
        var gibibytes = double.Parse(memory.Split(' ')[0], CultureInfo.InvariantCulture) / (1024 * 1024);
        return string.Create(CultureInfo.InvariantCulture,
            $"{model}, {cores} cores, {gibibytes:0} GiB, {RuntimeInformation.OSDescription}, .NET {Environment.Version}");
    }

    /// <summary>Runnable tasks over the last minute; above about 0.5 something else is using the machine.</summary>
    public static double LoadAverage() =>
        double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    /// <summary>The commit the sources are at, marked when they have been changed since.</summary>
    public static string OfSources(string root)
    {
        var commit = FirstLineOf("git", "-C", root, "rev-parse", "--short", "HEAD");
        var changes = FirstLineOf("git", "-C", root, "status", "--porcelain", "--untracked-files=no");
        return commit is null ? "unknown commit" : changes is null ? commit : $"{commit} with changes";
    }

    /// <summary>The first line a program prints, or null when it prints none or does not exist.</summary>
    public static string? FirstLineOf(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            var line = output.Split('\n')[0].Trim();
            return process.ExitCode == 0 && line.Length > 0 ? line : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static string? ValueOf(string file, string name)
    {
        var line = File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
