using System.Text;

namespace RedisClone.Server.Persistence;

// Finding where commands and lines end, without understanding them
//
// Recovery must know that a group is whole and unharmed before it applies the first command of it, and the line that
// says so comes after the group. So there are two passes. This is the first: it walks over the structure of RESP (a
// count, then lengths to jump over), stops at each line that starts with '#', and keeps the running CRC. The second,
// which makes commands of the bytes, is LogReplay; it finds them in the same window of memory, unless the group is
// larger than the window.
//
//                 window
//       +-----------------------------+
//   ....| group k (applied) | group k+1, scanned up to here ^ ...
//       +-----------------------------+
//                           ^ anchor: what is behind it must stay
//
// When the window is full, the bytes before the anchor go, and more are read. When what the anchor holds takes more
// than half of the window, the scanner gives up holding it: the bytes go into the CRC and are read again for the
// second pass. So memory is bounded however large a group is.
//
// Only what a log writer writes is taken: canonical numbers, CRLF, no inline commands.

/// <summary>What the scanner found at a place where a command could start.</summary>
internal enum ScanResult
{
    /// <summary>A whole command.</summary>
    Command,

    /// <summary>A whole line that starts with '#'.</summary>
    Annotation,

    /// <summary>The file ends exactly here.</summary>
    End,

    /// <summary>The file ends within a command or line.</summary>
    Truncated,

    /// <summary>Something that is neither; <see cref="LogScanner.BadOffset"/> says where.</summary>
    Malformed,
}

/// <summary>Walks over a log, command by command.</summary>
internal sealed class LogScanner
{
    /// <summary>The size of the window, in bytes. A larger group is read twice.</summary>
    public const int DefaultWindowBytes = 4 << 20;

    // The longest header of a command or argument: a type byte, ten digits, CRLF.
    private const int HeaderBytesMax = 13;

    private readonly ILogFile _file;
    private readonly byte[] _window;
    private long _windowStart;
    private int _windowLength;
    private long _anchor;
    private long _crcOffset;
    private uint _running;
    private long _annotationStart;
    private int _annotationLength;

    public LogScanner(ILogFile file, int windowBytes = DefaultWindowBytes)
    {
        _file = file;
        FileLength = file.Length;
        var size = Math.Max(Math.Min(windowBytes, FileLength), 4 * LogFormat.RedisLineBytesMax);
        _window = GC.AllocateUninitializedArray<byte>((int)size);
        SetAnchor();
    }

    /// <summary>The length of the file when the scan began, in bytes.</summary>
    public long FileLength { get; }

    /// <summary>The offset in the file of the next thing to scan.</summary>
    public long Position { get; private set; }

    /// <summary>After <see cref="ScanResult.Malformed"/>, the offset of the first byte that cannot be right.</summary>
    public long BadOffset { get; private set; }

    /// <summary>Whether the command scanned last was MULTI.</summary>
    public bool IsMulti { get; private set; }

    /// <summary>Whether the command scanned last was EXEC.</summary>
    public bool IsExec { get; private set; }

    /// <summary>The line scanned last, CRLF included; holds until the next call.</summary>
    public ReadOnlySpan<byte> Annotation => _window.AsSpan(IndexOf(_annotationStart), _annotationLength);

    /// <summary>
    /// Makes the current position the start of the next group: from here on bytes are kept and summed up.
    /// </summary>
    public void SetAnchor()
    {
        _anchor = Position;
        _crcOffset = Position;
        _running = Crc32C.Start;
    }

    /// <summary>The running CRC from the anchor up to <paramref name="end"/>, which lies in the window.</summary>
    public uint RunningCrc(long end)
    {
        Fold(end);
        return _running;
    }

    /// <summary>The bytes from the anchor up to <paramref name="end"/>, if the window still holds them.</summary>
    public bool TryGetAnchored(long end, out ArraySegment<byte> bytes)
    {
        if (_anchor < _windowStart || end > _windowStart + _windowLength)
        {
            bytes = default;
            return false;
        }

        bytes = new ArraySegment<byte>(_window, IndexOf(_anchor), (int)(end - _anchor));
        return true;
    }

    /// <summary>Scans one command or line, and moves behind it if it is whole.</summary>
    public ScanResult Next()
    {
        IsMulti = false;
        IsExec = false;
        if (Available(HeaderBytesMax) == 0)
        {
            return ScanResult.End;
        }

        return _window[IndexOf(Position)] switch
        {
            (byte)'*' => NextCommand(),
            (byte)'#' => NextAnnotation(),
            _ => Bad(Position),
        };
    }

    private ScanResult NextCommand()
    {
        var start = Position;
        var result = Header((byte)'*', out var arguments);
        if (result == ScanResult.Command && arguments == 0)
        {
            result = Bad(start);
        }

        for (var left = arguments; result == ScanResult.Command && left > 0; left--)
        {
            result = Header((byte)'$', out var length);
            if (result == ScanResult.Command)
            {
                if (arguments == 1 && length is 4 or 5 && Available(length) >= length)
                {
                    var name = _window.AsSpan(IndexOf(Position), length);
                    IsMulti = Ascii.EqualsIgnoreCase(name, "MULTI"u8);
                    IsExec = Ascii.EqualsIgnoreCase(name, "EXEC"u8);
                }

                result = Body(length);
            }
        }

        if (result != ScanResult.Command)
        {
            Position = start;
        }

        return result;
    }

