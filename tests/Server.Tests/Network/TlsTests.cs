using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RedisClone.Server.Network;
using RedisClone.Server.Tests.Hosting;
using Xunit;

namespace RedisClone.Server.Tests.Network;

/// <summary>What strangers can do to the TLS port. That TLS carries what TCP carries is in the other tests.</summary>
public class TlsTests
{
    public static TheoryData<TransportKind> All => OperatingSystem.IsLinux()
        ? [TransportKind.EpollTls, TransportKind.SocketsTls]
        : [TransportKind.SocketsTls];

    [Theory, MemberData(nameof(All))]
    public void Garbage_costs_its_sender_the_connection_and_the_log_has_the_reason(TransportKind kind)
    {
        using var server = new LineServer(kind);
        using var client = new LineClient(server);
        client.Ask("before");
        var random = new Random(1);
        string[] sent = ["PING\r\n", "*1\r\n$4\r\nPING\r\n", "GET / HTTP/1.1\r\n\r\n", "\u0016\u0003\u0001\u0000\u0005abcde"];
        foreach (string text in sent)
        {
            using var stranger = Connect(server);
            stranger.Send(System.Text.Encoding.Latin1.GetBytes(text));
            AssertEnds(stranger);
        }

        for (int i = 0; i < 50; i++)
        {
            byte[] bytes = new byte[random.Next(6, 3000)];
            random.NextBytes(bytes);

            // Half of them look like a handshake at first.
            if (i % 2 == 0)
            {
                bytes[0] = 22;
                bytes[1] = 3;
                bytes[2] = 1;
                bytes[3] = 0;
                bytes[4] = 1;
            }

            using var stranger = Connect(server);
            stranger.Send(bytes);
            stranger.Shutdown(SocketShutdown.Send);
            AssertEnds(stranger);
        }

        Assert.Equal("after", client.Ask("after"));
        Assert.Single(server.Handlers);
        Eventually.True(() => server.Transport.Counters.Open == 1);
        Assert.Equal(54, server.Transport.Counters.Refused);
        Assert.Contains(server.Log.Lines, line => line.Contains("The TLS handshake with 127.0.0.1:", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(All))]
    public void A_handshake_that_does_not_get_on_is_given_up(TransportKind kind)
    {
        var time = new ManualTime();
        using var server = new LineServer(kind, time: time);
        using var silent = Connect(server);
        using var half = Connect(server);
        half.Send([22, 3, 1, 2, 0, 1]);
        Eventually.True(() => server.Transport.Counters.Open == 2);
        using var client = new LineClient(server);
        Assert.Equal("meanwhile", client.Ask("meanwhile"));

        time.Advance(TimeSpan.FromMilliseconds(Connection.HandshakeMs - 1000));
        Assert.Equal("still", client.Ask("still"));
        Assert.Equal(3, server.Transport.Counters.Open);
        time.Advance(TimeSpan.FromSeconds(2));
        AssertEnds(silent);
        AssertEnds(half);
        Eventually.True(() => server.Transport.Counters.Open == 1);
        Assert.Equal("after", client.Ask("after"));
        Assert.Equal(2, server.Log.Lines.Count(line => line.Contains("it takes too long", StringComparison.Ordinal)));
    }

    [Theory, MemberData(nameof(All))]
    public void Handshakes_are_bounded_in_number(TransportKind kind)
    {
        var options = LineServer.Default(kind);
        options.HandshakesMax = 2;
        using var server = new LineServer(kind, options);
        using var client = new LineClient(server);
        using var first = Connect(server);
        using var second = Connect(server);
        Eventually.True(() => server.Transport.Counters.Open == 3);
        using var third = Connect(server);
        AssertEnds(third);
        Assert.Equal("still", client.Ask("still"));
        first.Dispose();
        Eventually.True(() => server.Transport.Counters.Open == 2);
        using var next = new LineClient(server);
        Assert.Equal("next", next.Ask("next"));
    }

    [Theory, MemberData(nameof(All))]
    public void Stopping_does_not_wait_for_handshakes(TransportKind kind)
    {
        using var server = new LineServer(kind, time: new ManualTime());
        using var silent = Connect(server);
        Eventually.True(() => server.Transport.Counters.Open == 1);
        Eventually.Done(Background.Run(() => server.Stop(Eventually.Bound)));
        AssertEnds(silent);
    }

    private static Socket Connect(LineServer server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveTimeout = (int)Eventually.Bound.TotalMilliseconds,
        };
        socket.Connect(IPAddress.Loopback, server.Transport.TlsPort);
        return socket;
    }

    /// <summary>Reads what TLS may have to say, up to the end, be it a reset.</summary>
    private static void AssertEnds(Socket socket)
    {
        byte[] buffer = new byte[4096];
        try
        {
            while (socket.Receive(buffer) > 0)
            {
                Assert.NotEqual((byte)'P', buffer[0]);
            }
        }
        catch (SocketException failure)
        {
            Assert.Equal(SocketError.ConnectionReset, failure.SocketErrorCode);
        }
    }
}
