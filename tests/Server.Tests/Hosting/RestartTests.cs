using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>What clients wrote is there again, whatever happened to the log in between.</summary>
public sealed class RestartTests
{
    private const int Writes = 3_000;

    [Theory]
    [InlineData(FsyncPolicy.Always)]
    [InlineData(FsyncPolicy.EverySecond)]
    [InlineData(FsyncPolicy.No)]
    public void A_restart_brings_back_what_was_written(FsyncPolicy policy)
    {
        using var server = new TestServer(options => options.AppendFsync = policy);
        Write(server, seed: 1, policy == FsyncPolicy.Always ? 300 : Writes);
        string digest = server.Digest();
        Assert.NotEqual(new string('0', 40), digest);
        server.Restart();
        Assert.Equal(digest, server.Digest());
        server.Restart();
        Assert.Equal(digest, server.Digest());
    }

    [Fact]
    public void Compaction_under_writes_keeps_everything()
    {
        using var server = new TestServer();
        for (int round = 0; round < 3; round++)
        {
            Write(server, seed: 10 + round, Writes);
            using IScriptConnection admin = server.Connect();
            Assert.Equal("Background append only file rewriting started", admin.Call("BGREWRITEAOF").Text);
            Write(server, seed: 20 + round, Writes);
            Eventually.True(() => server.Info("aof_rewrite_in_progress") == "0");
        }

        Assert.Equal(("3", "ok"), (server.Info("aof_rewrites"), server.Info("aof_last_bgrewrite_status")));
        string digest = server.Digest();
        server.Restart();
        Assert.Equal(digest, server.Digest());
    }

    [Fact]
    public void Compaction_asked_for_in_a_transaction_begins_behind_it()
    {
        using var server = new TestServer();
        using (IScriptConnection client = server.Connect())
        {
            client.Call("SET", "before", "1");
            client.Call("MULTI");
            client.Call("SET", "a", "1");
            client.Call("BGREWRITEAOF");
            client.Call("SET", "b", "2");
            Assert.Equal("Background append only file rewriting scheduled", client.Call("EXEC").Items[1].Text);
            client.Call("SET", "c", "3");
            Eventually.True(() => server.Info("aof_rewrites") == "1");
            client.Call("SELECT", "2");
            client.Call("SET", "d", "4");
        }

        string digest = server.Digest();
        server.Restart();
        Assert.Equal(digest, server.Digest());
        using IScriptConnection again = server.Connect();
        Assert.Equal(["1", "2", "3"], again.Call("MGET", "a", "b", "c").Items.Select(item => item.Text));
    }

    [Fact]
    public void A_log_that_has_grown_is_compacted_by_itself()
    {
        using var server = new TestServer(options => options.AutoAofRewriteMinBytes = 64 * 1024);
        using IScriptConnection client = server.Connect();
        string value = new('x', 1000);
        for (int i = 0; i < 100; i++)
        {
            client.Call("SET", "k", value);
        }

        server.Time.Advance(TimeSpan.FromSeconds(1));
        Eventually.True(() => server.Info("aof_rewrites") == "1");
        Assert.InRange(new FileInfo(server.LogPath).Length, 1000, 2000);
        Assert.Contains(server.Log.Lines, line => line.Contains("The log was compacted", StringComparison.Ordinal));
    }

    [Fact]
    public void Loading_the_log_or_a_snapshot_again_changes_nothing()
    {
        using var server = new TestServer();
        Write(server, seed: 3, Writes);
        string digest = server.Digest();
        using IScriptConnection client = server.Connect();
        Assert.Equal("OK", client.Call("DEBUG", "RELOAD").Text);
        Assert.Equal(digest, server.Digest());
        Assert.Equal("OK", client.Call("DEBUG", "LOADAOF").Text);
        Assert.Equal(digest, server.Digest());
        Write(server, seed: 4, 100);
        digest = server.Digest();
        server.Restart();
        Assert.Equal(digest, server.Digest());
    }

    [Fact]
    public void The_log_is_not_loaded_again_in_the_middle_of_a_transaction()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        client.Call("MULTI");
        client.Call("SET", "a", "1");
        client.Call("DEBUG", "LOADAOF");
        client.Call("SET", "b", "2");
        Assert.True(client.Call("EXEC").Items[1].IsError);
        string digest = server.Digest();
        server.Restart();
        Assert.Equal(digest, server.Digest());
    }

    [Fact]
    public void The_start_says_what_was_replayed()
    {
        using var server = new TestServer();
        using (IScriptConnection client = server.Connect())
        {
            client.Call("SET", "a", "1");
            client.Call("SET", "b", "1");
        }

        server.Restart();
        Assert.Contains(server.Log.Lines, line => line.Contains("log loaded: 3 commands in 2 groups", StringComparison.Ordinal));
    }

    [Fact]
    public void An_unfinished_tail_is_cut_off_unless_the_settings_forbid_it()
    {
        using var server = new TestServer();
        using (IScriptConnection client = server.Connect())
        {
            client.Call("SET", "a", "1");
        }

        string digest = server.Digest();
        server.Stop();
        byte[] torn = [.. File.ReadAllBytes(server.LogPath), .. "*3\r\n$3\r\nSET\r\n$1"u8];
        var refused = Assert.Throws<LogDamagedException>(
            () => new TestServer(options => options.AofLoadTruncated = false, log: torn));
        Assert.Contains("ends within a command", refused.Message, StringComparison.Ordinal);
        using var accepting = new TestServer(log: torn);
        Assert.Equal(digest, accepting.Digest());
    }

    internal static void Write(TestServer server, int seed, int count)
    {
        using IScriptConnection client = server.Connect();
        foreach (string[][] chunk in RandomWrites.Commands(seed, count).Chunk(100))
        {
            foreach (string[] command in chunk)
            {
                client.Send(command);
            }

            foreach (string[] _ in chunk)
            {
                client.Receive();
            }
        }
    }
}
