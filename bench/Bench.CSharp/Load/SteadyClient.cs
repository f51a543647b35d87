using System.Diagnostics;
using RedisClone.Bench.Measure;

namespace RedisClone.Bench.Load;

/// <summary>Sends one GET at a time and records how long each took.</summary>
internal sealed class SteadyClient(RespClient client) : IDisposable
{
    private readonly RequestBuffer _request = new();
    private Latencies _latencies = new();
    private ulong _random;

    /// <summary>GET of a random one of the first keys; one that does not exist is fine too.</summary>
    public void Get(long keys)
    {
        _request.Clear();
        Workload.GetKey(_request, (long)(Workload.Mix(_random++) % (ulong)keys));
        var since = Stopwatch.GetTimestamp();
        client.Send(_request.Written);
        client.SkipReply();
        _latencies.RecordSince(since);
    }

    /// <summary>What was recorded since the last time.</summary>
    public Latencies TakeLatencies()
    {
        var taken = _latencies;
        _latencies = new Latencies();
        return taken;
    }

    public void Dispose() => client.Dispose();
}
