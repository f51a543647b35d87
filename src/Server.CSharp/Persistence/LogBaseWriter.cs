using RedisClone.Protocol;

namespace RedisClone.Server.Persistence;

/// <summary>Writes the base of a log into a new file: commands in parts, each closed by its line.</summary>
internal sealed class LogBaseWriter
{
    /// <summary>A part is closed when it has this many bytes.</summary>
    public const int PartBytes = 256 << 10;

    /// <summary>
    /// How much is written before an fsync, in bytes: a single one at the end would starve other writers.
    /// </summary>
    public const long SyncBytes = 32 << 20;

    private readonly ILogFile _file;
    private readonly TimeProvider _time;
    private readonly RespWriter _part = new(PartBytes + (PartBytes / 4));
    private long _synced;
    private long _parts;

    /// <summary>Begins the base of a file that is empty.</summary>
    public LogBaseWriter(ILogFile file, TimeProvider time)
    {
        _file = file;
        _time = time;
        ClosePart(LogLineKind.Base, 0);
    }

    /// <summary>Where commands are written; <see cref="Advance"/> is to be called after every few.</summary>
    public RespWriter Part => _part;

    /// <summary>How long the file is, in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Writes what is there, if it is enough for a part.</summary>
    public void Advance()
    {
        if (_part.Length >= PartBytes)
        {
            ClosePart(LogLineKind.Base, _parts);
        }
    }

    /// <summary>Writes the rest, and ends the base.</summary>
    /// <param name="number">The number of the last group whose effects the base holds.</param>
    public void End(long number) => ClosePart(LogLineKind.BaseEnd, number);

    /// <summary>Writes bytes behind the base.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        _file.Write(Length, bytes);
        Length += bytes.Length;
        if (Length - _synced >= SyncBytes)
        {
            _file.Sync();
            _synced = Length;
        }
    }

    private void ClosePart(LogLineKind kind, long number)
    {
        var timeMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var extra = kind == LogLineKind.BaseEnd ? _parts : 0;
        var running = Crc32C.Append(Crc32C.Start, _part.Written);
        LogFormat.Write(_part, kind, number, _part.Length, timeMs, extra, running);
        Write(_part.Written);
        _part.Truncate(0);
        _parts++;
    }
}
