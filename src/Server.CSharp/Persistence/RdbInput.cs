using System.Buffers.Binary;
using System.Numerics;
using RedisClone.Protocol;

namespace RedisClone.Server.Persistence;

/// <summary>An RDB file is not what it says it is, or holds what this server does not know.</summary>
public sealed class RdbException(string message) : Exception(message);

/// <summary>
/// Reads the bytes of an RDB file in order, keeping the CRC. Whatever the file announces, no more memory is taken than
/// there are bytes left in it, or than those can unpack to.
/// </summary>
internal sealed class RdbInput(ILogFile file)
{
    /// <summary>The longest string, in bytes.</summary>
    public const int StringBytesMax = int.MaxValue / 2;

    private const int WindowBytes = 1 << 20;

    private readonly byte[] _window = new byte[WindowBytes];
    private readonly long _length = file.Length;
    private long _windowStart;
    private int _at;
    private int _end;
    private int _summed;
    private ulong _crc;

    /// <summary>The offset of the next byte.</summary>
    public long Position => _windowStart + _at;

    public long Remaining => _length - Position;

    /// <summary>The CRC-64 of everything read so far.</summary>
    public ulong Crc
    {
        get
        {
            _crc = global::RedisClone.Protocol.Crc.crc64(_crc, _window.AsSpan(_summed, _at - _summed));
            _summed = _at;
            return _crc;
        }
    }

    public byte ReadByte()
    {
        if (_at == _end)
        {
            Fill();
        }

        return _window[_at++];
    }

    private byte PeekByte()
    {
        if (_at == _end)
        {
            Fill();
        }

        return _window[_at];
    }

    public void Read(Span<byte> target)
    {
        if (target.Length > Remaining)
        {
            throw Truncated();
        }

        while (target.Length > 0)
        {
            if (_at == _end)
            {
                Fill();
            }

            var count = Math.Min(target.Length, _end - _at);
            _window.AsSpan(_at, count).CopyTo(target);
            _at += count;
            target = target[count..];
        }
    }

    public int ReadInt32()
    {
        Span<byte> bytes = stackalloc byte[4];
        Read(bytes);
        return BinaryPrimitives.ReadInt32LittleEndian(bytes);
    }

    public long ReadInt64()
    {
        Span<byte> bytes = stackalloc byte[8];
        Read(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    /// <summary>A length, which must not be the mark of a packed string.</summary>
    public long ReadLength()
    {
        var length = ReadLength(out var isPacked);
        return isPacked ? throw Wrong("a length is wrong") : length;
    }

    /// <summary>A whole number of up to 64 bits, written as lengths are.</summary>
    public ulong ReadNumber()
    {
        const int LongMark = 0x81;
        if (PeekByte() != LongMark)
        {
            return (ulong)ReadLength();
        }

        _ = ReadByte();
        return unchecked((ulong)BinaryPrimitives.ReverseEndianness(ReadInt64()));
    }

    /// <summary>
    /// A string. Numbers and compressed strings are unpacked.
    /// </summary>
    /// <returns>Its bytes: a part of <paramref name="buffer"/>, which grows when it has to.</returns>
    public ReadOnlySpan<byte> ReadString(ref byte[] buffer)
    {
        var length = ReadLength(out var isPacked);
        if (!isPacked)
        {
            var bytes = Room(ref buffer, length, Remaining);
            Read(bytes);
            return bytes;
        }

        return length switch
        {
            0 => Number((sbyte)ReadByte(), ref buffer),
            1 => Number((short)(ReadByte() | (ReadByte() << 8)), ref buffer),
            2 => Number(ReadInt32(), ref buffer),
            3 => ReadCompressed(ref buffer),
            _ => throw Wrong($"a string is packed in a way that is not known ({length})"),
        };
    }

    public RdbException Wrong(string what) => new($"{what}, at byte {Position} of the RDB file");

    private long ReadLength(out bool isPacked)
    {
        var first = ReadByte();
        isPacked = false;
        switch (first >> 6)
        {
            case 0:
                return first;
            case 1:
                return ((first & 0x3F) << 8) | ReadByte();
            case 2 when first == 0x80:
                return (uint)BinaryPrimitives.ReverseEndianness(ReadInt32());
            case 2 when first == 0x81:
                var length = BinaryPrimitives.ReverseEndianness(ReadInt64());
                return length >= 0 ? length : throw Wrong("a length is wrong");
            case 3:
                isPacked = true;
                return first & 0x3F;
            default:
                throw Wrong("a length is wrong");
        }
    }

    private ReadOnlySpan<byte> ReadCompressed(ref byte[] buffer)
    {
        var packedLength = ReadLength();
        var length = ReadLength();
        if (packedLength > Remaining || length > Lzf.LengthMax(packedLength))
        {
            throw Wrong("a compressed string is longer than it can be");
        }

        var packed = new byte[packedLength];
        Read(packed);
        var bytes = Room(ref buffer, length, StringBytesMax);
        return Lzf.TryUnpack(packed, bytes) ? bytes : throw Wrong("a compressed string is damaged");
    }

    private Span<byte> Room(ref byte[] buffer, long length, long most)
    {
        if (length > most || length > StringBytesMax)
        {
            throw length > Remaining ? Truncated() : Wrong("a string is too long");
        }

        if (buffer.Length < length)
        {
            buffer = new byte[Math.Max((int)length, (int)BitOperations.RoundUpToPowerOf2((uint)length))];
        }

        return buffer.AsSpan(0, (int)length);
    }

    private static ReadOnlySpan<byte> Number(long value, ref byte[] buffer)
    {
        if (buffer.Length < Numbers.Int64LengthMax)
        {
            buffer = new byte[Numbers.Int64LengthMax];
        }

        return buffer.AsSpan(0, Numbers.writeInt64(buffer, value));
    }

    private void Fill()
    {
        _ = Crc;
        _windowStart += _end;
        _at = 0;
        _summed = 0;
        _end = file.Read(_windowStart, _window);
        if (_end == 0)
        {
            throw Truncated();
        }
    }

    private RdbException Truncated() => new($"the RDB file ends too early, after {_length} bytes");
}
