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
        var tornPath = FreeName(disk, path);
        ILogFile? torn = null;
        try
        {
            torn = disk.Open(tornPath, LogFileMode.CreateNew);
            Copy(log, goodBytes, log.Length, torn);
            torn.Sync();
            disk.SyncDirectory(tornPath);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (torn is not null)
            {
                TryDelete(disk, tornPath);
            }

            throw new IOException(
                $"the end of the log '{path}', from byte {goodBytes} on, is to be cut off but cannot be kept in "
                + $"'{tornPath}': {error.Message}",
                error);
        }
        finally
        {
            torn?.Dispose();
        }

        log.Truncate(goodBytes);
        log.Sync();
        return tornPath;
    }

    private static string FreeName(ILogDisk disk, string path)
    {
        for (var number = 0; number < FilesMax; number++)
        {
            var name = number == 0 ? $"{path}.torn" : $"{path}.torn.{number}";
            if (!disk.Exists(name))
            {
                return name;
            }
        }

        throw new IOException($"there are {FilesMax} files '{path}.torn*' already; move them away");
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

    private static void TryDelete(ILogDisk disk, string path)
    {
        try
        {
            disk.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The disk fails anyway; the error that matters is the one being thrown.
        }
    }
}
