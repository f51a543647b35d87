using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Persistence;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>The same data here and in a real server: after the same commands, and by exchanging logs.</summary>
public sealed class OracleDataTests
{
    private const int Writes = 4_000;

    [OracleTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_same_commands_leave_the_same_data_and_the_same_replies(int seed)
    {
        using OracleServer oracle = OracleServer.Start(OracleServer.WithDebug);
        using var server = new TestServer();
        using IScriptConnection there = oracle.Connect();
        using IScriptConnection here = server.Connect();
        foreach (string[] command in Absolute(seed))
        {
            ReplyValue expected = there.Call(command);
            Assert.True(expected.Equals(here.Call(command)), $"differs: {Quoting.Join(command)}, expected {expected}");
        }

        Assert.Equal(there.Call("DEBUG", "DIGEST").Text, server.Digest());
    }

    [OracleFact]
    public void A_real_server_loads_the_log_to_the_same_data()
    {
        // The clock of the real server is that of the machine: only deadlines far from both are in the log.
        using var server = new TestServer();
        Play(server, Absolute(seed: 3));
        using (IScriptConnection client = server.Connect())
        {
            client.Call("BGREWRITEAOF");
            Eventually.True(() => server.Info("aof_rewrites") == "1");
        }

        Play(server, Absolute(seed: 4));
        string digest = server.Digest();
        server.Stop();
        using var directory = new TemporaryDirectory();
        File.Copy(server.LogPath, directory.File("appendonly.aof"));
        using OracleServer oracle = OracleServer.Start([.. OracleServer.WithDebug, "--dir", directory.Path, "--appendonly", "yes"]);
        using IScriptConnection there = oracle.Connect();
        Assert.Equal(digest, there.Call("DEBUG", "DIGEST").Text);
    }

    [OracleFact]
    public void The_log_of_a_real_server_is_loaded_to_the_same_data()
    {
        using var directory = new TemporaryDirectory();
        using OracleServer oracle = OracleServer.Start(
        [
            .. OracleServer.WithDebug, "--dir", directory.Path, "--appendonly", "yes", "--aof-use-rdb-preamble", "no",
            "--aof-timestamp-enabled", "yes", "--appendfsync", "always",
        ]);
        using IScriptConnection there = oracle.Connect();
        foreach (string[] command in Absolute(seed: 5))
        {
            there.Call(command);
        }

        string digest = there.Call("DEBUG", "DIGEST").Text;
        byte[] log = File.ReadAllBytes(Directory.GetFiles(directory.Path, "*.incr.aof", SearchOption.AllDirectories).Single());
        using var server = new TestServer(log: log);
        Assert.Equal(digest, server.Digest());
        RestartTests.Write(server, seed: 6, 100);
        digest = server.Digest();
        server.Restart();
        Assert.Equal(digest, server.Digest());
    }

    private static void Play(TestServer server, IEnumerable<string[]> commands)
    {
        using IScriptConnection client = server.Connect();
        foreach (string[] command in commands)
        {
            client.Call(command);
        }
    }

    /// <summary>Random writes in which every deadline is an absolute one, far away: two clocks never agree.</summary>
    private static IEnumerable<string[]> Absolute(int seed) =>
        RandomWrites.Commands(seed, Writes).Select(string[] (command) => command switch
        {
            ["SET", var key, var value, "EX", var seconds] => ["SET", key, value, "EXAT", $"4102{seconds.PadLeft(6, '0')}"],
            ["SETEX", var key, var seconds, var value] => ["SET", key, value, "PXAT", $"4102{seconds.PadLeft(6, '0')}123"],
            ["EXPIRE", var key, var seconds] => ["EXPIREAT", key, $"4102{seconds.PadLeft(6, '0')}"],
            _ => command,
        });
}
