namespace RedisClone.Server.Persistence;

/// <summary>How a file of the log is opened.</summary>
public enum LogFileMode
{
    /// <summary>For reading; the file must exist.</summary>
    Read,

    /// <summary>For reading and writing; the file is created when it does not exist.</summary>
    ReadWrite,

    /// <summary>For reading and writing; the file must not exist yet.</summary>
    CreateNew,
}

/// <summary>
/// The file operations that the log needs, and no others, so that a test can put a disk in their place that crashes
/// at any byte. Failures of the device are <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.
/// </summary>
public interface ILogDisk
{
    ILogFile Open(string path, LogFileMode mode);

    bool Exists(string path);

    void Delete(string path);

    /// <summary>Gives a file another name, atomically; a file that has that name is replaced.</summary>
    void Rename(string from, string to);

    /// <summary>
    /// Makes the names in the directory of <paramref name="path"/> durable: files created, renamed, deleted.
    /// </summary>
    void SyncDirectory(string path);

    /// <summary>Creates a file if need be and keeps every other process from taking it, until disposed.</summary>
    /// <exception cref="IOException">Somebody else holds it.</exception>
    IDisposable Lock(string path);
}

/// <summary>An open file. Reads and writes name their offset; there is no current position.</summary>
public interface ILogFile : IDisposable
{
    /// <summary>The length in bytes.</summary>
    long Length { get; }

    /// <summary>Reads at most <c>target.Length</c> bytes; fewer come only at the end of the file.</summary>
    int Read(long offset, Span<byte> target);

    /// <summary>Writes all of the bytes, or throws after having written any part of them.</summary>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Returns once everything written is on the device.</summary>
    void Sync();

    void Truncate(long length);

    /// <summary>
    /// Disposes of a file that is not needed any more. Other threads get their turn meanwhile: closing a large file that
    /// has no name left would keep a core busy with freeing its cache for tens of milliseconds.
    /// </summary>
    void Discard() => Dispose();
}
