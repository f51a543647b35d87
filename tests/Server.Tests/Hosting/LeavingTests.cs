using System.Globalization;
using System.Net.Sockets;
using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using Xunit;
using TransportKind = RedisClone.Server.Configuration.TransportKind;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>Clients that leave, are thrown out or talk nonsense, whatever they were in the midst of, leave nothing behind.</summary>
public sealed class LeavingTests
{
    private const int Racers = 6;
    private const int RoundsOfRace = 60;

    /// <summary>What a client has sent, and the end of the last reply to it; empty where there is none yet.</summary>
    private static readonly (string Sent, string End)[] States =
    [
        ("PING\r\n", "+PONG\r\n"),
        ("SUBSCRIBE a b\r\n", "b\r\n:2\r\n"),
        ("HELLO 3\r\nSUBSCRIBE a\r\n", "a\r\n:1\r\n"),
        ("PSUBSCRIBE * a*\r\n", "a*\r\n:2\r\n"),
        ("SSUBSCRIBE s\r\n", "s\r\n:1\r\n"),
        ("WATCH k\r\nMULTI\r\nSET k 1\r\n", "+QUEUED\r\n"),
        ("MULTI\r\nNOSUCH\r\nEXEC\r\nMULTI\r\nSUBSCRIBE a\r\n", "+QUEUED\r\n"),
        ("CLIENT TRACKING ON\r\nGET k\r\n", "$-1\r\n"),
        ("HELLO 3\r\nCLIENT TRACKING ON BCAST PREFIX a PREFIX b\r\n", "+OK\r\n"),
        ("CLIENT NO-EVICT ON\r\nCLIENT REPLY OFF\r\nCLIENT REPLY ON\r\n", "+OK\r\n+OK\r\n"),
        ("PING\r\n*3\r\n$3\r\nSET\r\n$1\r\n", "+PONG\r\n"),
        ("BLPOP q r 0\r\nPING\r\n", ""),
        ("XREAD BLOCK 0 STREAMS x $\r\n", ""),
        ("CLIENT TRACKING ON\r\nMULTI\r\nBLPOP q 0\r\nEXEC\r\nBLMOVE q r LEFT LEFT 0\r\n", "*1\r\n*-1\r\n"),
    ];

    public static TheoryData<TransportKind> All =>
        OperatingSystem.IsLinux() ? [TransportKind.Epoll, TransportKind.Sockets] : [TransportKind.Sockets];

    [Theory]
    [MemberData(nameof(All))]
    public void Whoever_ends_in_whatever_state_leaves_nothing_behind(TransportKind transport)
    {
        using var server = new TestServer(options => options.Transport = transport);
        using IScriptConnection admin = server.Connect();
        Action<RawClient>[] endings =
        [
            client => client.Dispose(),
            Reset,
            client => client.Socket.Shutdown(SocketShutdown.Send),
            client => client.Send("\r\nQUIT\r\n"),
            client => client.Send("\r\nRESET\r\nQUIT\r\n"),
            client => client.Send("*1\r\n$x\r\n"),
            client => client.Send("*1\r\n$4\r\nPING*9"),
            _ => admin.Call("CLIENT", "KILL", "SKIPME", "yes"),
        ];
        foreach ((string sent, string end) in States)
        {
            foreach (Action<RawClient> leave in endings)
            {
                using (RawClient client = server.ConnectRaw())
                {
                    client.Send(sent);
                    string got = "";
                    while (!got.EndsWith(end, StringComparison.Ordinal) || got.Length == 0)
                    {
                        if (end.Length == 0)
                        {
                            Eventually.True(() => Field(admin, "blocked_clients") == 1);
                            break;
                        }

                        got += client.Read(1);
                    }

                    leave(client);
                }

                Eventually.True(() => IsAlone(admin), $"state {sent} leaves something behind");
            }
        }

        admin.Call("CLIENT", "PAUSE", "1000000", "ALL");
        foreach (Action<RawClient> leave in endings[..^1])
        {
            using RawClient client = server.ConnectRaw();
            client.Send("PING\r\nSET held 1\r\n");
            leave(client);
        }

        server.Time.Advance(TimeSpan.FromSeconds(2_000));
        Eventually.True(() => IsAlone(admin));
        Assert.Equal("0", admin.Call("EXISTS", "q", "r", "x", "k").Text);
    }

