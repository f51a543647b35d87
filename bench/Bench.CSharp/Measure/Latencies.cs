using System.Diagnostics;
using System.Numerics;

namespace RedisClone.Bench.Measure;

/// <summary>
/// A histogram of latencies: 64 steps in every power of two of nanoseconds, so every percentile is right within 1.6 per
/// cent, the longest latency exactly, and recording one is an increment.
/// </summary>
internal sealed class Latencies
{
    private const int StepBits = 6;
    private const int Steps = 1 << StepBits;

    /// <summary>A latency above this is a stall that a user may notice.</summary>
    public const double StallSeconds = 0.001;

    private static readonly double TicksToNanoseconds = 1e9 / Stopwatch.Frequency;

    private readonly long[] _counts = new long[(64 - StepBits + 1) * Steps];
    private long _mostNanoseconds;
    private double _stallSeconds;

    public long Count { get; private set; }

    public double MostSeconds => _mostNanoseconds / 1e9;

    /// <summary>Seconds spent in requests that took longer than <see cref="StallSeconds"/>.</summary>
    public double StalledSeconds => _stallSeconds;

    /// <summary>Records the time since a <see cref="Stopwatch.GetTimestamp"/>.</summary>
    public void RecordSince(long timestamp) =>
        Record((long)((Stopwatch.GetTimestamp() - timestamp) * TicksToNanoseconds));

    public void Record(long nanoseconds)
    {
        _counts[BucketOf((ulong)Math.Max(1, nanoseconds))]++;
        Count++;
        _mostNanoseconds = Math.Max(_mostNanoseconds, nanoseconds);
        if (nanoseconds > StallSeconds * 1e9)
        {
            _stallSeconds += nanoseconds / 1e9;
        }
    }

    /// <summary>The latency, in seconds, that a share of the requests did not exceed.</summary>
    /// <param name="share">0.99 for the 99th percentile.</param>
    public double Percentile(double share)
    {
        var rank = (long)Math.Ceiling(share * Count);
        long seen = 0;
        for (var bucket = 0; bucket < _counts.Length; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= rank && seen > 0)
            {
                return Math.Min(HighestIn(bucket), _mostNanoseconds) / 1e9;
            }
        }

        return 0;
    }

    // Below Steps a bucket is a nanosecond; above, the highest set bit names the power and the six bits after it the step.
    private static int BucketOf(ulong nanoseconds)
    {
        if (nanoseconds < Steps)
        {
            return (int)nanoseconds;
        }

        var power = BitOperations.Log2(nanoseconds) - StepBits;
        return power * Steps + (int)(nanoseconds >> power);
    }

    private static double HighestIn(int bucket)
    {
        if (bucket < Steps)
        {
            return bucket;
        }

        var power = bucket / Steps - 1;
        var step = bucket - power * Steps;
        return Math.ScaleB(step + 1, power) - 1;
    }
}
