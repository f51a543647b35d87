using System.Reflection;
using RedisClone.Server.Configuration;
using Xunit;

namespace RedisClone.Server.Tests.Configuration;

public class SettingsTests
{
    /// <summary>For each property of the options, a setting and a value that is not the default.</summary>
    private static readonly string[][] Changes =
    [
        ["port", "7000"],
        ["bind", "* -::*"],
        ["tcp-backlog", "5"],
        ["timeout", "30"],
        ["tcp-keepalive", "60"],
        ["maxclients", "4294967295"],
        ["io-threads", "4"],
        ["transport", "epoll"],
        ["proto-max-bulk-len", "1048576"],
        ["client-query-buffer-limit", "3000000000"],
        ["client-output-buffer-limit", "normal 1 2 3 slave 4 5 6 pubsub 7 8 9"],
        ["protected-mode", "no"],
        ["unixsocket", "a b.sock"],
        ["unixsocketperm", "750"],
        ["tls-port", "6380"],
        ["tls-cert-file", "a b.pem"],
        ["tls-key-file", "a b.key"],
        ["tls-key-file-pass", "a b"],
        ["tls-ca-cert-file", "ca.pem"],
        ["tls-ca-cert-dir", "cas"],
        ["tls-auth-clients", "optional"],
        ["tls-protocols", "TLSv1.2 TLSv1.3"],
        ["tls-ciphers", "ECDHE-RSA-AES128-GCM-SHA256"],
        ["tls-ciphersuites", "TLS_AES_128_GCM_SHA256"],
        ["tls-session-caching", "no"],
        ["supervised", "auto"],
        ["pidfile", "a b.pid"],
        ["requirepass", "a b"],
        ["aclfile", "users.acl"],
        ["acl-pubsub-default", "allchannels"],
        ["acllog-max-len", "0"],
        ["databases", "65536"],
        ["transaction-rollback", "yes"],
        ["hash-max-listpack-entries", "9223372036854775807"],
        ["hash-max-listpack-value", "0"],
        ["hll-sparse-max-bytes", "1234"],
        ["list-max-listpack-size", "1234"],
        ["set-max-intset-entries", "1234"],
        ["set-max-listpack-entries", "1234"],
        ["set-max-listpack-value", "1234"],
        ["stream-node-max-bytes", "1234"],
        ["stream-node-max-entries", "1234"],
        ["zset-max-listpack-entries", "1234"],
        ["zset-max-listpack-value", "1234"],
        ["notify-keyspace-events", "gnKEm"],
        ["tracking-table-max-keys", "1234"],
        ["hz", "500"],
        ["maxmemory", "18446744073709551615"],
        ["maxmemory-policy", "volatile-ttl"],
        ["maxmemory-clients", "7%"],
        ["maxmemory-samples", "7"],
        ["maxmemory-eviction-tenacity", "100"],
        ["lfu-log-factor", "0"],
        ["lfu-decay-time", "0"],
        ["dir", Path.TrimEndingDirectorySeparator(Path.GetTempPath())],
        ["appendonly", "no"],
        ["appendfilename", "x.log"],
        ["appendfsync", "always"],
        ["no-appendfsync-on-rewrite", "yes"],
        ["auto-aof-rewrite-percentage", "0"],
        ["auto-aof-rewrite-min-size", "1"],
        ["aof-load-truncated", "no"],
        ["metrics-port", "9121"],
        ["metrics-bind", "*"],
        ["latency-tracking", "no"],
        ["latency-tracking-info-percentiles", "50 99.99"],
        ["latency-monitor-threshold", "100"],
        ["slowlog-log-slower-than", "-1"],
        ["slowlog-max-len", "7"],
        ["loglevel", "debug"],
        ["logfile", "a b.log"],
        ["enable-debug-command", "local"],
        ["lazyfree-lazy-eviction", "yes"],
        ["lazyfree-lazy-expire", "yes"],
        ["lazyfree-lazy-server-del", "yes"],
        ["lazyfree-lazy-user-del", "yes"],
        ["lazyfree-lazy-user-flush", "yes"],
    ];

    private static IEnumerable<PropertyInfo> Properties =>
        typeof(ServerOptions).GetProperties().Where(property => property.CanWrite
            && property.Name is not (nameof(ServerOptions.UserLines) or nameof(ServerOptions.ConfigurationFile)));

    [Fact]
    public void NoTwoSettingsShareAName() =>
        Assert.Equal(Settings.Names.Count, Settings.Names.Select(entry => entry.Name).Distinct().Count());

    [Fact]
    public void NamesAreFoundWithoutCase()
    {
        Assert.Same(Settings.Find("hash-max-listpack-entries"), Settings.Find("HASH-MAX-ZIPLIST-ENTRIES"));
        Assert.Null(Settings.Find("nosuch"));
    }

    [Fact]
    public void WhatASettingShowsItAlsoAccepts()
    {
        foreach (Setting setting in Settings.All)
        {
            var options = new ServerOptions();
            string shown = setting.Format(options);
            Assert.Null(setting.Assign(options, [shown]));
            Assert.Equal(shown, setting.Format(options));
        }
    }

