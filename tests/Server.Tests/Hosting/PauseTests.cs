using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>CLIENT PAUSE beyond what a script can show.</summary>
public class PauseTests
{
    [Fact]
    public void Nothing_expires_during_a_pause_but_looks_so()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        client.Call("SET", "k", "v", "PX", "100");
        client.Call("CLIENT", "PAUSE", "10000", "WRITE");
        server.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("", client.Call("GET", "k").Text);
        Assert.Equal("1", client.Call("DBSIZE").Text);
        client.Call("CLIENT", "UNPAUSE");
        client.Call("GET", "k");
        Assert.Equal("0", client.Call("DBSIZE").Text);
    }

    [Fact]
    public void A_client_that_leaves_while_it_is_held_leaves_nothing_behind()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        client.Call("CLIENT", "PAUSE", "10000", "WRITE");
        using (IScriptConnection writer = server.Connect())
        {
            writer.Send(["SET", "k", "1"]);
            Eventually.True(() => server.Info("blocked_clients") == "1");
        }

        Eventually.True(() => server.Info("blocked_clients") == "0");
        client.Call("CLIENT", "UNPAUSE");
        Assert.Equal("0", client.Call("EXISTS", "k").Text);
    }

    [Fact]
    public void What_was_sent_behind_a_held_command_follows_it()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        using RawClient writer = server.ConnectRaw();
        client.Call("CLIENT", "PAUSE", "10000", "WRITE");
        writer.Send("SET k 1\r\nINCR k\r\nGET k\r\n");
        Eventually.True(() => server.Info("blocked_clients") == "1");
        server.Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal("+OK\r\n:2\r\n$1\r\n2\r\n", writer.Read("+OK\r\n:2\r\n$1\r\n2\r\n".Length));
    }
}
