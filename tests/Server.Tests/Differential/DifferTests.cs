using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Differential;

/// <summary>The tester itself: two real servers agree, and a server with a fault is found out.</summary>
public sealed class DifferTests
{
    private const int CommandsOfSelfTest = 12_000;

    private static IReadOnlyList<string> AsSent(IReadOnlyList<string> command) => command;

    private static ReplyValue AsCame(IReadOnlyList<string> command, ReplyValue reply) => reply;

    [OracleFact]
    public void This_server_agrees_with_a_real_one()
    {
        using OracleServer reference = OracleServer.Start();
        using CloneServer subject = CloneServer.StartWithSystemClock();
        string? report = Differ.Run(
            reference, subject, DifferOptions.FromEnvironment(), KnownDeviations.IsShownBy);
        Assert.True(report is null, report);
    }

    [OracleFact]
    public void Two_real_servers_agree()
    {
        DifferOptions options = DifferOptions.FromEnvironment();
        using OracleServer reference = OracleServer.Start();
        using OracleServer subject = OracleServer.Start();
        // They too draw differently.
        string? report = Differ.Run(reference, subject, options, KnownDeviations.IsShownBy);
        Assert.True(report is null, report);
    }

    [OracleFact]
    public void A_wrong_reply_is_found_and_shrunk_to_a_script_that_a_real_server_passes()
    {
        using OracleServer subject = OracleServer.Start();
        using var altered = new AlteredTarget(subject, AsSent, Miscounting);
        string report = ReportOn(altered);
        Script script = ScriptIn(report);
        Assert.InRange(script.Steps.OfType<Request>().Count(), 2, 3);
        Assert.Contains("> HDEL ", report, StringComparison.Ordinal);
        using OracleServer fresh = OracleServer.Start();
        Assert.Empty(ScriptRunner.Run(script, fresh));
        using var freshAltered = new AlteredTarget(fresh, AsSent, Miscounting);
        Assert.NotEmpty(ScriptRunner.Run(script, freshAltered));
    }

    [OracleFact]
    public void A_wrong_effect_behind_right_replies_is_found()
    {
        using OracleServer subject = OracleServer.Start();
        using var altered = new AlteredTarget(subject, Overwriting, AsCame);
        string report = ReportOn(altered);
        Script script = ScriptIn(report);
        Assert.InRange(script.Steps.OfType<Request>().Count(), 2, 6);
        Assert.Contains("> HSETNX ", report, StringComparison.Ordinal);
        using OracleServer fresh = OracleServer.Start();
        Assert.Empty(ScriptRunner.Run(script, fresh));
    }

    [OracleTheory]
    [InlineData("HSETNX", "HSET", "(integer) 0", "HGETALL", "HSET h f old", "HSETNX h f new")]
    [InlineData("PERSIST", "EXISTS", "(integer) 1", "PEXPIRETIME", "SELECT 3", "SET k v EX 9999999", "PERSIST k")]
    [InlineData("INCRBYFLOAT", "INCRBY", "\"12\"", "OBJECT", "INCRBYFLOAT n 12")]
    [InlineData("RENAME", "COPY", "OK", "KEYS", "SET a x", "RENAME a b")]
    public void What_no_reply_shows_is_found_when_all_that_is_stored_is_compared(
        string command, string replacement, string reply, string found, params string[] lines)
    {
        using OracleServer reference = OracleServer.Start();
        using OracleServer subject = OracleServer.Start();
        using var altered = new AlteredTarget(
            subject,
            sent => sent[0] == command ? [replacement, .. sent.Skip(1)] : sent,
            (sent, came) => sent[0] == command ? ReplyText.Parse(reply) : came);
        List<Turn> turns = [.. lines.Select(line => new Turn(Turn.MainConnection, Quoting.Split(line)))];
        Difference? difference = Lockstep.Play(turns, reference, altered);
        Assert.NotNull(difference);
        Assert.Equal(turns.Count, difference.Position);
        Assert.Equal(found, difference.Turns[^1].Command[0]);
    }

