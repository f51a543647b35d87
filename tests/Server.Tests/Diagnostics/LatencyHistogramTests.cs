using FsCheck;
using FsCheck.Fluent;
using RedisClone.Server.Diagnostics;
using Xunit;

namespace RedisClone.Server.Tests.Diagnostics;

public class LatencyHistogramTests
{
    [Fact]
    public void AnEmptyOneHasNoSteps()
    {
        var histogram = new LatencyHistogram();

        Assert.Equal(0, histogram.Count);
        Assert.Empty(histogram.Steps());
    }

    /// <summary>The numbers are those of a real server for a command of 3, 52 and 20124 microseconds.</summary>
    [Theory]
    [InlineData(3_000, 3_007, 2_992, 4)]
    [InlineData(52_000, 52_223, 51_968, 66)]
    [InlineData(749_000, 749_567, 745_472, 1_056)]
    [InlineData(20_124_000, 20_185_087, 20_054_016, 33_816)]
    public void ADurationIsToldAsARealServerTellsIt(long nanoseconds, long most, long least, long step)
    {
        var histogram = new LatencyHistogram();
        histogram.Add(nanoseconds);

        Assert.Equal(most, histogram.Percentile(50));
        Assert.Equal(least, histogram.Percentile(0));
        Assert.Equal([(step, 1L)], histogram.Steps());
    }

    [RepeatableProperty]
    public Property APercentileIsTheSortedDurationToWithinOnePercent() => Prop.ForAll(
        Gen.Choose(1, 1_000_000_000).NonEmptyListOf().ToArbitrary(),
        Gen.Choose(1, 100).ToArbitrary(),
        (durations, percentile) =>
        {
            var histogram = new LatencyHistogram();
            foreach (var duration in durations)
            {
                histogram.Add(duration);
            }

            var sorted = durations.Order().ToArray();
            var rank = Math.Max(1, (long)((percentile / 100.0 * sorted.Length) + 0.5));
            var exact = sorted[rank - 1];
            var told = histogram.Percentile(percentile);
            Assert.InRange(told, exact, exact + (exact / 100));
        });

    [RepeatableProperty]
    public Property TheLastStepHasAllDurationsAndStepsGrow() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).NonEmptyListOf().ToArbitrary(),
        durations =>
        {
            var histogram = new LatencyHistogram();
            foreach (var duration in durations)
            {
                histogram.Add(duration);
            }

            var steps = histogram.Steps();
            Assert.Equal(durations.Count(), steps[^1].Count);
            Assert.Equal(steps.Select(step => step.Microseconds).Distinct().Order(), steps.Select(step => step.Microseconds));
            Assert.Equal(steps.Select(step => step.Count).Distinct().Order(), steps.Select(step => step.Count));
        });
}
