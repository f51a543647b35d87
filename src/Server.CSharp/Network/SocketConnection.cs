using System.Net;
using System.Net.Sockets;
using RedisClone.Server.Network.Linux;

namespace RedisClone.Server.Network;

/// <summary>
/// A connection on a socket of the runtime, the same on every platform. It has no thread of its own: whoever brings the
/// first signal runs its turns until there are no more signals, and others only leave theirs. For input it waits with
/// an empty receive, so that an idle connection holds no buffer.
/// </summary>
internal sealed class SocketConnection : Connection, IThreadPoolWorkItem
{
    /// <summary>Turns that one connection has in a row before others on the same thread come first.</summary>
    private const int TurnsMax = 16;

    /// <summary>What is sent at a time when the socket takes no more at once; so progress shows.</summary>
    private const int SendBytesMax = 256 * 1024;

    /// <summary>Beside the signals: a thread is running turns, or is about to.</summary>
    private const int Busy = 1 << 30;

    private readonly SocketTransport _transport;
    private readonly Socket _socket;
    private readonly SocketAsyncEventArgs _receiving = new(true);
    private readonly SocketAsyncEventArgs _sending = new(true);
    private int _signals;
    private bool _isReceiving;
    private bool _hasFailed;
    private bool _isSending;
    private bool _hasSent;

    public SocketConnection(TransportContext context, SocketTransport transport, Socket socket, Listener listener)
        : base(context, listener.Name ?? socket.RemoteEndPoint, context.TlsOf(listener))
    {
        _transport = transport;
        _socket = socket;
        Handle = (int)socket.Handle;
        LocalEndPoint = listener.Name ?? socket.LocalEndPoint;
        socket.Blocking = false;
        _receiving.SetBuffer([], 0, 0);
        _receiving.Completed += (_, _) => Completed(Signals.Readable);
        _sending.Completed += (_, _) => Completed(Signals.Writable);
    }

    public override EndPoint? LocalEndPoint { get; }

    public override int Handle { get; }

    public override void Signal(Signals signals)
    {
        if ((Interlocked.Or(ref _signals, (int)signals | Busy) & Busy) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    protected override bool PeerHasAll => !OperatingSystem.IsLinux() || Native.IsAllAcknowledged(Handle);

    /// <summary>Runs turns, as the one thread that does.</summary>
    public void Execute()
    {
        for (int turn = 0; turn < TurnsMax; turn++)
        {
            int signals = Interlocked.Exchange(ref _signals, Busy) & ~Busy;
            if (signals == 0 && Interlocked.CompareExchange(ref _signals, 0, Busy) == Busy)
            {
                return;
            }

            Turn((Signals)signals);
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    protected override int TryReceive(Span<byte> room) =>
        _hasFailed ? Failed : Result(_socket.Receive(room, SocketFlags.None, out var error), error);

    protected override int TrySend(ArraySegment<byte> bytes)
    {
        if (_isSending)
        {
            return WouldBlock;
        }

        if (_hasSent)
        {
            _hasSent = false;
            return Result(_sending.BytesTransferred, _sending.SocketError);
        }

        int sent = Result(_socket.Send(bytes, SocketFlags.None, out var error), error);
        if (sent != WouldBlock)
        {
            return sent;
        }

        _sending.SetBuffer(bytes.Array, bytes.Offset, Math.Min(bytes.Count, SendBytesMax));
        _isSending = _socket.SendAsync(_sending);
        return _isSending ? WouldBlock : Result(_sending.BytesTransferred, _sending.SocketError);
    }

    /// <summary>Room for output is told by the end of the send that is under way.</summary>
    protected override void Listen(bool input, bool room)
    {
        if (input && !_isReceiving)
        {
            _isReceiving = true;
            if (!_socket.ReceiveAsync(_receiving))
            {
                Signal(Signals.Readable);
            }
        }
    }

    protected override void EndSending()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The peer is gone already.
        }
    }

    /// <summary>Closes a connection that was never opened.</summary>
    public void Discard() => Release();

    protected override void Release()
    {
        // Without this the runtime would reset the connection, because there is a receive under way.
        EndSending();
        _socket.Dispose();
        _receiving.Dispose();
        _sending.Dispose();
    }

    private void Turn(Signals signals)
    {
        if ((signals & Signals.Readable) != 0)
        {
            // The kernel tells an error once, and here it told it to the empty receive.
            _hasFailed = _receiving.SocketError != SocketError.Success;
            signals |= _hasFailed ? Signals.Hangup : Signals.None;
            _isReceiving = false;
        }

        if ((signals & Signals.Writable) != 0)
        {
            _isSending = false;
            _hasSent = true;
        }

        var needs = _transport.Turn(this, signals);
        if ((needs & Needs.Run) != 0)
        {
            Signal(Signals.Run);
        }
    }

    /// <summary>An operation has ended: goes on right here, on the thread that has learned it.</summary>
    private void Completed(Signals signal)
    {
        if ((Interlocked.Or(ref _signals, (int)signal | Busy) & Busy) == 0)
        {
            Execute();
        }
    }

    private static int Result(int bytes, SocketError error) =>
        error switch
        {
            SocketError.Success => bytes,
            SocketError.WouldBlock => WouldBlock,
            _ => Failed,
        };
}
