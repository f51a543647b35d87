using System.Globalization;
using System.Text.RegularExpressions;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>The modes of redis-cli, on this server and on a real one with the same data.</summary>
public sealed partial class RedisCliTests
{
    private const string Program = "redis-cli";

    /// <summary>Modes whose output depends on the data only, but for the numbers that are made alike.</summary>
    public static TheoryData<string> Modes =>
    [
        "--scan --pattern k*", "--bigkeys", "-3 HGETALL h", "-3 ZRANGE z 0 -1 WITHSCORES", "-n 3 GET three", "--csv LRANGE l 0 -1",
        "--no-raw LRANGE l 0 -1", "-r 3 INCR n", "--hotkeys", "--json -3 HGETALL h", "-x SET x", "--eval none", "LATENCY RESET",
    ];

    [OracleTheory]
    [MemberData(nameof(Modes))]
    public void A_mode_prints_what_it_prints_of_a_real_server(string mode)
    {
        using var server = new TestServer();
        using OracleServer oracle = OracleServer.Start();
        Fill(server.Port);
        Fill(oracle.Port);

        (int code, string output) = Run(server.Port, mode);
        (int expectedCode, string expected) = Run(oracle.Port, mode);

        Assert.Equal(Alike(expected), Alike(output));
        Assert.Equal(expectedCode, code);
    }

    [OracleFact]
    public void Many_commands_can_be_piped_in()
    {
        using var server = new TestServer();
        string commands = string.Concat(Enumerable.Range(0, 1000).Select(i => $"SET k{i} {i}\r\n"));
        (int code, string output) = Tool.Run(Program, commands, "-p", Port(server.Port), "--pipe");
        Assert.Contains("errors: 0, replies: 1000", output, StringComparison.Ordinal);
        Assert.Equal(0, code);
    }

    [OracleFact]
    public void A_server_can_be_named_by_its_address()
    {
        using var server = new TestServer();
        (int code, string output) = Tool.Run(Program, "", "-u", $"redis://127.0.0.1:{server.Port}/3", "SET", "k", "v");
        Assert.Equal((0, "OK\n"), (code, output));
        Assert.Equal("OK\n", Tool.Run(Program, "", "-p", Port(server.Port), "-n", "3", "RENAME", "k", "l").Output);
    }

    [OracleFact]
    public void Memory_of_keys_is_told_by_size()
    {
        using var server = new TestServer();
        Fill(server.Port);
        (int code, string output) = Tool.Run(Program, "", "-p", Port(server.Port), "--memkeys");
        Assert.Equal(0, code);
        Assert.Matches("Biggest +hash found .* has [0-9]+ bytes", output);
    }

    [OracleFact]
    public void Statistics_are_shown_line_by_line()
    {
        using var server = new TestServer();
        using var stat = Tool.Start(Program, "-p", Port(server.Port), "--stat");
        try
        {
            Assert.Contains("data", stat.StandardOutput.ReadLine(), StringComparison.Ordinal);
            Assert.Contains("keys", stat.StandardOutput.ReadLine(), StringComparison.Ordinal);
            Assert.Matches("^0 +[0-9.]+[KM] +1 +0 +[0-9]+ ", stat.StandardOutput.ReadLine()!);
        }
        finally
        {
            stat.Kill();
            stat.WaitForExit();
        }
    }

    [OracleFact]
    public void Commands_can_be_watched()
    {
        using var server = new TestServer();
        using var monitor = Tool.Start(Program, "-p", Port(server.Port), "MONITOR");
        try
        {
            Assert.Equal("OK", monitor.StandardOutput.ReadLine());
            using IScriptConnection client = server.Connect();
            client.Call("SET", "k", "a b");
            Assert.Matches("""^[0-9]+\.[0-9]{6} \[0 127\.0\.0\.1:[0-9]+\] "SET" "k" "a b"$""", monitor.StandardOutput.ReadLine()!);
        }
        finally
        {
            monitor.Kill();
            monitor.WaitForExit();
        }
    }

    private static void Fill(int port)
    {
        string commands = """
            FLUSHALL
            SET k1 a
            SET k2 bbbb
            HSET h f v g w
            RPUSH l a b "c d"
            ZADD z 1 a 2.5 b
            SADD s a b c
            XADD x1 1-1 f v
            SELECT 3
            SET three 3

            """;
        Assert.Equal(0, Tool.Run(Program, commands, "-p", Port(port)).Code);
    }

    private static (int Code, string Output) Run(int port, string mode) =>
        Tool.Run(Program, "input", ["-p", Port(port), .. mode.Split(' ')]);

    private static string Port(int port) => port.ToString(CultureInfo.InvariantCulture);

    /// <summary>Output without what depends on the order in which keys are found.</summary>
    private static string Alike(string output) => string.Join('\n', Progress().Replace(output, "").Split('\n').Order(StringComparer.Ordinal));

    [GeneratedRegex(@"\[[0-9. %]+\].*\n")]
    private static partial Regex Progress();
}
