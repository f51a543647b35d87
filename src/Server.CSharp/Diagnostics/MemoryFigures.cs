namespace RedisClone.Server.Diagnostics;

/// <summary>What memory is used for, in bytes.</summary>
public sealed record MemoryFigures
{
    /// <summary>What data, clients and the log take.</summary>
    public required long Used { get; init; }

    /// <summary>The most that was used when somebody looked.</summary>
    public required long Peak { get; init; }

    /// <summary>What was used before there were data.</summary>
    public required long Startup { get; init; }

    /// <summary>What the process takes of the machine's memory.</summary>
    public required long Resident { get; init; }

    /// <summary>What the heap has been given by the system, used or not.</summary>
    public required long Committed { get; init; }

    /// <summary>What is kept for clients: input, replies, queued commands.</summary>
    public required long Clients { get; init; }

    /// <summary>What waits to be written to the log.</summary>
    public required long Log { get; init; }

    /// <summary>Memory of the machine, or of its share that this process may use.</summary>
    public required long System { get; init; }

    public required long Keys { get; init; }

    /// <summary>What is not data.</summary>
    public long Overhead => Math.Min(Used, Startup + Clients + Log);

    public long Dataset => Used - Overhead;

    /// <summary>How much of what has been used beyond the start are data, in per cent.</summary>
    public double DatasetPercentage => 100.0 * Dataset / Math.Max(1, Used - Math.Min(Used, Startup));

    public double PeakPercentage => 100.0 * Used / Math.Max(1, Peak);

    public double Fragmentation => (double)Resident / Math.Max(1, Used);
}
