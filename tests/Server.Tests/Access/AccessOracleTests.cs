using RedisClone.Server.Access;
using RedisClone.Server.Tests.Hosting;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Access;

/// <summary>Who may do what, beside a real server.</summary>
public sealed class AccessOracleTests
{
    private const int Pairs = 600;

    /// <summary>Rules that decide something about <see cref="Lines"/>; each user gets some of them.</summary>
    private static readonly string[] SomeRules =
    [
        "+@all", "-@all", "+@read", "-@read", "+@write", "-@write", "-@dangerous", "+@dangerous", "+@string", "-@hash", "+@list",
        "-@slow", "+@fast", "+@keyspace", "-@admin", "+@sortedset", "+@stream", "+@connection", "-@transaction", "+get", "-set",
        "+config", "-config|set", "+config|get", "+select|0", "-select", "+object|encoding", "-object", "+client|list", "+sort",
        "+xreadgroup", "+copy", "-del", "~a*", "%R~b*", "%W~c*", "%RW~d*", "~*", "resetkeys", "%R~*", "%W~[ab]?", @"~\*x", "~a?",
        "(+get ~b*)", "(+@all %R~*)", "(+set %W~b*)", "(-@all +mget ~a* ~b*)", "(~c* +@write)", "clearselectors", "allkeys",
    ];

    private static readonly string[] Lines =
    [
        "GET a1", "GET b1", "GET c1", "GET *x", "SET a1 1", "SET b1 1", "SET c1 1 GET", "SET d1 1 EX 10", "GETSET b1 x", "GETDEL c1",
        "GETEX b1", "GETEX b1 PERSIST", "APPEND c1 x", "STRLEN c1", "INCR b1", "MGET a1 b1 c1", "MSET a1 1 c1 2", "MSETNX b1 1", "DEL a1 c1",
        "UNLINK c1", "EXISTS b1 c1", "TYPE z", "TTL b1", "EXPIRE b1 10", "PERSIST c1", "RENAME a1 c1", "RENAME b1 a1", "COPY b1 c1",
        "COPY c1 b1", "COPY a1 a2 REPLACE", "MOVE b1 1", "TOUCH b1", "KEYS *", "SCAN 0", "RANDOMKEY", "DBSIZE", "FLUSHALL", "FLUSHDB",
        "SWAPDB 0 1", "SORT b1", "SORT b1 STORE c1", "SORT b1 BY x* GET y*", "SORT_RO b1", "OBJECT ENCODING b1", "OBJECT HELP",
        "HSET c1 f v", "HGET b1 f", "HGETALL c1", "HINCRBY b1 f 1", "LPUSH c1 x", "LPOP b1", "LRANGE b1 0 -1", "LMOVE b1 c1 LEFT LEFT",
        "RPOPLPUSH b1 c1", "LMPOP 2 a1 b1 LEFT", "LMPOP 3 a1 b1 LEFT", "BLPOP a1 b1 0", "BLMPOP 0 1 b1 LEFT", "BLMOVE a1 c1 LEFT LEFT 0",
        "SADD c1 x", "SMEMBERS b1", "SMOVE a1 c1 x", "SPOP b1", "SINTER a1 b1", "SINTERSTORE c1 a1 b1", "SINTERCARD 2 a1 b1", "SDIFFSTORE b1 a1",
        "ZADD c1 1 x", "ZRANGE b1 0 -1", "ZRANGESTORE c1 b1 0 -1", "ZUNIONSTORE c1 2 a1 b1", "ZINTER 2 a1 b1", "ZINTERCARD 1 c1",
        "ZDIFFSTORE c1 1 b1", "ZMPOP 1 b1 MIN", "BZPOPMIN a1 b1 0", "BZMPOP 0 1 b1 MIN", "ZPOPMAX c1", "ZUNION x a1",
        "XADD c1 * f v", "XREAD STREAMS b1 0", "XREAD COUNT 1 STREAMS a1 b1 0 0", "XREADGROUP GROUP g c STREAMS b1 >",
        "XREADGROUP GROUP g c COUNT 1 STREAMS a1 d1 > >", "XACK b1 g 0-1", "XGROUP CREATE c1 g 0", "XINFO STREAM b1", "XTRIM c1 MAXLEN 1",
        "GEOADD c1 1 1 x", "GEOSEARCHSTORE c1 b1 FROMMEMBER x BYBOX 1 1 m", "GEORADIUS b1 1 1 1 m STORE c1", "GEORADIUS b1 1 1 1 m",
        "PFADD c1 x", "PFCOUNT b1 c1", "PFMERGE c1 b1", "SETBIT c1 1 1", "BITCOUNT b1", "BITOP AND c1 a1 b1", "BITFIELD b1 GET u8 0",
        "BITFIELD b1 SET u8 0 1", "BITFIELD_RO b1 GET u8 0", "LCS a1 b1", "CONFIG GET x", "CONFIG SET a b", "CONFIG RESETSTAT", "SELECT 0",
        "SELECT 1", "CLIENT LIST", "CLIENT ID", "PING", "ECHO x", "AUTH x", "HELLO", "RESET", "QUIT", "MULTI", "EXEC", "WATCH b1 c1", "UNWATCH",
        "INFO", "DEBUG SLEEP 0", "ACL WHOAMI", "ACL LIST", "ACL SETUSER x", "COMMAND", "COMMAND COUNT", "MEMORY USAGE b1", "SHUTDOWN",
        "BGREWRITEAOF", "LASTSAVE", "TIME", "PUBLISH a x", "SUBSCRIBE a", "PSUBSCRIBE a*", "EVAL x 1 b1", "GET", "NOSUCH x",
    ];

