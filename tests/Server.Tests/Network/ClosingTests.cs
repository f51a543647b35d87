using System.Net.Sockets;
using RedisClone.Server.Network;
using Xunit;

namespace RedisClone.Server.Tests.Network;

public class ClosingTests
{
    public static TheoryData<TransportKind> All => Transports.All;

    [Theory, MemberData(nameof(All))]
    public void A_client_that_closes_is_forgotten(TransportKind kind)
    {
        using var server = new LineServer(kind);
        using (var client = new LineClient(server))
        {
            client.Ask("hello");
        }

        Eventually.True(() => server.Closed.Contains(CloseReason.ClientClosed));
        Eventually.True(() => server.Transport.Counters.Open == 0);
    }

    [Theory, MemberData(nameof(All))]
    public void What_was_sent_before_the_client_ended_its_side_is_answered(TransportKind kind)
    {
        using var server = new LineServer(kind);
        using var client = new LineClient(server, receiveBufferBytes: 4096);
        client.Send(string.Concat(Enumerable.Repeat("big 100000\n", 100)) + "last\n");
        client.Socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(10_000_000, client.Skip(10_000_000));
        Assert.Equal("last", client.Line());
        Assert.Null(client.Line());
        Eventually.True(() => server.Closed.Contains(CloseReason.ClientClosed));
    }

    [Theory, MemberData(nameof(All))]
    public void Closing_after_replies_delivers_them_and_carries_out_nothing_more(TransportKind kind)
    {
        using var server = new LineServer(kind);
        using var client = new LineClient(server, receiveBufferBytes: 4096);
        client.Send("big 9000000\nquit\nmore\n");
        Assert.Equal(9_000_000, client.Skip(9_000_000));
        Assert.Equal("bye", client.Line());
        Assert.Null(client.Line());
        Assert.Equal(2, server.Lines);
        Assert.Equal([CloseReason.Quit], server.Closed);
    }

    [Theory, MemberData(nameof(All))]
    public void The_last_reply_survives_input_that_nobody_reads(TransportKind kind)
    {
        using var server = new LineServer(kind);
        using var client = new LineClient(server);
        client.Send("quit\n");
        client.Send(new string('x', 3_000_000));
        Eventually.True(() => server.Closed.Contains(CloseReason.Quit));
        client.Send(new string('x', 3_000_000));
        Assert.Equal("bye", client.Line());
        Assert.Null(client.Line());
    }

    [Theory, MemberData(nameof(All))]
    public void A_peer_that_never_closes_is_not_waited_for_longer_than_the_bound(TransportKind kind)
    {
        var time = new ManualTime();
        using var server = new LineServer(kind, time: time);
        using var client = new LineClient(server);
        Assert.Equal("bye", client.Ask("quit"));
        Assert.Null(client.Line());
        Assert.Equal(1, server.Transport.Counters.Open);
        time.Advance(TimeSpan.FromMilliseconds(Connection.LingerMs));
        Eventually.True(() => server.Transport.Counters.Open == 0);
    }

    [Theory, MemberData(nameof(All))]
    public void A_peer_that_never_takes_its_last_replies_is_not_waited_for_longer_than_the_bound(TransportKind kind)
    {
        var time = new ManualTime();
        using var server = new LineServer(kind, time: time);
        using var client = new LineClient(server, receiveBufferBytes: 4096);
        client.Send("hello\nbig 20000000\nquit\n");
        Assert.Equal("hello", client.Line());
        var connection = server.Handlers.Single().Connection;
        Eventually.True(() => server.Lines == 3 && connection.OutputPendingBytes > 0);
        time.Advance(TimeSpan.FromMilliseconds(Connection.DrainMs));
        time.Advance(TimeSpan.FromMilliseconds(Connection.DrainMs));
        Eventually.True(() => server.Transport.Counters.Open == 0);
        Assert.Equal([CloseReason.Quit], server.Closed);
    }

    [Theory, MemberData(nameof(All))]
    public void A_connection_is_closed_from_another_thread_and_the_first_reason_wins(TransportKind kind)
    {
        using var server = new LineServer(kind);
        using var client = new LineClient(server);
        client.Ask("hello");
        var connection = server.Handlers.Single().Connection;
        connection.Close(CloseReason.Killed);
        connection.Close(CloseReason.Shutdown);
        Assert.Null(client.Line());
        Eventually.True(() => server.Transport.Counters.Open == 0);
        Assert.Equal([CloseReason.Killed], server.Closed);
        connection.Close(CloseReason.Killed);
        connection.Wake();
    }

    [Theory, MemberData(nameof(All))]
    public void A_reset_closes_the_connection(TransportKind kind)
    {
        using var server = new LineServer(kind);
        var client = new LineClient(server);
        client.Ask("hello");
        client.Reset();
        var reason = Transports.IsUnix(kind) ? CloseReason.ClientClosed : CloseReason.SocketError;
        Eventually.True(() => server.Closed.Contains(reason));
    }

    [Theory, MemberData(nameof(All))]
    public void A_reset_is_noticed_while_nothing_is_read(TransportKind kind)
    {
        var options = LineServer.Default(kind);
        options.OutputBytesMax = 1_000_000;
        using var server = new LineServer(kind, options);
        var client = new LineClient(server, receiveBufferBytes: 4096);
        client.Ask("hello");
        var connection = server.Handlers.Single().Connection;
        client.Send("big 20000000\n");
        Eventually.True(() => connection.OutputPendingBytes > options.OutputBytesMax);
        client.Reset();
        Eventually.True(() => server.Closed.Contains(CloseReason.SocketError));
    }

    [Fact]
    public void A_reset_is_noticed_by_epoll_while_nothing_is_read_or_sent()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var server = new LineServer(TransportKind.Epoll) { HoldsReplies = true };
        var client = new LineClient(server);
        client.Send("quit\n");
        Eventually.True(() => server.Written == 1);
        client.Reset();
        Eventually.True(() => server.Closed.Contains(CloseReason.Quit));
    }

    [Theory, MemberData(nameof(All))]
    public void A_connection_that_waits_for_the_log_can_be_closed(TransportKind kind)
    {
        using var server = new LineServer(kind) { HoldsReplies = true };
        using var client = new LineClient(server);
        client.Send("written\n");
        Eventually.True(() => server.Written == 1);
        server.Handlers.Single().Connection.Close(CloseReason.Killed);
        Assert.Null(client.Line());
        server.MakeDurable(1);
        using var other = new LineClient(server);
        server.HoldsReplies = false;
        Assert.Equal("hello", other.Ask("hello"));
    }

    [Theory, MemberData(nameof(All))]
    public void An_idle_client_is_disconnected_unless_its_handler_lets_it_idle(TransportKind kind)
    {
        var time = new ManualTime();
        using var server = new LineServer(kind, time: time);
        using var patient = new LineClient(server);
        patient.Ask("hello");
        server.Handlers.Single().MayStayIdle = true;
        using var idle = new LineClient(server);
        idle.Ask("hello");

        // The timeout is off by default and counts as soon as it is set.
        time.Advance(TimeSpan.FromHours(1));
        idle.Ask("still here");
        server.Options.TimeoutSeconds = 5;
        time.Advance(TimeSpan.FromSeconds(4));
        idle.Ask("and here");
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal("even here", idle.Ask("even here"));
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Null(idle.Line());
        Eventually.True(() => server.Closed.Contains(CloseReason.IdleTimeout));
        Assert.Equal("patient", patient.Ask("patient"));
    }
}
