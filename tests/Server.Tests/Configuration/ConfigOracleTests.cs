using System.Globalization;
using RedisClone.Protocol;
using RedisClone.Server.Configuration;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Configuration;

/// <summary>CONFIG side by side with a real redis-server: the same commands must have the same replies.</summary>
public sealed class ConfigOracleTests(ConfigOracleTests.Oracle oracle) : IClassFixture<ConfigOracleTests.Oracle>
{
    /// <summary>Settings that Redis knows later than the oracle, or not at all.</summary>
    private static readonly HashSet<string> Newer = ["set-max-listpack-entries", "set-max-listpack-value", "transaction-rollback", "metrics-port", "metrics-bind"];

    /// <summary>Settings whose defaults are ours on purpose, depend on the machine, or are given to the oracle.</summary>
    private static readonly HashSet<string> OwnDefaults =
    [
        "port", "bind", "dir", "appendonly", "appendfilename", "io-threads", "transport", "protected-mode", "maxclients",
        "enable-debug-command", "tls-prefer-server-ciphers",
    ];

    /// <summary>Settings that take other values than in Redis on purpose.</summary>
    private static readonly HashSet<string> OwnValues =
    [
        // Without effect here, so that it does not matter what they are.
        "activedefrag", "cluster-link-sendbuf-limit", "cluster-announce-hostname", "proc-title-template", "ignore-warnings",
        "repl-backlog-size", "proto-max-bulk-len", "tls-prefer-server-ciphers", "tls-session-cache-size", "tls-session-cache-timeout",
        "tls-replication", "tls-cluster",
    ];

    /// <summary>Where a value is refused for the reason that this server works otherwise.</summary>
    private static readonly string[] OwnReasons =
    [
        "no save points", "no replicas", "notes no times", "makes no connections", "can be set",
    ];

    /// <summary>Values to try on the settings that take them, right and wrong.</summary>
    private static readonly string[] Values =
    [
        "0", "1", "-1", "5", "010", "+1", "1.5", " 1", "1 ", "x", "", "501", "1000", "1048576", "2147483647", "2147483648",
        "9223372036854775807", "9223372036854775808", "18446744073709551616", "99999999999999999999999", "1k", "1KB", "1m",
        "10mb", "1b", "b", "1tb", "0x10", "yes", "NO", "maybe", " yes", "always", "everysec", "ALWAYS", "debug", "Notice",
        "warning", "nothing", "noeviction", "allkeys-lru", "NoEviction", "10%", "0%", "100%", "101%", "-1%", "%", "1%%", "normal 1 2 3", "normal 1 2",
        "NORMAL 1kb 2k 3 slave 4 5 6", "foo 1 2 3", "foo x 2 3", "normal x 2 3 foo 1 2 3", "normal 1 2 -3",
        "normal 1 2 2147483648", " normal 1 2 3", "normal 1 2 3 ", "900", "900 1", "900 0", "0 1", "900 -1", "900 1 300 10", "900 x", "x 1", "\"\"",
    ];

    [OracleFact]
    public void TheDefaultsAreThoseOfRedis()
    {
        foreach ((string name, Setting setting) in Settings.Names.Where(
            entry => !OwnDefaults.Contains(entry.Name) && !Newer.Contains(entry.Name)))
        {
            string value = name == "save" ? "" : oracle.FreshDefaults[name];
            Assert.Equal((name, value), (name, setting.Default));
        }
    }

    [OracleFact]
    public void EveryValueIsAcceptedOrRefusedAndShownAlike()
    {
        foreach ((string name, Setting setting) in Settings.Names)
        {
            if (setting.Change == SettingChange.AtRunTime && !OwnValues.Contains(name) && !Newer.Contains(name))
            {
                foreach (string value in Values.Where(value => name != "maxclients" || !DependsOnTheMachine(value)))
                {
                    CompareSet(name, value, setting.Default);
                    Compare("GET", name);
                }
            }
        }
    }

