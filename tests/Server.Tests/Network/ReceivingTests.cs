using System.Text;
using RedisClone.Server.Network;
using Xunit;

namespace RedisClone.Server.Tests.Network;

public class ReceivingTests
{
    public static TheoryData<TransportKind> All => Transports.All;

    [Theory, MemberData(nameof(All))]
    public void A_line_is_answered(TransportKind kind)
    {
        using var server = new LineServer(kind);
        using var client = new LineClient(server);
        Assert.Equal("hello", client.Ask("hello"));
        Assert.Equal("again", client.Ask("again"));
    }

    [Theory, MemberData(nameof(All))]
    public void Bytes_that_come_one_at_a_time_make_commands(TransportKind kind)
    {
        using var server = new LineServer(kind);
        using var client = new LineClient(server);
        foreach (char one in "first\nsecond\n")
        {
            client.Send(one.ToString());
        }

        Assert.Equal("first", client.Line());
        Assert.Equal("second", client.Line());
    }

    [Theory, MemberData(nameof(All))]
    public void A_long_pipeline_is_answered_whole_and_in_order(TransportKind kind)
    {
        const int lines = 200_000;
        using var server = new LineServer(kind);
        using var client = new LineClient(server);
        var sending = Background.Run(() =>
        {
            var text = new StringBuilder();
            for (int i = 0; i < lines; i++)
            {
                text.Append("line ").Append(i).Append('\n');
            }

            client.Send(text.ToString());
        });
        for (int i = 0; i < lines; i++)
        {
            Assert.Equal($"line {i}", client.Line());
        }

        Eventually.Done(sending);
    }

    [Theory, MemberData(nameof(All))]
    public void A_command_longer_than_any_buffer_arrives_whole_and_its_buffer_is_given_back(TransportKind kind)
    {
        using var server = new LineServer(kind);
        using var client = new LineClient(server);
        client.Ask("hello");
        var handler = server.Handlers.Single();
        string text = new('y', 3_000_000);
        client.Send(text);
        Eventually.True(() => handler.Connection.InputPendingBytes == text.Length);
        client.Send("\n");
        Assert.Equal(text.Length + 1, client.Skip(text.Length + 1));
        Assert.Equal("after", client.Ask("after"));
        Assert.Equal(0, handler.Connection.InputPendingBytes);
    }

    [Theory, MemberData(nameof(All))]
    public void Replies_of_a_small_pipeline_do_not_grow_without_bound(TransportKind kind)
    {
        // A thousand short commands ask for 200 MB; the bound lets the server hold a hundredth of it.
        const int replyBytes = 200_000;
        var options = LineServer.Default(kind);
        options.OutputBytesMax = 1_000_000;
        using var server = new LineServer(kind, options);
        using var client = new LineClient(server);
        client.Ask("hello");
        var connection = server.Handlers.Single().Connection;
        client.Send(string.Concat(Enumerable.Repeat($"big {replyBytes}\n", 1000)));
        Eventually.True(() => connection.OutputPendingBytes > options.OutputBytesMax);
        long largest = 0;
        for (int i = 0; i < 1000; i++)
        {
            largest = Math.Max(largest, connection.OutputPendingBytes);
            Assert.Equal(replyBytes, client.Skip(replyBytes));
        }

        Assert.InRange(largest, 1, options.OutputBytesMax + NetworkLimits.OutputBytesPerReceive + replyBytes);
        Assert.Equal("after", client.Ask("after"));
    }

    [Theory, MemberData(nameof(All))]
    public void Input_beyond_its_bound_closes_the_connection(TransportKind kind)
    {
        var options = LineServer.Default(kind);
        options.InputBytesMax = 100_000;
        using var server = new LineServer(kind, options);
        using var client = new LineClient(server);
        client.Send(new string('y', 100_001));
        Eventually.True(() => server.Closed.Contains(CloseReason.InputLimit));
    }

    [Theory, MemberData(nameof(All))]
    public void A_blocked_connection_goes_on_when_it_is_woken(TransportKind kind)
    {
        using var server = new LineServer(kind);
        using var client = new LineClient(server);
        client.Send("before\nblock\nafter\n");
        Assert.Equal("before", client.Line());
        var handler = server.Handlers.Single();
        Eventually.True(() => handler.IsBlocked);
        handler.Unblock("unblocked");
        Assert.Equal("unblocked", client.Line());
        Assert.Equal("after", client.Line());
    }

    [Theory, MemberData(nameof(All))]
    public void Several_connections_do_not_mix(TransportKind kind)
    {
        using var server = new LineServer(kind);
        var clients = Enumerable.Range(0, 50).Select(_ => new LineClient(server)).ToArray();
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < clients.Length; i++)
            {
                clients[i].Send($"{i} {round}\n");
            }

            for (int i = 0; i < clients.Length; i++)
            {
                Assert.Equal($"{i} {round}", clients[i].Line());
            }
        }

        Assert.Equal(50, server.Transport.Counters.Open);
        foreach (var client in clients)
        {
            client.Dispose();
        }
    }
}
