using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>What is remembered for clients that keep copies is bounded.</summary>
public sealed class TrackingTests
{
    [Fact]
    public void Beyond_the_most_keys_some_are_given_up_and_their_readers_told()
    {
        using var server = new TestServer(options => options.TrackingTableMaxKeys = 10);
        using IScriptConnection client = server.Connect();
        client.Call("HELLO", "3");
        client.Call("CLIENT", "TRACKING", "ON");
        var kept = new HashSet<string>();
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(ReplyKind.Null, client.Call("GET", $"k{i}").Kind);
            kept.Add($"k{i}");
            if (i >= 10)
            {
                Assert.True(kept.Remove(client.Receive()!.Items[1].Items.Single().Text));
            }
        }

        Assert.Equal("10", server.Info("tracking_total_keys"));
        Assert.NotEqual(Enumerable.Range(90, 10).Select(i => $"k{i}").ToHashSet(), kept);
        using IScriptConnection other = server.Connect();
        other.Call("CONFIG", "SET", "tracking-table-max-keys", "3");
        Assert.Equal("3", server.Info("tracking_total_keys"));
        Assert.Equal("3", server.Info("tracking_total_items"));
    }

    [Fact]
    public void Clients_that_come_and_go_do_not_pile_up_under_a_key()
    {
        using var server = new TestServer();
        for (int i = 0; i < 200; i++)
        {
            using IScriptConnection client = server.Connect();
            client.Call("CLIENT", "TRACKING", "ON");
            client.Call("GET", "k");
        }

        Eventually.True(() => server.Info("tracking_clients") == "0");
        using IScriptConnection last = server.Connect();
        last.Call("CLIENT", "TRACKING", "ON");
        last.Call("GET", "k");
        Assert.InRange(int.Parse(server.Info("tracking_total_items"), provider: null), 1, 50);
    }
}
