namespace RedisClone.Server.Network.Linux;

/// <summary>The transport on Linux: threads with an epoll loop each, which own their connections.</summary>
internal sealed class EpollTransport(TransportContext context) : ITransport
{
    private EpollAcceptor? acceptor;
    private EpollLoop[] loops = [];
    private ITimer? timer;
    private long abortAtMs = long.MaxValue;

    public int Port { get; private set; }

    public TransportCounters Counters => context.Sum();

    public void Start()
    {
        var listeners = Listeners.Bind(context);
        Port = Listeners.PortOf(listeners[0]);
        acceptor = new EpollAcceptor(context, listeners);
        loops = new EpollLoop[context.Options.LoopCount];
        for (int i = 0; i < loops.Length; i++)
        {
            loops[i] = new EpollLoop(context, acceptor, i);
        }

        acceptor.Serve(loops);
        context.Core.OnDurable(DurableMoved);
        timer = context.Clock.CreateTimer(_ => Tick(), null, TransportContext.TickInterval, TransportContext.TickInterval);
        foreach (var loop in loops)
        {
            loop.Start();
        }
    }

    public void Stop(TimeSpan bound)
    {
        if (acceptor is null)
        {
            return;
        }

        loops[0].Request(LoopRequests.StopAccepting);
        acceptor.WaitUntilStopped();
        Volatile.Write(ref abortAtMs, context.NowMs + (long)bound.TotalMilliseconds);
        RequestAll(LoopRequests.Stop);
        Tick();
        foreach (var loop in loops)
        {
            loop.Join();
        }

        timer!.Dispose();
        acceptor.Dispose();
        acceptor = null;
    }

    private void Tick() =>
        RequestAll(context.NowMs < Volatile.Read(ref abortAtMs) ? LoopRequests.Tick : LoopRequests.Tick | LoopRequests.Abort);

    private void DurableMoved()
    {
        foreach (var loop in loops)
        {
            loop.DurableMoved();
        }
    }

    private void RequestAll(LoopRequests requests)
    {
        foreach (var loop in loops)
        {
            loop.Request(requests);
        }
    }
}
