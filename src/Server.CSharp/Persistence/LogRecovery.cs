namespace RedisClone.Server.Persistence;

/// <summary>Where a log ends, for who goes on writing to it.</summary>
/// <param name="Offset">The length of the file in bytes.</param>
/// <param name="LastNumber">The number of its last group.</param>
/// <param name="IsPlain">Whether the file has no lines of the format yet, because it is empty or written by
/// Redis.</param>
public readonly record struct LogEnd(long Offset, long LastNumber, bool IsPlain);

/// <summary>What recovery did.</summary>
public sealed record RecoveryReport
{
    public required LogEnd End { get; init; }

    /// <summary>Commands that were carried out.</summary>
    public required long Commands { get; init; }

    public required long Groups { get; init; }

    /// <summary>Bytes that were proven good.</summary>
    public required long Bytes { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>Bytes of a torn tail that were cut off.</summary>
    public long CutBytes { get; init; }

    /// <summary>The file that the torn tail was moved to; null when nothing was cut.</summary>
    public string? TornPath { get; init; }

    /// <summary>What was wrong with the torn tail.</summary>
    public string TornReason { get; init; } = "";

    /// <summary>The log of Redis that was taken over; null when the log is of this server.</summary>
    public string? ImportedFrom { get; init; }

    /// <summary>Bytes of an unfinished end of that log that were left out. They stay in its files.</summary>
    public long IgnoredBytes { get; init; }

    /// <summary>One line for the server's own log.</summary>
    public override string ToString()
    {
        var text = ImportedFrom is null
            ? "log loaded:"
            : $"log of Redis taken over from '{ImportedFrom}', {IgnoredBytes} bytes of an unfinished end left out:";
        text += $" {Commands} commands in {Groups} groups, {Bytes} bytes, "
            + $"{Duration.TotalSeconds.ToString("0.000", System.Globalization.CultureInfo.InvariantCulture)} s";
        return TornPath is null
            ? text
            : $"{text}; {CutBytes} bytes of an unfinished tail were cut off ({TornReason}) and kept in '{TornPath}'";
    }
}

/// <summary>Brings the state back from the log when the server starts.</summary>
public static class LogRecovery
{
    /// <summary>
    /// Reads the log, applies every group that is proven whole, and cuts off a torn tail, which is kept beside the log
    /// in a <c>.torn</c> file. A log that does not exist is an empty one, and is not created.
    /// </summary>
    /// <param name="disk">Where the file is.</param>
    /// <param name="path">The log.</param>
    /// <param name="replayer">Where the commands go.</param>
    /// <param name="time">The clock.</param>
    /// <param name="acceptsTornTail">Whether a torn tail is no damage.</param>
    /// <exception cref="LogDamagedException">The log is damaged; nothing was changed.</exception>
    /// <exception cref="LogReplayException">A command cannot be carried out; nothing was changed.</exception>
    /// <exception cref="IOException">The log cannot be read, or the torn tail cannot be kept.</exception>
    public static RecoveryReport Run(
        ILogDisk disk, string path, ILogReplayer replayer, TimeProvider time, bool acceptsTornTail = true)
    {
        var started = time.GetTimestamp();
        LogRewrite.DeleteLeftover(disk, path);
        if (!disk.Exists(path))
        {
            return new RecoveryReport
            {
                End = new LogEnd(0, 0, IsPlain: true),
                Commands = 0,
                Groups = 0,
                Bytes = 0,
                Duration = time.GetElapsedTime(started),
            };
        }

        using var file = disk.Open(path, LogFileMode.ReadWrite);
        var verdict = new LogVerifier(file, replayer).Run();
        if (verdict.Condition == LogCondition.Damaged || (verdict.Condition == LogCondition.TornTail && !acceptsTornTail))
        {
            throw new LogDamagedException(path, verdict);
        }

        string? tornPath = null;
        if (verdict.Condition == LogCondition.TornTail)
        {
            tornPath = TornFile.Cut(disk, path, file, verdict.GoodBytes);
        }

        return new RecoveryReport
        {
            End = new LogEnd(verdict.GoodBytes, verdict.LastNumber, verdict.IsPlain),
            Commands = verdict.Commands,
            Groups = verdict.Groups,
            Bytes = verdict.GoodBytes,
            Duration = time.GetElapsedTime(started),
            CutBytes = verdict.FileBytes - verdict.GoodBytes,
            TornPath = tornPath,
            TornReason = verdict.Reason,
        };
    }
}
