using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using RedisClone.Server.Access;
using RedisClone.Server.Engine;
using RedisClone.Server.Network;
using RedisClone.Server.PubSub;
using RedisClone.Server.Tracking;

namespace RedisClone.Server.Sessions;

/// <summary>Which replies a client wants (CLIENT REPLY).</summary>
public enum ReplyMode
{
    On,
    Off,

    /// <summary>Neither this reply nor the next.</summary>
    SkipNext,

    /// <summary>Not the next reply.</summary>
    Skip,
}

/// <summary>
/// One client: what it has selected, named, queued and watched. Its bytes come in through <see cref="Receive"/>.
/// </summary>
/// <remarks>State is read and written under the engine's gate, but for the reader, which belongs to the loop.</remarks>
public sealed class Session : IConnectionHandler
{
    /// <summary>Room for messages that a subscriber keeps between two of them.</summary>
    private const int KeptBytesMax = 1024;

    /// <summary>What a client takes that does nothing: the objects of its session and connection, and its reader.</summary>
    private const int OwnBytes = 2048;

    /// <summary>What a watched key takes, about.</summary>
    private const int WatchedKeyBytes = 200;

    private readonly Dispatcher _dispatcher;
    private readonly SessionTable _sessions;
    private readonly RespReader _reader;

    /// <summary>Replies and messages that were written between two turns.</summary>
    private RespWriter? _arrived;

    /// <summary>Whether they tell of writes, so that they may not leave before the log has those.</summary>
    private bool _arrivedIsWrite;

    /// <summary>Whether the connection has ended, or is about to: what it takes is on its way back.</summary>
    private bool _isGone;

    /// <summary>Where that part of the command's reply begins which may still be taken back.</summary>
    private int _unsettled;

    public Session(
        Dispatcher dispatcher, SessionTable sessions, IConnection? connection, RespLimits limits, DateTimeOffset now)
    {
        _dispatcher = dispatcher;
        _sessions = sessions;
        _reader = new RespReader(limits);
        Id = sessions.NextId();
        Connection = connection;
        Created = now;
        LastActive = now;
        dispatcher.Access.Begin(this);
    }

    public long Id { get; }

    /// <summary>Null for a session without a client, such as the one that replays the log.</summary>
    public IConnection? Connection { get; }

    public DateTimeOffset Created { get; }

    /// <summary>Whether the client is on this machine.</summary>
    public bool IsLocal => Connection is null || IsOfThisMachine(Connection);

    /// <summary>Whether what is at the other end is on this machine.</summary>
    public static bool IsOfThisMachine(IConnection connection) =>
        connection.RemoteEndPoint is not System.Net.IPEndPoint remote
        || System.Net.IPAddress.IsLoopback(
            remote.Address.IsIPv4MappedToIPv6 ? remote.Address.MapToIPv4() : remote.Address);

    public DateTimeOffset LastActive { get; private set; }

    /// <summary>Whose rights the session has.</summary>
    public User User { get; set; } = null!;

    /// <summary>Whether the client has proved to be that user, or did not have to.</summary>
    public bool IsAuthenticated { get; set; }

    /// <summary>The number of the selected database.</summary>
    public int Database { get; set; }

    /// <summary>2 or 3.</summary>
    public int Protocol { get; set; } = 2;

    public string Name { get; set; } = "";

    public string LibraryName { get; set; } = "";

    public string LibraryVersion { get; set; } = "";

    public ReplyMode ReplyMode { get; set; }

    public bool NoTouch { get; set; }

    public bool NoEvict { get; set; }

    /// <summary>The command carried out last, in small letters; null before the first.</summary>
    public string? LastCommand { get; set; }

    public long CommandsProcessed { get; set; }

    /// <summary>The commands queued since MULTI; null outside of a transaction.</summary>
    public CommandQueue? Queue { get; set; }

    /// <summary>Whether queueing failed, so that EXEC must refuse.</summary>
    public bool QueueBroken { get; set; }

    /// <summary>The watched keys, and whether each existed when it was first watched.</summary>
    public Dictionary<WatchedKey, bool> Watched { get; } = [];

    public bool WatchedKeyChanged { get; set; }

    /// <summary>What the session waits for; nothing more is carried out for it until it has that.</summary>
    public Waiter? Waiting { get; set; }

