using System.Globalization;
using RedisClone.Server.Access;
using RedisClone.Server.Network;
using RedisClone.Server.Tests.Hosting;
using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Access;

/// <summary>Attempts to get past the gate.</summary>
public sealed class HostileAccessTests
{
    private const string NoAuth = "NOAUTH Authentication required.";

    private static readonly string[] Open = ["auth", "hello", "quit", "reset"];

    /// <summary>What a user with <c>+@all ~a* %R~r* %W~w*</c> may not do, however it is put.</summary>
    public static TheoryData<string> Forbidden =>
    [
        "GET b", "GET A", "GET \0a", "GET ", "SET r 1", "GETSET w 1", "SET w 1 GET", "APPEND r x", "GETRANGE w 0 1", "MGET a b", "MGET a r w",
        "MSET a 1 r 1", "MSETNX a 1 b 1", "DEL a b", "COPY w a", "COPY a r", "COPY b a", "COPY a b REPLACE DB 1", "RENAME r a", "RENAME a b",
        "MOVE b 1", "OBJECT ENCODING b", "DUMP b", "SORT b", "SORT a BY b*", "SORT a GET b*", "SORT a GET #", "SORT a BY nosort GET b*",
        "SORT a STORE b", "SORT a STORE a STORE b", "SORT_RO a BY b*->f", "SORT_RO a GET b* GET #", "SORT a by B* limit 0 1",
        "SINTERSTORE b a", "SINTERSTORE a b", "SINTERCARD 1 b", "SINTERCARD 2 a b", "SUNION a b", "ZUNIONSTORE b 1 a", "ZUNIONSTORE a 1 b",
        "ZUNIONSTORE a 2 a b WEIGHTS 1 2", "ZDIFF 1 b", "ZINTERCARD 1 b LIMIT 1", "ZRANGESTORE b a 0 -1", "ZRANGESTORE a b 0 -1",
        "ZMPOP 1 b MIN", "ZMPOP 2 a b MIN", "BZMPOP 0 1 b MIN", "LMPOP 1 b LEFT", "BLMPOP 0 2 a b LEFT", "BLPOP a b 0", "BRPOPLPUSH a b 0",
        "LMOVE a b LEFT LEFT", "XREAD STREAMS b 0", "XREAD STREAMS a b 0 0", "XREAD COUNT 1 BLOCK 1 STREAMS b 0",
        "XREADGROUP GROUP g c STREAMS b >", "XREADGROUP GROUP g c COUNT 1 STREAMS b >", "XREADGROUP COUNT 1 GROUP g streams STREAMS b >",
        "XREADGROUP NOACK GROUP streams a STREAMS b >", "XREADGROUP GROUP streams streams STREAMS b >", "XGROUP CREATE b g 0 MKSTREAM",
        "XINFO STREAM b", "GEORADIUS a 1 1 1 m STORE b", "GEORADIUS a 1 1 1 m STOREDIST b", "GEOSEARCHSTORE b a FROMMEMBER x BYRADIUS 1 m",
        "PFMERGE b a", "PFMERGE b", "PFMERGE a b", "PFCOUNT a b", "BITOP NOT b a", "BITOP AND a a b", "BITFIELD w GET u8 0", "BITFIELD r SET u8 0 1",
        "BITFIELD r GET u8 0 INCRBY u8 0 1", "LCS a b", "WATCH b", "TOUCH b", "EXISTS b", "MEMORY USAGE b", "HSETEX b FIELDS 1 f v",
        "GETEX r PERSIST", "SPOP w", "LPOP w", "EXPIRE r 1", "DELIFEQ b x",
    ];

    [Fact]
    public void A_stranger_gets_nothing_of_any_command()
    {
        using var server = new TestServer(options => options.RequirePass = "secret");
        Assert.All(Rules.Catalog.All.ToArray().Where(command => !command.IsContainer), command =>
        {
            using IScriptConnection client = server.Connect();
            IReadOnlyList<string> args = Acceptable(command);
            if (args.Count > 10)
            {
                return;
            }

            client.Send(args);
            ReplyValue? reply = client.Receive();
            if (!Open.Contains(command.FullName))
            {
                Assert.EndsWith(NoAuth, reply?.Text, StringComparison.Ordinal);
            }
        });

        using IScriptConnection stranger = server.Connect();
        Assert.Equal(NoAuth, stranger.Call("MULTI").Text);
        Assert.Equal("EXECABORT Transaction discarded because of: " + NoAuth, stranger.Call("EXEC").Text);
        Assert.StartsWith("NOAUTH HELLO", stranger.Call("HELLO", "3").Text, StringComparison.Ordinal);
        Assert.Equal("RESET", stranger.Call("RESET").Text);
        Assert.Equal(NoAuth, stranger.Call("PING").Text);
    }