    [Fact]
    public void A_reset_in_whatever_state_makes_the_connection_new()
    {
        using var server = new TestServer();
        using IScriptConnection admin = server.Connect();
        foreach ((string sent, string end) in States.Where(state => IsAtItsTurn(state.Sent)))
        {
            using RawClient client = server.ConnectRaw();
            client.Send(sent + "RESET\r\nPING\r\nCLIENT TRACKINGINFO\r\nEXEC\r\nSUBSCRIBE done\r\n");
            string got = "";
            while (!got.EndsWith("done\r\n:1\r\n", StringComparison.Ordinal))
            {
                got += client.Read(1);
            }

            Assert.Contains($"{end}+RESET\r\n+PONG\r\n*6\r\n$5\r\nflags\r\n*1\r\n$3\r\noff\r\n", got, StringComparison.Ordinal);
            Assert.Contains("-ERR EXEC without MULTI\r\n*3\r\n$9\r\nsubscribe\r\n", got, StringComparison.Ordinal);
            client.Dispose();
            Eventually.True(() => IsAlone(admin), sent);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Killing_unblocking_pausing_and_pushing_at_once_loses_nothing(TransportKind transport)
    {
        using var server = new TestServer(options =>
        {
            options.Transport = transport;
            options.AppendOnly = true;
        });
        Task[] racers = [.. Enumerable.Range(0, Racers).Select(racer => Task.Run(() => Race(server, racer)))];
        Eventually.Done(Task.WhenAll(racers));
        using (IScriptConnection admin = server.Connect())
        {
            Assert.Equal("OK", admin.Call("CLIENT", "UNPAUSE").Text);
            Eventually.True(() => IsAlone(admin));
            int left = int.Parse(admin.Call("LLEN", "q").Text, CultureInfo.InvariantCulture);
            int taken = int.Parse(admin.Call("LLEN", "taken").Text, CultureInfo.InvariantCulture);
            Assert.Equal(admin.Call("GET", "pushed").Text, $"{left + taken}");
        }

        string digest = server.Digest();
        server.Restart();
        Assert.Equal(digest, server.Digest());
    }

    /// <summary>Whether what follows is carried out: the client neither waits nor is in the midst of a command.</summary>
    private static bool IsAtItsTurn(string sent) => !sent.Contains(" 0\r\n", StringComparison.Ordinal)
        && !sent.Contains("BLOCK", StringComparison.Ordinal)
        && !sent.Contains("$3", StringComparison.Ordinal);

    private static void Race(TestServer server, int racer)
    {
        var random = new Random(racer);
        using IScriptConnection actor = server.Connect();
        actor.Call("CLIENT", "SETNAME", "actor");
        for (int round = 0; round < RoundsOfRace; round++)
        {
            using RawClient victim = server.ConnectRaw();
            victim.Send("CLIENT ID\r\n");
            string id = victim.Read(1) + ReadLine(victim);
            victim.Send("BLMOVE q taken LEFT RIGHT 0\r\n");
            switch (random.Next(5))
            {
                case 0:
                    actor.Call("CLIENT", "UNBLOCK", id[1..], "ERROR");
                    break;
                case 1:
                    actor.Call("CLIENT", "KILL", "ID", id[1..]);
                    break;
                case 2:
                    actor.Call("CLIENT", "PAUSE", "100000", "WRITE");
                    actor.Call("CLIENT", "UNPAUSE");
                    break;
                case 3:
                    Reset(victim);
                    break;
                default:
                    break;
            }

            // Another one's pause may hold this back; that one ends it.
            actor.Call("MULTI");
            actor.Call("RPUSH", "q", $"{racer}.{round}");
            actor.Call("INCR", "pushed");
            actor.Call("EXEC");
        }
    }

    private static string ReadLine(RawClient client)
    {
        string line = "";
        while (!line.EndsWith("\r\n", StringComparison.Ordinal))
        {
            line += client.Read(1);
        }

        return line[..^2];
    }

    private static void Reset(RawClient client)
    {
        client.Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        client.Dispose();
    }

    private static bool IsAlone(IScriptConnection admin) =>
        ((string[])["blocked_clients", "pubsub_clients", "pubsub_channels", "pubsub_patterns", "tracking_clients", "tracking_total_prefixes"])
            .All(field => Field(admin, field) == 0)
        && Field(admin, "connected_clients") == 1;

    private static long Field(IScriptConnection client, string name) =>
        long.Parse(client.Call("INFO", "everything").Text.Split("\r\n")
            .Single(line => line.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 1)..], CultureInfo.InvariantCulture);
}
