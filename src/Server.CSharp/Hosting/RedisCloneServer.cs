using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using RedisClone.Server.Access;
using RedisClone.Server.Configuration;
using RedisClone.Server.Diagnostics;
using RedisClone.Server.Engine;
using RedisClone.Server.Network;
using RedisClone.Server.Persistence;
using RedisClone.Server.PubSub;
using RedisClone.Server.Sessions;
using RedisClone.Server.Tracking;

namespace RedisClone.Server.Hosting;

/// <summary>
/// One server: its data, its log and its clients. Any number of them may live in a process; each has its own clock,
/// seed, options and data directory, and shares nothing with the others.
/// </summary>
public sealed class RedisCloneServer : IAsyncDisposable
{
    /// <summary>How long stopping waits for clients to take their last replies.</summary>
    private static readonly TimeSpan StopTimeMax = TimeSpan.FromSeconds(10);

    private static readonly string[] TlsSettings =
    [
        "tls-cert-file", "tls-key-file", "tls-key-file-pass", "tls-ca-cert-file", "tls-ca-cert-dir", "tls-auth-clients",
        "tls-protocols", "tls-ciphers", "tls-ciphersuites", "tls-session-caching",
    ];

    private readonly ServerOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogDisk _disk;
    private readonly ILogger _logger;
    private readonly Engine.Engine _engine;
    private readonly SessionTable _sessions = new();
    private readonly Insight _insight;
    private readonly ILoggerFactory _loggers;
    private readonly Instruments _instruments;
    private readonly Dispatcher _dispatcher;
    private readonly ServerVerbs _serverVerbs;
    private readonly Limits _limits = new();
    private readonly RespLimits _respLimits = new();
    private readonly TransportOptions _transportOptions;
    private readonly Lock _starting = new();
    private readonly CancellationTokenSource _loading = new();
    private ITransport? _transport;
    private readonly InfoReport _info;
    private Housekeeping? _housekeeping;
    private MetricsServer? _metrics;
    private Task? _stopping;

    /// <param name="options">What the server is set to; it is the owner from now on.</param>
    /// <param name="clock">The clock, for everything.</param>
    /// <param name="seed">Where randomness starts from; null takes an unpredictable seed.</param>
    /// <param name="loggers">Where the server reports.</param>
    public RedisCloneServer(ServerOptions options, TimeProvider clock, ulong? seed, ILoggerFactory loggers)
        : this(options, clock, seed, loggers, new OsDisk())
    {
    }

    /// <summary>A server with its log on a disk of its own.</summary>
    internal RedisCloneServer(
        ServerOptions options, TimeProvider clock, ulong? seed, ILoggerFactory loggers, ILogDisk disk)
    {
        _options = options;
        _clock = clock;
        _disk = disk;
        _loggers = loggers;
        _logger = loggers.CreateLogger("RedisClone");
        var start = seed ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        _engine = new Engine.Engine(new Keyspace(start, options.Databases), _limits, clock, start)
        {
            LastSave = clock.GetUtcNow(),
        };
        _transportOptions = new TransportOptions
        {
            Bind = options.Bind,
            Port = options.Port,
            ListensTcp = options.Port != 0 || (options.TlsPort == 0 && options.UnixSocket.Length == 0),
            TlsPort = options.TlsPort == 0 ? null : options.TlsPort,
            UnixSocket = options.UnixSocket.Length == 0
                ? null
                : Path.GetFullPath(Path.Combine(options.Directory, options.UnixSocket)),
            UnixSocketPermissions = options.UnixSocketPermissions,
            Backlog = options.TcpBacklog,
            Loops = options.IoThreads,
            PortableSockets = options.Transport == TransportKind.Sockets,
        };
        var runId = Convert.ToHexStringLower(SHA1.HashData(BitConverter.GetBytes(start)));
        _insight = new Insight(new CommandSet(), clock);
        _instruments = new Instruments(_engine, _sessions, _insight, () => _transport);
        _insight.Instruments = _instruments;
        _info = new InfoReport(_engine, _insight, options, _sessions, clock, runId, () => _transport);
        var transactions = new TransactionVerbs(_engine, options);
        _serverVerbs = new ServerVerbs(_engine, options, _info, clock);
        _dispatcher = new Dispatcher(
            _engine,
            _insight,
            [
                new ConnectionVerbs(_engine, transactions, _insight.Monitors),
                new ClientVerbs(_engine, _sessions, clock),
                new AclVerbs(_engine, _sessions, _logger),
                transactions,
                new PubSubVerbs(_engine),
                new TrackingVerbs(_engine, _sessions),
                _serverVerbs,
                new InsightVerbs(_engine, _insight, clock),
                new MemoryVerbs(_info),
                new LolwutVerbs(),
                new DebugVerbs(_engine, _sessions, options, disk, clock),
            ]);
        _info.Access = _dispatcher.Access;
        _dispatcher.Access.Describe = session => ClientVerbs.Describe(session, clock.GetUtcNow());
        _engine.Tracking.FindClient = _sessions.Find;
        ApplySettings();
    }

