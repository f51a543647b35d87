using Microsoft.Extensions.Logging.Abstractions;
using RedisClone.Server.Configuration;
using RedisClone.Server.Hosting;
using RedisClone.Server.Network;
using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Network;

namespace RedisClone.Server.Tests.Scripts;

/// <summary>This server, started in process on a free loopback port, with a log in a directory of its own.</summary>
public sealed class CloneServer : IScriptTarget
{
    private const ulong Seed = 1;

    /// <summary>Any time will do that deadlines such as 1 are before.</summary>
    private static readonly TimeSpan Start = TimeSpan.FromDays(20_000);

    private readonly string _directory = System.IO.Directory.CreateTempSubdirectory("clone-").FullName;
    private readonly ManualTime? _clock;
    private readonly RedisCloneServer _server;

    private MemoryTransport? _memory;

    private CloneServer(ManualTime? clock, bool isInMemory = false)
    {
        var options = new ServerOptions
        {
            Port = 0,
            Bind = ["127.0.0.1"],
            Directory = _directory,
            AppendFsync = FsyncPolicy.No,
            EnableDebugCommand = DebugAccess.Yes,
        };
        _clock = clock;
        _server = new RedisCloneServer(options, clock ?? TimeProvider.System, Seed, NullLoggerFactory.Instance);
        if (isInMemory)
        {
            _server.MakeTransport = core => _memory = new MemoryTransport(core);
        }

        _server.Start();
    }

    public bool ClockStandsStill => _clock is not null;

    /// <summary>A server whose time moves only by <see cref="Advance"/>.</summary>
    public static CloneServer StartWithManualClock() => new(ClockAtStart());

    /// <summary>The same without sockets: a command is carried out on the thread that sends it.</summary>
    public static CloneServer StartInMemory() => new(ClockAtStart(), isInMemory: true);

    /// <summary>A server with the clock of the machine.</summary>
    public static CloneServer StartWithSystemClock() => new(clock: null);

    public IScriptConnection Connect() => _memory is null ? new TcpConnection(_server.Port) : _memory.Connect();

    public void Advance(TimeSpan time)
    {
        if (_clock is null)
        {
            throw new NotSupportedException("this server has the clock of the machine");
        }

        _clock.Advance(time);
        _memory?.RunWoken();
    }

    public void Dispose()
    {
        _server.StopAsync().GetAwaiter().GetResult();
        System.IO.Directory.Delete(_directory, recursive: true);
    }

    private static ManualTime ClockAtStart()
    {
        var clock = new ManualTime();
        clock.Advance(Start);
        return clock;
    }
}
