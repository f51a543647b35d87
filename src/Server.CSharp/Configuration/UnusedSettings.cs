using Reason = RedisClone.Protocol.Errors.ConfigReason;

namespace RedisClone.Server.Configuration;

/// <summary>
/// Settings of Redis that files hold and tools set, and that change nothing here. Those of <see cref="All"/> are harmless: what they
/// tune does not exist, or needs no tuning, so they take what Redis takes and show it again. A setting that would be a
/// promise (replicas, modules, syslog) is not among them: it takes the one value that is true.
/// </summary>
internal static class UnusedSettings
{
    private const SettingChange AtRunTime = SettingChange.AtRunTime;
    private const SettingChange AtStart = SettingChange.AtStart;

    private const string NoChild = "Nothing is done in a child process.";
    private const string NoCluster = "There is no cluster mode.";
    private const string NoDefragmentation = "The collector of .NET moves and packs by itself.";
    private const string NoDump = "There are no RDB dumps.";
    private const string NoReplication = "There is no replication.";
    private const string NoScripts = "There are no scripts.";

    public static IReadOnlyList<Setting> All { get; } =
    [
        Number("active-defrag-cycle-max", 25, 1, 99, NoDefragmentation),
        Number("active-defrag-cycle-min", 1, 1, 99, NoDefragmentation),
        Size("active-defrag-ignore-bytes", 100L << 20, 1, NoDefragmentation),
        Number("active-defrag-max-scan-fields", 1000, 1, long.MaxValue, NoDefragmentation),
        Number("active-defrag-threshold-lower", 10, 0, 1000, NoDefragmentation),
        Number("active-defrag-threshold-upper", 100, 0, 1000, NoDefragmentation),
        Number("active-expire-effort", 1, 1, 10, "Keys that are due are found exactly, without search."),
        Flag("activedefrag", false, NoDefragmentation),
        Flag("activerehashing", true, "Tables grow page by page; there is no rehashing."),
        Flag("always-show-logo", false, "There is no logo.", AtStart),
        Flag("aof-disable-auto-gc", false, "The log is one file; none are left behind."),
        Flag("aof-rewrite-incremental-fsync", true, "A rewrite is always forced to disk in parts."),
        Flag("aof-use-rdb-preamble", true, "The log is written as commands; one that begins with an RDB dump is read."),
        Text("aof_rewrite_cpulist", "", NoChild, AtStart),
        Text("appenddirname", "appendonlydir", "The log is one file in the data directory.", AtStart),
        Text("bgsave_cpulist", "", NoChild, AtStart),
        Text("bio_cpulist", "", "Threads run where the system puts them.", AtStart),
        Number("busy-reply-threshold", 5000, 0, long.MaxValue, NoScripts, alias: "lua-time-limit"),
        Flag("cluster-allow-pubsubshard-when-down", true, NoCluster),
        Flag("cluster-allow-reads-when-down", false, NoCluster),
        Flag("cluster-allow-replica-migration", true, NoCluster),
        Number("cluster-announce-bus-port", 0, 0, 65535, NoCluster),
        Text("cluster-announce-hostname", "", NoCluster),
        Text("cluster-announce-ip", "", NoCluster),
        Number("cluster-announce-port", 0, 0, 65535, NoCluster),
        Number("cluster-announce-tls-port", 0, 0, 65535, NoCluster),
        Text("cluster-config-file", "nodes.conf", NoCluster, AtStart),
        Size("cluster-link-sendbuf-limit", 0, 0, NoCluster),
        Number("cluster-migration-barrier", 1, 0, int.MaxValue, NoCluster),
        Number("cluster-node-timeout", 15000, 0, long.MaxValue, NoCluster),
        Number("cluster-port", 0, 0, 65535, NoCluster, AtStart),
        Choice("cluster-preferred-endpoint-type", ["ip", "hostname", "unknown-endpoint"], NoCluster),
        Flag("cluster-replica-no-failover", false, NoCluster, alias: "cluster-slave-no-failover"),
        Number("cluster-replica-validity-factor", 10, 0, int.MaxValue, NoCluster, alias: "cluster-slave-validity-factor"),
        Flag("cluster-require-full-coverage", true, NoCluster),
        Flag("crash-log-enabled", true, "A crash is reported by .NET."),
        Flag("crash-memcheck-enabled", true, "A crash is reported by .NET."),
        Text("dbfilename", "dump.rdb", NoDump, SettingChange.Protected),
        Flag("disable-thp", true, "Huge pages are left as the system sets them.", AtStart),
        Flag("dynamic-hz", true, "Duties do not depend on the number of clients."),
        Text("ignore-warnings", "", "There are no warnings that could be ignored."),
        Flag("io-threads-do-reads", false, "Network loops read and write.", AtStart),
        Flag("jemalloc-bg-thread", true, "Memory is that of .NET."),
        Number("list-compress-depth", 0, 0, int.MaxValue, "Lists are packed, never compressed."),
        Text("masterauth", "", NoReplication),
        Text("masteruser", "", NoReplication),
        Number("min-replicas-max-lag", 10, 0, int.MaxValue, NoReplication, alias: "min-slaves-max-lag"),
        Choice("oom-score-adj", ["no", "yes", "relative", "absolute"], "The system's choice of victims is left as it is."),
        new TextSetting<string>("oom-score-adj-values", AtRunTime, "three numbers", SettingParsers.OomScores, text => text,
            o => o.Unused("oom-score-adj-values", "0 200 800"), (o, v) => o.SetUnused("oom-score-adj-values", v),
            "The system's choice of victims is left as it is.")
        {
            IsList = true,
            HasNoEffect = true,
        },
        Text("proc-title-template", "{title} {listen-addr} {server-mode}", "The title of the process stays."),
        Choice("propagation-error-behavior", ["ignore", "panic", "panic-on-replicas"], NoReplication),
        Flag("rdb-del-sync-files", false, NoDump),
        Flag("rdb-save-incremental-fsync", true, NoDump),
        Flag("rdbchecksum", true, NoDump, AtStart),
        Flag("rdbcompression", true, NoDump),
        Size("repl-backlog-size", 1L << 20, 1, NoReplication),
        Number("repl-backlog-ttl", 3600, 0, long.MaxValue, NoReplication),
        Flag("repl-disable-tcp-nodelay", false, NoReplication),
        Choice("repl-diskless-load", ["disabled", "on-empty-db", "swapdb"], NoReplication),
        Flag("repl-diskless-sync", true, NoReplication),
        Number("repl-diskless-sync-delay", 5, 0, int.MaxValue, NoReplication),
        Number("repl-diskless-sync-max-replicas", 0, 0, int.MaxValue, NoReplication),
        Number("repl-ping-replica-period", 10, 1, int.MaxValue, NoReplication, alias: "repl-ping-slave-period"),
        Number("repl-timeout", 60, 1, int.MaxValue, NoReplication),
        Text("replica-announce-ip", "", NoReplication, alias: "slave-announce-ip"),
        Number("replica-announce-port", 0, 0, 65535, NoReplication, alias: "slave-announce-port"),
        Flag("replica-announced", true, NoReplication),
        Flag("replica-ignore-disk-write-errors", false, NoReplication),
        Flag("replica-ignore-maxmemory", true, NoReplication, alias: "slave-ignore-maxmemory"),
        Flag("replica-lazy-flush", false, NoReplication, alias: "slave-lazy-flush"),
        Number("replica-priority", 100, 0, int.MaxValue, NoReplication, alias: "slave-priority"),
        Flag("replica-read-only", true, NoReplication, alias: "slave-read-only"),
        Flag("replica-serve-stale-data", true, NoReplication, alias: "slave-serve-stale-data"),
        Choice("sanitize-dump-payload", ["no", "yes", "clients"], "What is loaded is always checked."),
        Text("server_cpulist", "", "Threads run where the system puts them.", AtStart),
        Flag("set-proc-title", true, "The title of the process stays.", AtStart),
        Number("shutdown-timeout", 10, 0, int.MaxValue, NoReplication),
        Flag("stop-writes-on-bgsave-error", true, "There are no RDB dumps; when the log cannot be written, writes are refused."),
        Text("syslog-facility", "local0", "Nothing is sent to syslog.", AtStart),
        Text("syslog-ident", "redis", "Nothing is sent to syslog.", AtStart),
    ];

