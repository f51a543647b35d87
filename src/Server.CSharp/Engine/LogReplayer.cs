using RedisClone.Protocol;
using RedisClone.Server.Persistence;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Engine;

/// <summary>
/// Replays commands that a log or a snapshot holds: the ordinary path, with a client that hears nothing, nothing logged
/// and nothing expiring.
/// </summary>
internal sealed class LogReplayer : ILogReplayer, IDisposable
{
    private readonly Dispatcher _dispatcher;
    private readonly Session _session;
    private readonly RespWriter _reply = new(1024);
    private readonly bool _journalWasEnabled;

    /// <summary>Begins replaying; the caller holds the engine's gate until it disposes of the replayer.</summary>
    public LogReplayer(Dispatcher dispatcher, SessionTable sessions, DateTimeOffset now)
    {
        _dispatcher = dispatcher;
        _session = new Session(dispatcher, sessions, connection: null, new RespLimits(), now);
        var engine = dispatcher.Engine;
        _journalWasEnabled = engine.Journal.Enabled;
        engine.Journal.Enabled = false;
        engine.Call.Loading = true;
        engine.Begin();
    }

    public string? Apply(Arguments command)
    {
        _reply.Truncate(0);
        _dispatcher.Execute(_session, command, _reply);
        return _reply.Length > 0 && _reply.Buffer[0] == (byte)'-'
            ? Bytes.toString(_reply.Written[1..^2])
            : null;
    }

    public void Dispose()
    {
        _dispatcher.Engine.Call.Loading = false;
        _dispatcher.Engine.Journal.Enabled = _journalWasEnabled;
    }
}
