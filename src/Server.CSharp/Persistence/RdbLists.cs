using System.Buffers.Binary;
using RedisClone.Protocol;

namespace RedisClone.Server.Persistence;

// Small collections in an RDB file are one string that holds all elements in a row. Over the years there were three
// ways to do so. Each reader here walks over such a string element by element; a number that was packed as one comes
// out as the text it stands for. Whatever the bytes, a reader ends or says that they are wrong, and reads none beyond.

/// <summary>Walks over the elements of a packed collection.</summary>
internal ref struct RdbListReader
{
    private readonly RdbListKind _kind;
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly Span<byte> _digits;
    private int _at;
    private bool _isKey = true;

    /// <param name="kind">How the elements are packed.</param>
    /// <param name="bytes">The whole string.</param>
    /// <param name="digits">Room for the text of a number.</param>
    public RdbListReader(RdbListKind kind, ReadOnlySpan<byte> bytes, Span<byte> digits)
    {
        _kind = kind;
        _bytes = bytes;
        _digits = digits;
        _at = kind switch
        {
            RdbListKind.Zipmap => 1,
            RdbListKind.Ziplist => 10,
            _ => 6,
        };
    }

    /// <summary>Whether the bytes turned out to be wrong.</summary>
    public bool IsWrong { get; private set; }

    /// <summary>The next element; false at the end, and when the bytes are wrong.</summary>
    public bool TryRead(out ReadOnlySpan<byte> element)
    {
        element = default;
        if (IsWrong || _at >= _bytes.Length)
        {
            IsWrong = true;
            return false;
        }

        if (_bytes[_at] == 0xFF)
        {
            IsWrong = _at + 1 != _bytes.Length;
            return false;
        }

        var isRead = _kind switch
        {
            RdbListKind.Zipmap => TryReadZipmap(out element),
            RdbListKind.Ziplist => TryReadZiplist(out element),
            _ => TryReadListpack(out element),
        };
        IsWrong = !isRead;
        return isRead;
    }

    private bool TryReadZipmap(out ReadOnlySpan<byte> element)
    {
        element = default;
        long length = _bytes[_at++];
        if (length == 0xFE && !TryReadNumber(4, out length))
        {
            return false;
        }

        // Behind the length of a value there is a count of bytes left free.
        var free = 0;
        if (!_isKey)
        {
            if (_at >= _bytes.Length)
            {
                return false;
            }

            free = _bytes[_at++];
        }

        _isKey = !_isKey;
        return TryTake((uint)length, out element) && TrySkip(free);
    }

    private bool TryReadZiplist(out ReadOnlySpan<byte> element)
    {
        element = default;
        if (!TrySkip(_bytes[_at] == 0xFE ? 5 : 1) || _at >= _bytes.Length)
        {
            return false;
        }

        var first = _bytes[_at++];
        switch (first >> 6)
        {
            case 0:
                return TryTake(first, out element);
            case 1:
                return TryReadByte(out var low) && TryTake(((first & 0x3F) << 8) | low, out element);
            case 2:
                return first == 0x80
                    && TryReadNumber(4, out var length)
                    && TryTake(BinaryPrimitives.ReverseEndianness((uint)length), out element);
            default:
                var size = first switch
                {
                    0xC0 => 2,
                    0xD0 => 4,
                    0xE0 => 8,
                    0xF0 => 3,
                    0xFE => 1,
                    _ => 0,
                };
                if (size == 0)
                {
                    element = first is >= 0xF1 and <= 0xFD ? Number((first & 0x0F) - 1) : default;
                    return first is >= 0xF1 and <= 0xFD;
                }

                return TryTakeNumber(size, out element);
        }
    }

    private bool TryReadListpack(out ReadOnlySpan<byte> element)
    {
        var start = _at;
        return TryReadListpackValue(out element) && TrySkip(BackLength(_at - start));
    }

    private bool TryReadListpackValue(out ReadOnlySpan<byte> element)
    {
        element = default;
        var first = _bytes[_at++];
        byte low;
        if (first < 0x80)
        {
            element = Number(first);
            return true;
        }

        if (first < 0xC0)
        {
            return TryTake(first & 0x3F, out element);
        }

        if (first < 0xE0)
        {
            if (!TryReadByte(out low))
            {
                return false;
            }

            // Thirteen bits with a sign.
            var value = ((first & 0x1F) << 8) | low;
            element = Number(value >= 1 << 12 ? value - (1 << 13) : value);
            return true;
        }

        if (first < 0xF0)
        {
            return TryReadByte(out low) && TryTake(((first & 0x0F) << 8) | low, out element);
        }

        return first switch
        {
            0xF0 => TryReadNumber(4, out var length) && TryTake((uint)length, out element),
            0xF1 => TryTakeNumber(2, out element),
            0xF2 => TryTakeNumber(3, out element),
            0xF3 => TryTakeNumber(4, out element),
            0xF4 => TryTakeNumber(8, out element),
            _ => false,
        };
    }

    /// <summary>How many bytes say how long an element of a listpack was, for readers from behind.</summary>
    private static int BackLength(int length) => length switch
    {
        < 1 << 7 => 1,
        < 1 << 14 => 2,
        < 1 << 21 => 3,
        < 1 << 28 => 4,
        _ => 5,
    };

    private bool TrySkip(int count)
    {
        _at += count;
        return _at <= _bytes.Length;
    }

    private bool TryReadByte(out byte value)
    {
        value = _at < _bytes.Length ? _bytes[_at] : (byte)0;
        return TrySkip(1);
    }

    private bool TryTake(long length, out ReadOnlySpan<byte> element)
    {
        element = default;
        if (length > _bytes.Length - _at)
        {
            return false;
        }

        element = _bytes.Slice(_at, (int)length);
        _at += (int)length;
        return true;
    }

    private bool TryTakeNumber(int size, out ReadOnlySpan<byte> element)
    {
        element = default;
        if (!TryReadNumber(size, out var value))
        {
            return false;
        }

        element = Number(value);
        return true;
    }

    /// <summary>A number with a sign, lowest byte first.</summary>
    private bool TryReadNumber(int size, out long value)
    {
        value = 0;
        if (size > _bytes.Length - _at)
        {
            return false;
        }

        for (var i = size - 1; i >= 0; i--)
        {
            value = (value << 8) | _bytes[_at + i];
        }

        var unused = 64 - (8 * size);
        value = value << unused >> unused;
        _at += size;
        return true;
    }

    private readonly ReadOnlySpan<byte> Number(long value) => _digits[..Numbers.writeInt64(_digits, value)];
}

/// <summary>The ways in which the elements of a small collection are packed.</summary>
internal enum RdbListKind
{
    /// <summary>Redis 2.0 to 2.4: lengths of one or five bytes; values with room to grow.</summary>
    Zipmap,

    /// <summary>Redis 2.6 to 6: every element also says how long the one before it was.</summary>
    Ziplist,

    /// <summary>Redis 7: every element also says how long it is at its end.</summary>
    Listpack,
}
