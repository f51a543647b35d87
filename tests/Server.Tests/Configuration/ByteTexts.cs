using System.Text;

namespace RedisClone.Server.Tests.Configuration;

/// <summary>Arbitrary bytes as the text that configuration is kept in: one character for each.</summary>
internal static class ByteTexts
{
    public static string Of(byte[] bytes) => Encoding.Latin1.GetString(bytes);
}
