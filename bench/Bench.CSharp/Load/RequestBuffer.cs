using System.Buffers.Text;

namespace RedisClone.Bench.Load;

/// <summary>Requests in RESP, written one after the other into one array that is used again and again.</summary>
internal sealed class RequestBuffer
{
    /// <summary>Longest prefix of a numbered argument.</summary>
    private const int PrefixLengthMax = 32;
    private const int NumberDigits = 12;

    private byte[] _bytes = new byte[64 * 1024];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Begins a request; its name is the first of the arguments that follow.</summary>
    public void Command(int arguments) => Header((byte)'*', arguments);

    public void Argument(ReadOnlySpan<byte> argument)
    {
        Header((byte)'$', argument.Length);
        Room(argument.Length + 2);
        argument.CopyTo(_bytes.AsSpan(Length));
        Length += argument.Length;
        LineEnd();
    }

    /// <summary>A prefix and twelve digits, as redis-benchmark fills in __rand_int__: <c>key:000000000042</c>.</summary>
    public void Numbered(ReadOnlySpan<byte> prefix, long number)
    {
        Span<byte> text = stackalloc byte[PrefixLengthMax + NumberDigits];
        prefix.CopyTo(text);
        for (var at = prefix.Length + NumberDigits - 1; at >= prefix.Length; at--)
        {
            text[at] = (byte)('0' + number % 10);
            number /= 10;
        }

        Argument(text[..(prefix.Length + NumberDigits)]);
    }

    /// <summary>A value of sixteen bytes that a generator chose: hexadecimal digits.</summary>
    public void Value16(ulong bits)
    {
        Span<byte> text = stackalloc byte[16];
        for (var at = 0; at < 16; at++)
        {
            text[at] = "0123456789abcdef"u8[(int)(bits & 15)];
            bits >>= 4;
        }

        Argument(text);
    }

    public void Number(long number)
    {
        Span<byte> text = stackalloc byte[20];
        Utf8Formatter.TryFormat(number, text, out var length);
        Argument(text[..length]);
    }

    private void Header(byte type, int count)
    {
        Room(16);
        _bytes[Length++] = type;
        Utf8Formatter.TryFormat(count, _bytes.AsSpan(Length), out var length);
        Length += length;
        LineEnd();
    }

    private void LineEnd()
    {
        _bytes[Length++] = (byte)'\r';
        _bytes[Length++] = (byte)'\n';
    }

    private void Room(int more)
    {
        if (Length + more > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + more));
        }
    }
}
