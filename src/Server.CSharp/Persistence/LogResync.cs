namespace RedisClone.Server.Persistence;

// Is there anything good behind the bad?
//
// When a group is bad, all that follows decides what it means. A crash leaves an unfinished end and nothing behind it.
// If whole groups follow, bytes have changed that were once written well, and cutting there would throw away writes
// that were acknowledged. A group can be proven on its own: its line gives its length and number, and the CRC covers
// the bytes and the line. So the rest of the file is searched for lines whose CRC holds.
//
// Bytes of a value may look like a line and even be a copy of a good group. Copies of the log's own past have numbers
// that have been used already, and do not count. A copy of some other log, in a value that was being written at the
// very moment of a crash, can make recovery refuse where it might have cut: the safe side.
//
// One crash does leave good groups behind bad ones: when the power fails, a file system may have written later pages of
// a file and not earlier ones, which then read as zeros. It can only happen to groups that no fsync had covered, and
// every group says how far the fsyncs had come. So: zeros for a whole sector, in a group that no later group says was
// covered, are a torn tail.

/// <summary>What was found behind a bad group.</summary>
/// <param name="IsFound">Whether there is any good group.</param>
/// <param name="First">The line of the first good one.</param>
/// <param name="FirstEnd">Where in the file that group ends, its line included.</param>
/// <param name="FirstStart">Where that group starts.</param>
/// <param name="CoveredNumber">The highest number that any good group says an fsync had covered.</param>
internal readonly record struct ResyncResult(
    bool IsFound, LogLine First, long FirstEnd, long FirstStart, long CoveredNumber);

/// <summary>Searches bytes that cannot be read for good groups.</summary>
internal sealed class LogResync(ILogFile file, long fileLength)
{
    private const int BufferBytes = 1 << 20;
    private const int SectorBytes = 512;

    // A file made for it could name its own bytes as a group over and over. Honest ones need each byte once.
    private const int PassesMax = 4;

    private readonly byte[] _buffer = new byte[Math.Max(SectorBytes, Math.Min(BufferBytes, fileLength))];

    /// <summary>Looks for good groups that start at <paramref name="from"/> or later.</summary>
    /// <param name="from">Where the bad group starts.</param>
    /// <param name="lastNumber">The number of the last good group before it.</param>
    public ResyncResult Find(long from, long lastNumber)
    {
        var result = default(ResyncResult);
        var budget = (PassesMax * (fileLength - from)) + BufferBytes;
        foreach (var (lineOffset, text) in Lines(from))
        {
            if (!LogFormat.TryRead(text, out var line, out var crcAt)
                || line.Kind != LogLineKind.Group
                || line.Number <= lastNumber
                || line.Length == 0
                || line.Length > lineOffset - from)
            {
                continue;
            }

            budget -= line.Length;
            if (budget < 0)
            {
                throw new IOException($"the log cannot be judged behind byte {from}: too much of it looks like groups");
            }

            if (Crc32C.Finish(Crc32C.Append(CrcOf(lineOffset - line.Length, lineOffset), text.AsSpan(0, crcAt)))
                != line.Crc)
            {
                continue;
            }

            var end = lineOffset + text.Length;
            var covered = line.Extra == 0 ? line.Number : line.Number - line.Extra;
            result = result.IsFound
                ? result with { CoveredNumber = Math.Max(result.CoveredNumber, covered) }
                : new ResyncResult(true, line, end, lineOffset - line.Length, covered);
        }

        return result;
    }

    /// <summary>
    /// Whether a line behind <paramref name="from"/> claims to close a base that takes all before it.
    /// </summary>
    public bool HasBaseEnd(long from)
    {
        foreach (var (lineOffset, text) in Lines(from))
        {
            if (LogFormat.TryRead(text, out var line, out _)
                && line.Kind == LogLineKind.BaseEnd
                && line.Length == lineOffset)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the bytes at <paramref name="offset"/> are how the line that closes a base starts.</summary>
    public bool StartsLikeBaseEnd(long offset)
    {
        Span<byte> start = stackalloc byte[4];
        start = start[..file.Read(offset, start)];
        return "#e1 "u8.StartsWith(start);
    }

    /// <summary>Whether all bytes from <paramref name="from"/> to the end of the file are zeros.</summary>
    public bool IsZeros(long from)
    {
        for (var at = from; at < fileLength;)
        {
            var read = file.Read(at, _buffer);
            if (read == 0 || _buffer.AsSpan(0, read).ContainsAnyExcept((byte)0))
            {
                return false;
            }

            at += read;
        }

        return true;
    }

    /// <summary>
    /// Whether a sector that ends within <c>[from, to)</c> reads as zeros, its bytes before <paramref name="from"/> not
    /// counted: those were there before, and kept.
    /// </summary>
    public bool HasZeroSector(long from, long to)
    {
        for (var end = (from / SectorBytes * SectorBytes) + SectorBytes; end <= to; end += SectorBytes)
        {
            var start = Math.Max(from, end - SectorBytes);
            var sector = _buffer.AsSpan(0, (int)(end - start));
            if (file.Read(start, sector) == sector.Length && !sector.ContainsAnyExcept((byte)0))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The running CRC of <c>[from, to)</c>.</summary>
    public uint CrcOf(long from, long to)
    {
        var running = Crc32C.Start;
        var buffer = new byte[Math.Min(BufferBytes, to - from)];
        while (from < to)
        {
            var read = file.Read(from, buffer.AsSpan(0, (int)Math.Min(buffer.Length, to - from)));
            if (read == 0)
            {
                throw new IOException("the log became shorter while it was read");
            }

            running = Crc32C.Append(running, buffer.AsSpan(0, read));
            from += read;
        }

        return running;
    }

    /// <summary>All that looks like a line of the format, wherever it stands.</summary>
    private IEnumerable<(long Offset, byte[] Text)> Lines(long from)
    {
        var start = from;
        while (start < fileLength)
        {
            var filled = file.Read(start, _buffer);
            var isLast = start + filled >= fileLength;
            var at = 0;
            while (true)
            {
                var found = _buffer.AsSpan(at, filled - at).IndexOf((byte)'#');
                if (found < 0)
                {
                    at = filled;
                    break;
                }

                at += found;
                if (filled - at < LogFormat.LineBytesMax && !isLast)
                {
                    // The line may go on behind the buffer: look at it again from its start.
                    break;
                }

                var length = LineLength(_buffer.AsSpan(at, Math.Min(LogFormat.LineBytesMax, filled - at)));
                if (length > 0)
                {
                    yield return (start + at, _buffer.AsSpan(at, length).ToArray());
                }

                at++;
            }

            if (at == 0)
            {
                yield break;
            }

            start += at;
        }
    }

    private static int LineLength(ReadOnlySpan<byte> bytes) =>
        LogFormat.IsStart(bytes) ? bytes.IndexOf((byte)'\n') + 1 : 0;
}
