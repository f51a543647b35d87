using RedisClone.Protocol;
using RedisClone.Server.Network.Tls;
using RedisClone.Server.Persistence;

namespace RedisClone.Server.Configuration;

/// <summary>
/// The table of settings. A new setting is a property of <see cref="ServerOptions"/> and a row here; the file format,
/// the command line, CONFIG and the documentation follow from the row.
/// </summary>
internal static class Settings
{
    private const SettingChange AtRunTime = SettingChange.AtRunTime;
    private const SettingChange AtStart = SettingChange.AtStart;
    private const long BufferBytesMin = 1L << 20;
    private const int HzMax = 500;
    private const string NoTlsClient = "this server connects to nobody";

    private const string NoReplicas = "There is no replication.";

    private static readonly string[] Supervisors = ["upstart", "systemd", "auto", "no"];

    /// <summary>Every setting, in the order of the documentation.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        // Network.
        new NumberSetting("port", AtStart, 0, 65535, o => o.Port, (o, v) => o.Port = (int)v,
            "TCP port to listen on. 0 is none where there is a TLS port or a Unix socket, else any free one."),
        new TextSetting<IReadOnlyList<string>>("bind", AtStart, "addresses", SettingParsers.BindAddresses,
            addresses => string.Join(' ', addresses), o => o.Bind, (o, v) => o.Bind = v,
            "Addresses to listen on. `*` is all of IPv4, `::*` all of IPv6; an address after `-` may be missing.")
        {
            IsList = true,
        },
        new NumberSetting("tcp-backlog", AtStart, 0, int.MaxValue, o => o.TcpBacklog, (o, v) => o.TcpBacklog = (int)v,
            "Connections the system may hold ready before they are accepted."),
        new NumberSetting("timeout", AtRunTime, 0, int.MaxValue,
            o => o.TimeoutSeconds, (o, v) => o.TimeoutSeconds = (int)v,
            "Seconds after which an idle client is disconnected; 0 never."),
        new NumberSetting("tcp-keepalive", AtRunTime, 0, int.MaxValue,
            o => o.TcpKeepaliveSeconds, (o, v) => o.TcpKeepaliveSeconds = (int)v,
            "Seconds between TCP keepalive probes on new connections; 0 sends none."),
        new NumberSetting("maxclients", AtRunTime, 1, uint.MaxValue, o => o.MaxClients, (o, v) => o.MaxClients = v,
            "Clients that may be connected at a time."),
        new NumberSetting("io-threads", AtStart, 0, 128, o => o.IoThreads, (o, v) => o.IoThreads = (int)v,
            "Network loops; 0 chooses by the number of processors."),
        new ChoiceSetting<TransportKind>("transport", AtStart,
            [("auto", TransportKind.Auto), ("epoll", TransportKind.Epoll), ("sockets", TransportKind.Sockets)],
            o => o.Transport, (o, v) => o.Transport = v,
            "What carries the connections: epoll (Linux), the sockets of .NET, or the best available. Not in Redis."),
        new FlagSetting("protected-mode", AtRunTime, o => o.ProtectedMode, (o, v) => o.ProtectedMode = v,
            "Whether clients of other machines are refused while the default user has no password."),

        new TextSetting<string>("unixsocket", AtStart, "path", SettingParsers.Path,
            ByteText.FromText, o => o.UnixSocket, (o, v) => o.UnixSocket = v,
            "A Unix socket to listen on; empty is none. A relative path is in the data directory."),
        new TextSetting<int>("unixsocketperm", AtStart, "octal, 0 to 777", SettingParsers.Permissions,
            mode => Convert.ToString(mode, 8), o => o.UnixSocketPermissions, (o, v) => o.UnixSocketPermissions = v,
            "Permissions of the file of that socket; 0 leaves them as the system makes them."),

