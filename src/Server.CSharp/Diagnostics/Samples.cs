namespace RedisClone.Server.Diagnostics;

/// <summary>
/// What can only be known by looking again and again: how much happens a second, and the most memory there was. The rates
/// are those between the oldest and the newest of the last samples, so they settle within as many periods.
/// </summary>
internal sealed class Samples
{
    /// <summary>With the default of ten a second, the rates are those of the last second and a half.</summary>
    private const int Kept = 16;

    private readonly Sample[] _ring = new Sample[Kept];
    private long _taken;

    /// <summary>The most memory in use when a sample was taken, in bytes.</summary>
    public long MemoryPeakBytes { get; private set; }

    /// <summary>Commands a second.</summary>
    public long Commands => Rate(static sample => sample.Commands);

    /// <summary>Bytes received a second.</summary>
    public long BytesIn => Rate(static sample => sample.BytesIn);

    /// <summary>Bytes sent a second.</summary>
    public long BytesOut => Rate(static sample => sample.BytesOut);

    /// <summary>Takes a sample of what has been counted so far.</summary>
    public void Take(TimeSpan at, long commands, long bytesIn, long bytesOut)
    {
        _ring[_taken % Kept] = new Sample(at, commands, bytesIn, bytesOut);
        _taken++;
    }

    /// <summary>Takes note of how much memory is in use.</summary>
    public void NoteMemory(long bytes) => MemoryPeakBytes = Math.Max(MemoryPeakBytes, bytes);

    private long Rate(Func<Sample, long> count)
    {
        if (_taken < 2)
        {
            return 0;
        }

        Sample newest = _ring[(_taken - 1) % Kept];
        Sample oldest = _ring[_taken < Kept ? 0 : _taken % Kept];
        double seconds = (newest.At - oldest.At).TotalSeconds;
        return seconds > 0 ? (long)((count(newest) - count(oldest)) / seconds) : 0;
    }

    private readonly record struct Sample(TimeSpan At, long Commands, long BytesIn, long BytesOut);
}
