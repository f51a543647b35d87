using RedisClone.Protocol;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.PubSub;

/// <summary>SUBSCRIBE, PUBLISH and their kin.</summary>
public sealed class PubSubVerbs(Engine.Engine engine) : IHostVerbs
{
    private const string Unsubscribed = "unsubscribe";

    public IEnumerable<HostVerbEntry> Verbs(Dispatcher dispatcher) =>
    [
        new("subscribe", (session, args, reply) => Subscribe(session, args, reply, SubscriptionKind.Channel)),
        new("psubscribe", (session, args, reply) => Subscribe(session, args, reply, SubscriptionKind.Pattern)),
        new("ssubscribe", SubscribeToShard),
        new("unsubscribe", (session, args, reply) => Unsubscribe(session, args, reply, SubscriptionKind.Channel)),
        new("punsubscribe", (session, args, reply) => Unsubscribe(session, args, reply, SubscriptionKind.Pattern)),
        new("sunsubscribe", (session, args, reply) => Unsubscribe(session, args, reply, SubscriptionKind.ShardChannel)),
        new("publish", (_, args, reply) => reply.Integer(engine.PubSub.Publish(args[1], args[2])), CanRollBack: true),
        new("spublish", (_, args, reply) => reply.Integer(engine.PubSub.PublishToShard(args[1], args[2])),
            CanRollBack: true),
        new("pubsub|channels", (_, args, reply) => ListNames(args, reply, SubscriptionKind.Channel)),
        new("pubsub|shardchannels", (_, args, reply) => ListNames(args, reply, SubscriptionKind.ShardChannel)),
        new("pubsub|numsub", (_, args, reply) => CountSubscribers(args, reply, SubscriptionKind.Channel)),
        new("pubsub|shardnumsub", (_, args, reply) => CountSubscribers(args, reply, SubscriptionKind.ShardChannel)),
        new("pubsub|numpat", (_, _, reply) => reply.Integer(engine.PubSub.Of(SubscriptionKind.Pattern).Count)),
    ];

    /// <summary>Whether a client of RESP2 may send the command while it listens.</summary>
    internal static bool IsForListeners(string command) => command
        is "ping" or "quit" or "reset" or "subscribe" or "psubscribe" or "ssubscribe"
        or "unsubscribe" or "punsubscribe" or "sunsubscribe";

    private static void Confirm(
        Session session, RespWriter reply, SubscriptionKind kind, string word, ReadOnlySpan<byte> name)
    {
        BeginConfirmation(reply, kind, word);
        reply.Bulk(name);
        reply.Integer(session.Subscriptions?.CountBeside(kind) ?? 0);
    }

    private static void BeginConfirmation(RespWriter reply, SubscriptionKind kind, string word)
    {
        reply.Push(3);
        reply.BulkText(kind switch
        {
            SubscriptionKind.Channel => word,
            SubscriptionKind.Pattern => "p" + word,
            _ => "s" + word,
        });
    }

    private void Subscribe(Session session, Arguments args, RespWriter reply, SubscriptionKind kind)
    {
        for (var i = 1; i < args.Count; i++)
        {
            engine.PubSub.Subscribe(session, kind, args[i]);
            Confirm(session, reply, kind, "subscribe", args[i]);
        }

        session.KeepReply(reply);
    }

    private void SubscribeToShard(Session session, Arguments args, RespWriter reply)
    {
        if (engine.IsInBatch)
        {
            reply.Error(Errors.denyBlocking("SSUBSCRIBE"));
            return;
        }

        Subscribe(session, args, reply, SubscriptionKind.ShardChannel);
    }

    private void Unsubscribe(Session session, Arguments args, RespWriter reply, SubscriptionKind kind)
    {
        for (var i = 1; i < args.Count; i++)
        {
            engine.PubSub.Unsubscribe(session, kind, args[i]);
            Confirm(session, reply, kind, Unsubscribed, args[i]);
        }

        if (args.Count == 1)
        {
            UnsubscribeAll(session, reply, kind);
        }

        session.KeepReply(reply);
    }

    private void UnsubscribeAll(Session session, RespWriter reply, SubscriptionKind kind)
    {
        var names = session.Subscriptions?.Of(kind).ToArray() ?? [];
        foreach (var name in names)
        {
            engine.PubSub.Unsubscribe(session, kind, name);
            Confirm(session, reply, kind, Unsubscribed, name);
        }

        if (names.Length == 0)
        {
            BeginConfirmation(reply, kind, Unsubscribed);
            reply.Null();
            reply.Integer(session.Subscriptions?.CountBeside(kind) ?? 0);
        }
    }

    private void ListNames(Arguments args, RespWriter reply, SubscriptionKind kind)
    {
        if (args.Count > 3)
        {
            reply.Error(Errors.unknownSubcommandOrArity("PUBSUB", args[1]));
            return;
        }

        var start = reply.Length;
        var count = 0;
        foreach (var name in engine.PubSub.Of(kind).Names)
        {
            if (args.Count == 2 || Glob.isMatch(args[2], name, false))
            {
                reply.Bulk(name);
                count++;
            }
        }

        reply.InsertArray(start, count);
    }

    private void CountSubscribers(Arguments args, RespWriter reply, SubscriptionKind kind)
    {
        reply.Array(2 * (args.Count - 2));
        for (var i = 2; i < args.Count; i++)
        {
            reply.Bulk(args[i]);
            reply.Integer(engine.PubSub.Of(kind).Of(args[i])?.Count ?? 0);
        }
    }
}
