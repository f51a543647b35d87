using RedisClone.Protocol;
using RedisClone.Server.Persistence;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Engine;

/// <summary>
/// Replays commands that a log or a snapshot holds: the ordinary path, with a client that hears nothing, nothing logged
/// and nothing expiring. The gate is taken for one command at a time, so that clients get an answer meanwhile.
/// </summary>
internal sealed class LogReplayer : ILogReplayer, IDisposable
{
    private readonly Dispatcher _dispatcher;
    private readonly Session _session;
    private readonly RespWriter _reply = new(1024);
    private readonly LoadProgress? _progress;
    private readonly bool _journalWasEnabled;

    /// <summary>
    /// Begins replaying. Unless there is progress to be noted, which keeps clients from commands, the caller holds the
    /// engine's gate until it disposes of the replayer.
    /// </summary>
    public LogReplayer(Dispatcher dispatcher, SessionTable sessions, DateTimeOffset now, LoadProgress? progress = null)
    {
        _dispatcher = dispatcher;
        _progress = progress;
        _session = new Session(dispatcher, sessions, connection: null, new RespLimits(), now);
        var engine = dispatcher.Engine;
        lock (engine.Gate)
        {
            _journalWasEnabled = engine.Journal.Enabled;
            engine.Journal.Enabled = false;
            engine.Call.Loading = true;
            engine.Begin();
        }
    }

    public string? Apply(Arguments command)
    {
        _progress?.Next(command);
        _reply.Truncate(0);
        lock (_dispatcher.Engine.Gate)
        {
            _dispatcher.Execute(_session, command, _reply);
        }

        return _reply.Length > 0 && _reply.Buffer[0] == (byte)'-'
            ? Bytes.toString(_reply.Written[1..^2])
            : null;
    }

    public void Dispose()
    {
        lock (_dispatcher.Engine.Gate)
        {
            _dispatcher.Engine.Call.Loading = false;
            _dispatcher.Engine.Journal.Enabled = _journalWasEnabled;
        }
    }
}
