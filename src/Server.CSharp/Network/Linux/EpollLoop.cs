using System.Collections.Concurrent;

namespace RedisClone.Server.Network.Linux;

// A thread, its epoll instance and the connections it owns.
//
// A turn: wait; serve every connection that is ready, has been signalled or has commands left; flush the log once; settle
// all of these. Nobody is sent anything before the flush, so one append, and with appendfsync always one fsync, covers
// all connections of the turn. Replies that wait for the log stay in their connection's queue, the connection goes on
// `parked`, and the loop goes on serving; when the log tells that it has moved, the parked are settled again.
//
// Other threads reach the loop through `inbox` and `requests` and then wake it through an eventfd. A connection is in the
// inbox at most once (while it has signals), so the inbox is bounded by the number of connections.

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

internal sealed unsafe class EpollLoop
{
    private readonly TransportContext context;
    private readonly EpollAcceptor acceptor;
    private readonly bool accepts;
    private readonly Workspace work;
    private readonly Epoll epoll = new();
    private readonly Thread thread;
    private readonly int wakeDescriptor;
    private readonly Lock wakeGate = new();
    private readonly ConcurrentQueue<EpollConnection> inbox = new();

    /// <summary>By descriptor.</summary>
    private EpollConnection?[] connections = new EpollConnection?[64];

    private readonly List<EpollConnection> active = [];
    private readonly List<EpollConnection> parked = [];
    private List<EpollConnection> unfinished = [];
    private List<EpollConnection> running = [];
    private int count;
    private int requests;
    private int isWoken;
    private int hasParked;
    private bool isClosed;
    private bool stopping;
    private long durable;

    /// <summary>The loop with index 0 accepts connections for all.</summary>
    public EpollLoop(TransportContext context, EpollAcceptor acceptor, int index)
    {
        this.context = context;
        this.acceptor = acceptor;
        accepts = index == 0;
        work = context.NewWorkspace();
        wakeDescriptor = Native.Checked(
            Native.EventDescriptor(0, Native.EventNonBlocking | Native.EventCloseOnExec), "eventfd");
        if (!epoll.TryAdd(wakeDescriptor, Native.EpollIn))
        {
            throw new IOException("an I/O loop cannot watch its eventfd");
        }

        thread = new Thread(Run) { Name = $"io-{index}", IsBackground = true };
    }

    /// <summary>Connections that the loop has or is about to get.</summary>
    public int Load => Volatile.Read(ref count);

    public void Start() => thread.Start();

    public void Join() => thread.Join();

    /// <summary>Gives the loop a fresh connection, from the accepting thread.</summary>
    public void Adopt(EpollConnection connection)
    {
        Interlocked.Increment(ref count);
        connection.Signal(Signals.Opened);
    }

    public void Post(EpollConnection connection)
    {
        inbox.Enqueue(connection);
        Wake();
    }

    public void Request(LoopRequests added)
    {
        Interlocked.Or(ref requests, (int)added);
        Wake();
    }

    /// <summary>The log has become more durable. From any thread.</summary>
    public void DurableMoved()
    {
        // Pairs with the fence in MustNotWait: one of the two sees what the other has written.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref hasParked) != 0)
        {
            Wake();
        }
    }

    public void Modify(int descriptor, uint interest) => epoll.Modify(descriptor, interest);

    private void Wake()
    {
        if (Interlocked.Exchange(ref isWoken, 1) != 0)
        {
            return;
        }

        // The gate only keeps late callers from writing to a descriptor that is closed, or is somebody else's by now.
        lock (wakeGate)
        {
            if (!isClosed)
            {
                ulong one = 1;
                _ = Native.Write(wakeDescriptor, &one, sizeof(ulong));
            }
        }
    }

    private void Run()
    {
        if (accepts)
        {
            acceptor.Start(epoll);
        }

        while (!stopping || Volatile.Read(ref count) > 0)
        {
            int events = epoll.Wait(MustNotWait() ? 0 : -1);
            work.NowMs = context.NowMs;
            for (int i = 0; i < events; i++)
            {
                Dispatch(epoll.Event(i));
            }

            RunUnfinished();
            Settle();
        }

        lock (wakeGate)
        {
            isClosed = true;
            _ = Native.Close(wakeDescriptor);
        }

        epoll.Dispose();
    }

