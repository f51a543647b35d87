using RedisClone.Server.Network.Tls;

namespace RedisClone.Server.Network;

/// <content>What a connection does in addition if its bytes are encrypted; see <see cref="TlsSession"/>.</content>
internal abstract partial class Connection : ICarrier
{
    /// <summary>How long a handshake may take in all.</summary>
    public const int HandshakeMs = 10_000;

    private readonly TlsSession? _tls;

    int ICarrier.Receive(Span<byte> room) => TryReceive(room);

    int ICarrier.Send(ArraySegment<byte> bytes) => TrySend(bytes);

    /// <summary>Whether nothing waits below the queue of replies.</summary>
    private bool IsFlushed => _tls is null || _tls.IsFlushed;

    /// <summary>Whether there is input that will not be told of.</summary>
    private bool HoldsInput => _tls is { HasInput: true } && Reads;

    private int ReceiveHot(Workspace work) => _tls is null ? TryReceive(work.Hot) : _tls.Receive(work.Hot);

    private int ReceiveRest()
    {
        var room = _rest.Room(_handler!.NeededBytes);
        return _tls is null ? TryReceive(room) : _tls.Receive(_rest.Buffer.AsMemory(_rest.End));
    }

    private int Send(ArraySegment<byte> bytes) => _tls is null ? TrySend(bytes) : _tls.Send(bytes);

    /// <summary>A stranger: it is no client, and nobody hears of it, until the handshake is done.</summary>
    private void BeginHandshake(Workspace work)
    {
        _phase = Phase.Handshaking;
        if (!_context.TryBeginHandshake())
        {
            work.Refused++;
            _context.HandshakeFailed(_remote, "too many others are under way");
            _phase = Phase.Aborted;
            return;
        }

        _isHandshaking = true;
        Handshake(work);
    }

    private void Handshake(Workspace work)
    {
        if (_phase != Phase.Handshaking || _tls!.Handshake() is not { } done)
        {
            return;
        }

        EndHandshake();
        _phase = Phase.Open;
        _activeMs = work.NowMs;
        if (done)
        {
            Introduce(work);
        }
        else
        {
            // What TLS has to say about it is still sent, and has time to be read.
            work.Refused++;
            _context.HandshakeFailed(_remote, _tls.Problem);
            EndInput(CloseReason.SocketError);
        }
    }

    private void ExpireHandshake(long ageMs)
    {
        if (ageMs >= HandshakeMs)
        {
            _context.HandshakeFailed(_remote, "it takes too long");
            Abort(CloseReason.SocketError);
        }
    }

    private void EndHandshake()
    {
        if (_isHandshaking)
        {
            _isHandshaking = false;
            _context.EndHandshake();
        }
    }

    /// <summary>Sends records that wait: those of a handshake, and what a blocked send has left.</summary>
    private void Flush()
    {
        if (_tls is null || _tls.IsFlushed)
        {
            return;
        }

        int flushed = _tls.Flush();
        _sendBlocked = flushed == WouldBlock;
        if (flushed == Failed)
        {
            Abort(CloseReason.SocketError);
        }
    }
}
