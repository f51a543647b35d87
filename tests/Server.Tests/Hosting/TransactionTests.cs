using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>MULTI, EXEC and WATCH with a second client in between, each case also on a real server.</summary>
public sealed class TransactionTests
{
    /// <summary>What clients <c>a</c> and <c>b</c> say, in turns; <c>+ms</c> lets time pass.</summary>
    private static readonly string[] Conversations =
    [
        "a SET k 1|a WATCH k|b SET k 2|a MULTI|a SET k 3|a EXEC|a GET k",
        "a SET k 1|a WATCH k|b GET k|a MULTI|a SET k 3|a EXEC",
        "a SET k 1|a WATCH k|b SET k 1|a MULTI|a PING|a EXEC",
        "a WATCH k|b SET k 1|b DEL k|a MULTI|a PING|a EXEC",
        "a SET k 1 PX 300|a WATCH k|+1000|a MULTI|a PING|a EXEC",
        "a SET k 1 PX 300|a WATCH k|+1000|b GET k|a MULTI|a PING|a EXEC",
        "a DEBUG SET-ACTIVE-EXPIRE 0|a SET k 1 PX 300|+1000|a WATCH k|a MULTI|a PING|a EXEC",
        "a DEBUG SET-ACTIVE-EXPIRE 0|a SET k 1 PX 300|+1000|a WATCH k|b GET k|a MULTI|a PING|a EXEC",
        "a SET k 1|a WATCH k|b EXPIRE k 1000|a MULTI|a PING|a EXEC",
        "a SET k 1|a WATCH k|b PERSIST k|a MULTI|a PING|a EXEC",
        "a SET k 1|a WATCH k|b EXPIREAT k 1|a MULTI|a PING|a EXEC",
        "a SET k 1|a WATCH k|b FLUSHALL|a MULTI|a PING|a EXEC",
        "a WATCH k|b FLUSHALL|a MULTI|a PING|a EXEC",
        "a WATCH k|b FLUSHDB|a MULTI|a PING|a EXEC",
        "a SET k 1|a WATCH k|b SELECT 1|b FLUSHDB|a MULTI|a PING|a EXEC",
        "a SET k 1|a WATCH k|b SWAPDB 0 1|a MULTI|a PING|a EXEC",
        "a WATCH k|b SWAPDB 0 1|a MULTI|a PING|a EXEC",
        "a WATCH k|b SELECT 1|b SET k 1|b SWAPDB 0 1|a MULTI|a PING|a EXEC",
        "a SET k 1|a WATCH k|b SWAPDB 0 0|a MULTI|a PING|a EXEC",
        "a SET k 1|a WATCH k|b SWAPDB 1 2|a MULTI|a PING|a EXEC",
        "a SET k 1|a WATCH k|b SELECT 1|b SET k 2|b SWAPDB 0 1|a MULTI|a PING|a EXEC",
        "a SET k 1|a WATCH k|b MOVE k 1|a MULTI|a PING|a EXEC",
        "a WATCH k|b SELECT 1|b SET k 1|b MOVE k 0|a MULTI|a PING|a EXEC",
        "a SET k 1|a WATCH l|b RENAME k l|a MULTI|a PING|a EXEC",
        "a SET k 1|a WATCH k|b RENAME k l|a MULTI|a PING|a EXEC",
        "a SET k 1|a WATCH l|b COPY k l|a MULTI|a PING|a EXEC",
        "a SET k 1|a WATCH k|b DEL x|b HSET h f 1|a MULTI|a PING|a EXEC",
        "a HSET h f 1|a WATCH h|b HDEL h g|a MULTI|a PING|a EXEC",
        "a HSET h f 1|a WATCH h|b HSET h f 1|a MULTI|a PING|a EXEC",
        "a HSET h f 1|a WATCH h|b HDEL h f|a MULTI|a PING|a EXEC",
        "a WATCH k|a SET k 1|a MULTI|a PING|a EXEC",
        "a WATCH k|a MULTI|a SET k 1|a SET k 2|a EXEC|a GET k",
        "a WATCH k|b SET k 1|a UNWATCH|a MULTI|a PING|a EXEC",
        "a WATCH k|b SET k 1|a MULTI|a UNWATCH|a EXEC",
        "a WATCH k|b SET k 1|a MULTI|a DISCARD|a MULTI|a PING|a EXEC",
        "a WATCH k|b SET k 1|a MULTI|a EXEC|a MULTI|a PING|a EXEC",
        "a WATCH k|b SET k 1|a RESET|a MULTI|a PING|a EXEC",
        "a WATCH k|a SELECT 1|b SET k 1|a MULTI|a PING|a EXEC",
        "a MULTI|a SET k 1|a NOSUCH|a SET k 2|a EXEC|a GET k|a MULTI|a PING|a EXEC",
        "a MULTI|a SET k|a EXEC|a EXEC",
        "a MULTI|a SET k v|a INCR k|a SET l 1|a EXEC|a GET l",
        "a MULTI|a MULTI|a SET k 1|a EXEC",
        "a MULTI|a WATCH k|a SET k 1|a EXEC",
        "a WATCH k|b SET k 1|a MULTI|a NOSUCH|a EXEC",
        "a MULTI|a SELECT 1|a SET k 1|a EXEC|a GET k|b GET k",
        "a MULTI|a FLUSHALL|a SET k 1|a SWAPDB 0 1|a EXEC|a SELECT 1|a GET k",
        "a MULTI|a RESET|a EXEC",
        "a MULTI|a QUIT",
        "a MULTI|a SHUTDOWN|a EXEC",
        "a DISCARD|a EXEC|a UNWATCH",
        "a MULTI|a SET k 1|a close|b GET k|b MULTI|b PING|b EXEC",
        "a SET k 1|a WATCH k|a close|b SET k 2|b GET k",
    ];