    /// <summary>How the client tracks keys; null if it does not.</summary>
    public ClientTracking? Tracking { get; set; }

    /// <summary>What the client listens to; null for nothing.</summary>
    public Subscriptions? Subscriptions { get; set; }

    /// <summary>Whether the client gets messages among its replies and cannot tell them apart, so that it may send little.</summary>
    public bool IsListening => Subscriptions is not null && Protocol == 2;

    /// <summary>Whether a command is held back by a pause; it is carried out first thing afterwards.</summary>
    public bool IsHeld { get; set; }

    /// <summary>Whether the client is shown every command.</summary>
    public bool IsMonitor { get; set; }

    /// <summary>What the client was last found to take, in bytes.</summary>
    public long MemoryBytes { get; private set; }

    public bool MayStayIdle => Waiting is not null || IsHeld || Subscriptions is not null || IsMonitor;

    public OutputClass OutputClass => Subscriptions is null && !IsMonitor ? OutputClass.Normal : OutputClass.PubSub;

    public CloseReason CloseAfterReplies { get; set; }

    public int NeededBytes => _reader.NeededBytes;

    public int Receive(byte[] buffer, int start, int end, RespWriter output)
    {
        var engine = _dispatcher.Engine;
        var position = start;
        lock (engine.Gate)
        {
            engine.Begin();
            _dispatcher.Insight.Begin();
            LastActive = DateTimeOffset.FromUnixTimeMilliseconds(engine.Call.Now);
            output.Protocol = Protocol;
            TakeArrived(output);
            var logged = engine.Journal.Writer.Length;
            var status = ReadStatus.Command;
            while (status == ReadStatus.Command && CanGoOn(output) && position < end)
            {
                var batch = engine.Batch;
                _reader.IsAuthenticated = !_dispatcher.Access.IsStranger(this);
                status = batch.Read(_reader, buffer, position, end);
                position = Execute(batch, position, output);
            }

            if (status == ReadStatus.Error && CanGoOn(output))
            {
                var before = output.Length;
                output.Error(_reader.ErrorText);
                _dispatcher.Insight.Refused(command: null, output, before);
                CloseAfterReplies = _reader.ErrorText == Errors.tooBigCommand
                    ? CloseReason.InputLimit
                    : CloseReason.ProtocolError;
                position = end;
            }

            if (status == ReadStatus.Error && Waiting is not null)
            {
                // The error is told when its turn comes.
                _reader.Restart();
            }

            engine.EndCommands();
            TakeArrived(output);
            engine.NoteWritten(logged);
            NoteMemory(output.Length);
            engine.Memory.EvictClients(_sessions);
        }

        return position - start;
    }

    public void Woken(RespWriter output)
    {
        lock (_dispatcher.Engine.Gate)
        {
            TakeArrived(output);
        }
    }

    /// <summary>Where a reply can be written while it is not the session's turn.</summary>
    /// <param name="before">To be given to <see cref="EndAnswer"/>.</param>
    public RespWriter BeginAnswer(out int before)
    {
        _arrived ??= new RespWriter(256);
        _arrived.Protocol = Protocol;
        before = _arrived.Length;
        return _arrived;
    }

    /// <summary>Has what was written since <see cref="BeginAnswer"/>, if anything, sent at the session's next turn.</summary>
    /// <param name="before">How long the replies were then.</param>
    /// <param name="hasWritten">Whether it tells of a write.</param>
    public void EndAnswer(int before, bool hasWritten)
    {
        if (_arrived!.Length > before)
        {
            _arrivedIsWrite |= hasWritten;
            _unsettled = before;
            SettleReply(_arrived);
            AdvanceReplyMode();
            Connection?.Wake();
        }
    }

    /// <summary>Has a message sent at the session's next turn, or behind the reply to its command at hand.</summary>
    /// <param name="message">The message, encoded for the session's protocol.</param>
    /// <param name="hasWritten">Whether it may tell of a write that the log does not have yet.</param>
    public void Push(ReadOnlySpan<byte> message, bool hasWritten)
    {
        if (Connection is not { } connection)
        {
            return;
        }

        var arrived = BeginAnswer(out var before);
        if (!connection.HasRoom(before + (long)message.Length))
        {
            connection.Close(CloseReason.OutputLimit);
            return;
        }

        arrived.Raw(message);
        _arrivedIsWrite |= hasWritten;
        if (before == 0)
        {
            connection.Wake();
        }
    }

