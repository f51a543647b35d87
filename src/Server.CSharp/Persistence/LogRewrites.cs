namespace RedisClone.Server.Persistence;

/// <summary>
/// The rewrites of a log: one at a time, on a thread of its own, when asked for or when the log has grown.
/// </summary>
public sealed class LogRewrites
{
    /// <summary>After an abandoned rewrite, the time before another one is suggested.</summary>
    public static readonly TimeSpan RetryDelay = TimeSpan.FromMinutes(1);

    private readonly AppendLog _log;
    private readonly ILogDisk _disk;
    private readonly string _path;
    private readonly bool _isInBackground;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private LogRewrite? _current;
    private Thread? _thread;
    private long _started;
    private long _ended;
    private long _baseBytes;
    private long _succeeded;
    private TimeSpan? _lastDuration;
    private string? _lastError;

    internal LogRewrites(
        AppendLog log, ILogDisk disk, string path, long baseBytes, bool isInBackground, TimeProvider time)
    {
        _log = log;
        _disk = disk;
        _path = path;
        _baseBytes = baseBytes;
        _isInBackground = isInBackground;
        _time = time;
    }

    /// <summary>
    /// By how many percent the log must have grown since the last rewrite; 0 turns the suggestion off.
    /// </summary>
    public int GrowthPercentage { get; set; } = 100;

    /// <summary>How large the log must be, in bytes.</summary>
    public long SizeBytesMin { get; set; } = 64L << 20;

    public bool IsInProgress
    {
        get
        {
            lock (_gate)
            {
                return _current is not null;
            }
        }
    }

    /// <summary>
    /// Called, on any thread, when a rewrite has ended; null when it succeeded, else why it was abandoned.
    /// </summary>
    public Action<string?>? Ended { get; set; }

    /// <summary>Whether the log has grown so much that it is worth a rewrite.</summary>
    public bool ShouldRewrite()
    {
        var status = _log.Status;
        if (GrowthPercentage <= 0 || status.RewriteInProgress || status.Failure is not null
            || status.CurrentBytes <= SizeBytesMin)
        {
            return false;
        }

        lock (_gate)
        {
            if (_lastError is not null && _time.GetElapsedTime(_ended) < RetryDelay)
            {
                return false;
            }

            var growth = status.CurrentBytes - _baseBytes;
            return growth / (double)Math.Max(1, _baseBytes) * 100 >= GrowthPercentage;
        }
    }

    /// <summary>
    /// Starts a rewrite from a keyspace that has just been frozen. Called under the same hold of the engine's lock as
    /// the freeze. The next group has to say SELECT again: the base ends with another database selected.
    /// </summary>
    /// <returns>False when one is in progress already.</returns>
    public bool TryStart(ISnapshotWriter snapshot)
    {
        lock (_gate)
        {
            if (_current is not null)
            {
                return false;
            }

            _current = new LogRewrite(_log, _disk, _path, snapshot, _time);
            _started = _time.GetTimestamp();
            if (_isInBackground)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "log rewrite" };
                _thread.Start();
            }

            return true;
        }
    }

    /// <summary>Ends a rewrite in progress, and waits until it has ended.</summary>
    public void Cancel()
    {
        Thread? thread;
        lock (_gate)
        {
            _current?.Cancel();
            thread = _thread;
        }

        thread?.Join();
    }

    /// <summary>Carries out the rewrite that was started.</summary>
    internal void Run()
    {
        LogRewrite? rewrite;
        lock (_gate)
        {
            rewrite = _current;
        }

        string? error = null;
        var length = 0L;
        try
        {
            length = rewrite!.Run();
        }
        catch (Exception failure)
        {
            // Whatever it was, the log is as it was before, and the server need not end for it.
            error = failure.Message;
        }

        lock (_gate)
        {
            _ended = _time.GetTimestamp();
            _lastDuration = _time.GetElapsedTime(_started, _ended);
            _lastError = error;
            _current = null;
            _thread = null;
            if (error is null)
            {
                _baseBytes = length;
                _succeeded++;
            }
        }

        Ended?.Invoke(error);
    }

    internal LogStatus AddTo(LogStatus status)
    {
        lock (_gate)
        {
            return status with
            {
                BaseBytes = _baseBytes,
                RewriteInProgress = _current is not null,
                CurrentRewriteDuration = _current is null ? TimeSpan.Zero : _time.GetElapsedTime(_started),
                LastRewriteDuration = _lastDuration,
                LastRewriteError = _lastError,
                Rewrites = _succeeded,
            };
        }
    }
}
