using System.Net;
using System.Runtime.InteropServices;

namespace RedisClone.Server.Network.Linux;

/// <summary>
/// A connection on a descriptor that an <see cref="EpollLoop"/> watches, edge-triggered: the kernel tells once that
/// there is input or room, whatever we want at that time, so the connection remembers it. Level-triggered, the kernel
/// would ask each socket again on the next wait, which is a twentieth of all that a short request costs.
/// </summary>
internal sealed unsafe class EpollConnection(
    TransportContext context, EpollLoop loop, int descriptor, EndPoint? remote, Listener listener)
    : Connection(context, remote, context.TlsOf(listener))
{
    private int _signals;
    private bool _wantsInput = true;

    /// <summary>Whether the kernel may hold input that no further event will tell of.</summary>
    private bool _readable;

    /// <summary>Whether the peer has ended its side, so that the end of the input is still to be read.</summary>
    private bool _peerEnded;

    private EndPoint? _local = listener.Name;

    public override int Handle => descriptor;

    public override EndPoint? LocalEndPoint => _local;

    /// <summary>Whether the loop has it on its list for this turn.</summary>
    public bool IsActive { get; set; }

    /// <summary>Whether the loop has it on its list of those that wait for the log.</summary>
    public bool IsParked { get; set; }

    /// <summary>Whether there may be input to take now.</summary>
    public bool HasInput => _readable && _wantsInput;

    /// <summary>Takes note of what an event says about input.</summary>
    public void NoteInput(bool peerEnded)
    {
        _readable = true;
        _peerEnded |= peerEnded;
    }

    /// <summary>Sets the options of a fresh socket and starts to watch it, if the kernel lets us.</summary>
    public bool TryRegister(int keepAliveSeconds, Epoll epoll)
    {
        if (listener.Kind != ListenerKind.Unix)
        {
            SetTcpOptions(keepAliveSeconds);
        }

        return epoll.TryAdd(
            descriptor,
            Native.EpollIn | Native.EpollOut | Native.EpollPeerEnded | Native.EpollEdge);
    }

    private void SetTcpOptions(int keepAliveSeconds)
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
            int received = Result(Native.Receive(descriptor, at, (nuint)room.Length, 0));
            // Less than there was room for is all that there was.
            _readable = received == room.Length || (received > 0 && _peerEnded);
            return received;
        }
    }

    protected override int TrySend(ArraySegment<byte> bytes)
    {
        fixed (byte* at = bytes.AsSpan())
        {
            return Result(Native.Send(descriptor, at, (nuint)bytes.Count, Native.MessageNoSignal));
        }
    }

    protected override void Listen(bool input, bool room) => _wantsInput = input;

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
