using RedisClone.Bench.Load;

namespace RedisClone.Bench.Scenarios;

/// <summary>What logging every write costs, when the log is forced to disk each second and before each reply.</summary>
internal sealed class PersistenceScenario : IScenario
{
    private const long Keys = 1_000_000;

    private static readonly (string Policy, int[] Pipelines)[] Cases = [("everysec", [1, 16, 64]), ("always", [1])];
    private static readonly string[] Set = ["SET", "key:__rand_int__", Workload.Value];

    public string Name => "persistence";

    public string Title => "Persistence";

    public string Run(Session session)
    {
        var keys = session.Options.Size(Keys);
        var table = ThroughputRounds.NewTable("SET");
        foreach (var (policy, pipelines) in Cases)
        {
            var servers = session.Subjects.Select(subject => session.Servers.StartLogging(subject, policy)).ToList();
            foreach (var server in servers)
            {
                using var client = server.Connect();
                Loader.Load(client, keys, Workload.SetKey);
            }

            foreach (var pipeline in pipelines)
            {
                ThroughputRounds.Measure(session, servers, table, $"{policy}, pipeline {pipeline}", pipeline, keys, Set);
            }

            session.Servers.StopAll();
        }

        return $"""
            `SET` with `appendonly yes`, {RedisBenchmark.Connections} connections, a random one of {keys:N0} existing keys each time. The first
            word is `appendfsync`. CPU time holds that of the threads that write and force the log.

            {table}
            """;
    }
}