    private static FlagSetting Flag(
        string name, bool value, string why, SettingChange change = AtRunTime, string? alias = null) =>
        new(name, change, o => o.Unused(name, value), (o, v) => o.SetUnused(name, v), why)
        {
            Alias = alias,
            HasNoEffect = true,
        };

    private static NumberSetting Number(
        string name, long value, long min, long max, string why, SettingChange change = AtRunTime, string? alias = null) =>
        new(name, change, min, max, o => o.Unused(name, value), (o, v) => o.SetUnused(name, v), why)
        {
            Alias = alias,
            HasNoEffect = true,
        };

    private static NumberSetting Size(string name, long value, long min, string why) =>
        new(name, AtRunTime, min, long.MaxValue, o => o.Unused(name, value), (o, v) => o.SetUnused(name, v), why)
        {
            IsMemorySize = true,
            HasNoEffect = true,
        };

    private static TextSetting<string> Text(
        string name, string value, string why, SettingChange change = AtRunTime, string? alias = null) =>
        new(name, change, "text", SettingParsers.Text, text => text,
            o => o.Unused(name, value), (o, v) => o.SetUnused(name, v), why)
        {
            Alias = alias,
            HasNoEffect = true,
        };

    /// <summary>One of some words, of which the first is the default.</summary>
    private static TextSetting<string> Choice(string name, string[] words, string why) =>
        new(name, AtRunTime, string.Join(", ", words),
            (ReadOnlySpan<string> given, string current, out string chosen) =>
            {
                string wanted = given[0];
                string? known = Array.Find(words, word => word.Equals(wanted, StringComparison.OrdinalIgnoreCase));
                chosen = known ?? current;
                return known is null ? Reason.oneOf(words) : null;
            },
            text => text, o => o.Unused(name, words[0]), (o, v) => o.SetUnused(name, v), why)
        {
            HasNoEffect = true,
        };
}
