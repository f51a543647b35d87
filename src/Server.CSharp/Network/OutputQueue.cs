using RedisClone.Protocol;

namespace RedisClone.Server.Network;

/// <summary>
/// The replies of one connection that have not left, in order. Each segment has the log position (ticket) that must be
/// durable before it leaves; 0 is none. Small segments that wait are joined, so that many short replies do not hold
/// many buffers. The first is left alone: it may be in the hands of the kernel, and its ticket must stay reachable.
/// </summary>
internal sealed class OutputQueue
{
    /// <summary>Waiting segments are joined up to this size.</summary>
    private const int JoinedBytesMax = 64 * 1024;

    private Segment[] _ring = [];
    private int _first;
    private int _count;
    private int _firstSent;

    /// <summary>Unsent bytes of all segments.</summary>
    public long Bytes { get; private set; }

    public bool IsEmpty => _count == 0;

    /// <summary>Whether the next bytes to leave wait for the log.</summary>
    public bool IsParked(long durable) => _count > 0 && _ring[_first].Ticket > durable;

    public void Add(RespWriter writer, long ticket, WriterPool pool)
    {
        Bytes += writer.Length;

        // From here on what counts is the length of the whole queue.
        writer.LengthMax = Array.MaxLength;
        if (_count > 1)
        {
            ref var last = ref _ring[Place(_count - 1)];
            if (last.Writer.Length + writer.Length <= JoinedBytesMax)
            {
                last.Writer.Raw(writer.Written);
                last.Ticket = Math.Max(last.Ticket, ticket);
                pool.Return(writer);
                return;
            }
        }

        if (_count == _ring.Length)
        {
            Grow();
        }

        _ring[Place(_count)] = new Segment(writer, ticket);
        _count++;
    }

    /// <summary>The bytes to send next. They stay where they are until <see cref="Sent"/> is called.</summary>
    public bool TryPeek(long durable, out ArraySegment<byte> next)
    {
        if (_count == 0 || _ring[_first].Ticket > durable)
        {
            next = default;
            return false;
        }

        var writer = _ring[_first].Writer;
        next = new ArraySegment<byte>(writer.Buffer, _firstSent, writer.Length - _firstSent);
        return true;
    }

    public void Sent(int bytes, WriterPool pool)
    {
        Bytes -= bytes;
        _firstSent += bytes;
        var writer = _ring[_first].Writer;
        if (_firstSent < writer.Length)
        {
            return;
        }

        _ring[_first] = default;
        _first = Place(1);
        _count--;
        _firstSent = 0;
        pool.Return(writer);
    }

    /// <summary>Where the segment with this index is; the length of the ring is a power of two.</summary>
    private int Place(int index) => (_first + index) & (_ring.Length - 1);

    /// <summary>Lets go of what is unsent; its buffers may be with the kernel, so no pool gets them.</summary>
    public void Clear()
    {
        _ring = [];
        _count = 0;
        Bytes = 0;
    }

    private void Grow()
    {
        var larger = new Segment[Math.Max(2, _ring.Length * 2)];
        for (int i = 0; i < _count; i++)
        {
            larger[i] = _ring[Place(i)];
        }

        _ring = larger;
        _first = 0;
    }

    private record struct Segment(RespWriter Writer, long Ticket);
}
