using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using RedisClone.Protocol;
using RedisClone.Server.Configuration;
using RedisClone.Server.Engine;
using RedisClone.Server.Network;
using RedisClone.Server.Persistence;
using RedisClone.Server.PubSub;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Diagnostics;

/// <summary>What INFO tells, section by section. Needs the engine's gate.</summary>
public sealed class InfoReport
{
    private readonly Engine.Engine _engine;
    private readonly ServerOptions _options;
    private readonly SessionTable _sessions;
    private readonly TimeProvider _clock;
    private readonly DateTimeOffset _started;
    private readonly long _startedTimestamp;
    private readonly string _runId;
    private readonly Func<ITransport?> _transport;
    private readonly (string Name, Action<StringBuilder> Write)[] _sections;
    private readonly Samples _samples = new();
    private Counters _base;

    public InfoReport(
        Engine.Engine engine,
        ServerOptions options,
        SessionTable sessions,
        TimeProvider clock,
        string runId,
        Func<ITransport?> transport)
    {
        _engine = engine;
        _options = options;
        _sessions = sessions;
        _clock = clock;
        _started = clock.GetUtcNow();
        _startedTimestamp = clock.GetTimestamp();
        _runId = runId;
        _transport = transport;
        _sections =
        [
            ("Server", WriteServer),
            ("Clients", WriteClients),
            ("Memory", WriteMemory),
            ("Persistence", WritePersistence),
            ("Stats", WriteStats),
            ("Replication", WriteReplication),
            ("CPU", WriteCpu),
            ("Cluster", WriteCluster),
            ("Keyspace", WriteKeyspace),
        ];
    }

    /// <summary>Begins to count anew what the section Stats counts.</summary>
    public void ResetStatistics() => _base = Counters.Of(_engine, _transport());

    /// <summary>Takes a sample of what is told as a rate, or as a peak. To be called from time to time.</summary>
    public void Sample()
    {
        var now = Counters.Of(_engine, _transport());
        _samples.Take(_clock.GetElapsedTime(_startedTimestamp), now.Commands, now.BytesIn, now.BytesOut);
        _samples.NoteMemory(GC.GetTotalMemory(forceFullCollection: false));
    }

    /// <summary>The text for the sections asked for; all when none is.</summary>
    public string Write(IReadOnlyCollection<string> wanted)
    {
        var text = new StringBuilder(4096);
        var all = wanted.Count == 0 || wanted.Any(name => name is "all" or "default" or "everything");
        foreach (var (name, write) in _sections)
        {
            if (all || wanted.Contains(name.ToLowerInvariant()))
            {
                if (text.Length > 0)
                {
                    text.Append("\r\n");
                }

                text.Append(CultureInfo.InvariantCulture, $"# {name}\r\n");
                write(text);
            }
        }

        return text.ToString();
    }

