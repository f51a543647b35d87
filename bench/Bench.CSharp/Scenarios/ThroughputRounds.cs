using RedisClone.Bench.Load;
using RedisClone.Bench.Measure;
using RedisClone.Bench.Report;
using RedisClone.Bench.Servers;

namespace RedisClone.Bench.Scenarios;

/// <summary>
/// One command at one pipeline, against servers that take turns. The reference decides how many requests make a run of the
/// wanted length; a whole round goes before those that count, so that compilers and caches have settled.
/// </summary>
internal static class ThroughputRounds
{
    private const int ProbeRequestsPerConnection = 100;

    public static Table NewTable(string what) => new(2,
        what, "server", "CPU µs per request", "ratio", "requests per second", "ratio", "server busy");

    /// <summary>Measures and appends a row per server.</summary>
    public static void Measure(
        Session session, IReadOnlyList<ServerProcess> servers, Table table, string label, int pipeline, long range, string[] command) =>
        Measure(session, servers, table, label, pipeline, range, command, _ => { }, long.MaxValue);

    /// <summary>
    /// The same for a command that needs its data put in order before each run, and finds it for
    /// <paramref name="requestsMax"/> requests only; a run is as many whole pipelines as fit, at least one on each connection.
    /// </summary>
    public static void Measure(
        Session session, IReadOnlyList<ServerProcess> servers, Table table, string label, int pipeline, long range, string[] command,
        Action<ServerProcess> prepare, long requestsMax)
    {
        var batch = RedisBenchmark.WholeBatches(1, pipeline);
        var most = Math.Max(1, requestsMax / batch) * batch;
        var probe = Math.Min(most, batch * ProbeRequestsPerConnection);
        var reference = servers.Single(server => server.Subject.IsReference);
        prepare(reference);
        var perSecond = RedisBenchmark.Run(reference, pipeline, probe, range, command).PerSecond;
        var requests = Math.Min(most, RedisBenchmark.WholeBatches(perSecond * session.Options.Seconds, pipeline));

        var cpu = servers.ToDictionary(server => server.Subject, _ => new Series());
        var rate = servers.ToDictionary(server => server.Subject, _ => new Series());
        var busy = servers.ToDictionary(server => server.Subject, _ => new Series());
        var rounds = session.Options.Rounds(int.MaxValue);
        for (var round = -1; round < rounds; round++)
        {
            foreach (var subject in session.Turn(round + 1))
            {
                var server = servers.Single(server => server.Subject == subject);
                prepare(server);
                var result = RedisBenchmark.Run(server, pipeline, requests, range, command);
                if (round >= 0)
                {
                    cpu[subject].Add(result.CpuMicroseconds);
                    rate[subject].Add(result.PerSecond);
                    busy[subject].Add(result.Busy);
                }
            }
        }

        foreach (var subject in session.Subjects)
        {
            string[] row =
            [
                label,
                subject.Name,
                Figures.Spread(cpu[subject]),
                Figures.Ratio(cpu[subject], cpu[reference.Subject]),
                Figures.Spread(rate[subject]),
                Figures.Ratio(rate[subject], rate[reference.Subject]),
                Figures.Percent(busy[subject].Median),
            ];
            table.Row(row);
            session.Say($"  pipeline {pipeline}: {string.Join(" | ", row)}");
        }
    }
}
