using System.Collections.Concurrent;
using RedisClone.Server.Network;

namespace RedisClone.Server.Sessions;

/// <summary>The clients that are connected. Safe from any thread.</summary>
public sealed class SessionTable
{
    private readonly ConcurrentDictionary<long, Session> _sessions = new();
    private long _lastId;

    public int Count => _sessions.Count;

    public IEnumerable<Session> All
    {
        get
        {
            foreach (var (_, session) in _sessions)
            {
                yield return session;
            }
        }
    }

    /// <summary>An identity that no client had before.</summary>
    public long NextId() => Interlocked.Increment(ref _lastId);

    public void Add(Session session) => _sessions[session.Id] = session;

    public Session? Find(long id) => _sessions.GetValueOrDefault(id);

    /// <summary>Lets go of a client whose connection has ended.</summary>
    public void Remove(Session session) => _sessions.TryRemove(session.Id, out _);
}
