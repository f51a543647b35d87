using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>Commands that wait for keys, with several clients, each case also on a real server.</summary>
public sealed class WaitingTests
{
    /// <summary>
    /// What clients <c>a</c> to <c>d</c> do: <c>a&lt; command</c> has to wait, <c>a&gt;</c> gets the reply it waited for,
    /// <c>$a</c> is the number of a client, <c>+ms</c> lets time pass.
    /// </summary>
    private static readonly string[] Conversations =
    [
        "a< BLPOP k 0|b< BLPOP k 0|c RPUSH k 1|a>|c RPUSH k 2|b>|c EXISTS k",
        "a< BLPOP k 0|b< BRPOP k 0|c RPUSH k 1 2 3|a>|b>|c LRANGE k 0 -1",
        "a< BLPOP k l 0|c MULTI|c RPUSH l 1|c RPUSH k 2|c EXEC|a>|c LRANGE k 0 -1|c LLEN l",
        "a< BLPOP k 0|c MULTI|c RPUSH k 1|c DEL k|c EXEC|c RPUSH k 2|a>",
        "a< BLPOP k 0|c MULTI|c RPUSH k 1|c LPUSH k 0|c EXEC|a>|c LRANGE k 0 -1",
        "a< BLPOP k 0|c MULTI|c RPUSH k 1|c LPOP k|c RPUSH k 2|c EXEC|a>",
        "a< BLPOP k 0|c SET k string|c DEL k|c RPUSH k 1|a>",
        "a< BLPOP k 0|c RPUSH l 1|c RENAME l k|a>|c EXISTS k",
        "a< BLPOP k 0|c RPUSH l 1|c COPY l k|a>|c EXISTS k l",
        "a< BLPOP k 0|c SELECT 1|c RPUSH k 1|c MOVE k 0|a>",
        "a< BLPOP k 0|c SELECT 1|c RPUSH k 1|c SWAPDB 0 1|a>",
        "a< BLPOP k 0|c RPUSH l 1|c LMOVE l k LEFT LEFT|a>",
        "a< BLMOVE k l LEFT RIGHT 0|b< BLPOP l 0|c RPUSH k 1|a>|b>|c EXISTS k l",
        "a< BLMOVE k l LEFT RIGHT 0|b< BLMOVE l k LEFT RIGHT 0|c RPUSH k 1|a>|b>|c LRANGE k 0 -1",
        "a< BLMOVE k k LEFT RIGHT 0|c RPUSH k 1 2|a>|c LRANGE k 0 -1",
        "a< BRPOPLPUSH k s 0|c SET s x|c RPUSH k 1|a>|c LRANGE k 0 -1",
        "a< BLMPOP 0 2 k l RIGHT COUNT 2|c RPUSH l 1 2 3|a>|c LRANGE l 0 -1",
        "a< BLMPOP 0 1 k LEFT COUNT 1|b< BLPOP k 0|c RPUSH k 1 2 3|a>|b>|c LRANGE k 0 -1",
        "a< BLPOP k k 0|c RPUSH k 1 2|a>|c LRANGE k 0 -1",
        "a< BLPOP k 0|c CLIENT UNBLOCK $a|a>|a PING|c RPUSH k 1|c LLEN k",
        "a< BLPOP k 0|c CLIENT UNBLOCK $a TIMEOUT|a>",
        "a< BLMOVE k l LEFT LEFT 0|c CLIENT UNBLOCK $a TIMEOUT|a>",
        "a< BLPOP k 0|c CLIENT UNBLOCK $a error|a>|a PING",
        "a< BLPOP k 0|c CLIENT UNBLOCK $b|c CLIENT KILL ID $a|a closed|c RPUSH k 1|c LLEN k",
        "a< BLPOP k 0|a close|b< BLPOP k 0|c RPUSH k 1|b>",
        "a HELLO 3|a< BLPOP k 0|c CLIENT UNBLOCK $a|a>",
        "a SELECT 3|a< BLPOP k 0|c RPUSH k 1|c SELECT 3|c RPUSH k 2|a>|c SELECT 0|c LRANGE k 0 -1",
        "a WATCH x|a< BLPOP k 0|c SET x 1|c RPUSH k 1|a>|a MULTI|a PING|a EXEC",
        "b WATCH k|a< BLPOP k 0|c RPUSH k 1|a>|b MULTI|b PING|b EXEC",
        "c RPUSH l 1|c PEXPIRE l 100000|a< BLPOP k 0|c RENAME l k|a>",
        "a< BLPOP k 0|c FLUSHALL|c RPUSH k 1|a>",
        "a< BZPOPMIN z 0|b< BZPOPMAX z 0|c ZADD z 1 x 2 y 3 z|a>|b>|c ZRANGE z 0 -1 WITHSCORES",
        "a< BZPOPMIN z y 0|c MULTI|c ZADD y 1.5 x|c ZADD z 2 y|c EXEC|a>|c ZCARD z",
        "a< BZMPOP 0 2 z y MAX COUNT 2|c ZADD y 1 a 2 b 3 c|a>|c ZRANGE y 0 -1",
        "a< BZPOPMIN z 0|c RPUSH z 1|c DEL z|c ZADD z inf m|a>",
        "a< BZPOPMIN z 0|b< BLPOP z 0|c RPUSH z 1|b>|c ZADD z 1 m|a>",
        "a< BZPOPMIN z 0|c ZADD x 1 m|c ZUNIONSTORE z 1 x|a>|c EXISTS z",
        "a< BZPOPMIN z 0|c GEOADD z 1 1 here|a>|c EXISTS z",
        "a HELLO 3|a< BZPOPMIN z 0|c ZADD z 1.5 m|a>",
        "a HELLO 3|a< BZMPOP 0 1 z MIN|c ZADD z 1.5 m|a>",
        "a< BZPOPMIN z 0|c CLIENT UNBLOCK $a|a>",
        "a< BLPOP k 0|c SET k 1|c FLUSHALL|c RPUSH k 9|a>",
    ];

