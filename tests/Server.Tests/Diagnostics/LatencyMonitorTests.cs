using RedisClone.Server.Diagnostics;
using RedisClone.Server.Tests.Support;
using Xunit;

namespace RedisClone.Server.Tests.Diagnostics;

public class LatencyMonitorTests
{
    private readonly FakeTime _time = new();

    [Fact]
    public void OnlyWhatReachesTheThresholdIsKept()
    {
        var monitor = new LatencyMonitor(_time);
        monitor.Note("command", TimeSpan.FromSeconds(1));
        monitor.ThresholdMs = 10;
        monitor.Note("command", TimeSpan.FromMilliseconds(9.9));
        monitor.Note("aof-write", TimeSpan.FromMilliseconds(10));

        monitor.Read(events => Assert.Equal(["aof-write"], events.Keys));
    }

    [Fact]
    public void ASecondHasOneSampleTheLongest()
    {
        var monitor = new LatencyMonitor(_time) { ThresholdMs = 1 };
        foreach (var milliseconds in new[] { 20, 50, 30 })
        {
            monitor.Note("command", TimeSpan.FromMilliseconds(milliseconds));
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        monitor.Note("command", TimeSpan.FromMilliseconds(40));

        monitor.Read(events =>
        {
            Assert.Equal([50L, 40L], events["command"].Samples.Select(sample => sample.Milliseconds));
            Assert.Equal(40, events["command"].Latest.Milliseconds);
            Assert.Equal(50, events["command"].MillisecondsMax);
        });
    }

    [Fact]
    public void OldSamplesMakeRoomAndTheMaximumStays()
    {
        var monitor = new LatencyMonitor(_time) { ThresholdMs = 1 };
        for (var second = 0; second < LatencySeries.SamplesMax + 5; second++)
        {
            monitor.Note("command", TimeSpan.FromMilliseconds(1000 - second));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        monitor.Read(events =>
        {
            Assert.Equal(LatencySeries.SamplesMax, events["command"].Samples.Count);
            Assert.Equal(995, events["command"].Samples.First().Milliseconds);
            Assert.Equal(1000, events["command"].MillisecondsMax);
        });
    }

    /// <summary>What a real server draws of these three samples, 4, 2 and 1 seconds old.</summary>
    [Fact]
    public void AGraphLooksLikeThatOfARealServer()
    {
        var series = new LatencySeries();
        series.Add(100, 23);
        series.Add(102, 40);
        series.Add(103, 62);

        Assert.Equal(
            "command - high 62 ms, low 23 ms (all time high 62 ms)\n"
            + new string('-', 80)
            + "\n  #\n  |\n #|\n"
            + "_||\n   \n421\nsss\n",
            LatencyGraph.Draw("command", series, 104));
    }
}
