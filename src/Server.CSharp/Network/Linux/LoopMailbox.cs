using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace RedisClone.Server.Network.Linux;

/// <summary>What the loop as a whole is to look at.</summary>
[Flags]
internal enum LoopRequests
{
    None = 0,
    Tick = 1,
    ResumeAccepting = 2,
    StopAccepting = 4,
    Stop = 8,
    Abort = 16,
}

/// <summary>
/// How other threads reach a loop: they leave a connection that has signals, or a request, and wake the loop through an
/// eventfd. A connection is in here at most once, while it has signals, so their number bounds the queue.
/// </summary>
internal sealed unsafe class LoopMailbox : IDisposable
{
    private readonly ConcurrentQueue<EpollConnection> _connections = new();
    private readonly Lock _gate = new();
    private int _requests;
    private int _isWoken;
    private bool _isClosed;

    /// <summary>Becomes readable when the loop is woken.</summary>
    public int Descriptor { get; } = Native.Checked(
        Native.EventDescriptor(0, Native.EventNonBlocking | Native.EventCloseOnExec), "eventfd");

    public void Post(EpollConnection connection)
    {
        _connections.Enqueue(connection);
        Wake();
    }

    public void Request(LoopRequests requests)
    {
        Interlocked.Or(ref _requests, (int)requests);
        Wake();
    }

    /// <summary>Has the loop take a turn; several calls before that turn cost one write.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _isWoken, 1) != 0)
        {
            return;
        }

        // The gate only keeps late callers from writing to a descriptor that is closed, or is somebody else's by now.
        lock (_gate)
        {
            if (!_isClosed)
            {
                ulong one = 1;
                _ = Native.Write(Descriptor, &one, sizeof(ulong));
            }
        }
    }

    /// <summary>By the loop, before it empties the mailbox: what is left from here on wakes it again.</summary>
    public void Awake()
    {
        ulong times;
        _ = Native.Read(Descriptor, &times, sizeof(ulong));
        Interlocked.Exchange(ref _isWoken, 0);
    }

    public bool TryTake([NotNullWhen(true)] out EpollConnection? connection) =>
        _connections.TryDequeue(out connection);

    public LoopRequests TakeRequests() => (LoopRequests)Interlocked.Exchange(ref _requests, 0);

    public void Dispose()
    {
        lock (_gate)
        {
            _isClosed = true;
            _ = Native.Close(Descriptor);
        }
    }
}
