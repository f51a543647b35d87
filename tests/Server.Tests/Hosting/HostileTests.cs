using System.Globalization;
using System.Net.Sockets;
using System.Text;
using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using Xunit;
using TransportKind = RedisClone.Server.Configuration.TransportKind;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>Clients that behave badly cost themselves the connection at most, and others nothing.</summary>
public sealed class HostileTests
{
    private const string Pong = "+PONG\r\n";

    /// <summary>The reply to GET k afterwards has 100,011 bytes.</summary>
    private static readonly string SetBig = $"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\n{new string('x', 100_000)}\r\n";

    public static TheoryData<TransportKind> All =>
        OperatingSystem.IsLinux() ? [TransportKind.Epoll, TransportKind.Sockets] : [TransportKind.Sockets];

    [Theory]
    [InlineData("*1\r\n$600000000\r\n", "-ERR Protocol error: invalid bulk length\r\n")]
    [InlineData("*2147483648\r\n", "-ERR Protocol error: invalid multibulk length\r\n")]
    [InlineData("*99999999999999999999\r\n", "-ERR Protocol error: invalid multibulk length\r\n")]
    [InlineData("*1\r\n+PING\r\n", "-ERR Protocol error: expected '$', got '+'\r\n")]
    [InlineData("*1\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length\r\n")]
    [InlineData("SET k \"a\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n")]
    public void What_is_no_command_is_told_and_ends_the_connection(string bytes, string reply)
    {
        using var server = new TestServer();
        using RawClient client = server.ConnectRaw();
        client.Send("PING\r\n" + bytes + "PING\r\n");
        Assert.Equal(Pong + reply, client.ReadToEnd());
        AssertIsWell(server);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Any_bytes_at_all_leave_the_server_well(TransportKind transport)
    {
        using var server = new TestServer(options => options.Transport = transport);
        var random = new Random(1);
        for (int i = 0; i < 60; i++)
        {
            byte[] bytes = new byte[random.Next(1, 3000)];
            random.NextBytes(bytes);
            string start = (i % 4) switch { 0 => "*3\r\n$3\r\nSET\r\n", 1 => "*", 2 => "$", _ => "" };
            using RawClient client = server.ConnectRaw();
            client.Send(start + Encoding.Latin1.GetString(bytes) + "\r\nQUIT\r\n");
            client.Socket.Shutdown(SocketShutdown.Send);
            client.ReadToEnd();
        }

        AssertIsWell(server);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_command_may_arrive_byte_by_byte(TransportKind transport)
    {
        using var server = new TestServer(options => options.Transport = transport);
        using RawClient client = server.ConnectRaw();
        foreach (char letter in "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\na\r\n\0b\r\nget k\r\n")
        {
            client.Send(letter.ToString());
        }

        Assert.Equal("+OK\r\n$5\r\na\r\n\0b\r\n", client.Read(16));
        AssertIsWell(server);
    }

    [Fact]
    public void Inline_commands_carry_binary()
    {
        using var server = new TestServer();
        using RawClient client = server.ConnectRaw();
        Assert.Equal("$6\r\n\0\u00ff\r\n\u0001 \r\n", client.Ask("ECHO \"\\x00\u00ff\\r\\n\\x01 \"\r\n", 12));
        Assert.Equal("$3\r\n\u0080'\t\r\n", client.Ask("  ECHO   '\u0080\\'\t'\n", 9));
        AssertIsWell(server);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Who_never_reads_is_throttled_and_others_are_served(TransportKind transport)
    {
        using var server = new TestServer(options => options.Transport = transport);
        using IScriptConnection other = server.Connect();
        other.Call("SET", "big", new string('x', 1 << 20));
        using RawClient greedy = server.ConnectRaw(receiveBufferBytes: 4096);
        greedy.Send(string.Concat(Enumerable.Repeat("GET big\r\n", 200)));
        Eventually.True(() => OutputBytes(other) > 60 << 20);
        Assert.InRange(OutputBytes(other), 60 << 20, 80 << 20);
        Assert.Equal(200L * ((1 << 20) + 12), Skip(greedy, 200L * ((1 << 20) + 12)));
        AssertIsWell(server);
    }

    [Fact]
    public void Replies_beyond_the_hard_limit_end_the_connection()
    {
        using var server = new TestServer();
        using IScriptConnection other = server.Connect();
        other.Call("SET", "big", new string('x', 1 << 20));
        Assert.Equal("OK", other.Call("CONFIG", "SET", "client-output-buffer-limit", "normal 2mb 0 0").Text);
        using RawClient greedy = server.ConnectRaw(receiveBufferBytes: 4096);
        greedy.Send(string.Concat(Enumerable.Repeat("GET big\r\n", 50)));
        Eventually.True(() => server.Info("connected_clients") == "2");
        AssertIsWell(server);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_reply_beyond_the_hard_limit_ends_the_connection_and_its_commands_are_carried_out_and_logged(
        TransportKind transport)
    {
        using var server = new TestServer(options =>
        {
            options.Transport = transport;
            options.AppendOnly = true;
        });
        using (IScriptConnection other = server.Connect())
        {
            Assert.Equal("OK", other.Call("CONFIG", "SET", "client-output-buffer-limit", "normal 1mb 0 0").Text);
            other.Call("HSET", "hash", "field", "value");
            using RawClient greedy = server.ConnectRaw();
            greedy.Send("MULTI\r\nSET before 1\r\nHRANDFIELD hash -2147483647\r\nSET after 2\r\nEXEC\r\nSET never 3\r\n");
            Eventually.True(() => server.Info("connected_clients") == "2");
            Assert.DoesNotContain("$5\r\nfield", greedy.ReadToEnd());
            Assert.Equal("1", other.Call("GET", "before").Text);
            Assert.Equal("2", other.Call("GET", "after").Text);
            Assert.Equal("0", other.Call("EXISTS", "never").Text);
            Assert.Single(server.Log.Lines, line => line.Contains("client-output-buffer-limit"));
        }

        string digest = server.Digest();
        server.Restart();
        Assert.Equal(digest, server.Digest());
        AssertIsWell(server);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_command_longer_than_the_query_buffer_is_refused_at_its_header(TransportKind transport)
    {
        using var server = new TestServer(options => options.Transport = transport);
        using (IScriptConnection admin = server.Connect())
        {
            Assert.Equal("OK", admin.Call("CONFIG", "SET", "client-query-buffer-limit", "1mb").Text);
        }

        using RawClient client = server.ConnectRaw();
        client.Send("PING\r\n*2\r\n$4\r\nECHO\r\n$1048577\r\n");
        Assert.Equal(Pong + "-ERR Protocol error: too big request\r\n", client.ReadToEnd());
        Eventually.True(() => server.Log.Lines.Any(line => line.Contains("client-query-buffer-limit")));
        AssertIsWell(server);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_hundred_thousand_commands_in_one_pipeline_are_all_answered(TransportKind transport)
    {
        const int Count = 100_000;
        const int ReplyBytes = 18;
        using var server = new TestServer(options => options.Transport = transport);
        using RawClient client = server.ConnectRaw();
        var sending = Task.Run(() => client.Send(
            string.Concat(Enumerable.Range(0, Count).Select(i => $"ECHO {i:D11}\r\n"))));
        Assert.Equal((Count - 1L) * ReplyBytes, Skip(client, (Count - 1L) * ReplyBytes));
        Assert.Equal("$11\r\n00000099999\r\n", client.Read(ReplyBytes));
        Eventually.Done(sending);
        AssertIsWell(server);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Thousands_of_idle_connections_keep_nobody_from_being_served(TransportKind transport)
    {
        using var server = new TestServer(options => options.Transport = transport);
        var idle = new List<RawClient>();
        try
        {
            for (int i = 0; i < 2_000; i++)
            {
                idle.Add(server.ConnectRaw());
            }

            Eventually.True(() => server.Info("connected_clients") == "2001");
            Assert.Equal(Pong, idle[1_999].Ask("PING\r\n", 7));
        }
        finally
        {
            idle.ForEach(client => client.Dispose());
        }

        AssertIsWell(server);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Too_many_clients_are_told_so_and_room_is_taken_again(TransportKind transport)
    {
        using var server = new TestServer(options => options.Transport = transport);
        using IScriptConnection first = server.Connect();
        Assert.Equal("OK", first.Call("CONFIG", "SET", "maxclients", "3").Text);
        using RawClient second = server.ConnectRaw();
        using RawClient third = server.ConnectRaw();
        Assert.Equal(Pong + Pong, second.Ask("PING\r\n", 7) + third.Ask("PING\r\n", 7));
        for (int i = 0; i < 100; i++)
        {
            using RawClient refused = server.ConnectRaw();
            Assert.Equal("-ERR max number of clients reached\r\n", refused.ReadToEnd());
        }

        third.Dispose();
        Eventually.True(() =>
        {
            using RawClient next = server.ConnectRaw();
            next.Send("PING\r\n");
            return next.Read(7) == Pong;
        });
        Assert.True(long.Parse(first.Call("INFO", "stats").Text.Split("rejected_connections:")[1].Split('\r')[0],
            CultureInfo.InvariantCulture) >= 100);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Who_has_sent_everything_still_gets_all_replies(TransportKind transport)
    {
        using var server = new TestServer(options => options.Transport = transport);
        using RawClient client = server.ConnectRaw(receiveBufferBytes: 4096);
        client.Send(SetBig);
        client.Send(string.Concat(Enumerable.Repeat("GET k\r\n", 100)) + "SET half");
        client.Socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(5 + (100 * 100_011), client.ReadToEnd().Length);
        AssertIsWell(server);
    }

    [Fact]
    public void Nothing_behind_quit_is_carried_out()
    {
        using var server = new TestServer();
        using RawClient client = server.ConnectRaw();
        client.Send("SET a 1\r\nQUIT\r\nSET a 2\r\n*garbage");
        Assert.Equal("+OK\r\n+OK\r\n", client.ReadToEnd());
        using IScriptConnection other = server.Connect();
        Assert.Equal("1", other.Call("GET", "a").Text);
    }

    [Fact]
    public void Garbage_behind_as_many_replies_as_one_turn_takes_is_told_as_garbage()
    {
        using var server = new TestServer();
        using RawClient client = server.ConnectRaw();
        client.Send(SetBig);
        client.Read(5);
        client.Send(
            string.Concat(Enumerable.Repeat("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", 3)) + "*1\r\n$x\r\n");
        string replies = client.ReadToEnd();
        Assert.EndsWith("\r\n-ERR Protocol error: invalid bulk length\r\n", replies, StringComparison.Ordinal);
        Assert.Equal((3 * 100_011) + 42, replies.Length);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Shutdown_in_a_pipeline_keeps_what_came_before_it(TransportKind transport)
    {
        using var server = new TestServer(options => options.Transport = transport);
        using (RawClient client = server.ConnectRaw())
        {
            client.Send("SET a 1\r\nSHUTDOWN\r\nSET a 2\r\n");
            Assert.Equal("+OK\r\n", client.ReadToEnd());
        }

        server.Restart();
        using IScriptConnection again = server.Connect();
        Assert.Equal("1", again.Call("GET", "a").Text);
    }

    [Fact]
    public void Replies_that_are_not_wanted_are_not_sent()
    {
        using var server = new TestServer();
        using RawClient client = server.ConnectRaw();
        client.Send("CLIENT REPLY OFF\r\nSET a 1\r\nNOSUCH\r\nINCR a\r\nCLIENT REPLY SKIP\r\nCLIENT REPLY ON\r\nGET a\r\n");
        Assert.Equal("+OK\r\n$1\r\n2\r\n", client.Read(12));
        client.Send("CLIENT REPLY SKIP\r\nINCR a\r\nINCR a\r\n");
        Assert.Equal(":4\r\n", client.Read(4));
        client.Send("CLIENT REPLY MAYBE\r\nPING\r\n");
        Assert.Equal("-ERR syntax error\r\n+PONG\r\n", client.Read(26));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Clients_kill_others_and_themselves(TransportKind transport)
    {
        using var server = new TestServer(options => options.Transport = transport);
        using IScriptConnection killer = server.Connect();
        using RawClient victim = server.ConnectRaw();
        victim.Send("CLIENT SETNAME victim\r\n");
        victim.Read(5);
        string line = killer.Call("CLIENT", "LIST").Text.Split('\n').Single(each => each.Contains(" name=victim ", StringComparison.Ordinal));
        string address = line.Split(' ').Single(word => word.StartsWith("addr=", StringComparison.Ordinal))["addr=".Length..];
        Assert.Equal("OK", killer.Call("CLIENT", "KILL", address).Text);
        Assert.Equal("", victim.ReadToEnd());
        Assert.True(killer.Call("CLIENT", "KILL", address).IsError);

        using RawClient suicidal = server.ConnectRaw();
        suicidal.Send("PING\r\nCLIENT KILL TYPE normal SKIPME no\r\nPING\r\n");
        Assert.Equal("+PONG\r\n:2\r\n", suicidal.ReadToEnd());
        Assert.Null(killer.Receive());
        AssertIsWell(server);
    }

    private static void AssertIsWell(TestServer server)
    {
        using IScriptConnection client = server.Connect();
        Assert.Equal("PONG", client.Call("PING").Text);
        Assert.DoesNotContain(server.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    private static long OutputBytes(IScriptConnection client) =>
        client.Call("CLIENT", "LIST").Text.Split(' ', '\n')
            .Where(word => word.StartsWith("omem=", StringComparison.Ordinal))
            .Sum(word => long.Parse(word["omem=".Length..], CultureInfo.InvariantCulture));

    /// <summary>Reads so many bytes, or up to the end; tells how many came.</summary>
    private static long Skip(RawClient client, long count)
    {
        byte[] buffer = new byte[1 << 16];
        long read = 0;
        while (read < count && client.Socket.Receive(buffer, (int)Math.Min(buffer.Length, count - read), SocketFlags.None) is var some and > 0)
        {
            read += some;
        }

        return read;
    }
}
