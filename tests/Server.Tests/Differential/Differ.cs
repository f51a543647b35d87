using System.Globalization;
using System.Text;
using RedisClone.Server.Tests.Scripts;

namespace RedisClone.Server.Tests.Differential;

/// <summary>How much to compare.</summary>
/// <param name="Commands">How many commands in all.</param>
/// <param name="Seed">The seed of the first sequence; the others count on from it.</param>
public sealed record DifferOptions(int Commands, int Seed)
{
    private const int DefaultCommands = 5_000;
    private const int DefaultSeed = 1;

    /// <summary><c>DIFFERENTIAL_COMMANDS</c> and <c>DIFFERENTIAL_SEED</c>, for runs that are longer or other.</summary>
    public static DifferOptions FromEnvironment() =>
        new(Number("DIFFERENTIAL_COMMANDS", DefaultCommands), Number("DIFFERENTIAL_SEED", DefaultSeed));

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;
}

/// <summary>Compares two servers on generated sequences, and turns the first difference into a golden script.</summary>
public static class Differ
{
    private const int SequenceLength = 500;
    private const int ShrinkPlaysMax = 2_000;

    /// <summary>Plays sequences, in RESP2 and RESP3 in turn.</summary>
    /// <param name="reference">The one that is right.</param>
    /// <param name="subject">The one that is compared.</param>
    /// <param name="options">How much.</param>
    /// <param name="isLeftOut">Which commands are not played.</param>
    /// <returns>What to report: the difference, shrunk, as a golden script; null when the servers agree.</returns>
    public static string? Run(
        IScriptTarget reference, IScriptTarget subject, DifferOptions options, Predicate<Turn>? isLeftOut = null)
    {
        Predicate<Turn> leaveOut = isLeftOut ?? (_ => false);
        for (int done = 0; done < options.Commands; done += SequenceLength)
        {
            int seed = options.Seed + (done / SequenceLength);
            int length = Math.Min(SequenceLength, options.Commands - done);
            List<Turn> turns = [.. Protocol(seed), .. SequenceGenerator.Generate(seed, length)];
            turns.RemoveAll(leaveOut);
            Difference? difference = Lockstep.Play(turns, reference, subject);
            if (difference is not null)
            {
                List<Turn> played = turns[..Math.Min(turns.Count, difference.Position + 1)];
                return $"seed {seed}: {Report(played, difference, reference, subject, leaveOut)}";
            }
        }

        return null;
    }

    private static IEnumerable<Turn> Protocol(int seed)
    {
        if (seed % 2 == 0)
        {
            yield return new Turn(Turn.MainConnection, ["HELLO", "3"]);
        }
    }

    private static string Report(
        List<Turn> played,
        Difference difference,
        IScriptTarget reference,
        IScriptTarget subject,
        Predicate<Turn> leaveOut)
    {
        if (difference.IsHang || Differs([], reference, subject))
        {
            string lines = string.Join('\n', played.Select(turn => Quoting.Join(turn.Command)));
            return $"servers differ, not played again, {difference}\n{lines}";
        }

        bool IsStillFailing(IReadOnlyList<Turn> candidate) =>
            !candidate.Any(turn => leaveOut(turn)) && Differs(candidate, reference, subject);
        IReadOnlyList<Turn> smallest = new Shrinker(IsStillFailing, ShrinkPlaysMax).Shrink(played);
        List<ReplyValue> replies = [];
        Difference? remaining = Lockstep.Play(smallest, reference, subject, replies);
        return remaining is null
            ? $"servers differed once, and not when it was played again, {difference}"
            : $"servers differ, {remaining}\n{AsScript(smallest, remaining, replies)}";
    }

    /// <summary>Whether servers differ on a sequence; on an empty one they do when the subject is gone.</summary>
    private static bool Differs(IReadOnlyList<Turn> turns, IScriptTarget reference, IScriptTarget subject) =>
        Lockstep.Play(turns, reference, subject) is { IsHang: false };

    /// <summary>The shrunk sequence with the replies of the reference.</summary>
    private static string AsScript(
        IReadOnlyList<Turn> turns, Difference difference, List<ReplyValue> replies)
    {
        var text = new StringBuilder("# Two servers differed in the last reply.\n");
        string connection = Turn.MainConnection;
        for (int i = 0; i < difference.Position; i++)
        {
            Append(text, turns[i], replies[i].ToString(), ref connection);
        }

        foreach (Turn turn in difference.Turns)
        {
            bool isLast = ReferenceEquals(turn, difference.Turns[^1]);
            Append(text, turn, isLast ? difference.Reference : "OK", ref connection);
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, Turn turn, string reply, ref string connection)
    {
        text.Append('\n');
        if (turn.Connection != connection)
        {
            connection = turn.Connection;
            text.Append(CultureInfo.InvariantCulture, $"@connection {connection}\n");
        }

        (string directive, bool isPattern) = Normalisation.RuleFor(turn.Command) switch
        {
            Rule.Unordered => ("@unordered\n", false),
            Rule.UnorderedPairs => ("@unordered pairs\n", false),
            Rule.Iteration => (Iteration.PerItem(turn.Command) == 1 ? "@unordered\n" : "@unordered pairs\n", false),
            Rule.Random or Rule.Kind => ("@match\n", true),
            _ => ("", false),
        };
        string line = Quoting.Join(turn.Command);
        text.Append(CultureInfo.InvariantCulture, $"{directive}> {line}\n{(isPattern ? "*" : reply)}\n");
    }
}
