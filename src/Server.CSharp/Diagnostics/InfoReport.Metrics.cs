using System.Globalization;
using RedisClone.Server.Configuration;

namespace RedisClone.Server.Diagnostics;

/// <summary>The same figures for Prometheus, under the names of the exporter for Redis where it has one.</summary>
public sealed partial class InfoReport
{
    /// <summary>Why the server cannot do its work just now; null when it can.</summary>
    public string? Trouble => _engine.Loading is not null ? "loading"
        : _engine.Log?.Status.Failure is { } failure ? $"log: {failure}"
        : null;

    /// <summary>All metrics as text.</summary>
    public string Metrics()
    {
        var text = new MetricsText();
        var now = Counters.Of(_engine, _transport());
        text.Begin("redis_instance_info", "gauge", "What runs.");
        text.Sample(
            "redis_instance_info", 1, "role", "master", "redis_version", ProductInfo.RedisVersion, "redis_build_id",
            $"{ProductInfo.Name}-{ProductInfo.Version}", "redis_mode", "standalone", "run_id", _runId);
        text.Gauge("redis_up", 1, "Whether the server answers.");
        text.Gauge("redis_uptime_in_seconds", (_clock.GetUtcNow() - _started).TotalSeconds, "How long it has run.");
        text.Gauge("redis_start_time_seconds", _started.ToUnixTimeSeconds(), "When it was started.");
        text.Gauge("redis_loading_dump_file", _engine.Loading is null ? 0 : 1, "Whether the data are being loaded.");
        text.Gauge("redis_connected_clients", _sessions.Count, "Clients connected.");
        text.Gauge("redis_blocked_clients", _engine.Waits.Count, "Clients that wait for keys.");
        text.Gauge("redis_pubsub_clients", _engine.PubSub.Clients, "Clients that listen to messages.");
        text.Gauge("redis_max_clients", _options.MaxClients, "Clients that may be connected.");
        text.Counter("redis_connections_received_total", now.Accepted - _base.Accepted, "Connections accepted.");
        text.Counter("redis_rejected_connections_total", now.Refused - _base.Refused, "Connections refused.");
        text.Counter("redis_commands_processed_total", now.Commands - _base.Commands, "Commands carried out.");
        text.Counter("redis_net_input_bytes_total", now.BytesIn - _base.BytesIn, "Bytes received.");
        text.Counter("redis_net_output_bytes_total", now.BytesOut - _base.BytesOut, "Bytes sent.");
        text.Counter("redis_expired_keys_total", now.Expired - _base.Expired, "Keys removed because they were due.");
        text.Counter("redis_keyspace_hits_total", now.Hits - _base.Hits, "Keys that were looked up and found.");
        text.Counter("redis_keyspace_misses_total", now.Misses - _base.Misses, "Keys that were looked up and not found.");
        text.Gauge("redis_slowlog_length", _insight.Slow.Count, "Commands in the slow log.");
        WriteMemoryMetrics(text);
        WriteKeyspaceMetrics(text);
        WriteLogMetrics(text);
        WriteCommandMetrics(text);
        WriteLatencyMetrics(text);
        return text.ToString();
    }

    private void WriteMemoryMetrics(MetricsText text)
    {
        var memory = Memory();
        text.Gauge("redis_memory_used_bytes", memory.Used, "Memory that objects take.");
        text.Gauge("redis_memory_used_rss_bytes", memory.Resident, "Memory that the process takes.");
        text.Gauge("redis_memory_used_peak_bytes", memory.Peak, "The most memory that objects took.");
        text.Gauge("redis_memory_used_startup_bytes", memory.Startup, "Memory that objects took before there were data.");
        text.Gauge("redis_memory_used_dataset_bytes", memory.Dataset, "Memory that data take.");
        text.Gauge("redis_memory_used_overhead_bytes", memory.Overhead, "Memory that is not data.");
        text.Gauge("redis_mem_clients_normal", memory.Clients, "Memory kept for clients.");
        text.Gauge("redis_mem_fragmentation_ratio", memory.Fragmentation, "Memory of the process to memory of its objects.");
    }

