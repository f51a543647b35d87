namespace RedisClone.Server.Persistence;

/// <summary>Moves the end of a log into a file of its own, so that cutting a log never destroys anything.</summary>
internal static class TornFile
{
    private const int BufferBytes = 1 << 20;

    /// <summary>The most torn tails that are kept beside a log.</summary>
    public const int FilesMax = 1000;

    /// <summary>
    /// Copies what is behind <paramref name="goodBytes"/> to <c>path.torn</c> (or <c>.torn.1</c>, <c>.torn.2</c> ...,
    /// never over an old one), makes that durable, and only then cuts it off the log.
    /// </summary>
    /// <returns>The path of the new file.</returns>
    /// <exception cref="IOException">There are too many of them, or the disk fails; the log is unchanged then.</exception>
    public static string Cut(ILogDisk disk, string path, ILogFile log, long goodBytes)
    {
        var tornPath = FreeName(disk, path + ".torn");
        Keep(disk, tornPath, log, goodBytes);
        log.Truncate(goodBytes);
        log.Sync();
        return tornPath;
    }

    /// <summary>A name that no file has: <paramref name="name"/>, or that and a number.</summary>
    public static string FreeName(ILogDisk disk, string name)
    {
        for (var number = 0; number < FilesMax; number++)
        {
            var free = number == 0 ? name : $"{name}.{number}";
            if (!disk.Exists(free))
            {
                return free;
            }
        }

        throw new IOException($"there are {FilesMax} files '{name}*' already; move them away");
    }

    /// <summary>Copies a file, from an offset on, to a new one, and makes that durable.</summary>
    public static void Keep(ILogDisk disk, string path, ILogFile from, long start)
    {
        ILogFile? kept = null;
        try
        {
            kept = disk.Open(path, LogFileMode.CreateNew);
            Copy(from, start, from.Length, kept);
            kept.Sync();
            disk.SyncDirectory(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (kept is not null)
            {
                TryDelete(disk, path);
            }

            throw new IOException(
                $"the bytes of the log from {start} on are to be cut off or replaced, but cannot be kept in '{path}': "
                + error.Message,
                error);
        }
        finally
        {
            kept?.Dispose();
        }
    }

    /// <summary>
    /// Deletes a file that is of no use; if the disk refuses that, too, the error at hand matters more.
    /// </summary>
    public static void TryDelete(ILogDisk disk, string path)
    {
        try
        {
            disk.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next start deletes what is temporary.
        }
    }

    private static void Copy(ILogFile from, long start, long end, ILogFile to)
    {
        var buffer = new byte[Math.Min(BufferBytes, end - start)];
        for (var at = start; at < end;)
        {
            var read = from.Read(at, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at)));
            if (read == 0)
            {
                throw new IOException("the log became shorter while it was read");
            }

            to.Write(at - start, buffer.AsSpan(0, read));
            at += read;
        }
    }
}
