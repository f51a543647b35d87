using RedisClone.Server.PubSub;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Tracking;

/// <summary>
/// Clients that are told of all keys with certain prefixes, and the keys that they have yet to be told of. A message has all
/// keys of a turn.
/// </summary>
internal sealed class BroadcastTable
{
    private readonly Dictionary<byte[], Prefix> _prefixes = new(ByteNames.Comparer);
    private bool _hasKeys;

    /// <summary>How many prefixes there are.</summary>
    public int Count => _prefixes.Count;

    public void Add(byte[] prefix, Session session)
    {
        if (!_prefixes.TryGetValue(prefix, out var found))
        {
            _prefixes.Add(prefix, found = new Prefix());
        }

        found.Sessions.Add(session);
    }

    public void Remove(byte[] prefix, Session session)
    {
        if (_prefixes.TryGetValue(prefix, out var found) && found.Sessions.Remove(session) && found.Sessions.Count == 0)
        {
            _prefixes.Remove(prefix);
        }
    }

    /// <summary>Takes note of a changed key, and of who changed it first in this turn.</summary>
    public void Touch(byte[] key, Session? by)
    {
        foreach (var (prefix, entry) in _prefixes)
        {
            if (key.AsSpan().StartsWith(prefix))
            {
                entry.Keys.TryAdd(key, by);
                _hasKeys = true;
            }
        }
    }

    /// <summary>Tells each client of the keys, in the order of their bytes, and forgets them.</summary>
    public void Flush(Action<Session, List<byte[]>> send)
    {
        if (!_hasKeys)
        {
            return;
        }

        _hasKeys = false;
        foreach (var entry in _prefixes.Values)
        {
            if (entry.Keys.Count == 0)
            {
                continue;
            }

            List<byte[]> keys = [.. entry.Keys.Keys];
            keys.Sort(static (x, y) => x.AsSpan().SequenceCompareTo(y));
            foreach (var session in entry.Sessions)
            {
                var told = session.Tracking is { NoLoop: true } ? keys.FindAll(key => entry.Keys[key] != session) : keys;
                if (told.Count > 0)
                {
                    send(session, told);
                }
            }

            entry.Keys.Clear();
        }
    }

    private sealed class Prefix
    {
        public HashSet<Session> Sessions { get; } = [];

        public Dictionary<byte[], Session?> Keys { get; } = new(ByteNames.Comparer);
    }
}