        // TLS. A change has all files read anew, and counts for new connections.
        new NumberSetting("tls-port", AtStart, 0, 65535, o => o.TlsPort, (o, v) => o.TlsPort = (int)v,
            "TCP port with TLS; 0 is none."),
        TlsFile("tls-cert-file", o => o.TlsCertFile, (o, v) => o.TlsCertFile = v,
            "The server's certificate in PEM form, followed by those between it and its root."),
        TlsFile("tls-key-file", o => o.TlsKeyFile, (o, v) => o.TlsKeyFile = v, "Its key in PEM form."),
        new TextSetting<string>("tls-key-file-pass", AtRunTime, "password", SettingParsers.Text,
            password => password, o => o.TlsKeyFilePass, (o, v) => o.TlsKeyFilePass = v,
            "The password of the key, if it is encrypted (PKCS#8)."),
        TlsFile("tls-ca-cert-file", o => o.TlsCaCertFile, (o, v) => o.TlsCaCertFile = v,
            "The authorities whose clients are let in, in PEM form."),
        TlsFile("tls-ca-cert-dir", o => o.TlsCaCertDir, (o, v) => o.TlsCaCertDir = v,
            "A directory of more of them, in files of any name."),
        new ChoiceSetting<ClientCertificates>("tls-auth-clients", AtRunTime,
            [
                ("no", ClientCertificates.None),
                ("yes", ClientCertificates.Required),
                ("optional", ClientCertificates.Optional),
            ],
            o => o.TlsAuthClients, (o, v) => o.TlsAuthClients = v,
            "Whether clients must show a certificate; `optional`: those that show one must show a good one."),
        TlsText("tls-protocols", "words such as `TLSv1.2`", o => o.TlsProtocols, (o, v) => o.TlsProtocols = v,
            "The versions of TLS that are spoken; empty is 1.2 and 1.3."),
        TlsText("tls-ciphers", "names, separated by colons", o => o.TlsCiphers, (o, v) => o.TlsCiphers = v,
            "Ciphers of TLS 1.2, each by its name in OpenSSL or IANA's; empty is the system's choice. On Linux only."),
        TlsText("tls-ciphersuites", "names, separated by colons", o => o.TlsCipherSuites, (o, v) => o.TlsCipherSuites = v,
            "Cipher suites of TLS 1.3, likewise."),
        new FixedSetting("tls-prefer-server-ciphers", AtRunTime, "yes",
            text => SettingParsers.OnlyYes(text, "the order of the server always counts: only yes can be set"),
            "Of the ciphers that both sides know, the server chooses."),
        new FlagSetting("tls-session-caching", AtRunTime,
            o => o.TlsSessionCaching, (o, v) => o.TlsSessionCaching = v,
            "Whether a client that comes back may do without a full handshake."),
        new FixedSetting("tls-session-cache-size", AtRunTime, "20480",
            text => SettingParsers.OnlyNumber(text, 20480, "the size of the cache cannot be chosen: only 20480 can be set"),
            "The library's own limit."),
        new FixedSetting("tls-session-cache-timeout", AtRunTime, "300",
            text => SettingParsers.OnlyNumber(text, 300, "how long sessions are kept cannot be chosen: only 300 can be set"),
            "The library's own limit."),
        OnlyEmpty("tls-dh-params-file", "the library brings its own parameters", "The library's own parameters."),
        OnlyEmpty("tls-client-cert-file", NoTlsClient, "The server connects to nobody."),
        OnlyEmpty("tls-client-key-file", NoTlsClient, "The server connects to nobody."),
        OnlyEmpty("tls-client-key-file-pass", NoTlsClient, "The server connects to nobody."),
        OnlyNo("tls-replication", AtRunTime, "this server has no replicas: only no can be set", "There are no replicas."),
        OnlyNo("tls-cluster", AtRunTime, "this server is no part of a cluster: only no can be set", "There is no cluster mode."),

