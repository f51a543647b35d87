using System.Net;
using System.Net.Sockets;
using RedisClone.Server.Network;
using RedisClone.Server.Network.Linux;
using Xunit;

namespace RedisClone.Server.Tests.Network;

public class LifecycleTests
{
    public static TheoryData<TransportKind> All => Transports.All;

    [Theory, MemberData(nameof(All))]
    public void Any_port_is_the_same_on_every_address_and_is_told(TransportKind kind)
    {
        var options = With(kind, ["127.0.0.1", "127.0.0.2", "-::1"]);
        using var server = new LineServer(kind, options);
        foreach (string address in new[] { "127.0.0.1", "127.0.0.2" })
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(IPAddress.Parse(address), server.Transport.Port);
            Eventually.True(() => server.Handlers.Any(handler =>
                ((IPEndPoint)handler.Connection.LocalEndPoint!).Address.ToString() == address
                && handler.Connection.RemoteEndPoint!.Equals(socket.LocalEndPoint)));
        }
    }

    [Theory, MemberData(nameof(All))]
    public void Both_families_can_be_bound_to_every_address(TransportKind kind)
    {
        using var server = new LineServer(kind, With(kind, ["*", "-::*"]));
        using var client = new LineClient(server);
        Assert.Equal("hello", client.Ask("hello"));
        if (!Socket.OSSupportsIPv6)
        {
            return;
        }

        using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPAddress.IPv6Loopback, server.Transport.Port);
        Eventually.True(() => server.Handlers.Any(handler =>
            handler.Connection.RemoteEndPoint is IPEndPoint { AddressFamily: AddressFamily.InterNetworkV6 }));
    }

    [Theory, MemberData(nameof(All))]
    public void An_address_that_this_machine_lacks_is_an_error_unless_it_is_optional(TransportKind kind)
    {
        using var server = new LineServer(kind, With(kind, ["127.0.0.1", "-192.0.2.1"]));
        var failure = Assert.Throws<IOException>(() => new LineServer(kind, With(kind, ["127.0.0.1", "192.0.2.1"])));
        Assert.Contains("192.0.2.1", failure.Message);
    }

    [Theory, MemberData(nameof(All))]
    public void A_port_that_is_taken_is_an_error(TransportKind kind)
    {
        using var server = new LineServer(kind);
        var options = new TransportOptions
        {
            Bind = ["127.0.0.1"],
            Port = server.Transport.Port,
            PortableSockets = Transports.IsPortable(kind),
        };
        Assert.Throws<IOException>(() => new LineServer(kind, options));
    }

    [Theory, MemberData(nameof(All))]
    public void A_client_too_many_is_told_so_and_closed(TransportKind kind)
    {
        using var server = new LineServer(kind) { ConnectionsMax = 1 };
        using var first = new LineClient(server);
        first.Ask("hello");
        using (var second = new LineClient(server))
        {
            second.Send("hello\n");
            Assert.Equal("-ERR max number of clients reached\r", second.Line());
            Assert.Null(second.Line());
        }

        Assert.Equal("again", first.Ask("again"));
        Eventually.True(() => server.Transport.Counters is { Open: 1, Accepted: 1, Refused: 1 });
        Assert.Empty(server.Closed);
    }

    [Theory, MemberData(nameof(All))]
    public void A_thousand_connections_leave_nothing_behind(TransportKind kind)
    {
        using var server = new LineServer(kind);
        for (int batch = 0; batch < 20; batch++)
        {
            var clients = Enumerable.Range(0, 50).Select(_ => new LineClient(server)).ToArray();
            for (int i = 0; i < clients.Length; i++)
            {
                clients[i].Send($"{i}\nhalf a line");
            }

            for (int i = 0; i < clients.Length; i++)
            {
                Assert.Equal($"{i}", clients[i].Line());
                if (i % 3 == 0)
                {
                    clients[i].Reset();
                }
                else
                {
                    clients[i].Dispose();
                }
            }
        }

        Eventually.True(() => server.Transport.Counters.Open == 0);
        Assert.Empty(server.Handlers);

        // A Unix socket knows no reset.
        int resets = Transports.IsUnix(kind) ? 0 : 20 * 17;
        Assert.Equal(resets, server.Closed.Count(reason => reason == CloseReason.SocketError));
        Assert.Equal(1000 - resets, server.Closed.Count(reason => reason == CloseReason.ClientClosed));
        Assert.Equal(1000, server.Transport.Counters.Accepted);
        long bytesIn = Enumerable.Range(0, 50).Sum(i => $"{i}\nhalf a line".Length) * 20;
        long bytesOut = Enumerable.Range(0, 50).Sum(i => $"{i}\n".Length) * 20;
        Assert.Equal((bytesIn, bytesOut), (server.Transport.Counters.BytesIn, server.Transport.Counters.BytesOut));
    }

    [Theory, MemberData(nameof(All))]
    public void Stopping_loses_no_reply_of_what_was_carried_out(TransportKind kind)
    {
        using var server = new LineServer(kind);
        var clients = Enumerable.Range(0, 10).Select(_ => new LineClient(server)).ToArray();
        var readers = clients.Select(client => Background.Run(() => AskWithoutEnd(client))).ToArray();
        Eventually.True(() => server.Lines > 50_000);
        server.Stop(Eventually.Bound);
        Eventually.Done(Task.WhenAll(readers));
        Assert.Equal(server.Lines, readers.Sum(reader => reader.Result));
        Assert.Equal(Enumerable.Repeat(CloseReason.Shutdown, 10), server.Closed);
        Assert.Throws<SocketException>(() => new LineClient(server));
    }

    [Theory, MemberData(nameof(All))]
    public void Stopping_waits_for_the_log(TransportKind kind)
    {
        using var server = new LineServer(kind) { HoldsReplies = true };
        using var client = new LineClient(server);
        client.Send("written\n");
        Eventually.True(() => server.Written == 1);
        var stopping = Background.Run(() => server.Stop(Eventually.Bound));
        Eventually.True(() => Refuses(server.Transport.Port));
        server.MakeDurable(server.Written);
        Assert.Equal("written", client.Line());
        Assert.Null(client.Line());
        client.Dispose();
        Eventually.Done(stopping);
    }

    [Theory, MemberData(nameof(All))]
    public void Stopping_does_not_wait_for_a_client_that_takes_no_replies_longer_than_the_bound(TransportKind kind)
    {
        var time = new ManualTime();
        using var server = new LineServer(kind, time: time);
        using var client = new LineClient(server, receiveBufferBytes: 4096);
        client.Ask("hello");
        var connection = server.Handlers.Single().Connection;
        client.Send("big 20000000\n");
        Eventually.True(() => connection.OutputPendingBytes > 0);
        var stopping = Background.Run(() => server.Stop(TimeSpan.FromSeconds(3)));
        Eventually.True(() => Refuses(server.Transport.Port));
        Assert.False(stopping.IsCompleted);
        Eventually.True(() =>
        {
            time.Advance(TimeSpan.FromSeconds(3));
            return stopping.IsCompleted;
        });
        Assert.Contains(CloseReason.Shutdown, server.Closed);
    }

    [Theory, MemberData(nameof(All))]
    public void Stopping_does_not_wait_for_the_log_longer_than_the_bound(TransportKind kind)
    {
        var time = new ManualTime();
        using var server = new LineServer(kind, time: time) { HoldsReplies = true };
        using var client = new LineClient(server);
        client.Send("written\n");
        Eventually.True(() => server.Written == 1);
        var stopping = Background.Run(() => server.Stop(TimeSpan.FromSeconds(3)));
        Eventually.True(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return stopping.IsCompleted;
        });
        Assert.False(client.HasInput);
        Assert.Equal([CloseReason.Shutdown], server.Closed);
    }

    [Theory, MemberData(nameof(All))]
    public void Stopping_does_not_wait_for_idle_clients(TransportKind kind)
    {
        using var server = new LineServer(kind, time: new ManualTime());
        using var client = new LineClient(server);
        client.Ask("hello");
        int handle = server.Handlers.Single().Connection.Handle;
        Eventually.True(() => !OperatingSystem.IsLinux() || Native.IsAllAcknowledged(handle));
        Eventually.Done(Background.Run(() => server.Stop(Eventually.Bound)));
        Assert.Null(client.Line());
    }

    [Fact]
    public void An_epoll_turn_allocates_nothing_once_it_is_warm()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var server = new LineServer(TransportKind.Epoll, LineServer.Default(TransportKind.Epoll, loops: 1));
        using var client = new LineClient(server);
        long allocated = long.MaxValue;

        // A collection that another test causes counts the rest of a thread's room as allocated.
        for (int round = 0; round < 20 && allocated > 0; round++)
        {
            long before = server.AllocatedBytes;
            for (int i = 0; i < 200; i++)
            {
                client.Ask("hello");
            }

            allocated = server.AllocatedBytes - before;
        }

        Assert.Equal(0, allocated);
    }

    private static TransportOptions With(TransportKind kind, string[] bind) =>
        Transports.Options(kind, loops: 0, bind);

    private static bool Refuses(int port)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(IPAddress.Loopback, port);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>Sends lines until the server ends; tells how many answers came.</summary>
    private static int AskWithoutEnd(LineClient client)
    {
        byte[] lines = [.. Enumerable.Repeat("line\n"u8.ToArray(), 100).SelectMany(line => line)];
        var sending = Background.Run(() =>
        {
            try
            {
                while (true)
                {
                    client.Send(lines);
                }
            }
            catch (SocketException)
            {
                // The server is gone.
            }
            catch (ObjectDisposedException)
            {
                // The reader below has seen its end.
            }
        });
        int answers = 0;
        try
        {
            while (client.Line() is { } answer)
            {
                Assert.Equal("line", answer);
                answers++;
            }
        }
        catch (SocketException failure) when (failure.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Who sends to a server that has gone is told so; what it had answered has been read by now.
        }

        client.Dispose();
        Eventually.Done(sending);
        return answers;
    }
}
