using System.Text;

namespace RedisClone.Server.Configuration;

/// <summary>
/// Configuration is read as bytes, kept as text with one character for each byte, so that nothing is lost between a
/// file, a command and a reply. Only where text meets the operating system (file names, the command line, the console)
/// do the bytes become the UTF-8 they stand for.
/// </summary>
internal static class ByteText
{
    private static readonly UTF8Encoding StrictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Text of the operating system as byte text.</summary>
    public static string FromText(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>Byte text as the operating system wants it; false if the bytes are not UTF-8.</summary>
    public static bool TryToText(string bytes, out string text)
    {
        try
        {
            text = StrictUtf8.GetString(Encoding.Latin1.GetBytes(bytes));
            return true;
        }
        catch (DecoderFallbackException)
        {
            text = "";
            return false;
        }
    }

    /// <summary>Byte text for people to read; bytes that are no UTF-8 show as replacement characters.</summary>
    public static string ToDisplay(string bytes) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(bytes));
}