        // Users.
        new TextSetting<string>("requirepass", AtRunTime, "password", SettingParsers.Text,
            password => password, o => o.RequirePass, (o, v) => o.RequirePass = v,
            "The password of the default user; empty is none. A file of users, or `user default`, overrides it."),
        new TextSetting<string>("aclfile", AtStart, "file name or path", SettingParsers.Path,
            ByteText.FromText, o => o.AclFile, (o, v) => o.AclFile = v,
            "The file of users. Without one, users can be stated with `user name rule ...`, once for each."),
        new ChoiceSetting<PubSubDefault>("acl-pubsub-default", AtRunTime,
            [("allchannels", PubSubDefault.AllChannels), ("resetchannels", PubSubDefault.ResetChannels)],
            o => o.AclPubSubDefault, (o, v) => o.AclPubSubDefault = v,
            "Which channels new users may use unless a rule says so: all, or none."),
        new NumberSetting("acllog-max-len", AtRunTime, 0, long.MaxValue,
            o => o.AclLogMaxLength, (o, v) => o.AclLogMaxLength = v,
            "How many refusals ACL LOG remembers."),

        // Limits of clients.
        new NumberSetting("proto-max-bulk-len", AtRunTime, BufferBytesMin, Bytes.lengthMax,
            o => o.ProtoMaxBulkBytes, (o, v) => o.ProtoMaxBulkBytes = v,
            "The longest argument of a command, and the longest string.")
        {
            IsMemorySize = true,
        },
        new NumberSetting("client-query-buffer-limit", AtRunTime, BufferBytesMin, long.MaxValue,
            o => o.ClientQueryBufferBytesMax, (o, v) => o.ClientQueryBufferBytesMax = v,
            "Bytes a client may send without completing a command.")
        {
            IsMemorySize = true,
        },
        new TextSetting<OutputBufferLimits>("client-output-buffer-limit", AtRunTime,
            "class, hard limit, soft limit, seconds; repeated", SettingParsers.OutputLimits,
            limits => limits.ToString(), o => o.ClientOutputBufferLimits, (o, v) => o.ClientOutputBufferLimits = v,
            "Bytes of replies a client may leave unread: at once (hard), or for some seconds (soft). 0 is no limit. "
            + "Classes: `normal`, `replica` (or `slave`), `pubsub`.")
        {
            IsList = true,
            WordsPerLine = OutputBufferLimits.WordsPerClass,
        },