    /// <summary>The port that is listened on, once started; 0 if there is none without TLS.</summary>
    public int Port => _transport?.Port ?? 0;

    /// <summary>The port with TLS, likewise.</summary>
    public int TlsPort => _transport?.TlsPort ?? 0;

    /// <summary>Called when a client asks the server to stop. Without, the server stops by itself.</summary>
    public Action? ShutdownRequested { get; set; }

    /// <summary>What carries the connections; for tests that have none to carry.</summary>
    internal Func<IServerCore, ITransport>? MakeTransport { get; set; }

    /// <summary>
    /// Listens and loads the data; returns when both is done. Clients that come while it loads are told so.
    /// </summary>
    /// <exception cref="IOException">The log cannot be read or written, or an address cannot be listened on.</exception>
    /// <exception cref="OperationCanceledException">The server was stopped before the data were loaded.</exception>
    public void Start()
    {
        lock (_starting)
        {
            CapClients();
            _serverVerbs.ShutdownRequested = ShutdownRequested ?? (() => _ = StopAsync());
            var core = new ServerCore(_engine, _dispatcher, _sessions, _options, _respLimits, _clock);
            _engine.Attach(null);
            LoadUsers();
            if (LoadTls() is { } problem)
            {
                throw new IOException(problem);
            }

            if (_options.AppendOnly)
            {
                BeginLoading();
            }

            var transport = MakeTransport?.Invoke(core)
                ?? Network.Transport.Create(_transportOptions, core, _clock, _logger);
            StartMetrics();
            transport.Start();
            _transport = transport;
            if (_options.AppendOnly)
            {
                try
                {
                    OpenLog(core);
                }
                catch
                {
                    _transport = null;
                    transport.Stop(TimeSpan.Zero);
                    throw;
                }
            }

            _housekeeping = new Housekeeping(
                _engine, _sessions, _options, _clock, _info.Sample, _insight.Latency, _logger);
            _info.Housekeeping = _housekeeping;
        }
    }

    /// <summary>Ends <see cref="Start"/> with an exception if it is loading. Safe from any thread.</summary>
    public void CancelLoading() => _loading.Cancel();

