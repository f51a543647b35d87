using System.Diagnostics;
using RedisClone.Bench.Load;
using RedisClone.Bench.Machine;
using RedisClone.Bench.Measure;
using RedisClone.Bench.Report;
using RedisClone.Bench.Servers;

namespace RedisClone.Bench.Scenarios;

/// <summary>
/// What one steady client notices while the server does something big. It sends a GET and waits for the reply, again and
/// again; a second connection does the rest. Both belong to one thread: what the second connection wants is sent first, the
/// GET right behind it, so the GET waits for whatever the server makes of it, and no scheduler comes in between.
/// </summary>
internal sealed class StallsScenario : IScenario
{
    private const long Keys = 10_000_000;
    private const long Elements = 1_000_000;
    private const int Listings = 20;
    private const int Burst = 16;
    private const int RoundsMax = 3;
    private static readonly TimeSpan CompactionMax = TimeSpan.FromMinutes(10);

    private static readonly string[] Phases = ["at rest", "growing", "flushing", "compacting", "listing"];

    private sealed class Figure
    {
        public Series Count { get; } = new();
        public Series P50 { get; } = new();
        public Series P99 { get; } = new();
        public Series P9999 { get; } = new();
        public Series Most { get; } = new();
        public Series Stalled { get; } = new();

        public void Add(Latencies latencies)
        {
            Count.Add(latencies.Count);
            P50.Add(latencies.Percentile(0.5));
            P99.Add(latencies.Percentile(0.99));
            P9999.Add(latencies.Percentile(0.9999));
            Most.Add(latencies.MostSeconds);
            Stalled.Add(latencies.StalledSeconds);
        }
    }

    public string Name => "stalls";

    public string Title => "Stalls";

    public string Run(Session session)
    {
        var keys = session.Options.Size(Keys);
        var figures = Phases.ToDictionary(phase => phase, _ => session.Subjects.ToDictionary(subject => subject, _ => new Figure()));
        var extra = session.Subjects.ToDictionary(subject => subject, _ => new Series());
        var seconds = session.Subjects.ToDictionary(subject => subject, _ => new Series());
        for (var round = 0; round < session.Options.Rounds(RoundsMax); round++)
        {
            foreach (var subject in session.Turn(round))
            {
                session.Say($"  round {round + 1}, {subject.Name}");
                figures["listing"][subject].Add(Listing(session, subject));
                Volatile(session, subject, keys, (phase, latencies) => figures[phase][subject].Add(latencies));
                var (latencies, took, bytes) = Compaction(session, subject, keys);
                figures["compacting"][subject].Add(latencies);
                seconds[subject].Add(took);
                extra[subject].Add(bytes);
            }
        }

        return $"""
            One client sends GET, one at a time, on {keys:N0} keys (16-byte keys and values). At rest: nothing else happens. Growing: from no
            keys to all, {Burst} SET of new keys are sent just before each GET. Flushing: during FLUSHALL and shortly after. Compacting: during
            BGREWRITEAOF (`appendfsync everysec`), {Burst} SET of existing keys before each GET. Listing: another client asks {Listings} times for all
            of {session.Options.Size(Elements):N0} list elements, and reads them as they come. Microseconds, the longest in milliseconds; stalled is the
            time spent in requests of more than {Latencies.StallSeconds * 1e3:0} ms.

            {LatencyTable(session, figures)}
            Compacting: how long it took, and the memory it needed (growth of the peak of VmRSS, and what the server says its forked
            child copied).

            {CompactionTable(session, seconds, extra)}
            """;
    }

    private static string LatencyTable(Session session, Dictionary<string, Dictionary<Subject, Figure>> figures)
    {
        var reference = session.Subjects.Single(subject => subject.IsReference);
        var table = new Table(2, "while", "server", "requests", "p50 µs", "p99 µs", "p99.99 µs", "longest ms", "ratio", "stalled ms");
        foreach (var phase in Phases)
        {
            foreach (var subject in session.Subjects)
            {
                var figure = figures[phase][subject];
                string[] row =
                [
                    phase,
                    subject.Name,
                    Figures.Whole(figure.Count.Median),
                    Figures.Number(figure.P50.Median * 1e6),
                    Figures.Number(figure.P99.Median * 1e6),
                    Figures.Number(figure.P9999.Median * 1e6),
                    Figures.Spread(figure.Most, 1e3),
                    Figures.Ratio(figure.Most, figures[phase][reference].Most),
                    Figures.Number(figure.Stalled.Median * 1e3),
                ];
                table.Row(row);
                session.Say("  " + string.Join(" | ", row));
            }
        }

        return table.ToString();
    }

