using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>Transactions of clients that go away or never end. Conversations are golden scripts.</summary>
public sealed class TransactionTests
{
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

    [Fact]
    public void A_transaction_that_fails_can_be_rolled_back()
    {
        using var server = new TestServer();
        using IScriptConnection a = server.Connect();
        using IScriptConnection watcher = server.Connect();
        a.Call("MSET", "k", "1", "text", "x");
        watcher.Call("WATCH", "k", "new");
        string digest = a.Call("DEBUG", "DIGEST").Text;
        string changes = server.Info("rdb_changes_since_last_save");
        byte[] log = File.ReadAllBytes(server.LogPath);

        Queue(a, "SET k 2", "SET new 1", "SELECT 1", "SET k 3", "FLUSHALL", "SET x 1", "SWAPDB 0 1", "SELECT 0", "SET text x", "INCR text");
        Assert.Equal(
            "EXECABORT Transaction rolled back because command 10 failed: ERR value is not an integer or out of range",
            a.Call("EXEC", "ROLLBACK").Text);
        Assert.Equal(digest, a.Call("DEBUG", "DIGEST").Text);
        Assert.Equal("1", a.Call("GET", "k").Text);
        Assert.Equal(changes, server.Info("rdb_changes_since_last_save"));
        Assert.Equal(log, File.ReadAllBytes(server.LogPath));

        watcher.Call("MULTI");
        watcher.Call("SET", "k", "5");
        Assert.Equal("OK", Assert.Single(watcher.Call("EXEC").Items).Text);
    }

    [Fact]
    public void A_transaction_without_a_failure_is_not_rolled_back()
    {
        using var server = new TestServer();
        using IScriptConnection a = server.Connect();
        using IScriptConnection waiter = server.Connect();
        waiter.Send(["BLPOP", "l", "0"]);
        Eventually.True(() => server.Info("blocked_clients") == "1");
        Queue(a, "RPUSH l 1", "SET k 2");
        Assert.Equal(2, a.Call("EXEC", "ROLLBACK").Items.Count);
        Assert.Equal("2", a.Call("GET", "k").Text);
        Assert.Equal("1", waiter.Receive()!.Items[1].Text);
    }

    [Fact]
    public void Who_waits_gets_nothing_from_a_transaction_that_is_rolled_back()
    {
        using var server = new TestServer();
        using IScriptConnection a = server.Connect();
        using IScriptConnection waiter = server.Connect();
        a.Call("CONFIG", "SET", "transaction-rollback", "yes");
        waiter.Send(["BLPOP", "l", "0"]);
        Eventually.True(() => server.Info("blocked_clients") == "1");
        Queue(a, "RPUSH l 1", "SET k x", "LPUSH k 1");
        Assert.StartsWith("EXECABORT Transaction rolled back because command 3 failed: WRONGTYPE", a.Call("EXEC").Text);
        a.Call("RPUSH", "l", "2");
        Assert.Equal("2", waiter.Receive()!.Items[1].Text);
    }

    [Fact]
    public void Messages_are_sent_when_the_transaction_has_succeeded()
    {
        using var server = new TestServer();
        using IScriptConnection a = server.Connect();
        using IScriptConnection listener = server.Connect();
        listener.Call("SUBSCRIBE", "c");
        Queue(a, "PUBLISH c 1", "SET k x", "INCR k");
        Assert.StartsWith("EXECABORT", a.Call("EXEC", "ROLLBACK").Text);
        Queue(a, "PUBLISH c 2", "SPUBLISH c 2", "SET k x");
        Assert.Equal("1", a.Call("EXEC", "ROLLBACK").Items[0].Text);
        Assert.Equal("2", listener.Receive()!.Items[2].Text);
        Assert.Equal("1", a.Call("PUBLISH", "c", "3").Text);
        Assert.Equal("3", listener.Receive()!.Items[2].Text);
    }

    [Fact]
    public void What_cannot_be_rolled_back_does_not_begin()
    {
        using var server = new TestServer();
        using IScriptConnection a = server.Connect();
        Queue(a, "SET k 1", "CLIENT SETNAME a");
        Assert.Equal(
            "EXECABORT Transaction discarded because of: 'client|setname' cannot be rolled back",
            a.Call("EXEC", "ROLLBACK").Text);
        Queue(a, "SET k 1");
        Assert.Equal(
            "EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command",
            a.Call("EXEC", "NOW").Text);
        Assert.Equal("0", a.Call("EXISTS", "k").Text);
        Assert.Equal("ERR EXEC without MULTI", a.Call("EXEC", "ROLLBACK").Text);
    }

    private static void Queue(IScriptConnection client, params string[] commands)
    {
        client.Call("MULTI");
        foreach (string command in commands)
        {
            Assert.Equal("QUEUED", client.Call(command.Split(' ')).Text);
        }
    }
}
