using System.Numerics;
using RedisClone.Protocol;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Engine;

// The memory limit (maxmemory)
//
// What counts is what the server knows to be in use: the live data, to the byte (see Account in the core), what clients
// send, queue and have not read, and what waits to be written to the log. The log's part is told and not held against the
// limit: to evict a key is to log that, which would call for the next.
//
// A command that may need memory is preceded by evictions, as many as it takes to get below the limit, yet no longer than
// the tenacity allows: then the command is carried out all the same, and housekeeping goes on with the evictions. Only
// where the policy has no key to give is the command refused. What one command adds is therefore above the limit until the
// next, as in Redis.

/// <summary>How an attempt to get below the memory limit ended.</summary>
public enum EvictionResult
{
    /// <summary>The memory in use is within the limit.</summary>
    Within,

    /// <summary>It is not, and there is more to evict: the time was up.</summary>
    GoesOn,

    /// <summary>It is not, and there is nothing to evict.</summary>
    Exhausted,
}

/// <summary>The memory in use, and what happens when it reaches the limit. Needs the engine's gate.</summary>
public sealed class MemoryLimit
{
    /// <summary>Keys evicted between two looks at the clock.</summary>
    private const int KeysPerLook = 16;

    /// <summary>Clients are told apart by size from 32 KiB up to 4 GiB.</summary>
    private const int SmallestBucketBits = 15;

    private const int ClientBuckets = 18;

    private const int ModestTenacity = 10;
    private const int FullTenacity = 100;

    /// <summary>Up to the modest tenacity, each point is worth so much time.</summary>
    private const double MicrosecondsPerPoint = 50;

    /// <summary>Beyond, each point makes the time longer by this factor.</summary>
    private const double FactorPerPoint = 1.15;

    private readonly Engine _engine;
    private readonly TimeProvider _clock;
    private readonly Eviction _eviction;
    private long? _exceededSince;
    private TimeSpan _exceeded;

    public MemoryLimit(Engine engine, TimeProvider clock)
    {
        _engine = engine;
        _clock = clock;
        _eviction = new Eviction(engine.Call);
        StartupBytes = engine.Keyspace.MemoryBytes;
    }

    /// <summary>The limit in bytes; 0 for none.</summary>
    public long LimitBytes { get; set; }

    /// <summary>From 0 to 100, how long evictions may keep a command waiting; at 100 for as long as it takes.</summary>
    public int Tenacity { get; set; } = ModestTenacity;

    /// <summary>What clients take, in bytes.</summary>
    public long ClientBytes { get; private set; }

    /// <summary>What waits to be written to the log, in bytes.</summary>
    public long LogBytes => _engine.Journal.Writer.Length + (_engine.Log?.Status.PendingBytes ?? 0);

    /// <summary>What the server took before it had data and clients, in bytes.</summary>
    public long StartupBytes { get; }

    /// <summary>What is held against the limit, in bytes.</summary>
    public long CountedBytes => _engine.Keyspace.MemoryBytes + ClientBytes;

    /// <summary>All memory in use, in bytes.</summary>
    public long UsedBytes => CountedBytes + LogBytes;

    /// <summary>For how long the limit was exceeded, in all.</summary>
    public TimeSpan TotalExceeded => _exceeded + CurrentExceeded;

    /// <summary>For how long it has been exceeded now.</summary>
    public TimeSpan CurrentExceeded =>
        _exceededSince is { } since ? _clock.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Whether there is a limit, and more is in use.</summary>
    public bool IsExceeded => LimitBytes > 0 && CountedBytes > LimitBytes;

    /// <summary>Takes note that a client takes more or less than before.</summary>
    public void AddClientBytes(long change) => ClientBytes += change;

    /// <summary>Begins to count anew for how long the limit is exceeded.</summary>
    public void ResetStatistics() => _exceeded = TimeSpan.Zero;

    /// <summary>What is remembered of keys means nothing under another policy.</summary>
    public void PolicyChanged() => _eviction.Forget();

    /// <summary>The most that clients may take together, in bytes; 0 for no limit.</summary>
    public long ClientLimitBytes { get; set; }

    /// <summary>How many clients were disconnected because of that.</summary>
    public long EvictedClients { get; private set; }

    /// <summary>Whether <see cref="EvictClients"/> may have something to do.</summary>
    public bool ClientsExceed => ClientLimitBytes > 0 && ClientBytes > ClientLimitBytes;

    /// <summary>
    /// Disconnects the clients that take most, if all together take too much. They are sorted into buckets by size only:
    /// each bucket is for clients of twice the size.
    /// </summary>
    public void EvictClients(SessionTable sessions)
    {
        if (!ClientsExceed)
        {
            return;
        }

        var buckets = new List<Session>?[ClientBuckets];
        var evictable = 0L;
        foreach (var session in sessions.All)
        {
            if (!session.NoEvict && session.MemoryBytes > 0)
            {
                evictable += session.MemoryBytes;
                (buckets[BucketOf(session.MemoryBytes)] ??= []).Add(session);
            }
        }

        for (var bucket = ClientBuckets - 1; bucket >= 0; bucket--)
        {
            foreach (var session in buckets[bucket] ?? [])
            {
                if (evictable <= ClientLimitBytes)
                {
                    return;
                }

                evictable -= session.MemoryBytes;
                EvictedClients++;
                session.Evict();
            }
        }
    }

    private static int BucketOf(long bytes) =>
        Math.Clamp(BitOperations.Log2((ulong)bytes) - SmallestBucketBits, 0, ClientBuckets - 1);

    /// <summary>Evicts keys until the memory in use is within the limit, or the time is up.</summary>
    public EvictionResult MakeRoom()
    {
        if (!IsExceeded)
        {
            EndExceeded();
            return EvictionResult.Within;
        }

        _exceededSince ??= _clock.GetTimestamp();
        var result = _engine.Call.Limits.EvictionPolicy == EvictionPolicy.NoEviction
            ? EvictionResult.Exhausted
            : Evict();
        if (result == EvictionResult.Within)
        {
            EndExceeded();
        }

        return result;
    }

    private EvictionResult Evict()
    {
        var started = _clock.GetTimestamp();
        var time = TimeFor(Tenacity);
        var result = EvictionResult.GoesOn;
        _engine.Call.Seed = _engine.NextSeed();
        for (var evicted = 1; result == EvictionResult.GoesOn; evicted++)
        {
            if (!_eviction.Next())
            {
                result = EvictionResult.Exhausted;
            }
            else if (!IsExceeded)
            {
                result = EvictionResult.Within;
            }
            else if (evicted % KeysPerLook == 0 && _clock.GetElapsedTime(started) > time)
            {
                break;
            }
        }

        if (_engine.Call.Events.Count > 0)
        {
            _engine.Publish();
        }

        return result;
    }

    private void EndExceeded()
    {
        _exceeded += CurrentExceeded;
        _exceededSince = null;
    }

    private static TimeSpan TimeFor(int tenacity) => tenacity switch
    {
        <= ModestTenacity => TimeSpan.FromMicroseconds(MicrosecondsPerPoint * tenacity),
        < FullTenacity => TimeSpan.FromMicroseconds(
            MicrosecondsPerPoint * ModestTenacity * Math.Pow(FactorPerPoint, tenacity - ModestTenacity)),
        _ => TimeSpan.MaxValue,
    };
}
