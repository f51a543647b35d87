using RedisClone.Protocol;
using RedisClone.Protocol.Interop;

namespace RedisClone.Server.Access;

/// <summary>Which arguments of a command are channels.</summary>
internal enum ChannelUse : byte
{
    None,

    /// <summary>The first argument.</summary>
    First,

    /// <summary>All arguments.</summary>
    All,

    /// <summary>All arguments, which are patterns that channels will be fitted to.</summary>
    Patterns,
}

/// <summary>The commands of a server, as rules name them. Made once; it never changes.</summary>
public sealed class CommandCatalog
{
    private static readonly (string Name, ChannelUse Use)[] ChannelUses =
    [
        ("publish", ChannelUse.First),
        ("spublish", ChannelUse.First),
        ("subscribe", ChannelUse.All),
        ("ssubscribe", ChannelUse.All),
        ("psubscribe", ChannelUse.Patterns),
    ];

    private readonly CommandSet _commands;
    private readonly ChannelUse[] _channelUse;

    public CommandCatalog(CommandSet commands)
    {
        _commands = commands;
        _channelUse = new ChannelUse[commands.Count];
        foreach (var (name, use) in ChannelUses)
        {
            if (commands.TryFind(Bytes.ofString(name)) is { } command)
            {
                _channelUse[command.Id] = use;
            }
        }
    }

    public int Count => _commands.Count;

    public ReadOnlySpan<HostCommand> All => _commands.All;

    /// <summary>The words for categories, in the order of ACL CAT.</summary>
    public static IEnumerable<string> CategoryNames => CommandWords.categories.Select(category => category.Item2);

    /// <summary>The category with this name, without case; null if there is none.</summary>
    public static AclCategories? FindCategory(string name)
    {
        foreach (var (category, word) in CommandWords.categories)
        {
            if (word.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return category;
            }
        }

        return null;
    }

    public CommandLookup Lookup(Arguments args, out HostCommand command) => _commands.Lookup(args, out command);

    /// <summary>The command with a full name as byte text, without case; null if there is none.</summary>
    public HostCommand? Find(string fullName) => _commands.TryFind(Bytes.ofString(fullName));

    /// <summary>The names of the commands of a category. A container is named by its subcommands.</summary>
    public List<string> In(AclCategories category)
    {
        var names = new List<string>();
        foreach (var command in _commands.All)
        {
            if (!command.IsContainer && (command.Categories & category) != AclCategories.None)
            {
                names.Add(command.FullName);
            }
        }

        return names;
    }

    internal ChannelUse ChannelUseOf(HostCommand command) => _channelUse[command.Id];
}
