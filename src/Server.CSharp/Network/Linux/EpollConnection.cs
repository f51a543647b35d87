using System.Net;
using System.Runtime.InteropServices;

namespace RedisClone.Server.Network.Linux;

/// <summary>A connection on a descriptor that an <see cref="EpollLoop"/> watches.</summary>
internal sealed unsafe class EpollConnection(TransportContext context, EpollLoop loop, int descriptor, EndPoint? remote)
    : Connection(context, remote)
{
    private int _signals;
    private uint _interest = Native.EpollIn;
    private EndPoint? _local;

    public override int Handle => descriptor;

    public override EndPoint? LocalEndPoint => _local;

    /// <summary>Whether the loop has it on its list for this turn.</summary>
    public bool IsActive { get; set; }

    /// <summary>Whether the loop has it on its list of those that wait for the log.</summary>
    public bool IsParked { get; set; }

    /// <summary>Sets the options of a fresh socket and starts to watch it, if the kernel lets us.</summary>
    public bool TryRegister(int keepAliveSeconds, Epoll epoll)
    {
        Native.SetOption(descriptor, Native.LevelTcp, Native.TcpNoDelay, 1);
        if (keepAliveSeconds > 0)
        {
            int intervalSeconds = KeepAlive.IntervalSeconds(keepAliveSeconds);
            Native.SetOption(descriptor, Native.LevelSocket, Native.OptionKeepAlive, 1);
            Native.SetOption(descriptor, Native.LevelTcp, Native.TcpKeepIdle, keepAliveSeconds);
            Native.SetOption(descriptor, Native.LevelTcp, Native.TcpKeepInterval, intervalSeconds);
            Native.SetOption(descriptor, Native.LevelTcp, Native.TcpKeepCount, KeepAlive.Probes);
        }

        byte* address = stackalloc byte[Native.SocketAddressBytes];
        uint length = Native.SocketAddressBytes;
        if (Native.GetName(descriptor, address, &length) == 0)
        {
            _local = Native.EndPointOf(new ReadOnlySpan<byte>(address, (int)length));
        }

        return epoll.TryAdd(descriptor, _interest);
    }

    public override void Signal(Signals added)
    {
        if (Interlocked.Or(ref _signals, (int)added) == 0)
        {
            loop.Post(this);
        }
    }

    public Signals TakeSignals() => (Signals)Interlocked.Exchange(ref _signals, 0);

    protected override bool PeerHasAll => Native.IsAllAcknowledged(descriptor);

    protected override int TryReceive(Span<byte> room)
    {
        fixed (byte* at = room)
        {
            return Result(Native.Receive(descriptor, at, (nuint)room.Length, 0));
        }
    }

    protected override int TrySend(ArraySegment<byte> bytes)
    {
        fixed (byte* at = bytes.AsSpan())
        {
            return Result(Native.Send(descriptor, at, (nuint)bytes.Count, Native.MessageNoSignal));
        }
    }

    protected override void Listen(bool input, bool room)
    {
        uint wanted = (input ? Native.EpollIn : 0) | (room ? Native.EpollOut : 0);
        if (wanted != _interest)
        {
            _interest = wanted;
            loop.Modify(descriptor, wanted);
        }
    }

    protected override void EndSending() => _ = Native.Shutdown(descriptor, Native.ShutdownWrite);

    protected override void Release() => _ = Native.Close(descriptor);

    private static int Result(nint result)
    {
        if (result >= 0)
        {
            return (int)result;
        }

        return Marshal.GetLastPInvokeError() is Native.Again or Native.Interrupted ? WouldBlock : Failed;
    }
}
