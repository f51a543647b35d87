using System.Diagnostics;
using System.Text;
using RedisClone.Server.Configuration;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Configuration;

/// <summary>Configuration text side by side with a real redis-server.</summary>
public sealed class ConfigurationOracleTests : IDisposable
{
    private const string LinePrefix = "Reading the configuration file, at line ";
    private const string TextPrefix = ">>> '";
    private const int ExitTimeoutMs = 20_000;

    /// <summary>Settings of Redis that take any text and do nothing here.</summary>
    private static readonly string[] TextSettings =
        ["syslog-ident", "masteruser", "masterauth", "tls-cert-file", "tls-key-file", "tls-ciphers", "tls-ciphersuites"];

    private readonly string _file = Path.GetTempFileName();

    public static TheoryData<string> WrongLines =>
    [
        "nosuch 1", "\t nosuch  a  b \r", "port abc", "port -1", "port 65536", "port", "timeout", "timeout 1 2",
        "timeout \"\"", "dir \"abc", "dir \"/tmp\"x", "hz 'abc", "hz 'a\\\\'", "dir a b", "dir /nonexistent", "dir \"\"", "dir /etc/passwd",
        "databases x", "maxclients 0", "tcp-backlog -1", "io-threads 129 1", "loglevel foo", "loglevel",
        "loglevel a b", "save 900", "save 900 x", "maxmemory 1q", "maxmemory 1kb 2", "appendonly maybe", "appendonly",
        "appendonly yes no", "appendfsync always no", "appendfilename a/b", "appendfilename a\\b", "appendfilename \"\"",
        "client-output-buffer-limit normal 1 2", "client-output-buffer-limit foo 1 2 3",
        "client-output-buffer-limit \"normal 1 2 3\" \"pubsub 1 2 3\"", "client-output-buffer-limit normal 1 2 3 pubsub 4 5",
        "HZ abc", "hz 1 # comment", "\"\" 3", "'#' 3", "include", "include a b", "proto-max-bulk-len x",
        "hash-max-ziplist-entries x", "supervised x", "daemonize x", "cluster-enabled x", "protected-mode x",
        "maxmemory-policy x", "bind 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", "logfile a b", "hz\u000b1", "\u00ffz 1",
    ];

    public static TheoryData<string> WrongOptions =>
    [
        "--foo|bar", "--timeout|x", "--timeout", "--timeout|--hz|5", "--timeout|3|4|--hz|5", "--save|--hz|x", "--SAVE|--zz",
        "--save||--zz", "--hz x", "--hz 5|--timeout 1|--foo|x", "--|x", "---hz|5", "--hz|--5",
        "--hz|5|--hz", "--loglevel|", "--foo|a\"b\\c|\u0001\n\té", "--foo|--bar|--baz", "--foo|1|--bar|--baz|2", "-p|1",
        "--hz|-5", "--hz|5\ntimeout x", "--Foo|1|2",
    ];

    public void Dispose() => File.Delete(_file);

    [OracleTheory]
    [MemberData(nameof(WrongLines))]
    public void AWrongLineIsReportedAsRedisReportsIt(string line)
    {
        // The second line is wrong for sure, so that no server is left running should the first be accepted.
        File.WriteAllText(_file, $"{line}\nnosuch-either 1\n", Encoding.Latin1);
        var reader = new ConfigurationReader(new ServerOptions());
        reader.ReadFile(_file);
        ConfigurationError ours = reader.Errors[0];
        Assert.Equal(FirstErrorOfRedis(_file), $"{ours.LineNumber} {ours.Line}: {ours.Reason}");
    }

    [OracleTheory]
    [MemberData(nameof(WrongOptions))]
    public void AWrongOptionIsReportedAsRedisReportsIt(string joined)
    {
        string[] arguments = joined.Split('|');
        var reader = CommandLine.Parse(arguments).Configure(new ServerOptions(), () => Stream.Null);
        ConfigurationError ours = reader.Errors[0];
        string theirs = FirstErrorOfRedis(arguments);
        Assert.Equal(theirs[(theirs.IndexOf(' ') + 1)..], $"{ours.Line}: {ours.Reason}");
    }

    [OracleFact]
    public void WordsAreTakenOutOfALineAsRedisTakesThem()
    {
        string[] words =
        [
            "a\"b c\"", "a'b c'", "\"\\x41\\n\\q\\x4g\\xzz\\\\ \\\"\\'\"", "'\\x41\\n\\''", "a\\b", "\"\\b\\a\\r\\t\"",
            "a#b", "\"\"", "''", "\"a\tb\"", "a\"\\\\\"", "\"\\xfF\\x7e\\xe\"", "\u000ba\u000c", "\"'\"", "'\"'", "a'\\'\"'\t",
        ];
        foreach (string[] some in words.Chunk(TextSettings.Length))
        {
            // A word with a blank in it is taken for a line of configuration.
            string[] lines = some.Select((word, i) => $"{TextSettings[i]} {word}").ToArray();
            using OracleServer server = OracleServer.Start(lines.Select(line => "--" + line).ToArray());
            using IScriptConnection connection = server.Connect();
            for (int i = 0; i < some.Length; i++)
            {
                string theirs = connection.Call("CONFIG", "GET", TextSettings[i]).Items[1].Text;
                Assert.Equal<string[]?>([TextSettings[i], theirs], ConfigurationLine.Split(lines[i]));
            }
        }
    }

    /// <summary>Line number, line and reason of the error that redis-server ends with.</summary>
    private static string FirstErrorOfRedis(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("redis-server", arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            StandardErrorEncoding = Encoding.Latin1,
        })!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            Assert.True(process.WaitForExit(ExitTimeoutMs), "redis-server took it for right");
            string[] lines = errors.Result.Split('\n');
            int first = Array.FindIndex(lines, line => line.StartsWith(LinePrefix, StringComparison.Ordinal));
            Assert.True(first >= 0, $"no error: {output.Result}");
            string text = lines[first + 1][TextPrefix.Length..^1];
            return $"{lines[first][LinePrefix.Length..]} {text}: {lines[first + 2]}";
        }
        finally
        {
            process.Kill();
        }
    }
}