    [OracleFact]
    public void A_wrong_element_of_a_transaction_is_found()
    {
        using OracleServer subject = OracleServer.Start();
        using var altered = new AlteredTarget(subject, AsSent, (command, reply) =>
            command[0] == "EXEC" && reply is { Kind: ReplyKind.Array, Items.Count: > 2 }
                ? reply with { Items = [.. reply.Items.Take(2), ReplyValue.Bulk("wrong"), .. reply.Items.Skip(3)] }
                : reply);
        string report = ReportOn(altered);
        Assert.InRange(ScriptIn(report).Steps.OfType<Request>().Count(), 5, 6);
    }

    [OracleFact]
    public void A_random_field_that_is_not_there_is_found()
    {
        using OracleServer subject = OracleServer.Start();
        using var altered = new AlteredTarget(subject, AsSent, (command, reply) =>
            command[0] == "HRANDFIELD" && reply.Kind == ReplyKind.BulkString ? ReplyValue.Bulk("nowhere") : reply);
        Assert.Contains("a field that is not there", ReportOn(altered), StringComparison.Ordinal);
    }

    [OracleFact]
    public void A_server_that_does_not_reply_is_reported_with_what_it_was_asked()
    {
        using OracleServer subject = OracleServer.Start();
        using var altered = new AlteredTarget(subject, AsSent, (command, reply) =>
            command[0] == "LCS" ? throw new TimeoutException("nothing came") : reply);
        string report = ReportOn(altered);
        Assert.Contains("nothing came", report, StringComparison.Ordinal);
        Assert.StartsWith("LCS ", report.Split('\n')[^1], StringComparison.Ordinal);
    }

    [OracleFact]
    public void A_server_that_goes_away_is_reported_with_what_it_was_asked()
    {
        OracleServer subject = OracleServer.Start();
        bool isGone = false;
        using var altered = new AlteredTarget(
            subject,
            command =>
            {
                if (command[0] == "LCS" && !isGone)
                {
                    isGone = true;
                    subject.Dispose();
                }

                return command;
            },
            AsCame);
        Assert.StartsWith("LCS ", ReportOn(altered).Split('\n')[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_seed_makes_the_same_sequence_every_time()
    {
        Assert.Equal(Lines(7), Lines(7));
        Assert.NotEqual(Lines(7), Lines(8));
    }

    [Fact]
    public void Shrinking_keeps_what_is_needed_and_nothing_else()
    {
        List<Turn> turns = SequenceGenerator.Generate(seed: 3, length: 200);
        turns.Insert(50, new Turn(Turn.MainConnection, ["SET", "needle", "a long value"]));
        turns.Insert(150, new Turn(Turn.MainConnection, ["GET", "needle"]));
        var shrinker = new Shrinker(HasNeedles, playsMax: 5_000);
        Assert.Equal(
            ["SET needle", "GET needle"],
            shrinker.Shrink(turns).Select(turn => Quoting.Join(turn.Command)));
    }

    private static bool HasNeedles(IReadOnlyList<Turn> turns)
    {
        List<string> lines = [.. turns.Select(turn => Quoting.Join(turn.Command))];
        int set = lines.FindIndex(line => line.StartsWith("SET needle", StringComparison.Ordinal));
        return set >= 0 && lines.FindIndex(set, line => line == "GET needle") > set;
    }

    private static IEnumerable<string> Lines(int seed) =>
        SequenceGenerator.Generate(seed, length: 300).Select(turn => Quoting.Join(turn.Command));

    /// <summary>HDEL that deletes two fields counts one too many.</summary>
    private static ReplyValue Miscounting(IReadOnlyList<string> command, ReplyValue reply) =>
        command[0] == "HDEL" && reply is { Kind: ReplyKind.Integer, Text: "2" } ? reply with { Text = "3" } : reply;

    /// <summary>HSETNX overwrites, though it says that it did not: HSET gives the same replies.</summary>
    private static IReadOnlyList<string> Overwriting(IReadOnlyList<string> command) =>
        command is ["HSETNX", _, _, _] ? ["HSET", .. command.Skip(1)] : command;

    private static string ReportOn(IScriptTarget subject)
    {
        using OracleServer reference = OracleServer.Start();
        string? report = Differ.Run(
            reference, subject, new DifferOptions(CommandsOfSelfTest, Seed: 1), KnownDeviations.IsShownBy);
        Assert.True(report is not null, "the fault was not found");
        return report;
    }

    private static Script ScriptIn(string report) =>
        Script.Parse(report[report.IndexOf("# ", StringComparison.Ordinal)..]);
}
