using RedisClone.Bench.Load;
using RedisClone.Bench.Measure;
using RedisClone.Bench.Report;
using RedisClone.Bench.Servers;

namespace RedisClone.Bench.Scenarios;

/// <summary>How long it takes to load a log of five million commands, the same bytes for every server.</summary>
internal sealed class ReplayScenario : IScenario
{
    private const long Commands = 5_000_000;
    private const long Keys = 1_000_000;
    private const long Hashes = 100_000;
    private const ulong Seed = 20;
    private const int FlushBytes = 1 << 20;

    public string Name => "replay";

    public string Title => "Replay";

    public string Run(Session session)
    {
        var commands = session.Options.Size(Commands);
        var log = Path.Combine(session.DataDirectory, "replay.log");
        Generate(log, commands);
        var bytes = new FileInfo(log).Length;

        var ready = session.Subjects.ToDictionary(subject => subject, _ => new Series());
        var said = session.Subjects.ToDictionary(subject => subject, _ => new Series());
        var cpu = session.Subjects.ToDictionary(subject => subject, _ => new Series());
        var resident = session.Subjects.ToDictionary(subject => subject, _ => new Series());
        string? keys = null;
        for (var round = 0; round < session.Options.Rounds(int.MaxValue); round++)
        {
            foreach (var subject in session.Turn(round))
            {
                var server = session.Servers.Start(
                    subject, directory => Copy(log, Path.Combine(directory, subject.LogFileName)), "--appendonly", "yes");
                ready[subject].Add(server.ReadySeconds);
                cpu[subject].Add(server.CpuSeconds);
                resident[subject].Add(server.ResidentBytes);
                if (server.LoadSecondsInLog() is { } seconds)
                {
                    said[subject].Add(seconds);
                }

                using var client = server.Connect();
                var there = client.Ask("DBSIZE");
                keys ??= there;
                if (there != keys)
                {
                    throw new BenchException($"{subject.Name} loaded {there} keys, the server before it {keys}");
                }

                session.Servers.Stop(server);
            }
        }

        var table = new Table(1, "server", "seconds to PONG", "ratio", "seconds by its own log", "CPU seconds", "ratio", "resident MB");
        var reference = session.Subjects.Single(subject => subject.IsReference);
        foreach (var subject in session.Subjects)
        {
            string[] row =
            [
                subject.Name,
                Figures.Spread(ready[subject]),
                Figures.Ratio(ready[subject], ready[reference]),
                said[subject].IsEmpty ? "" : Figures.Spread(said[subject]),
                Figures.Spread(cpu[subject]),
                Figures.Ratio(cpu[subject], cpu[reference]),
                Figures.Number(resident[subject].Median / 1e6),
            ];
            table.Row(row);
            session.Say("  " + string.Join(" | ", row));
        }

        return $"""
            From the start of the program to its first PONG, with a log of {commands:N0} commands ({bytes / 1e6:N0} MB of plain RESP: half SET, a
            fifth INCR, a fifth HSET, a twentieth DEL, a twentieth EXPIRE) that leaves {keys} keys. The file is in the page cache.

            {table}
            """;
    }

    private void Generate(string path, long commands)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var buffer = new RequestBuffer();
        buffer.Command(2);
        buffer.Argument("SELECT"u8);
        buffer.Argument("0"u8);
        for (long i = 0; i < commands; i++)
        {
            var bits = Workload.Mix(Seed + (ulong)i * 2);
            Write(buffer, (int)(bits % 20), (long)((bits >> 8) % Keys), Workload.Mix(Seed + (ulong)i * 2 + 1));
            if (buffer.Length > FlushBytes)
            {
                file.Write(buffer.Written);
                buffer.Clear();
            }
        }

        file.Write(buffer.Written);
    }

    private static void Write(RequestBuffer buffer, int kind, long number, ulong value)
    {
        switch (kind)
        {
            case < 10:
                buffer.Command(3);
                buffer.Argument("SET"u8);
                buffer.Numbered("key:"u8, number);
                buffer.Value16(value);
                break;
            case < 14:
                buffer.Command(2);
                buffer.Argument("INCR"u8);
                buffer.Numbered("ctr:"u8, number);
                break;
            case < 18:
                buffer.Command(4);
                buffer.Argument("HSET"u8);
                buffer.Numbered("hsh:"u8, number % Hashes);
                buffer.Numbered("f"u8, number / Hashes);
                buffer.Value16(value);
                break;
            case 18:
                buffer.Command(2);
                buffer.Argument("DEL"u8);
                buffer.Numbered("key:"u8, number);
                break;
            default:
                buffer.Command(3);
                buffer.Argument("EXPIRE"u8);
                buffer.Numbered("key:"u8, number);
                buffer.Number(1_000_000 + number);
                break;
        }
    }

    // On disk before the clock starts, so that nobody's loading competes with the copy being written out.
    private static void Copy(string from, string to)
    {
        File.Copy(from, to);
        using var handle = File.OpenHandle(to, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(handle);
    }
}
