namespace RedisClone.Server.Tests.Scripts;

/// <summary>
/// The requests that this server does not answer as the scripts say. The tests hold it to exactly these: one more is a
/// defect, and one that has been mended is taken off the list.
/// </summary>
public static class KnownDeviations
{
    private static readonly Dictionary<string, string[]> Commands = [];

    /// <summary>The command lines of a script that are known to be answered otherwise, in order.</summary>
    public static IReadOnlyList<string> Of(string name) => Commands.TryGetValue(name, out string[]? known) ? known : [];
}
