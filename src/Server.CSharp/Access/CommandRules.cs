using System.Text;
using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using Reason = RedisClone.Protocol.Errors.AclReason;

namespace RedisClone.Server.Access;

// Rules for commands: +get -@dangerous +config|get +select|0 ...
//
// They are kept twice. The bits, one for each command, decide: a rule changes them once, when it is given. The words are
// what ACL LIST shows and a file keeps: all or nothing to begin with, and then the rules in the order in which they were
// given, without those that a later one made meaningless. So a rule keeps its meaning when a later version has more
// commands: +@read stays +@read.

/// <summary>The commands that a selector allows.</summary>
internal sealed class CommandRules
{
    private const int WordBits = 64;

    private readonly CommandCatalog _catalog;
    private readonly ulong[] _allowed;
    private readonly List<string> _rules;

    /// <summary>First arguments, in small letters, with which commands are allowed that are not allowed otherwise.</summary>
    private readonly Dictionary<int, List<string>> _firstArguments;

    private bool _beginsWithAll;

    public CommandRules(CommandCatalog catalog)
    {
        _catalog = catalog;
        _allowed = new ulong[(catalog.Count + WordBits - 1) / WordBits];
        _rules = [];
        _firstArguments = [];
    }

    public CommandRules(CommandRules other)
    {
        _catalog = other._catalog;
        _allowed = [.. other._allowed];
        _rules = [.. other._rules];
        _firstArguments = other._firstArguments.ToDictionary(pair => pair.Key, pair => pair.Value.ToList());
        _beginsWithAll = other._beginsWithAll;
        AllowsAll = other.AllowsAll;
    }

    /// <summary>Whether nothing has been taken away from all commands.</summary>
    public bool AllowsAll { get; private set; }

    /// <summary>Whether a command may be carried out; what needs no authentication may be always.</summary>
    public bool Allows(HostCommand command, Arguments args) =>
        AllowsAll
        || IsSet(command.Id)
        || command.Has(CommandFlags.NoAuth)
        || (_firstArguments.Count > 0 && AllowsFirstArgument(command, args));

    public void SetAll(bool allowed)
    {
        AllowsAll = allowed;
        _beginsWithAll = allowed;
        Array.Fill(_allowed, allowed ? ulong.MaxValue : 0);
        _rules.Clear();
        _firstArguments.Clear();
    }

    /// <summary>Takes one rule, of which the sign has been cut off.</summary>
    /// <returns>Null, or why it is refused; then nothing has changed.</returns>
    public string? Apply(string name, bool allowed)
    {
        if (name.StartsWith('@'))
        {
            return ApplyCategory(name[1..], allowed);
        }

        if (_catalog.Find(name) is { } command)
        {
            Set(command, allowed);
            AddRule(command.FullName, allowed);
            return null;
        }

        var bar = name.IndexOf('|');
        return allowed && bar >= 0 ? ApplyFirstArgument(name[..bar], name[(bar + 1)..]) : Reason.unknown;
    }

    /// <summary>The rules that lead here from nothing.</summary>
    public void Describe(StringBuilder text)
    {
        text.Append(_beginsWithAll ? "+@all" : "-@all");
        foreach (var rule in _rules)
        {
            text.Append(' ').Append(rule);
        }
    }

    private string? ApplyCategory(string name, bool allowed)
    {
        if (name.Equals("all", StringComparison.OrdinalIgnoreCase))
        {
            SetAll(allowed);
            return null;
        }

        if (CommandCatalog.FindCategory(name) is not { } category)
        {
            return Reason.unknown;
        }

        foreach (var command in _catalog.All)
        {
            if ((command.Categories & category) != AclCategories.None)
            {
                Set(command, allowed);
            }
        }

        AddRule("@" + name.ToLowerInvariant(), allowed);
        return null;
    }

    private string? ApplyFirstArgument(string name, string argument)
    {
        if (_catalog.Find(name) is not { } command)
        {
            return Reason.unknown;
        }

        var bar = argument.IndexOf('|');
        if (bar >= 0)
        {
            return _catalog.Find($"{name}|{argument[..bar]}") is null ? Reason.unknown : Reason.firstArgumentOfSubcommand;
        }

        if (argument.Length == 0)
        {
            return Reason.syntax;
        }

        if (command.HasSubcommands)
        {
            return Reason.unknown;
        }

        if (!_firstArguments.TryGetValue(command.Id, out var arguments))
        {
            _firstArguments.Add(command.Id, arguments = []);
        }

        var lower = argument.ToLowerInvariant();
        if (!arguments.Contains(lower))
        {
            arguments.Add(lower);
        }

        AddRule($"{command.FullName}|{argument}", allowed: true);
        return null;
    }

    /// <summary>Allows or forbids a command, all its subcommands, and whatever first argument it has.</summary>
    private void Set(HostCommand command, bool allowed)
    {
        AllowsAll &= allowed;
        SetBit(command.Id, allowed);
        _firstArguments.Remove(command.Id);
        if (command.HasSubcommands)
        {
            foreach (var other in _catalog.All)
            {
                if (other.IsSubcommand && IsWithin(other.FullName, command.FullName))
                {
                    SetBit(other.Id, allowed);
                }
            }
        }
    }

    /// <summary>Keeps a rule, in place of those that it overrides as a whole.</summary>
    private void AddRule(string name, bool allowed)
    {
        _rules.RemoveAll(rule =>
            rule.AsSpan(1).Equals(name, StringComparison.OrdinalIgnoreCase) || IsWithin(rule.AsSpan(1), name));
        _rules.Add((allowed ? "+" : "-") + name);
    }

    private static bool IsWithin(ReadOnlySpan<char> name, string container) =>
        name.Length > container.Length && name[container.Length] == '|' && name.StartsWith(container);

    private bool AllowsFirstArgument(HostCommand command, Arguments args)
    {
        if (args.Count < 2 || !_firstArguments.TryGetValue(command.Id, out var arguments))
        {
            return false;
        }

        foreach (var argument in arguments)
        {
            if (ByteTexts.EqualsIgnoreCase(argument, args[1]))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsSet(int id) => (_allowed[id / WordBits] >> (id % WordBits) & 1) != 0;

    private void SetBit(int id, bool value)
    {
        var bit = 1UL << (id % WordBits);
        _allowed[id / WordBits] = value ? _allowed[id / WordBits] | bit : _allowed[id / WordBits] & ~bit;
    }
}
