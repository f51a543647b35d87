namespace RedisClone.Server.Network.Linux;

// A thread, its epoll instance and the connections it owns.
//
// A turn: wait; serve every connection that is ready, has been signalled or has commands left; flush the log once;
// settle all of these. Nobody is sent anything before the flush, so one append, and with appendfsync always one fsync,
// covers all connections of the turn. Replies that wait for the log stay in their connection's queue, the connection
// goes on `_parked`, and the loop goes on serving; when the log tells that it has moved, the parked are settled again.

internal sealed class EpollLoop
{
    private readonly TransportContext _context;
    private readonly EpollAcceptor _acceptor;
    private readonly bool _accepts;
    private readonly Workspace _work;
    private readonly Epoll _epoll = new();
    private readonly Thread _thread;
    private readonly LoopMailbox _mailbox = new();

    /// <summary>By descriptor.</summary>
    private EpollConnection?[] _connections = new EpollConnection?[64];

    private readonly List<EpollConnection> _active = [];
    private readonly List<EpollConnection> _parked = [];
    private List<EpollConnection> _unfinished = [];
    private List<EpollConnection> _running = [];
    private int _count;
    private int _hasParked;
    private bool _stopping;
    private long _durable;

    /// <summary>The loop with index 0 accepts connections for all.</summary>
    public EpollLoop(TransportContext context, EpollAcceptor acceptor, int index)
    {
        _context = context;
        _acceptor = acceptor;
        _accepts = index == 0;
        _work = context.NewWorkspace();
        if (!_epoll.TryAdd(_mailbox.Descriptor, Native.EpollIn))
        {
            throw new IOException("an I/O loop cannot watch its eventfd");
        }

        _thread = new Thread(Run) { Name = $"io-{index}", IsBackground = true };
    }

    /// <summary>Connections that the loop has or is about to get.</summary>
    public int Load => Volatile.Read(ref _count);

    public void Start() => _thread.Start();

    public void Join() => _thread.Join();

    /// <summary>Gives the loop a fresh connection, from the accepting thread.</summary>
    public void Adopt(EpollConnection connection)
    {
        Interlocked.Increment(ref _count);
        connection.Signal(Signals.Opened);
    }

    public void Post(EpollConnection connection) => _mailbox.Post(connection);

    public void Request(LoopRequests requests) => _mailbox.Request(requests);

    /// <summary>The log has become more durable. From any thread.</summary>
    public void DurableMoved()
    {
        // Pairs with the fence in MustNotWait: one of the two sees what the other has written.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _hasParked) != 0)
        {
            _mailbox.Wake();
        }
    }

    private void Run()
    {
        if (_accepts)
        {
            _acceptor.Start(_epoll);
        }

        while (!_stopping || Volatile.Read(ref _count) > 0)
        {
            int events = _epoll.Wait(MustNotWait() ? 0 : -1);
            _work.NowMs = _context.NowMs;
            for (int i = 0; i < events; i++)
            {
                Dispatch(_epoll.Event(i));
            }

            RunUnfinished();
            Settle();
        }

        _mailbox.Dispose();
        _epoll.Dispose();
    }

    private bool MustNotWait()
    {
        if (_unfinished.Count > 0)
        {
            return true;
        }

        Volatile.Write(ref _hasParked, _parked.Count);
        Interlocked.MemoryBarrier();
        return _parked.Count > 0 && _context.Core.DurablePosition != _durable;
    }

    private void Dispatch((int Descriptor, uint Events) ready)
    {
        if (ready.Descriptor == _mailbox.Descriptor)
        {
            _mailbox.Awake();
            TakeConnections();
            TakeRequests();
        }
        else if (ready.Descriptor < _connections.Length && _connections[ready.Descriptor] is { } connection)
        {
            const uint broken = Native.EpollErr | Native.EpollHup;
            var signals = Signals.None;
            if ((ready.Events & (Native.EpollIn | Native.EpollPeerEnded | broken)) != 0)
            {
                connection.NoteInput((ready.Events & Native.EpollPeerEnded) != 0);
                signals = Signals.Readable;
            }

            Serve(connection, (ready.Events & broken) != 0 ? signals | Signals.Hangup : signals);
        }
        else
        {
            _acceptor.Accept(ready.Descriptor);
        }
    }

