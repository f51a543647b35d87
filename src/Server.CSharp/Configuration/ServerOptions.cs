using RedisClone.Protocol;
using RedisClone.Server.Network.Tls;
using RedisClone.Server.Persistence;

namespace RedisClone.Server.Configuration;

/// <summary>Which implementation carries the connections.</summary>
public enum TransportKind
{
    Auto,
    Epoll,
    Sockets,
}

/// <summary>Who is told that the server is ready, or stops.</summary>
public enum Supervisor
{
    No,

    /// <summary>A word that Redis knows; the server does not start with it.</summary>
    Upstart,
    Systemd,

    /// <summary>systemd if it asks to be told.</summary>
    Auto,
}

/// <summary>Who may use DEBUG.</summary>
public enum DebugAccess
{
    No,

    /// <summary>Clients of this machine.</summary>
    Local,
    Yes,
}

/// <summary>Which channels new users may use.</summary>
public enum PubSubDefault
{
    AllChannels,
    ResetChannels,
}

/// <summary>How much goes into the server's own log, most first.</summary>
public enum LogVerbosity
{
    Debug,
    Verbose,
    Notice,
    Warning,
}

/// <summary>
/// What one server is set to. Property initialisers are the defaults; <see cref="Settings"/> gives each property the
/// name it has in redis.conf and in CONFIG.
/// </summary>
/// <remarks>
/// Settings are changed by one thread at a time and may be read by any: every property is one word, so a reader sees
/// the old value or the new one. Read a setting where it is used rather than keeping a copy, and a change takes effect
/// by itself; where it has to be carried out, ask to be told with <see cref="OnChange"/>.
/// </remarks>
public sealed class ServerOptions
{
    /// <summary>The most a server holds of what is sized by its number of databases.</summary>
    public const int DatabasesMax = 65_536;

    /// <summary>The most addresses a server listens on.</summary>
    public const int BindAddressesMax = 16;

    private static readonly IReadOnlyList<double> UsualPercentiles = [50, 99, 99.9];

    private readonly Dictionary<string, List<Func<string?>>> _listeners = new(StringComparer.Ordinal);

    /// <summary>What settings without effect were set to.</summary>
    private readonly Dictionary<string, object> _unused = new(StringComparer.Ordinal);

    /// <summary>The configuration file the server was started with, as a full path; null if there was none.</summary>
    public string? ConfigurationFile { get; init; }

    /// <summary>TCP port; 0 is none where there is a TLS port or a Unix socket, else any that is free.</summary>
    public int Port { get; set; } = 6379;

    /// <summary>TCP port with TLS; 0 is none.</summary>
    public int TlsPort { get; set; }

    /// <summary>The certificate of the server, and those between it and its root. PEM, as all that follow.</summary>
    public string TlsCertFile { get; set; } = "";

    public string TlsKeyFile { get; set; } = "";

    /// <summary>The password of the key file; empty if it has none.</summary>
    public string TlsKeyFilePass { get; set; } = "";

    /// <summary>The authorities that sign the certificates of clients.</summary>
    public string TlsCaCertFile { get; set; } = "";

    /// <summary>More of them, a file each.</summary>
    public string TlsCaCertDir { get; set; } = "";

    public ClientCertificates TlsAuthClients { get; set; } = ClientCertificates.Required;

    /// <summary>Words such as <c>TLSv1.2</c>; empty is 1.2 and 1.3.</summary>
    public string TlsProtocols { get; set; } = "";

    /// <summary>Ciphers of TLS 1.2, separated by colons; empty is for the system to say.</summary>
    public string TlsCiphers { get; set; } = "";

    /// <summary>Suites of TLS 1.3, likewise.</summary>
    public string TlsCipherSuites { get; set; } = "";

    /// <summary>Whether a client that comes back may do without a full handshake.</summary>
    public bool TlsSessionCaching { get; set; } = true;

    /// <summary>Path of a Unix socket; empty is none, a relative one is in <see cref="Directory"/>.</summary>
    public string UnixSocket { get; set; } = "";

    /// <summary>Permissions of the file of the Unix socket; 0 leaves them as the system makes them.</summary>
    public int UnixSocketPermissions { get; set; }

    /// <summary>A file that holds the number of the process while it runs; empty is none.</summary>
    public string PidFile { get; set; } = "";

    public Supervisor Supervised { get; set; } = Supervisor.No;

    /// <summary>
    /// Addresses or host names to listen on; <c>*</c> and <c>::*</c> are all of IPv4 and IPv6. One that starts with
    /// <c>-</c> is left out when the machine does not have it.
    /// </summary>
    public IReadOnlyList<string> Bind { get; set; } = ["127.0.0.1", "-::1"];

