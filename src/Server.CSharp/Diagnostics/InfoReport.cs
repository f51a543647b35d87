using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using RedisClone.Protocol;
using RedisClone.Server.Access;
using RedisClone.Server.Configuration;
using RedisClone.Server.Engine;
using RedisClone.Server.Network;
using RedisClone.Server.Persistence;
using RedisClone.Server.PubSub;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Diagnostics;

/// <summary>What INFO tells, section by section. Needs the engine's gate.</summary>
public sealed partial class InfoReport
{
    private readonly Engine.Engine _engine;
    private readonly Insight _insight;
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
        Insight insight,
        ServerOptions options,
        SessionTable sessions,
        TimeProvider clock,
        string runId,
        Func<ITransport?> transport)
    {
        _engine = engine;
        _insight = insight;
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
            ("Modules", static _ => { }),
            ("Commandstats", WriteCommandStatistics),
            ("Errorstats", WriteErrorStatistics),
            ("Latencystats", WriteLatencyStatistics),
            ("Cluster", WriteCluster),
            ("Keyspace", WriteKeyspace),
        ];
    }

    /// <summary>Who may do what, once there is somebody to ask.</summary>
    public AccessControl? Access { get; set; }

    /// <summary>What is done from time to time, once it is.</summary>
    internal Housekeeping? Housekeeping { get; set; }

    /// <summary>Begins to count anew what the section Stats and those of commands count.</summary>
    public void ResetStatistics()
    {
        _base = Counters.Of(_engine, _transport());
        _insight.ResetStatistics();
        _engine.Memory.ResetStatistics();
        Access?.Log.ResetCounts();
    }

    /// <summary>Takes a sample of what is told as a rate, or as a peak. To be called from time to time.</summary>
    public void Sample()
    {
        var now = Counters.Of(_engine, _transport());
        _samples.Take(_clock.GetElapsedTime(_startedTimestamp), now.Commands, now.BytesIn, now.BytesOut);
        _samples.NoteMemory(_engine.Memory.UsedBytes);
    }

    /// <summary>The text for the sections asked for; when none is, the default ones.</summary>
    public string Write(IReadOnlyCollection<string> wanted)
    {
        var text = new StringBuilder(4096);
        var all = wanted.Any(name => name is "all" or "everything");
        var usual = wanted.Count == 0 || wanted.Contains("default");
        foreach (var (name, write) in _sections)
        {
            if (all || (usual && name is not ("Commandstats" or "Latencystats")) || wanted.Contains(name.ToLowerInvariant()))
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
        Line(text, $"process_supervised:{(Hosting.Systemd.Supervises(_options) ? "systemd" : "no")}");
        Line(text, $"process_id:{Environment.ProcessId}");
        Line(text, $"run_id:{_runId}");
        Line(text, $"tcp_port:{ListeningPort()}");
        Line(text, $"server_time_usec:{now.ToUnixTimeMilliseconds() * 1000}");
        Line(text, $"uptime_in_seconds:{(long)uptime.TotalSeconds}");
        Line(text, $"uptime_in_days:{(long)uptime.TotalDays}");
        Line(text, $"hz:{_options.Hz}");
        Line(text, $"configured_hz:{_options.Hz}");
        Line(text, $"lru_clock:{now.ToUnixTimeSeconds() & 0xFFFFFF}");
        Line(text, $"executable:{Environment.ProcessPath}");
        Line(text, $"config_file:{_options.ConfigurationFile}");
        WriteListeners(text);
    }

    /// <summary>The port that most clients come in by.</summary>
    private int ListeningPort() =>
        _transport() is { } transport ? (transport.Port != 0 ? transport.Port : transport.TlsPort) : _options.Port;

    private void WriteListeners(StringBuilder text)
    {
        var bind = string.Concat(_options.Bind.Select(address => $",bind={address}"));
        var number = 0;
        if (_transport() is { Port: > 0 } plain)
        {
            Line(text, $"listener{number++}:name=tcp{bind},port={plain.Port}");
        }

        if (_options.UnixSocket.Length > 0)
        {
            Line(text, $"listener{number++}:name=unix,bind={_options.UnixSocket}");
        }

        if (_transport() is { TlsPort: > 0 } encrypted)
        {
            Line(text, $"listener{number}:name=tls{bind},port={encrypted.TlsPort}");
        }
    }

    private void WriteStats(StringBuilder text)
    {
        var now = Counters.Of(_engine, _transport());
        Line(text, $"total_connections_received:{now.Accepted - _base.Accepted}");
        Line(text, $"total_commands_processed:{now.Commands - _base.Commands}");
        Line(text, $"instantaneous_ops_per_sec:{_samples.Commands}");
        Line(text, $"total_net_input_bytes:{now.BytesIn - _base.BytesIn}");
        Line(text, $"total_net_output_bytes:{now.BytesOut - _base.BytesOut}");
        Line(text, $"total_net_repl_input_bytes:0");
        Line(text, $"total_net_repl_output_bytes:0");
        Line(text, $"instantaneous_input_kbps:{_samples.BytesIn / 1024.0:F2}");
        Line(text, $"instantaneous_output_kbps:{_samples.BytesOut / 1024.0:F2}");
        Line(text, $"instantaneous_input_repl_kbps:0.00");
        Line(text, $"instantaneous_output_repl_kbps:0.00");
        Line(text, $"rejected_connections:{now.Refused - _base.Refused}");
        Line(text, $"sync_full:0");
        Line(text, $"sync_partial_ok:0");
        Line(text, $"sync_partial_err:0");
        Line(text, $"expired_subkeys:{now.ExpiredFields - _base.ExpiredFields}");
        Line(text, $"expired_keys:{now.Expired - _base.Expired}");
        Line(text, $"expired_stale_perc:0.00");
        Line(text, $"expired_time_cap_reached_count:{Housekeeping?.RoundsCut ?? 0}");
        Line(text, $"expire_cycle_cpu_milliseconds:{(long)(Housekeeping?.ExpiryTime.TotalMilliseconds ?? 0)}");
        Line(text, $"evicted_keys:{now.Evicted - _base.Evicted}");
        Line(text, $"evicted_clients:{now.EvictedClients - _base.EvictedClients}");
        Line(text, $"total_eviction_exceeded_time:{(long)_engine.Memory.TotalExceeded.TotalMilliseconds}");
        Line(text, $"current_eviction_exceeded_time:{(long)_engine.Memory.CurrentExceeded.TotalMilliseconds}");
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
        Line(text, $"migrate_cached_sockets:0");
        Line(text, $"slave_expires_tracked_keys:0");
        Line(text, $"unexpected_error_replies:0");
        Line(text, $"total_error_replies:{_insight.Errors.Total}");
        WriteDenials(text);
    }

    private void WriteDenials(StringBuilder text)
    {
        if (Access is { Log: var log })
        {
            Line(text, $"acl_access_denied_auth:{log.CountOf(Denial.Authentication)}");
            Line(text, $"acl_access_denied_cmd:{log.CountOf(Denial.Command)}");
            Line(text, $"acl_access_denied_key:{log.CountOf(Denial.Key)}");
            Line(text, $"acl_access_denied_channel:{log.CountOf(Denial.Channel)}");
        }
    }

    private static void WriteReplication(StringBuilder text)
    {
        Line(text, $"role:master");
        Line(text, $"connected_slaves:0");
        Line(text, $"master_failover_state:no-failover");
        Line(text, $"master_repl_offset:0");
        Line(text, $"second_repl_offset:-1");
        Line(text, $"repl_backlog_active:0");
        Line(text, $"repl_backlog_first_byte_offset:0");
        Line(text, $"repl_backlog_histlen:0");
    }

    private static void WriteCpu(StringBuilder text)
    {
        using var process = Process.GetCurrentProcess();
        Line(text, $"used_cpu_sys:{process.PrivilegedProcessorTime.TotalSeconds:F6}");
        Line(text, $"used_cpu_user:{process.UserProcessorTime.TotalSeconds:F6}");
        Line(text, $"used_cpu_sys_children:0.000000");
        Line(text, $"used_cpu_user_children:0.000000");
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

    /// <summary>What is counted since the server started.</summary>
    private readonly record struct Counters(
        long Commands, long Expired, long ExpiredFields, long Hits, long Misses, long Accepted, long Refused, long BytesIn,
        long BytesOut, long Evicted, long EvictedClients)
    {
        public static Counters Of(Engine.Engine engine, ITransport? transport)
        {
            var net = transport?.Counters ?? default;
            var call = engine.Call;
            return new Counters(
                engine.CommandsProcessed, call.ExpiredKeys, call.ExpiredFields, call.Hits, call.Misses, net.Accepted,
                net.Refused, net.BytesIn, net.BytesOut, call.EvictedKeys, engine.Memory.EvictedClients);
        }
    }
}
