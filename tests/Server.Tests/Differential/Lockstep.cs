using System.Net.Sockets;
using RedisClone.Server.Tests.Scripts;

namespace RedisClone.Server.Tests.Differential;

/// <summary>The first reply that two servers did not agree on.</summary>
/// <param name="Position">How many turns of the sequence were played before; all, at the final inspection.</param>
/// <param name="Turns">Inspection steps that led there, and the turn itself.</param>
/// <param name="Reference">What the reference replied.</param>
/// <param name="Subject">What the subject replied, or what is wrong with it.</param>
/// <param name="IsHang">True when the subject did not reply at all: then every further try takes as long.</param>
public sealed record Difference(
    int Position, IReadOnlyList<Turn> Turns, string Reference, string Subject, bool IsHang = false)
{
    private const int PrintedLengthMax = 4_000;

    public override string ToString() =>
        $"after {Position} commands, {string.Join("; ", Turns.Select(turn => Quoting.Join(turn.Command)))}\n"
        + $"reference:\n{Shortened(Reference)}\nsubject:\n{Shortened(Subject)}\n";

    private static string Shortened(string text) =>
        text.Length <= PrintedLengthMax ? text : text[..PrintedLengthMax] + "\n(and more)";
}

/// <summary>
/// Plays a sequence on two servers side by side, a command at a time, and compares every reply; at the end it compares
/// everything that is stored.
/// </summary>
public sealed class Lockstep : IDisposable
{
    private static readonly string[][] Preparation =
    [
        ["FLUSHALL"],
        ["ACL", "DELUSER", "u"],
        ["CONFIG", "SET", "hash-max-listpack-entries", "512"],
        ["CONFIG", "SET", "hash-max-listpack-value", "64"],
        ["CONFIG", "SET", "set-max-intset-entries", "512"],
        ["CONFIG", "SET", "hll-sparse-max-bytes", "3000"],
    ];

    // Redis has kept sets and lists as listpacks since 7.2; where it does not know of that, this server must do without.
    private static readonly string[][] WithoutListpacks =
    [
        ["CONFIG", "SET", "set-max-listpack-entries", "0"],
        ["CONFIG", "SET", "list-max-listpack-size", "0"],
    ];

    private readonly Dictionary<string, IScriptConnection> _references = [];
    private readonly Dictionary<string, IScriptConnection> _subjects = [];
    private readonly List<IReadOnlyList<string>> _queued = [];
    private readonly IScriptTarget _reference;
    private readonly IScriptTarget _subject;

    private Lockstep(IScriptTarget reference, IScriptTarget subject)
    {
        _reference = reference;
        _subject = subject;
    }

    /// <summary>The replies of the reference, in order; as many as turns were played.</summary>
    private List<ReplyValue> Replies { get; } = [];

    /// <summary>Plays a sequence from an empty server on.</summary>
    /// <returns>The first difference; null when there is none.</returns>
    public static Difference? Play(
        IReadOnlyList<Turn> turns, IScriptTarget reference, IScriptTarget subject, List<ReplyValue>? replies = null)
    {
        using var lockstep = new Lockstep(reference, subject);
        Difference? difference = lockstep.PlayAll(turns);
        replies?.AddRange(lockstep.Replies);
        return difference;
    }

    public void Dispose()
    {
        foreach (IScriptConnection connection in _references.Values.Concat(_subjects.Values))
        {
            connection.Dispose();
        }
    }

    private Difference? PlayAll(IReadOnlyList<Turn> turns)
    {
        foreach (string[] command in Preparation)
        {
            Difference? difference = Compare(new Turn(Turn.InspectorConnection, command), 0);
            if (difference is not null)
            {
                return difference;
            }
        }

        foreach (string[] setting in WithoutListpacks)
        {
            Connection(_references, _reference, Turn.InspectorConnection).Call(setting);
            Connection(_subjects, _subject, Turn.InspectorConnection).Call(setting);
        }

        Replies.Clear();
        for (int i = 0; i < turns.Count; i++)
        {
            Difference? difference = Compare(turns[i], i);
            if (difference is not null)
            {
                return difference;
            }
        }

        return Inspect(turns.Count);
    }

