using System.Globalization;
using System.Text;

namespace RedisClone.Server.Tests.Scripts;

/// <summary>
/// Reads replies off a stream of bytes. It shares no code with the server on purpose: a misreading of RESP must not be on
/// both sides.
/// </summary>
/// <param name="receive">Fills a buffer with at least one byte and tells how many; 0 at the end.</param>
public sealed class WireReader(Func<byte[], int> receive)
{
    private const int BulkBytesMax = 512 * 1024 * 1024;
    private const int DepthMax = 64;

    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>A command as it goes over the wire.</summary>
    public static byte[] Encode(IReadOnlyList<string> arguments)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"*{arguments.Count}\r\n");
        foreach (string argument in arguments)
        {
            text.Append(CultureInfo.InvariantCulture, $"${argument.Length}\r\n").Append(argument).Append("\r\n");
        }

        return Encoding.Latin1.GetBytes(text.ToString());
    }

    /// <summary>The next reply or push message; null at the end.</summary>
    public ReplyValue? Next() => _start < _end || Fill() ? Read(depth: 0) : null;

    private ReplyValue Read(int depth)
    {
        if (depth > DepthMax)
        {
            throw new InvalidDataException("the reply is nested too deeply");
        }

        string line = ReadLine();
        string text = line[1..];
        return line[0] switch
        {
            '+' => ReplyValue.Scalar(ReplyKind.SimpleString, text),
            '-' => ReplyValue.Scalar(ReplyKind.Error, text),
            ':' => ReplyValue.Scalar(ReplyKind.Integer, text),
            ',' => ReplyValue.Scalar(ReplyKind.Double, text),
            '#' => ReplyValue.Scalar(ReplyKind.Boolean, text),
            '(' => ReplyValue.Scalar(ReplyKind.BigNumber, text),
            '_' => ReplyValue.Scalar(ReplyKind.Null, text),
            '$' when text == "-1" => ReplyValue.Scalar(ReplyKind.NilBulkString, ""),
            '*' when text == "-1" => ReplyValue.Scalar(ReplyKind.NilArray, ""),
            '$' => ReplyValue.Scalar(ReplyKind.BulkString, ReadBulk(text)),
            '=' => ReplyValue.Scalar(ReplyKind.Verbatim, ReadBulk(text)),
            '!' => ReplyValue.Scalar(ReplyKind.BlobError, ReadBulk(text)),
            '*' => ReadItems(ReplyKind.Array, text, 1, depth),
            '%' => ReadItems(ReplyKind.Map, text, 2, depth),
            '~' => ReadItems(ReplyKind.Set, text, 1, depth),
            '>' => ReadItems(ReplyKind.Push, text, 1, depth),
            _ => throw new InvalidDataException($"not RESP: {Quoting.Quote(line)}"),
        };
    }

    private ReplyValue ReadItems(ReplyKind kind, string count, int perItem, int depth)
    {
        var items = new ReplyValue[ParseLength(count) * perItem];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = Read(depth + 1);
        }

        return ReplyValue.Aggregate(kind, items);
    }

    private string ReadBulk(string length)
    {
        byte[] bytes = new byte[ParseLength(length) + 2];
        int filled = 0;
        while (filled < bytes.Length)
        {
            RequireMore();
            int count = Math.Min(_end - _start, bytes.Length - filled);
            _buffer.AsSpan(_start, count).CopyTo(bytes.AsSpan(filled));
            _start += count;
            filled += count;
        }

        return bytes[^2] == '\r' && bytes[^1] == '\n'
            ? Encoding.Latin1.GetString(bytes, 0, bytes.Length - 2)
            : throw new InvalidDataException("a bulk string does not end in CR LF");
    }

    private string ReadLine()
    {
        var line = new StringBuilder();
        while (line is not [.., '\r', '\n'])
        {
            RequireMore();
            line.Append((char)_buffer[_start++]);
        }

        return line.Length > 2
            ? line.ToString(0, line.Length - 2)
            : throw new InvalidDataException("an empty line where a reply should start");
    }

    private void RequireMore()
    {
        if (_start == _end && !Fill())
        {
            throw new EndOfStreamException("the connection was closed within a reply");
        }
    }

    private bool Fill()
    {
        _start = 0;
        _end = receive(_buffer);
        return _end > 0;
    }

    private static int ParseLength(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int length) && length <= BulkBytesMax
            ? length
            : throw new InvalidDataException($"not a length: {Quoting.Quote(text)}");
}
