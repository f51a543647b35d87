using System.Buffers;
using System.Threading.Tasks.Sources;

namespace RedisClone.Server.Network.Tls;

/// <summary>What carries the bytes of a TLS session; the results are those of a <see cref="Connection"/>.</summary>
internal interface ICarrier
{
    int Receive(Span<byte> room);

    int Send(ArraySegment<byte> bytes);
}

/// <summary>
/// The stream below an <see cref="System.Net.Security.SslStream"/>. Reading receives right into the reader's buffer; where
/// there is nothing, the read waits until <see cref="Offer"/>, and goes on inside of it. Writing keeps the bytes until
/// <see cref="SendUnsent"/> has sent them.
/// </summary>
internal sealed class TlsPipe(ICarrier carrier) : Stream, IValueTaskSource<int>
{
    /// <summary>
    /// Bytes that may wait to be sent. Replies come in portions of <see cref="TlsSession.PortionBytes"/>, each when the
    /// one before has left; the rest is for what TLS says by itself, which a peer can provoke without reading it.
    /// </summary>
    private const int UnsentBytesMax = 256 * 1024;

    private const int UnsentBytesMin = 4 * 1024;

    // Continuations run inside SetResult: that is what keeps a session on the thread that has the turn.
    private ManualResetValueTaskSourceCore<int> _source;
    private Memory<byte> _room;
    private bool _isWaiting;
    private bool _hasEnded;
    private byte[] _unsent = [];
    private int _start;
    private int _end;

    /// <summary>Whether the reader waits for <see cref="Offer"/>.</summary>
    public bool IsWaiting => Volatile.Read(ref _isWaiting);

    public bool IsFlushed => _start == _end;

    /// <summary>Has a waiting read try again.</summary>
    public void Offer()
    {
        if (!IsWaiting)
        {
            return;
        }

        // A read without room only asks to be told; the one that follows it finds out.
        int received = _room.IsEmpty ? 0 : carrier.Receive(_room.Span);
        if (received != Connection.WouldBlock)
        {
            Resume(received);
        }
    }

    /// <summary>Has a waiting read, and every later one, find the end.</summary>
    public void End()
    {
        _hasEnded = true;
        if (IsWaiting)
        {
            Resume(0);
        }
    }

    /// <summary>Sends what was written: 0 when all has left, else as sending does.</summary>
    public int SendUnsent()
    {
        while (_start < _end)
        {
            int sent = carrier.Send(new ArraySegment<byte>(_unsent, _start, _end - _start));
            if (sent < 0)
            {
                return sent;
            }

            _start += sent;
        }

        if (_unsent.Length > 0)
        {
            // All of it has been taken, so the kernel holds none of it either.
            ArrayPool<byte>.Shared.Return(_unsent);
            _unsent = [];
            _start = _end = 0;
        }

        return 0;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int received = _hasEnded ? 0 : buffer.IsEmpty ? Connection.WouldBlock : carrier.Receive(buffer.Span);
        if (received == Connection.Failed)
        {
            return ValueTask.FromException<int>(Lost());
        }

        if (received >= 0)
        {
            return new ValueTask<int>(received);
        }

        _room = buffer;
        _source.Reset();
        Volatile.Write(ref _isWaiting, true);
        return new ValueTask<int>(this, _source.Version);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_hasEnded)
        {
            return;
        }

        if (buffer.Length > _unsent.Length - _end)
        {
            MakeRoom(buffer.Length);
        }

        buffer.CopyTo(_unsent.AsSpan(_end));
        _end += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    /// <summary>Nothing: the session says when to <see cref="SendUnsent"/>.</summary>
    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public int GetResult(short token) => _source.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private void Resume(int received)
    {
        _room = default;
        Volatile.Write(ref _isWaiting, false);
        if (received == Connection.Failed)
        {
            _source.SetException(Lost());
        }
        else
        {
            _source.SetResult(received);
        }
    }

    /// <summary>
    /// What is unsent stays where it is, or is copied: the kernel may be sending it from there, and the old buffer is
    /// left to the collector.
    /// </summary>
    private void MakeRoom(int bytes)
    {
        int needed = _end - _start + bytes;
        if (needed > UnsentBytesMax)
        {
            throw new IOException("more is unsent than allowed");
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(UnsentBytesMin, needed));
        _unsent.AsSpan(_start, _end - _start).CopyTo(larger);
        _end -= _start;
        _start = 0;
        _unsent = larger;
    }

    private static IOException Lost() => new("the connection was lost");
}