        // Data.
        new NumberSetting("databases", AtStart, 1, ServerOptions.DatabasesMax,
            o => o.Databases, (o, v) => o.Databases = (int)v,
            "Number of databases a client can SELECT."),
        new FlagSetting("transaction-rollback", AtRunTime,
            o => o.TransactionRollback, (o, v) => o.TransactionRollback = v,
            "Whether every EXEC is an EXEC ROLLBACK: when a command fails, the transaction leaves no trace. Not in Redis."),
        new NumberSetting("hash-max-listpack-entries", AtRunTime, 0, long.MaxValue,
            o => o.HashMaxListpackEntries, (o, v) => o.HashMaxListpackEntries = v,
            "The most fields of a hash in compact form.")
        {
            Alias = "hash-max-ziplist-entries",
        },
        new NumberSetting("hash-max-listpack-value", AtRunTime, 0, long.MaxValue,
            o => o.HashMaxListpackValueBytes, (o, v) => o.HashMaxListpackValueBytes = v,
            "The longest field or value of a hash in compact form.")
        {
            Alias = "hash-max-ziplist-value",
            IsMemorySize = true,
        },
        new NumberSetting("hll-sparse-max-bytes", AtRunTime, 0, long.MaxValue,
            o => o.HllSparseMaxBytes, (o, v) => o.HllSparseMaxBytes = v,
            "The longest HyperLogLog in its sparse form.")
        {
            IsMemorySize = true,
        },
        new NumberSetting("list-max-listpack-size", AtRunTime, int.MinValue, int.MaxValue,
            o => o.ListMaxListpackSize, (o, v) => o.ListMaxListpackSize = v,
            "The most elements of a list in compact form; -1 to -5 is the most bytes: 4, 8, 16, 32 or 64 KiB.")
        {
            Alias = "list-max-ziplist-size",
        },
        new NumberSetting("set-max-intset-entries", AtRunTime, 0, long.MaxValue,
            o => o.SetMaxIntsetEntries, (o, v) => o.SetMaxIntsetEntries = v,
            "The most members of a set of whole numbers in compact form."),
        new NumberSetting("set-max-listpack-entries", AtRunTime, 0, long.MaxValue,
            o => o.SetMaxListpackEntries, (o, v) => o.SetMaxListpackEntries = v,
            "The most members of a set in compact form."),
        new NumberSetting("set-max-listpack-value", AtRunTime, 0, long.MaxValue,
            o => o.SetMaxListpackValueBytes, (o, v) => o.SetMaxListpackValueBytes = v,
            "The longest member of a set in compact form.")
        {
            IsMemorySize = true,
        },
        new NumberSetting("stream-node-max-bytes", AtRunTime, 0, long.MaxValue,
            o => o.StreamNodeMaxBytes, (o, v) => o.StreamNodeMaxBytes = v,
            "The most bytes in one block of a stream; 0 is no limit.")
        {
            IsMemorySize = true,
        },
        new NumberSetting("stream-node-max-entries", AtRunTime, 0, long.MaxValue,
            o => o.StreamNodeMaxEntries, (o, v) => o.StreamNodeMaxEntries = v,
            "The most entries in one block of a stream; 0 is no limit."),
        new NumberSetting("zset-max-listpack-entries", AtRunTime, 0, long.MaxValue,
            o => o.SortedSetMaxListpackEntries, (o, v) => o.SortedSetMaxListpackEntries = v,
            "The most members of a sorted set in compact form.")
        {
            Alias = "zset-max-ziplist-entries",
        },
        new NumberSetting("zset-max-listpack-value", AtRunTime, 0, long.MaxValue,
            o => o.SortedSetMaxListpackValueBytes, (o, v) => o.SortedSetMaxListpackValueBytes = v,
            "The longest member of a sorted set in compact form.")
        {
            Alias = "zset-max-ziplist-value",
            IsMemorySize = true,
        },
        new NumberSetting("tracking-table-max-keys", AtRunTime, 0, long.MaxValue,
            o => o.TrackingTableMaxKeys, (o, v) => o.TrackingTableMaxKeys = v,
            "Keys that are remembered for clients that keep copies (CLIENT TRACKING); 0 is no limit. Beyond, some are given up."),
        new TextSetting<KeyEventSelection>("notify-keyspace-events", AtRunTime,
            "letters: `K`, `E`, and the classes `g$lshzxetdmn`; `A` is `g$lshzxetd`", SettingParsers.KeyEvents,
            selection => selection.ToString(), o => o.NotifyKeyspaceEvents, (o, v) => o.NotifyKeyspaceEvents = v,
            "Which events of keys are published: to the channel of the key (`K`), to that of the event (`E`), or to both."),
        new NumberSetting("hz", AtRunTime, 0, int.MaxValue, o => o.Hz, (o, v) => o.Hz = (int)Math.Clamp(v, 1, HzMax),
            "Times a second that background duties, such as expiry, are looked after; kept between 1 and 500."),
        new SizeSetting("maxmemory", AtRunTime, o => o.MaxMemoryBytes, (o, v) => o.MaxMemoryBytes = v,
            "The most memory that data and clients may take; 0 is no limit."),
        new ChoiceSetting<EvictionPolicy>("maxmemory-policy", AtRunTime,
            [
                ("volatile-lru", EvictionPolicy.VolatileLru),
                ("volatile-lfu", EvictionPolicy.VolatileLfu),
                ("volatile-random", EvictionPolicy.VolatileRandom),
                ("volatile-ttl", EvictionPolicy.VolatileTtl),
                ("allkeys-lru", EvictionPolicy.AllKeysLru),
                ("allkeys-lfu", EvictionPolicy.AllKeysLfu),
                ("allkeys-random", EvictionPolicy.AllKeysRandom),
                ("noeviction", EvictionPolicy.NoEviction),
            ],
            o => o.MaxMemoryPolicy, (o, v) => o.MaxMemoryPolicy = v,
            "Which keys make room at the limit: of all or of those that expire, what was not used for longest, what is "
            + "used least, any, or what expires first. Otherwise commands that may take memory are refused."),
        new TextSetting<ClientMemoryLimit>("maxmemory-clients", AtRunTime, "bytes, or with a unit; 0% to 100%",
            ClientMemoryLimit.Parse, limit => limit.ToString(), o => o.MaxMemoryClients, (o, v) => o.MaxMemoryClients = v,
            "The most memory that clients may take together, in bytes or per cent of `maxmemory`; beyond, those that take "
            + "most are disconnected. 0 is no limit."),
        new NumberSetting("maxmemory-samples", AtRunTime, 1, int.MaxValue,
            o => o.MaxMemorySamples, (o, v) => o.MaxMemorySamples = v,
            "How many keys are looked at to find one that makes room; more than 1024 are as good as 1024."),
        new NumberSetting("maxmemory-eviction-tenacity", AtRunTime, 0, 100,
            o => o.MaxMemoryEvictionTenacity, (o, v) => o.MaxMemoryEvictionTenacity = (int)v,
            "How long a command may be kept waiting while keys make room: not at all, half a millisecond (10), or as "
            + "long as it takes (100)."),
        new NumberSetting("lfu-log-factor", AtRunTime, 0, int.MaxValue,
            o => o.LfuLogFactor, (o, v) => o.LfuLogFactor = v,
            "How much harder each step is of the counter that tells how often a key is used."),
        new NumberSetting("lfu-decay-time", AtRunTime, 0, int.MaxValue,
            o => o.LfuDecayMinutes, (o, v) => o.LfuDecayMinutes = v,
            "Minutes without use that take this counter one step back; 0 for none."),

