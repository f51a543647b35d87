using System.Globalization;
using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>Very many and very long things: answered or refused in time, and gone with who brought them.</summary>
public sealed class OversizeTests
{
    private const int Many = 20_000;

    private static readonly string Long = new('n', 1 << 20);

    /// <summary>A matcher that tries every way to share the text among the stars would not end.</summary>
    private static readonly string Explosive = string.Concat(Enumerable.Repeat("*a", 60)) + "*b";

    [Theory]
    [InlineData("SUBSCRIBE", "", "1")]
    [InlineData("PSUBSCRIBE", "*", "3")]
    [InlineData("SSUBSCRIBE", "", "1")]
    public void Very_many_and_very_long_names_to_listen_to(string command, string suffix, string heard)
    {
        using var server = new TestServer();
        using (IScriptConnection client = server.Connect())
        {
            client.Send([command, .. Numbered("name:").Select(name => name + suffix), Long]);
            for (int i = 0; i <= Many; i++)
            {
                Assert.Equal($"{i + 1}", client.Receive()!.Items[2].Text);
            }

            using IScriptConnection other = server.Connect();
            string publish = command == "SSUBSCRIBE" ? "SPUBLISH" : "PUBLISH";
            Assert.Equal(heard, other.Call(publish, "name:777", "m").Text);
            Assert.Equal("1", other.Call(publish, Long, "m").Text);
        }

        Eventually.True(() => server.Info("pubsub_clients") == "0");
        Assert.Equal(("0", "0"), (server.Info("pubsub_channels"), server.Info("pubsub_patterns")));
    }

    [Fact]
    public void Very_many_prefixes_are_taken_or_refused_at_once()
    {
        const int Prefixes = 100_000;
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        string[] prefixes = [.. Enumerable.Range(0, Prefixes).Select(i => $"{i:D6}")];
        string[] words = [.. prefixes.SelectMany(prefix => (string[])["PREFIX", prefix])];
        Assert.Equal(
            "ERR Prefix '099999' overlaps with another provided prefix '0999999'. Prefixes for a single client must not overlap.",
            client.Call(["CLIENT", "TRACKING", "ON", "BCAST", .. words, "PREFIX", "0999999"]).Text);
        Assert.Equal("OK", client.Call(["CLIENT", "TRACKING", "ON", "BCAST", .. words]).Text);
        Assert.True(client.Call("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "0").IsError);
        Assert.Equal("100000", server.Info("tracking_total_prefixes"));
        Assert.Equal("OK", client.Call("SET", "000001", "1").Text);
        Assert.Equal("RESET", client.Call("RESET").Text);
        Assert.Equal("0", server.Info("tracking_total_prefixes"));
    }

    [Fact]
    public void Very_many_watched_keys_and_queued_commands()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        using IScriptConnection other = server.Connect();
        Assert.Equal("OK", client.Call(["WATCH", .. Numbered("k")]).Text);
        client.Call("MULTI");
        for (int i = 0; i < Many; i++)
        {
            Assert.Equal("QUEUED", client.Call("INCR", "count").Text);
        }

        Assert.Equal($"{Many}", client.Call("EXEC").Items[^1].Text);
        client.Call(["WATCH", .. Numbered("k")]);
        client.Call("MULTI");
        client.Call("INCR", "count");
        other.Call("SELECT", "1");
        other.Call(["MSET", .. Numbered("k").SelectMany(key => (string[])[key, "1"])]);
        other.Call("SWAPDB", "0", "1");
        Assert.Equal(ReplyKind.NilArray, client.Call("EXEC").Kind);
    }

    [Fact]
    public void Names_and_rules_of_a_mebibyte()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        Assert.Equal("OK", client.Call("CLIENT", "SETNAME", Long).Text);
        Assert.Contains(Long, client.Call("CLIENT", "LIST").Text, StringComparison.Ordinal);
        Assert.Equal("OK", client.Call(["ACL", "SETUSER", Long, "on", ">" + Long, "~" + Long, "&" + Long, .. Numbered("~k"), $"(+get ~{Long})"]).Text);
        Assert.Contains(client.Call("ACL", "LIST").Items, item => item.Text.Contains(Long, StringComparison.Ordinal));
        Assert.True(client.Call("ACL", "SETUSER", "x", Long).IsError);
        Assert.True(client.Call("AUTH", Long, "wrong").IsError);
        Assert.True(client.Call(Long).IsError);
        Assert.True(client.Call("CONFIG", "SET", Long, Long).IsError);
        Assert.True(client.Call("CLIENT", Long).IsError);
        Assert.Equal("OK", client.Call("AUTH", Long, Long).Text);
        Assert.True(client.Call("GET", "k").IsError);
        using RawClient inline = server.ConnectRaw();
        inline.Send(new string('x', 100_000));
        Assert.Equal("-ERR Protocol error: too big inline request\r\n", inline.ReadToEnd());
    }

