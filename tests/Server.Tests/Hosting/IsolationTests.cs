using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>Servers in one process share nothing, and know no time but the one they are given.</summary>
public sealed class IsolationTests
{
    [Fact]
    public void Servers_have_data_settings_clients_and_clocks_of_their_own()
    {
        using var first = new TestServer();
        using var second = new TestServer(options => options.HashMaxListpackEntries = 1);
        using IScriptConnection one = first.Connect();
        using IScriptConnection two = second.Connect();
        foreach (IScriptConnection client in new[] { one, two })
        {
            client.Call("SET", "k", "v", "EX", "10");
            client.Call("HSET", "h", "a", "1", "b", "2");
        }

        one.Call("SET", "mine", "1");
        first.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(ReplyKind.NilBulkString, one.Call("GET", "k").Kind);
        Assert.Equal("v", two.Call("GET", "k").Text);
        Assert.Equal("0", two.Call("EXISTS", "mine").Text);
        Assert.Equal(("listpack", "hashtable"),
            (one.Call("OBJECT", "ENCODING", "h").Text, two.Call("OBJECT", "ENCODING", "h").Text));
        one.Call("CONFIG", "SET", "hash-max-listpack-entries", "2");
        Assert.Equal("1", two.Call("CONFIG", "GET", "hash-max-listpack-entries").Items[1].Text);
        Assert.Equal(("1", "0"), (first.Info("expired_keys"), second.Info("expired_keys")));
        Assert.Equal(one.Call("CLIENT", "ID").Text, two.Call("CLIENT", "ID").Text);
    }

    [Fact]
    public void Chance_is_that_of_the_seed_alone()
    {
        using var first = new TestServer(seed: 7);
        using var again = new TestServer(seed: 7);
        using var other = new TestServer(seed: 8);
        string[] picks = [.. new[] { first, again, other }.Select(Picks)];
        Assert.Equal(picks[0], picks[1]);
        Assert.NotEqual(picks[0], picks[2]);
    }

    [Fact]
    public void A_key_expires_on_access_and_by_itself_as_the_clock_of_the_server_says()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        client.Call("DEBUG", "SET-ACTIVE-EXPIRE", "0");
        client.Call("SET", "a", "1", "PX", "1500");
        client.Call("SET", "b", "1", "PX", "1500");
        server.Time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal(("1000", "1"), (client.Call("PTTL", "a").Text, client.Call("TTL", "a").Text));
        server.Time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal("1", client.Call("GET", "a").Text);
        server.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("2", client.Call("DBSIZE").Text);
        Assert.Equal("-2", client.Call("PTTL", "a").Text);
        Assert.Equal("1", client.Call("DBSIZE").Text);
        client.Call("DEBUG", "SET-ACTIVE-EXPIRE", "1");
        server.Time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal("0", client.Call("DBSIZE").Text);
        Assert.Equal("2", server.Info("expired_keys"));
    }

    [Fact]
    public void How_often_due_keys_are_removed_follows_its_setting()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        client.Call("CONFIG", "SET", "hz", "1");
        client.Call("SET", "a", "1", "PX", "10");
        server.Time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal("1", client.Call("DBSIZE").Text);
        server.Time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal("0", client.Call("DBSIZE").Text);
    }

    private static string Picks(TestServer server)
    {
        using IScriptConnection client = server.Connect();
        for (int i = 0; i < 100; i++)
        {
            client.Call("SET", $"k{i}", "v");
        }

        return string.Join(' ', Enumerable.Range(0, 20).Select(_ => client.Call("RANDOMKEY").Text));
    }
}
