using System.Diagnostics;
using System.Globalization;
using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>The load generator that comes with Redis finds nothing to complain about.</summary>
public sealed class RedisBenchmarkTests
{
    private const string Program = "redis-benchmark";

    /// <summary>The tests that it runs unless told otherwise; PING twice, LRANGE with four lengths.</summary>
    private const int Tests = 20;

    [OracleTheory]
    [InlineData("1")]
    [InlineData("16")]
    public void Its_default_tests_end_without_an_error(string pipeline)
    {
        using var server = new TestServer();
        var start = new ProcessStartInfo(
            Program, ["-p", server.Port.ToString(CultureInfo.InvariantCulture), "-n", "500", "-c", "10", "-P", pipeline, "--csv"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            Eventually.Done(Task.WhenAll(output, errors));
            Assert.True(process.WaitForExit(Eventually.Bound));
            Assert.Equal((0, ""), (process.ExitCode, errors.Result));
            Assert.DoesNotContain("rror", output.Result, StringComparison.Ordinal);
            Assert.Equal(Tests, output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Count());
        }
        finally
        {
            process.Kill();
        }
    }
}