    private static void Line(StringBuilder text, FormattableString line) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture)).Append("\r\n");

    private static string Human(long bytes) => bytes switch
    {
        < 1L << 10 => FormattableString.Invariant($"{bytes}B"),
        < 1L << 20 => FormattableString.Invariant($"{bytes / 1024.0:F2}K"),
        < 1L << 30 => FormattableString.Invariant($"{bytes / 1048576.0:F2}M"),
        _ => FormattableString.Invariant($"{bytes / 1073741824.0:F2}G"),
    };

    private void WriteServer(StringBuilder text)
    {
        var now = _clock.GetUtcNow();
        var uptime = now - _started;
        Line(text, $"redis_version:{ProductInfo.RedisVersion}");
        Line(text, $"redis_git_sha1:00000000");
        Line(text, $"redis_git_dirty:0");
        Line(text, $"redis_build_id:{ProductInfo.Name}-{ProductInfo.Version}");
        Line(text, $"redis_mode:standalone");
        Line(text, $"os:{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}");
        Line(text, $"arch_bits:{IntPtr.Size * 8}");
        Line(text, $"monotonic_clock:.NET {Environment.Version}");
        Line(text, $"multiplexing_api:{(_options.Transport == TransportKind.Sockets || !OperatingSystem.IsLinux() ? "sockets" : "epoll")}");
        Line(text, $"process_id:{Environment.ProcessId}");
        Line(text, $"run_id:{_runId}");
        Line(text, $"tcp_port:{_transport()?.Port ?? _options.Port}");
        Line(text, $"server_time_usec:{now.ToUnixTimeMilliseconds() * 1000}");
        Line(text, $"uptime_in_seconds:{(long)uptime.TotalSeconds}");
        Line(text, $"uptime_in_days:{(long)uptime.TotalDays}");
        Line(text, $"hz:{_options.Hz}");
        Line(text, $"configured_hz:{_options.Hz}");
        Line(text, $"executable:{Environment.ProcessPath}");
    }

    private void WriteClients(StringBuilder text)
    {
        Line(text, $"connected_clients:{_sessions.Count}");
        Line(text, $"maxclients:{_options.MaxClients}");
        Line(text, $"blocked_clients:{_engine.Waits.Count + _engine.Pause.Held}");
        Line(text, $"tracking_clients:{_engine.Tracking.Clients}");
        Line(text, $"pubsub_clients:{_engine.PubSub.Clients}");
    }

    private void WriteMemory(StringBuilder text)
    {
        var used = GC.GetTotalMemory(forceFullCollection: false);
        var resident = Environment.WorkingSet;
        _samples.NoteMemory(used);
        var peak = _samples.MemoryPeakBytes;
        Line(text, $"used_memory:{used}");
        Line(text, $"used_memory_human:{Human(used)}");
        Line(text, $"used_memory_rss:{resident}");
        Line(text, $"used_memory_rss_human:{Human(resident)}");
        Line(text, $"used_memory_peak:{peak}");
        Line(text, $"used_memory_peak_human:{Human(peak)}");
        Line(text, $"used_memory_peak_perc:{100.0 * used / Math.Max(peak, 1):F2}%");
        Line(text, $"total_system_memory:{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes}");
        Line(text, $"total_system_memory_human:{Human(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)}");
        Line(text, $"maxmemory:0");
        Line(text, $"maxmemory_human:0B");
        Line(text, $"maxmemory_policy:noeviction");
        Line(text, $"mem_fragmentation_ratio:{(double)resident / Math.Max(used, 1):F2}");
        Line(text, $"mem_allocator:dotnet-{Environment.Version}");
        Line(text, $"gc_collections:{GC.CollectionCount(0)},{GC.CollectionCount(1)},{GC.CollectionCount(2)}");
        Line(text, $"gc_pause_total_msec:{(long)GC.GetTotalPauseDuration().TotalMilliseconds}");
    }

    private void WriteStats(StringBuilder text)
    {
        var now = Counters.Of(_engine, _transport());
        Line(text, $"total_connections_received:{now.Accepted - _base.Accepted}");
        Line(text, $"total_commands_processed:{now.Commands - _base.Commands}");
        Line(text, $"instantaneous_ops_per_sec:{_samples.Commands}");
        Line(text, $"total_net_input_bytes:{now.BytesIn - _base.BytesIn}");
        Line(text, $"total_net_output_bytes:{now.BytesOut - _base.BytesOut}");
        Line(text, $"instantaneous_input_kbps:{_samples.BytesIn / 1024.0:F2}");
        Line(text, $"instantaneous_output_kbps:{_samples.BytesOut / 1024.0:F2}");
        Line(text, $"rejected_connections:{now.Refused - _base.Refused}");
        Line(text, $"expired_keys:{now.Expired - _base.Expired}");
        Line(text, $"evicted_keys:0");
        Line(text, $"keyspace_hits:{now.Hits - _base.Hits}");
        Line(text, $"keyspace_misses:{now.Misses - _base.Misses}");
        Line(text, $"pubsub_channels:{_engine.PubSub.Of(SubscriptionKind.Channel).Count}");
        Line(text, $"pubsub_patterns:{_engine.PubSub.Of(SubscriptionKind.Pattern).Count}");
        Line(text, $"pubsubshard_channels:{_engine.PubSub.Of(SubscriptionKind.ShardChannel).Count}");
        Line(text, $"tracking_total_keys:{_engine.Tracking.Keys}");
        Line(text, $"tracking_total_items:{_engine.Tracking.Items}");
        Line(text, $"tracking_total_prefixes:{_engine.Tracking.Prefixes}");
        Line(text, $"latest_fork_usec:0");
        Line(text, $"total_forks:0");
    }

    private static void WriteReplication(StringBuilder text)
    {
        Line(text, $"role:master");
        Line(text, $"connected_slaves:0");
        Line(text, $"master_repl_offset:0");
    }

    private static void WriteCpu(StringBuilder text)
    {
        using var process = Process.GetCurrentProcess();
        Line(text, $"used_cpu_sys:{process.PrivilegedProcessorTime.TotalSeconds:F6}");
        Line(text, $"used_cpu_user:{process.UserProcessorTime.TotalSeconds:F6}");
    }

    private static void WriteCluster(StringBuilder text) => Line(text, $"cluster_enabled:0");

    private void WriteKeyspace(StringBuilder text)
    {
        foreach (var database in _engine.Keyspace.Databases)
        {
            if (database.Table.Count > 0)
            {
                Line(text, $"db{database.Index}:keys={database.Table.Count},expires={database.Table.DeadlineCount},avg_ttl=0");
            }
        }
    }

    private void WritePersistence(StringBuilder text)
    {
        Line(text, $"loading:{(_engine.Loading is null ? 0 : 1)}");
        Line(text, $"rdb_changes_since_last_save:{_engine.Call.Changes}");
        Line(text, $"rdb_bgsave_in_progress:0");
        Line(text, $"rdb_last_save_time:{_engine.LastSave.ToUnixTimeSeconds()}");
        Line(text, $"rdb_last_bgsave_status:ok");
        Line(text, $"aof_enabled:{(_engine.Log is null ? 0 : 1)}");
        if (_engine.Log is { } log)
        {
            WriteLog(text, log.Status);
        }

        if (_engine.Loading is { } progress)
        {
            WriteLoading(text, progress);
        }
    }

    private void WriteLoading(StringBuilder text, LoadProgress progress)
    {
        var loaded = progress.LoadedBytes;
        var elapsedSeconds = (_clock.GetUtcNow() - progress.Started).TotalSeconds;
        var leftBytes = Math.Max(0, progress.TotalBytes - loaded);
        Line(text, $"loading_start_time:{progress.Started.ToUnixTimeSeconds()}");
        Line(text, $"loading_total_bytes:{progress.TotalBytes}");
        Line(text, $"loading_loaded_bytes:{loaded}");
        Line(text, $"loading_loaded_perc:{100.0 * loaded / Math.Max(progress.TotalBytes, 1):F2}");
        Line(text, $"loading_eta_seconds:{(long)(elapsedSeconds * leftBytes / Math.Max(loaded, 1))}");
    }

    private static void WriteLog(StringBuilder text, LogStatus log)
    {
        Line(text, $"aof_rewrite_in_progress:{(log.RewriteInProgress ? 1 : 0)}");
        Line(text, $"aof_rewrite_scheduled:0");
        Line(text, $"aof_last_rewrite_time_sec:{(long)(log.LastRewriteDuration?.TotalSeconds ?? -1)}");
        Line(text, $"aof_current_rewrite_time_sec:{(log.RewriteInProgress ? (long)log.CurrentRewriteDuration.TotalSeconds : -1)}");
        Line(text, $"aof_last_bgrewrite_status:{(log.LastRewriteError is null ? "ok" : "err")}");
        Line(text, $"aof_rewrites:{log.Rewrites}");
        Line(text, $"aof_last_write_status:{(log.Failure is null ? "ok" : "err")}");
        Line(text, $"aof_current_size:{log.CurrentBytes}");
        Line(text, $"aof_base_size:{log.BaseBytes}");
        Line(text, $"aof_buffer_length:{log.PendingBytes}");
        Line(text, $"aof_pending_bio_fsync:{(log.FsyncLag > TimeSpan.Zero ? 1 : 0)}");
        Line(text, $"aof_delayed_fsync:{log.DelayedWrites}");
        Line(text, $"aof_fsync_lag_msec:{(long)log.FsyncLag.TotalMilliseconds}");
        Line(text, $"aof_last_fsync_usec:{(long)log.LastFsyncDuration.TotalMicroseconds}");
    }

    /// <summary>What is counted since the server started.</summary>
    private readonly record struct Counters(
        long Commands, long Expired, long Hits, long Misses, long Accepted, long Refused, long BytesIn, long BytesOut)
    {
        public static Counters Of(Engine.Engine engine, ITransport? transport)
        {
            var net = transport?.Counters ?? default;
            var call = engine.Call;
            return new Counters(
                engine.CommandsProcessed, call.ExpiredKeys, call.Hits, call.Misses, net.Accepted, net.Refused, net.BytesIn, net.BytesOut);
        }
    }
}