        // Durability.
        new TextSetting<string>("dir", SettingChange.Protected, "directory", SettingParsers.ExistingDirectory,
            directory => ByteText.FromText(SettingParsers.FullPath(directory)), o => o.Directory,
            (o, v) => o.Directory = v,
            "The data directory. It must exist.")
        {
            DefaultText = "./",
        },
        new FlagSetting("appendonly", AtStart, o => o.AppendOnly, (o, v) => o.AppendOnly = v,
            "Whether writes are logged to disk. Without it all data is gone when the server ends."),
        new TextSetting<string>("appendfilename", AtStart, "file name", SettingParsers.FileName,
            ByteText.FromText, o => o.AppendFileName, (o, v) => o.AppendFileName = v,
            "Name of the log in the data directory."),
        new ChoiceSetting<FsyncPolicy>("appendfsync", AtRunTime,
            [("everysec", FsyncPolicy.EverySecond), ("always", FsyncPolicy.Always), ("no", FsyncPolicy.No)],
            o => o.AppendFsync, (o, v) => o.AppendFsync = v,
            "When the log is forced to disk: every second, before each reply, or when the system likes to."),
        new FlagSetting("no-appendfsync-on-rewrite", AtRunTime,
            o => o.NoAppendFsyncOnRewrite, (o, v) => o.NoAppendFsyncOnRewrite = v,
            "Whether the log is left unforced while it is being rewritten."),
        new NumberSetting("auto-aof-rewrite-percentage", AtRunTime, 0, int.MaxValue,
            o => o.AutoAofRewritePercentage, (o, v) => o.AutoAofRewritePercentage = (int)v,
            "Per cent the log must have grown by since its last rewrite to be rewritten; 0 never."),
        new NumberSetting("auto-aof-rewrite-min-size", AtRunTime, 0, long.MaxValue,
            o => o.AutoAofRewriteMinBytes, (o, v) => o.AutoAofRewriteMinBytes = v,
            "A log smaller than this is not rewritten by itself.")
        {
            IsMemorySize = true,
        },
        new FlagSetting("aof-load-truncated", AtRunTime, o => o.AofLoadTruncated, (o, v) => o.AofLoadTruncated = v,
            "Whether a log that breaks off within its last command is loaded up to there, or refused."),
        new FixedSetting("save", AtRunTime, "",
            text => SettingParsers.NoSavePoints(text,
                "this server has no save points: its log is always up to date (appendonly)"),
            "There are no RDB save points; the log keeps everything.")
        {
            IsList = true,
        },

