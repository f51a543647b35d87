using System.Net;
using RedisClone.Protocol;
using RedisClone.Server.Network.Tls;

namespace RedisClone.Server.Network;

// One connection, whatever carries its bytes.
//
// Everything happens in turns, and one thread at a time has the connection's turn. Whoever wants something of it, a
// poller with readable bytes as much as another thread with a Close, leaves a signal; a turn then is
//
//     Serve(signals)       receive, evaluate      sends nothing
//     core.Flush()         by the owner, once for all connections that it has served
//     Settle(ticket)       queue, send, close     evaluates nothing
//
// and that order is what group commit rests on: no reply leaves before the log has what it answers.
//
// The life of a connection, where each step is taken at the end of Settle:
//
//     handshaking  with TLS only, and not yet a client; what is sent and received is no command and no reply
//     open       reads; unless `_throttled`, because too many replies are unsent
//     draining   input has ended (peer closed, QUIT, Stop): what was received is still carried out, replies are sent
//     lingering  all is sent, our side is shut down, the handler is gone; input is thrown away until the peer closes.
//                Closing at once would make the kernel answer unread input with a reset, and a reset may destroy
//                the last reply before the peer has read it.
//     ended      released
//
// Close goes from anywhere straight to ended.

internal abstract partial class Connection : IConnection
{
    /// <summary>How long a peer may take to close after the last reply.</summary>
    public const int LingerMs = 2_000;

    /// <summary>How long a peer may leave the last replies untouched.</summary>
    public const int DrainMs = 10_000;

    /// <summary>Returned by <see cref="TryReceive"/> and <see cref="TrySend"/>.</summary>
    internal const int WouldBlock = -1;

    internal const int Failed = -2;

    private const long NotSince = -1;

    private readonly TransportContext _context;
    private readonly EndPoint? _remote;
    private readonly OutputQueue _output = new();
    private IConnectionHandler? _handler;
    private Phase _phase = Phase.Open;

    /// <summary>The replies of this turn.</summary>
    private RespWriter? _current;

    private InputRest _rest;

    /// <summary>Cleared when nothing more is to be received; what has been is still dealt with.</summary>
    private bool _inputOpen = true;

    /// <summary>Whether the peer has closed its side, so that there is nothing to linger for.</summary>
    private bool _peerEnded;

    /// <summary>Whether the peer may be sending, so that closing at once could cost it our last replies.</summary>
    private bool _lingers = true;

    /// <summary>Whether <see cref="_rest"/> may hold whole commands.</summary>
    private bool _more;

    private bool _throttled;
    private bool _sendBlocked;
    private bool _parked;
    private bool _isLingering;
    private bool _isHandshaking;

    /// <summary>When anything was sent or received last; while a handshake is under way, when it began.</summary>
    private long _activeMs;

    /// <summary>Since when there have been more unsent bytes than the soft limit; <see cref="NotSince"/> if there are not.</summary>
    private long _softSinceMs = NotSince;

    private int _reason;
    private long _outputPendingBytes;
    private long _inputPendingBytes;

    /// <param name="context">What all connections share.</param>
    /// <param name="remote">Who is at the other end.</param>
    /// <param name="tls">What to encrypt with; null if nothing is.</param>
    protected Connection(TransportContext context, EndPoint? remote, TlsContext? tls = null)
    {
        _context = context;
        _remote = remote;
        _tls = tls is null ? null : new TlsSession(this, tls);
    }

    private enum Phase
    {
        Handshaking,
        Open,
        Lingering,
        Aborted,
        Ended,
    }

    public EndPoint? RemoteEndPoint => _remote;
    public abstract EndPoint? LocalEndPoint { get; }
    public abstract int Handle { get; }
    public long OutputPendingBytes => Volatile.Read(ref _outputPendingBytes);
    public long InputPendingBytes => Volatile.Read(ref _inputPendingBytes);

