using System.Text;
using RedisClone.Server.Network;
using Xunit;

namespace RedisClone.Server.Tests.Network;

public class SendingTests
{
    public static TheoryData<TransportKind> All => Transports.All;

    [Theory, MemberData(nameof(All))]
    public void A_slow_reader_gets_every_byte_in_order(TransportKind kind)
    {
        const int lines = 300_000;
        using var server = new LineServer(kind);
        using var client = new LineClient(server, receiveBufferBytes: 4096);
        client.Ask("hello");
        var connection = server.Handlers.Single().Connection;
        var sending = Background.Run(() =>
        {
            var text = new StringBuilder();
            for (int i = 0; i < lines; i++)
            {
                text.Append("a line of some length with the number ").Append(i).Append('\n');
            }

            client.Send(text.ToString());
        });
        Eventually.True(() => connection.OutputPendingBytes > 1_000_000);
        for (int i = 0; i < lines; i++)
        {
            Assert.Equal($"a line of some length with the number {i}", client.Line());
        }

        Eventually.Done(sending);
        Eventually.True(() => connection.OutputPendingBytes == 0);
    }

    [Theory, MemberData(nameof(All))]
    public void A_connection_whose_replies_pile_up_is_not_read_until_half_of_them_left(TransportKind kind)
    {
        var options = LineServer.Default(kind);
        options.OutputBytesMax = 1_000_000;
        using var server = new LineServer(kind, options);
        using var client = new LineClient(server, receiveBufferBytes: 4096);
        client.Ask("hello");
        var connection = server.Handlers.Single().Connection;
        client.Send("big 9000000\n");
        Eventually.True(() => connection.OutputPendingBytes > options.OutputBytesMax);
        int before = server.Lines;
        client.Send("after\n");

        // Another connection of the same loop shows that the loop had its chance to read.
        using var other = new LineClient(server);
        using var third = new LineClient(server);
        Assert.Equal("one", other.Ask("one"));
        Assert.Equal("two", third.Ask("two"));
        Assert.Equal(before + 2, server.Lines);

        Assert.Equal(9_000_000, client.Skip(9_000_000));
        Assert.Equal("after", client.Line());
    }

    [Theory, MemberData(nameof(All))]
    public void Replies_beyond_the_hard_limit_close_the_connection(TransportKind kind)
    {
        var options = LineServer.Default(kind);
        options.NormalOutput = new OutputLimit(1_000_000, 0, 0);
        using var server = new LineServer(kind, options);
        using var client = new LineClient(server, receiveBufferBytes: 4096);
        client.Send("big 20000000\n");
        Eventually.True(() => server.Closed.Contains(CloseReason.OutputLimit));
    }

    [Theory, MemberData(nameof(All))]
    public void A_reply_that_is_too_long_is_dropped_and_ends_its_connection_only(TransportKind kind)
    {
        var options = LineServer.Default(kind, loops: 1);
        options.ReplyBytesMax = 100_000;
        using var server = new LineServer(kind, options);
        using var other = new LineClient(server);
        Assert.Equal("hello", other.Ask("hello"));
        using var client = new LineClient(server);
        client.Send("big 1000\nbig 100000\nnever carried out\n");
        Eventually.True(() => server.Closed.Contains(CloseReason.OutputLimit));
        Assert.Equal(0, client.SkipToEnd());
        Assert.Equal(3, server.Lines);
        Assert.Equal("still here", other.Ask("still here"));
    }

    [Theory, MemberData(nameof(All))]
    public void A_reply_may_be_as_long_as_is_allowed(TransportKind kind)
    {
        var options = LineServer.Default(kind, loops: 1);
        options.ReplyBytesMax = 1_000_000;
        using var server = new LineServer(kind, options);
        using var client = new LineClient(server);
        for (int i = 0; i < 3; i++)
        {
            client.Send("big 1000000\n");
            Assert.Equal(1_000_000, client.Skip(1_000_000));
        }

        // Short replies that wait together may come to more.
        options.ReplyBytesMax = 20_000;
        server.HoldsReplies = true;
        for (int i = 1; i <= 30; i++)
        {
            client.Send("big 5000\n");
            Eventually.True(() => server.Written == i);
        }

        server.MakeDurable(30);
        Assert.Equal(150_000, client.Skip(150_000));
    }

