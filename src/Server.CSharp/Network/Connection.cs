using System.Net;
using RedisClone.Protocol;

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
//     open       reads; unless `throttled`, because too many replies are unsent
//     draining   input has ended (peer closed, QUIT, Stop): what was received is still carried out, replies are sent
//     lingering  all is sent, our side is shut down, the handler is gone; input is thrown away until the peer closes.
//                Closing at once would make the kernel answer unread input with a reset, and a reset may destroy
//                the last reply before the peer has read it.
//     ended      released
//
// Close goes from anywhere straight to ended.

/// <summary>What a connection is to look at in its next turn.</summary>
[Flags]
internal enum Signals
{
    None = 0,
    Opened = 1,
    Abort = 2,
    Wake = 4,
    Readable = 8,
    Writable = 16,
    Hangup = 32,
    Run = 64,
    Tick = 128,
    Stop = 256,
}

/// <summary>What a connection needs of its owner after a turn.</summary>
[Flags]
internal enum Needs
{
    Nothing = 0,

    /// <summary>A turn with <see cref="Signals.Run"/>, soon: commands are left to be carried out.</summary>
    Run = 1,

    /// <summary>A turn when the log has become more durable.</summary>
    Durable = 2,

    /// <summary>To be forgotten; it is released.</summary>
    Ended = 4,
}

internal abstract class Connection(TransportContext context, EndPoint? remote) : IConnection
{
    /// <summary>How long a peer may take to close after the last reply.</summary>
    public const int LingerMs = 2_000;

    /// <summary>How long a peer may leave the last replies untouched.</summary>
    public const int DrainMs = 10_000;

    /// <summary>Returned by <see cref="TryReceive"/> and <see cref="TrySend"/>.</summary>
    protected const int WouldBlock = -1;

    protected const int Failed = -2;

    private readonly OutputQueue output = new();
    private IConnectionHandler? handler;
    private Phase phase = Phase.Open;

    /// <summary>The replies of this turn.</summary>
    private RespWriter? current;

    private InputRest rest;

    /// <summary>Cleared when nothing more is to be received; the connection closes once what it has is dealt with.</summary>
    private bool inputOpen = true;

    /// <summary>Whether the peer has closed its side, so that there is nothing to linger for.</summary>
    private bool peerEnded;

    /// <summary>Whether the peer may still be sending, so that closing at once could cost it our last replies.</summary>
    private bool lingers = true;

    /// <summary>Whether <see cref="rest"/> may hold whole commands.</summary>
    private bool more;

    private bool throttled;
    private bool sendBlocked;
    private bool parked;
    private bool isLingering;
    private long activeMs;
    private int reason;
    private long outputPendingBytes;
    private long inputPendingBytes;

    private enum Phase
    {
        Open,
        Lingering,
        Aborted,
        Ended,
    }

    public EndPoint? RemoteEndPoint => remote;
    public abstract EndPoint? LocalEndPoint { get; }
    public abstract int Handle { get; }
    public long OutputPendingBytes => Volatile.Read(ref outputPendingBytes);
    public long InputPendingBytes => Volatile.Read(ref inputPendingBytes);

    /// <summary>Whether input is to be taken, be it only to throw it away.</summary>
    private bool Reads => phase == Phase.Lingering || (phase == Phase.Open && inputOpen && !throttled);

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
        if (phase == Phase.Ended)
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
    /// The second half of a turn: sends what may leave and takes the next step of closing. The replies of this turn wait
    /// for the log position <paramref name="ticket"/>; <paramref name="durable"/> is the one that is reached.
    /// </summary>
    public Needs Settle(Workspace work, long ticket, long durable)
    {
        if (phase == Phase.Ended)
        {
            return Needs.Nothing;
        }

        QueueCurrent(work, ticket);
        if (phase == Phase.Open)
        {
            SendQueued(work, durable);
        }

        if (phase == Phase.Open && !inputOpen && !more && output.IsEmpty)
        {
            Finish(work);
        }

        if (phase == Phase.Aborted)
        {
            End();
            return Needs.Ended;
        }

        Throttle();
        Listen(Reads, sendBlocked);
        Volatile.Write(ref outputPendingBytes, output.Bytes);
        Volatile.Write(ref inputPendingBytes, rest.Count);
        return (more && !throttled ? Needs.Run : Needs.Nothing) | (parked ? Needs.Durable : Needs.Nothing);
    }