    /// <summary>A type byte, a number and CRLF.</summary>
    private ScanResult Header(byte mark, out int number)
    {
        number = 0;
        var available = Available(HeaderBytesMax);
        var bytes = _window.AsSpan(IndexOf(Position), available);
        if (available == 0)
        {
            return ScanResult.Truncated;
        }

        if (bytes[0] != mark)
        {
            return Bad(Position);
        }

        long value = 0;
        var at = 1;
        while (at < available && (uint)(bytes[at] - '0') <= 9)
        {
            if ((at == 2 && value == 0) || value > int.MaxValue)
            {
                return Bad(Position + at);
            }

            value = (value * 10) + (bytes[at] - '0');
            at++;
        }

        if (at == available)
        {
            return at < HeaderBytesMax ? ScanResult.Truncated : Bad(Position + at - 1);
        }

        if (at == 1 || value > Array.MaxLength || bytes[at] != '\r')
        {
            return Bad(Position + at);
        }

        if (at + 1 == available)
        {
            return at + 1 < HeaderBytesMax ? ScanResult.Truncated : Bad(Position + at);
        }

        if (bytes[at + 1] != '\n')
        {
            return Bad(Position + at + 1);
        }

        number = (int)value;
        Position += at + 2;
        return ScanResult.Command;
    }

    /// <summary>The bytes of an argument and CRLF.</summary>
    private ScanResult Body(int length)
    {
        var end = Position + length;
        if (end > FileLength)
        {
            return ScanResult.Truncated;
        }

        if (end > _windowStart + _windowLength)
        {
            SkipTo(end);
        }
        else
        {
            Position = end;
        }

        var available = Available(2);
        var at = IndexOf(Position);
        if (available > 0 && _window[at] != '\r')
        {
            return Bad(Position);
        }

        if (available < 2)
        {
            return ScanResult.Truncated;
        }

        if (_window[at + 1] != '\n')
        {
            return Bad(Position + 1);
        }

        Position += 2;
        return ScanResult.Command;
    }

    private ScanResult NextAnnotation()
    {
        var available = Available(LogFormat.RedisLineBytesMax);
        var bytes = _window.AsSpan(IndexOf(Position), available);
        var end = bytes.IndexOf((byte)'\n');
        if (end < 0)
        {
            return available < LogFormat.RedisLineBytesMax ? ScanResult.Truncated : Bad(Position);
        }

        _annotationStart = Position;
        _annotationLength = end + 1;
        Position += _annotationLength;
        return ScanResult.Annotation;
    }

    private ScanResult Bad(long offset)
    {
        BadOffset = offset;
        return ScanResult.Malformed;
    }

    private int IndexOf(long offset) => (int)(offset - _windowStart);

    /// <summary>Sees to it that up to <paramref name="count"/> bytes at the position are in the window.</summary>
    /// <returns>How many there are, at most <paramref name="count"/>: fewer only at the end of the file.</returns>
    private int Available(int count)
    {
        var windowEnd = _windowStart + _windowLength;
        if (Position + count > windowEnd && windowEnd < FileLength)
        {
            Slide();
            windowEnd = _windowStart + _windowLength;
        }

        return (int)Math.Min(count, windowEnd - Position);
    }

    /// <summary>Moves on to <paramref name="target"/>, further than the window reaches.</summary>
    private void SkipTo(long target)
    {
        while (target > _windowStart + _windowLength)
        {
            Position = _windowStart + _windowLength;
            Slide();
        }

        Position = target;
    }

    /// <summary>Drops what is not needed any more, and fills the window.</summary>
    private void Slide()
    {
        var keep = _anchor >= _windowStart && Position - _anchor <= _window.Length / 2 ? _anchor : Position;
        if (keep == Position)
        {
            Fold(Position);
        }

        var index = IndexOf(keep);
        var kept = _windowLength - index;
        Buffer.BlockCopy(_window, index, _window, 0, kept);
        _windowStart = keep;
        _windowLength = kept;
        var room = (int)Math.Min(_window.Length - kept, FileLength - keep - kept);
        var read = _file.Read(keep + kept, _window.AsSpan(kept, room));
        if (read < room)
        {
            throw new IOException($"the log became shorter while it was read: {FileLength} bytes were announced, "
                + $"{keep + kept + read} are there");
        }

        _windowLength += read;
    }

    private void Fold(long end)
    {
        if (end > _crcOffset)
        {
            _running = Crc32C.Append(_running, _window.AsSpan(IndexOf(_crcOffset), (int)(end - _crcOffset)));
            _crcOffset = end;
        }
    }
}
