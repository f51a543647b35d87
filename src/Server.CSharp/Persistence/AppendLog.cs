using RedisClone.Protocol;

namespace RedisClone.Server.Persistence;

// The live log
//
//   engine lock          no lock                      lock of the file                     its own thread
//
//   Group ──Seal──► sealed groups ──Flush──► tail in memory ──write──► operating system ──fsync──► device
//           O(1)                             + CRC and line             │                           │
//                                                             everysec, no: durable here   always: durable here
//
// The engine writes effects into Group. At the end of a turn it seals the group, which only swaps buffers, and gets
// the number of the group: the position that the replies of the turn wait for. Then, outside of the engine's lock, the
// network loop flushes: it puts a line behind each sealed group and writes them in one call. Of several loops that
// flush at once, one does the work of all; the others go on and are woken.
//
// A position is durable "under the policy in force": with `always` when an fsync has covered it; one fsync covers all
// that was written before it began. With the other two, when the operating system has it: a crash of the process loses
// nothing. Only if an fsync has been running for more than a second under `everysec`, so that a write would be stuck
// behind it, groups stay in memory and count as durable; that is the second which `everysec` is allowed to lose.
//
// When the disk fails. A group that cannot be written, or whose fsync failed, stays in memory. Failure says why, the
// engine refuses writes, and once a second the thread tries again: what was written in part is cut off, everything
// since the last good fsync is written once more, at the same place (after a failed fsync the kernel may have dropped
// the pages), and only a good fsync ends the failure. Positions handed out before then become durable; nothing is
// acknowledged in between. Groups that still come (an expired key is deleted even now) wait as well.
//
// Memory is bounded: sealed groups beyond SealedBytesMax make Flush wait for the disk, and so do groups that no fsync
// has covered beyond RetainedBytesMax. While the disk fails the engine's refusal of writes is what bounds it.
//
// What is not done: under `no` nothing is kept once it is written, so a failed fsync after a change from `no` to
// another policy can write again only what came after the change.

/// <summary>The append-only log of a running server.</summary>
public sealed partial class AppendLog : IDisposable
{
    /// <summary>
    /// How many bytes of sealed groups may wait for a loop that is writing, before others wait for it too.
    /// </summary>
    public const long SealedBytesMax = 32 << 20;

    /// <summary>How many bytes may wait for an fsync before a flush waits for it.</summary>
    public const long RetainedBytesMax = 256 << 20;

    /// <summary>
    /// The time between two fsyncs under <c>everysec</c>, and between two attempts while the disk fails.
    /// </summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly ILogDisk _disk;
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly IDisposable _lock;
    private readonly LogBufferPool _pool = new();
    private readonly SealedGroups _sealed = new();
    private readonly LogTail _tail;

    // Taken in this order. The first is held during an fsync, the second while the file or the tail is touched.
    private readonly object _syncGate = new();
    private readonly object _fileGate = new();

    private LogBuffer _group;
    private long _sealedNumber;

    private ILogFile _file;
    private long _syncedNumber;
    private bool _syncFailed;
    private bool _isDirectoryUnsynced;
    private volatile string? _failure;
    private long _failures;
    private volatile FsyncPolicy _policy;
    private long _durable;
    private long _awaited;
    private int _isWakeDue;
    private Action[] _wakes = [];

    private readonly LogThread? _thread;
    private readonly ITimer _timer;
    private int _isSyncDue;
    private int _isRetryDue;
    private bool _isClosed;

    private long _syncStarted;
    private long _fsyncs;
    private long _lastFsyncTicks;
    private long _delayedWrites;
    private long _markOffset = -1;

    private AppendLog(
        ILogDisk disk,
        string path,
        IDisposable held,
        ILogFile file,
        LogEnd end,
        AppendLogOptions options,
        TimeProvider time)
    {
        _disk = disk;
        _path = path;
        _lock = held;
        _file = file;
        _time = time;
        _policy = options.Policy;
        _tail = new LogTail(_pool, end.Offset, end.LastNumber);
        _group = _pool.Take();
        _sealedNumber = _syncedNumber = _durable = end.LastNumber;
        Rewrites = new LogRewrites(this, disk, path, end.Offset, options.IsInBackground, time);
        _thread = options.IsInBackground ? new LogThread(this, "log fsync") : null;
        _timer = time.CreateTimer(static log => ((AppendLog)log!).Tick(), this, Period, Period);
    }

    /// <summary>
    /// Takes the log for this process, brings the state back from it, and opens it for writing. A log that does not
    /// exist is made from one of Redis, if there is such, or created.
    /// </summary>
    /// <param name="disk">Where the file is.</param>
    /// <param name="path">The file; other files of the log have its name and an ending.</param>
    /// <param name="replayer">Where the commands of the log go.</param>
    /// <param name="options">How the log is written.</param>
    /// <param name="time">The clock, and the timer of the fsyncs.</param>
    /// <param name="report">What recovery did.</param>
    /// <exception cref="LogInUseException">Another process has the log.</exception>
    /// <exception cref="LogDamagedException">The log is damaged; nothing was changed.</exception>
    /// <exception cref="LogImportException">A log of Redis is there that cannot be taken over.</exception>
    /// <exception cref="LogReplayException">A command cannot be carried out; nothing was changed.</exception>
    /// <exception cref="IOException">The disk fails.</exception>
    public static AppendLog Open(
        ILogDisk disk,
        string path,
        ILogReplayer replayer,
        AppendLogOptions options,
        TimeProvider time,
        out RecoveryReport report)
    {
        var held = LogInUseException.Lock(disk, path);
        ILogFile? file = null;
        try
        {
            report = RedisImport.Run(disk, path, options, replayer, time)
                ?? LogRecovery.Run(disk, path, replayer, time, options.AcceptsTornTail);
            file = disk.Open(path, LogFileMode.ReadWrite);
            var end = report.End.IsPlain ? LogStart.CloseBase(file, report.End, time) : report.End;

            // What was read may have been in the cache only, left there by a process that was killed.
            file.Sync();
            disk.SyncDirectory(path);
            return new AppendLog(disk, path, held, file, end, options, time);
        }
        catch
        {
            file?.Dispose();
            held.Dispose();
            throw;
        }
    }

