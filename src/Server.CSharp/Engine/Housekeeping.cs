using Microsoft.Extensions.Logging;
using RedisClone.Server.Configuration;
using RedisClone.Server.Diagnostics;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Engine;

/// <summary>What is done from time to time: removing keys that are due, sampling what INFO tells as a rate, and
/// compacting a log that has grown.</summary>
internal sealed class Housekeeping : IDisposable
{
    /// <summary>Keys removed before clients get their turn again.</summary>
    private const int KeysPerTurn = 256;

    /// <summary>Turns in one round; with the default of ten rounds a second, up to 160,000 keys a second.</summary>
    private const int TurnsPerRound = 64;

    private readonly Engine _engine;
    private readonly SessionTable _sessions;
    private readonly ServerOptions _options;
    private readonly ILogger _logger;
    private readonly Action _sample;
    private readonly TimeProvider _clock;
    private readonly LatencyMonitor _latency;
    private readonly ITimer _timer;
    private readonly Lock _running = new();
    private bool _isStopped;

    public Housekeeping(
        Engine engine, SessionTable sessions, ServerOptions options, TimeProvider clock, Action sample,
        LatencyMonitor latency, ILogger logger)
    {
        _engine = engine;
        _sessions = sessions;
        _options = options;
        _sample = sample;
        _clock = clock;
        _latency = latency;
        _logger = logger;
        _timer = clock.CreateTimer(static self => ((Housekeeping)self!).Run(), this, Period, Period);
    }

    /// <summary>How long was spent on removing keys that were due.</summary>
    public TimeSpan ExpiryTime { get; private set; }

    /// <summary>Rounds that ended before all keys were removed that were due.</summary>
    public long RoundsCut { get; private set; }

    private TimeSpan Period => TimeSpan.FromMilliseconds(1000.0 / _options.Hz);

    /// <summary>Takes over how often rounds are to be.</summary>
    public void ApplyPeriod() => _timer.Change(Period, Period);

    /// <summary>Ends the round that is under way; there is none afterwards.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_running)
        {
            _isStopped = true;
        }
    }

    private void Run()
    {
        // A round that takes longer than the period must not meet the next.
        if (!_running.TryEnter())
        {
            return;
        }

        try
        {
            if (!_isStopped)
            {
                RemoveDueKeys();
                LookAtClients();
                MakeRoom();
                TakeSample();
                CompactLog();
            }
        }
        finally
        {
            _running.Exit();
        }
    }

    private void RemoveDueKeys()
    {
        var more = true;
        for (var turn = 0; turn < TurnsPerRound && more; turn++)
        {
            lock (_engine.Gate)
            {
                if (!_engine.ActiveExpire || _engine.Pause.IsOn)
                {
                    return;
                }

                var started = _clock.GetTimestamp();
                more = _engine.ExpireDue(KeysPerTurn);
                var duration = _clock.GetElapsedTime(started);
                ExpiryTime += duration;
                _latency.Note(LatencyMonitor.ExpireCycle, duration);
            }

            _engine.Log?.Flush();
        }

        RoundsCut += more ? 1 : 0;
    }

    /// <summary>Counts anew what clients take: their connections send and receive without telling.</summary>
    private void LookAtClients()
    {
        lock (_engine.Gate)
        {
            foreach (var session in _sessions.All)
            {
                session.NoteMemory();
            }

            _engine.Memory.EvictClients(_sessions);
        }
    }

    private void MakeRoom()
    {
        var more = true;
        for (var turn = 0; turn < TurnsPerRound && more; turn++)
        {
            lock (_engine.Gate)
            {
                more = _engine.Memory.IsExceeded && _engine.MakeRoom();
            }

            _engine.Log?.Flush();
        }
    }

    private void TakeSample()
    {
        lock (_engine.Gate)
        {
            _sample();
        }
    }

    private void CompactLog()
    {
        if (_engine.Log is { } log && log.Rewrites.ShouldRewrite())
        {
            _logger.LogInformation(
                "Compacting the log, which has grown to {Bytes} bytes, in the background", log.Status.CurrentBytes);
            lock (_engine.Gate)
            {
                _engine.StartRewrite();
            }
        }
    }
}
