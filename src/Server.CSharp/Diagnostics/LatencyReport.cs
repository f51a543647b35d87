using System.Globalization;
using System.Text;

namespace RedisClone.Server.Diagnostics;

/// <summary>What LATENCY DOCTOR says.</summary>
internal static class LatencyReport
{
    public static string Write(LatencyMonitor monitor)
    {
        if (monitor.ThresholdMs == 0)
        {
            return "Latency is not being monitored. CONFIG SET latency-monitor-threshold <milliseconds> begins to.\n";
        }

        var text = new StringBuilder();
        monitor.Read(events =>
        {
            text.Append(events.Count == 0
                ? string.Create(CultureInfo.InvariantCulture, $"Nothing has taken {monitor.ThresholdMs} ms or longer.\n")
                : "What took long:\n\n");
            foreach (var (name, series) in events)
            {
                Describe(text, name, series);
            }
        });
        return text.ToString();
    }

    private static void Describe(StringBuilder text, string name, LatencySeries series)
    {
        var samples = series.Samples;
        var mean = samples.Average(sample => sample.Milliseconds);
        var deviation = samples.Average(sample => Math.Abs(sample.Milliseconds - mean));
        var seconds = samples.Last().UnixSeconds - samples.First().UnixSeconds;
        text.Append(
            CultureInfo.InvariantCulture,
            $"- {name}: {samples.Count} times in {seconds} seconds, {mean:F0} ms on average (mean deviation {deviation:F0} ms), {series.MillisecondsMax} ms at most.\n");
        text.Append("  ").Append(Advice(name)).Append("\n\n");
    }

    private static string Advice(string name) => name switch
    {
        LatencyMonitor.Command =>
            "SLOWLOG GET shows which commands those were; look for ones that go through large values or all keys.",
        LatencyMonitor.FastCommand =>
            "Commands that do little took long, so the machine was busy with something else: other processes, swapping, or collecting garbage (INFO memory, gc_pause_total_msec).",
        LatencyMonitor.LogWrite or LatencyMonitor.LogFsyncAlways =>
            "The disk is slow. A faster one helps, or one of its own for the log; so does a less strict appendfsync, which may lose what was written last.",
        LatencyMonitor.ExpireCycle =>
            "Many keys were due at the same time. Spreading their deadlines by chance spreads the work.",
        _ => "",
    };
}
