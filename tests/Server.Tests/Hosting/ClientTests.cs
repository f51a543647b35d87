using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>What administrators and their tools ask, and what settings do at once.</summary>
public sealed class ClientTests
{
    [Fact]
    public void The_list_of_clients_tells_what_each_has_done()
    {
        using var server = new TestServer();
        using IScriptConnection admin = server.Connect();
        using IScriptConnection client = server.Connect();
        client.Call("CLIENT", "SETNAME", "worker");
        client.Call("SELECT", "3");
        client.Call("CLIENT", "NO-TOUCH", "ON");
        client.Call("MULTI");
        client.Call("SET", "k", "v");
        server.Time.Advance(TimeSpan.FromSeconds(5));
        string[] words = admin.Call("CLIENT", "LIST").Text.Split('\n')
            .Single(line => line.Contains(" name=worker ", StringComparison.Ordinal)).Split(' ');
        Assert.All(
            ["name=worker", "age=5", "idle=5", "flags=xT", "db=3", "multi=1", "cmd=set", "resp=2"],
            word => Assert.Contains(word, words));
        client.Dispose();
        Eventually.True(() => !admin.Call("CLIENT", "LIST").Text.Contains("worker", StringComparison.Ordinal));
    }

    [Fact]
    public void Who_does_not_touch_leaves_idle_times_alone()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        client.Call("SET", "k", "v");
        server.Time.Advance(TimeSpan.FromSeconds(20));
        client.Call("CLIENT", "NO-TOUCH", "ON");
        client.Call("GET", "k");
        Assert.Equal("20", client.Call("OBJECT", "IDLETIME", "k").Text);
        client.Call("CLIENT", "NO-TOUCH", "OFF");
        client.Call("GET", "k");
        Assert.Equal("0", client.Call("OBJECT", "IDLETIME", "k").Text);
    }

    [Fact]
    public void Settings_take_effect_at_once()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        client.Call("CONFIG", "SET", "hash-max-listpack-entries", "1", "proto-max-bulk-len", "1mb");
        client.Call("HSET", "h", "a", "1", "b", "2");
        Assert.Equal("hashtable", client.Call("OBJECT", "ENCODING", "h").Text);
        Assert.StartsWith("ERR string exceeds", client.Call("SETRANGE", "k", "1048576", "x").Text, StringComparison.Ordinal);
        using RawClient long1 = server.ConnectRaw();
        long1.Send("*2\r\n$4\r\nECHO\r\n$1048577\r\n");
        Assert.Contains("invalid bulk length", long1.ReadToEnd(), StringComparison.Ordinal);

        Assert.Equal("OK", client.Call("CONFIG", "SET", "appendfsync", "always").Text);
        Assert.Equal("OK", client.Call("SET", "k", "v").Text);
        Assert.Equal(FsyncPolicy.Always, server.Options.AppendFsync);
        Assert.Equal("OK", client.Call("CONFIG", "SET", "appendfsync", "everysec").Text);
    }

    [Fact]
    public void Idle_clients_are_disconnected_once_there_is_a_timeout()
    {
        using var server = new TestServer();
        using RawClient idle = server.ConnectRaw();
        idle.Ask("PING\r\n", 7);
        using (IScriptConnection client = server.Connect())
        {
            client.Call("CONFIG", "SET", "timeout", "10");
        }

        for (int i = 0; i < 13; i++)
        {
            server.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal("", idle.ReadToEnd());
    }

    [Fact]
    public void Info_has_what_tools_read()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        client.Call("SET", "k", "v", "EX", "100");
        string info = client.Call("INFO").Text;
        string[] fields =
        [
            "redis_version", "redis_mode", "os", "process_id", "tcp_port", "uptime_in_seconds", "run_id",
            "connected_clients", "blocked_clients", "maxclients", "used_memory", "used_memory_human", "used_memory_rss",
            "maxmemory", "maxmemory_policy", "mem_fragmentation_ratio", "loading", "rdb_changes_since_last_save",
            "rdb_bgsave_in_progress", "rdb_last_save_time", "rdb_last_bgsave_status", "aof_enabled",
            "aof_rewrite_in_progress", "aof_last_bgrewrite_status", "aof_last_write_status", "aof_current_size",
            "aof_base_size", "total_connections_received", "total_commands_processed", "total_net_input_bytes",
            "total_net_output_bytes", "rejected_connections", "expired_keys", "evicted_keys", "keyspace_hits",
            "keyspace_misses", "role", "connected_slaves", "master_repl_offset", "used_cpu_sys", "used_cpu_user",
            "cluster_enabled",
        ];
        Assert.All(fields, field => Assert.Contains($"\r\n{field}:", info, StringComparison.Ordinal));
        Assert.Contains("\r\ndb0:keys=1,expires=1,", info, StringComparison.Ordinal);
        Assert.StartsWith("# Replication\r\nrole:master", client.Call("INFO", "REPLICATION").Text, StringComparison.Ordinal);
        Assert.Equal("", client.Call("INFO", "nosuch").Text);
    }

    [Fact]
    public void Every_command_is_documented()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        int count = int.Parse(client.Call("COMMAND", "COUNT").Text, null);
        Assert.Equal(2 * count, client.Call("COMMAND", "DOCS").Items.Count);
        Assert.Equal(count, client.Call("COMMAND").Items.Count);
        Assert.Equal("get", client.Call("COMMAND", "INFO", "GET", "nosuch").Items[0].Items[0].Text);
    }
}
