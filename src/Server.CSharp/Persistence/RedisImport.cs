using System.Text;
using RedisClone.Protocol;

namespace RedisClone.Server.Persistence;

// Taking over the log of a Redis
//
// Redis 7 keeps its log in a directory: a base, usually as an RDB file, some files of commands, and a manifest that
// says in which order they belong together. Redis 4 to 6 have one file that may begin with an RDB file and go on with
// commands. Where this server finds such a log and none of its own, it replays it, and writes down what it replays as
// the base of a new log, in a temporary file that gets the name of the log when all of it is durable. So an import is
// whole or has not happened, and the files of Redis stay as they are.

/// <summary>Loads a log that Redis wrote, and makes a log of this server from it.</summary>
internal static class RedisImport
{
    /// <summary>The name of the manifest where Redis has not been given another.</summary>
    public const string DefaultManifest = "appendonly.aof.manifest";

    private const string TemporaryEnding = ".import.tmp";
    private const string KeptEnding = ".redis";

    /// <summary>Takes over what there is to take over.</summary>
    /// <param name="disk">Where the files are.</param>
    /// <param name="path">The log of this server.</param>
    /// <param name="options">Where Redis 7 keeps its log, and whether its end may be torn.</param>
    /// <param name="replayer">Where the commands go.</param>
    /// <param name="time">The clock.</param>
    /// <returns>What was done; null when there is nothing to take over.</returns>
    /// <exception cref="LogImportException">A file is missing, damaged, or holds what this server does not know.</exception>
    /// <exception cref="LogReplayException">A command cannot be carried out.</exception>
    /// <exception cref="IOException">The disk fails.</exception>
    public static RecoveryReport? Run(
        ILogDisk disk, string path, AppendLogOptions options, ILogReplayer replayer, TimeProvider time)
    {
        var temporaryPath = path + TemporaryEnding;
        if (disk.Exists(temporaryPath))
        {
            disk.Delete(temporaryPath);
        }

        if (disk.Exists(path))
        {
            return StartsWithRdb(disk, path) ? ImportFile(disk, path, options, replayer, time) : null;
        }

        var directory = Path.Combine(Path.GetDirectoryName(path) ?? "", options.RedisDirectoryName);
        var manifestPath = Path.Combine(directory, Path.GetFileName(path) + ".manifest");
        if (!disk.Exists(manifestPath))
        {
            manifestPath = Path.Combine(directory, DefaultManifest);
        }

        if (!disk.Exists(manifestPath))
        {
            return null;
        }

        var sources = ReadManifest(disk, manifestPath).ConvertAll(name => Path.Combine(directory, name));
        return Convert(disk, path, manifestPath, sources, options, replayer, time);
    }

    /// <summary>The log itself is one that Redis wrote. A copy of it is kept.</summary>
    private static RecoveryReport ImportFile(
        ILogDisk disk, string path, AppendLogOptions options, ILogReplayer replayer, TimeProvider time)
    {
        var keptPath = TornFile.FreeName(disk, path + KeptEnding);
        using (var file = disk.Open(path, LogFileMode.Read))
        {
            TornFile.Keep(disk, keptPath, file, 0);
        }

        return Convert(disk, path, keptPath, [path], options, replayer, time);
    }

    private static RecoveryReport Convert(
        ILogDisk disk,
        string path,
        string name,
        List<string> sources,
        AppendLogOptions options,
        ILogReplayer replayer,
        TimeProvider time)
    {
        var started = time.GetTimestamp();
        var temporaryPath = path + TemporaryEnding;
        var isDone = false;
        try
        {
            using var file = disk.Open(temporaryPath, LogFileMode.CreateNew);
            var copier = new Copier(new LogBaseWriter(file, time), replayer);
            var ignored = 0L;
            foreach (var source in sources)
            {
                ignored = Load(disk, source, options.AcceptsTornTail && source == sources[^1], copier);
            }

            copier.Target.End(0);
            file.Sync();
            disk.Rename(temporaryPath, path);
            isDone = true;
            disk.SyncDirectory(path);
            return new RecoveryReport
            {
                End = new LogEnd(copier.Target.Length, 0, IsPlain: false),
                Commands = copier.Commands,
                Groups = 0,
                Bytes = copier.Target.Length,
                Duration = time.GetElapsedTime(started),
                ImportedFrom = name,
                IgnoredBytes = ignored,
            };
        }
        finally
        {
            if (!isDone)
            {
                TornFile.TryDelete(disk, temporaryPath);
            }
        }
    }

    /// <summary>Replays one file; returns how many bytes of an unfinished end were left out.</summary>
    private static long Load(ILogDisk disk, string path, bool mayBeTorn, ILogReplayer replayer)
    {
        if (!disk.Exists(path))
        {
            throw new LogImportException(path, "the file is missing");
        }

        using var file = disk.Open(path, LogFileMode.Read);
        try
        {
            var start = RdbReader.IsRdb(file) ? RdbReader.Read(file, replayer) : 0;
            var verdict = new LogVerifier(new FileEnd(file, start), replayer).Run();
            if (verdict.Condition == LogCondition.Damaged || (verdict.Condition == LogCondition.TornTail && !mayBeTorn))
            {
                var from = start > 0 ? $" (counting from byte {start}, where its RDB part ends)" : "";
                throw new LogImportException(path, verdict.Describe() + from);
            }

            return verdict.FileBytes - verdict.GoodBytes;
        }
        catch (RdbException error)
        {
            throw new LogImportException(path, error.Message);
        }
    }

    private static List<string> ReadManifest(ILogDisk disk, string path)
    {
        using var file = disk.Open(path, LogFileMode.Read);
        if (file.Length > RedisManifest.BytesMax)
        {
            throw new LogImportException(path, "the manifest is too long to be one");
        }

        var bytes = new byte[file.Length];
        _ = file.Read(0, bytes);
        try
        {
            return RedisManifest.Parse(Encoding.UTF8.GetString(bytes));
        }
        catch (FormatException error)
        {
            throw new LogImportException(path, error.Message);
        }
    }

    private static bool StartsWithRdb(ILogDisk disk, string path)
    {
        using var file = disk.Open(path, LogFileMode.Read);
        return RdbReader.IsRdb(file);
    }

    /// <summary>Has every command carried out, and writes it down.</summary>
    private sealed class Copier(LogBaseWriter target, ILogReplayer replayer) : ILogReplayer
    {
        public LogBaseWriter Target => target;

        public long Commands { get; private set; }

        public string? Apply(Arguments command)
        {
            if (replayer.Apply(command) is { } reason)
            {
                return reason;
            }

            target.Part.Raw(command.Raw);
            target.Advance();
            Commands++;
            return null;
        }
    }

    /// <summary>A file from some byte on.</summary>
    private sealed class FileEnd(ILogFile file, long start) : ILogFile
    {
        public long Length => file.Length - start;

        public int Read(long offset, Span<byte> target) => file.Read(start + offset, target);

        public void Write(long offset, ReadOnlySpan<byte> bytes) => throw new NotSupportedException();

        public void Sync() => throw new NotSupportedException();

        public void Truncate(long length) => throw new NotSupportedException();

        public void Dispose() => file.Dispose();
    }
}

/// <summary>A log of Redis cannot be taken over; nothing was changed.</summary>
public sealed class LogImportException(string path, string reason) : Exception(
    $"the log of Redis cannot be taken over because of '{path}': {reason}. Nothing was changed; move the file or its "
    + "directory away to start without it.");
