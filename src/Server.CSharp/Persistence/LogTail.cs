namespace RedisClone.Server.Persistence;

/// <summary>
/// The end of the log in memory: groups with their lines, ready to be written, and those that are written but not
/// known to be on the device. They stay until an fsync has covered them, because after a failed fsync nobody can say
/// which of the bytes before it are on the device: they have to be written again. Used under the lock of the log.
/// </summary>
internal sealed class LogTail(LogBufferPool pool, long endOffset, long endNumber)
{
    /// <summary>Small groups are gathered into buffers of this size, in bytes; larger groups keep their own.</summary>
    public const int BufferBytes = 1 << 20;

    private readonly Queue<LogBuffer> _buffers = new();
    private LogBuffer? _last;
    private long _retainedOffset = endOffset;

    /// <summary>Where the next group goes.</summary>
    public long EndOffset { get; private set; } = endOffset;

    /// <summary>The number of the last group here or in the file.</summary>
    public long EndNumber { get; private set; } = endNumber;

    /// <summary>How far the file is written; within a large group this may be right before its line.</summary>
    public long WrittenOffset { get; private set; } = endOffset;

    /// <summary>The number of the last group that was written, its line included.</summary>
    public long WrittenNumber { get; private set; } = endNumber;

    /// <summary>
    /// The bytes that no fsync has covered, written or not. This and the offsets may be read without the lock.
    /// </summary>
    public long RetainedBytes => EndOffset - Volatile.Read(ref _retainedOffset);

    public bool IsWritten => WrittenOffset == EndOffset;

    /// <summary>Takes a group, which the caller must not use any more, and puts its line behind it.</summary>
    public void Append(LogBuffer group, long timeMs, long unsynced)
    {
        var number = group.LastNumber;
        var length = group.Bytes.Length;
        var running = Crc32C.Append(Crc32C.Start, group.Bytes.Written);
        if (length > BufferBytes / 2)
        {
            // Its line goes into the next buffer: making a large one larger may take more memory than there is.
            group.LastNumber = number - 1;
            Open(group);
            EndOffset = group.End;
            Open(pool.Take());
        }
        else
        {
            if (_last is null || _last.Bytes.Length + length + LogFormat.LineBytesMax > BufferBytes)
            {
                Open(pool.Take());
            }

            _last!.Bytes.Raw(group.Bytes.Written);
            pool.Return(group);
        }

        LogFormat.Write(_last!.Bytes, LogLineKind.Group, number, length, timeMs, unsynced, running);
        _last.LastNumber = number;
        EndNumber = number;
        EndOffset = _last.End;
    }

    /// <summary>Writes what has not been written, in as few calls as there are buffers.</summary>
    /// <exception cref="IOException">The disk; the buffers before the one at fault count as written.</exception>
    public void WriteTo(ILogFile file)
    {
        if (IsWritten)
        {
            return;
        }

        foreach (var buffer in _buffers)
        {
            if (buffer.Written < buffer.Bytes.Length)
            {
                file.Write(buffer.Offset + buffer.Written, buffer.Bytes.Written[buffer.Written..]);
                buffer.Written = buffer.Bytes.Length;
                WrittenOffset = buffer.End;
                WrittenNumber = buffer.LastNumber;
            }
        }
    }

    /// <summary>Forgets what was written of everything here: all of it has to be written again.</summary>
    public void MarkUnwritten()
    {
        foreach (var buffer in _buffers)
        {
            buffer.Written = 0;
        }

        if (_buffers.TryPeek(out var first))
        {
            WrittenOffset = first.Offset;
        }
    }

    /// <summary>Drops the buffers that end at <paramref name="offset"/> or before: they are on the device.</summary>
    public void Release(long offset)
    {
        while (_buffers.TryPeek(out var first) && first.End <= offset && first.Written == first.Bytes.Length)
        {
            _ = _buffers.Dequeue();
            if (first == _last)
            {
                _last = null;
            }

            Volatile.Write(ref _retainedOffset, first.End);
            pool.Return(first);
        }
    }

    /// <summary>All is in another file and on the device; there the log ends at <paramref name="endOffset"/>.</summary>
    public void MoveTo(long endOffset)
    {
        Release(EndOffset);
        EndOffset = endOffset;
        WrittenOffset = endOffset;
        Volatile.Write(ref _retainedOffset, endOffset);
    }

    private void Open(LogBuffer buffer)
    {
        buffer.Offset = EndOffset;
        buffer.Written = 0;
        _buffers.Enqueue(buffer);
        _last = buffer;
    }
}