    /// <summary>
    /// Decides on what the command at hand has written since the last decision: it is taken back if the client wants no
    /// replies now. EXEC settles part by part, for a command in it may change what the client wants.
    /// </summary>
    public void SettleReply(RespWriter reply)
    {
        if (ReplyMode is ReplyMode.Off or ReplyMode.Skip)
        {
            reply.Truncate(_unsettled);
        }

        _unsettled = reply.Length;
    }

    /// <summary>Has it sent even if the client wants no replies, as a message is.</summary>
    public void KeepReply(RespWriter reply) => _unsettled = reply.Length;

    public void Closed(CloseReason reason)
    {
        lock (_dispatcher.Engine.Gate)
        {
            _dispatcher.Engine.Waits.Remove(this);
            _dispatcher.Engine.Pause.Forget(this);
            _dispatcher.Engine.Watches.Unwatch(this);
            _dispatcher.Engine.PubSub.Forget(this);
            _dispatcher.Engine.Tracking.Disable(this);
            _dispatcher.Insight.Monitors.Remove(this);
            _isGone = true;
            NoteMemory();
            _sessions.Remove(this);
        }
    }

    /// <summary>Counts what the client takes, beside so many bytes of replies that are not with its connection yet.</summary>
    public void NoteMemory(long replyBytes = 0)
    {
        var bytes = _isGone || Connection is not { } connection
            ? 0
            : OwnBytes + connection.InputPendingBytes + connection.OutputPendingBytes + replyBytes
                + (_arrived?.Buffer.Length ?? 0) + (Queue?.Bytes ?? 0) + (Watched.Count * WatchedKeyBytes);
        if (bytes != MemoryBytes)
        {
            _dispatcher.Engine.Memory.AddClientBytes(bytes - MemoryBytes);
            MemoryBytes = bytes;
        }
    }

    /// <summary>Ends the connection because clients take too much memory.</summary>
    public void Evict()
    {
        _isGone = true;
        NoteMemory();
        CloseAfterReplies = CloseReason.Evicted;
        Connection?.Close(CloseReason.Evicted);
    }

    private void TakeArrived(RespWriter output)
    {
        if (_arrived is { Length: > 0 })
        {
            output.Raw(_arrived.Written);
            if (Subscriptions is null && !IsMonitor)
            {
                _arrived = null;
            }
            else
            {
                _arrived.Reset(KeptBytesMax);
            }

            if (_arrivedIsWrite)
            {
                _arrivedIsWrite = false;
                _dispatcher.Engine.NoteWritten();
            }
        }
    }

    private bool CanGoOn(RespWriter output) =>
        CloseAfterReplies == CloseReason.None
        && Waiting is null
        && !IsHeld
        && !output.IsOverflown
        && output.Length < NetworkLimits.OutputBytesPerReceive;

    /// <summary>Carries out the commands of a batch, as far as replies may grow.</summary>
    /// <returns>Where the first byte is that was not consumed.</returns>
    private int Execute(CommandBatch batch, int position, RespWriter output)
    {
        batch.Prefetch(_dispatcher.Engine.Keyspace.Databases[Database].Table);
        for (var i = 0; i < batch.Count; i++)
        {
            if (!CanGoOn(output))
            {
                // The rest is offered again, from here on.
                _reader.Restart();
                return position;
            }

            Execute(batch[i], output);
            if (IsHeld)
            {
                _reader.Restart();
                return position;
            }

            position = batch.EndOf(i);
        }

        return Math.Max(position, batch.End);
    }

    private void Execute(Arguments args, RespWriter output)
    {
        if (args.Count == 0)
        {
            return;
        }

        _unsettled = output.Length;
        _dispatcher.Execute(this, args, output);
        if (Waiting is null && !IsHeld)
        {
            SettleReply(output);
            AdvanceReplyMode();
        }

        TakeArrived(output);
    }

    /// <summary>A command is over: what CLIENT REPLY SKIP said comes to its end.</summary>
    private void AdvanceReplyMode() => ReplyMode = ReplyMode switch
    {
        ReplyMode.SkipNext => ReplyMode.Skip,
        ReplyMode.Skip => ReplyMode.On,
        var mode => mode,
    };
}
