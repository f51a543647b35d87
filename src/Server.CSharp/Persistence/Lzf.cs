namespace RedisClone.Server.Persistence;

/// <summary>
/// The compression of strings in RDB files. A control byte below 32 says how many bytes follow as they are, less one;
/// any other copies bytes that came before: three bits of length, or seven and one more byte of it, and thirteen bits
/// of distance.
/// </summary>
internal static class Lzf
{
    // Three bytes make at most 264.
    private const int BytesPerByteMax = 88;

    /// <summary>The most bytes that so many can unpack to.</summary>
    public static long LengthMax(long packedLength) => packedLength * BytesPerByteMax;

    /// <summary>Unpacks; false when the bytes are not such, or do not fill the target exactly.</summary>
    public static bool TryUnpack(ReadOnlySpan<byte> packed, Span<byte> target)
    {
        var from = 0;
        var to = 0;
        while (from < packed.Length)
        {
            int control = packed[from++];
            if (control < 32)
            {
                var count = control + 1;
                if (count > packed.Length - from || count > target.Length - to)
                {
                    return false;
                }

                packed.Slice(from, count).CopyTo(target[to..]);
                from += count;
                to += count;
                continue;
            }

            var length = control >> 5;
            if (length == 7)
            {
                if (from == packed.Length)
                {
                    return false;
                }

                length += packed[from++];
            }

            length += 2;
            if (from == packed.Length)
            {
                return false;
            }

            var distance = (((control & 0x1F) << 8) | packed[from++]) + 1;
            if (distance > to || length > target.Length - to)
            {
                return false;
            }

            // The two may overlap: what has just been copied is copied again.
            for (var i = 0; i < length; i++, to++)
            {
                target[to] = target[to - distance];
            }
        }

        return to == target.Length;
    }
}
