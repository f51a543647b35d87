using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using RedisClone.Server.PubSub;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Tracking;

// Caches in clients
//
// A client that tracks keys keeps what it has read and is told when that is no longer so. What it reads is remembered here,
// as the number of the client under the name of the key, whatever the database; when the key changes everybody who read it
// is told once, and it is forgotten until it is read again. The table holds so many keys at the most: beyond, one drawn by
// chance is given up as if it had changed, which costs its readers a look-up and nothing else.
//
// A client that goes away leaves its numbers behind. They go with their keys, and once there are twice as many under a key
// as clients that track.
//
// What is not done: the names of keys are not shared with the keyspace, as Redis shares them.

/// <summary>Which clients keep which keys. Needs the engine's gate.</summary>
public sealed class TrackingTable(Engine.Engine engine, ulong seed)
{
    /// <summary>So few numbers under a key are not worth sorting out.</summary>
    private const int ReadersMin = 16;

    private const int KeptBytesMax = 4096;

    private readonly Dictionary<byte[], Readers> _keys = new(ByteNames.Comparer);
    private readonly List<Readers> _all = [];
    private readonly HashSet<Session> _clients = [];
    private readonly BroadcastTable _broadcasts = new();
    private readonly KeyPositions _positions = new();
    private readonly RespWriter _message = new(256);
    private SplitMix64 _chance = new(seed);

    /// <summary>Finds a client by its number.</summary>
    public Func<long, Session?> FindClient { get; set; } = static _ => null;

    /// <summary>tracking-table-max-keys; 0 is no limit.</summary>
    public long KeysMax { get; set; }

    /// <summary>How many clients track.</summary>
    public int Clients => _clients.Count;

    public int Keys => _keys.Count;

    /// <summary>All numbers of clients under all keys.</summary>
    public long Items { get; private set; }

    public int Prefixes => _broadcasts.Count;

    /// <summary>Begins to track, or goes on with other options.</summary>
    public void Enable(Session session, ClientTracking tracking, IEnumerable<byte[]> prefixes)
    {
        if (session.Tracking is { } before)
        {
            tracking.Prefixes.UnionWith(before.Prefixes);
            tracking.Caching = before.Caching;
        }

        session.Tracking = tracking;
        _clients.Add(session);
        foreach (var prefix in prefixes)
        {
            if (tracking.Prefixes.Add(prefix))
            {
                _broadcasts.Add(prefix, session);
            }
        }

        engine.ObserveIfNeeded();
    }

    /// <summary>Ends tracking, if the client does.</summary>
    public void Disable(Session session)
    {
        if (session.Tracking is not { } tracking)
        {
            return;
        }

        foreach (var prefix in tracking.Prefixes)
        {
            _broadcasts.Remove(prefix, session);
        }

        session.Tracking = null;
        _clients.Remove(session);
        engine.ObserveIfNeeded();
    }

    /// <summary>Takes note of what a client that tracks has just read.</summary>
    public void Remember(Session session, HostCommand command, Arguments args)
    {
        if (session.Tracking is not { Remembers: true }
            || !command.Has(CommandFlags.ReadOnly)
            || !command.CollectKeys(args, _positions))
        {
            return;
        }

        for (var i = 0; i < _positions.Count; i++)
        {
            if ((_positions.Flags(i) & KeyFlags.NotKey) == 0)
            {
                Remember(session.Id, args[_positions.Position(i)]);
            }
        }

        Limit();
    }

    /// <summary>To be called behind each command of a client that tracks: CLIENT CACHING holds for one.</summary>
    public static void EndCommand(Session session, HostCommand command)
    {
        if (session.Tracking is { Caching: true } tracking
            && session.Queue is null
            && !command.FullName.StartsWith("client|", StringComparison.Ordinal))
        {
            tracking.Caching = false;
        }
    }