    [Fact]
    public void A_pattern_that_explodes_elsewhere_does_not_here()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        string text = new('a', 20_000);
        client.Call("SET", text, "1");
        client.Call("HSET", "h", text, "1");
        client.Call("RPUSH", "l", text);
        Assert.Empty(client.Call("KEYS", Explosive).Items);
        Assert.Empty(client.Call("SCAN", "0", "MATCH", Explosive, "COUNT", "100").Items[1].Items);
        Assert.Empty(client.Call("HSCAN", "h", "0", "MATCH", Explosive).Items[1].Items);
        Assert.Empty(client.Call("CONFIG", "GET", Explosive).Items);
        Assert.Single(client.Call("SORT", "l", "BY", Explosive, "GET", Explosive, "ALPHA").Items);
        Assert.Equal("OK", client.Call("ACL", "SETUSER", "u", "on", "nopass", "+@all", "~" + Explosive, "&" + Explosive).Text);
        using IScriptConnection user = server.Connect();
        Assert.Equal("OK", user.Call("AUTH", "u", "any").Text);
        Assert.StartsWith("NOPERM", user.Call("GET", text).Text, StringComparison.Ordinal);
        Assert.StartsWith("NOPERM", user.Call("PUBLISH", text, "m").Text, StringComparison.Ordinal);
        using IScriptConnection subscriber = server.Connect();
        subscriber.Call("PSUBSCRIBE", Explosive);
        Assert.Equal("0", client.Call("PUBLISH", text, "m").Text);
        Assert.Equal("1", client.Call("PUBLISH", text + "b", "m").Text);
    }

    [Fact]
    public void Thousands_that_wait_for_one_key_are_served_in_the_order_in_which_they_came()
    {
        const int Waiters = 1_000;
        using var server = new TestServer();
        using IScriptConnection pusher = server.Connect();
        RawClient[] waiting = [.. Enumerable.Range(0, Waiters).Select(_ => server.ConnectRaw())];
        for (int i = 0; i < Waiters; i++)
        {
            waiting[i].Send("CLIENT ID\r\nBLPOP q 0\r\n");
            waiting[i].Read(1);
        }

        Eventually.True(() => server.Info("blocked_clients") == $"{Waiters}");
        for (int i = 0; i < Waiters; i += 2)
        {
            waiting[i].Dispose();
        }

        Eventually.True(() => server.Info("blocked_clients") == $"{Waiters / 2}");
        Assert.Equal($"{Waiters}", pusher.Call(["RPUSH", "q", .. Enumerable.Range(0, Waiters).Select(i => $"{i:D4}")]).Text);
        for (int i = 1; i < Waiters; i += 2)
        {
            string got = "";
            while (!got.Contains("$4\r\n", StringComparison.Ordinal))
            {
                got += waiting[i].Read(1);
            }

            Assert.InRange(int.Parse(waiting[i].Read(4), CultureInfo.InvariantCulture), 0, (Waiters / 2) - 1);
        }

        Assert.Equal($"{Waiters / 2}", pusher.Call("LLEN", "q").Text);
        Assert.Equal("0500", pusher.Call("LINDEX", "q", "0").Text);
    }

    [Fact]
    public void Messages_of_a_transaction_that_may_be_taken_back_take_no_more_than_the_transaction()
    {
        const int Patterns = 500;
        const int Messages = 50;
        const int MessageBytes = 20_000;
        using CloneServer server = CloneServer.StartInMemory();
        using IScriptConnection subscriber = server.Connect();
        subscriber.Send(["PSUBSCRIBE", .. Enumerable.Range(0, Patterns).Select(i => new string('*', i + 1))]);
        using IScriptConnection client = server.Connect();
        client.Call("SET", "text", "no number");
        client.Call("MULTI");
        for (int i = 0; i < Messages; i++)
        {
            client.Call("PUBLISH", "c", new string('m', MessageBytes));
        }

        client.Call("INCR", "text");

        // Without sockets all is done on this thread.
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(client.Call("EXEC", "ROLLBACK").IsError);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10L * Messages * MessageBytes);
    }

    [Fact]
    public void No_length_of_a_pause_or_a_sleep_ends_the_server()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        foreach (string text in (string[])["nan", "-nan", "-1", "-inf", "x", "", "0"])
        {
            Assert.Equal("OK", client.Call("DEBUG", "SLEEP", text).Text);
        }

        foreach (string text in (string[])["nan", "-1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", ""])
        {
            Assert.True(client.Call("CLIENT", "PAUSE", text, "WRITE").Kind is ReplyKind.Error or ReplyKind.SimpleString);
        }

        Assert.Equal("OK", client.Call("CLIENT", "UNPAUSE").Text);
        Assert.Equal("OK", client.Call("SET", "k", "v").Text);
    }

    private static IEnumerable<string> Numbered(string prefix) => Enumerable.Range(0, Many).Select(i => $"{prefix}{i}");
}
