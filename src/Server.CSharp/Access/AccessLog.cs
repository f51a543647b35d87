namespace RedisClone.Server.Access;

/// <summary>Something that was refused, as ACL LOG tells of it. The same again within a minute is counted only.</summary>
public sealed class AccessLogEntry
{
    public required long Id { get; init; }

    public required Denial Reason { get; init; }

    /// <summary>Where the command came from: toplevel, multi, or lua.</summary>
    public required string Context { get; init; }

    /// <summary>The command, key or channel that was refused.</summary>
    public required string Object { get; init; }

    public required string UserName { get; init; }

    /// <summary>Milliseconds since the Unix epoch.</summary>
    public required long CreatedMs { get; init; }

    public long UpdatedMs { get; set; }

    public string ClientInfo { get; set; } = "";

    public long Count { get; set; } = 1;
}

/// <summary>What was refused last, latest first, up to a number of entries. Needs the engine's gate.</summary>
public sealed class AccessLog
{
    /// <summary>Bytes of a key, a channel or a name that are kept, so that nobody can fill the memory with them.</summary>
    public const int ObjectBytesMax = 1024;

    private const long SameWithinMs = 60_000;

    /// <summary>Entries that a new one is compared with.</summary>
    private const int ComparedMax = 10;

    private readonly LinkedList<AccessLogEntry> _entries = new();
    private long _lastId = -1;

    private readonly long[] _denials = new long[(int)Denial.Authentication + 1];

    /// <summary>How many entries there are at most.</summary>
    public long CountMax { get; set; } = 128;

    public int Count => _entries.Count;

    public IEnumerable<AccessLogEntry> Entries => _entries;

    /// <summary>How often something was refused for this reason.</summary>
    public long CountOf(Denial reason) => _denials[(int)reason];

    /// <summary>Takes note that something was refused.</summary>
    public void NoteDenied(Denial reason) => _denials[(int)reason]++;

    /// <summary>Begins to count anew; the entries stay.</summary>
    public void ResetCounts() => Array.Clear(_denials);

    /// <summary>Adds an entry, or counts one that says the same.</summary>
    public void Add(
        Denial reason, string context, string what, string userName, string clientInfo, long nowMs)
    {
        what = Shorten(what);
        userName = Shorten(userName);
        var node = FindSame(reason, context, what, userName, nowMs);
        if (node is null)
        {
            node = new LinkedListNode<AccessLogEntry>(new AccessLogEntry
            {
                Id = ++_lastId,
                Reason = reason,
                Context = context,
                Object = what,
                UserName = userName,
                CreatedMs = nowMs,
            });
        }
        else
        {
            node.Value.Count++;
            _entries.Remove(node);
        }

        node.Value.UpdatedMs = nowMs;
        node.Value.ClientInfo = clientInfo;
        _entries.AddFirst(node);
        Trim();
    }

    public void Clear() => _entries.Clear();

    /// <summary>Drops what is more than <see cref="CountMax"/>.</summary>
    public void Trim()
    {
        while (_entries.Count > CountMax)
        {
            _entries.RemoveLast();
        }
    }

    private static string Shorten(string text) => text.Length <= ObjectBytesMax ? text : text[..ObjectBytesMax];

    private LinkedListNode<AccessLogEntry>? FindSame(
        Denial reason, string context, string what, string userName, long nowMs)
    {
        var node = _entries.First;
        for (var i = 0; i < ComparedMax && node is not null; i++, node = node.Next)
        {
            var entry = node.Value;
            if (entry.Reason == reason && entry.Context == context && entry.Object == what && entry.UserName == userName
                && nowMs - entry.UpdatedMs <= SameWithinMs)
            {
                return node;
            }
        }

        return null;
    }
}
