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

    /// <summary>An empty writer that drops what goes beyond so many bytes, or beyond what it holds without growing.</summary>
    public RespWriter Rent(int lengthMax)
    {
        if (_kept.TryPop(out var writer))
        {
            _keptBytes -= writer.Buffer.Length;
        }
        else
        {
            writer = new RespWriter(InitialBytes) { DropsOverflow = true };
        }

        writer.LengthMax = lengthMax;
        return writer;
    }

    public void Return(RespWriter writer)
    {
        int bytes = writer.Buffer.Length;
        if (writer.IsOverflown || bytes > WriterBytesMax || _keptBytes + bytes > PoolBytesMax)
        {
            return;
        }

        writer.Truncate(0);
        _keptBytes += bytes;
        _kept.Push(writer);
    }
}
