using RedisClone.Protocol;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.PubSub;

// Publish and subscribe
//
// A message is encoded once, in a buffer that all messages share. RESP2 and RESP3 differ in its first byte only (an array
// or a push), so the copy for each subscriber costs what copying the bytes costs. It is put where replies wait that arise
// between two turns (Session.Push), the subscriber's loop is woken, and from there on it is sent as replies are: in order
// with them, not before the log has what was written in the same turn, and within the client's limit on unread bytes.
//
// What is not done: messages are neither kept nor logged. Who does not listen when one is sent will not get it.

/// <summary>Who listens to which channels and patterns. Needs the engine's gate.</summary>
public sealed class PubSubTable(Engine.Engine engine)
{
    /// <summary>A buffer that one long message needed is given back after it.</summary>
    private const int KeptBytesMax = 64 * 1024;

    private readonly RespWriter _message = new(1024) { Protocol = 2 };

    private readonly Audience[] _audiences = [new(), new(), new()];

    /// <summary>
    /// Messages of a batch that may yet be rolled back, as they were published: encoded for each pattern they would take any
    /// multiple of what the batch takes. Null outside of such a batch.
    /// </summary>
    private List<(SubscriptionKind Kind, byte[] Channel, byte[] Message)>? _held;

    /// <summary>How many clients listen to something.</summary>
    public int Clients { get; private set; }

    public Audience Of(SubscriptionKind kind) => _audiences[(int)kind];

    /// <summary>Begins to listen; false if the client did already.</summary>
    public bool Subscribe(Session session, SubscriptionKind kind, ReadOnlySpan<byte> name)
    {
        var subscriptions = session.Subscriptions ??= new Subscriptions();
        var names = subscriptions.Of(kind);
        var own = name.ToArray();
        if (!names.Add(own))
        {
            return false;
        }

        Clients += subscriptions.Count == 1 ? 1 : 0;
        Of(kind).Add(own, session);
        engine.ObserveIfNeeded();
        return true;
    }

    /// <summary>Stops listening.</summary>
    public void Unsubscribe(Session session, SubscriptionKind kind, ReadOnlySpan<byte> name)
    {
        if (session.Subscriptions is { } subscriptions
            && subscriptions.Of(kind).GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out var own))
        {
            subscriptions.Of(kind).Remove(own);
            Of(kind).Remove(own, session);
            EndIfNone(session);
        }
    }

    /// <summary>Stops listening to anything, and says nothing of it.</summary>
    public void Forget(Session session)
    {
        if (session.Subscriptions is not { Count: > 0 } subscriptions)
        {
            return;
        }

        for (var kind = SubscriptionKind.Channel; kind <= SubscriptionKind.ShardChannel; kind++)
        {
            foreach (var name in subscriptions.Of(kind))
            {
                Of(kind).Remove(name, session);
            }

            subscriptions.Of(kind).Clear();
        }

        EndIfNone(session);
    }

    /// <summary>Whether anybody at all would hear of a message to a channel that is no shard channel.</summary>
    public bool HasListeners => _audiences[0].Count > 0 || _audiences[1].Count > 0;

    /// <summary>Sends a message to whoever listens to the channel, or to a pattern that it fits.</summary>
    /// <returns>How many times it was sent.</returns>
    public int Publish(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message)
    {
        Hold(SubscriptionKind.Channel, channel, message);
        var sent = SendTo(SubscriptionKind.Channel, "message", channel, message);
        foreach (var (pattern, subscribers) in Of(SubscriptionKind.Pattern))
        {
            if (!Glob.isMatch(pattern, channel, false))
            {
                continue;
            }

            if (_held is null)
            {
                Begin("pmessage", 4);
                _message.Bulk(pattern);
                _message.Bulk(channel);
                _message.Bulk(message);
                Send(subscribers);
            }

            sent += subscribers.Count;
        }

        return sent;
    }

    /// <summary>Sends a message to whoever listens to the shard channel.</summary>
    /// <returns>How many times it was sent.</returns>
    public int PublishToShard(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message)
    {
        Hold(SubscriptionKind.ShardChannel, channel, message);
        return SendTo(SubscriptionKind.ShardChannel, "smessage", channel, message);
    }

    /// <summary>Sends nothing more until <see cref="Release"/>. Meanwhile nobody may begin or stop to listen.</summary>
    public void Hold() => _held = [];

    /// <summary>Forgets the messages held so far.</summary>
    public void DropHeld() => _held!.Clear();

    /// <summary>Sends what was held, and from now on at once.</summary>
    public void Release()
    {
        var held = _held!;
        _held = null;
        foreach (var (kind, channel, message) in held)
        {
            if (kind == SubscriptionKind.ShardChannel)
            {
                PublishToShard(channel, message);
            }
            else
            {
                Publish(channel, message);
            }
        }
    }

    private void Hold(SubscriptionKind kind, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message) =>
        _held?.Add((kind, channel.ToArray(), message.ToArray()));

    private int SendTo(SubscriptionKind kind, string word, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message)
    {
        if (Of(kind).Of(channel) is not { } subscribers)
        {
            return 0;
        }

        if (_held is null)
        {
            Begin(word, 3);
            _message.Bulk(channel);
            _message.Bulk(message);
            Send(subscribers);
        }

        return subscribers.Count;
    }

    private void Begin(string word, int parts)
    {
        _message.Reset(KeptBytesMax);
        _message.Array(parts);
        _message.BulkText(word);
    }

    private void Send(HashSet<Session> subscribers)
    {
        const byte Array = (byte)'*';
        const byte Push = (byte)'>';
        var hasWritten = engine.HasWritten;
        foreach (var subscriber in subscribers)
        {
            _message.Buffer[0] = subscriber.Protocol >= 3 ? Push : Array;
            subscriber.Push(_message.Written, hasWritten);
        }
    }

    private void EndIfNone(Session session)
    {
        engine.ObserveIfNeeded();
        if (session.Subscriptions is { Count: 0 })
        {
            session.Subscriptions = null;
            Clients--;
        }
    }
}
