using System.Globalization;
using RedisClone.Protocol;
using RedisClone.Server.Configuration;
using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>A server with a memory limit, from outside.</summary>
public sealed class MemoryLimitTests
{
    private const ulong Limit = 2 << 20;

    [Fact]
    public void Under_steady_writes_the_limit_is_kept_and_a_restart_has_the_same_data()
    {
        ulong limit = Limit;
        using var server = new TestServer(options =>
        {
            options.MaxMemoryBytes = limit;
            options.MaxMemoryPolicy = EvictionPolicy.AllKeysLru;
        });
        using IScriptConnection client = server.Connect();
        string value = new('v', 100);
        for (int i = 0; i < 30_000; i++)
        {
            Assert.Equal("OK", client.Call("SET", $"k{i}", value).Text);
        }

        Assert.InRange(Number(server, "used_memory"), 1L << 20, (long)Limit + (64 << 10));
        Assert.InRange(Number(server, "evicted_keys"), 1_000, 29_000);
        Assert.Equal(value, client.Call("GET", "k29999").Text);
        string digest = server.Digest();

        // Pages that were filled in another order may take more: the limit would call for evictions of its own.
        limit = 0;
        server.Restart();
        Assert.Equal(digest, server.Digest());
    }

    [Fact]
    public void Without_a_key_to_evict_what_takes_memory_is_refused()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        client.Call("SET", "k", "v");
        client.Call("CONFIG", "SET", "maxmemory", "1");
        Assert.Equal(Errors.outOfMemory, client.Call("SET", "k", "w").Text);
        Assert.Equal("v", client.Call("GET", "k").Text);
        Assert.Equal("OK", client.Call("MULTI").Text);
        Assert.Equal(Errors.outOfMemory, client.Call("GET", "k").Text);
        Assert.Equal(Errors.execAborted, client.Call("EXEC").Text);
        client.Call("CONFIG", "SET", "maxmemory", "0");
        client.Call("MULTI");
        client.Call("SET", "k", "w");
        using (IScriptConnection other = server.Connect())
        {
            other.Call("CONFIG", "SET", "maxmemory", "1");
        }

        Assert.Equal(Errors.execAbortedBecause(Errors.outOfMemory), client.Call("EXEC").Text);
        Assert.Equal("v", client.Call("GET", "k").Text);
        Assert.Equal("1", client.Call("DEL", "k").Text);
    }

    [Fact]
    public void An_evicted_key_fails_those_who_watch_it()
    {
        using var server = new TestServer(options => options.MaxMemoryPolicy = EvictionPolicy.AllKeysRandom);
        using IScriptConnection watcher = server.Connect();
        using IScriptConnection other = server.Connect();
        watcher.Call("SET", "k", "v");
        watcher.Call("WATCH", "k");
        watcher.Call("MULTI");
        watcher.Call("PING");
        other.Call("CONFIG", "SET", "maxmemory", "1");
        other.Call("PING");
        other.Call("CONFIG", "SET", "maxmemory", "0");
        Assert.Equal(ReplyKind.NilArray, watcher.Call("EXEC").Kind);
        Assert.Equal("1", server.Info("evicted_keys"));
    }

    [Fact]
    public void Of_clients_that_take_too_much_the_largest_goes()
    {
        using var server = new TestServer();
        using IScriptConnection client = server.Connect();
        using RawClient large = server.ConnectRaw();
        large.Ask("*1\r\n$5\r\nMULTI\r\n", "+OK\r\n".Length);
        string value = new('v', 500_000);
        large.Ask($"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${value.Length}\r\n{value}\r\n", "+QUEUED\r\n".Length);
        Assert.Equal("OK", client.Call("CONFIG", "SET", "maxmemory-clients", "200kb").Text);
        Assert.Equal("", large.ReadToEnd());
        Assert.Equal("PONG", client.Call("PING").Text);
        Assert.Equal("1", server.Info("evicted_clients"));
    }

    private static long Number(TestServer server, string field) =>
        long.Parse(server.Info(field), CultureInfo.InvariantCulture);
}
