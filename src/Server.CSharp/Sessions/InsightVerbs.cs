using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using RedisClone.Server.Diagnostics;

namespace RedisClone.Server.Sessions;

/// <summary>SLOWLOG, LATENCY and MONITOR.</summary>
public sealed class InsightVerbs(Engine.Engine engine, Insight insight, TimeProvider clock) : IHostVerbs
{
    private const int SlowCommandsDefault = 10;

    public IEnumerable<HostVerbEntry> Verbs(Dispatcher dispatcher) =>
    [
        new("slowlog|get", GetSlow, CanRollBack: true),
        new("slowlog|len", (_, _, reply) => reply.Integer(insight.Slow.Count), CanRollBack: true),
        new("slowlog|reset", ResetSlow),
        new("latency|latest", Latest, CanRollBack: true),
        new("latency|history", History, CanRollBack: true),
        new("latency|graph", Graph, CanRollBack: true),
        new("latency|doctor", Doctor, CanRollBack: true),
        new("latency|reset", ResetLatency),
        new("latency|histogram", Histogram, CanRollBack: true),
        new("monitor", Monitor),
    ];

    private static void WriteSlow(SlowCommand command, RespWriter reply)
    {
        reply.Array(6);
        reply.Integer(command.Id);
        reply.Integer(command.UnixSeconds);
        reply.Integer(command.Microseconds);
        reply.Array(command.Arguments.Length);
        foreach (var argument in command.Arguments)
        {
            reply.Bulk(argument);
        }

        reply.BulkText(command.Address);
        reply.BulkText(command.ClientName);
    }

    private static void WriteHistogram(HostCommand command, LatencyHistogram histogram, RespWriter reply)
    {
        reply.BulkText(command.FullName);
        reply.Map(2);
        reply.BulkText("calls");
        reply.Integer(histogram.Count);
        reply.BulkText("histogram_usec");
        var steps = histogram.Steps();
        reply.Map(steps.Count);
        foreach (var (microseconds, count) in steps)
        {
            reply.Integer(microseconds);
            reply.Integer(count);
        }
    }

    private void GetSlow(Session session, Arguments args, RespWriter reply)
    {
        long count = SlowCommandsDefault;
        if (args.Count > 3)
        {
            reply.Error(Errors.unknownSubcommandOrArity("SLOWLOG", args[1]));
            return;
        }

        if (args.Count == 3 && (!Numbers.tryParseInt64(args[2], out count) || count < -1))
        {
            reply.Error(Errors.slowlogCount);
            return;
        }

        count = count < 0 ? insight.Slow.Count : Math.Min(count, insight.Slow.Count);
        reply.Array((int)count);
        foreach (var command in insight.Slow.Commands.Take((int)count))
        {
            WriteSlow(command, reply);
        }
    }

    private void ResetSlow(Session session, Arguments args, RespWriter reply)
    {
        insight.Slow.Clear();
        reply.Ok();
    }

    private void Latest(Session session, Arguments args, RespWriter reply) => insight.Latency.Read(events =>
    {
        reply.Array(events.Count);
        foreach (var (name, series) in events)
        {
            reply.Array(4);
            reply.BulkText(name);
            reply.Integer(series.Latest.UnixSeconds);
            reply.Integer(series.Latest.Milliseconds);
            reply.Integer(series.MillisecondsMax);
        }
    });

    private void History(Session session, Arguments args, RespWriter reply)
    {
        var wanted = Bytes.toString(args[2]);
        insight.Latency.Read(events =>
        {
            var samples = events.TryGetValue(wanted, out var series) ? series.Samples : [];
            reply.Array(samples.Count);
            foreach (var sample in samples)
            {
                reply.Array(2);
                reply.Integer(sample.UnixSeconds);
                reply.Integer(sample.Milliseconds);
            }
        });
    }

    private void Graph(Session session, Arguments args, RespWriter reply)
    {
        var wanted = Bytes.toString(args[2]);
        var none = Errors.latencyEvent(args[2]);
        insight.Latency.Read(events =>
        {
            if (events.TryGetValue(wanted, out var series))
            {
                var graph = LatencyGraph.Draw(wanted, series, clock.GetUtcNow().ToUnixTimeSeconds());
                reply.Verbatim("txt", Bytes.ofString(graph));
            }
            else
            {
                reply.Error(none);
            }
        });
    }

    private void Doctor(Session session, Arguments args, RespWriter reply) =>
        reply.Verbatim("txt", Bytes.ofString(LatencyReport.Write(insight.Latency)));

    private void ResetLatency(Session session, Arguments args, RespWriter reply)
    {
        var count = args.Count == 2 ? insight.Latency.Reset() : 0;
        for (var i = 2; i < args.Count; i++)
        {
            count += insight.Latency.Reset(Bytes.toString(args[i])) ? 1 : 0;
        }

        reply.Integer(count);
    }

    private void Histogram(Session session, Arguments args, RespWriter reply)
    {
        var start = reply.Length;
        var count = 0;
        for (var i = 2; i < args.Count; i++)
        {
            var wanted = Bytes.toString(args[i]).ToLowerInvariant();
            count += WriteHistograms(wanted, reply);
        }

        if (args.Count == 2)
        {
            count = WriteHistograms(wanted: null, reply);
        }

        reply.InsertPairs(start, reply.Protocol >= 3 ? count : 2 * count);
    }

    /// <summary>Writes the histograms of a command and of its subcommands, or of all, and returns how many.</summary>
    private int WriteHistograms(string? wanted, RespWriter reply)
    {
        var count = 0;
        foreach (var command in insight.Commands.All)
        {
            var isWanted = wanted is null || command.FullName == wanted
                || command.FullName.StartsWith(wanted + "|", StringComparison.Ordinal);
            if (isWanted && insight.Statistics.LatencyOf(command) is { } histogram)
            {
                WriteHistogram(command, histogram, reply);
                count++;
            }
        }

        return count;
    }

    private void Monitor(Session session, Arguments args, RespWriter reply)
    {
        if (engine.IsInBatch)
        {
            reply.Error(Errors.monitorInTransaction);
        }
        else if (insight.Monitors.Add(session))
        {
            // Who asks twice is not answered twice.
            reply.Ok();
        }
    }
}
