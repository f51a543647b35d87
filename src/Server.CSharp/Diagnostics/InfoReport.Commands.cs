using System.Globalization;
using System.Text;
using RedisClone.Protocol.Interop;

namespace RedisClone.Server.Diagnostics;

/// <summary>The sections Commandstats, Errorstats and Latencystats.</summary>
public sealed partial class InfoReport
{
    private void WriteCommandStatistics(StringBuilder text)
    {
        foreach (var command in _insight.Commands.All)
        {
            if (_insight.Statistics.Of(command) is { Any: true } counts)
            {
                var perCall = counts.Microseconds / (double)Math.Max(1, counts.Calls);
                Line(text, $"cmdstat_{command.FullName}:calls={counts.Calls},usec={counts.Microseconds},usec_per_call={perCall:F2},rejected_calls={counts.Rejected},failed_calls={counts.Failed}");
            }
        }
    }

    private void WriteErrorStatistics(StringBuilder text)
    {
        foreach (var (code, count) in _insight.Errors.All)
        {
            Line(text, $"errorstat_{code}:count={count}");
        }
    }

    private void WriteLatencyStatistics(StringBuilder text)
    {
        foreach (var command in _insight.Commands.All)
        {
            if (_insight.Statistics.LatencyOf(command) is { } histogram && _insight.Percentiles.Count > 0)
            {
                WriteLatency(text, command, histogram);
            }
        }
    }

    private void WriteLatency(StringBuilder text, HostCommand command, LatencyHistogram histogram)
    {
        text.Append(CultureInfo.InvariantCulture, $"latency_percentiles_usec_{command.FullName}:");
        for (var i = 0; i < _insight.Percentiles.Count; i++)
        {
            var percentile = _insight.Percentiles[i];
            text.Append(i > 0 ? "," : "");
            text.Append(CultureInfo.InvariantCulture, $"p{percentile}={histogram.Percentile(percentile) / 1000.0:F3}");
        }

        text.Append("\r\n");
    }
}
