using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RedisClone.Server.Configuration;
using RedisClone.Server.Hosting;
using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Persistence;
using RedisClone.Server.Tests.Scripts;
using RedisClone.Server.Tests.Support;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>
/// A whole server in this process, on a port of its own, with a clock that only the test moves. Its data directory
/// outlives <see cref="Restart"/> and goes with the server.
/// </summary>
internal sealed class TestServer : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Action<ServerOptions> _configure;
    private readonly ILogDisk _disk;
    private readonly ulong _seed;
    private readonly ConcurrentBag<IDisposable> _clients = [];
    private RedisCloneServer _server;

    public TestServer(Action<ServerOptions>? configure = null, ulong seed = 1, ILogDisk? disk = null, byte[]? log = null)
    {
        _configure = configure ?? (_ => { });
        _disk = disk ?? new OsDisk();
        _seed = seed;
        if (log is not null)
        {
            File.WriteAllBytes(LogPath, log);
        }

        _server = Start();
    }

    public FakeTime Time { get; } = new();

    public ServerOptions Options { get; private set; } = new();

    public LineLog Log { get; } = new();

    public int Port => _server.Port;

    public string LogPath => _directory.File(Options.AppendFileName);

    public string LogDirectory => _directory.Path;

    public IScriptConnection Connect() => Kept(new TcpConnection(Port));

    public RawClient ConnectRaw(int? receiveBufferBytes = null) => Kept(new RawClient(Port, receiveBufferBytes));

    public string Digest()
    {
        using IScriptConnection connection = Connect();
        return connection.Call("DEBUG", "DIGEST").Text;
    }

    /// <summary>A line of INFO.</summary>
    public string Info(string field)
    {
        using IScriptConnection connection = Connect();
        return connection.Call("INFO", "everything").Text.Split("\r\n")
            .Single(line => line.StartsWith(field + ":", StringComparison.Ordinal))[(field.Length + 1)..];
    }

    /// <summary>Starts what a client has asked to stop, or what <see cref="Stop"/> has stopped.</summary>
    public void Restart()
    {
        Stop();
        _server = Start();
    }

    /// <summary>Stops, and has every client leave: a server may wait for who has not, and time stands still.</summary>
    public void Stop()
    {
        Task stopping = _server.StopAsync();
        while (_clients.TryTake(out IDisposable? client))
        {
            client.Dispose();
        }

        Eventually.Done(stopping);
    }

    public void Dispose()
    {
        Stop();
        _directory.Dispose();
    }

    private T Kept<T>(T client)
        where T : IDisposable
    {
        _clients.Add(client);
        return client;
    }

    private RedisCloneServer Start()
    {
        Options = new ServerOptions
        {
            Port = 0,
            Bind = ["127.0.0.1"],
            Directory = _directory.Path,
            EnableDebugCommand = DebugAccess.Yes,
        };
        _configure(Options);
        var server = new RedisCloneServer(Options, Time, _seed, Log, _disk);
        server.Start();
        return server;
    }
}

/// <summary>Keeps what a server reports.</summary>
internal sealed class LineLog : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue($"{logLevel}: {formatter(state, exception)}");

    public void Dispose()
    {
    }
}
