using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Persistence;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>A disk without room: writes are refused, reads go on, and all is well again when there is room.</summary>
public sealed class DiskFullTests
{
    [Theory]
    [InlineData(FsyncPolicy.EverySecond)]
    [InlineData(FsyncPolicy.No)]
    [InlineData(FsyncPolicy.Always)]
    public void Writes_are_refused_while_the_disk_is_full_and_carried_out_when_it_is_not(FsyncPolicy policy)
    {
        var disk = new SimulatedDisk();
        using var server = new TestServer(options => options.AppendFsync = policy, disk: disk);
        using IScriptConnection writer = server.Connect();
        using IScriptConnection client = server.Connect();
        Assert.Equal("OK", writer.Call("SET", "a", "1").Text);
        int refusals = 0;
        disk.Fault = (call, _) =>
        {
            refusals += call == DiskCall.Write ? 1 : 0;
            return call == DiskCall.Write ? new IOException("No space left on device") : null;
        };

        // This one is carried out before anybody knows; its reply waits until it is in the log.
        writer.Send(["SET", "b", "2"]);
        Eventually.True(() => Volatile.Read(ref refusals) > 0);
        Eventually.True(() => server.Info("aof_last_write_status") == "err");
        Assert.StartsWith("MISCONF", client.Call("SET", "c", "3").Text, StringComparison.Ordinal);
        Assert.Equal("1", client.Call("GET", "a").Text);
        client.Call("MULTI");
        Assert.Contains("MISCONF", client.Call("SET", "d", "4").Text, StringComparison.Ordinal);
        Assert.StartsWith("EXECABORT", client.Call("EXEC").Text, StringComparison.Ordinal);
        Assert.Contains("MISCONF", client.Call("DEBUG", "LOADAOF").Text, StringComparison.Ordinal);

        disk.Fault = null;
        Eventually.True(() =>
        {
            server.Time.Advance(TimeSpan.FromSeconds(1));
            return server.Info("aof_last_write_status") == "ok";
        });
        Assert.Equal("OK", writer.Receive()!.Text);
        Assert.Equal("OK", client.Call("SET", "e", "5").Text);
        string digest = server.Digest();
        server.Restart();
        Assert.Equal(digest, server.Digest());
        using IScriptConnection again = server.Connect();
        Assert.Equal("2", again.Call("GET", "b").Text);
    }
}
