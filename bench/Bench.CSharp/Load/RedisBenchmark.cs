using System.Diagnostics;
using System.Globalization;
using RedisClone.Bench.Measure;
using RedisClone.Bench.Servers;

namespace RedisClone.Bench.Load;

/// <summary>One run of redis-benchmark against a server, with the server's CPU time over it.</summary>
internal static class RedisBenchmark
{
    /// <summary>Connections of every run.</summary>
    public const int Connections = 50;

    /// <param name="server">Who is measured.</param>
    /// <param name="pipeline">Requests under way on each connection.</param>
    /// <param name="requests">How many in all; see <see cref="WholeBatches"/>.</param>
    /// <param name="range">__rand_int__ in an argument becomes a number from 0 to below this.</param>
    /// <param name="command">The command and its arguments.</param>
    /// <exception cref="BenchException">A request failed, or redis-benchmark printed something else than a measurement.</exception>
    public static Throughput Run(ServerProcess server, int pipeline, long requests, long range, string[] command)
    {
        string[] arguments =
        [
            "-h", "127.0.0.1", "-p", Text(server.Port), "-c", Text(Connections), "-P", Text(pipeline),
            "-n", Text(requests), "-r", Text(range), "--csv", .. command,
        ];
        var info = new ProcessStartInfo("redis-benchmark", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        var cpuBefore = server.CpuSeconds;
        using var process = Process.Start(info) ?? throw new BenchException("redis-benchmark did not start");
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var cpu = server.CpuSeconds - cpuBefore;

        // A header, then: "<command>","<requests per second>","<latencies>"...; the command may hold commas, so from the end.
        var fields = output.TrimEnd().Split('\n')[^1].Trim('"').Split("\",\"");
        if (process.ExitCode != 0
            || fields.Length < 8
            || !double.TryParse(fields[^7], NumberStyles.Float, CultureInfo.InvariantCulture, out var perSecond)
            || perSecond <= 0)
        {
            throw new BenchException($"redis-benchmark {string.Join(' ', arguments)} against {server.Subject.Name} failed:\n{output}{errors.Result}");
        }

        return new Throughput(cpu / requests * 1e6, perSecond, cpu / (requests / perSecond));
    }

    /// <summary>At least as many requests, and every connection gets whole pipelines.</summary>
    public static long WholeBatches(double requests, int pipeline)
    {
        long batch = Connections * pipeline;
        return Math.Max(1, (long)Math.Ceiling(requests / batch)) * batch;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
