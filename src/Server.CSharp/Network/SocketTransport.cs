namespace RedisClone.Server.Network;

internal sealed class SocketTransport(TransportContext context) : ITransport
{
    public int Port => 0;
    public TransportCounters Counters => context.Sum();
    public void Start() => throw new NotSupportedException();
    public void Stop(TimeSpan bound) => throw new NotSupportedException();
}
