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
}