    /// <summary>Compaction of this log.</summary>
    public LogRewrites Rewrites { get; }

    /// <summary>
    /// Where the engine writes the effects of the current turn, under its lock. Another one after each
    /// <see cref="Seal"/>.
    /// </summary>
    public RespWriter Group => _group.Bytes;

    /// <summary>Why writes must be refused; null when the log works. Read by the engine before each write.</summary>
    public string? Failure => _failure;

    /// <summary>Groups up to this number are durable under the policy in force. Never moves back.</summary>
    public long DurablePosition => Volatile.Read(ref _durable);

    /// <summary>When fsync happens; may be changed at any time, from any thread.</summary>
    public FsyncPolicy Policy
    {
        get => _policy;
        set
        {
            lock (_fileGate)
            {
                _policy = value;
                Advance();
            }

            Settle();
            _thread?.Signal();
        }
    }

    /// <summary>
    /// Registers an action to be called, on any thread, whenever <see cref="DurablePosition"/> has moved.
    /// </summary>
    public void OnDurable(Action wake)
    {
        lock (_fileGate)
        {
            _wakes = [.. _wakes, wake];
        }

        Settle();
    }

    /// <summary>
    /// Makes a group of what is in <see cref="Group"/>, if anything is. Called under the engine's lock at the end of a
    /// turn; takes constant time.
    /// </summary>
    /// <param name="hasWritten">
    /// Whether the turn of the caller carried out a write that a client asked for. The replies of other turns wait too,
    /// since they may tell what is not durable yet, but not while the log fails: reads must go on.
    /// </param>
    /// <returns>The position that the replies of the turn wait for; 0 when they may leave now.</returns>
    public long Seal(bool hasWritten)
    {
        if (_group.Bytes.Length > 0)
        {
            Volatile.Write(ref _sealedNumber, _sealedNumber + 1);
            _group.LastNumber = _sealedNumber;
            _sealed.Add(_group);
            _group = _pool.Take();
        }

        return hasWritten || _failure is null ? _sealedNumber : 0;
    }

    /// <summary>
    /// Writes what was sealed. Called outside of the engine's lock, after <see cref="Seal"/>, by any number of loops.
    /// What another loop is writing at this moment may become durable later; <see cref="OnDurable"/> tells.
    /// </summary>
    public void Flush()
    {
        Settle();
        Await(Volatile.Read(ref _sealedNumber));
        if (_policy != FsyncPolicy.No && _failure is null && _tail.RetainedBytes > RetainedBytesMax)
        {
            Synchronize();
        }
    }

    /// <summary>
    /// Carries out one fsync of what has been written, whatever the policy, and waits for it. Does nothing when nothing
    /// is waiting for one or the log fails.
    /// </summary>
    public void Synchronize()
    {
        SynchronizeOnce();
        Settle();
    }

    /// <summary>The state of the log at this moment. Waits for no disk.</summary>
    public LogStatus Status
    {
        get
        {
            var started = Volatile.Read(ref _syncStarted);
            var waiting = _sealed.Bytes;
            var end = _tail.EndOffset;
            return Rewrites.AddTo(new LogStatus
            {
                CurrentBytes = end + waiting,
                PendingBytes = Math.Max(0, end - _tail.WrittenOffset) + waiting,
                UnsyncedBytes = Math.Max(0, _tail.RetainedBytes) + waiting,
                FsyncLag = started == 0 ? TimeSpan.Zero : _time.GetElapsedTime(started),
                LastFsyncDuration = new TimeSpan(Volatile.Read(ref _lastFsyncTicks)),
                Fsyncs = Volatile.Read(ref _fsyncs),
                DelayedWrites = Volatile.Read(ref _delayedWrites),
                Failure = _failure,
            });
        }
    }

    /// <summary>
    /// Writes and syncs what is left, and gives the log free for another process. The engine must have stopped.
    /// </summary>
    /// <returns>Null, or why some groups could not be made durable.</returns>
    public string? Close()
    {
        if (_isClosed)
        {
            return _failure;
        }

        _isClosed = true;
        Rewrites.Cancel();
        _timer.Dispose();
        _thread?.Stop();
        lock (_fileGate)
        {
            TakeSealed();
            WriteTail(mayDelay: false);
        }

        Recover();
        Synchronize();
        _file.Dispose();
        _lock.Dispose();
        return _failure;
    }

    public void Dispose() => Close();

    /// <summary>One round of the thread: an fsync if one is due, or another attempt while the disk fails.</summary>
    internal void Step()
    {
        var isSyncDue = Interlocked.Exchange(ref _isSyncDue, 0) == 1;
        if (_failure is not null)
        {
            if (Interlocked.Exchange(ref _isRetryDue, 0) == 1)
            {
                Recover();
            }
        }
        else if (_policy == FsyncPolicy.Always || (_policy == FsyncPolicy.EverySecond && isSyncDue))
        {
            Synchronize();
        }
    }

    private void Tick()
    {
        Volatile.Write(ref _isSyncDue, 1);
        Volatile.Write(ref _isRetryDue, 1);
        _thread?.Signal();
    }
}