    private void Serve(EpollConnection connection, Signals signals)
    {
        connection.Serve(signals, _work);
        if (!connection.IsActive)
        {
            connection.IsActive = true;
            _active.Add(connection);
        }
    }

    private void TakeConnections()
    {
        while (_mailbox.TryTake(out var connection))
        {
            var signals = connection.TakeSignals();
            if ((signals & Signals.Opened) != 0)
            {
                signals |= TryRegister(connection) ? Signals.None : Signals.Abort;
                signals |= _stopping ? Signals.Stop : Signals.None;
            }

            Serve(connection, signals);
        }
    }

    private bool TryRegister(EpollConnection connection)
    {
        if (connection.Handle >= _connections.Length)
        {
            Array.Resize(ref _connections, Math.Max(connection.Handle + 1, _connections.Length * 2));
        }

        _connections[connection.Handle] = connection;
        return connection.TryRegister(_context.Options.TcpKeepAliveSeconds, _epoll);
    }

    private void TakeRequests()
    {
        var asked = _mailbox.TakeRequests();
        if (_accepts && (asked & (LoopRequests.Tick | LoopRequests.ResumeAccepting)) != 0)
        {
            _acceptor.Resume();
        }

        if ((asked & LoopRequests.StopAccepting) != 0)
        {
            _acceptor.Stop();
        }

        _stopping |= (asked & LoopRequests.Stop) != 0;
        var signals = ((asked & LoopRequests.Stop) != 0 ? Signals.Stop : Signals.None)
            | ((asked & LoopRequests.Abort) != 0 ? Signals.Abort : Signals.None)
            | ((asked & LoopRequests.Tick) != 0 ? Signals.Tick : Signals.None);
        if (signals == Signals.None)
        {
            return;
        }

        foreach (var connection in _connections)
        {
            if (connection is not null && (signals != Signals.Tick || connection.MayExpire(_work.NowMs)))
            {
                Serve(connection, signals);
            }
        }
    }

    private void RunUnfinished()
    {
        (_running, _unfinished) = (_unfinished, _running);
        foreach (var connection in _running)
        {
            Serve(connection, connection.HasInput ? Signals.Run | Signals.Readable : Signals.Run);
        }

        _running.Clear();
    }

    private void Settle()
    {
        long ticket = 0;
        if (_work.Evaluated)
        {
            _work.Evaluated = false;
            ticket = _context.Core.Flush();
        }

        long reached = _context.Core.DurablePosition;
        if (reached != _durable)
        {
            _durable = reached;
            Unpark();
        }

        foreach (var connection in _active)
        {
            connection.IsActive = false;
            Place(connection, connection.Settle(_work, ticket, _durable));
        }

        _active.Clear();
    }

    private void Unpark()
    {
        foreach (var connection in _parked)
        {
            connection.IsParked = false;
            Serve(connection, Signals.Durable);
        }

        _parked.Clear();
    }

    private void Place(EpollConnection connection, Needs needs)
    {
        if ((needs & Needs.Run) != 0 || (connection.HasInput && (needs & Needs.Ended) == 0))
        {
            _unfinished.Add(connection);
        }

        if ((needs & Needs.Durable) != 0 && !connection.IsParked)
        {
            connection.IsParked = true;
            _parked.Add(connection);
        }

        if ((needs & Needs.Ended) != 0)
        {
            if (connection.IsParked)
            {
                _parked.Remove(connection);
            }

            _connections[connection.Handle] = null;
            Interlocked.Decrement(ref _count);
            _acceptor.DescriptorFreed();
        }
    }
}
