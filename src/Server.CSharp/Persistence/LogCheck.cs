namespace RedisClone.Server.Persistence;

/// <summary>
/// The verbs <c>check</c> and <c>repair</c> of the program: what is wrong with a log, and cutting it off.
/// </summary>
public static class LogCheck
{
    /// <summary>The exit code for a log that is whole, or has been made so.</summary>
    public const int Good = 0;

    /// <summary>The exit code for a log that is not whole, or that could not be read or repaired.</summary>
    public const int Bad = 1;

    /// <summary>Reads a log, proves what can be proven, and says so. Changes nothing.</summary>
    /// <returns>The exit code.</returns>
    public static int Check(string path, TextWriter output) => Check(new OsDisk(), path, output);

    /// <summary>
    /// Keeps what is good of a log and moves the rest to a <c>.torn</c> file beside it; asks nothing.
    /// </summary>
    /// <returns>The exit code.</returns>
    public static int Repair(string path, TextWriter output) => Repair(new OsDisk(), path, output, TimeProvider.System);

    internal static int Check(ILogDisk disk, string path, TextWriter output)
    {
        try
        {
            if (IsMissing(disk, path, output))
            {
                return Bad;
            }

            if (IsInUse(disk, path))
            {
                output.WriteLine($"{path}: a running server is writing to it; an unfinished end means nothing");
            }

            using var file = disk.Open(path, LogFileMode.Read);
            var verdict = new LogVerifier(file, replayer: null).Run();
            Print(path, verdict, output);
            return verdict.Condition == LogCondition.Whole ? Good : Bad;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            output.WriteLine($"{path}: {error.Message}");
            return Bad;
        }
    }

    internal static int Repair(ILogDisk disk, string path, TextWriter output, TimeProvider time)
    {
        try
        {
            if (IsMissing(disk, path, output))
            {
                return Bad;
            }

            using var held = LogInUseException.Lock(disk, path);
            using var file = disk.Open(path, LogFileMode.ReadWrite);
            var verdict = new LogVerifier(file, replayer: null).Run();
            Print(path, verdict, output);
            if (verdict.Condition == LogCondition.Whole)
            {
                output.WriteLine($"{path}: nothing to repair");
                return Good;
            }

            var tornPath = TornFile.Cut(disk, path, file, verdict.GoodBytes);
            output.WriteLine($"{path}: cut to {verdict.GoodBytes} bytes; the other "
                + $"{verdict.FileBytes - verdict.GoodBytes} bytes are in {tornPath}");
            if (verdict.EndsInBase)
            {
                LogStart.CloseParts(file, verdict.GoodBytes, verdict.BaseParts, time);
                file.Sync();
                output.WriteLine($"{path}: what is left is a part of a snapshot, a state that the server never had");
            }

            return Good;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or LogInUseException)
        {
            output.WriteLine($"{path}: {error.Message}");
            return Bad;
        }
    }

    private static void Print(string path, LogVerdict verdict, TextWriter output)
    {
        var kind = verdict.IsPlain ? "commands without checksums, as Redis writes them" : "groups with checksums";
        output.WriteLine($"{path}: {verdict.FileBytes} bytes of {kind}");
        output.WriteLine($"{path}: {verdict.Describe()}");
        if (verdict.Condition == LogCondition.TornTail)
        {
            output.WriteLine($"{path}: this is what a crash leaves; the next start cuts it off");
        }
    }

    private static bool IsMissing(ILogDisk disk, string path, TextWriter output)
    {
        if (disk.Exists(path))
        {
            return false;
        }

        output.WriteLine($"{path}: no such file");
        return true;
    }

    private static bool IsInUse(ILogDisk disk, string path)
    {
        if (!disk.Exists(path + ".lock"))
        {
            return false;
        }

        try
        {
            LogInUseException.Lock(disk, path).Dispose();
            return false;
        }
        catch (LogInUseException)
        {
            return true;
        }
    }
}
