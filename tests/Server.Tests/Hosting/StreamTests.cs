using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Persistence;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>Streams that go from one server to the other.</summary>
public sealed class StreamTests
{
    [OracleFact]
    public void A_real_server_loads_the_log_of_streams_to_the_same_data()
    {
        using var server = new TestServer();
        using (IScriptConnection here = server.Connect())
        {
            Fill(here);
            here.Call("BGREWRITEAOF");
            Eventually.True(() => server.Info("aof_rewrites") == "1");
            Change(here);
        }

        string told = Tell(server.Connect());
        string digest = server.Digest();
        server.Restart();
        Assert.Equal(told, Tell(server.Connect()));
        Assert.Equal(digest, server.Digest());
        server.Stop();
        using var directory = new TemporaryDirectory();
        File.Copy(server.LogPath, directory.File("appendonly.aof"));
        using OracleServer oracle = OracleServer.Start([.. OracleServer.WithDebug, "--dir", directory.Path, "--appendonly", "yes"]);
        using IScriptConnection there = oracle.Connect();
        Assert.Equal(told, Tell(there));
        Assert.Equal(digest, there.Call("DEBUG", "DIGEST").Text);
    }

    [OracleFact]
    public void The_RDB_file_of_a_real_server_is_loaded_to_the_same_streams()
    {
        using var directory = new TemporaryDirectory();
        using OracleServer oracle = OracleServer.Start([.. OracleServer.WithDebug, "--dir", directory.Path]);
        using IScriptConnection there = oracle.Connect();
        Fill(there);
        Change(there);
        there.Call("SAVE");
        using var server = new TestServer(log: File.ReadAllBytes(directory.File("dump.rdb")));
        Assert.Equal(Tell(there), Tell(server.Connect()));
        Assert.Equal(there.Call("DEBUG", "DIGEST").Text, server.Digest());
    }

    private static void Fill(IScriptConnection client)
    {
        for (int i = 1; i <= 300; i++)
        {
            client.Call("XADD", "s", $"{i}-{i % 3}", "field", $"{i}", i % 7 == 0 ? "other" : "name", new string('v', i % 90));
        }

        client.Call("XGROUP", "CREATE", "s", "g", "0");
        client.Call("XGROUP", "CREATE", "s", "idle", "20");
        client.Call("XREADGROUP", "GROUP", "g", "first", "COUNT", "80", "STREAMS", "s", ">");
        client.Call("XREADGROUP", "GROUP", "g", "second", "COUNT", "10", "STREAMS", "s", ">");
        client.Call("XADD", "huge", "18446744073709551615-18446744073709551614", "f", "-5");
        client.Call("XADD", "empty", "MAXLEN", "0", "7-7", "f", "v");
        client.Call("XGROUP", "CREATE", "new", "g", "$", "MKSTREAM");
        client.Call("XADD", "back", "9", "f", "v");
        client.Call("XDEL", "back", "9");
        client.Call("XSETID", "back", "3");
    }

    private static void Change(IScriptConnection client)
    {
        client.Call("XDEL", "s", "150-0", "151-1", "200-2");
        client.Call("XTRIM", "s", "MAXLEN", "~", "230");
        client.Call("XADD", "s", "MAXLEN", "~", "120", "1000-1", "field", "1");
        client.Call("XTRIM", "s", "MAXLEN", "110");
        client.Call("XREADGROUP", "GROUP", "g", "third", "STREAMS", "s", ">");
        client.Call("XCLAIM", "s", "g", "fourth", "0", "1000-1", "299-2", "RETRYCOUNT", "5");
        client.Call("XAUTOCLAIM", "s", "g", "fifth", "0", "290", "COUNT", "3");

        // What was deleted a real server forgets when it loads a log.
        client.Call(["XACK", "s", "g", .. Enumerable.Range(1, 250).SelectMany(i => new[] { $"{i}-0", $"{i}-1", $"{i}-2" })]);
        client.Call("XGROUP", "SETID", "s", "idle", "7");
    }

    private static string Tell(IScriptConnection client) => string.Join('\n', new[]
    {
        "XINFO GROUPS s", "XPENDING s g", "XINFO STREAM huge", "XINFO STREAM empty", "XINFO STREAM back", "XINFO GROUPS new",
        "XREVRANGE s + - COUNT 5", "XLEN s", "XPENDING s g IDLE 0 290 + 3 second",
    }.Select(line => client.Call(line.Split(' ')).ToString()));
}