    [OracleFact]
    public void Waiting_goes_as_on_a_real_server()
    {
        using OracleServer oracle = OracleServer.Start(OracleServer.WithDebug);
        using var server = new TestServer();
        using var target = new TcpTarget(server.Port, server.Time.Advance);
        Assert.Multiple([.. Conversations.Select(Action (conversation) =>
            () => Assert.Equal(Hold(conversation, oracle), Hold(conversation, target)))]);
    }

    [Fact]
    public void Time_is_up_at_the_millisecond()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        client.Send(["BLPOP", "k", "1.5"]);
        Eventually.True(() => server.Info("blocked_clients") == "1");
        server.Time.Advance(TimeSpan.FromMilliseconds(1499));
        Assert.Equal("1", server.Info("blocked_clients"));
        server.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("(nil array)", client.Receive()!.ToString());
        Assert.Equal("0", server.Info("blocked_clients"));
    }

    [Fact]
    public void A_client_that_goes_away_while_it_waits_leaves_nothing_behind()
    {
        using var server = new TestServer();
        using IScriptConnection other = server.Connect();
        for (int i = 0; i < 20; i++)
        {
            using RawClient client = server.ConnectRaw();
            client.Send("BLPOP k l 100\r\n");
            Eventually.True(() => server.Info("blocked_clients") == "1");
        }

        Eventually.True(() => server.Info("blocked_clients") == "0");
        Assert.Equal("2", other.Call("RPUSH", "k", "1", "2").Text);
        Assert.Equal("2", other.Call("LLEN", "k").Text);
    }

    [Fact]
    public void What_a_waiting_client_got_is_in_the_log_with_the_write_that_brought_it()
    {
        using var server = new TestServer();
        using (IScriptConnection waiting = server.Connect())
        using (IScriptConnection other = server.Connect())
        {
            waiting.Send(["BLMOVE", "k", "l", "LEFT", "RIGHT", "0"]);
            Eventually.True(() => server.Info("blocked_clients") == "1");
            other.Call("RPUSH", "k", "1", "2");
            Assert.Equal("1", waiting.Receive()!.Text);
        }

        server.Restart();
        using IScriptConnection after = server.Connect();
        Assert.Equal("2", after.Call("LRANGE", "k", "0", "-1").Items.Single().Text);
        Assert.Equal("1", after.Call("LRANGE", "l", "0", "-1").Items.Single().Text);
    }

    private static string Hold(string conversation, IScriptTarget target)
    {
        using IScriptConnection control = target.Connect();
        control.Call("FLUSHALL");
        var clients = "abcd".ToDictionary(name => name, _ => target.Connect());
        var numbers = clients.ToDictionary(client => client.Key, client => client.Value.Call("CLIENT", "ID").Text);
        var replies = new List<string>();
        foreach (string line in conversation.Split('|'))
        {
            string[] words = [.. line.Split(' ').Select(word => word is ['$', var name] ? numbers[name] : word)];
            IScriptConnection client = clients[line[0]];
            if (words is [_, "close"])
            {
                client.Dispose();
                Eventually.True(() => Waiting(control) == 0);
            }
            else if (words[0].EndsWith('<'))
            {
                int before = Waiting(control);
                client.Send(words[1..]);
                Eventually.True(() => Waiting(control) == before + 1);
            }
            else
            {
                if (words.Length > 1 && words[1] != "closed")
                {
                    client.Send(words[1..]);
                }

                ReplyValue? reply = client.Receive();
                replies.Add(words is [_, "HELLO", ..] ? line : $"{line} -> {reply}");
            }
        }

        foreach (IScriptConnection client in clients.Values)
        {
            client.Dispose();
        }

        Eventually.True(() => Waiting(control) == 0);
        return string.Join('\n', replies);
    }

    private static int Waiting(IScriptConnection control)
    {
        string line = control.Call("INFO", "clients").Text.Split("\r\n")
            .Single(line => line.StartsWith("blocked_clients:", StringComparison.Ordinal));
        return int.Parse(line["blocked_clients:".Length..], null);
    }
}