    public int TcpBacklog { get; set; } = 511;

    /// <summary>Seconds after which an idle client is disconnected; 0 never.</summary>
    public int TimeoutSeconds { get; set; }

    /// <summary>Seconds between TCP keepalive probes; 0 sends none.</summary>
    public int TcpKeepaliveSeconds { get; set; } = 300;

    /// <summary>Whether clients of other machines are refused as long as everybody may do everything without a password.</summary>
    public bool ProtectedMode { get; set; } = true;

    /// <summary>The password of the default user; empty if there is none.</summary>
    public string RequirePass { get; set; } = "";

    /// <summary>The file of users; empty if there is none. A relative name is in <see cref="Directory"/>.</summary>
    public string AclFile { get; set; } = "";

    /// <summary>The users that are stated with <c>user</c>: a name, and rules. Byte text.</summary>
    public IReadOnlyList<string[]> UserLines { get; set; } = [];

    /// <summary>Whether new users may use all channels, or none.</summary>
    public PubSubDefault AclPubSubDefault { get; set; } = PubSubDefault.ResetChannels;

    /// <summary>How many refusals ACL LOG remembers.</summary>
    public long AclLogMaxLength { get; set; } = 128;

    public long MaxClients { get; set; } = 10_000;

    public int Databases { get; set; } = 16;

    public bool TransactionRollback { get; set; }

    /// <summary>The data directory: where the log and relative file names are.</summary>
    public string Directory { get; set; } = ".";

    public bool AppendOnly { get; set; } = true;

    /// <summary>The name of the log in <see cref="Directory"/>.</summary>
    public string AppendFileName { get; set; } = "storage.store";

    public FsyncPolicy AppendFsync { get; set; } = FsyncPolicy.EverySecond;

    /// <summary>Where the log is.</summary>
    public string LogPath() => Path.Combine(Directory, AppendFileName);

    /// <summary>Whether fsync is left out while the log is being rewritten.</summary>
    public bool NoAppendFsyncOnRewrite { get; set; }

    /// <summary>Per cent by which the log must have grown since its last rewrite to be rewritten; 0 never.</summary>
    public int AutoAofRewritePercentage { get; set; } = 100;

    public long AutoAofRewriteMinBytes { get; set; } = 64L << 20;

    /// <summary>Whether a log whose last command is cut short is loaded up to there; otherwise it is refused.</summary>
    public bool AofLoadTruncated { get; set; } = true;

    public long ProtoMaxBulkBytes { get; set; } = 512L << 20;

    public long ClientQueryBufferBytesMax { get; set; } = 1L << 30;

    public OutputBufferLimits ClientOutputBufferLimits { get; set; } = OutputBufferLimits.Default;

    /// <summary>Which events of keys are published, and how.</summary>
    public KeyEventSelection NotifyKeyspaceEvents { get; set; } = KeyEventSelection.None;

    /// <summary>How many keys are remembered for clients that keep copies (CLIENT TRACKING); 0 for no limit.</summary>
    public long TrackingTableMaxKeys { get; set; } = 1_000_000;

    /// <summary>How many fields a hash holds in its compact form.</summary>
    public long HashMaxListpackEntries { get; set; } = 512;

    /// <summary>The longest field or value, in bytes, a hash holds in its compact form.</summary>
    public long HashMaxListpackValueBytes { get; set; } = 64;

    /// <summary>The longest HyperLogLog, in bytes, in its sparse form.</summary>
    public long HllSparseMaxBytes { get; set; } = 3000;

    /// <summary>How many elements a list holds in its compact form; from -1 to -5, how many bytes: 4, 8, 16, 32, 64 KiB.</summary>
    public long ListMaxListpackSize { get; set; } = -2;

    /// <summary>How many whole numbers a set holds in its most compact form.</summary>
    public long SetMaxIntsetEntries { get; set; } = 512;

    /// <summary>How many members a set holds in its compact form.</summary>
    public long SetMaxListpackEntries { get; set; } = 128;

    /// <summary>The longest member, in bytes, a set holds in its compact form.</summary>
    public long SetMaxListpackValueBytes { get; set; } = 64;

    /// <summary>The most bytes in one block of a stream; 0 for no limit.</summary>
    public long StreamNodeMaxBytes { get; set; } = 4096;

    /// <summary>The most entries in one block of a stream; 0 for no limit.</summary>
    public long StreamNodeMaxEntries { get; set; } = 100;

    /// <summary>How many members a sorted set holds in its compact form.</summary>
    public long SortedSetMaxListpackEntries { get; set; } = 128;

    /// <summary>The longest member, in bytes, a sorted set holds in its compact form.</summary>
    public long SortedSetMaxListpackValueBytes { get; set; } = 64;

