using RedisClone.Protocol;

namespace RedisClone.Server.Engine;

/// <summary>How far the loading of the log is, for INFO. Written by who loads, read by anybody.</summary>
/// <param name="started">When it began.</param>
/// <param name="totalBytes">The length of the log in bytes; 0 if it is not known.</param>
/// <param name="cancellation">Ends the loading with an <see cref="OperationCanceledException"/>.</param>
public sealed class LoadProgress(DateTimeOffset started, long totalBytes, CancellationToken cancellation)
{
    private long _loadedBytes;

    public DateTimeOffset Started => started;

    public long TotalBytes => totalBytes;

    /// <summary>Bytes of the commands that were carried out so far.</summary>
    public long LoadedBytes => Volatile.Read(ref _loadedBytes);

    /// <summary>Takes note of a command that is carried out next, unless loading is to end.</summary>
    public void Next(Arguments command)
    {
        cancellation.ThrowIfCancellationRequested();
        var bytes = HeaderBytes(command.Count);
        for (var i = 0; i < command.Count; i++)
        {
            bytes += HeaderBytes(command[i].Length) + command[i].Length + 2;
        }

        Volatile.Write(ref _loadedBytes, _loadedBytes + bytes);
    }

    /// <summary>The length of <c>*n\r\n</c>.</summary>
    private static long HeaderBytes(int count) => Numbers.digitsOfInt64(count) + 3;
}
