namespace RedisClone.Server.Persistence;

/// <summary>When what was written has to be on the device: <c>appendfsync</c>.</summary>
public enum FsyncPolicy
{
    /// <summary>Before the reply leaves.</summary>
    Always,

    /// <summary>Within about a second.</summary>
    EverySecond,

    /// <summary>When the operating system sees fit.</summary>
    No,
}

/// <summary>The state of the log at one moment, for INFO and metrics.</summary>
public readonly record struct LogStatus
{
    /// <summary>The length of the log in bytes, what waits in memory included.</summary>
    public long CurrentBytes { get; init; }

    /// <summary>The length of the log after the last rewrite, or when the server started, in bytes.</summary>
    public long BaseBytes { get; init; }

    /// <summary>Bytes that are in memory and not yet written to the file.</summary>
    public long PendingBytes { get; init; }

    /// <summary>Bytes that no fsync has covered, written or not; 0 under the policy <c>no</c> once written.</summary>
    public long UnsyncedBytes { get; init; }

    /// <summary>How long the fsync under way has been running; zero when there is none.</summary>
    public TimeSpan FsyncLag { get; init; }

    /// <summary>How long the last fsync took.</summary>
    public TimeSpan LastFsyncDuration { get; init; }

    /// <summary>How many fsyncs were carried out.</summary>
    public long Fsyncs { get; init; }

    /// <summary>How many times groups stayed in memory because an fsync had fallen behind.</summary>
    public long DelayedWrites { get; init; }

    /// <summary>Why writes are refused; null when the log works.</summary>
    public string? Failure { get; init; }

    public bool RewriteInProgress { get; init; }

    /// <summary>How long the rewrite under way has been running; zero when there is none.</summary>
    public TimeSpan CurrentRewriteDuration { get; init; }

    /// <summary>How long the last rewrite took, successful or not; null when there was none.</summary>
    public TimeSpan? LastRewriteDuration { get; init; }

    /// <summary>Why the last rewrite was abandoned; null when it succeeded, or there was none.</summary>
    public string? LastRewriteError { get; init; }

    /// <summary>How many rewrites succeeded.</summary>
    public long Rewrites { get; init; }
}
