using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>The exporter for Redis of Debian, looking at this server.</summary>
public sealed class ExporterTests
{
    private const string Program = "prometheus-redis-exporter";

    [ExporterFact]
    public void The_exporter_for_Redis_understands_all_it_is_told()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        client.Call("SET", "k", "v");
        client.Call("LPUSH", "k", "x");
        client.Call("SET", "due", "v", "EX", "100");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using Process exporter = Tool.Start(
            Program, "-redis.addr", $"redis://127.0.0.1:{server.Port}", "-web.listen-address", $"127.0.0.1:{port}");
        try
        {
            exporter.OutputDataReceived += (_, _) => { };
            exporter.ErrorDataReceived += (_, _) => { };
            exporter.BeginOutputReadLine();
            exporter.BeginErrorReadLine();
            string[] lines = [];
            Eventually.True(() => TryScrape(port, out lines));

            Assert.Contains("redis_up 1", lines);
            Assert.Contains("redis_exporter_last_scrape_error{err=\"\"} 0", lines);
            Assert.Contains("redis_db_keys{db=\"db0\"} 2", lines);
            Assert.Contains("redis_db_keys_expiring{db=\"db0\"} 1", lines);
            Assert.Contains("redis_commands_total{cmd=\"set\"} 2", lines);
            Assert.Contains("redis_commands_failed_calls_total{cmd=\"lpush\"} 1", lines);
            Assert.Contains("redis_errors_total{err=\"WRONGTYPE\"} 1", lines);
            Assert.Contains(lines, line => line.StartsWith("redis_memory_used_bytes ", StringComparison.Ordinal));
            Assert.Contains(lines, line => line.StartsWith("redis_slowlog_length ", StringComparison.Ordinal));
        }
        finally
        {
            exporter.Kill();
            exporter.WaitForExit();
        }
    }

    private static bool TryScrape(int port, out string[] lines)
    {
        using var http = new HttpClient();
        try
        {
            lines = http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics")).Result.Split('\n');
            return true;
        }
        catch (AggregateException)
        {
            // It does not listen yet.
            lines = [];
            return false;
        }
    }

    /// <summary>A test that needs the exporter.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class ExporterFactAttribute : FactAttribute
    {
        public ExporterFactAttribute() => Skip = Tool.SkipReason(Program);
    }
}
