using System.Globalization;
using System.Text.RegularExpressions;
using RedisClone.Server.Tests.Scripts;

namespace RedisClone.Server.Tests.Differential;

/// <summary>What may differ between two servers that are both right. This is the only place that says so.</summary>
public enum Rule
{
    /// <summary>Nothing.</summary>
    Exact,

    /// <summary>The order of elements: it is that of a hash table.</summary>
    Unordered,

    /// <summary>The order of pairs in a flat list, or of the entries of a map.</summary>
    UnorderedPairs,

    /// <summary>
    /// How an iteration is cut into pieces. Outside of a transaction it is followed to its end, and all that came is
    /// compared, each element once; in a transaction two whole ones are compared, and pieces are not.
    /// </summary>
    Iteration,

    /// <summary>The choice among what is there: it is random. <see cref="RandomChoice"/> says what must hold.</summary>
    Random,

    /// <summary>Some seconds: time passes between one server and the other.</summary>
    Seconds,

    /// <summary>As many milliseconds.</summary>
    Milliseconds,

    /// <summary>How many consumers a group has: since 7.2, XREADGROUP makes one even if there is nothing to read.</summary>
    Consumers,

    /// <summary>
    /// Everything but the kind of the reply: it tells about the server itself, or about what its cursors mean.
    /// </summary>
    Kind,
}

/// <summary>Decides which rule holds for a command, and compares by it.</summary>
public static class Normalisation
{
    private const long ToleranceSeconds = 20;

    /// <summary>The rule for the reply of a command.</summary>
    public static Rule RuleFor(IReadOnlyList<string> command) => (Name(command, 0), Name(command, 1)) switch
    {
        ("KEYS" or "HKEYS" or "HVALS" or "SMEMBERS" or "SINTER" or "SUNION" or "SDIFF" or "SPOP", _) => Rule.Unordered,
        ("SORT" or "SORT_RO", _) => RuleForSort(command),
        ("HGETALL", _) => Rule.UnorderedPairs,
        ("CONFIG", "GET") when command.Skip(2).All(IsCommonParameter) => Rule.UnorderedPairs,
        ("CONFIG", "GET") => Rule.Kind,
        ("SCAN" or "HSCAN" or "SSCAN", _) when Iteration.IsFromStart(command) => Rule.Iteration,
        ("SCAN" or "HSCAN" or "SSCAN", _) => Rule.Kind,
        ("RANDOMKEY" or "HRANDFIELD" or "SRANDMEMBER", _) => Rule.Random,
        ("TTL" or "EXPIRETIME", _) => Rule.Seconds,
        ("PTTL" or "PEXPIRETIME", _) => Rule.Milliseconds,
        ("TIME" or "HELLO", _) => Rule.Kind,
        ("COMMAND", not "GETKEYS") => Rule.Kind,
        ("CLIENT", "ID" or "INFO" or "LIST") or ("MEMORY", "USAGE") => Rule.Kind,

        // Small numbers are shared there: one object, referred to and used by all keys that hold it.
        ("OBJECT", "REFCOUNT" or "FREQ" or "IDLETIME") => Rule.Kind,
        ("XINFO", "GROUPS") => Rule.Consumers,
        ("XGROUP", "CREATECONSUMER") => Rule.Kind,
        _ => Rule.Exact,
    };

    /// <summary>
    /// A set that is not sorted is in the order of a hash table, and so are elements of equal weight; as texts Redis
    /// compares them up to a NUL only, unless it stores them.
    /// </summary>
    private static Rule RuleForSort(IReadOnlyList<string> command)
    {
        var words = command.Select(word => word.ToUpperInvariant()).ToHashSet();
        return words.Contains("STORE") ? Rule.Exact
            : words.Contains("NOSORT") && words.Contains("LIMIT") ? Rule.Kind
            : words.Contains("NOSORT") || words.Contains("ALPHA") ? Rule.Unordered
            : Rule.Exact;
    }

