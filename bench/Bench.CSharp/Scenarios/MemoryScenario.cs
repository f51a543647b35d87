using RedisClone.Bench.Load;
using RedisClone.Bench.Measure;
using RedisClone.Bench.Report;
using RedisClone.Bench.Servers;

namespace RedisClone.Bench.Scenarios;

/// <summary>Resident bytes per key, field, hash, element, member or entry: what the process has grown by, divided by what was put into it.</summary>
internal sealed class MemoryScenario : IScenario
{
    /// <summary>So many are loaded and removed first: code and buffers used for the first time are not the data's memory.</summary>
    private const int WarmUp = 10_000;

    private static readonly Case[] Cases =
    [
        new("1M keys", 1_000_000, "key", 3, Workload.SetKey, ["DBSIZE"]),
        new("10M keys", 10_000_000, "key", 1, Workload.SetKey, ["DBSIZE"]),
        new("one hash of 1M fields", 1_000_000, "field", 3, Workload.SetField, ["HLEN", "big"]),
        new("100,000 hashes of 10 fields", 100_000, "hash", 3, Workload.SetSmallHash, ["DBSIZE"]),
        new("one list of 1M elements", 1_000_000, "element", 3, Workload.PushElement, ["LLEN", "list"]),
        new("one set of 1M members", 1_000_000, "member", 3, Workload.AddMember, ["SCARD", "set"]),
        new("one sorted set of 1M members", 1_000_000, "member", 3, Workload.AddScored, ["ZCARD", "sorted"]),
        new("one stream of 1M entries", 1_000_000, "entry", 3, Workload.AddEntry, ["XLEN", "stream"]),
    ];

    private sealed record Case(
        string Label, long Count, string Unit, int RoundsMax, Action<RequestBuffer, long> Write, string[] CountCommand);

    public string Name => "memory";

    public string Title => "Memory";

    public string Run(Session session)
    {
        var quiet = TimeSpan.FromSeconds(session.Options.Quick ? 0.5 : 10);
        var table = new Table(2, "data", "server", "bytes per", "after loading", "ratio", "when quiet", "ratio");
        foreach (var test in Cases)
        {
            var loaded = session.Subjects.ToDictionary(subject => subject, _ => new Series());
            var rested = session.Subjects.ToDictionary(subject => subject, _ => new Series());
            for (var round = 0; round < session.Options.Rounds(test.RoundsMax); round++)
            {
                foreach (var subject in session.Turn(round))
                {
                    var (after, later) = Measure(session, subject, test, quiet);
                    loaded[subject].Add(after);
                    rested[subject].Add(later);
                }
            }

            var reference = session.Subjects.Single(subject => subject.IsReference);
            foreach (var subject in session.Subjects)
            {
                string[] row =
                [
                    test.Label,
                    subject.Name,
                    test.Unit,
                    Figures.Spread(loaded[subject]),
                    Figures.Ratio(loaded[subject], loaded[reference]),
                    Figures.Spread(rested[subject]),
                    Figures.Ratio(rested[subject], rested[reference]),
                ];
                table.Row(row);
                session.Say("  " + string.Join(" | ", row));
            }
        }

        return $"""
            Growth of resident memory (VmRSS) over a server that has held {WarmUp:N0} of the same and been flushed, right after loading
            through one connection, and again after {quiet.TotalSeconds:0.#} s without requests. Keys, fields, values, elements and members have 16 bytes, scores up to six digits; the
            small hashes have ten fields, names of 6 bytes and values of 8, entries one field. No persistence.

            {table}
            """;
    }

    private static (double After, double Later) Measure(Session session, Subject subject, Case test, TimeSpan quiet)
    {
        var count = session.Options.Size(test.Count);
        var server = session.Servers.Start(subject);
        using var client = server.Connect();
        Loader.Load(client, WarmUp, test.Write);
        client.Ask("FLUSHALL");
        var before = server.ResidentBytes;
        Loader.Load(client, count, test.Write);
        var after = server.ResidentBytes;
        var there = client.Ask(test.CountCommand);
        if (there != count.ToString(System.Globalization.CultureInfo.InvariantCulture))
        {
            throw new BenchException($"{subject.Name} holds {there} of {count} after loading {test.Label}");
        }

        Thread.Sleep(quiet);
        var later = server.ResidentBytes;
        session.Servers.Stop(server);
        return ((after - before) / (double)count, (later - before) / (double)count);
    }
}
