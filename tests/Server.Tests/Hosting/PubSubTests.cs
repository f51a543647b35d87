using System.Net;
using System.Text;
using RedisClone.Protocol;
using RedisClone.Server.Configuration;
using RedisClone.Server.Network;
using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Persistence;
using RedisClone.Server.Tests.Scripts;
using RedisClone.Server.Tests.Support;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>Subscribers that do not read, that say nothing and that go away; messages and the log.</summary>
public sealed class PubSubTests
{
    private const int MessageBytes = 100_000;

    private static readonly OutputBufferLimit None = new(0, 0, 0);

    [Fact]
    public void A_subscriber_that_does_not_read_is_disconnected_at_the_hard_limit_and_nobody_else()
    {
        using var server = new TestServer(o => o.ClientOutputBufferLimits = Limits(new OutputBufferLimit(1 << 20, 0, 0)));
        using RawClient stuck = Subscribe(server);
        using IScriptConnection reader = server.Connect();
        reader.Call("SUBSCRIBE", "other");
        Assert.True(PublishUntilGone(server) < 500);
        Eventually.True(() => server.Info("pubsub_clients") == "1");
        Assert.Contains(server.Log.Lines, line => line.Contains("client-output-buffer-limit", StringComparison.Ordinal));
        Assert.Equal("1", server.Connect().Call("PUBLISH", "other", "still there").Text);
        Assert.Equal("message", reader.Receive()!.Items[0].Text);
    }

    [Fact]
    public void A_subscriber_may_be_behind_the_soft_limit_for_so_many_seconds()
    {
        using var server = new TestServer(o => o.ClientOutputBufferLimits = Limits(new OutputBufferLimit(0, 1 << 20, 10)));
        using RawClient stuck = Subscribe(server);
        using IScriptConnection publisher = server.Connect();
        string message = new('m', MessageBytes);
        Eventually.True(() => publisher.Call("PUBLISH", "news", message).Text == "1" && Unread(publisher) > 1 << 20);
        for (int second = 0; second < 10; second++)
        {
            server.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal("1", publisher.Call("PUBSUB", "NUMSUB", "news").Items[1].Text);
        }

        Eventually.True(() =>
        {
            server.Time.Advance(TimeSpan.FromSeconds(1));
            return server.Info("pubsub_clients") == "0";
        });
    }

    [Fact]
    public void A_client_that_only_listens_is_not_idle()
    {
        using var server = new TestServer(o => o.TimeoutSeconds = 5);
        using IScriptConnection listening = server.Connect();
        using IScriptConnection idle = server.Connect();
        listening.Call("SUBSCRIBE", "news");
        idle.Call("PING");
        for (int second = 0; second < 20; second++)
        {
            server.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Null(idle.Receive());
        Assert.Equal("1", server.Connect().Call("PUBLISH", "news", "hi").Text);
        Assert.Equal("hi", listening.Receive()!.Items[2].Text);
    }

    [Fact]
    public void A_message_of_a_turn_that_wrote_does_not_leave_before_the_log_has_what_was_written()
    {
        var disk = new SimulatedDisk();
        IServerCore? core = null;
        var options = new ServerOptions { Port = 0, AppendFsync = FsyncPolicy.Always };
        var server = new Server.Hosting.RedisCloneServer(options, new FakeTime(), 1, new LineLog(), disk)
        {
            MakeTransport = made => new MemoryTransport(core = made),
        };
        server.Start();
        var output = new RespWriter(1024);
        IConnectionHandler subscriber = core!.Accept(new NoConnection(), output)!;
        IConnectionHandler publisher = core.Accept(new NoConnection(), output)!;
        Receive(subscriber, "SUBSCRIBE news\r\n", output);
        core.Flush();

        // The disk fails under what the publisher wrote, before the subscriber's loop, another thread, takes the message.
        disk.Fault = (call, _) => call == DiskCall.Write ? new IOException("No space left on device") : null;
        Receive(publisher, "SET k v\r\nPUBLISH news 1\r\n", output);
        core.Flush();
        Assert.True(TicketOfMessage(core, subscriber, "1") > core.DurablePosition);

        // What has nothing to do with a write need not wait.
        Receive(publisher, "PUBLISH news 2\r\n", output);
        core.Flush();
        Assert.Equal(0, TicketOfMessage(core, subscriber, "2"));
        disk.Fault = null;
        Eventually.Done(server.StopAsync());
    }

    private static OutputBufferLimits Limits(OutputBufferLimit pubSub) => new(None, None, pubSub);

    private static RawClient Subscribe(TestServer server)
    {
        RawClient client = server.ConnectRaw(receiveBufferBytes: 4096);
        client.Ask("SUBSCRIBE news\r\n", "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n".Length);
        return client;
    }

    private static int PublishUntilGone(TestServer server)
    {
        using IScriptConnection publisher = server.Connect();
        string message = new('m', MessageBytes);
        int sent = 0;
        Eventually.True(() => publisher.Call("PUBLISH", "news", message).Text == "0" || ++sent >= 500);
        return sent;
    }

    private static long Unread(IScriptConnection client)
    {
        string line = client.Call("CLIENT", "LIST", "TYPE", "PUBSUB").Text;
        int start = line.IndexOf("omem=", StringComparison.Ordinal) + "omem=".Length;
        return long.Parse(line.AsSpan(start, line.IndexOf(' ', start) - start), provider: null);
    }

    private static void Receive(IConnectionHandler handler, string commands, RespWriter output)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(commands);
        Assert.Equal(bytes.Length, handler.Receive(bytes, 0, bytes.Length, output));
    }

    /// <summary>The log position that a message waits for.</summary>
    private static long TicketOfMessage(IServerCore core, IConnectionHandler subscriber, string message)
    {
        long ticket = 0;
        var output = new RespWriter(1024);
        var loop = new Thread(() =>
        {
            subscriber.Woken(output);
            ticket = core.Flush();
        });
        loop.Start();
        Assert.True(loop.Join(Eventually.Bound));
        Assert.EndsWith($"\r\n{message}\r\n", Encoding.Latin1.GetString(output.Written), StringComparison.Ordinal);
        return ticket;
    }

    private sealed class NoConnection : IConnection
    {
        public EndPoint? RemoteEndPoint => null;

        public EndPoint? LocalEndPoint => null;

        public int Handle => -1;

        public long OutputPendingBytes => 0;

        public long InputPendingBytes => 0;

        public void Wake()
        {
        }

        public void Close(CloseReason reason)
        {
        }
    }
}
