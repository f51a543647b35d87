namespace RedisClone.Server.Diagnostics;

/// <summary>A second in which an event took long, and the longest it took in it.</summary>
public readonly record struct LatencySample(long UnixSeconds, long Milliseconds);

/// <summary>The last times that one event took long.</summary>
public sealed class LatencySeries
{
    /// <summary>Samples that are kept; older ones make room.</summary>
    public const int SamplesMax = 160;

    private readonly Queue<LatencySample> _samples = new();

    /// <summary>The oldest first.</summary>
    public IReadOnlyCollection<LatencySample> Samples => _samples;

    public LatencySample Latest { get; private set; }

    /// <summary>The longest there was, in milliseconds, also of what is no longer kept.</summary>
    public long MillisecondsMax { get; private set; }

    public void Add(long unixSeconds, long milliseconds)
    {
        MillisecondsMax = Math.Max(MillisecondsMax, milliseconds);
        if (_samples.Count > 0 && Latest.UnixSeconds == unixSeconds)
        {
            if (milliseconds <= Latest.Milliseconds)
            {
                return;
            }

            // One sample for a second: the last of the queue is taken out, by turning it once.
            for (var i = _samples.Count - 1; i > 0; i--)
            {
                _samples.Enqueue(_samples.Dequeue());
            }

            _samples.Dequeue();
        }
        else if (_samples.Count == SamplesMax)
        {
            _samples.Dequeue();
        }

        Latest = new LatencySample(unixSeconds, milliseconds);
        _samples.Enqueue(Latest);
    }
}

/// <summary>What took longer than latency-monitor-threshold, by event. Safe from any thread.</summary>
public sealed class LatencyMonitor(TimeProvider clock)
{
    /// <summary>A command that is not fast by its row took long.</summary>
    public const string Command = "command";

    /// <summary>A command that should be fast took long.</summary>
    public const string FastCommand = "fast-command";

    public const string LogWrite = "aof-write";
    public const string LogFsyncAlways = "aof-fsync-always";
    public const string ExpireCycle = "expire-cycle";

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, LatencySeries> _events = new(StringComparer.Ordinal);
    private long _thresholdMs;

    /// <summary>From how many milliseconds on something took long; 0 is never.</summary>
    public long ThresholdMs
    {
        get => Volatile.Read(ref _thresholdMs);
        set => Volatile.Write(ref _thresholdMs, value);
    }

    /// <summary>Takes note of how long something took, if that was long.</summary>
    public void Note(string name, TimeSpan duration)
    {
        var milliseconds = (long)duration.TotalMilliseconds;
        if (ThresholdMs is > 0 and var threshold && milliseconds >= threshold)
        {
            lock (_gate)
            {
                if (!_events.TryGetValue(name, out var series))
                {
                    _events.Add(name, series = new LatencySeries());
                }

                series.Add(clock.GetUtcNow().ToUnixTimeSeconds(), milliseconds);
            }
        }
    }

    /// <summary>Calls <paramref name="read"/> with all events by name; nothing is added meanwhile.</summary>
    public void Read(Action<IReadOnlyDictionary<string, LatencySeries>> read)
    {
        lock (_gate)
        {
            read(_events);
        }
    }

    /// <summary>Forgets an event; false if there was none.</summary>
    public bool Reset(string name)
    {
        lock (_gate)
        {
            return _events.Remove(name);
        }
    }

    /// <summary>Forgets all events, and returns how many there were.</summary>
    public int Reset()
    {
        lock (_gate)
        {
            var count = _events.Count;
            _events.Clear();
            return count;
        }
    }
}
