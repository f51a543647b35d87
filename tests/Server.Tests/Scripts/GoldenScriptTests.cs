using Xunit;

namespace RedisClone.Server.Tests.Scripts;

/// <summary>
/// Plays every golden script. With the environment variable <c>REDISCLONE_RECORD=1</c> the oracle's replies are written
/// into the scripts instead of being compared; read them critically before they are kept.
/// </summary>
public sealed class GoldenScriptTests
{
    private static readonly Version AnyVersion = new(0, 0);

    private static bool IsRecording => Environment.GetEnvironmentVariable("REDISCLONE_RECORD") == "1";

    public static TheoryData<string> Scripts => [.. ScriptFolder.Names()];

    public static TheoryData<string> OracleScripts
    {
        get
        {
            Version installed = OracleServer.SkipReason is null ? OracleServer.InstalledVersion() : AnyVersion;
            return [.. ScriptFolder.Names().Where(name => ScriptFolder.Load(name).Since <= installed)];
        }
    }

    [OracleTheory]
    [MemberData(nameof(OracleScripts))]
    public void A_real_server_replies_as_the_script_says(string name)
    {
        using OracleServer oracle = OracleServer.Start(OracleServer.WithDebug);
        IReadOnlyList<Mismatch> mismatches = ScriptRunner.Run(ScriptFolder.Load(name), oracle);
        if (IsRecording)
        {
            ScriptFolder.Record(name, mismatches);
        }
        else
        {
            Assert.True(mismatches.Count == 0, $"{name}\n{string.Join('\n', mismatches)}");
        }
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public void This_server_replies_over_TCP_as_the_script_says(string name)
    {
        using CloneServer server = CloneServer.StartWithManualClock();
        AssertRepliesAreKnown(name, server);
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public void This_server_replies_without_sockets_as_the_script_says(string name)
    {
        using CloneServer server = CloneServer.StartInMemory();
        AssertRepliesAreKnown(name, server);
    }

    private static void AssertRepliesAreKnown(string name, CloneServer server)
    {
        IReadOnlyList<Mismatch> mismatches = ScriptRunner.Run(ScriptFolder.Load(name), server);
        IEnumerable<string> deviations = mismatches.Select(mismatch => mismatch.Command).Distinct();
        Assert.True(
            deviations.SequenceEqual(KnownDeviations.Of(name)),
            $"{name}, known: {string.Join("; ", KnownDeviations.Of(name))}\n{string.Join('\n', mismatches)}");
    }

    [Theory]
    [MemberData(nameof(Scripts))]
    public void A_script_says_what_it_shows_and_asks_the_command_it_is_named_for(string name)
    {
        Assert.StartsWith("# ", ScriptFolder.Read(name), StringComparison.Ordinal);
        Script script = ScriptFolder.Load(name);
        string command = name[(name.LastIndexOf('/') + 1)..].Split('-')[0];
        Assert.Contains(
            script.Steps.OfType<Request>(),
            request => request.Command.StartsWith(command, StringComparison.OrdinalIgnoreCase));
        Assert.All(script.Steps.OfType<Request>(), request => Assert.False(
            request.Expected.Length == 0 && !IsRecording, $"line {request.Line} has no reply"));
    }
}