    /// <summary>Lets both servers carry out one command.</summary>
    private Difference? Compare(Turn turn, int position)
    {
        IScriptConnection left = Connection(_references, _reference, turn.Connection);
        ReplyValue expected = left.Call(turn.Command);
        Rule rule = Normalisation.RuleFor(turn.Command);
        if (rule == Rule.Iteration)
        {
            expected = Iteration.Follow(left, turn.Command, expected);
        }

        Replies.Add(expected);
        try
        {
            IScriptConnection right = Connection(_subjects, _subject, turn.Connection);
            ReplyValue actual = right.Call(turn.Command);
            string? fault = null;
            if (rule == Rule.Iteration)
            {
                actual = Iteration.Follow(right, turn.Command, actual);
            }
            else if (rule == Rule.Random && !IsQueued(actual))
            {
                fault = RandomChoice.Fault(right, turn.Command, actual);
            }

            return fault is null && Agree(turn, expected, actual)
                ? null
                : new Difference(position, [turn], expected.ToString(), fault ?? actual.ToString());
        }
        catch (Exception error)
            when (error is InvalidDataException or IOException or SocketException or TimeoutException)
        {
            return new Difference(position, [turn], expected.ToString(), error.Message, error is TimeoutException);
        }
    }

    private bool Agree(Turn turn, ReplyValue expected, ReplyValue actual)
    {
        if (turn.Connection != Turn.MainConnection)
        {
            return Normalisation.Agree(turn.Command, expected, actual);
        }

        if (IsQueued(expected))
        {
            _queued.Add(turn.Command);
            return IsQueued(actual);
        }

        switch (Normalisation.Name(turn.Command, 0))
        {
            case "EXEC":
                bool agree = Normalisation.AgreeOnTransaction(_queued, expected, actual);
                _queued.Clear();
                return agree;
            case "MULTI" or "DISCARD" or "RESET" when !expected.IsError:
                _queued.Clear();
                return expected.Equals(actual);
            default:
                return Normalisation.Agree(turn.Command, expected, actual);
        }
    }

    /// <summary>Compares everything in all databases: keys, types, encodings, deadlines, values.</summary>
    private Difference? Inspect(int position)
    {
        int databases = int.Parse(Connection(_references, _reference, Turn.InspectorConnection)
            .Call("CONFIG", "GET", "databases").Items[1].Text);
        for (int database = 0; database < databases; database++)
        {
            var select = new Turn(Turn.InspectorConnection, ["SELECT", $"{database}"]);
            Difference? difference = Compare(select, position) ?? InspectDatabase(position);
            if (difference is not null)
            {
                return difference with { Turns = [select, .. difference.Turns] };
            }
        }

        return null;
    }

    private Difference? InspectDatabase(int position)
    {
        Difference? difference = Inspect(["KEYS", "*"], position);
        foreach (ReplyValue key in difference is null ? Replies[^1].Items : [])
        {
            difference = Inspect(["TYPE", key.Text], position);
            string type = Replies[^1].Text;
            difference ??= Inspect(["OBJECT", "ENCODING", key.Text], position)
                ?? Inspect(["PEXPIRETIME", key.Text], position)
                ?? Inspect(WholeValue(type, key.Text), position);
            if (difference is not null)
            {
                break;
            }
        }

        return difference;
    }

    private static string[] WholeValue(string type, string key) => type switch
    {
        "hash" => ["HGETALL", key],
        "set" => ["SMEMBERS", key],
        "list" => ["LRANGE", key, "0", "-1"],
        _ => ["GET", key],
    };

    private Difference? Inspect(string[] command, int position) =>
        Compare(new Turn(Turn.InspectorConnection, command), position);

    private static IScriptConnection Connection(
        Dictionary<string, IScriptConnection> connections, IScriptTarget target, string name)
    {
        if (!connections.TryGetValue(name, out IScriptConnection? connection))
        {
            connection = target.Connect();
            connections.Add(name, connection);
        }

        return connection;
    }

    private static bool IsQueued(ReplyValue reply) => reply is { Kind: ReplyKind.SimpleString, Text: "QUEUED" };
}
