using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Persistence;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>Clients that wait for streams, each case also on a real server; streams that go from one server to the other.</summary>
public sealed class StreamTests
{
    /// <summary>
    /// What clients say, in turns. With <c>!</c> a client waits, with <c>?</c> it has got what it waited for; <c>+ms</c>
    /// lets time pass.
    /// </summary>
    private static readonly string[] Conversations =
    [
        "a! XREAD BLOCK 0 STREAMS s $|b XADD s 1 f v|a?",
        "b XADD s 1 f v|a! XREAD BLOCK 0 STREAMS s $|b XADD s 2 f v|a?",
        "b XADD s 5 f v|a! XREAD BLOCK 0 STREAMS s 5|b XADD s 6 f v|b XADD s 7 f v|a?",
        "b XADD s 5 f v|a XREAD BLOCK 0 STREAMS s 4",
        "a! XREAD COUNT 1 BLOCK 0 STREAMS s t $ $|b MULTI|b XADD t 1 f v|b XADD t 2 f v|b EXEC|a?",
        "a! XREAD BLOCK 0 STREAMS s t 0 0|b XADD t 1 f v|a?|b XADD s 1 f v|a PING",
        "a! XREAD BLOCK 0 STREAMS s $|b SET s x|b DEL s|b XADD s 1 f v|a?",
        "a! XREAD BLOCK 0 STREAMS s $|b LPUSH s x|b DEL s|b XADD s 1 f v|a?",
        "b XADD s 5 f v|a! XREAD BLOCK 0 STREAMS s $|b DEL s|b XADD s 3 f v|b XADD s 6 f v|a?",
        "a! XREAD BLOCK 0 STREAMS s $|b XGROUP CREATE s g $ MKSTREAM|b XADD s 1 f v|a?",
        "a! XREAD BLOCK 0 STREAMS s 0|b XADD t 5 f v|b RENAME t s|a?",
        "a! XREAD BLOCK 0 STREAMS s 0|b XADD t 5 f v|b COPY t s|a?",
        "a! XREAD BLOCK 0 STREAMS s 0|b SELECT 1|b XADD s 5 f v|b MOVE s 0|a?",
        "a! XREAD BLOCK 0 STREAMS s 0|b MULTI|b XADD s 1 f v|b DEL s|b EXEC|b XADD s 2 f v|a?",
        "a! XREAD BLOCK 0 STREAMS s $|c! XREAD BLOCK 0 STREAMS s $|b XADD s 1 f v|a?|c?",
        "a! XREAD BLOCK 200 STREAMS s $|+300|a?",
        "a! XREAD BLOCK 200 STREAMS s $|+300|a?|b XADD s 1 f v|a PING",
        "b XADD s 1 f v|a MULTI|a XREAD BLOCK 0 STREAMS s $|a XREAD BLOCK 0 STREAMS s 0|a EXEC",
        "b XGROUP CREATE s g $ MKSTREAM|a! XREADGROUP GROUP g c BLOCK 0 STREAMS s >|b XADD s 1 f v|a?|b XPENDING s g",
        "b XGROUP CREATE s g $ MKSTREAM|a! XREADGROUP GROUP g c BLOCK 0 NOACK STREAMS s >|b XADD s 1 f v|a?|b XPENDING s g",
        "b XGROUP CREATE s g $ MKSTREAM|a! XREADGROUP GROUP g c BLOCK 0 STREAMS s >|c! XREADGROUP GROUP g d BLOCK 0 STREAMS s >"
            + "|b XADD s 1 f v|a?|b XADD s 2 f v|c?|b XPENDING s g|b XINFO GROUPS s",
        "b XGROUP CREATE s g $ MKSTREAM|b XGROUP CREATE t g $ MKSTREAM|a! XREADGROUP GROUP g c BLOCK 0 STREAMS s t > >"
            + "|b XADD t 1 f v|a?|b XPENDING t g",
        "b XGROUP CREATE s g $ MKSTREAM|b XGROUP CREATE s h $|a! XREADGROUP GROUP g c BLOCK 0 STREAMS s >"
            + "|c! XREADGROUP GROUP h c BLOCK 0 STREAMS s >|b XADD s 1 f v|a?|c?|b XINFO GROUPS s",
        "b XGROUP CREATE s g $ MKSTREAM|a! XREADGROUP GROUP g c BLOCK 200 STREAMS s >|+300|a?|b XPENDING s g",
        "b XGROUP CREATE s g $ MKSTREAM|a XREADGROUP GROUP g c BLOCK 0 STREAMS s 0",
        "b XGROUP CREATE s g $ MKSTREAM|a MULTI|a XREADGROUP GROUP g c BLOCK 0 STREAMS s >|a EXEC",
    ];

