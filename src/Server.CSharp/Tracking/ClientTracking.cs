namespace RedisClone.Server.Tracking;

/// <summary>What a client has asked for with CLIENT TRACKING ON.</summary>
public sealed class ClientTracking
{
    /// <summary>The number of the client that is told instead of this one; 0 for none.</summary>
    public long Redirect { get; set; }

    /// <summary>Whether it is told of all keys that begin with its prefixes, read or not.</summary>
    public bool IsBroadcast { get; init; }

    /// <summary>Whether only what is read right after CLIENT CACHING YES is remembered.</summary>
    public bool OptIn { get; set; }

    /// <summary>Whether what is read right after CLIENT CACHING NO is not.</summary>
    public bool OptOut { get; set; }

    /// <summary>Whether it is not told of its own changes.</summary>
    public bool NoLoop { get; set; }

    /// <summary>Whether CLIENT CACHING holds for the present command or transaction.</summary>
    public bool Caching { get; set; }

    /// <summary>Whether the client to be told is gone.</summary>
    public bool IsRedirectBroken { get; set; }

    /// <summary>What the keys begin with that it is told of; in the order of their bytes.</summary>
    public SortedSet<byte[]> Prefixes { get; } = new(Comparer<byte[]>.Create((x, y) => x.AsSpan().SequenceCompareTo(y)));

    /// <summary>Whether the keys that the present command reads are to be remembered.</summary>
    public bool Remembers => !IsBroadcast && (!OptIn || Caching) && !(OptOut && Caching);
}
