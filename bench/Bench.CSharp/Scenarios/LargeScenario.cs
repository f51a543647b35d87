using System.Diagnostics;
using RedisClone.Bench.Load;
using RedisClone.Bench.Measure;
using RedisClone.Bench.Report;
using RedisClone.Bench.Servers;

namespace RedisClone.Bench.Scenarios;

/// <summary>
/// What one client asks of large collections: commands that take a while each, and a consumer group that keeps up with its
/// stream. Every entry is added, delivered and acknowledged, so that nothing but the stream grows, and that is trimmed.
/// </summary>
internal sealed class LargeScenario : IScenario
{
    private const long Members = 1_000_000;
    private const long Entries = 200_000;
    private const int RoundsMax = 5;

    private static readonly Case[] Cases =
    [
        new("SINTER of two sets", Members, Ask("SINTER", "set", "other")),
        new("ZUNIONSTORE of two sorted sets", Members, Ask("ZUNIONSTORE", "union", "2", "sorted", "ranked")),
        new("SORT of a list of numbers", Members, Ask("SORT", "numbers")),
        new("XADD, XREADGROUP and XACK of an entry", Entries, (client, first, count) =>
            Loader.Load(client, count, (buffer, i) => Workload.PassEntry(buffer, first + i), Workload.PassCommands)),
    ];

    /// <param name="Label">What is done.</param>
    /// <param name="Size">Members of each collection, or entries that are passed on.</param>
    /// <param name="Run">Does it; given the first number that no run had yet, and the size.</param>
    private sealed record Case(string Label, long Size, Action<RespClient, long, long> Run);

    public string Name => "large";

    public string Title => "Large collections";

    public string Run(Session session)
    {
        var servers = session.Subjects.ToDictionary(subject => subject, session.Servers.Start);
        var members = session.Options.Size(Members);
        foreach (var server in servers.Values)
        {
            using var client = server.Connect();
            Loader.Load(client, members, Workload.AddMember);
            Loader.Load(client, members, Workload.AddOtherMember);
            Loader.Load(client, members, Workload.AddScored);
            Loader.Load(client, members, Workload.AddRanked);
            Loader.Load(client, members, Workload.PushNumber);
            client.Ask("XGROUP", "CREATE", "stream", "group", "$", "MKSTREAM");
        }

        var table = new Table(2, "what", "server", "CPU ms", "ratio", "ms until answered", "ratio");
        foreach (var test in Cases)
        {
            Measure(session, servers, test, table);
        }

        return $"""
            One client. Sets, sorted sets and the list have {members:N0} members of 16 bytes; half of the members of two sets are in both. The
            replies of SINTER and SORT are read to the end. Entries: {session.Options.Size(Entries):N0}, each added, delivered to a consumer and
            acknowledged, 500 entries under way; the stream is trimmed to about 10,000.

            {table}
            """;
    }

    private static void Measure(Session session, Dictionary<Subject, ServerProcess> servers, Case test, Table table)
    {
        var cpu = session.Subjects.ToDictionary(subject => subject, _ => new Series());
        var time = session.Subjects.ToDictionary(subject => subject, _ => new Series());
        var size = session.Options.Size(test.Size);
        for (var round = -1; round < session.Options.Rounds(RoundsMax); round++)
        {
            foreach (var subject in session.Turn(round + 1))
            {
                var server = servers[subject];
                using var client = server.Connect();
                var cpuBefore = server.CpuSeconds;
                var since = Stopwatch.GetTimestamp();
                test.Run(client, (round + 1) * size, size);
                var seconds = Stopwatch.GetElapsedTime(since).TotalSeconds;
                if (round >= 0)
                {
                    cpu[subject].Add(server.CpuSeconds - cpuBefore);
                    time[subject].Add(seconds);
                }
            }
        }

        var reference = session.Subjects.Single(subject => subject.IsReference);
        foreach (var subject in session.Subjects)
        {
            string[] row =
            [
                test.Label,
                subject.Name,
                Figures.Spread(cpu[subject], 1e3),
                Figures.Ratio(cpu[subject], cpu[reference]),
                Figures.Spread(time[subject], 1e3),
                Figures.Ratio(time[subject], time[reference]),
            ];
            table.Row(row);
            session.Say("  " + string.Join(" | ", row));
        }
    }

    private static Action<RespClient, long, long> Ask(params string[] command) => (client, _, _) =>
    {
        client.Send(RespClient.Encode(command));
        client.SkipReply();
    };
}
