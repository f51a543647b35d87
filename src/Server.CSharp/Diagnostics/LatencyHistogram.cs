using System.Numerics;

namespace RedisClone.Server.Diagnostics;

/// <summary>
/// How often which duration occurred, from a nanosecond to a second, in fixed room: below 256 ns every value has a counter,
/// above each power of two has 128, so that a value is known to within 0.8 %.
/// </summary>
public sealed class LatencyHistogram
{
    /// <summary>What takes longer counts as this.</summary>
    public const long NanosecondsMax = 1_000_000_000;

    private const int HalfBits = 7;
    private const int Half = 1 << HalfBits;
    private const long FirstStep = 1024;

    private readonly long[] _counts = new long[IndexOf(NanosecondsMax) + 1];

    /// <summary>How many durations there are.</summary>
    public long Count { get; private set; }

    /// <summary>Adds a duration in nanoseconds.</summary>
    public void Add(long nanoseconds)
    {
        _counts[IndexOf(Math.Clamp(nanoseconds, 1, NanosecondsMax))]++;
        Count++;
    }

    public void Clear()
    {
        Array.Clear(_counts);
        Count = 0;
    }

    /// <summary>
    /// The duration in nanoseconds that so many per cent of all do not exceed: the largest that cannot be told from it, or
    /// for 0 the least.
    /// </summary>
    public long Percentile(double percentile)
    {
        var wanted = Math.Max(1, (long)((Math.Min(percentile, 100) / 100 * Count) + 0.5));
        long seen = 0;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= wanted)
            {
                return percentile == 0 ? LeastOf(i) : MostOf(i);
            }
        }

        return 0;
    }

    /// <summary>
    /// How many durations are at most about a microsecond, two, four and so on: the upper end in whole microseconds and the
    /// count, for those steps that have durations of their own.
    /// </summary>
    public List<(long Microseconds, long Count)> Steps()
    {
        var steps = new List<(long, long)>();
        long seen = 0;
        var next = 0;
        for (var end = FirstStep; seen < Count; end *= 2)
        {
            var before = seen;
            var last = Math.Min(IndexOf(end), _counts.Length - 1);
            for (; next <= last; next++)
            {
                seen += _counts[next];
            }

            if (seen > before)
            {
                steps.Add((MostOf(IndexOf(end)) / 1000, seen));
            }
        }

        return steps;
    }

    private static int IndexOf(long value)
    {
        if (value < 2 * Half)
        {
            return (int)value;
        }

        var shift = BitOperations.Log2((ulong)value) - HalfBits;
        return (shift << HalfBits) + (int)(value >> shift);
    }

    private static long LeastOf(int index)
    {
        var shift = ShiftOf(index);
        return (long)(index - (shift << HalfBits)) << shift;
    }

    private static long MostOf(int index) => LeastOf(index) + (1L << ShiftOf(index)) - 1;

    private static int ShiftOf(int index) => index < 2 * Half ? 0 : (index >> HalfBits) - 1;
}