    /// <summary>
    /// Stops accepting, carries out what was received, sends the replies, ends every connection and makes the log
    /// durable.
    /// </summary>
    public Task StopAsync()
    {
        lock (_sessions)
        {
            // At once, so that no more is loaded from here on.
            CancelLoading();
            return _stopping ??= Task.Run(Stop);
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private void Stop()
    {
        lock (_starting)
        {
            StopStarted();
        }
    }

    private void StopStarted()
    {
        _housekeeping?.Dispose();
        _metrics?.Dispose();
        _instruments.Dispose();
        _engine.Waits.Dispose();
        _engine.Pause.Dispose();
        _transport?.Stop(StopTimeMax);
        lock (_engine.Gate)
        {
            _engine.Seal();
        }

        if (_engine.Log?.Close() is { } failure)
        {
            _logger.LogError("The log could not be written to its end: {Failure}", failure);
        }
    }

    /// <summary>Takes over the users of the file or of the settings.</summary>
    private void LoadUsers()
    {
        var access = _dispatcher.Access;
        access.FilePath = _options.AclFile.Length == 0 ? "" : Path.Combine(_options.Directory, _options.AclFile);
        if (access.FilePath.Length > 0 && _options.UserLines.Count > 0)
        {
            throw new AclFileException(
                "users are stated in the configuration, and there is a file of users (aclfile) as well: it can only be one of the two");
        }

        lock (_engine.Gate)
        {
            if (access.FilePath.Length > 0)
            {
                access.Replace(access.ReadFile(out var problems) ?? throw new AclFileException(problems));
            }

            foreach (var words in _options.UserLines)
            {
                var user = access.NewUser(words[0]);
                foreach (var rule in words.AsSpan(1))
                {
                    if (user.Apply(rule) is { } problem)
                    {
                        throw new AclFileException($"Error in user declaration '{rule}': {problem}");
                    }
                }

                access.Users.Put(user);
            }
        }
    }

    /// <summary>Answers those who watch over servers, from before the data are loaded on.</summary>
    private void StartMetrics()
    {
        if (_options.MetricsPort == 0)
        {
            return;
        }

        var address = _options.MetricsBind == "*" ? IPAddress.IPv6Any : IPAddress.Parse(_options.MetricsBind);
        _metrics = new MetricsServer(address, _options.MetricsPort, _loggers, () => Guarded(_info.Metrics), () => Guarded(() => _info.Trouble));
        _metrics.Start();

        T Guarded<T>(Func<T> read)
        {
            lock (_engine.Gate)
            {
                return read();
            }
        }
    }

    private void BeginLoading()
    {
        var path = _options.LogPath();
        long bytes = 0;
        if (_disk.Exists(path))
        {
            using var file = _disk.Open(path, LogFileMode.Read);
            bytes = file.Length;
        }

        _engine.Loading = new LoadProgress(_clock.GetUtcNow(), bytes, _loading.Token);
    }

    private void OpenLog(ServerCore core)
    {
        var path = _options.LogPath();
        RecoveryReport report;
        AppendLog log;
        var started = _clock.GetTimestamp();
        using (var replayer = new LogReplayer(_dispatcher, _sessions, _clock.GetUtcNow(), _engine.Loading))
        {
            var logOptions = new AppendLogOptions
            {
                Policy = _options.AppendFsync,
                AcceptsTornTail = _options.AofLoadTruncated,
            };
            log = AppendLog.Open(_disk, path, replayer, logOptions, _clock, out report);
        }

        log.Rewrites.Ended = RewriteEnded;
        log.Timed = _insight.Latency.Note;
        lock (_engine.Gate)
        {
            // From the first command on that is carried out, its reply waits for the log.
            core.Attached(log);
            _engine.Attach(log);
            _engine.Loading = null;
        }

        ApplyLogSettings();
        _instruments.Ended("log.load", _clock.GetUtcNow(), _clock.GetElapsedTime(started));
        _logger.LogInformation("{Path}: {Report}", path, report);
    }

    private void RewriteEnded(string? problem)
    {
        var duration = _engine.Log?.Status.LastRewriteDuration ?? TimeSpan.Zero;
        _instruments.Ended("log.compact", _clock.GetUtcNow(), duration, problem);
        if (problem is null)
        {
            _engine.LastSave = _clock.GetUtcNow();
            _logger.LogInformation("The log was compacted to {Bytes} bytes", _engine.Log?.Status.BaseBytes);
        }
        else
        {
            _logger.LogWarning("Compacting the log was given up: {Problem}", problem);
        }
    }

    /// <summary>Takes the settings over, now and whenever one changes.</summary>
    private void ApplySettings()
    {
        Follow("timeout", () => _transportOptions.TimeoutSeconds = _options.TimeoutSeconds);
        Follow("tcp-keepalive", () => _transportOptions.TcpKeepAliveSeconds = _options.TcpKeepaliveSeconds);
        Follow("client-query-buffer-limit", ApplyInputLimit);
        Follow("client-output-buffer-limit", ApplyOutputLimits);
        Follow("hash-max-listpack-entries", () => _limits.HashListpackEntriesMax = _options.HashMaxListpackEntries);
        Follow("hash-max-listpack-value", () => _limits.HashListpackValueMax = _options.HashMaxListpackValueBytes);
        Follow("hll-sparse-max-bytes", () => _limits.HllSparseBytesMax = _options.HllSparseMaxBytes);
        Follow("list-max-listpack-size", () => _limits.ListListpackSize = _options.ListMaxListpackSize);
        Follow("set-max-intset-entries", () => _limits.SetIntsetEntriesMax = _options.SetMaxIntsetEntries);
        Follow("set-max-listpack-entries", () => _limits.SetListpackEntriesMax = _options.SetMaxListpackEntries);
        Follow("set-max-listpack-value", () => _limits.SetListpackValueMax = _options.SetMaxListpackValueBytes);
        Follow("stream-node-max-bytes", () => _limits.StreamNodeBytesMax = _options.StreamNodeMaxBytes);
        Follow("stream-node-max-entries", () => _limits.StreamNodeEntriesMax = _options.StreamNodeMaxEntries);
        Follow("zset-max-listpack-entries", () => _limits.SortedSetListpackEntriesMax = _options.SortedSetMaxListpackEntries);
        Follow("zset-max-listpack-value", () => _limits.SortedSetListpackValueMax = _options.SortedSetMaxListpackValueBytes);
        Follow("proto-max-bulk-len", () => _limits.StringLengthMax = _respLimits.BulkBytesMax = _options.ProtoMaxBulkBytes);
        Follow("maxmemory", ApplyMemoryLimits);
        Follow("maxmemory-clients", ApplyMemoryLimits);
        Follow("maxmemory-policy", ApplyEvictionPolicy);
        Follow("maxmemory-samples", () => _limits.EvictionSamples = _options.MaxMemorySamples);
        Follow("maxmemory-eviction-tenacity", () => _engine.Memory.Tenacity = _options.MaxMemoryEvictionTenacity);
        Follow("lfu-log-factor", () => _limits.LfuLogFactor = _options.LfuLogFactor);
        Follow("lfu-decay-time", () => _limits.LfuDecayMinutes = _options.LfuDecayMinutes);
        Follow("requirepass", () => _dispatcher.Access.SetDefaultPassword(_options.RequirePass));
        Follow(
            "acl-pubsub-default",
            () => _dispatcher.Access.GivesAllChannels = _options.AclPubSubDefault == PubSubDefault.AllChannels);
        Follow("acllog-max-len", ApplyAccessLogLength);
        Follow("notify-keyspace-events", () => _engine.Notifications.Selection = _options.NotifyKeyspaceEvents);
        Follow("tracking-table-max-keys", ApplyTrackingLimit);
        Follow("latency-tracking", () => _insight.Statistics.TracksLatency = _options.LatencyTracking);
        Follow("latency-tracking-info-percentiles", () => _insight.Percentiles = _options.LatencyTrackingInfoPercentiles);
        Follow("latency-monitor-threshold", () => _insight.SetLatency(_options.LatencyMonitorThresholdMs));
        Follow("slowlog-log-slower-than", () => _insight.SetSlow(_options.SlowlogLogSlowerThanMicroseconds));
        Follow("slowlog-max-len", () => _insight.Slow.CountMax = _options.SlowlogMaxLength);
        Follow("hz", () => _housekeeping?.ApplyPeriod());
        _options.OnChange("maxclients", RefuseTooManyClients);
        foreach (string setting in TlsSettings)
        {
            _options.OnChange(setting, LoadTls);
        }

        _options.OnChange("appendfsync", Applied(ApplyLogSettings));
        _options.OnChange("auto-aof-rewrite-percentage", Applied(ApplyLogSettings));
        _options.OnChange("auto-aof-rewrite-min-size", Applied(ApplyLogSettings));
    }

    /// <summary>Reads the certificates; if they cannot be used, says why and keeps those that are in use.</summary>
    private string? LoadTls()
    {
        if (_options.TlsPort == 0)
        {
            return null;
        }

        string? problem = TlsSetup.TryLoad(_options, out var context);
        _transportOptions.Tls = context ?? _transportOptions.Tls;
        return problem;
    }

    /// <summary>At start, makes do with as many clients as there can be.</summary>
    private void CapClients()
    {
        var most = DescriptorLimit.ConnectionsMax;
        if (_options.MaxClients > most)
        {
            _logger.LogWarning(
                "maxclients is lowered from {Wanted} to {Most}: this process may have {Descriptors} descriptors, of which {Reserved} are for other things. Raise 'ulimit -n' for more",
                _options.MaxClients,
                most,
                DescriptorLimit.Descriptors,
                DescriptorLimit.Reserved);
            _options.MaxClients = most;
        }
    }

    private string? RefuseTooManyClients() => _options.MaxClients <= DescriptorLimit.ConnectionsMax
        ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"The operating system is not able to handle the specified number of clients, try with {DescriptorLimit.ConnectionsMax}");

    private void ApplyInputLimit()
    {
        var most = (int)Math.Min(_options.ClientQueryBufferBytesMax, Array.MaxLength);
        _transportOptions.InputBytesMax = most;
        _respLimits.CommandBytesMax = most;
        _dispatcher.QueueBytesMax = _options.ClientQueryBufferBytesMax;
    }

    private void ApplyTrackingLimit()
    {
        _engine.Tracking.KeysMax = _options.TrackingTableMaxKeys;
        _engine.Tracking.Limit();
    }

    private void ApplyOutputLimits()
    {
        var limits = _options.ClientOutputBufferLimits;
        _transportOptions.NormalOutput = Limit(limits.Normal);
        _transportOptions.PubSubOutput = Limit(limits.PubSub);

        static OutputLimit Limit(OutputBufferLimit set) => new(set.HardBytes, set.SoftBytes, set.SoftSeconds);
    }

    private void ApplyMemoryLimits()
    {
        _engine.Memory.LimitBytes = (long)Math.Min(_options.MaxMemoryBytes, long.MaxValue);
        _engine.Memory.ClientLimitBytes = _options.MaxMemoryClients.For(_options.MaxMemoryBytes);
    }

    private void ApplyEvictionPolicy()
    {
        _limits.EvictionPolicy = _options.MaxMemoryPolicy;
        _engine.Memory.PolicyChanged();
    }

    private void ApplyAccessLogLength()
    {
        _dispatcher.Access.Log.CountMax = _options.AclLogMaxLength;
        _dispatcher.Access.Log.Trim();
    }

    private void ApplyLogSettings()
    {
        if (_engine.Log is { } log)
        {
            log.Policy = _options.AppendFsync;
            log.Rewrites.GrowthPercentage = _options.AutoAofRewritePercentage;
            log.Rewrites.SizeBytesMin = _options.AutoAofRewriteMinBytes;
        }
    }

    private void Follow(string setting, Action apply)
    {
        apply();
        _options.OnChange(setting, Applied(apply));
    }

    private static Func<string?> Applied(Action apply) => () =>
    {
        apply();
        return null;
    };
}
