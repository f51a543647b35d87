using System.Globalization;
using RedisClone.Bench.Load;
using RedisClone.Bench.Servers;

namespace RedisClone.Bench.Scenarios;

/// <summary>
/// CPU time and throughput of lists, sets, sorted sets and streams, without persistence. What pops has something to pop: before
/// each of its runs the key is filled, and the run is no longer than that.
/// </summary>
internal sealed class FamiliesScenario : IScenario
{
    private const long Members = 1_000_000;

    private static readonly int[] Pipelines = [1, 16, 64];

    private static readonly Key List = new("list", "LLEN", Workload.PushElement);
    private static readonly Key Set = new("set", "SCARD", Workload.AddMember);
    private static readonly Key Sorted = new("sorted", "ZCARD", Workload.AddScored);

    private static readonly Key Stream = new("stream", "XLEN", Workload.AddEntry);

    private static readonly Case[] Cases =
    [
        new("LPUSH", List, Use.Adds, ["LPUSH", "list", Workload.Value]),
        new("LPOP", List, Use.Takes, ["LPOP", "list"]),
        new("RPUSH", List, Use.Adds, ["RPUSH", "list", Workload.Value]),
        new("LRANGE of 100", List, Use.Reads, ["LRANGE", "list", "0", "99"]),
        new("SADD", Set, Use.Adds, ["SADD", "set", "mem:__rand_int__"]),
        new("SPOP", Set, Use.Takes, ["SPOP", "set"]),
        new("ZADD", Sorted, Use.Adds, ["ZADD", "sorted", "__rand_int__", "mem:__rand_int__"]),
        new("ZADD among 1M", Sorted, Use.Reads, ["ZADD", "sorted", "__rand_int__", "mem:__rand_int__"]),
        new("ZRANGE of 10", Sorted, Use.Reads, ["ZRANGE", "sorted", "0", "9"]),
        new("ZRANK", Sorted, Use.Reads, ["ZRANK", "sorted", "mem:__rand_int__"]),
        new("ZPOPMIN", Sorted, Use.Takes, ["ZPOPMIN", "sorted"]),
        new("XADD", Stream, Use.Adds, ["XADD", "stream", "*", "field", Workload.Value]),
        new("XRANGE of 10", Stream, Use.Reads, ["XRANGE", "stream", "-", "+", "COUNT", "10"]),
    ];

    /// <summary>What a command does with its key, and so what the key is before each run.</summary>
    private enum Use
    {
        /// <summary>The key does not exist.</summary>
        Adds,

        /// <summary>The key is full, and stays so, whether it is only read or its members get other scores.</summary>
        Reads,

        /// <summary>The key is full, and a run takes no more than there is.</summary>
        Takes,
    }

    private sealed record Key(string Name, string CountCommand, Action<RequestBuffer, long> Write);

    private sealed record Case(string Label, Key Key, Use Use, string[] Command);

    public string Name => "families";

    public string Title => "Lists, sets, sorted sets and streams";

    public string Run(Session session)
    {
        var members = session.Options.Size(Members);
        var servers = session.Subjects.Select(session.Servers.Start).ToList();
        var text = $"""
            {RedisBenchmark.Connections} connections, elements and members of 16 bytes, no persistence. What adds begins without the key, and SADD
            and ZADD draw members, and scores, from {members:N0}; what reads or pops finds {members:N0}, and pops no more than these.

            """;
        foreach (var pipeline in Pipelines)
        {
            var table = ThroughputRounds.NewTable("command");
            foreach (var test in Cases)
            {
                ThroughputRounds.Measure(
                    session, servers, table, test.Label, pipeline, members, test.Command,
                    server => Prepare(server, test, members), test.Use == Use.Takes ? members : long.MaxValue);
            }

            text += $"\n### Pipeline {pipeline}\n\n{table}";
        }

        return text;
    }

    private static void Prepare(ServerProcess server, Case test, long members)
    {
        var wanted = test.Use == Use.Adds ? 0 : members;
        using var client = server.Connect();
        if (Count(client, test.Key) == wanted)
        {
            return;
        }

        // Not UNLINK: what it leaves to the background would be counted with the run.
        client.Ask("DEL", test.Key.Name);
        Loader.Load(client, wanted, test.Key.Write);
        var there = Count(client, test.Key);
        if (there != wanted)
        {
            throw new BenchException($"{server.Subject.Name} holds {there} of {wanted} before {test.Label}");
        }
    }

    private static long Count(RespClient client, Key key) =>
        long.Parse(client.Ask(key.CountCommand, key.Name), CultureInfo.InvariantCulture);
}
