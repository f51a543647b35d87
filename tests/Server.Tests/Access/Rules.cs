using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using RedisClone.Server.Access;

namespace RedisClone.Server.Tests.Access;

/// <summary>Users without a server: rules in, decisions out.</summary>
internal static class Rules
{
    public static CommandCatalog Catalog { get; } = new(new CommandSet());

    /// <summary>A user with some rules, of which none may be refused; blanks separate them, but within parentheses.</summary>
    public static User UserWith(string rules)
    {
        var user = new User("u", Catalog, getsAllChannels: false);
        foreach (string rule in SelectorWords.Join(Words(rules), out _)!)
        {
            if (user.Apply(rule) is { } problem)
            {
                throw new ArgumentException($"{rule}: {problem}");
            }
        }

        return user;
    }

    /// <summary>Whether a user may carry out a command line.</summary>
    public static Verdict Check(User user, string line)
    {
        Arguments args = Arguments.OfArrays([.. Words(line).Select(Bytes.ofString)]);
        return Catalog.Lookup(args, out HostCommand command) == CommandLookup.Found
            ? user.Check(new KeyLookup().Of(command, args))
            : throw new ArgumentException($"no command: {line}");
    }

    public static bool Allows(User user, string line) => Check(user, line).IsAllowed;

    public static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
