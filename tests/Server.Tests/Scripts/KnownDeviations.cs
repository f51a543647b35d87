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
        // The command's name in "Try CLIENT HELP" is in lower case.
        ["connection/client-id"] = ["CLIENT FOO", "CLIENT FOO bar"],
        ["keys/object-encoding"] = ["OBJECT FOO", "OBJECT FOO bar"],
        ["server/command-count"] = ["COMMAND FOO"],
        ["server/config-get"] = ["CONFIG FOO", "CONFIG FOO bar"],
        ["server/memory-usage"] = ["MEMORY FOO"],

        // So it is here; and EXEC with arguments leaves the transaction open.
        ["transactions/exec"] = ["OBJECT FOO k", "EXEC x", "EXEC"],

        // The last command of a client is not the one that was queued.
        ["connection/client-list"] = ["CLIENT LIST TYPE normal"],

        // A bulk string where RESP3 has a verbatim one.
        ["connection/client-info"] = ["CLIENT INFO"],

        // Cursors that are no numbers, though C takes them for some, are refused.
        ["hashes/hscan"] = ["HSCAN h -1", "HSCAN h \"\""],
        ["hashes/hrandfield"] = ["HRANDFIELD h -9223372036854775808"],

        // There is no eviction, and so no counting of uses.
        ["keys/object-freq"] = ["CONFIG SET maxmemory-policy allkeys-lfu", "OBJECT FREQ k", "OBJECT IDLETIME k"],

        // The last millisecond there is counts as no deadline.
        ["keys/pexpireat"] = ["PEXPIRETIME k"],

        // No counters by command and by error.
        ["server/info"] = ["INFO commandstats", "INFO errorstats", "INFO all", "INFO everything"],

        // Carried out instead of refused.
        ["server/shutdown"] = ["SHUTDOWN SAVE NOSAVE"],

        // A whole number is an int, however it was made.
        ["strings/incrbyfloat"] = ["OBJECT ENCODING k"],

        // The same option may not be given twice.
        ["strings/set"] = ["SET k v EX 10 EX 10"],
    };

    /// <summary>The command lines of a script that are known to be answered otherwise, in order.</summary>
    public static IReadOnlyList<string> Of(string name) => Commands.TryGetValue(name, out string[]? known) ? known : [];

    /// <summary>Whether a generated command might show nothing but what is known.</summary>
    public static bool IsShownBy(Turn turn)
    {
        IReadOnlyList<string> command = turn.Command;
        string subcommand = Normalisation.Name(command, 1);
        return Normalisation.Name(command, 0) switch
        {
            "INCRBYFLOAT" => true,
            "EXEC" => command.Count > 1,
            "SCAN" => command.Count > 1 && IsOddCursor(command[1]),
            "HSCAN" => command.Count > 2 && IsOddCursor(command[2]),
            "CLIENT" => subcommand is not ("ID" or "LIST" or "GETNAME" or "SETNAME"),
            "OBJECT" => subcommand is not ("ENCODING" or "REFCOUNT" or "IDLETIME" or "FREQ"),
            "CONFIG" => subcommand is not ("GET" or "SET"),
            "COMMAND" or "MEMORY" => subcommand is not ("GETKEYS" or "USAGE"),
            "SET" or "GETEX" => HasOptionTwice(command),
            "PEXPIREAT" or "SWAPDB" or "COPY" or "MOVE" or "SELECT" or "HRANDFIELD" =>
                command.Contains("9223372036854775807"),
            _ => false,
        };
    }

    /// <summary>A real server takes these for numbers.</summary>
    private static bool IsOddCursor(string cursor) => cursor.Length == 0 || cursor[0] is '-' or '\0';

    private static bool HasOptionTwice(IReadOnlyList<string> command) => command
        .Skip(2)
        .GroupBy(word => word.ToUpperInvariant())
        .Any(group => group.Count() > 1 && group.Key.Length > 1);
}
