using System.Buffers;

namespace RedisClone.Server.Network;

/// <summary>
/// The bytes of one connection that do not make a whole command yet. There is a buffer only while there are such bytes.
/// </summary>
internal struct InputRest
{
    /// <summary>The smallest buffer that is taken.</summary>
    private const int BytesMin = 16 * 1024;

    /// <summary>Larger buffers come from the heap and go to the collector.</summary>
    private const int PooledBytesMax = 1024 * 1024;

    /// <summary>
    /// A client that announces a length gets a buffer of at most so many times the bytes it has already sent:
    /// announcing is free, and a thousand clients may announce half a gigabyte each.
    /// </summary>
    private const int AnnouncedFactorMax = 8;

    private byte[]? _buffer;

    public readonly byte[] Buffer => _buffer!;
    public int Start { get; private set; }
    public int End { get; private set; }
    public readonly int Count => End - Start;

    /// <summary>
    /// Keeps what is left of a buffer that is not ours; about <paramref name="likely"/> bytes come at a time.
    /// </summary>
    public void Keep(ReadOnlySpan<byte> rest, int likely)
    {
        _buffer = Take(Math.Max(BytesMin, likely));
        rest.CopyTo(_buffer);
        Start = 0;
        End = rest.Length;
    }

    /// <summary>
    /// Room to receive into, unless there already are as many bytes as an array can hold. The whole command is
    /// <paramref name="needed"/> bytes long, or of unknown length if that is 0.
    /// </summary>
    public Span<byte> Room(int needed)
    {
        var old = Buffer;
        long announced = Math.Min(needed, (long)Count * AnnouncedFactorMax);
        long doubled = Count == old.Length ? old.Length * 2L : 0;
        long capacity = Math.Min(Math.Max(announced, doubled), Array.MaxLength);
        if (capacity > old.Length)
        {
            var larger = Take((int)capacity);
            MoveTo(larger);
            GiveBack(old);
        }
        else if (Start > 0 && old.Length - End < old.Length / 2)
        {
            MoveTo(old);
        }

        return Buffer.AsSpan(End);
    }

    public void Received(int bytes) => End += bytes;

    public void Consumed(int bytes)
    {
        Start += bytes;
        if (Start == End)
        {
            Clear();
        }
    }

    public void Clear()
    {
        if (_buffer is not null)
        {
            GiveBack(_buffer);
            _buffer = null;
            Start = End = 0;
        }
    }

    private void MoveTo(byte[] target)
    {
        System.Buffer.BlockCopy(Buffer, Start, target, 0, Count);
        End = Count;
        Start = 0;
        _buffer = target;
    }

    private static byte[] Take(int capacity) =>
        capacity <= PooledBytesMax
            ? ArrayPool<byte>.Shared.Rent(capacity)
            : GC.AllocateUninitializedArray<byte>(capacity);

    private static void GiveBack(byte[] taken)
    {
        if (taken.Length <= PooledBytesMax)
        {
            ArrayPool<byte>.Shared.Return(taken);
        }
    }
}