    /// <summary>SORT makes Redis keep a small sorted set as a large one from then on; here it changes nothing.</summary>
    private static bool IsSortedSetAfterSort(
        IReadOnlyList<string> command, ReplyValue reference, ReplyValue subject) =>
        Name(command, 0) == "OBJECT" && Name(command, 1) == "ENCODING"
        && !reference.IsError && !subject.IsError && reference.Text == "skiplist" && subject.Text == "listpack";

    /// <summary>Whether the replies of both servers say the same. Errors are always compared exactly.</summary>
    public static bool Agree(IReadOnlyList<string> command, ReplyValue reference, ReplyValue subject)
    {
        if (reference.Equals(subject) || IsSortedSetAfterSort(command, reference, subject))
        {
            return true;
        }

        return !reference.IsError && !subject.IsError && RuleFor(command) switch
        {
            Rule.Unordered => Sorted(reference, 1).Equals(Sorted(subject, 1)),
            Rule.UnorderedPairs => Sorted(reference, 2).Equals(Sorted(subject, 2)),
            Rule.Iteration => AgreeAsIterations(command, reference, subject),
            Rule.Random => SameKind(reference, subject),
            Rule.Seconds => IsClose(reference, subject, ToleranceSeconds),
            Rule.Milliseconds => IsClose(reference, subject, ToleranceSeconds * 1000),
            Rule.Consumers => WithoutConsumers(reference) == WithoutConsumers(subject),
            Rule.Kind => reference.Kind == subject.Kind,
            _ => false,
        };
    }

    /// <summary>Compares the reply of EXEC: each element by the rule of its command.</summary>
    public static bool AgreeOnTransaction(
        IReadOnlyList<IReadOnlyList<string>> commands, ReplyValue reference, ReplyValue subject)
    {
        if (reference.Kind != ReplyKind.Array || reference.Items.Count != commands.Count)
        {
            return reference.Equals(subject);
        }

        bool agree = subject.Kind == ReplyKind.Array && subject.Items.Count == commands.Count;
        for (int i = 0; agree && i < commands.Count; i++)
        {
            agree = Agree(commands[i], reference.Items[i], subject.Items[i]);
        }

        return agree;
    }

    /// <summary>The name, or the subcommand, of a command in upper case.</summary>
    public static string Name(IReadOnlyList<string> command, int index) =>
        index < command.Count ? command[index].ToUpperInvariant() : "";

    /// <summary>Only of these do both servers have the same ones.</summary>
    private static bool IsCommonParameter(string pattern) => pattern.StartsWith("hash-", StringComparison.Ordinal);

    private static string WithoutConsumers(ReplyValue reply) => Regex.Replace(
        reply.ToString(), """("consumers"(?: =>|\s*\d+\))) \(integer\) \d+""", "$1", RegexOptions.NonBacktracking);

    private static ReplyValue Sorted(ReplyValue reply, int perItem) => ReplyComparison.Sorted(reply, perItem);

    private static bool AgreeAsIterations(IReadOnlyList<string> command, ReplyValue reference, ReplyValue subject)
    {
        if (!Iteration.IsReply(reference) || !Iteration.IsReply(subject))
        {
            return false;
        }

        bool bothWhole = Iteration.IsWhole(reference) && Iteration.IsWhole(subject);
        int perItem = Iteration.PerItem(command);
        return !bothWhole || Sorted(reference.Items[1], perItem).Equals(Sorted(subject.Items[1], perItem));
    }

    /// <summary>The same kinds all the way down, and as many elements.</summary>
    private static bool SameKind(ReplyValue reference, ReplyValue subject) =>
        reference.Kind == subject.Kind && reference.Items.Count == subject.Items.Count
        && reference.Items.Zip(subject.Items).All(pair => SameKind(pair.First, pair.Second));

    /// <summary>Times are close when they tell of something; -1 and -2 do not.</summary>
    private static bool IsClose(ReplyValue reference, ReplyValue subject, long tolerance) =>
        reference.Kind == ReplyKind.Integer && subject.Kind == ReplyKind.Integer
        && decimal.Parse(reference.Text, CultureInfo.InvariantCulture) is var wanted and >= 0
        && decimal.Parse(subject.Text, CultureInfo.InvariantCulture) is var came and >= 0
        && Math.Abs(wanted - came) <= tolerance;
}