    /// <summary>Whether input is to be taken, be it only to throw it away.</summary>
    private bool Reads =>
        (_phase == Phase.Open && _inputOpen && !_throttled) || _phase is Phase.Lingering or Phase.Handshaking;

    private OutputClass Class => _handler?.OutputClass ?? OutputClass.Normal;

    public bool HasRoom(long bytes)
    {
        var options = _context.Options;
        return OutputPendingBytes + bytes <= options.TurnBytesMax(Class);
    }

    public void Wake() => Signal(Signals.Wake);

    public void Close(CloseReason why)
    {
        Claim(why);
        Signal(Signals.Abort);
    }

    /// <summary>Gives the connection a turn with these signals. From any thread; the turn is not run in here.</summary>
    public abstract void Signal(Signals signals);

    /// <summary>The first half of a turn: receives and evaluates.</summary>
    public void Serve(Signals signals, Workspace work)
    {
        if (_phase == Phase.Ended)
        {
            return;
        }

        try
        {
            ServeEach(signals, work);
        }
        catch (OutOfMemoryException)
        {
            // A command or a reply that fits no buffer costs its client the connection, and nobody else anything.
            Abort(CloseReason.OutOfMemory);
        }
    }

    /// <summary>
    /// The second half of a turn: sends what may leave and takes the next step of closing. The replies of this turn
    /// wait for the log position <paramref name="ticket"/>; <paramref name="durable"/> is the one that is reached.
    /// </summary>
    public Needs Settle(Workspace work, long ticket, long durable)
    {
        if (_phase == Phase.Ended)
        {
            return Needs.Nothing;
        }

        QueueCurrent(work, ticket);
        if (_phase == Phase.Open)
        {
            SendQueued(work, durable);
        }
        else if (_phase == Phase.Handshaking)
        {
            Flush();
        }

        if (_phase == Phase.Open && !_inputOpen && !_more && _output.IsEmpty && IsFlushed)
        {
            Finish(work);
        }

        if (_phase == Phase.Aborted)
        {
            End();
            return Needs.Ended;
        }

        Throttle();
        Listen(Reads, _sendBlocked);
        Volatile.Write(ref _outputPendingBytes, _output.Bytes);
        Volatile.Write(ref _inputPendingBytes, _rest.Count);
        return ((_more && !_throttled) || HoldsInput ? Needs.Run : Needs.Nothing) | (_parked ? Needs.Durable : Needs.Nothing);
    }

    /// <summary>Whether a turn with <see cref="Signals.Tick"/> may be worth it. From any thread.</summary>
    public bool MayExpire(long nowMs) =>
        Volatile.Read(ref _softSinceMs) != NotSince || IsQuiet(nowMs);

    private bool IsQuiet(long nowMs) =>
        nowMs - Volatile.Read(ref _activeMs) >= 1_000
        && (_context.Options.TimeoutSeconds > 0 || !Volatile.Read(ref _inputOpen) || Volatile.Read(ref _isHandshaking));

    /// <summary>
    /// Receives without waiting: the number of bytes, 0 at the end, <see cref="WouldBlock"/> or <see cref="Failed"/>.
    /// </summary>
    protected abstract int TryReceive(Span<byte> room);

    /// <summary>
    /// Sends without waiting: the number of bytes taken, <see cref="WouldBlock"/> or <see cref="Failed"/>. After it
    /// would block it is called with the same bytes again.
    /// </summary>
    protected abstract int TrySend(ArraySegment<byte> bytes);

    /// <summary>Whether all that the kernel took has reached the peer's kernel, as far as can be known.</summary>
    protected abstract bool PeerHasAll { get; }

    /// <summary>Asks for a turn when there is input, and when there is room after a send that would block.</summary>
    protected abstract void Listen(bool input, bool room);

    /// <summary>Tells the peer that nothing more comes.</summary>
    protected abstract void EndSending();

    /// <summary>Closes the descriptor.</summary>
    protected abstract void Release();

