using RedisClone.Protocol;
using RedisClone.Server.Configuration;
using RedisClone.Server.Network;
using RedisClone.Server.Persistence;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Engine;

/// <summary>What the network layer talks to: makes sessions, and ends turns by writing the log.</summary>
internal sealed class ServerCore(
    Engine engine, Dispatcher dispatcher, SessionTable sessions, ServerOptions options, RespLimits limits, TimeProvider clock)
    : IServerCore
{
    private readonly List<Action> _wakes = [];
    private AppendLog? _log;

    public long DurablePosition => engine.Log?.DurablePosition ?? long.MaxValue;

    public IConnectionHandler? Accept(IConnection connection, RespWriter refusal)
    {
        if (sessions.Count >= options.MaxClients)
        {
            refusal.Error(Errors.maxClients);
            return null;
        }

        if (options.ProtectedMode && dispatcher.Access.Users.Default.NeedsNoPassword && !Session.IsOfThisMachine(connection))
        {
            refusal.Error(Errors.protectedMode);
            return null;
        }

        var session = new Session(dispatcher, sessions, connection, limits, clock.GetUtcNow());
        sessions.Add(session);
        return session;
    }

    public long Flush()
    {
        if (engine.Log is not { } log)
        {
            return 0;
        }

        long position;
        lock (engine.Gate)
        {
            position = engine.Seal();
        }

        log.Flush();
        return position;
    }

    public void OnDurable(Action wake)
    {
        lock (_wakes)
        {
            _wakes.Add(wake);
            _log?.OnDurable(wake);
        }
    }

    /// <summary>Takes note of the log, which is there only once it is loaded. Before, no reply waits for it.</summary>
    public void Attached(AppendLog log)
    {
        lock (_wakes)
        {
            _log = log;
            _wakes.ForEach(log.OnDurable);
        }
    }
}
