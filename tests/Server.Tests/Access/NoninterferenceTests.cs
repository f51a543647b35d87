using RedisClone.Server.Tests.Differential;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Access;

/// <summary>
/// A user learns nothing of keys that are forbidden and changes none of them, whatever commands are tried: two servers
/// that differ in nothing but those keys answer the same.
/// </summary>
public sealed class NoninterferenceTests
{
    private const int Rounds = 12;
    private const int Commands = 1500;

    /// <summary>What tells of all keys at once is forbidden too; what would wait is left out.</summary>
    private static readonly string[] Rules =
    [
        "on", "nopass", "+@all", "-@dangerous", "-@blocking", "-@connection", "-dbsize", "-scan", "-randomkey", "~?1", "%R~q3", "%W~h3",
    ];

    /// <summary>Keys of the vocabulary that are not allowed, or not for everything.</summary>
    private static readonly string[] Forbidden =
        ["", "s2", "n2", "h2", "\x00\xff", "t2", "t3", "q2", "z2", "z3", "x2", "x3", "p2", "p3"];

    [Fact]
    public void What_is_forbidden_is_neither_seen_nor_touched()
    {
        for (int seed = 1; seed <= Rounds; seed++)
        {
            Play(seed);
        }
    }

    private static void Play(int seed)
    {
        using CloneServer full = CloneServer.StartInMemory();
        using CloneServer empty = CloneServer.StartInMemory();
        using IScriptConnection fullAdmin = full.Connect();
        using IScriptConnection emptyAdmin = empty.Connect();
        foreach (Turn turn in Harmless(seed))
        {
            fullAdmin.Call(turn.Command);
            emptyAdmin.Call(turn.Command);
        }

        // As many commands on both, so that chance is the same afterwards.
        fullAdmin.Call(["EXISTS", .. Forbidden]);
        emptyAdmin.Call(["DEL", .. Forbidden]);
        string before = Digest(fullAdmin);
        using IScriptConnection fullUser = Login(full, fullAdmin);
        using IScriptConnection emptyUser = Login(empty, emptyAdmin);
        var tried = new List<string>();
        foreach (Turn turn in Harmless(seed + 1000))
        {
            tried.Add(Quoting.Join(turn.Command));
            Assert.True(
                fullUser.Call(turn.Command) is var expected && expected == emptyUser.Call(turn.Command),
                $"{expected}\n{string.Join('\n', tried.TakeLast(20))}");
        }

        Assert.Equal(before, Digest(fullAdmin));
        Assert.Equal("0", emptyAdmin.Call(["EXISTS", .. Forbidden]).Text);
    }

    /// <summary>Commands without those that end or change a connection, or wait.</summary>
    private static IEnumerable<Turn> Harmless(int seed) =>
        SequenceGenerator.Generate(seed, Commands).Where(turn =>
            turn.Connection == Turn.MainConnection
            && turn.Command[0].ToUpperInvariant() is not ("RESET" or "QUIT" or "HELLO" or "AUTH" or "CLIENT" or "CONFIG" or "SELECT"
                or "DEBUG" or "SWAPDB" or "MOVE" or "MULTI" or "EXEC" or "FLUSHALL" or "FLUSHDB" or "OBJECT" or "MEMORY" or "SHUTDOWN" or "ACL")
            && !turn.Command[0].StartsWith('B')
            && !turn.Command.Contains("BLOCK", StringComparer.OrdinalIgnoreCase));

    private static string Digest(IScriptConnection admin) => admin.Call(["DEBUG", "DIGEST-VALUE", .. Forbidden]).ToString();

    private static IScriptConnection Login(CloneServer server, IScriptConnection admin)
    {
        Assert.Equal("OK", admin.Call(["ACL", "SETUSER", "u", .. Rules]).Text);
        IScriptConnection user = server.Connect();
        Assert.Equal("OK", user.Call("AUTH", "u", "x").Text);
        return user;
    }
}