    private void ServeEach(Signals signals, Workspace work)
    {
        if ((signals & Signals.Opened) != 0)
        {
            Open(work);
        }

        if ((signals & Signals.Abort) != 0)
        {
            // Close has claimed its reason; else the time to stop is up.
            Abort(CloseReason.Shutdown);
        }

        if ((signals & Signals.Wake) != 0)
        {
            Awake(work);
        }

        if ((signals & Signals.Run) != 0)
        {
            RunRest(work);
            signals |= HoldsInput ? Signals.Readable : Signals.None;
        }

        if ((signals & Signals.Readable) != 0)
        {
            Handshake(work);
            Take(work);
        }

        if ((signals & Signals.Hangup) != 0 && !Reads)
        {
            Abort(CloseReason.SocketError);
        }

        if ((signals & Signals.Stop) != 0)
        {
            Stop(work);
        }

        if ((signals & Signals.Tick) != 0)
        {
            Expire(work);
        }
    }

    private void Open(Workspace work)
    {
        _context.Opened();
        _activeMs = work.NowMs;
        if (_tls is not null)
        {
            BeginHandshake(work);
        }
        else
        {
            Introduce(work);
        }
    }

    /// <summary>The connection becomes that of a client, or is refused.</summary>
    private void Introduce(Workspace work)
    {
        _handler = _context.Core.Accept(this, Output(work));
        if (_handler is null)
        {
            work.Refused++;
            EndInput(CloseReason.MaxClients);
        }
        else
        {
            work.Accepted++;
        }
    }

    private RespWriter Output(Workspace work) => _current ??= work.Writers.Rent(_context.Options.TurnBytesMax(Class));

    /// <summary>Ends the connection if its replies of this turn are too long, whether they were dropped or not.</summary>
    private void EndIfOverflown()
    {
        if (_current is { } replies && (replies.IsOverflown || replies.Length > _context.Options.TurnBytesMax(Class)))
        {
            Abort(CloseReason.OutputLimit);
        }
    }

    private void QueueCurrent(Workspace work, long ticket)
    {
        if (_current is null)
        {
            return;
        }

        if (_current.Length == 0)
        {
            work.Writers.Return(_current);
        }
        else
        {
            _output.Add(_current, ticket, work.Writers);
        }

        _current = null;
    }

    private void SendQueued(Workspace work, long durable)
    {
        _sendBlocked = false;
        Flush();
        while (!_sendBlocked && _phase == Phase.Open && _output.TryPeek(durable, out var next))
        {
            int sent = Send(next);
            if (sent == Failed)
            {
                Abort(CloseReason.SocketError);
                break;
            }

            if (sent == WouldBlock)
            {
                _sendBlocked = true;
            }
            else
            {
                work.BytesOut += sent;
                _activeMs = work.NowMs;
                _output.Sent(sent, work.Writers);
            }
        }

        _parked = _output.IsParked(durable);
        EndIfUnread(work.NowMs);
    }

    /// <summary>Ends the connection of a client that leaves too many replies unread.</summary>
    private void EndIfUnread(long nowMs)
    {
        var limit = _context.Options.LimitOf(Class);
        if (limit.SoftBytes == 0 || _output.Bytes <= limit.SoftBytes)
        {
            Volatile.Write(ref _softSinceMs, NotSince);
        }
        else if (_softSinceMs == NotSince)
        {
            Volatile.Write(ref _softSinceMs, nowMs);
        }

        if ((limit.HardBytes > 0 && _output.Bytes > limit.HardBytes)
            || (_softSinceMs != NotSince && nowMs - _softSinceMs > limit.SoftSeconds * 1000L))
        {
            Abort(CloseReason.OutputLimit);
        }
    }

    private void Throttle()
    {
        long max = _context.Options.OutputBytesMax;
        _throttled = _output.Bytes > (_throttled ? max / 2 : max);
    }
}
