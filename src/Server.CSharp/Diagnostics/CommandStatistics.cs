using RedisClone.Protocol.Interop;

namespace RedisClone.Server.Diagnostics;

/// <summary>What is counted of each command. Needs the engine's gate.</summary>
public sealed class CommandStatistics(CommandSet commands, TimeProvider clock)
{
    private readonly double _nanosecondsPerTick = 1e9 / clock.TimestampFrequency;
    private readonly Counters[] _counters = new Counters[commands.Count];
    private readonly LatencyHistogram?[] _histograms = new LatencyHistogram?[commands.Count];

    /// <summary>Whether durations are kept one by one (latency-tracking).</summary>
    public bool TracksLatency { get; set; } = true;

    /// <summary>Takes note of a command that was carried out.</summary>
    /// <param name="id">Which.</param>
    /// <param name="ticks">How long it took, in the unit of the clock.</param>
    /// <param name="failed">Whether it was answered with an error.</param>
    /// <param name="waits">Whether it has not been answered yet: how long that takes says nothing of the server.</param>
    public void Count(int id, long ticks, bool failed, bool waits)
    {
        ref var counters = ref _counters[id];
        counters.Calls++;
        counters.Ticks += ticks;
        counters.Failed += failed ? 1 : 0;
        if (TracksLatency && !waits)
        {
            (_histograms[id] ??= new LatencyHistogram()).Add((long)(ticks * _nanosecondsPerTick));
        }
    }

    /// <summary>Takes note of a command that was refused before it was tried.</summary>
    public void CountRejected(int id) => _counters[id].Rejected++;

    /// <summary>What was counted of a command.</summary>
    public CommandCounts Of(HostCommand command)
    {
        var counters = _counters[command.Id];
        return new CommandCounts(
            counters.Calls, (long)(counters.Ticks * _nanosecondsPerTick / 1000), counters.Rejected, counters.Failed);
    }

    /// <summary>The durations of a command; null when there are none.</summary>
    public LatencyHistogram? LatencyOf(HostCommand command) =>
        _histograms[command.Id] is { Count: > 0 } histogram ? histogram : null;

    /// <summary>Begins anew.</summary>
    public void Reset()
    {
        Array.Clear(_counters);
        foreach (var histogram in _histograms)
        {
            histogram?.Clear();
        }
    }

    private struct Counters
    {
        public long Calls;
        public long Ticks;
        public long Rejected;
        public long Failed;
    }
}

/// <summary>What was counted of a command; the time is all its calls took together.</summary>
public readonly record struct CommandCounts(long Calls, long Microseconds, long Rejected, long Failed)
{
    public bool Any => Calls > 0 || Rejected > 0;
}
