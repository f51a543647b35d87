using System.Buffers.Text;
using RedisClone.Protocol;

namespace RedisClone.Server.Persistence;

// What a log looks like
//
// The log is a list of commands in RESP, as a client would send them. That is also what Redis writes, so a log can be
// read by eye, replayed with redis-cli --pipe, and loaded by a real server. What Redis does not have is a way to tell
// a good byte from a bad one. So every commit group is followed by one line that a reader of plain RESP skips, because
// it starts with '#':
//
//     #e1 0 0 1712345678901 0 5be1c2aa             the log starts here
//     *3  $3 SET  $1 a  $1 1
//     #g1 1 27 1712345678901 1 89abcdef            group 1: the 27 bytes above, all or nothing
//     *3  $3 SET  $1 b  $1 2
//     *2  $3 DEL  $1 a
//     #g1 2 47 1712345678950 2 0c3d59e1            group 2
//      |  | |  |             | |
//      |  | |  |             | CRC-32C of the group's bytes and of this line up to here
//      |  | |  |             `- how many groups, this one included, no fsync had covered when it was written
//      |  | |  `- wall clock, ms since the Unix epoch
//      |  | `- length of the group in bytes, this line not counted
//      |  `- number of the group, one more than that of the group before
//      `- kind of the line, and version of the format
//
// A group is what one turn of the server changed: one command, a pipeline, a whole MULTI/EXEC or script.
//
// What the line proves. Any changed byte, in the group or in the line, breaks the CRC. A group that is missing,
// doubled, or out of place breaks the numbering; the number is under the CRC. A group can be checked on its own,
// without its neighbours: that is what lets recovery tell a log that merely ends too early (nothing valid follows the
// first bad group) from one that is damaged in the middle (something does). And the line comes after the group, so a
// group without its line was never committed.
//
// How a reader finds the line: by reading RESP. A '#' counts only where a command could start; a value may hold any
// bytes, even a copy of another log. See LogScanner.
//
// The base. A log that was compacted starts with a snapshot instead of the history. It comes in numbered parts, so
// that a reader can check and apply them one at a time:
//
//     #b1 0 0 1712345678901 0 ...                  a snapshot starts here: part 0, empty
//     *3  $3 SET  $1 a  $1 1      (and more)
//     #b1 1 65536 1712345678901 0 ...              part 1
//     #e1 42 0 1712345678901 2 ...                 the end: 2 parts; it holds the history up to group 42
//     *3  $3 SET  $1 b  $1 2
//     #g1 43 27 1712345678950 1 ...                the history goes on
//
// A snapshot that ends early is not a prefix of any history, so a base is never cut: without its last line the file is
// refused. The very first line is there so that a compacted log cannot be taken for a plain one, however short it was
// cut. A new log is one whose base is empty.
//
// Plain logs. A log written by Redis has no such lines, except '#TS:' ones. When this server goes on writing to it, it
// first closes what it found with an '#e1' line: the plain log becomes a base in one part, and is under a CRC from
// then on.
//
// What is not done. CRCs find accidents, not forgers: who can write to the file can make it say anything. The line
// costs some 40 bytes a turn, which is a third of a log of lonely small SETs and nothing under load. There is no index:
// recovery reads everything anyway.

/// <summary>What a line of the format closes.</summary>
internal enum LogLineKind : byte
{
    /// <summary>A part of the base; more follow.</summary>
    Base = (byte)'b',

    /// <summary>The base, and perhaps its last part.</summary>
    BaseEnd = (byte)'e',

    /// <summary>A commit group.</summary>
    Group = (byte)'g',
}

/// <summary>One line of the format, read.</summary>
/// <param name="Kind">What the line closes.</param>
/// <param name="Number">The number of the group or part; of a base's end, the last group whose effects the base
/// holds.</param>
/// <param name="Length">The bytes that the line covers: they end where the line begins.</param>
/// <param name="TimeMs">When it was written, ms since the Unix epoch.</param>
/// <param name="Extra">Of a group, how many groups no fsync had covered; of a base's end, how many parts came
/// before.</param>
/// <param name="Crc">CRC-32C of the bytes covered and of the line up to the CRC.</param>
internal readonly record struct LogLine(
    LogLineKind Kind, long Number, long Length, long TimeMs, long Extra, uint Crc);

/// <summary>Writes and reads the lines of the format.</summary>
internal static class LogFormat
{
    /// <summary>The longest line in bytes, with CRLF. Redis reads such lines into 128 bytes.</summary>
    public const int LineBytesMax = 4 + (4 * 20) + CrcDigits + 2;

