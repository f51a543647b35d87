using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Persistence;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>What those see who watch over servers: the endpoint for Prometheus, and the instruments of .NET.</summary>
public sealed partial class MetricsTests
{
    [Fact]
    public async Task Metrics_tell_what_was_done()
    {
        int port = FreePort();
        using var server = new TestServer(options => options.MetricsPort = port);
        using IScriptConnection client = server.Connect();
        client.Call("SET", "k", "v");
        client.Call("GET", "k");
        client.Call("GET", "none");
        client.Call("LPUSH", "k", "x");

        (HttpStatusCode status, string text) = await Get(port, "/metrics");

        Assert.Equal(HttpStatusCode.OK, status);
        string[] lines = text.Split('\n');
        Assert.Contains("redis_up 1", lines);
        Assert.Contains("redis_connected_clients 1", lines);
        Assert.Contains("redis_commands_total{cmd=\"get\"} 2", lines);
        Assert.Contains("redis_commands_failed_calls_total{cmd=\"lpush\"} 1", lines);
        Assert.Contains("redis_errors_total{err=\"WRONGTYPE\"} 1", lines);
        Assert.Contains("redis_keyspace_hits_total 1", lines);
        Assert.Contains("redis_db_keys{db=\"db0\"} 1", lines);
        Assert.Contains("redis_commands_latencies_usec_count{cmd=\"get\"} 2", lines);
        Assert.All(lines.SkipLast(1), line => Assert.Matches(LineOfMetrics(), line));
        Assert.Equal("", lines[^1]);
    }

    [Fact]
    public async Task A_name_has_its_type_once_and_before_its_samples()
    {
        int port = FreePort();
        using var server = new TestServer(options => options.MetricsPort = port);
        using IScriptConnection client = server.Connect();
        client.Call("PING");

        string[] lines = (await Get(port, "/metrics")).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        var types = lines.Where(line => line.StartsWith("# TYPE", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).ToArray();
        Assert.Equal(types.Distinct(), types);
        string current = "";
        foreach (string line in lines)
        {
            current = line.StartsWith("# TYPE", StringComparison.Ordinal) ? line.Split(' ')[2] : current;
            Assert.True(line[0] == '#' || line.StartsWith(current, StringComparison.Ordinal), line);
        }
    }

    [Fact]
    public async Task Health_is_that_of_the_log()
    {
        int port = FreePort();
        var disk = new SimulatedDisk();
        using var server = new TestServer(options => options.MetricsPort = port, disk: disk);
        using IScriptConnection client = server.Connect();
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await Get(port, "/healthz"));

        disk.Fault = (call, _) => call == DiskCall.Write ? new IOException("No space left on device") : null;
        client.Send(["SET", "k", "v"]);
        Eventually.True(() => server.Info("aof_last_write_status") == "err");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "log: No space left on device\n"), await Get(port, "/healthz"));
        disk.Fault = null;
        Eventually.True(() =>
        {
            server.Time.Advance(TimeSpan.FromSeconds(1));
            return server.Info("aof_last_write_status") == "ok";
        });
        Assert.Equal((HttpStatusCode.OK, "ok\n"), await Get(port, "/healthz"));
    }

    [Theory]
    [InlineData("GET", "/", HttpStatusCode.NotFound)]
    [InlineData("GET", "/metrics/", HttpStatusCode.NotFound)]
    [InlineData("POST", "/metrics", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "/healthz", HttpStatusCode.MethodNotAllowed)]
    public async Task Anything_else_is_refused(string method, string path, HttpStatusCode expected)
    {
        int port = FreePort();
        using var server = new TestServer(options => options.MetricsPort = port);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), $"http://127.0.0.1:{port}{path}");
        using HttpResponseMessage response = await http.SendAsync(request);
        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public void Listeners_of_dotnet_hear_of_commands_and_of_slow_ones()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        var durations = new List<string>();
        var slow = new List<string>();
        using var meters = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "redisclone.command.duration")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        meters.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            lock (durations)
            {
                durations.Add((string)tags[0].Value!);
            }
        });
        meters.Start();
        using var activities = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "RedisClone",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                lock (slow)
                {
                    slow.Add(activity.OperationName);
                }
            },
        };
        ActivitySource.AddActivityListener(activities);
        client.Call("CONFIG", "SET", "slowlog-log-slower-than", "0");
        client.Call("HSET", "metrics-test", "f", "v");

        // Other servers of this process may be heard, too.
        lock (durations)
        {
            Assert.Contains("hset", durations);
        }

        lock (slow)
        {
            Assert.Contains("hset", slow);
        }
    }

    [GeneratedRegex("""^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.E+-]+)$""")]
    private static partial Regex LineOfMetrics();

    private static async Task<(HttpStatusCode Status, string Text)> Get(int port, string path)
    {
        using var http = new HttpClient();
        using HttpResponseMessage response = await http.GetAsync(new Uri($"http://127.0.0.1:{port}{path}"));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
