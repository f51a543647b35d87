using System.Net;
using System.Net.Sockets;

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
    /// <summary>Guards what follows; nothing is waited for and no turn is run inside.</summary>
    private readonly object _gate = new();
    private readonly HashSet<SocketConnection> _connections = [];
    private readonly HashSet<SocketConnection> _parked = [];
    private readonly Stack<Workspace> _workspaces = new();
    private readonly List<SocketAsyncEventArgs> _pausedAccepts = [];
    private bool _isStopping;

    private Socket[] _listeners = [];
    private ITimer? _timer;
    private long _abortAtMs = long.MaxValue;

    public int Port { get; private set; }

    public TransportCounters Counters => context.Sum();

    public void Start()
    {
        _listeners = Listeners.Bind(context);
        Port = Listeners.PortOf(_listeners[0]);
        context.Core.OnDurable(DurableMoved);
        _timer = context.StartTicking(Tick);
        foreach (var listener in _listeners)
        {
            var accepting = new SocketAsyncEventArgs(true) { UserToken = listener };
            accepting.Completed += (_, ended) => Accept(ended, hasResult: true);
            Accept(accepting, hasResult: false);
        }
    }

    public void Stop(TimeSpan bound)
    {
        lock (_gate)
        {
            if (_timer is null || _isStopping)
            {
                return;
            }

            _isStopping = true;
        }

        foreach (var listener in _listeners)
        {
            listener.Dispose();
        }

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

        _timer.Dispose();
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

    /// <summary>Takes connections until the next has yet to come.</summary>
    private void Accept(SocketAsyncEventArgs accepting, bool hasResult)
    {
        var listener = (Socket)accepting.UserToken!;
        try
        {
            do
            {
                if (hasResult && !Take(accepting))
                {
                    return;
                }

                accepting.AcceptSocket = null;
                hasResult = true;
            }
            while (!listener.AcceptAsync(accepting));
        }
        catch (ObjectDisposedException)
        {
            accepting.Dispose();
        }
    }

    /// <summary>Takes the connection that was accepted; false when accepting is over or has to wait.</summary>
    private bool Take(SocketAsyncEventArgs accepted)
    {
        switch (accepted.SocketError)
        {
            case SocketError.Success:
                Adopt(accepted.AcceptSocket!);
                return !IsFull || Pause(accepted, TransportContext.FullReason);
            case SocketError.OperationAborted:
                return false;
            case SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable:
                return Pause(accepted, accepted.SocketError.ToString());
            default:
                // A client that has given up again says nothing about the next in the queue.
                return true;
        }
    }

    private bool IsFull
    {
        get
        {
            lock (_gate)
            {
                return _connections.Count >= context.ConnectionsMax;
            }
        }
    }

    /// <summary>No more can be accepted just now.</summary>
    private bool Pause(SocketAsyncEventArgs accepting, string why)
    {
        context.WarnPaused(why);
        lock (_gate)
        {
            _pausedAccepts.Add(accepting);
        }

        return false;
    }

    private void Adopt(Socket socket)
    {
        SocketConnection connection;
        try
        {
            Configure(socket, context.Options.TcpKeepAliveSeconds);
            connection = new SocketConnection(context, this, socket, socket.RemoteEndPoint);
        }
        catch (SocketException)
        {
            // It was reset before it could be looked at.
            socket.Dispose();
            return;
        }

        lock (_gate)
        {
            if (_isStopping)
            {
                socket.Dispose();
                return;
            }

            _connections.Add(connection);
        }

        connection.Signal(Signals.Opened);
    }

    private static void Configure(Socket socket, int keepAliveSeconds)
    {
        socket.NoDelay = true;
        if (keepAliveSeconds > 0)
        {
            int intervalSeconds = KeepAlive.IntervalSeconds(keepAliveSeconds);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, keepAliveSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, intervalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAlive.Probes);
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

        ResumeAccepting();
    }

    private void ResumeAccepting()
    {
        SocketAsyncEventArgs[] paused;
        lock (_gate)
        {
            if (_pausedAccepts.Count == 0 || _connections.Count >= context.ConnectionsMax)
            {
                return;
            }

            paused = [.. _pausedAccepts];
            _pausedAccepts.Clear();
        }

        foreach (var accepting in paused)
        {
            Accept(accepting, hasResult: false);
        }
    }

    private void Tick()
    {
        ResumeAccepting();
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
