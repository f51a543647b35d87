namespace RedisClone.Server.Network;

/// <summary>How tcp-keepalive is spread over probes: a dead peer is noticed after about twice the setting.</summary>
internal static class KeepAlive
{
    public const int Probes = 3;

    public static int IntervalSeconds(int keepAliveSeconds) => Math.Max(1, keepAliveSeconds / Probes);
}
