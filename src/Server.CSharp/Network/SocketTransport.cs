namespace RedisClone.Server.Network;

/// <summary>
/// The transport on what the runtime offers everywhere: sockets whose operations end on threads of the runtime. Each
/// connection has its turns by itself, so the log is flushed for each rather than once for many; all else is as with
/// <see cref="Linux.EpollTransport"/>.
/// </summary>
/// <remarks>
/// Where sockets report through a thread of the runtime (macOS, Linux), a turn runs right on that thread if the process
/// was started with <c>DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS=1</c>, else on the thread pool.
/// </remarks>
internal sealed class SocketTransport(TransportContext context) : ITransport
{
    /// <summary>Guards the collections; no turn is run inside.</summary>
    private readonly object _gate = new();
    private readonly HashSet<SocketConnection> _connections = [];
    private readonly HashSet<SocketConnection> _parked = [];
    private readonly Stack<Workspace> _workspaces = new();
    private bool _isStopping;
    private SocketAcceptor? _acceptor;
    private ITimer? _timer;
    private long _abortAtMs = long.MaxValue;

    public int Port { get; private set; }

    public int TlsPort { get; private set; }

    public TransportCounters Counters => context.Sum();

    /// <summary>Whether there are as many connections as there can be.</summary>
    public bool IsFull
    {
        get
        {
            lock (_gate)
            {
                return _connections.Count >= context.ConnectionsMax;
            }
        }
    }

    public void Start()
    {
        var listeners = Listeners.Bind(context);
        Port = Listeners.PortOf(listeners, ListenerKind.Tcp);
        TlsPort = Listeners.PortOf(listeners, ListenerKind.Tls);
        _acceptor = new SocketAcceptor(context, this, listeners);
        context.Core.OnDurable(DurableMoved);
        _timer = context.StartTicking(Tick);
        _acceptor.Start();
    }

    public void Stop(TimeSpan bound)
    {
        lock (_gate)
        {
            if (_acceptor is null || _isStopping)
            {
                return;
            }

            _isStopping = true;
        }

        _acceptor.Stop();
        Volatile.Write(ref _abortAtMs, context.NowMs + (long)bound.TotalMilliseconds);
        SignalAll(Signals.Stop);
        Tick();
        lock (_gate)
        {
            while (_connections.Count > 0)
            {
                Monitor.Wait(_gate);
            }
        }

        _timer!.Dispose();
    }

    /// <summary>Takes over a connection, or closes it if the time for that is over.</summary>
    public void Adopt(SocketConnection connection)
    {
        lock (_gate)
        {
            if (!_isStopping)
            {
                _connections.Add(connection);
                connection.Signal(Signals.Opened);
                return;
            }
        }

        connection.Discard();
    }

    /// <summary>One turn of one connection; by the thread that has it.</summary>
    public Needs Turn(SocketConnection connection, Signals signals)
    {
        var work = RentWorkspace();
        work.NowMs = context.NowMs;
        connection.Serve(signals, work);
        long ticket = 0;
        if (work.Evaluated)
        {
            work.Evaluated = false;
            ticket = context.Core.Flush();
        }

        long durable = context.Core.DurablePosition;
        var needs = connection.Settle(work, ticket, durable);
        ReturnWorkspace(work);
        if ((needs & Needs.Durable) != 0)
        {
            Park(connection, durable);
        }

        if ((needs & Needs.Ended) != 0)
        {
            Forget(connection);
        }

        return needs;
    }

    private Workspace RentWorkspace()
    {
        lock (_gate)
        {
            return _workspaces.TryPop(out var work) ? work : context.NewWorkspace();
        }
    }

    private void ReturnWorkspace(Workspace work)
    {
        lock (_gate)
        {
            _workspaces.Push(work);
        }
    }

    private void Park(SocketConnection connection, long durable)
    {
        lock (_gate)
        {
            _parked.Add(connection);
        }

        // The log may have moved before we were on the list.
        if (context.Core.DurablePosition != durable)
        {
            connection.Signal(Signals.Durable);
        }
    }

    private void DurableMoved()
    {
        lock (_gate)
        {
            foreach (var connection in _parked)
            {
                connection.Signal(Signals.Durable);
            }

            _parked.Clear();
        }
    }

    private void Forget(SocketConnection connection)
    {
        lock (_gate)
        {
            _parked.Remove(connection);
            _connections.Remove(connection);
            if (_connections.Count == 0)
            {
                Monitor.PulseAll(_gate);
            }
        }

        _acceptor!.Resume();
    }

    private void Tick()
    {
        _acceptor!.Resume();
        long nowMs = context.NowMs;
        if (nowMs >= Volatile.Read(ref _abortAtMs))
        {
            SignalAll(Signals.Abort);
            return;
        }

        lock (_gate)
        {
            foreach (var connection in _connections)
            {
                if (connection.MayExpire(nowMs))
                {
                    connection.Signal(Signals.Tick);
                }
            }
        }
    }

    private void SignalAll(Signals signals)
    {
        lock (_gate)
        {
            foreach (var connection in _connections)
            {
                connection.Signal(signals);
            }
        }
    }
}
