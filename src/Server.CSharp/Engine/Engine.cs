using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using RedisClone.Server.Persistence;
using RedisClone.Server.PubSub;
using RedisClone.Server.Sessions;
using RedisClone.Server.Tracking;

namespace RedisClone.Server.Engine;

/// <summary>
/// The one place where commands are evaluated: the live keyspace, the scratch that evaluation works with, and the lock
/// that makes commands follow one another.
/// </summary>
/// <remarks>
/// A caller takes <see cref="Gate"/>, calls <see cref="Begin"/>, and evaluates as many commands as it has at hand; the
/// time stands still until it leaves. Everything here but <see cref="Gate"/> needs the gate.
/// </remarks>
public sealed class Engine
{
    private readonly TimeProvider _clock;
    private readonly ThreadLocal<bool> _hasWritten = new();
    private SplitMix64 _seeds;
    private bool _isRewriteScheduled;

    /// <summary>What the present batch goes back to when it fails; null when it does not.</summary>
    private FrozenKeyspace? _undo;

    private long _changesBefore;

    public Engine(Keyspace keyspace, Limits limits, TimeProvider clock, ulong seed)
    {
        _clock = clock;
        _seeds = new SplitMix64(seed);
        Journal = new Journal(new RespWriter(4096));
        Call = new Call(keyspace, Journal, limits);
        Watches = new WatchTable(this);
        Waits = new WaitTable(this, clock);
        Pause = new ClientPause(this, clock);
        Memory = new MemoryLimit(this, clock);
        PubSub = new PubSubTable(this);
        Notifications = new KeyNotifications(this);
        Tracking = new TrackingTable(this, _seeds.Next());
    }

    public Lock Gate { get; } = new();

    public Call Call { get; }

    public Journal Journal { get; }

    /// <summary>Where commands are kept between reading and carrying out.</summary>
    public CommandBatch Batch { get; } = new();

    public WatchTable Watches { get; }

    public WaitTable Waits { get; }

    public ClientPause Pause { get; }
    public MemoryLimit Memory { get; }

    public PubSubTable PubSub { get; }

    public KeyNotifications Notifications { get; }

    public TrackingTable Tracking { get; }

    /// <summary>Whose command is carried out; null for what the server does by itself.</summary>
    public Session? Running { get; set; }

    /// <summary>Whether commands are being carried out that take effect as a whole.</summary>
    public bool IsInBatch { get; private set; }

    public Keyspace Keyspace => Call.Keyspace;

    /// <summary>The log that effects go to; null while there is none.</summary>
    public AppendLog? Log { get; private set; }

    /// <summary>Not null while the log is loaded, when clients may do little else than ask about it.</summary>
    public LoadProgress? Loading { get; set; }

    /// <summary>Commands carried out so far, those inside transactions included.</summary>
    public long CommandsProcessed { get; set; }

    /// <summary>When the data was last safe as a whole: at start, and after each compaction of the log.</summary>
    public DateTimeOffset LastSave { get; set; }

    /// <summary>Whether keys that are due are removed without being asked for (DEBUG SET-ACTIVE-EXPIRE).</summary>
    public bool ActiveExpire { get; set; } = true;

    /// <summary>Takes the time for the commands that follow.</summary>
    public void Begin() => Call.Now = _clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>A seed that was not used before.</summary>
    public ulong NextSeed() => _seeds.Next();

    /// <summary>Evaluates a command of the core in a database and lets its effects become known.</summary>
    public void Run(HostCommand command, Arguments args, Database database, RespWriter reply)
    {
        var call = Call;
        call.Args = args;
        call.Reply = reply;
        call.Database = database;
        call.Seed = _seeds.Next();
        command.Run(call);
        if (call.Events.Count > 0 && _undo is null)
        {
            Publish();
        }
    }

    /// <summary>Lets everybody know what the events of the call say, and forgets them.</summary>
    public void Publish()
    {
        var events = Call.Events;
        var isFlush = false;
        for (var i = 0; i < events.Count; i++)
        {
            var change = events[i];
            if (change.IsChange)
            {
                Watches.Touch(change);
                if (change.Key is not null)
                {
                    Tracking.Touch(change.Key, Running);
                }

                isFlush |= change.Key is null && change.Name == "flushdb";
            }

            if (change.Class is not (EventClass.KeyMiss or EventClass.New))
            {
                Waits.Touch(change);
            }

            Notifications.Publish(change);
        }

        if (isFlush)
        {
            Tracking.TouchAll();
        }

        events.Clear();
    }

    /// <summary>Whether a key is there; one that is due is removed by looking.</summary>
    public bool Exists(WatchedKey key)
    {
        var entry = default(Entry);
        Call.Database = Keyspace.Databases[key.Database];
        return Call.Find(key.Key, ref entry);
    }

    /// <summary>Has events recorded as long as somebody needs them.</summary>
    public void ObserveIfNeeded()
    {
        Call.Observed = Watches.Count > 0 || Waits.Count > 0 || Notifications.IsNeeded || Tracking.Clients > 0;
        Call.Noticed = Notifications.Noticed;
    }