    /// <summary>Tells who has read a key that it has changed.</summary>
    public void Touch(byte[] key, Session? by)
    {
        if (_clients.Count == 0)
        {
            return;
        }

        _broadcasts.Touch(key, by);
        if (_keys.TryGetValue(key, out var readers))
        {
            Invalidate(readers, by);
        }
    }

    /// <summary>Tells everybody that no key is as it was.</summary>
    public void TouchAll()
    {
        foreach (var session in _clients)
        {
            Send(session, null);
        }

        _keys.Clear();
        _all.Clear();
        Items = 0;
    }

    /// <summary>Ends a turn: tells of the keys with prefixes that changed in it.</summary>
    public void EndTurn() => _broadcasts.Flush(Send);

    /// <summary>Gives keys up until there are as few as there may be.</summary>
    public void Limit()
    {
        while (KeysMax > 0 && _all.Count > KeysMax)
        {
            Invalidate(_all[(int)_chance.Below((ulong)_all.Count)], null);
        }
    }

    private void Remember(long client, ReadOnlySpan<byte> key)
    {
        if (!_keys.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var readers))
        {
            readers = new Readers(key.ToArray(), _all.Count);
            _keys.Add(readers.Key, readers);
            _all.Add(readers);
        }

        if (readers.Clients.Add(client))
        {
            Items++;
            if (readers.Clients.Count > ReadersMin + (2 * _clients.Count))
            {
                Items -= readers.Clients.RemoveWhere(id => FindClient(id)?.Tracking is null);
            }
        }
    }

    private void Invalidate(Readers readers, Session? by)
    {
        var last = _all[^1];
        last.Index = readers.Index;
        _all[last.Index] = last;
        _all.RemoveAt(_all.Count - 1);
        _keys.Remove(readers.Key);
        Items -= readers.Clients.Count;
        List<byte[]> keys = [readers.Key];
        foreach (var id in readers.Clients)
        {
            if (FindClient(id) is { Tracking: { IsBroadcast: false } tracking } client && !(tracking.NoLoop && client == by))
            {
                Send(client, keys);
            }
        }
    }

    /// <summary>Tells a client, or who is told in its place, of keys; of all keys with null.</summary>
    private void Send(Session client, List<byte[]>? keys)
    {
        var tracking = client.Tracking!;
        var target = client;
        if (tracking.Redirect != 0)
        {
            if (FindClient(tracking.Redirect) is not { } other)
            {
                SendBroken(client, tracking);
                return;
            }

            target = other;
        }

        _message.Reset(KeptBytesMax);
        _message.Protocol = target.Protocol;
        if (target.Protocol >= 3)
        {
            _message.Push(2);
            _message.BulkText("invalidate");
        }
        else if (target != client && target.Subscriptions is not null)
        {
            _message.Array(3);
            _message.BulkText("message");
            _message.BulkText("__redis__:invalidate");
        }
        else
        {
            return;
        }

        if (keys is null)
        {
            _message.Protocol = client.Protocol;
            _message.Null();
        }
        else
        {
            _message.Array(keys.Count);
            foreach (var key in keys)
            {
                _message.Bulk(key);
            }
        }

        target.Push(_message.Written, engine.HasWritten);
    }

    private void SendBroken(Session client, ClientTracking tracking)
    {
        tracking.IsRedirectBroken = true;
        if (client.Protocol >= 3)
        {
            _message.Reset(KeptBytesMax);
            _message.Protocol = client.Protocol;
            _message.Push(2);
            _message.BulkText("tracking-redir-broken");
            _message.Integer(tracking.Redirect);
            client.Push(_message.Written, hasWritten: false);
        }
    }

    /// <summary>Who has read a key.</summary>
    private sealed class Readers(byte[] key, int index)
    {
        public byte[] Key => key;

        /// <summary>Where it is among all of them.</summary>
        public int Index { get; set; } = index;

        /// <summary>The numbers of the clients, some of which may be gone.</summary>
        public HashSet<long> Clients { get; } = [];
    }
}
