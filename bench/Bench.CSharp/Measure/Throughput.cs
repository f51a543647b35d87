namespace RedisClone.Bench.Measure;

/// <summary>What one run of a load shows.</summary>
/// <param name="CpuMicroseconds">The server's CPU time per request.</param>
/// <param name="PerSecond">Requests answered per second.</param>
/// <param name="Busy">The server's share of its core; near 1 it was the server that limited the throughput.</param>
internal readonly record struct Throughput(double CpuMicroseconds, double PerSecond, double Busy);
