using System.Text;
using RedisClone.Protocol;

namespace RedisClone.Server.Configuration;

internal enum MemorySizeResult
{
    Valid,
    Malformed,
    TooLarge,
}

/// <summary>Sizes as redis.conf writes them: digits and a unit without case. k is 1000, kb is 1024, and so on.</summary>
internal static class MemorySize
{
    /// <summary>From so many digits on Redis no longer calls a number too large but malformed.</summary>
    private const int DigitsMax = 127;

    /// <summary>Reads a size in bytes. As in Redis, no digits at all are 0.</summary>
    public static MemorySizeResult TryParse(string text, out long bytes)
    {
        bytes = 0;
        int digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits]))
        {
            digits++;
        }

        long unit = text[digits..].ToLowerInvariant() switch
        {
            "" or "b" => 1,
            "k" => 1000,
            "kb" => 1L << 10,
            "m" => 1000 * 1000,
            "mb" => 1L << 20,
            "g" => 1000 * 1000 * 1000,
            "gb" => 1L << 30,
            _ => 0,
        };
        if (unit == 0 || digits > DigitsMax)
        {
            return MemorySizeResult.Malformed;
        }

        UInt128 total = 0;
        for (int i = 0; i < digits && total <= long.MaxValue; i++)
        {
            total = (total * 10) + (UInt128)(text[i] - '0');
        }

        total *= (UInt128)unit;
        if (total > long.MaxValue)
        {
            return MemorySizeResult.TooLarge;
        }

        bytes = (long)total;
        return MemorySizeResult.Valid;
    }
}

/// <summary>Whole numbers as Redis reads them, out of text that has one character for each byte.</summary>
internal static class WholeNumber
{
    public static bool TryParse(string text, out long value)
    {
        value = 0;
        if (text.Length > Numbers.Int64LengthMax)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[Numbers.Int64LengthMax];
        return Encoding.Latin1.TryGetBytes(text, bytes, out int length)
            && Numbers.tryParseInt64(bytes[..length], out value);
    }
}
