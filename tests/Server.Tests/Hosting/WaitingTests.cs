using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>Commands that wait for keys: time, clients that go away, the log. Conversations are golden scripts.</summary>
public sealed class WaitingTests
{
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
}