    /// <summary>Sends effects to a log from now on, or with null nowhere.</summary>
    public void Attach(AppendLog? log)
    {
        Log = log;
        Journal.Enabled = log is not null;
        Journal.LoggedDatabase = -1;
        if (log is not null)
        {
            Journal.Writer = log.Group;
        }
    }

    /// <summary>Takes note that the turn of the present thread has written to the log, if it has.</summary>
    /// <param name="before">How long the journal was before.</param>
    public void NoteWritten(int before)
    {
        if (Journal.Writer.Length > before)
        {
            _hasWritten.Value = true;
        }
    }

    /// <summary>Takes note that replies of this turn tell of writes, which were logged in another.</summary>
    public void NoteWritten() => _hasWritten.Value = true;

    /// <summary>Ends a turn's commands: tells who keeps copies of keys what has changed in it.</summary>
    public void EndCommands()
    {
        Running = null;
        Tracking.EndTurn();
    }

    /// <summary>Whether a reply or message of this turn may tell of writes that the log does not have yet.</summary>
    public bool HasWritten => Journal.Writer.Length > 0 || _hasWritten.Value;

    /// <summary>Ends the turn of the present thread: what was logged becomes a commit group of the log.</summary>
    /// <returns>The position that the replies of the turn wait for; 0 when they may leave now.</returns>
    public long Seal()
    {
        if (Log is null)
        {
            return 0;
        }

        var position = SealGroup(Log);
        _hasWritten.Value = false;
        return position;
    }

    /// <summary>Makes a commit group of what was logged so far, while the turn goes on. Not within a batch.</summary>
    public void Cut()
    {
        if (Log is not null)
        {
            NoteWritten(before: 0);
            SealGroup(Log);
        }
    }

    /// <summary>What is logged until <see cref="EndBatch"/> takes effect as a whole or not at all.</summary>
    /// <param name="mayRollBack">
    /// Whether <see cref="RollBack"/> may be called in the batch. Nobody is told of changes before its end then.
    /// </param>
    public void BeginBatch(bool mayRollBack = false)
    {
        IsInBatch = true;
        if (mayRollBack)
        {
            _undo = Keyspace.Freeze();
            _changesBefore = Call.Changes;
            PubSub.Hold();
        }

        Journal.BeginBatch();
    }

    /// <summary>Takes back whatever the batch has done so far: in the data, in the log, and to those who would be told.</summary>
    public void RollBack()
    {
        Journal.RollBack();
        Keyspace.Restore(_undo!);
        Call.Changes = _changesBefore;
        Call.Events.Clear();
        PubSub.DropHeld();
    }

    /// <summary>Ends a batch, and begins the compaction that was scheduled in it.</summary>
    public void EndBatch()
    {
        Journal.EndBatch();
        IsInBatch = false;
        if (_undo is not null)
        {
            _undo = null;
            PubSub.Release();
            Publish();
        }

        if (_isRewriteScheduled)
        {
            _isRewriteScheduled = false;
            StartRewrite();
        }
    }

    /// <summary>Has the log compacted once the present batch has ended: a log cannot begin in the middle of one.</summary>
    public void ScheduleRewrite() => _isRewriteScheduled = true;

    /// <summary>Begins to compact the log in the background, not within a batch; false if that is under way already.</summary>
    public bool StartRewrite()
    {
        if (Log is not { } log || log.Rewrites.IsInProgress)
        {
            return false;
        }

        // What was logged so far is part of the frozen version, and must be of the old log only.
        Cut();
        return log.Rewrites.TryStart(new FrozenSource(Freeze()));
    }

    /// <summary>Removes up to <paramref name="most"/> keys that are due.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool ExpireDue(int most)
    {
        Begin();
        Running = null;
        var removed = Evaluation.ExpireDue(Call, most);
        Publish();
        Waits.Serve();
        EndCommands();
        Seal();
        return removed == most;
    }

    /// <summary>Goes on evicting keys, if the memory limit calls for it.</summary>
    /// <returns>Whether there is more to evict.</returns>
    public bool MakeRoom()
    {
        Begin();
        Running = null;
        var result = Loading is null ? Memory.MakeRoom() : EvictionResult.Within;
        Waits.Serve();
        EndCommands();
        Seal();
        return result == EvictionResult.GoesOn;
    }

    /// <summary>The present version of all databases, safe to read from any thread.</summary>
    public FrozenKeyspace Freeze()
    {
        // What is logged from here on may follow a log that was written from the frozen version.
        Journal.LoggedDatabase = -1;
        return Keyspace.Freeze();
    }

    private long SealGroup(AppendLog log)
    {
        var position = log.Seal(_hasWritten.Value);
        Journal.Writer = log.Group;
        return position;
    }

    private sealed class FrozenSource(FrozenKeyspace frozen) : ISnapshotWriter
    {
        private readonly SnapshotWriter _writer = new(frozen);

        public bool WriteNext(RespWriter chunk) => _writer.WriteNext(chunk);
    }
}
