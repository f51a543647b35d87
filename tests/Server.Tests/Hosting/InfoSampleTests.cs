using System.Globalization;
using RedisClone.Server.Diagnostics;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>What INFO knows only because it is sampled.</summary>
public sealed class InfoSampleTests
{
    [Fact]
    public void Rates_are_those_between_the_oldest_and_the_newest_sample()
    {
        var samples = new Samples();
        Assert.Equal((0, 0, 0), (samples.Commands, samples.BytesIn, samples.BytesOut));
        samples.Take(TimeSpan.FromSeconds(1), commands: 100, bytesIn: 1000, bytesOut: 5000);
        Assert.Equal(0, samples.Commands);
        samples.Take(TimeSpan.FromSeconds(1), commands: 101, bytesIn: 1000, bytesOut: 5000);
        Assert.Equal(0, samples.Commands);
        samples.Take(TimeSpan.FromSeconds(3), commands: 200, bytesIn: 1500, bytesOut: 9000);
        Assert.Equal((50, 250, 2000), (samples.Commands, samples.BytesIn, samples.BytesOut));
        for (var i = 1; i <= 16; i++)
        {
            samples.Take(TimeSpan.FromSeconds(3 + i), commands: 200 + (7 * i), bytesIn: 1500, bytesOut: 9000);
        }

        Assert.Equal((7, 0, 0), (samples.Commands, samples.BytesIn, samples.BytesOut));
    }

    [Fact]
    public void The_peak_is_the_most_that_was_noted()
    {
        var samples = new Samples();
        samples.NoteMemory(10);
        samples.NoteMemory(30);
        samples.NoteMemory(20);
        Assert.Equal(30, samples.MemoryPeakBytes);
    }

    [Fact]
    public async Task A_server_tells_how_much_happens_a_second()
    {
        using var server = new TestServer();
        await using var redis = await StackExchangeClient.ConnectAsync(server, options => options.AllowAdmin = true);
        var database = redis.GetDatabase();
        server.Time.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => database.StringSetAsync("k", new string('v', 100))));
        server.Time.Advance(TimeSpan.FromSeconds(1));

        var text = (string?)await database.ExecuteAsync("INFO") ?? "";
        Assert.True(Number("instantaneous_ops_per_sec") > 100);
        Assert.True(Number("instantaneous_input_kbps") > 10);
        Assert.True(Number("instantaneous_output_kbps") > 0);
        Assert.True(Number("used_memory_peak") >= Number("used_memory"));

        double Number(string name)
        {
            var line = text.Split("\r\n").Single(line => line.StartsWith(name + ":", StringComparison.Ordinal));
            return double.Parse(line.AsSpan(name.Length + 1), CultureInfo.InvariantCulture);
        }
    }
}
