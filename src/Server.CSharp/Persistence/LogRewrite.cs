using RedisClone.Protocol;

namespace RedisClone.Server.Persistence;

// Compaction
//
//   1. under the engine's lock: freeze the keyspace, and mark the place in the log         (constant time)
//   2. beside: write the frozen keyspace to <log>.rewrite.tmp as a base, in parts
//   3. beside: copy the groups that came after the mark, until little is left, and fsync
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
    /// <summary>A part of the base is closed when it has this many bytes.</summary>
    public const int PartBytes = 256 << 10;

    /// <summary>How much is written before an fsync, in bytes: a single one at the end would starve other writers.</summary>
    public const long SyncBytes = 32 << 20;

    /// <summary>When no more than this is left to copy, in bytes, the rest is copied under the lock of the file.</summary>
    public const int RestBytesMax = 256 << 10;

    /// <summary>A log that grows faster than it is copied is copied under the lock after this many bytes.</summary>
    public const long CatchUpBytesMax = 4L << 30;

    private const string Ending = ".rewrite.tmp";

    private readonly AppendLog _log;
    private readonly ILogDisk _disk;
    private readonly string _path;
    private readonly ISnapshotWriter _snapshot;
    private readonly long _number;
    private readonly TimeProvider _time;
    private readonly RespWriter _part = new(PartBytes + (PartBytes / 4));
    private ILogFile? _file;
    private long _end;
    private long _synced;
    private long _parts;
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
        try
        {
            var (copied, failures) = _log.TakeMark();
            _file = _disk.Open(_path, LogFileMode.CreateNew);
            WriteBase();
            copied = CatchUp(copied);
            _file.Sync();
            var length = _log.Replace(_file, _path, copied, _end, failures);
            _file = null;
            return length;
        }
        finally
        {
            if (_file is not null)
            {
                _file.Dispose();
                TryDelete();
            }
        }
    }

    private void WriteBase()
    {
        WritePart(LogLineKind.Base, _parts);
        while (_snapshot.WriteNext(_part))
        {
            if (_part.Length >= PartBytes)
            {
                WritePart(LogLineKind.Base, _parts);
            }
        }

        WritePart(LogLineKind.BaseEnd, _number);
    }

    private void WritePart(LogLineKind kind, long number)
    {
        var timeMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var extra = kind == LogLineKind.BaseEnd ? _parts : 0;
        var running = Crc32C.Append(Crc32C.Start, _part.Written);
        LogFormat.Write(_part, kind, number, _part.Length, timeMs, extra, running);
        Write(_part.Written);
        _part.Truncate(0);
        _parts++;
    }

    /// <summary>Copies groups until few are left; returns up to where.</summary>
    private long CatchUp(long copied)
    {
        var buffer = new byte[LogTail.BufferBytes];
        var start = copied;
        while (copied - start < CatchUpBytesMax)
        {
            var read = _log.ReadWritten(copied, buffer);
            Write(buffer.AsSpan(0, read));
            copied += read;
            if (read <= RestBytesMax)
            {
                break;
            }
        }

        return copied;
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (_isCancelled)
        {
            throw new IOException("the rewrite was cancelled");
        }

        _file!.Write(_end, bytes);
        _end += bytes.Length;
        if (_end - _synced >= SyncBytes)
        {
            _file.Sync();
            _synced = _end;
        }
    }

    private void TryDelete()
    {
        try
        {
            _disk.Delete(_path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next start deletes it; the error that matters is the one that ended the rewrite.
        }
    }
}
