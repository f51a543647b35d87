using Microsoft.Extensions.Logging;
using RedisClone.Server.Configuration;

namespace RedisClone.Server.Engine;

/// <summary>What is done from time to time: removing keys that are due, and compacting a log that has grown.</summary>
internal sealed class Housekeeping : IDisposable
{
    /// <summary>Keys removed before clients get their turn again.</summary>
    private const int KeysPerTurn = 256;

    /// <summary>Turns in one round; with the default of ten rounds a second, up to 160,000 keys a second.</summary>
    private const int TurnsPerRound = 64;

    private readonly Engine _engine;
    private readonly ServerOptions _options;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private int _isRunning;

    public Housekeeping(Engine engine, ServerOptions options, TimeProvider clock, ILogger logger)
    {
        _engine = engine;
        _options = options;
        _logger = logger;
        var period = TimeSpan.FromMilliseconds(1000.0 / options.Hz);
        _timer = clock.CreateTimer(static self => ((Housekeeping)self!).Run(), this, period, period);
    }

    public void Dispose() => _timer.Dispose();

    private void Run()
    {
        // A round that takes longer than the period must not meet the next.
        if (Interlocked.Exchange(ref _isRunning, 1) == 1)
        {
            return;
        }

        try
        {
            RemoveDueKeys();
            CompactLog();
        }
        finally
        {
            Volatile.Write(ref _isRunning, 0);
        }
    }

    private void RemoveDueKeys()
    {
        var more = true;
        for (var turn = 0; turn < TurnsPerRound && more; turn++)
        {
            lock (_engine.Gate)
            {
                more = _engine.ActiveExpire && _engine.ExpireDue(KeysPerTurn);
            }

            _engine.Log?.Flush();
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