    /// <summary>Whether a turn with <see cref="Signals.Tick"/> may be worth it. From any thread.</summary>
    public bool MayExpire(long nowMs) =>
        nowMs - Volatile.Read(ref activeMs) >= 1_000
        && (context.Options.TimeoutSeconds > 0 || !Volatile.Read(ref inputOpen));

    /// <summary>Receives without waiting: the number of bytes, 0 at the end, <see cref="WouldBlock"/> or <see cref="Failed"/>.</summary>
    protected abstract int TryReceive(Span<byte> room);

    /// <summary>
    /// Sends without waiting: the number of bytes taken, <see cref="WouldBlock"/> or <see cref="Failed"/>. After it would
    /// block it is called with the same bytes again.
    /// </summary>
    protected abstract int TrySend(ArraySegment<byte> bytes);

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
            Abort(CloseReason.Killed);
        }

        if ((signals & Signals.Wake) != 0)
        {
            Awake(work);
        }

        if ((signals & Signals.Run) != 0)
        {
            RunRest(work);
        }

        if ((signals & Signals.Readable) != 0)
        {
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
        context.Opened();
        activeMs = work.NowMs;
        handler = context.Core.Accept(this, Output(work));
        if (handler is null)
        {
            work.Refused++;
            EndInput(CloseReason.MaxClients);
        }
        else
        {
            work.Accepted++;
        }
    }

    private void Take(Workspace work)
    {
        if (!Reads || more)
        {
            return;
        }

        if (rest.Count > 0)
        {
            if (Received(TryReceive(rest.Room(handler!.NeededBytes)), work, out int bytes))
            {
                rest.Received(bytes);
                RunRest(work);
            }
        }
        else if (Received(TryReceive(work.Hot), work, out int bytes))
        {
            int consumed = Evaluate(work, work.Hot, 0, bytes);
            if (consumed < bytes && inputOpen)
            {
                rest.Keep(work.Hot.AsSpan(consumed, bytes - consumed), bytes);
            }
        }

        if (rest.Count >= Math.Min(context.Options.InputBytesMax, Array.MaxLength))
        {
            Abort(CloseReason.InputLimit);
        }
    }

    /// <summary>Judges the result of receiving; true when there are bytes to evaluate.</summary>
    private bool Received(int result, Workspace work, out int bytes)
    {
        bytes = result;
        if (result > 0)
        {
            work.BytesIn += result;
            if (phase == Phase.Lingering)
            {
                return false;
            }

            activeMs = work.NowMs;
            return true;
        }

        if (result == Failed)
        {
            Abort(CloseReason.SocketError);
        }
        else if (result == 0)
        {
            peerEnded = true;
            if (phase == Phase.Lingering)
            {
                phase = Phase.Aborted;
            }
            else
            {
                EndInput(CloseReason.ClientClosed);
            }
        }

        return false;
    }

    private void RunRest(Workspace work)
    {
        more = false;
        if (rest.Count == 0 || phase != Phase.Open)
        {
            return;
        }

        if (throttled)
        {
            more = true;
            return;
        }

        int consumed = Evaluate(work, rest.Buffer, rest.Start, rest.End);
        if (rest.Count > 0)
        {
            rest.Consumed(consumed);
        }
    }

    /// <summary>Has the handler carry out commands; tells how many bytes they took.</summary>
    private int Evaluate(Workspace work, byte[] buffer, int start, int end)
    {
        var writer = Output(work);
        work.Evaluated = true;
        int consumed = handler!.Receive(buffer, start, end, writer);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)consumed, (uint)(end - start));
        more = consumed < end - start && writer.Length >= NetworkLimits.OutputBytesPerReceive;
        EndIfAsked();
        return consumed;
    }

    private void Awake(Workspace work)
    {
        if (phase != Phase.Open || handler is null)
        {
            return;
        }

        work.Evaluated = true;
        handler.Woken(Output(work));
        EndIfAsked();
        RunRest(work);
    }

    private void EndIfAsked()
    {
        if (handler!.CloseAfterReplies is var asked && asked != CloseReason.None)
        {
            EndInput(asked);
            more = false;
            rest.Clear();
        }
    }

    /// <summary>Last orders: what the peer has sent by now is carried out, then the connection closes.</summary>
    private void Stop(Workspace work)
    {
        if (phase != Phase.Open || !inputOpen)
        {
            return;
        }

        long before = work.BytesIn;
        Take(work);
        lingers = work.BytesIn > before || more || throttled || !output.IsEmpty || current is { Length: > 0 };
        EndInput(CloseReason.Shutdown);
    }

    private void Expire(Workspace work)
    {
        long quietMs = work.NowMs - activeMs;
        if (phase == Phase.Lingering)
        {
            if (quietMs >= LingerMs)
            {
                phase = Phase.Aborted;
            }
        }
        else if (!inputOpen)
        {
            // A disk that makes us wait is not the peer's fault.
            if (quietMs >= DrainMs && !parked)
            {
                Abort(CloseReason.SocketError);
            }
        }
        else if (context.Options.TimeoutSeconds is var seconds and > 0
            && quietMs > seconds * 1000L
            && !parked
            && !handler!.MayStayIdle)
        {
            Abort(CloseReason.IdleTimeout);
        }
    }

    private RespWriter Output(Workspace work) => current ??= work.Writers.Rent();

    private void QueueCurrent(Workspace work, long ticket)
    {
        if (current is null)
        {
            return;
        }

        if (current.Length == 0)
        {
            work.Writers.Return(current);
        }
        else
        {
            output.Add(current, ticket, work.Writers);
            if (context.Options.OutputBytesHardMax is var max and > 0 && output.Bytes > max)
            {
                Abort(CloseReason.OutputLimit);
            }
        }

        current = null;
    }

    private void SendQueued(Workspace work, long durable)
    {
        sendBlocked = false;
        while (!sendBlocked && output.TryPeek(durable, out var next))
        {
            int sent = TrySend(next);
            if (sent == Failed)
            {
                Abort(CloseReason.SocketError);
                break;
            }

            if (sent == WouldBlock)
            {
                sendBlocked = true;
            }
            else
            {
                work.BytesOut += sent;
                activeMs = work.NowMs;
                output.Sent(sent, work.Writers);
            }
        }

        parked = output.IsParked(durable);
    }

    private void Throttle()
    {
        long max = context.Options.OutputBytesMax;
        throttled = output.Bytes > (throttled ? max / 2 : max);
    }

    /// <summary>The first reason wins.</summary>
    private void Claim(CloseReason why) =>
        Interlocked.CompareExchange(ref reason, (int)why, (int)CloseReason.None);

    private void EndInput(CloseReason why)
    {
        Claim(why);
        inputOpen = false;
    }

    private void Abort(CloseReason why)
    {
        if (phase != Phase.Ended)
        {
            Claim(why);
            phase = Phase.Aborted;
        }
    }

    /// <summary>All is said: lets the peer close first, if that can matter.</summary>
    private void Finish(Workspace work)
    {
        ForgetHandler();
        if (peerEnded || !lingers || !context.TryBeginLinger())
        {
            phase = Phase.Aborted;
            return;
        }

        isLingering = true;
        phase = Phase.Lingering;
        activeMs = work.NowMs;
        EndSending();
    }

    private void End()
    {
        ForgetHandler();
        if (isLingering)
        {
            context.EndLinger();
        }

        phase = Phase.Ended;
        Volatile.Write(ref outputPendingBytes, 0);
        Volatile.Write(ref inputPendingBytes, 0);
        Release();
        context.Ended();
    }

    private void ForgetHandler()
    {
        rest.Clear();
        handler?.Closed((CloseReason)reason);
        handler = null;
    }
}
