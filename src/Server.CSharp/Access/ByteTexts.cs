namespace RedisClone.Server.Access;

/// <summary>Text with one character for each byte.</summary>
internal static class ByteTexts
{
    /// <summary>Whether bytes say what byte text in small letters says; only ASCII has letters.</summary>
    public static bool EqualsIgnoreCase(string lower, ReadOnlySpan<byte> bytes)
    {
        if (lower.Length != bytes.Length)
        {
            return false;
        }

        for (var i = 0; i < lower.Length; i++)
        {
            var letter = (char)bytes[i];
            if ((char.IsAsciiLetterUpper(letter) ? char.ToLowerInvariant(letter) : letter) != lower[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a rule holds what no line of a file could keep.</summary>
    public static bool HasBlankOrNul(string text) => text.AsSpan().IndexOfAny(" \t\n\v\f\r\0") >= 0;
}
