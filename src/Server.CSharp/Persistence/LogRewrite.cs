using RedisClone.Protocol;

namespace RedisClone.Server.Persistence;

// Compaction
//
//   1. under the engine's lock: freeze the keyspace, and mark the place in the log         (constant time)
//   2. beside: write the frozen keyspace to <log>.rewrite.tmp as a base, in parts
//   3. beside: copy the groups that came after the mark and fsync, again until few more came meanwhile
//   4. under the lock of the file: copy what is left, fsync, rename over the log, fsync the directory
//
// Commands go on throughout; in step 4 replies that wait for the disk wait a little longer. The old log takes every
// group until step 4 and is what a crash brings back; the rename is what decides. A crash before it leaves the
// temporary file, which the next start deletes. Any error before it abandons the rewrite and deletes that file: the
// old log has never been touched.
//
// Groups are copied as they are, lines included: their numbers go on where the base ends.

/// <summary>A keyspace as it was at one moment, as the commands that build it.</summary>
public interface ISnapshotWriter
{
    /// <summary>Appends the next commands, some kilobytes of them; SELECT included where it is needed.</summary>
    /// <returns>False when nothing is left, and nothing was written.</returns>
    bool WriteNext(RespWriter chunk);
}

/// <summary>One rewrite of a log, from the frozen keyspace to the new file.</summary>
internal sealed class LogRewrite
{
    /// <summary>
    /// When no more than this is left to copy, in bytes, the rest is copied under the lock of the file.
    /// </summary>
    public const int RestBytesMax = 256 << 10;

    /// <summary>A log that grows faster than it is copied is copied under the lock after this many bytes.</summary>
    public const long CatchUpBytesMax = 4L << 30;

    /// <summary>How often groups are copied and synced before the rest is copied under the lock of the file.</summary>
    public const int SyncsMax = 8;

    private const string Ending = ".rewrite.tmp";

    private readonly AppendLog _log;
    private readonly ILogDisk _disk;
    private readonly string _path;
    private readonly ISnapshotWriter _snapshot;
    private readonly long _number;
    private readonly TimeProvider _time;
    private volatile bool _isCancelled;

    /// <summary>Marks the place in the log; called under the engine's lock.</summary>
    public LogRewrite(AppendLog log, ILogDisk disk, string path, ISnapshotWriter snapshot, TimeProvider time)
    {
        _log = log;
        _disk = disk;
        _path = path + Ending;
        _snapshot = snapshot;
        _time = time;
        _number = log.Mark();
    }

    /// <summary>Removes what a rewrite left that a crash interrupted.</summary>
    public static void DeleteLeftover(ILogDisk disk, string path)
    {
        if (disk.Exists(path + Ending))
        {
            disk.Delete(path + Ending);
        }
    }

    public void Cancel() => _isCancelled = true;

    /// <summary>Carries the rewrite out.</summary>
    /// <returns>The length of the new log in bytes.</returns>
    /// <exception cref="IOException">The rewrite was abandoned; the log is as it was.</exception>
    public long Run()
    {
        ILogFile? file = null;
        try
        {
            var (copied, failures) = _log.TakeMark();
            file = _disk.Open(_path, LogFileMode.CreateNew);
            var target = new LogBaseWriter(file, _time);
            WriteBase(target);
            copied = CatchUp(target, copied);
            file.Sync();
            for (var syncs = 1; syncs < SyncsMax && _log.WrittenSince(copied) > RestBytesMax; syncs++)
            {
                copied = CatchUp(target, copied);
                file.Sync();
            }

            var length = _log.Replace(file, _path, copied, target.Length, failures);
            file = null;
            return length;
        }
        finally
        {
            if (file is not null)
            {
                file.Dispose();
                TornFile.TryDelete(_disk, _path);
            }
        }
    }

    private void WriteBase(LogBaseWriter target)
    {
        while (_snapshot.WriteNext(target.Part))
        {
            target.Advance();
            StopIfCancelled();
        }

        target.End(_number);
    }

    /// <summary>Copies groups until few are left; returns up to where.</summary>
    private long CatchUp(LogBaseWriter target, long copied)
    {
        var buffer = new byte[LogTail.BufferBytes];
        var start = copied;
        while (copied - start < CatchUpBytesMax)
        {
            var read = _log.ReadWritten(copied, buffer);
            target.Write(buffer.AsSpan(0, read));
            StopIfCancelled();
            copied += read;
            if (read <= RestBytesMax)
            {
                break;
            }
        }

        return copied;
    }

    private void StopIfCancelled()
    {
        if (_isCancelled)
        {
            throw new IOException("the rewrite was cancelled");
        }
    }
}
