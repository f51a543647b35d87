using RedisClone.Server.Sessions;

namespace RedisClone.Server.PubSub;

/// <summary>Who listens to what: the subscribers of each name, be it a channel or a pattern.</summary>
public sealed class Audience
{
    private readonly Dictionary<byte[], HashSet<Session>> _subscribers = new(ByteNames.Comparer);
    private readonly Dictionary<byte[], HashSet<Session>>.AlternateLookup<ReadOnlySpan<byte>> _byBytes;

    public Audience() => _byBytes = _subscribers.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>How many names have subscribers.</summary>
    public int Count => _subscribers.Count;

    /// <summary>The names that have subscribers.</summary>
    public Dictionary<byte[], HashSet<Session>>.KeyCollection Names => _subscribers.Keys;

    /// <summary>The subscribers of a name; null if there are none.</summary>
    public HashSet<Session>? Of(ReadOnlySpan<byte> name) => _byBytes.TryGetValue(name, out var found) ? found : null;

    public Dictionary<byte[], HashSet<Session>>.Enumerator GetEnumerator() => _subscribers.GetEnumerator();

    /// <summary>Adds a subscriber of a name that it does not listen to yet.</summary>
    public void Add(byte[] name, Session session)
    {
        if (!_subscribers.TryGetValue(name, out var sessions))
        {
            _subscribers.Add(name, sessions = []);
        }

        sessions.Add(session);
    }

    public void Remove(byte[] name, Session session)
    {
        if (_subscribers.TryGetValue(name, out var sessions) && sessions.Remove(session) && sessions.Count == 0)
        {
            _subscribers.Remove(name);
        }
    }
}
