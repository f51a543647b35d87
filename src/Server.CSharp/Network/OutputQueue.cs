using RedisClone.Protocol;

namespace RedisClone.Server.Network;

/// <summary>
/// The replies of one connection that have not left, in order. Each segment has the log position (ticket) that must be
/// durable before it leaves; 0 is none. Small segments that wait are joined, so that many short replies do not hold many
/// buffers; the first is left alone, since it may be in the hands of the kernel, and so that its ticket stays reachable.
/// </summary>
internal sealed class OutputQueue
{
    /// <summary>Waiting segments are joined up to this size.</summary>
    private const int JoinedBytesMax = 64 * 1024;

    private Segment[] ring = [];
    private int first;
    private int count;
    private int firstSent;

    /// <summary>Unsent bytes of all segments.</summary>
    public long Bytes { get; private set; }

    public bool IsEmpty => count == 0;

    /// <summary>Whether the next bytes to leave wait for the log.</summary>
    public bool IsParked(long durable) => count > 0 && ring[first].Ticket > durable;

    public void Add(RespWriter writer, long ticket, WriterPool pool)
    {
        Bytes += writer.Length;
        if (count > 1)
        {
            ref var last = ref ring[(first + count - 1) % ring.Length];
            if (last.Writer.Length + writer.Length <= JoinedBytesMax)
            {
                last.Writer.Raw(writer.Written);
                last.Ticket = Math.Max(last.Ticket, ticket);
                pool.Return(writer);
                return;
            }
        }

        if (count == ring.Length)
        {
            Grow();
        }

        ring[(first + count) % ring.Length] = new Segment(writer, ticket);
        count++;
    }

    /// <summary>The bytes to send next. They stay where they are until <see cref="Sent"/> is called.</summary>
    public bool TryPeek(long durable, out ArraySegment<byte> next)
    {
        if (count == 0 || ring[first].Ticket > durable)
        {
            next = default;
            return false;
        }

        var writer = ring[first].Writer;
        next = new ArraySegment<byte>(writer.Buffer, firstSent, writer.Length - firstSent);
        return true;
    }

    public void Sent(int bytes, WriterPool pool)
    {
        Bytes -= bytes;
        firstSent += bytes;
        var writer = ring[first].Writer;
        if (firstSent < writer.Length)
        {
            return;
        }

        ring[first] = default;
        first = (first + 1) % ring.Length;
        count--;
        firstSent = 0;
        pool.Return(writer);
    }

    private void Grow()
    {
        var larger = new Segment[Math.Max(2, ring.Length * 2)];
        for (int i = 0; i < count; i++)
        {
            larger[i] = ring[(first + i) % ring.Length];
        }

        ring = larger;
        first = 0;
    }

    private record struct Segment(RespWriter Writer, long Ticket);
}
