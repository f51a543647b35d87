using RedisClone.Protocol;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Engine;

/// <summary>
/// Which sessions watch which keys. A session whose watched key changes can no longer EXEC.
/// </summary>
public sealed class WatchTable(Engine engine)
{
    private readonly Dictionary<WatchedKey, List<Session>> _watchers = [];

    /// <summary>How many keys are watched.</summary>
    public int Count => _watchers.Count;

    public void Watch(Session session, int database, ReadOnlySpan<byte> key)
    {
        var watched = new WatchedKey(database, key.ToArray());
        if (session.Watched.ContainsKey(watched))
        {
            return;
        }

        session.Watched.Add(watched, engine.Exists(watched));
        if (!_watchers.TryGetValue(watched, out var sessions))
        {
            _watchers.Add(watched, sessions = []);
        }

        sessions.Add(session);
        engine.ObserveIfNeeded();
    }

    public void Unwatch(Session session)
    {
        foreach (var watched in session.Watched.Keys)
        {
            var sessions = _watchers[watched];
            sessions.Remove(session);
            if (sessions.Count == 0)
            {
                _watchers.Remove(watched);
            }
        }

        session.Watched.Clear();
        session.WatchedKeyChanged = false;
        engine.ObserveIfNeeded();
    }

    /// <summary>Whether a key that the session watches has changed, or has come due since.</summary>
    public bool HasChanged(Session session)
    {
        // Looking a due key up removes it, which touches those who watch it.
        foreach (var watched in session.Watched.Keys)
        {
            engine.Exists(watched);
        }

        engine.Publish();
        return session.WatchedKeyChanged;
    }

    public void Touch(KeyEvent change)
    {
        if (change.Key is not null)
        {
            if (_watchers.TryGetValue(new WatchedKey(change.Database, change.Key), out var sessions))
            {
                Mark(sessions);
            }

            return;
        }

        // A whole database was emptied or exchanged: that changes the keys that were there, and those that now are.
        foreach (var (watched, sessions) in _watchers)
        {
            if (watched.Database == change.Database)
            {
                var existsNow = engine.Exists(watched);
                foreach (var session in sessions)
                {
                    session.WatchedKeyChanged |= existsNow || session.Watched[watched];
                }
            }
        }
    }

    private static void Mark(List<Session> sessions)
    {
        foreach (var session in sessions)
        {
            session.WatchedKeyChanged = true;
        }
    }
}

/// <summary>A key of a database, compared by its bytes.</summary>
public readonly struct WatchedKey(int database, byte[] key) : IEquatable<WatchedKey>
{
    public int Database => database;

    public byte[] Key => key;

    public bool Equals(WatchedKey other) => database == other.Database && key.AsSpan().SequenceEqual(other.Key);

    public override bool Equals(object? obj) => obj is WatchedKey other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(database);
        hash.AddBytes(key);
        return hash.ToHashCode();
    }
}