    private static string CompactionTable(Session session, Dictionary<Subject, Series> seconds, Dictionary<Subject, Series> extra)
    {
        var reference = session.Subjects.Single(subject => subject.IsReference);
        var table = new Table(1, "server", "seconds", "ratio", "extra memory MB", "ratio");
        foreach (var subject in session.Subjects)
        {
            table.Row(
                subject.Name,
                Figures.Spread(seconds[subject]),
                Figures.Ratio(seconds[subject], seconds[reference]),
                Figures.Spread(extra[subject], 1e-6),
                Figures.Ratio(extra[subject], extra[reference]));
        }

        return table.ToString();
    }

    // Growing, resting, flushing: one server without persistence.
    private static void Volatile(Session session, Subject subject, long keys, Action<string, Latencies> report)
    {
        var server = session.Servers.Start(subject);
        using var other = server.Connect();
        using var steady = new SteadyClient(server.Connect());
        var burst = new RequestBuffer();

        for (long next = 0; next < keys;)
        {
            burst.Clear();
            for (var i = 0; i < Burst; i++)
            {
                Workload.SetKey(burst, next++);
            }

            other.Send(burst.Written);
            steady.Get(next);
            other.SkipReplies(Burst);
        }

        report("growing", steady.TakeLatencies());
        var pause = TimeSpan.FromSeconds(session.Options.Quick ? 0.2 : 5);
        GetFor(steady, pause, keys);
        report("at rest", steady.TakeLatencies());

        other.Send(RespClient.Encode("FLUSHALL"));
        while (!other.HasReply)
        {
            steady.Get(keys);
        }

        other.SkipReply();
        GetFor(steady, pause, keys);
        report("flushing", steady.TakeLatencies());
        session.Servers.Stop(server);
    }

    // The other client reads what there is between two GETs.
    private static Latencies Listing(Session session, Subject subject)
    {
        var server = session.Servers.Start(subject);
        using var other = server.Connect();
        using var steady = new SteadyClient(server.Connect());
        var elements = session.Options.Size(Elements);
        Loader.Load(other, elements, Workload.PushElement);
        var replyBytes = $"*{elements}\r\n".Length + elements * $"$16\r\n{Workload.Value}\r\n".Length;
        for (var listing = 0; listing < Listings; listing++)
        {
            other.Send(RespClient.Encode("LRANGE", "list", "0", "-1"));
            for (var left = replyBytes; left > 0; left -= other.SkipArrived(left))
            {
                steady.Get(1);
            }
        }

        session.Servers.Stop(server);
        return steady.TakeLatencies();
    }

    private static void GetFor(SteadyClient steady, TimeSpan duration, long keys)
    {
        var since = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(since) < duration)
        {
            steady.Get(keys);
        }
    }

    private static (Latencies Latencies, double Seconds, double ExtraBytes) Compaction(Session session, Subject subject, long keys)
    {
        var server = session.Servers.StartLogging(subject, "everysec");
        using var other = server.Connect();
        using var steady = new SteadyClient(server.Connect());
        Loader.Load(other, keys, Workload.SetKey);

        ProcessAccounts.ForgetPeak(server.Pid);
        var before = server.ResidentBytes;
        var began = Stopwatch.GetTimestamp();
        var asked = began;
        other.Ask("BGREWRITEAOF");
        var burst = new RequestBuffer();
        var random = 0UL;
        while (true)
        {
            burst.Clear();
            for (var i = 0; i < Burst; i++)
            {
                Workload.SetKey(burst, (long)(Workload.Mix(random++) % (ulong)keys));
            }

            other.Send(burst.Written);
            steady.Get(keys);
            other.SkipReplies(Burst);

            // Asking is work for the server too: twenty times a second is enough.
            if (Stopwatch.GetElapsedTime(asked).TotalMilliseconds < 50)
            {
                continue;
            }

            asked = Stopwatch.GetTimestamp();
            var running = other.Info("persistence", "aof_rewrite_in_progress")
                ?? throw new BenchException($"{subject.Name} does not report aof_rewrite_in_progress");
            if (running == "0" && other.Info("persistence", "aof_rewrite_scheduled") is null or "0")
            {
                break;
            }

            if (Stopwatch.GetElapsedTime(began) > CompactionMax)
            {
                throw new BenchException($"{subject.Name} was still compacting after {CompactionMax.TotalMinutes:0} minutes");
            }
        }

        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var status = other.Info("persistence", "aof_last_bgrewrite_status");
        if (status is not (null or "ok"))
        {
            throw new BenchException($"{subject.Name}: BGREWRITEAOF ended with {status}");
        }

        var copied = long.TryParse(other.Info("persistence", "aof_last_cow_size"), out var bytes) ? bytes : 0;
        var extra = ProcessAccounts.PeakResidentBytes(server.Pid) - before + copied;
        session.Servers.Stop(server);
        return (steady.TakeLatencies(), seconds, extra);
    }
}
