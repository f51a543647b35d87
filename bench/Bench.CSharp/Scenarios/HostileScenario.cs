using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using RedisClone.Bench.Load;
using RedisClone.Bench.Measure;
using RedisClone.Bench.Report;
using RedisClone.Bench.Servers;

namespace RedisClone.Bench.Scenarios;

/// <summary>
/// What one steady client notices while others misbehave. All belong to one thread, as in <see cref="StallsScenario"/>: a
/// step of the misbehaviour is sent first, the GET right behind it.
/// </summary>
internal sealed class HostileScenario : IScenario
{
    private const long Keys = 100_000;
    private const long Steps = 2_000;
    private const int RoundsMax = 3;
    private const int SlowReaders = 20;
    private const int FloodConnects = 5;
    private const int PipelineCommands = 500;
    private const int MessageBytes = 16 * 1024;
    private const int SmallReceiveBytes = 4096;

    private static readonly string BigValue = new('x', 256 * 1024);

    private static readonly (string Name, Func<ServerProcess, Attack> Begin)[] Attacks =
    [
        ("none", _ => new Attack()),
        ("slow readers", server => new SlowReading(server)),
        ("connection flood", server => new Flood(server)),
        ("big pipelines", server => new BigPipelines(server)),
        ("stuck subscribers", server => new StuckSubscribers(server)),
    ];

    public string Name => "hostile";

    public string Title => "Hostile clients";

    public string Run(Session session)
    {
        var steps = session.Options.Size(Steps);
        var table = new Table(2, "attack", "server", "p99", "longest");
        foreach (var (name, begin) in Attacks)
        {
            foreach (var subject in session.Subjects)
            {
                var (p99, most) = (new Series(), new Series());
                for (var round = 0; round < session.Options.Rounds(RoundsMax); round++)
                {
                    session.Say($"  {name}, round {round + 1}, {subject.Name}");
                    var latencies = Suffer(session, subject, steps, begin);
                    p99.Add(latencies.Percentile(0.99));
                    most.Add(latencies.MostSeconds);
                }

                table.Row(name, subject.Name, Figures.Spread(p99, 1e6), Figures.Spread(most, 1e3));
            }
        }

        return $"""
            One client sends GET, one at a time, {steps:N0} times, on {session.Options.Size(Keys):N0} keys; before each, others do a step of
            something unkind. Slow readers: one of {SlowReaders} asks for a value of 256 KiB and does not read it. Connection flood: {FloodConnects}
            connections are made and reset. Big pipelines: {PipelineCommands} commands at once. Stuck subscribers: a message of 16 KiB to
            {SlowReaders} subscribers that do not read. Medians and ranges of the rounds; p99 in microseconds, the longest in milliseconds.

            {table}
            """;
    }

    private static Latencies Suffer(Session session, Subject subject, long steps, Func<ServerProcess, Attack> begin)
    {
        var keys = session.Options.Size(Keys);
        var server = session.Servers.Start(subject);
        using var steady = new SteadyClient(server.Connect());
        using (var loader = server.Connect())
        {
            Loader.Load(loader, keys, Workload.SetKey);
            loader.Ask("SET", "big", BigValue);
        }

        using (var attack = begin(server))
        {
            for (var step = 0L; step < steps; step++)
            {
                attack.Step();
                steady.Get(keys);
                attack.After();
            }
        }

        session.Servers.Stop(server);
        return steady.TakeLatencies();
    }

    /// <summary>Does nothing: what the others are compared with.</summary>
    private class Attack : IDisposable
    {
        private readonly List<Socket> _sockets = [];
        private int _next;

        /// <summary>Sends something, and waits for nothing.</summary>
        public virtual void Step()
        {
        }

        /// <summary>Reads what has to be read before the next step.</summary>
        public virtual void After()
        {
        }

        public virtual void Dispose() => _sockets.ForEach(socket => socket.Dispose());

        protected static Socket Open(ServerProcess server)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
            {
                ReceiveBufferSize = SmallReceiveBytes,
            };
            socket.Connect(IPAddress.Loopback, server.Port);
            return socket;
        }

        /// <summary>A connection that nobody reads from; a new one takes the place of one that the server has ended.</summary>
        protected void SendUnread(ServerProcess server, byte[] request)
        {
            if (_sockets.Count < SlowReaders)
            {
                _sockets.Add(Open(server));
            }

            var place = _next++ % _sockets.Count;
            try
            {
                _sockets[place].Blocking = false;
                _sockets[place].Send(request);
            }
            catch (SocketException)
            {
                _sockets[place].Dispose();
                _sockets[place] = Open(server);
            }
        }
    }

    private sealed class SlowReading(ServerProcess server) : Attack
    {
        private static readonly byte[] Request = RespClient.Encode("GET", "big");

        public override void Step() => SendUnread(server, Request);
    }

    private sealed class Flood(ServerProcess server) : Attack
    {
        public override void Step()
        {
            for (var i = 0; i < FloodConnects; i++)
            {
                using var socket = Open(server);
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
            }
        }
    }

    private sealed class BigPipelines : Attack
    {
        private readonly RespClient _client;
        private readonly RequestBuffer _pipeline = new();

        public BigPipelines(ServerProcess server)
        {
            _client = server.Connect();
            for (var i = 0; i < PipelineCommands; i++)
            {
                Workload.SetKey(_pipeline, i);
            }
        }

        public override void Step() => _client.Send(_pipeline.Written);

        public override void After() => _client.SkipReplies(PipelineCommands);

        public override void Dispose() => _client.Dispose();
    }

    private sealed class StuckSubscribers(ServerProcess server) : Attack
    {
        private static readonly byte[] Subscribe = RespClient.Encode("SUBSCRIBE", "news");
        private static readonly byte[] Message = RespClient.Encode("PUBLISH", "news", new string('m', MessageBytes));
        private readonly RespClient _publisher = server.Connect();

        public override void Step()
        {
            SendUnread(server, Subscribe);
            _publisher.Send(Message);
        }

        public override void After() => _publisher.SkipReply();

        public override void Dispose()
        {
            _publisher.Dispose();
            base.Dispose();
        }
    }
}