    public static TheoryData<string[]> Commands => new()
    {
        new[] { "SET", "hz", "5", "timeout" },
        new[] { "SET", "HZ", "5", "1", "2", "3" },
        new[] { "SET", "nosuch", "1" },
        new[] { "SET", "NoSuch", "1", "databases", "3" },
        new[] { "SET", "databases", "3", "nosuch", "1" },
        new[] { "SET", "DATABASES", "16" },
        new[] { "SET", "dir", "/" },
        new[] { "SET", "daemonize", "no" },
        new[] { "SET", "cluster-enabled", "no" },
        new[] { "SET", "supervised", "no" },
        new[] { "SET", "io-threads", "999" },
        new[] { "SET", "appendfilename", "a/b" },
        new[] { "SET", "logfile", "" },
        new[] { "SET", "hz", "5", "HZ", "6" },
        new[] { "SET", "hz", "5", "hz", "6", "nosuch", "7" },
        new[] { "SET", "hz", "33", "nosuch", "3", "timeout", "x" },
        new[] { "SET", "hz", "33", "timeout", "x" },
        new[] { "SET", "hz", "x", "timeout", "y" },
        new[] { "SET", "hz", "44", "databases", "3", "timeout", "x" },
        new[] { "SET", "Hz", "x" },
        new[] { "SET", "HASH-MAX-ZIPLIST-ENTRIES", "x" },
        new[] { "SET", "hash-max-ziplist-entries", "1", "hash-max-listpack-entries", "2" },
        new[] { "GET", "hash-max-ziplist-entries" },
        new[] { "SET", "hz\0a", "5" },
        new[] { "SET", "\u00ff\r\n", "5" },
        new[] { "SET", "", "5" },
        new[] { "GET", "" },
        new[] { "GET", "HZ" },
        new[] { "GET", "Hz", "hZ" },
        new[] { "GET", "H[Z]" },
        new[] { "GET", "tim\\eou*" },
        new[] { "GET", "timeou\\t" },
        new[] { "GET", "bi[n" },
        new[] { "GET", "nosuch" },
        new[] { "GET", "hz\0a" },
    };

    [OracleTheory]
    [MemberData(nameof(Commands))]
    public void TheReplyIsThatOfRedis(string[] arguments) => Compare(arguments);

    /// <summary>How many clients there may be, Redis decides by the limits of its process.</summary>
    private static bool DependsOnTheMachine(string value) =>
        value.Length > 3 && long.TryParse(value, CultureInfo.InvariantCulture, out long count) && count < uint.MaxValue;

    /// <summary>
    /// Compares, but for values that this server must refuse because it cannot keep them: those Redis has to take.
    /// </summary>
    private void CompareSet(string name, string value, string defaultValue)
    {
        string ours = Ours(oracle.Options.Copy(), "SET", name, value);
        if (!OwnReasons.Any(reason => ours.Contains(reason, StringComparison.Ordinal)))
        {
            Compare("SET", name, value);
            return;
        }

        string theirs = Wire(oracle.Connection.Call("CONFIG", "SET", name, value));
        Assert.Equal($"{name} {value}: +OK\r\n", $"{name} {value}: {theirs}");
        oracle.Connection.Call("CONFIG", "SET", name, defaultValue);
    }

    private void Compare(params string[] arguments)
    {
        ReplyValue theirs = oracle.Connection.Call(["CONFIG", .. arguments]);
        string asked = Quoting.Join(arguments);
        Assert.Equal($"{asked}: {Wire(theirs)}", $"{asked}: {Ours(oracle.Options, arguments)}");
    }

    private static string Ours(ServerOptions options, params string[] arguments)
    {
        RespWriter writer = new(64);
        new ConfigCommand(options).Run(arguments, writer);
        return Bytes.toString(writer.Written);
    }

    /// <summary>A reply as it was on the wire, of the kinds that CONFIG gives.</summary>
    private static string Wire(ReplyValue reply) => reply.Kind switch
    {
        ReplyKind.Error => $"-{reply.Text}\r\n",
        ReplyKind.SimpleString => $"+{reply.Text}\r\n",
        ReplyKind.BulkString => $"${reply.Text.Length}\r\n{reply.Text}\r\n",
        ReplyKind.Array => $"*{reply.Items.Count}\r\n{string.Concat(reply.Items.Select(Wire))}",
        _ => throw new InvalidDataException($"CONFIG does not reply with {reply.Kind}"),
    };

    /// <summary>One redis-server for the tests of the class, started when the first of them asks.</summary>
    public sealed class Oracle : IDisposable
    {
        private readonly Lazy<OracleServer> _server = new(() => OracleServer.Start());
        private readonly Lazy<IScriptConnection> _connection;
        private readonly Lazy<Dictionary<string, string>> _defaults;

        public Oracle()
        {
            _connection = new Lazy<IScriptConnection>(() =>
            {
                _ = _defaults!.Value;
                return _server.Value.Connect();
            });
            _defaults = new Lazy<Dictionary<string, string>>(() =>
            {
                using IScriptConnection connection = _server.Value.Connect();
                return connection.Call("CONFIG", "GET", "*").Items.Chunk(2)
                    .ToDictionary(pair => pair[0].Text, pair => pair[1].Text);
            });
        }

        /// <summary>What our side of the comparison is set to, by the same commands.</summary>
        public ServerOptions Options { get; } = new();

        public IScriptConnection Connection => _connection.Value;

        /// <summary>What the server was set to before any test changed it.</summary>
        public IReadOnlyDictionary<string, string> FreshDefaults => _defaults.Value;

        public void Dispose()
        {
            if (_server.IsValueCreated)
            {
                _server.Value.Dispose();
            }
        }
    }
}
