namespace RedisClone.Server.Persistence;

/// <summary>How a log is written.</summary>
public sealed record AppendLogOptions
{
    public FsyncPolicy Policy { get; init; } = FsyncPolicy.EverySecond;

    /// <summary>Whether a log whose end is torn is loaded up to there; otherwise it is refused.</summary>
    public bool AcceptsTornTail { get; init; } = true;

    /// <summary>
    /// The directory beside the log in which a Redis 7 keeps its own: taken over when there is no log of this server.
    /// </summary>
    public string RedisDirectoryName { get; init; } = "appendonlydir";

    /// <summary>
    /// Whether fsync and rewrites run on threads of their own. Without, somebody has to call <see cref="AppendLog.Step"/>
    /// and <see cref="LogRewrites.Run"/>: tests, which want every step to be their own.
    /// </summary>
    public bool IsInBackground { get; init; } = true;
}

/// <summary>Another process, or another server in this one, has the log.</summary>
public sealed class LogInUseException(string path, Exception inner) : Exception(
    $"the log '{path}' is in use by another server: its lock file '{path}.lock' is held. Two servers must not share a "
    + "log; give this one another directory or file name.",
    inner)
{
    /// <summary>Takes the log for this process. The lock ends with the process, however that ends.</summary>
    internal static IDisposable Lock(ILogDisk disk, string path)
    {
        var lockPath = path + ".lock";
        try
        {
            return disk.Lock(lockPath);
        }
        catch (IOException error) when (error is not (DirectoryNotFoundException or PathTooLongException))
        {
            throw new LogInUseException(path, error);
        }
    }
}

/// <summary>The first line of a log that this server has not written to before.</summary>
internal static class LogStart
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Puts the end of a base behind parts that are there, whose last one is closed already.</summary>
    /// <param name="file">The log.</param>
    /// <param name="offset">Where the parts end.</param>
    /// <param name="parts">How many there are.</param>
    /// <param name="time">The clock.</param>
    public static void CloseParts(ILogFile file, long offset, long parts, TimeProvider time)
    {
        var line = new Protocol.RespWriter(LogFormat.LineBytesMax);
        var timeMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        LogFormat.Write(line, LogLineKind.BaseEnd, 0, 0, timeMs, parts, Crc32C.Start);
        file.Write(offset, line.Written);
    }

    /// <summary>
    /// Puts the end of the base behind what is there: nothing in a new file, commands in a plain one.
    /// </summary>
    public static LogEnd CloseBase(ILogFile file, LogEnd end, TimeProvider time)
    {
        var running = Crc32C.Start;
        var buffer = new byte[Math.Min(BufferBytes, end.Offset)];
        for (var at = 0L; at < end.Offset;)
        {
            var read = file.Read(at, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end.Offset - at)));
            if (read == 0)
            {
                throw new IOException("the log became shorter while it was read");
            }

            running = Crc32C.Append(running, buffer.AsSpan(0, read));
            at += read;
        }

        var line = new Protocol.RespWriter(LogFormat.LineBytesMax);
        var timeMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        LogFormat.Write(line, LogLineKind.BaseEnd, end.LastNumber, end.Offset, timeMs, 0, running);
        file.Write(end.Offset, line.Written);
        return new LogEnd(end.Offset + line.Length, end.LastNumber, IsPlain: false);
    }
}