    [Fact]
    public void A_user_who_may_do_nothing_gets_nothing_of_any_command()
    {
        using var server = new TestServer();
        using IScriptConnection admin = server.Connect();
        admin.Call("ACL", "SETUSER", "nobody", "on", "nopass", "~*", "&*");
        Assert.All(Rules.Catalog.All.ToArray().Where(command => !command.IsContainer && !Open.Contains(command.FullName)), command =>
        {
            using IScriptConnection client = server.Connect();
            client.Call("AUTH", "nobody", "x");
            Assert.EndsWith(
                $"NOPERM this user has no permissions to run the '{command.FullName}' command",
                client.Call(Acceptable(command)).Text,
                StringComparison.Ordinal);
        });
    }

    [Theory]
    [MemberData(nameof(Forbidden))]
    public void A_key_that_is_forbidden_stays_so_however_it_is_named(string line)
    {
        using CloneServer server = CloneServer.StartInMemory();
        using IScriptConnection admin = server.Connect();
        admin.Call("ACL", "SETUSER", "u", "on", "nopass", "+@all", "~a*", "%R~r*", "%W~w*");
        using IScriptConnection user = server.Connect();
        user.Call("AUTH", "u", "x");
        string[] words = line.Split(' ');
        AssertDenied(user.Call(words));

        // The same within a transaction, where nothing of it is carried out.
        user.Call("MULTI");
        if (!words[0].StartsWith("SORT", StringComparison.Ordinal) && words[0] != "WATCH")
        {
            AssertDenied(user.Call(words));
            Assert.StartsWith("EXECABORT", user.Call("EXEC").Text, StringComparison.Ordinal);
        }

        Assert.Equal("0", admin.Call("DBSIZE").Text);
    }

    [Fact]
    public void What_a_stranger_may_send_is_small()
    {
        using var server = new TestServer(options => options.RequirePass = "secret");
        using (RawClient client = server.ConnectRaw())
        {
            client.Send("*11\r\n");
            Assert.Equal("-ERR Protocol error: unauthenticated multibulk length\r\n", client.ReadToEnd());
        }

        using (RawClient client = server.ConnectRaw())
        {
            client.Send("*2\r\n$4\r\nAUTH\r\n$16385\r\n");
            Assert.Equal("-ERR Protocol error: unauthenticated bulk length\r\n", client.ReadToEnd());
        }

        using (RawClient client = server.ConnectRaw())
        {
            string password = new('x', 16384);
            const string Refusal = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
            Assert.Equal(Refusal, client.Ask($"*2\r\n$4\r\nAUTH\r\n$16384\r\n{password}\r\n", Refusal.Length));

            // Who has authenticated may send more, in the same breath.
            client.Send($"*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$16385\r\n{password}x\r\n");
            Assert.Equal("+OK\r\n+OK\r\n", client.Read(10));

            // And less again afterwards.
            client.Send("RESET\r\n*11\r\n");
            Assert.Equal("+RESET\r\n-ERR Protocol error: unauthenticated multibulk length\r\n", client.ReadToEnd());
        }
    }

    [Fact]
    public void Who_waits_gets_nothing_that_is_no_longer_allowed()
    {
        using var server = new TestServer();
        using IScriptConnection admin = server.Connect();
        admin.Call("ACL", "SETUSER", "u", "on", "nopass", "+@all", "~l*");
        using IScriptConnection user = server.Connect();
        user.Call("AUTH", "u", "x");
        user.Send(["BLPOP", "l1", "l2", "0"]);
        Eventually.True(() => server.Info("blocked_clients") == "1");
        admin.Call("ACL", "SETUSER", "u", "resetkeys", "~l2");
        admin.Call("RPUSH", "l1", "secret");
        AssertDenied(user.Receive()!);
        Assert.Equal("1", admin.Call("LLEN", "l1").Text);
        Assert.Equal("blpop", user.Call("PING").Text == "PONG" ? "blpop" : "lost");
    }

    [Fact]
    public void Who_waits_and_is_removed_loses_the_connection()
    {
        using var server = new TestServer();
        using IScriptConnection admin = server.Connect();
        admin.Call("ACL", "SETUSER", "u", "on", "nopass", "+@all", "~*");
        using IScriptConnection user = server.Connect();
        user.Call("AUTH", "u", "x");
        user.Send(["BLPOP", "l", "0"]);
        Eventually.True(() => server.Info("blocked_clients") == "1");
        Assert.Equal("1", admin.Call("ACL", "DELUSER", "u").Text);
        Assert.Null(user.Receive());
        Assert.Equal("1", admin.Call("RPUSH", "l", "x").Text);
        Assert.Equal("1", admin.Call("LLEN", "l").Text);
    }

    [Fact]
    public void Commands_that_follow_the_removal_of_the_user_are_not_carried_out()
    {
        using var server = new TestServer();
        using IScriptConnection admin = server.Connect();
        admin.Call("ACL", "SETUSER", "u", "on", "nopass", "+@all", "~*");
        using RawClient user = server.ConnectRaw();
        user.Send("AUTH u x\r\nACL DELUSER u\r\nSET k v\r\n");
        Assert.Equal("+OK\r\n:1\r\n", user.ReadToEnd());
        Assert.Equal("0", admin.Call("EXISTS", "k").Text);
    }

