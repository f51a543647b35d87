using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Diagnostics;

// What is seen of commands
//
// Every command is followed by one look at the clock: its end is where the next one of the same turn begins. What comes of
// it is a few additions, and three comparisons that decide whether more is to be done: for the slow log, for the latency
// monitor, and for who watches. Nothing is allocated but a command's histogram, at its first call.

/// <summary>What is counted, kept and shown of commands. Needs the engine's gate.</summary>
public sealed class Insight
{
    private readonly TimeProvider _clock;
    private long _slowTicks = long.MaxValue;
    private long _latencyTicks = long.MaxValue;
    private long _now;

    public Insight(CommandSet commands, TimeProvider clock)
    {
        _clock = clock;
        Commands = commands;
        Statistics = new CommandStatistics(commands, clock);
        Latency = new LatencyMonitor(clock);
    }

    /// <summary>Who else wants to know, by the means of .NET.</summary>
    internal Instruments? Instruments { get; set; }

    public CommandSet Commands { get; }

    public CommandStatistics Statistics { get; }

    public ErrorStatistics Errors { get; } = new();

    public SlowLog Slow { get; } = new();

    public LatencyMonitor Latency { get; }

    public MonitorTable Monitors { get; } = new();

    /// <summary>When the latest command ended, or the turn began, in the unit of the clock.</summary>
    public long Timestamp => _now;

    /// <summary>Per cent of commands of which INFO tells how long they took at most.</summary>
    public IReadOnlyList<double> Percentiles { get; set; } = [];

    /// <summary>From how many microseconds on a command is slow; -1 is never.</summary>
    public void SetSlow(long microseconds) => _slowTicks = microseconds < 0 ? long.MaxValue : TicksOf(microseconds / 1e6);

    /// <summary>From how many milliseconds on the latency monitor takes note; 0 is never.</summary>
    public void SetLatency(long milliseconds)
    {
        Latency.ThresholdMs = milliseconds;
        _latencyTicks = milliseconds == 0 ? long.MaxValue : TicksOf(milliseconds / 1e3);
    }

    /// <summary>Looks at the clock: a command begins when this has returned.</summary>
    public void Begin() => _now = _clock.GetTimestamp();

    /// <summary>Takes note of a command that has been carried out.</summary>
    /// <param name="session">Who sent it.</param>
    /// <param name="command">Which it is.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="started">What <see cref="Timestamp"/> was before it.</param>
    /// <param name="reply">Where its reply is.</param>
    /// <param name="before">How long that was before it.</param>
    public void Ended(Session session, HostCommand command, Arguments args, long started, RespWriter reply, int before)
    {
        _now = _clock.GetTimestamp();
        var ticks = _now - started;
        var failed = CountIfError(reply, before);
        Statistics.Count(command.Id, ticks, failed, session.Waiting is not null);
        if (ticks >= _slowTicks && !command.Has(CommandFlags.SkipSlowlog))
        {
            var microseconds = (long)_clock.GetElapsedTime(started, _now).TotalMicroseconds;
            Slow.Add(session, command, args, _clock.GetUtcNow(), microseconds);
            Instruments?.Ended(command.FullName, _clock.GetUtcNow(), _clock.GetElapsedTime(started, _now));
        }

        if (ticks >= _latencyTicks)
        {
            var name = command.Has(CommandFlags.Fast) ? LatencyMonitor.FastCommand : LatencyMonitor.Command;
            Latency.Note(name, _clock.GetElapsedTime(started, _now));
        }

        if (Instruments is { WantsDurations: true } instruments)
        {
            instruments.Record(command.FullName, _clock.GetElapsedTime(started, _now));
        }

        if (Monitors.Count > 0)
        {
            Monitors.Show(ClientAddress.InMonitor(session), _clock.GetUtcNow(), session.Database, command, args);
        }
    }

    /// <summary>Takes note of a command that was refused.</summary>
    /// <param name="command">Which it is; null if there is none of that name.</param>
    /// <param name="reply">Where its reply is.</param>
    /// <param name="before">How long that was before it.</param>
    public void Refused(HostCommand? command, RespWriter reply, int before)
    {
        CountIfError(reply, before);
        if (command is not null)
        {
            Statistics.CountRejected(command.Id);
        }
    }

    /// <summary>Begins to count anew.</summary>
    public void ResetStatistics()
    {
        Statistics.Reset();
        Errors.Reset();
    }

    private bool CountIfError(RespWriter reply, int before)
    {
        if (reply.Length <= before || reply.Buffer[before] != (byte)'-')
        {
            return false;
        }

        Errors.Count(reply.Written[(before + 1)..]);
        return true;
    }

    private long TicksOf(double seconds) => (long)Math.Min(long.MaxValue / 2, seconds * _clock.TimestampFrequency);
}
