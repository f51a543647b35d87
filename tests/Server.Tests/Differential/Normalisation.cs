using System.Globalization;
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

    /// <summary>
    /// How many consumers a group has: since 7.2, XREADGROUP makes one even if there is nothing to read. So there are at
    /// least as many.
    /// </summary>
    Groups,

    /// <summary>
    /// The same where consumers are listed, in order: all that the older server has are there, and the others have nothing pending.
    /// How long ago they did something depends on when the servers are asked.
    /// </summary>
    Consumers,

    /// <summary>The same where one is made: it may be there already.</summary>
    NewConsumer,

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
        ("XINFO", "GROUPS") => Rule.Groups,
        ("XINFO", "CONSUMERS") => Rule.Consumers,
        ("XGROUP", "CREATECONSUMER") => Rule.NewConsumer,
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

    /// <summary>Whether the replies of both servers say the same. Errors are always compared exactly.</summary>
    public static bool Agree(IReadOnlyList<string> command, ReplyValue reference, ReplyValue subject)
    {
        if (reference.Equals(subject))
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
            Rule.Groups => AgreeAsGroups(reference, subject),
            Rule.Consumers => AgreeAsConsumers(reference, subject),
            Rule.NewConsumer => reference.Text == "1" && subject.Text == "0",
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

    /// <summary>Group by group the same, but for consumers that only the subject has.</summary>
    private static bool AgreeAsGroups(ReplyValue reference, ReplyValue subject) =>
        reference.Items.Count == subject.Items.Count
        && reference.Items.Zip(subject.Items).All(pair =>
            Number(pair.First, "consumers") <= Number(pair.Second, "consumers")
            && Without(pair.First, "consumers").SequenceEqual(Without(pair.Second, "consumers")));

    private static bool AgreeAsConsumers(ReplyValue reference, ReplyValue subject)
    {
        var more = subject.Items.Where(consumer => !reference.Items.Any(other => IsSameConsumer(other, consumer))).ToList();
        return reference.Kind == subject.Kind
            && more.All(consumer => Number(consumer, "pending") == 0)
            && subject.Items.Count - more.Count == reference.Items.Count
            && subject.Items.Except(more).Zip(reference.Items).All(pair => IsSameConsumer(pair.First, pair.Second));
    }

    private static bool IsSameConsumer(ReplyValue one, ReplyValue other) =>
        Field(one, "name") == Field(other, "name") && Number(one, "pending") == Number(other, "pending");

    /// <summary>The field of a map, or of a flat list of pairs.</summary>
    private static string Field(ReplyValue map, string name) =>
        map.Items.Chunk(2).Single(pair => pair[0].Text == name)[1].Text;

    private static long Number(ReplyValue map, string name) =>
        long.Parse(Field(map, name), CultureInfo.InvariantCulture);

    private static IEnumerable<ReplyValue> Without(ReplyValue map, string name) =>
        map.Items.Chunk(2).Where(pair => pair[0].Text != name).SelectMany(pair => pair);

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
