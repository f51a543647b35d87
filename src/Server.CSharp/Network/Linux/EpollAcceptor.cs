using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace RedisClone.Server.Network.Linux;

/// <summary>
/// Accepts connections on one loop and hands each to the loop with the fewest. The alternative, every loop listening
/// with SO_REUSEPORT, spreads connections by a hash of their addresses, which a few long-lived connections do not make
/// even, and lets a second server take the same port unnoticed. Accepting is rare; evenness pays for as long as the
/// connection lives.
/// </summary>
/// <remarks>All but <see cref="DescriptorFreed"/> and <see cref="WaitUntilStopped"/> is for that loop.</remarks>
internal sealed unsafe class EpollAcceptor(TransportContext context, Listener[] listeners) : IDisposable
{
    /// <summary>Connections taken before others have their turn again.</summary>
    private const int AcceptsPerTurnMax = 256;

    private readonly ManualResetEventSlim _stopped = new();
    private EpollLoop[] _loops = [];
    private Epoll? _epoll;
    private bool _isPaused;

    private bool IsFull
    {
        get
        {
            long load = 0;
            foreach (var loop in _loops)
            {
                load += loop.Load;
            }

            return load >= context.ConnectionsMax;
        }
    }

    /// <summary>Tells where to hand connections to, before any loop starts.</summary>
    public void Serve(EpollLoop[] all) => _loops = all;

    public void Start(Epoll accepting)
    {
        _epoll = accepting;
        foreach (var listener in listeners)
        {
            if (!accepting.TryAdd(listener.Descriptor, Native.EpollIn))
            {
                throw new IOException("an I/O loop cannot watch its listener");
            }
        }
    }

    public void Accept(int descriptorOfListener)
    {
        if (ListenerOf(descriptorOfListener) is not { } listener)
        {
            return;
        }

        byte* address = stackalloc byte[Native.SocketAddressBytes];
        for (int i = 0; i < AcceptsPerTurnMax && !_stopped.IsSet; i++)
        {
            if (IsFull)
            {
                Pause(TransportContext.FullReason);
                return;
            }

            uint length = Native.SocketAddressBytes;
            int descriptor = Native.Accept(
                listener.Descriptor, address, &length, Native.SocketNonBlocking | Native.SocketCloseOnExec);
            if (descriptor >= 0)
            {
                var remote = listener.Name ?? Native.EndPointOf(new ReadOnlySpan<byte>(address, (int)length));
                var loop = LeastLoaded();
                loop.Adopt(new EpollConnection(context, loop, descriptor, remote, listener));
                continue;
            }

            // Anything else, such as a client that has given up again, says nothing about the next in the queue.
            int error = Marshal.GetLastPInvokeError();
            switch (error)
            {
                case Native.Again:
                    return;
                case Native.TooManyFiles or Native.TooManyFilesSystem or Native.NoBuffers or Native.OutOfMemory:
                    Pause(Marshal.GetPInvokeErrorMessage(error));
                    return;
            }
        }
    }

    /// <summary>Accepts again after <see cref="Pause"/>, if there is room.</summary>
    public void Resume()
    {
        if (Volatile.Read(ref _isPaused) && !_stopped.IsSet && !IsFull)
        {
            Volatile.Write(ref _isPaused, false);
            Watch(Native.EpollIn);
        }
    }

    /// <summary>A descriptor has become free, on any loop.</summary>
    public void DescriptorFreed()
    {
        if (Volatile.Read(ref _isPaused))
        {
            _loops[0].Request(LoopRequests.ResumeAccepting);
        }
    }

    public void Stop()
    {
        foreach (var listener in listeners)
        {
            listener.Dispose();
        }

        _stopped.Set();
    }

    public void WaitUntilStopped() => _stopped.Wait();

    public void Dispose() => _stopped.Dispose();

    /// <summary>No more can be accepted just now, and the listener would report readable for ever.</summary>
    private void Pause(string why)
    {
        Volatile.Write(ref _isPaused, true);
        Watch(0);
        context.WarnPaused(why);
    }

    private void Watch(uint interest)
    {
        foreach (var listener in listeners)
        {
            _epoll!.Modify(listener.Descriptor, interest);
        }
    }

    private Listener? ListenerOf(int descriptor)
    {
        foreach (var listener in listeners)
        {
            if (listener.Descriptor == descriptor)
            {
                return listener;
            }
        }

        return null;
    }

    private EpollLoop LeastLoaded()
    {
        var best = _loops[0];
        foreach (var loop in _loops)
        {
            if (loop.Load < best.Load)
            {
                best = loop;
            }
        }

        return best;
    }
}