    /// <summary>The longest line that Redis skips, in bytes, with CRLF.</summary>
    public const int RedisLineBytesMax = 127;

    private const int CrcDigits = 8;
    private const byte Version = (byte)'1';

    /// <summary>Appends a line.</summary>
    /// <param name="target">Where the line goes.</param>
    /// <param name="kind">What the line closes.</param>
    /// <param name="number">See <see cref="LogLine.Number"/>.</param>
    /// <param name="length">See <see cref="LogLine.Length"/>.</param>
    /// <param name="timeMs">See <see cref="LogLine.TimeMs"/>.</param>
    /// <param name="extra">See <see cref="LogLine.Extra"/>.</param>
    /// <param name="running">The running CRC over the bytes covered.</param>
    public static void Write(
        RespWriter target, LogLineKind kind, long number, long length, long timeMs, long extra, uint running)
    {
        var line = target.Reserve(LineBytesMax);
        line[0] = (byte)'#';
        line[1] = (byte)kind;
        line[2] = Version;
        line[3] = (byte)' ';
        var at = 4;
        at = WriteNumber(line, at, number);
        at = WriteNumber(line, at, length);
        at = WriteNumber(line, at, timeMs);
        at = WriteNumber(line, at, extra);
        var crc = Crc32C.Finish(Crc32C.Append(running, line[..at]));
        for (var shift = 28; shift >= 0; shift -= 4)
        {
            line[at++] = HexDigit((crc >> shift) & 0xF);
        }

        line[at++] = (byte)'\r';
        line[at++] = (byte)'\n';
        target.Advance(at);
    }

    /// <summary>
    /// Reads a line, CRLF included; only what <see cref="Write"/> writes is taken, byte for byte, except that the CRC
    /// may be wrong.
    /// </summary>
    /// <param name="text">The line.</param>
    /// <param name="line">What it says.</param>
    /// <param name="crcAt">Where the CRC starts, so where what it covers ends.</param>
    public static bool TryRead(ReadOnlySpan<byte> text, out LogLine line, out int crcAt)
    {
        line = default;
        crcAt = text.Length - CrcDigits - 2;
        if (!IsStart(text) || crcAt < 4 || text[^2] != '\r' || text[^1] != '\n')
        {
            return false;
        }

        var fields = text[..crcAt];
        var at = 4;
        if (!TryReadNumber(fields, ref at, out var number)
            || !TryReadNumber(fields, ref at, out var length)
            || !TryReadNumber(fields, ref at, out var timeMs)
            || !TryReadNumber(fields, ref at, out var extra)
            || at != crcAt)
        {
            return false;
        }

        var crc = 0u;
        foreach (var digit in text.Slice(crcAt, CrcDigits))
        {
            var value = digit switch
            {
                >= (byte)'0' and <= (byte)'9' => digit - '0',
                >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
                _ => -1,
            };
            if (value < 0)
            {
                return false;
            }

            crc = (crc << 4) | (uint)value;
        }

        line = new LogLine((LogLineKind)text[1], number, length, timeMs, extra, crc);
        return true;
    }

    /// <summary>Whether the bytes start like a line of the format, of any kind.</summary>
    public static bool IsStart(ReadOnlySpan<byte> text) =>
        text.Length >= 4
        && text[0] == '#'
        && (LogLineKind)text[1] is LogLineKind.Base or LogLineKind.BaseEnd or LogLineKind.Group
        && text[2] == Version
        && text[3] == ' ';

    /// <summary>Whether a line is a time stamp as Redis writes it: <c>#TS:seconds</c> and CRLF.</summary>
    public static bool IsRedisTimestamp(ReadOnlySpan<byte> text) =>
        text.Length > 6
        && text.StartsWith("#TS:"u8)
        && text.EndsWith("\r\n"u8)
        && text[4..^2].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;

    private static int WriteNumber(Span<byte> line, int at, long value)
    {
        Utf8Formatter.TryFormat(value, line[at..], out var written);
        line[at + written] = (byte)' ';
        return at + written + 1;
    }

    private static bool TryReadNumber(ReadOnlySpan<byte> fields, ref int at, out long value)
    {
        value = 0;
        var length = fields[at..].IndexOf((byte)' ');
        if (length < 0 || !Numbers.tryParseInt64(fields.Slice(at, length), out value) || value < 0)
        {
            return false;
        }

        at += length + 1;
        return true;
    }

    private static byte HexDigit(uint value) => (byte)(value < 10 ? '0' + value : 'a' + value - 10);
}
