namespace RedisClone.Server.Persistence;

/// <summary>How the reading of a log ended.</summary>
public enum LogCondition
{
    /// <summary>Every byte is accounted for.</summary>
    Whole,

    /// <summary>The log ends with a piece that was never finished: what a crash leaves. It can be cut off.</summary>
    TornTail,

    /// <summary>Something is wrong that a crash does not explain. Nothing may be cut without being told to.</summary>
    Damaged,
}

/// <summary>What the reading of a log has proven.</summary>
public sealed record LogVerdict
{
    public required LogCondition Condition { get; init; }

    /// <summary>The length of the file in bytes.</summary>
    public required long FileBytes { get; init; }

    /// <summary>The bytes from the start of the file that are proven good.</summary>
    public required long GoodBytes { get; init; }

    /// <summary>Commit groups within the good bytes; parts of a base are not counted.</summary>
    public required long Groups { get; init; }

    /// <summary>Commands within the good bytes; MULTI and EXEC are not counted.</summary>
    public required long Commands { get; init; }

    /// <summary>
    /// The number of the last good group, or of the last one that the base holds; 0 when there is none.
    /// </summary>
    public required long LastNumber { get; init; }

    /// <summary>When the last good line was written, ms since the Unix epoch; 0 when there is none.</summary>
    public required long LastTimeMs { get; init; }

    /// <summary>
    /// Whether the good bytes have no lines of the format at all: an empty log, or one that Redis wrote.
    /// </summary>
    public required bool IsPlain { get; init; }

    /// <summary>Whether the file ends within its base, so that the good bytes are a part of a snapshot.</summary>
    public required bool EndsInBase { get; init; }

    /// <summary>How many parts of a base that was not finished are good.</summary>
    public required long BaseParts { get; init; }

    /// <summary>Unless the log is whole: what is wrong behind the good bytes.</summary>
    public string Reason { get; init; } = "";

    /// <summary>
    /// Unless the log is whole: the first byte known to be wrong, or where the first bad group starts.
    /// </summary>
    public long BadOffset { get; init; }

    /// <summary>Where the first good group behind the bad bytes ends, or -1 when there is none.</summary>
    public long NextGoodEnd { get; init; } = -1;

    /// <summary>The number of that group.</summary>
    public long NextGoodNumber { get; init; }

    /// <summary>When that group was written, ms since the Unix epoch.</summary>
    public long NextGoodTimeMs { get; init; }

    /// <summary>Everything an operator needs to know about what is wrong, in a few sentences.</summary>
    public string Describe()
    {
        if (Condition == LogCondition.Whole)
        {
            return $"the log is whole: {Extent(FileBytes)}";
        }

        var bad = IsPlain || EndsInBase ? "" : $" in group {LastNumber + 1}";
        var text = $"{Reason} at byte {BadOffset}{bad}; proven good before it: {Extent(GoodBytes)}";
        if (LastTimeMs > 0)
        {
            text += $", the last of it written at {Time(LastTimeMs)}";
        }

        if (NextGoodEnd >= 0)
        {
            text += $"; group {NextGoodNumber}, written at {Time(NextGoodTimeMs)}, is good again and ends at byte "
                + $"{NextGoodEnd}";
        }

        if (EndsInBase)
        {
            text += "; this is within the snapshot that the log starts with, so the good part is not a state that "
                + "the server ever had";
        }

        return text;
    }

    /// <summary>A time in ms since the Unix epoch, for people.</summary>
    internal static string Time(long timeMs)
    {
        const long MsMax = 253_402_300_799_999;
        return DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(timeMs, 0, MsMax))
            .ToString("yyyy-MM-dd HH:mm:ss.fff 'UTC'", System.Globalization.CultureInfo.InvariantCulture);
    }

    private string Extent(long bytes) => $"{bytes} bytes, {Groups} groups, {Commands} commands";
}

/// <summary>A log is damaged, and the server must not start on it.</summary>
public sealed class LogDamagedException(string path, LogVerdict verdict) : Exception(
    $"the log '{path}' is damaged: {verdict.Describe()}. Nothing was changed. 'check {path}' shows the whole report; "
    + $"'repair {path}' keeps what is good and moves the rest to a .torn file beside it.")
{
    public LogVerdict Verdict { get; } = verdict;
}
