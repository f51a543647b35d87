namespace RedisClone.Server.Network.Linux;

/// <summary>The transport on Linux: threads with an epoll loop each, which own their connections.</summary>
internal sealed class EpollTransport(TransportContext context) : ITransport
{
    private EpollAcceptor? _acceptor;
    private EpollLoop[] _loops = [];
    private ITimer? _timer;
    private long _abortAtMs = long.MaxValue;

    public int Port { get; private set; }

    public int TlsPort { get; private set; }

    public TransportCounters Counters => context.Sum();

    public void Start()
    {
        var listeners = Listeners.Bind(context);
        Port = Listeners.PortOf(listeners, ListenerKind.Tcp);
        TlsPort = Listeners.PortOf(listeners, ListenerKind.Tls);
        _acceptor = new EpollAcceptor(context, listeners);
        _loops = new EpollLoop[context.Options.LoopCount];
        for (int i = 0; i < _loops.Length; i++)
        {
            _loops[i] = new EpollLoop(context, _acceptor, i);
        }

        _acceptor.Serve(_loops);
        context.Core.OnDurable(DurableMoved);
        _timer = context.StartTicking(Tick);
        foreach (var loop in _loops)
        {
            loop.Start();
        }
    }

    public void Stop(TimeSpan bound)
    {
        if (_acceptor is null)
        {
            return;
        }

        _loops[0].Request(LoopRequests.StopAccepting);
        _acceptor.WaitUntilStopped();
        Volatile.Write(ref _abortAtMs, context.NowMs + (long)bound.TotalMilliseconds);
        RequestAll(LoopRequests.Stop);
        Tick();
        foreach (var loop in _loops)
        {
            loop.Join();
        }

        _timer!.Dispose();
        _acceptor.Dispose();
        _acceptor = null;
    }

    private void Tick() =>
        RequestAll(context.NowMs < Volatile.Read(ref _abortAtMs) ? LoopRequests.Tick : LoopRequests.Abort);

    private void DurableMoved()
    {
        foreach (var loop in _loops)
        {
            loop.DurableMoved();
        }
    }

    private void RequestAll(LoopRequests requests)
    {
        foreach (var loop in _loops)
        {
            loop.Request(requests);
        }
    }
}