        // The server itself.
        new ChoiceSetting<LogVerbosity>("loglevel", AtRunTime,
            [
                ("debug", LogVerbosity.Debug),
                ("verbose", LogVerbosity.Verbose),
                ("notice", LogVerbosity.Notice),
                ("warning", LogVerbosity.Warning),
            ],
            o => o.LogLevel, (o, v) => o.LogLevel = v,
            "How much the server says about itself."),
        new TextSetting<string>("logfile", AtStart, "file name or path", SettingParsers.Path,
            ByteText.FromText, o => o.LogFile, (o, v) => o.LogFile = v,
            "Where it says it; empty is standard output. A relative name is in the data directory."),
        OnlyNo("daemonize", AtStart,
            "this server stays in the foreground: let systemd, a container or a shell put it into the background",
            "The server stays in the foreground."),
        new ChoiceSetting<Supervisor>("supervised", AtStart,
            [
                ("upstart", Supervisor.Upstart),
                ("systemd", Supervisor.Systemd),
                ("auto", Supervisor.Auto),
                ("no", Supervisor.No),
            ],
            o => o.Supervised, (o, v) => o.Supervised = v,
            "Who is told that the server is ready, and that it stops; `auto` is systemd if it asks to be told. Not `upstart`."),
        new TextSetting<string>("pidfile", AtStart, "file name or path", SettingParsers.Path,
            ByteText.FromText, o => o.PidFile, (o, v) => o.PidFile = v,
            "A file that holds the number of the process while it runs; empty is none."),
        OnlyNo("cluster-enabled", AtStart, "this server is no part of a cluster: only no can be set",
            "There is no cluster mode."),
        new ChoiceSetting<DebugAccess>("enable-debug-command", AtStart,
            [("no", DebugAccess.No), ("local", DebugAccess.Local), ("yes", DebugAccess.Yes)],
            o => o.EnableDebugCommand, (o, v) => o.EnableDebugCommand = v,
            "Who may use DEBUG: nobody, clients of this machine, or every client."),

        // Seeing inside.
        new NumberSetting("metrics-port", AtStart, 0, 65535, o => o.MetricsPort, (o, v) => o.MetricsPort = (int)v,
            "Port on which `GET /metrics` and `GET /healthz` are answered over HTTP; 0 is none. Not in Redis."),
        new TextSetting<string>("metrics-bind", AtStart, "an address", SettingParsers.Address,
            address => address, o => o.MetricsBind, (o, v) => o.MetricsBind = v,
            "Address of that port; `*` is all. Not in Redis."),
        new FlagSetting("latency-tracking", AtRunTime, o => o.LatencyTracking, (o, v) => o.LatencyTracking = v,
            "Whether it is kept how long commands take (`INFO latencystats`, `LATENCY HISTOGRAM`)."),
        new TextSetting<IReadOnlyList<double>>("latency-tracking-info-percentiles", AtRunTime,
            "numbers from 0 to 100", SettingParsers.Percentiles, SettingParsers.FormatPercentiles,
            o => o.LatencyTrackingInfoPercentiles, (o, v) => o.LatencyTrackingInfoPercentiles = v,
            "Per cent of commands of which `INFO latencystats` tells how long they took at most.")
        {
            IsList = true,
        },
        new NumberSetting("latency-monitor-threshold", AtRunTime, 0, long.MaxValue,
            o => o.LatencyMonitorThresholdMs, (o, v) => o.LatencyMonitorThresholdMs = v,
            "Milliseconds from which on something took long for `LATENCY`; 0 is never."),
        new NumberSetting("slowlog-log-slower-than", AtRunTime, -1, long.MaxValue,
            o => o.SlowlogLogSlowerThanMicroseconds, (o, v) => o.SlowlogLogSlowerThanMicroseconds = v,
            "Microseconds from which on a command is kept in the slow log; -1 is never."),
        new NumberSetting("slowlog-max-len", AtRunTime, 0, long.MaxValue,
            o => o.SlowlogMaxLength, (o, v) => o.SlowlogMaxLength = v,
            "Commands that the slow log keeps."),

