using RedisClone.Protocol;

namespace RedisClone.Server.Configuration;

/// <summary>Glob patterns over byte text.</summary>
internal static class ByteGlob
{
    /// <summary>Whether all of the text fits the pattern; without case as Redis means it, for ASCII letters.</summary>
    public static bool IsMatch(string pattern, string text, bool ignoreCase) =>
        Glob.isMatch(Bytes.ofString(pattern), Bytes.ofString(text), ignoreCase);
}
