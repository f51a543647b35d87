using RedisClone.Protocol;

namespace RedisClone.Server.Network;

/// <summary>Writers to lend to the connections that are active in a turn. For one thread.</summary>
internal sealed class WriterPool
{
    /// <summary>What a new writer holds before it grows.</summary>
    public const int InitialBytes = 16 * 1024;

    /// <summary>A writer that has grown beyond this is not kept.</summary>
    public const int WriterBytesMax = 2 * NetworkLimits.OutputBytesPerReceive;

    /// <summary>All kept writers together.</summary>
    public const int PoolBytesMax = 8 * 1024 * 1024;

    private readonly Stack<RespWriter> _kept = new();
    private int _keptBytes;

    public RespWriter Rent()
    {
        if (!_kept.TryPop(out var writer))
        {
            return new RespWriter(InitialBytes);
        }

        _keptBytes -= writer.Buffer.Length;
        return writer;
    }

    public void Return(RespWriter writer)
    {
        int bytes = writer.Buffer.Length;
        if (bytes > WriterBytesMax || _keptBytes + bytes > PoolBytesMax)
        {
            return;
        }

        writer.Truncate(0);
        _keptBytes += bytes;
        _kept.Push(writer);
    }
}