    /// <summary>How many times a second background duties are looked after.</summary>
    public int Hz { get; set; } = 10;

    /// <summary>Port of the endpoint for Prometheus; 0 is none.</summary>
    public int MetricsPort { get; set; }

    /// <summary>Address of the endpoint for Prometheus; <c>*</c> is all.</summary>
    public string MetricsBind { get; set; } = "127.0.0.1";

    /// <summary>Whether how long commands take is kept for their distributions.</summary>
    public bool LatencyTracking { get; set; } = true;

    /// <summary>Per cent of commands of which INFO tells how long they took at most.</summary>
    public IReadOnlyList<double> LatencyTrackingInfoPercentiles { get; set; } = UsualPercentiles;

    /// <summary>From how many milliseconds on LATENCY takes note; 0 is never.</summary>
    public long LatencyMonitorThresholdMs { get; set; }

    /// <summary>From how many microseconds on a command is kept in the slow log; -1 is never.</summary>
    public long SlowlogLogSlowerThanMicroseconds { get; set; } = 10_000;

    /// <summary>How many commands the slow log keeps.</summary>
    public long SlowlogMaxLength { get; set; } = 128;

    /// <summary>The most memory in bytes; 0 is no limit.</summary>
    public ulong MaxMemoryBytes { get; set; }

    /// <summary>Which keys make room when the limit is reached.</summary>
    public EvictionPolicy MaxMemoryPolicy { get; set; } = EvictionPolicy.NoEviction;

    /// <summary>How many keys are looked at to find one that makes room.</summary>
    public long MaxMemorySamples { get; set; } = 5;

    /// <summary>From 0 to 100, how long a command may be kept waiting while keys make room.</summary>
    public int MaxMemoryEvictionTenacity { get; set; } = 10;

    /// <summary>The most memory that clients may take.</summary>
    public ClientMemoryLimit MaxMemoryClients { get; set; }

    /// <summary>How much harder each step of the counter of a key's use is.</summary>
    public long LfuLogFactor { get; set; } = 10;

    /// <summary>Minutes without use that take the counter one step back; 0 for none.</summary>
    public long LfuDecayMinutes { get; set; } = 1;

    public LogVerbosity LogLevel { get; set; } = LogVerbosity.Notice;

    /// <summary>
    /// Where the server's own log goes; empty is standard output, a relative name is in <see cref="Directory"/>.
    /// </summary>
    public string LogFile { get; set; } = "";

    /// <summary>How many network loops there are; 0 lets the server choose by the number of processors.</summary>
    public int IoThreads { get; set; }

    public TransportKind Transport { get; set; } = TransportKind.Auto;

    public DebugAccess EnableDebugCommand { get; set; }

    public bool LazyfreeLazyEviction { get; set; }

    public bool LazyfreeLazyExpire { get; set; }

    public bool LazyfreeLazyServerDel { get; set; }

    public bool LazyfreeLazyUserDel { get; set; }

    public bool LazyfreeLazyUserFlush { get; set; }

    /// <summary>
    /// Has <paramref name="apply"/> called after the setting was changed at run time. It returns null, or why the new
    /// value cannot be had; then the change is taken back. For the time before the server runs, not after.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such setting, or it cannot change at run time.</exception>
    public void OnChange(string settingName, Func<string?> apply)
    {
        Setting? setting = Settings.Find(settingName);
        if (setting is null || setting.Change != SettingChange.AtRunTime)
        {
            throw new ArgumentException($"'{settingName}' is no setting that changes at run time", nameof(settingName));
        }

        if (!_listeners.TryGetValue(setting.Name, out List<Func<string?>>? listeners))
        {
            _listeners.Add(setting.Name, listeners = []);
        }

        listeners.Add(apply);
    }

    /// <summary>The value of a setting that has no effect.</summary>
    internal T Unused<T>(string name, T value)
        where T : notnull => _unused.TryGetValue(name, out object? set) ? (T)set : value;

    internal void SetUnused<T>(string name, T value)
        where T : notnull => _unused[name] = value;

    /// <summary>Tells whoever asked that a setting has changed; the first objection ends it and is returned.</summary>
    internal string? Notify(Setting setting)
    {
        if (_listeners.TryGetValue(setting.Name, out List<Func<string?>>? listeners))
        {
            foreach (Func<string?> listener in listeners)
            {
                if (listener() is { } objection)
                {
                    return objection;
                }
            }
        }

        return null;
    }

    /// <summary>A copy of the values alone.</summary>
    internal ServerOptions Copy()
    {
        var copy = new ServerOptions();
        foreach (Setting setting in Settings.All)
        {
            setting.Copy(this, copy);
        }

        return copy;
    }
}
