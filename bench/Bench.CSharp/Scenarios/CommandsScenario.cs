using RedisClone.Bench.Load;

namespace RedisClone.Bench.Scenarios;

/// <summary>CPU time and throughput of single commands on a million keys that exist, without persistence.</summary>
internal sealed class CommandsScenario : IScenario
{
    private const long Keys = 1_000_000;

    private static readonly int[] Pipelines = [1, 16, 64];

    private static readonly (string Label, string[] Command)[] Cases =
    [
        ("PING", ["PING"]),
        ("SET", ["SET", "key:__rand_int__", Workload.Value]),
        ("GET", ["GET", "key:__rand_int__"]),
        ("INCR", ["INCR", "ctr:__rand_int__"]),
        ("HSET", ["HSET", "hsh:__rand_int__", "field", Workload.Value]),
        ("HGET", ["HGET", "hsh:__rand_int__", "field"]),
        ("MSET of 10", ["MSET", .. Enumerable.Repeat<string[]>(["key:__rand_int__", Workload.Value], 10).SelectMany(pair => pair)]),
    ];

    public string Name => "commands";

    public string Title => "Commands";

    public string Run(Session session)
    {
        var keys = session.Options.Size(Keys);
        var servers = session.Subjects.Select(session.Servers.Start).ToList();
        foreach (var server in servers)
        {
            using var client = server.Connect();
            Loader.Load(client, keys, Workload.SetKey);
            Loader.Load(client, keys, Workload.SetCounter);
            Loader.Load(client, keys, Workload.SetHash);
        }

        var text = $"""
            {RedisBenchmark.Connections} connections, 16-byte keys and values, a random one of {keys:N0} existing keys each time, no
            persistence; counters have seven digits, hashes one field.

            """;
        foreach (var pipeline in Pipelines)
        {
            var table = ThroughputRounds.NewTable("command");
            foreach (var (label, command) in Cases)
            {
                ThroughputRounds.Measure(session, servers, table, label, pipeline, keys, command);
            }

            text += $"\n### Pipeline {pipeline}\n\n{table}";
        }

        return text;
    }
}