        // Memory is always given back off the path of commands, whatever these say.
        Lazyfree("lazyfree-lazy-eviction", o => o.LazyfreeLazyEviction, (o, v) => o.LazyfreeLazyEviction = v),
        Lazyfree("lazyfree-lazy-expire", o => o.LazyfreeLazyExpire, (o, v) => o.LazyfreeLazyExpire = v),
        Lazyfree("lazyfree-lazy-server-del", o => o.LazyfreeLazyServerDel, (o, v) => o.LazyfreeLazyServerDel = v),
        Lazyfree("lazyfree-lazy-user-del", o => o.LazyfreeLazyUserDel, (o, v) => o.LazyfreeLazyUserDel = v),
        Lazyfree("lazyfree-lazy-user-flush", o => o.LazyfreeLazyUserFlush, (o, v) => o.LazyfreeLazyUserFlush = v),

        // Of Redis, and without meaning here.
        new FixedSetting("replicaof", AtStart, "",
            text => SettingParsers.OnlyNothing(text == "no one" ? "" : text, "this server is no replica"), NoReplicas)
        {
            Alias = "slaveof",
            IsList = true,
        },
        new FixedSetting("min-replicas-to-write", AtRunTime, "0",
            text => SettingParsers.OnlyZeroCount(text, "this server has no replicas"), NoReplicas)
        {
            Alias = "min-slaves-to-write",
        },
        new FixedSetting("enable-module-command", AtStart, "no",
            text => SettingParsers.OnlyWord(text, "no", ["no", "yes", "local"], "this server loads no modules"),
            "Modules cannot be loaded."),
        new FixedSetting("enable-protected-configs", AtStart, "no",
            text => SettingParsers.OnlyWord(text, "no", ["no", "yes", "local"],
                "this server lets no client change where files are"),
            "Where files are is set at start."),
        OnlyNo("aof-timestamp-enabled", AtRunTime, "this server notes no times in its log", "The log has no times."),
        OnlyNo("syslog-enabled", AtStart, "this server does not log to syslog", "Nothing is sent to syslog."),
        new FixedSetting("bind-source-addr", AtRunTime, "",
            text => SettingParsers.OnlyNothing(text, "this server makes no connections"), "No connections are made."),
        new FixedSetting("socket-mark-id", AtStart, "0",
            text => SettingParsers.OnlyZeroCount(text, "this server does not mark sockets"), "Sockets are not marked."),
        .. UnusedSettings.All,
    ];

    /// <summary>Every name and alias in lower case, with its setting.</summary>
    public static IReadOnlyList<(string Name, Setting Setting)> Names { get; } =
    [
        .. All.Select(setting => (setting.Name, setting)),
        .. All.Where(setting => setting.Alias is not null).Select(setting => (setting.Alias!, setting)),
    ];

    private static readonly Dictionary<string, Setting> ByName =
        Names.ToDictionary(entry => entry.Name, entry => entry.Setting, StringComparer.OrdinalIgnoreCase);

    /// <summary>The setting with this name or alias, without case; null if there is none.</summary>
    public static Setting? Find(string name) => ByName.GetValueOrDefault(name);

    private static FixedSetting OnlyEmpty(string name, string reason, string summary) =>
        new(name, AtRunTime, "", text => text.Length == 0 ? null : $"{reason}: only empty can be set", summary);

    private static FixedSetting OnlyNo(string name, SettingChange change, string reason, string summary) =>
        new(name, change, "no", text => SettingParsers.OnlyNo(text, reason), summary);

    private static TextSetting<string> TlsFile(
        string name, Func<ServerOptions, string> get, Action<ServerOptions, string> set, string summary) =>
        new(name, AtRunTime, "path", SettingParsers.Path, ByteText.FromText, get, set, summary);

    private static TextSetting<string> TlsText(
        string name, string values, Func<ServerOptions, string> get, Action<ServerOptions, string> set, string summary) =>
        new(name, AtRunTime, values, SettingParsers.Text, text => text, get, set, summary);

    private static FlagSetting Lazyfree(
        string name, Func<ServerOptions, bool> get, Action<ServerOptions, bool> set) =>
        new(name, AtRunTime, get, set, "Accepted for Redis' sake; memory is never given back in the way of commands.");
}
