namespace RedisClone.Server.PubSub;

/// <summary>The kinds of things that a client may listen to.</summary>
public enum SubscriptionKind
{
    Channel,
    Pattern,
    ShardChannel,
}

/// <summary>What one client listens to.</summary>
public sealed class Subscriptions
{
    private readonly HashSet<byte[]>[] _names =
        [new(ByteNames.Comparer), new(ByteNames.Comparer), new(ByteNames.Comparer)];

    /// <summary>All of them.</summary>
    public int Count => _names[0].Count + _names[1].Count + _names[2].Count;

    public HashSet<byte[]> Of(SubscriptionKind kind) => _names[(int)kind];

    /// <summary>What a confirmation counts: channels and patterns together, or shard channels.</summary>
    public int CountBeside(SubscriptionKind kind) =>
        kind == SubscriptionKind.ShardChannel ? _names[2].Count : _names[0].Count + _names[1].Count;
}