    [Fact]
    public void The_log_of_refusals_stays_small()
    {
        using var server = new TestServer(options => options.AclLogMaxLength = 20);
        using IScriptConnection client = server.Connect();
        for (int i = 0; i < 200; i++)
        {
            client.Call("AUTH", i.ToString(CultureInfo.InvariantCulture) + new string('n', 100_000), "x");
        }

        client.Call("ACL", "SETUSER", "u", "on", "nopass", "+get", "+acl");
        client.Call("AUTH", "u", "x");
        client.Call("GET", new string('k', 1_000_000));
        ReplyValue log = client.Call("ACL", "LOG", "1000");
        Assert.Equal(20, log.Items.Count);
        Assert.All(log.Items, entry => Assert.All(entry.Items, item => Assert.InRange(item.Text.Length, 0, AccessLog.ObjectBytesMax)));
        client.Call("CONFIG", "SET", "acllog-max-len", "3");
    }

    [Fact]
    public void Nobody_sees_a_password()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        client.Call("ACL", "SETUSER", "u", "on", ">hunter2", "+@all", "~*", "&*");
        client.Call("AUTH", "u", "hunter3");
        client.Call("AUTH", "u", "hunter2");
        string[] seen =
        [
            client.Call("CLIENT", "LIST").Text, client.Call("CLIENT", "INFO").Text, client.Call("ACL", "LIST").ToString(),
            client.Call("ACL", "GETUSER", "u").ToString(), client.Call("ACL", "LOG").ToString(), client.Call("INFO", "everything").Text,
            string.Join('\n', server.Log.Lines),
        ];
        Assert.All(seen, text => Assert.DoesNotContain("hunter", text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("AUTH p", "1")]
    [InlineData("AUTH u p", "1 2")]
    [InlineData("HELLO 3 AUTH u p SETNAME x", "3 4")]
    [InlineData("HELLO 3 SETNAME x AUTH u p", "5 6")]
    [InlineData("ACL SETUSER u on >p", "2 3 4")]
    [InlineData("CONFIG SET requirepass p maxclients 5", "3")]
    [InlineData("CONFIG SET maxclients 5 REQUIREPASS p", "5")]
    [InlineData("SET k requirepass", "")]
    [InlineData("ACL LIST", "")]
    public void Secret_arguments_are_known(string line, string secret)
    {
        RedisClone.Protocol.Arguments args =
            RedisClone.Protocol.Arguments.OfArrays([.. line.Split(' ').Select(RedisClone.Protocol.Bytes.ofString)]);
        Rules.Catalog.Lookup(args, out RedisClone.Protocol.Interop.HostCommand command);
        Assert.Equal(secret, string.Join(' ', Enumerable.Range(0, args.Count).Where(i => Secrets.IsSecret(command, args, i))));
    }

    [Fact]
    public void A_refusal_of_the_gate_allocates_only_for_who_is_refused()
    {
        User user = Rules.UserWith("+@all -debug ~a* %R~b* &c*");
        string[] lines = ["GET a", "MGET a1 a2 b3", "SET a 1 GET", "ZUNIONSTORE a1 2 b1 b2", "CONFIG GET x", "PING"];
        var lookup = new KeyLookup();
        var calls = lines.Select(line =>
        {
            RedisClone.Protocol.Arguments args =
                RedisClone.Protocol.Arguments.OfArrays([.. line.Split(' ').Select(RedisClone.Protocol.Bytes.ofString)]);
            Rules.Catalog.Lookup(args, out RedisClone.Protocol.Interop.HostCommand command);
            return (command, args);
        }).ToArray();
        long allocated = long.MaxValue;
        for (int round = 0; round < 20; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach ((RedisClone.Protocol.Interop.HostCommand command, RedisClone.Protocol.Arguments args) in calls)
            {
                if (!user.Check(lookup.Of(command, args)).IsAllowed)
                {
                    throw new InvalidOperationException(command.FullName);
                }
            }

            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, allocated);
    }

    private static void AssertDenied(ReplyValue reply)
    {
        Assert.Equal(ReplyKind.Error, reply.Kind);
        Assert.True(
            reply.Text.StartsWith("NOPERM", StringComparison.Ordinal)
            || reply.Text.EndsWith("option of SORT denied due to insufficient ACL permissions.", StringComparison.Ordinal)
            || reply.Text.StartsWith("ERR unknown command", StringComparison.Ordinal),
            reply.Text);
    }

    /// <summary>The name of a command with as many arguments as it wants at least.</summary>
    private static string[] Acceptable(RedisClone.Protocol.Interop.HostCommand command)
    {
        string[] name = command.FullName.Split('|');
        int count = name.Length;
        while (!command.Accepts(count))
        {
            count++;
        }

        return [.. name, .. Enumerable.Repeat("1", count - name.Length)];
    }
}