    private void WriteKeyspaceMetrics(MetricsText text)
    {
        text.Begin("redis_db_keys", "gauge", "Keys, by database.");
        foreach (var database in _engine.Keyspace.Databases)
        {
            if (database.Table.Count > 0)
            {
                text.Sample("redis_db_keys", database.Table.Count, "db", $"db{database.Index}");
            }
        }

        text.Begin("redis_db_keys_expiring", "gauge", "Keys that have a deadline, by database.");
        foreach (var database in _engine.Keyspace.Databases)
        {
            if (database.Table.Count > 0)
            {
                text.Sample("redis_db_keys_expiring", database.Table.DeadlineCount, "db", $"db{database.Index}");
            }
        }
    }

    private void WriteLogMetrics(MetricsText text)
    {
        text.Gauge("redis_aof_enabled", _engine.Log is null ? 0 : 1, "Whether writes are logged.");
        if (_engine.Log is { Status: var log })
        {
            text.Gauge("redis_aof_current_size_bytes", log.CurrentBytes, "Length of the log.");
            text.Gauge("redis_aof_base_size_bytes", log.BaseBytes, "Length of the log when it was compacted last.");
            text.Gauge("redis_aof_rewrite_in_progress", log.RewriteInProgress ? 1 : 0, "Whether the log is being compacted.");
            text.Gauge("redis_aof_last_write_status", log.Failure is null ? 1 : 0, "Whether the log can be written.");
            text.Gauge("redis_aof_last_bgrewrite_status", log.LastRewriteError is null ? 1 : 0, "Whether compacting it succeeded last.");
            text.Gauge("redis_aof_fsync_lag_seconds", log.FsyncLag.TotalSeconds, "How long the fsync under way has taken.");
            text.Counter("redis_aof_fsyncs_total", log.Fsyncs, "How often the log was forced to disk.");
        }
    }

    private void WriteCommandMetrics(MetricsText text)
    {
        Each("redis_commands_total", "Calls, by command.", counts => counts.Calls);
        Each("redis_commands_duration_seconds_total", "Time taken, by command.", counts => counts.Microseconds / 1e6);
        Each("redis_commands_failed_calls_total", "Calls answered with an error, by command.", counts => counts.Failed);
        Each("redis_commands_rejected_calls_total", "Calls refused, by command.", counts => counts.Rejected);
        text.Begin("redis_errors_total", "counter", "Errors, by their code.");
        foreach (var (code, count) in _insight.Errors.All)
        {
            text.Sample("redis_errors_total", count, "err", code);
        }

        void Each(string name, string help, Func<CommandCounts, double> value)
        {
            text.Begin(name, "counter", help);
            foreach (var command in _insight.Commands.All)
            {
                if (_insight.Statistics.Of(command) is { Any: true } counts)
                {
                    text.Sample(name, value(counts), "cmd", command.FullName);
                }
            }
        }
    }

    private void WriteLatencyMetrics(MetricsText text)
    {
        const string Name = "redis_commands_latencies_usec";
        text.Begin(Name, "histogram", "How long commands took, in microseconds.");
        foreach (var command in _insight.Commands.All)
        {
            if (_insight.Statistics.LatencyOf(command) is not { } histogram)
            {
                continue;
            }

            foreach (var (microseconds, count) in histogram.Steps())
            {
                text.Sample(
                    $"{Name}_bucket", count, "cmd", command.FullName, "le",
                    microseconds.ToString(CultureInfo.InvariantCulture));
            }

            text.Sample($"{Name}_bucket", histogram.Count, "cmd", command.FullName, "le", "+Inf");
            text.Sample($"{Name}_sum", _insight.Statistics.Of(command).Microseconds, "cmd", command.FullName);
            text.Sample($"{Name}_count", histogram.Count, "cmd", command.FullName);
        }
    }
}