    [Fact]
    public void EachPropertyHasOneSettingThatChangesAndCopiesIt()
    {
        var untouched = Properties.Select(property => property.Name).ToHashSet();
        foreach (string[] change in Changes)
        {
            Setting setting = Settings.Find(change[0])!;
            var changed = new ServerOptions();
            Assert.Null(setting.Assign(changed, [change[1]]));
            Assert.Equal(change[1], setting.Format(changed));

            string property = Assert.Single(DifferentProperties(new ServerOptions(), changed));
            Assert.True(untouched.Remove(property), $"{property} has two settings");
            Assert.Empty(DifferentProperties(changed, changed.Copy()));
        }

        Assert.Empty(untouched);
        Assert.Equal(
            Settings.All.Where(setting => setting is not FixedSetting && !setting.HasNoEffect).Select(setting => setting.Name).Order(),
            Changes.Select(change => change[0]).Order());
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("b", 0)]
    [InlineData("007", 7)]
    [InlineData("10B", 10)]
    [InlineData("1k", 1000)]
    [InlineData("1KB", 1024)]
    [InlineData("1m", 1000_000)]
    [InlineData("1mb", 1048576)]
    [InlineData("3g", 3000_000_000)]
    [InlineData("20GB", 21474836480)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void MemorySizesHaveUnits(string text, long bytes)
    {
        var options = new ServerOptions();
        Assert.Null(Settings.Find("auto-aof-rewrite-min-size")!.Assign(options, [text]));
        Assert.Equal(bytes, options.AutoAofRewriteMinBytes);
    }

    [Fact]
    public void ARelativeDirectoryBecomesAbsolute()
    {
        var options = new ServerOptions();
        Assert.Null(Settings.Find("dir")!.Assign(options, ["./"]));
        Assert.Equal(Path.TrimEndingDirectorySeparator(Directory.GetCurrentDirectory()), options.Directory);
    }

    [Fact]
    public void PathsAreUtf8()
    {
        var options = new ServerOptions();
        Setting logfile = Settings.Find("logfile")!;
        string bytes = ByteTexts.Of("é/日.log"u8.ToArray());
        Assert.Null(logfile.Assign(options, [bytes]));
        Assert.Equal("é/日.log", options.LogFile);
        Assert.Equal(bytes, logfile.Format(options));
        Assert.Equal("argument must be valid UTF-8", logfile.Assign(options, ["\u00ff"]));
        Assert.Equal("argument must not hold a NUL byte", logfile.Assign(options, ["a\0b"]));
        Assert.Equal("é/日.log", options.LogFile);
    }

    [Theory]
    [InlineData("maxmemory", "x", "argument must be a memory value")]
    [InlineData("save", "900 1", "this server has no save points: its log is always up to date (appendonly)")]
    [InlineData("save", "900", "Invalid save parameters")]
    [InlineData("protected-mode", "maybe", "argument must be 'yes' or 'no'")]
    [InlineData("unixsocketperm", "8", "argument couldn't be parsed as an octal number")]
    [InlineData("unixsocketperm", "", "argument couldn't be parsed as an octal number")]
    [InlineData("unixsocketperm", "1000", "argument must be between 0 and 777 inclusive")]
    [InlineData("tls-replication", "yes", "this server has no replicas: only no can be set")]
    [InlineData("tls-cluster", "yes", "this server is no part of a cluster: only no can be set")]
    [InlineData("tls-prefer-server-ciphers", "no", "the order of the server always counts: only yes can be set")]
    [InlineData("tls-session-cache-size", "1", "the size of the cache cannot be chosen: only 20480 can be set")]
    [InlineData("tls-client-cert-file", "x", "this server connects to nobody: only empty can be set")]
    [InlineData("appendfilename", "..", "appendfilename can't be a path, just a filename")]
    [InlineData("bind", "", "at least one address to listen on is needed, and none may be empty")]
    public void WhatCannotBeKeptIsRefusedWithTheReason(string name, string value, string reason) =>
        Assert.Equal(reason, Settings.Find(name)!.Assign(new ServerOptions(), [value]));

    [Fact]
    public void AListenerCanOnlyBeSetForWhatChanges()
    {
        var options = new ServerOptions();
        Assert.Throws<ArgumentException>(() => options.OnChange("nosuch", () => null));
        Assert.Throws<ArgumentException>(() => options.OnChange("databases", () => null));
    }

    [Fact]
    public void TheReferencePageHasEverySetting()
    {
        string[] rows = ConfigurationDocs.Write().Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).ToArray();
        Assert.All(rows, row => Assert.Equal(6, row.Count(c => c == '|')));
        Assert.Equal(
            Settings.All.OrderBy(setting => setting.HasNoEffect).Select(setting => $"| `{setting.Name}`"),
            rows.Select(row => row[..(row.IndexOf('`', 3) + 1)]));
    }

    private static List<string> DifferentProperties(ServerOptions left, ServerOptions right)
    {
        static object? Value(PropertyInfo property, ServerOptions options) =>
            property.GetValue(options) is IReadOnlyList<string> list ? string.Join('|', list) : property.GetValue(options);

        return Properties
            .Where(property => !Equals(Value(property, left), Value(property, right)))
            .Select(property => property.Name)
            .ToList();
    }
}
