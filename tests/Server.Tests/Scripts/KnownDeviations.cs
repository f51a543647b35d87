using System.Globalization;
using RedisClone.Server.Tests.Differential;

namespace RedisClone.Server.Tests.Scripts;

/// <summary>
/// What this server does not answer as a real one does. The scripts hold it to exactly these: one more is a defect, and
/// one that has been mended is taken off the list.
/// </summary>
public static class KnownDeviations
{
    /// <summary>Command lines that are answered otherwise, by script.</summary>
    private static readonly Dictionary<string, string[]> Commands = new()
    {
        // The last millisecond there is counts as no deadline.
        ["keys/pexpireat"] = ["PEXPIRETIME k"],

        // Short lists as listpacks, which Redis has had since 7.2.
        ["lists/object-encoding"] =
        [
            "OBJECT ENCODING l", "OBJECT ENCODING m", "OBJECT ENCODING long", "OBJECT ENCODING renamed",
            "OBJECT ENCODING few",
        ],
        // Arguments are looked at before the key, as in Redis since 7.2.
        ["bitmaps/bitcount"] = ["BITCOUNT none a b"],
        ["bitmaps/bitpos"] = ["BITPOS none 1 a"],

        // Sets as listpacks, which Redis has had since 7.2.
        ["sets/sadd"] = ["OBJECT ENCODING ints", "OBJECT ENCODING words"],
        ["sets/sdiffstore"] = ["OBJECT ENCODING d"],
        ["sets/sinterstore"] = ["OBJECT ENCODING d"],
        ["sets/sunionstore"] = ["OBJECT ENCODING d"],

        // When a consumer last got something, which Redis has told since 7.2.
        ["streams/xinfo-stream"] =
        [
            "XINFO STREAM s FULL", "XINFO STREAM s FULL COUNT 1", "XINFO STREAM s FULL COUNT 0", "XINFO STREAM s full count -1",
        ],
    };

    /// <summary>The command lines of a script that are known to be answered otherwise, in order.</summary>
    public static IReadOnlyList<string> Of(string name) => Commands.TryGetValue(name, out string[]? known) ? known : [];

    /// <summary>Whether a generated command might show nothing but what is known.</summary>
    public static bool IsShownBy(Turn turn)
    {
        IReadOnlyList<string> command = turn.Command;
        return Normalisation.Name(command, 0) switch
        {
            "PEXPIREAT" => command.Contains("9223372036854775807"),

            // Redis before 7.2 does not look at these where there is no key.
            "BITCOUNT" => command.Count == 3 || !IsRange([.. command.Skip(2)]),
            "BITPOS" => !IsRange([.. command.Skip(3)]),
            // Redis before 7.2 does not know WITHSCORE.
            "ZRANK" or "ZREVRANK" => command.Count > 3,

            // Two servers do not draw the same.
            "SPOP" => command.Count == 2,
            _ => false,
        };
    }

    private static bool IsRange(IReadOnlyList<string> words) =>
        words.Count <= 3
        && words.Take(2).All(word => long.TryParse(word, CultureInfo.InvariantCulture, out long number)
            && word == number.ToString(CultureInfo.InvariantCulture))
        && words.Skip(2).All(word => word is "BYTE" or "BIT");
}