    [Theory, MemberData(nameof(All))]
    public void Replies_leave_when_their_log_position_is_durable_and_not_before(TransportKind kind)
    {
        using var server = new LineServer(kind) { HoldsReplies = true };
        using var client = new LineClient(server);
        client.Send("first\n");
        Eventually.True(() => server.Written == 1);
        client.Send("second\n");
        Eventually.True(() => server.Written == 2);
        client.Send("third\n");
        Eventually.True(() => server.Written == 3);
        Assert.False(client.HasInput);

        server.MakeDurable(1);
        Assert.Equal("first", client.Line());
        client.Send("fourth\n");
        Eventually.True(() => server.Written == 4);
        Assert.False(client.HasInput);

        server.MakeDurable(4);
        Assert.Equal("second", client.Line());
        Assert.Equal("third", client.Line());
        Assert.Equal("fourth", client.Line());
    }

    [Theory, MemberData(nameof(All))]
    public void Replies_that_need_no_log_do_not_overtake_those_that_wait_for_it(TransportKind kind)
    {
        using var server = new LineServer(kind, LineServer.Default(kind, loops: 1)) { HoldsReplies = true };
        using var client = new LineClient(server);
        client.Send("written\n");
        Eventually.True(() => server.Written == 1);
        server.HoldsReplies = false;
        client.Send("read\n");
        Eventually.True(() => server.Lines == 2);

        // The loop serves others meanwhile.
        using var other = new LineClient(server);
        Assert.Equal("hello", other.Ask("hello"));
        Assert.False(client.HasInput);

        server.MakeDurable(1);
        Assert.Equal("written", client.Line());
        Assert.Equal("read", client.Line());
    }

    [Theory, MemberData(nameof(All))]
    public void Many_connections_that_wait_for_the_log_are_all_released(TransportKind kind)
    {
        const int rounds = 50;
        using var server = new LineServer(kind) { HoldsReplies = true };
        var log = Background.Run(server.MakeDurableUntilStopped);
        var clients = Enumerable.Range(0, 40).Select(_ => new LineClient(server)).ToArray();
        for (int round = 0; round < rounds; round++)
        {
            foreach (var client in clients)
            {
                client.Send($"{round}\n");
            }

            foreach (var client in clients)
            {
                Assert.Equal(round.ToString(), client.Line());
            }
        }

        foreach (var client in clients)
        {
            client.Dispose();
        }

        server.Stop(TimeSpan.Zero);
        Eventually.Done(log);
    }

    [Theory, MemberData(nameof(All))]
    public void A_reply_is_released_though_the_log_moves_before_anybody_waits_for_it(TransportKind kind)
    {
        // The clock stands still, so that no tick makes up for a wake that is lost.
        using var server = new LineServer(kind, time: new ManualTime()) { HoldsReplies = true };
        using var client = new LineClient(server);
        for (int i = 0; i < 10; i++)
        {
            server.MovesWhenSeen = true;
            Assert.Equal($"{i}", client.Ask($"{i}"));
        }
    }

    [Fact]
    public void An_epoll_turn_flushes_once_for_all_connections_that_are_ready()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var server = new LineServer(TransportKind.Epoll, LineServer.Default(TransportKind.Epoll, loops: 1));
        var clients = Enumerable.Range(0, 50).Select(_ => new LineClient(server)).ToArray();
        foreach (var client in clients)
        {
            client.Ask("hello");
        }

        // While the first line holds up the loop, the others become ready together.
        long before = server.Turns;
        using (server.Evaluation.EnterScope())
        {
            foreach (var client in clients)
            {
                client.Send("line\n");
            }
        }

        foreach (var client in clients)
        {
            Assert.Equal("line", client.Line());
        }

        Assert.InRange(server.Turns - before, 1, 2);
        foreach (var client in clients)
        {
            client.Dispose();
        }
    }
}
