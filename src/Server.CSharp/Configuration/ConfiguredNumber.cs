using RedisClone.Protocol;

namespace RedisClone.Server.Configuration;

/// <summary>Numbers in configuration, out of text that has one character for each byte.</summary>
internal static class ConfiguredNumber
{
    /// <summary>Reads a whole number as Redis does.</summary>
    public static bool TryParseInteger(string text, out long value)
    {
        value = 0;
        return text.Length <= Numbers.Int64LengthMax && Numbers.tryParseInt64(Bytes.ofString(text), out value);
    }

    /// <summary>Reads a size, with or without a unit, in bytes.</summary>
    public static bool TryParseBytes(string text, out ulong bytes)
    {
        bytes = 0;
        return Sizes.tryParse(Bytes.ofString(text), ref bytes);
    }
}