    [OracleFact]
    public void Transactions_go_as_on_a_real_server()
    {
        using OracleServer oracle = OracleServer.Start(OracleServer.WithDebug);
        using var server = new TestServer();
        using var target = new TcpTarget(server.Port, server.Time.Advance);
        Assert.Multiple([.. Conversations.Select(Action (conversation) =>
            () => Assert.Equal(Hold(conversation, oracle), Hold(conversation, target)))]);
    }

    [Fact]
    public void What_a_client_queued_that_went_away_is_not_carried_out()
    {
        using var server = new TestServer();
        using IScriptConnection other = server.Connect();
        using (RawClient client = server.ConnectRaw())
        {
            client.Ask("WATCH k\r\nMULTI\r\nSET k 1\r\n", "+OK\r\n+OK\r\n+QUEUED\r\n".Length);
        }

        Eventually.True(() => server.Info("connected_clients") == "2");
        Assert.Equal("0", other.Call("EXISTS", "k").Text);
        Assert.Equal("OK", other.Call("SET", "k", "2").Text);
    }

    [Fact]
    public void A_transaction_that_grows_without_end_ends_the_connection()
    {
        using var server = new TestServer(options => options.ClientQueryBufferBytesMax = 1 << 20);
        using RawClient client = server.ConnectRaw();
        client.Ask("MULTI\r\n", 5);
        string set = $"SET k {new string('x', 10_000)}\r\n";
        int queued = 0;
        while (queued < 1000 && client.Ask(set, 9).Length == 9)
        {
            queued++;
        }

        Assert.InRange(queued, 50, 110);
        using IScriptConnection other = server.Connect();
        Assert.Equal("0", other.Call("EXISTS", "k").Text);
    }

    private static string Hold(string conversation, IScriptTarget target)
    {
        using IScriptConnection a = target.Connect();
        using IScriptConnection b = target.Connect();
        b.Call("FLUSHALL");
        b.Call("DEBUG", "SET-ACTIVE-EXPIRE", "1");
        var replies = new List<string>();
        foreach (string line in conversation.Split('|'))
        {
            string[] words = line.Split(' ');
            IScriptConnection client = words[0] == "b" ? b : a;
            if (line[0] == '+')
            {
                target.Advance(TimeSpan.FromMilliseconds(int.Parse(line[1..], null)));
            }
            else if (words[1] == "close")
            {
                client.Dispose();
            }
            else
            {
                client.Send(words[1..]);
                replies.Add($"{line} -> {client.Receive()}");
            }
        }

        return string.Join('\n', replies);
    }
}