    private bool MustNotWait()
    {
        if (unfinished.Count > 0)
        {
            return true;
        }

        Volatile.Write(ref hasParked, parked.Count);
        Interlocked.MemoryBarrier();
        return parked.Count > 0 && context.Core.DurablePosition != durable;
    }

    private void Dispatch((int Descriptor, uint Events) ready)
    {
        if (ready.Descriptor == wakeDescriptor)
        {
            ulong times;
            _ = Native.Read(wakeDescriptor, &times, sizeof(ulong));
            Interlocked.Exchange(ref isWoken, 0);
            TakeInbox();
            TakeRequests();
        }
        else if (ready.Descriptor < connections.Length && connections[ready.Descriptor] is { } connection)
        {
            const uint broken = Native.EpollErr | Native.EpollHup;
            var signals = (ready.Events & (Native.EpollIn | broken)) != 0 ? Signals.Readable : Signals.None;
            Serve(connection, (ready.Events & broken) != 0 ? signals | Signals.Hangup : signals);
        }
        else
        {
            acceptor.Accept(ready.Descriptor);
        }
    }

    private void Serve(EpollConnection connection, Signals signals)
    {
        connection.Serve(signals, work);
        if (!connection.IsActive)
        {
            connection.IsActive = true;
            active.Add(connection);
        }
    }

    private void TakeInbox()
    {
        while (inbox.TryDequeue(out var connection))
        {
            var signals = connection.TakeSignals();
            if ((signals & Signals.Opened) != 0)
            {
                signals |= TryRegister(connection) ? Signals.None : Signals.Abort;
                signals |= stopping ? Signals.Stop : Signals.None;
            }

            Serve(connection, signals);
        }
    }

    private bool TryRegister(EpollConnection connection)
    {
        if (connection.Handle >= connections.Length)
        {
            Array.Resize(ref connections, Math.Max(connection.Handle + 1, connections.Length * 2));
        }

        connections[connection.Handle] = connection;
        return connection.TryRegister(context.Options.TcpKeepAliveSeconds, epoll);
    }

    private void TakeRequests()
    {
        var asked = (LoopRequests)Interlocked.Exchange(ref requests, 0);
        if (accepts && (asked & (LoopRequests.Tick | LoopRequests.ResumeAccepting)) != 0)
        {
            acceptor.Resume();
        }

        if ((asked & LoopRequests.StopAccepting) != 0)
        {
            acceptor.Stop();
        }

        stopping |= (asked & LoopRequests.Stop) != 0;
        var signals = ((asked & LoopRequests.Stop) != 0 ? Signals.Stop : Signals.None)
            | ((asked & LoopRequests.Abort) != 0 ? Signals.Abort : Signals.None)
            | ((asked & LoopRequests.Tick) != 0 ? Signals.Tick : Signals.None);
        if (signals == Signals.None)
        {
            return;
        }

        foreach (var connection in connections)
        {
            if (connection is not null && (signals != Signals.Tick || connection.MayExpire(work.NowMs)))
            {
                Serve(connection, signals);
            }
        }
    }

    private void RunUnfinished()
    {
        (running, unfinished) = (unfinished, running);
        foreach (var connection in running)
        {
            Serve(connection, Signals.Run);
        }

        running.Clear();
    }

    private void Settle()
    {
        long ticket = 0;
        if (work.Evaluated)
        {
            work.Evaluated = false;
            ticket = context.Core.Flush();
        }

        long reached = context.Core.DurablePosition;
        if (reached != durable)
        {
            durable = reached;
            Unpark();
        }

        foreach (var connection in active)
        {
            connection.IsActive = false;
            Place(connection, connection.Settle(work, ticket, durable));
        }

        active.Clear();
    }

    private void Unpark()
    {
        foreach (var connection in parked)
        {
            connection.IsParked = false;
            Serve(connection, Signals.None);
        }

        parked.Clear();
    }

    private void Place(EpollConnection connection, Needs needs)
    {
        if ((needs & Needs.Run) != 0)
        {
            unfinished.Add(connection);
        }

        if ((needs & Needs.Durable) != 0 && !connection.IsParked)
        {
            connection.IsParked = true;
            parked.Add(connection);
        }

        if ((needs & Needs.Ended) != 0)
        {
            if (connection.IsParked)
            {
                parked.Remove(connection);
            }

            connections[connection.Handle] = null;
            Interlocked.Decrement(ref count);
            acceptor.DescriptorFreed();
        }
    }
}
