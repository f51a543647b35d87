using RedisClone.Protocol;

namespace RedisClone.Server.Persistence;

/// <summary>
/// Bytes on their way to the log: first the commands of one group, then whole groups with their lines.
/// </summary>
internal sealed class LogBuffer(int capacity)
{
    public RespWriter Bytes { get; } = new(capacity);

    /// <summary>The number of the last group in it.</summary>
    public long LastNumber { get; set; }

    /// <summary>Where in the file its first byte belongs.</summary>
    public long Offset { get; set; }

    /// <summary>How many of its bytes have been written to the file.</summary>
    public int Written { get; set; }

    /// <summary>Whether a snapshot was taken right behind it.</summary>
    public bool IsMark { get; set; }

    public long End => Offset + Bytes.Length;
}

/// <summary>Buffers that are used again, so that a turn allocates none. Safe from any thread.</summary>
internal sealed class LogBufferPool
{
    /// <summary>The most memory that waits to be used again, in bytes.</summary>
    public const int BytesMax = 64 << 20;

    /// <summary>A buffer larger than this is left to the garbage collector, in bytes.</summary>
    public const int BufferBytesMax = 4 << 20;

    private const int InitialBytes = 16 << 10;

    private readonly Lock _gate = new();
    private readonly Stack<LogBuffer> _free = new();
    private long _bytes;

    public LogBuffer Take()
    {
        lock (_gate)
        {
            if (_free.TryPop(out var buffer))
            {
                _bytes -= buffer.Bytes.Buffer.Length;
                return buffer;
            }
        }

        return new LogBuffer(InitialBytes);
    }

    public void Return(LogBuffer buffer)
    {
        buffer.Bytes.Truncate(0);
        buffer.Written = 0;
        buffer.IsMark = false;
        var bytes = buffer.Bytes.Buffer.Length;
        lock (_gate)
        {
            if (bytes <= BufferBytesMax && _bytes + bytes <= BytesMax)
            {
                _bytes += bytes;
                _free.Push(buffer);
            }
        }
    }
}

/// <summary>Groups that are sealed and not yet on their way to the file, in order. Safe from any thread.</summary>
internal sealed class SealedGroups
{
    private readonly Lock _gate = new();
    private readonly Queue<LogBuffer> _groups = new();
    private int _count;
    private long _bytes;

    public bool IsEmpty => Volatile.Read(ref _count) == 0;

    /// <summary>The bytes of commands that wait here.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public void Add(LogBuffer group)
    {
        lock (_gate)
        {
            _groups.Enqueue(group);
            _bytes += group.Bytes.Length;
            Volatile.Write(ref _count, _count + 1);
        }
    }

    public LogBuffer? TryTake()
    {
        lock (_gate)
        {
            if (!_groups.TryDequeue(out var group))
            {
                return null;
            }

            _bytes -= group.Bytes.Length;
            Volatile.Write(ref _count, _count - 1);
            return group;
        }
    }
}