    [OracleFact]
    public void Clients_wait_for_streams_as_on_a_real_server()
    {
        using OracleServer oracle = OracleServer.Start(OracleServer.WithDebug);
        using var server = new TestServer();
        using var target = new TcpTarget(server.Port, server.Time.Advance);
        Assert.Multiple([.. Conversations.Select(Action (conversation) =>
            () => Assert.Equal(Hold(conversation, oracle), Hold(conversation, target)))]);
    }

    /// <summary>What Redis answers since 7.2.</summary>
    [Theory]
    [InlineData("XGROUP DESTROY s g", "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option")]
    [InlineData("DEL s", "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option")]
    [InlineData("FLUSHALL", "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option")]
    [InlineData("SET s x", "WRONGTYPE Operation against a key holding the wrong kind of value")]
    public void Who_waits_for_a_group_that_goes_is_told(string command, string error)
    {
        using var server = new TestServer();
        using var target = new TcpTarget(server.Port, server.Time.Advance);
        string conversation =
            $"b XGROUP CREATE s g $ MKSTREAM|a! XREADGROUP GROUP g c BLOCK 0 STREAMS s >|b {command}|a?";
        Assert.Contains(error, Hold(conversation, target), StringComparison.Ordinal);
    }

    /// <summary>The last entry there is, as Redis has it since 7.4.</summary>
    [Fact]
    public void A_plus_reads_the_last_entry_or_waits_for_the_first()
    {
        using var server = new TestServer();
        using var target = new TcpTarget(server.Port, server.Time.Advance);
        string waited = Hold("a! XREAD BLOCK 0 STREAMS s +|b XADD s 1 f v|a?", target);
        string found = Hold("b XADD s 1 f v|b XADD s 2 f v|a XREAD BLOCK 0 STREAMS s +", target);
        Assert.Contains("1-0", waited[waited.LastIndexOf("->", StringComparison.Ordinal)..], StringComparison.Ordinal);
        string last = found[found.LastIndexOf("->", StringComparison.Ordinal)..];
        Assert.Contains("2-0", last, StringComparison.Ordinal);
        Assert.DoesNotContain("1-0", last, StringComparison.Ordinal);
    }

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

    private static string Hold(string conversation, IScriptTarget target)
    {
        using IScriptConnection a = target.Connect();
        using IScriptConnection b = target.Connect();
        using IScriptConnection c = target.Connect();
        b.Call("FLUSHALL");
        var replies = new List<string>();
        int waiting = 0;
        foreach (string line in conversation.Split('|'))
        {
            string[] words = line.Split(' ');
            IScriptConnection client = line[0] switch { 'b' => b, 'c' => c, _ => a };
            if (line[0] == '+')
            {
                target.Advance(TimeSpan.FromMilliseconds(int.Parse(line[1..], null)));
            }
            else if (line[1] == '!')
            {
                waiting++;
                client.Send(words[1..]);
                string expected = $"blocked_clients:{waiting}\r";
                Eventually.True(() => b.Call("INFO", "clients").Text.Contains(expected, StringComparison.Ordinal));
            }
            else if (line[1] == '?')
            {
                waiting--;
                replies.Add($"{line} -> {client.Receive()}");
            }
            else
            {
                replies.Add($"{line} -> {client.Call(words[1..])}");
            }
        }

        return string.Join('\n', replies);
    }
}
