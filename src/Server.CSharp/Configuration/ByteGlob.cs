namespace RedisClone.Server.Configuration;

internal static class ByteGlob
{
    public static bool IsMatch(string pattern, string text, bool ignoreCase) =>
        System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, text, ignoreCase);
}