    [OracleFact]
    public void A_category_has_the_same_commands_as_on_a_real_server()
    {
        using OracleServer oracle = OracleServer.Start();
        using IScriptConnection real = oracle.Connect();
        var known = real.Call("COMMAND", "LIST").Items.Select(item => item.Text).ToHashSet();
        var ours = Rules.Catalog.All.ToArray().Where(command => !command.IsContainer).Select(command => command.FullName).ToHashSet();
        Assert.Equal(real.Call("ACL", "CAT").Items.Select(item => item.Text), CommandCatalog.CategoryNames);
        Assert.All(CommandCatalog.CategoryNames, name => Assert.Equal(
            real.Call("ACL", "CAT", name).Items.Select(item => item.Text).Where(ours.Contains).Order(),
            Rules.Catalog.In(CommandCatalog.FindCategory(name)!.Value).Where(known.Contains).Order()));
    }

    [OracleFact]
    public void A_dry_run_ends_as_on_a_real_server()
    {
        using OracleServer oracle = OracleServer.Start();
        using var server = new TestServer();
        using IScriptConnection real = oracle.Connect();
        using IScriptConnection ours = server.Connect();
        var random = new Random(1);
        for (int i = 0; i < Pairs; i++)
        {
            string[] rules = [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => SomeRules[random.Next(SomeRules.Length)])];
            string[] line = Lines[random.Next(Lines.Length)].Split(' ');
            string[] setUser = ["ACL", "SETUSER", "u", "reset", .. rules];
            string[] dryRun = ["ACL", "DRYRUN", "u", .. line];
            Assert.Equal(real.Call(setUser), ours.Call(setUser));
            ReplyValue expected = real.Call(dryRun);
            ReplyValue actual = ours.Call(dryRun);
            bool isUnknownHere = actual.Text.EndsWith("not found", StringComparison.Ordinal) && line[0] != "NOSUCH";
            Assert.True(
                isUnknownHere || expected == actual,
                $"{string.Join(' ', rules)}: {string.Join(' ', line)}\n{expected}\n{actual}");
        }
    }
}
