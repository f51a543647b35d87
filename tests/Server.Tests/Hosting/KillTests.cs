using System.Globalization;
using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Persistence;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>The program, killed while clients write, and started in ways that cannot work.</summary>
public sealed class KillTests : IDisposable
{
    private const int Writers = 3;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("everysec")]
    [InlineData("always")]
    public void What_was_acknowledged_survives_a_kill(string policy)
    {
        int[] acknowledged = new int[Writers];
        using (ProgramProcess first = Start(policy))
        {
            Thread[] writers = [.. Enumerable.Range(0, Writers).Select(writer => new Thread(() => Count(first.Port, writer, acknowledged)))];
            Array.ForEach(writers, writer => writer.Start());
            Eventually.True(() => acknowledged.All(count => count > 100));
            first.Kill();
            Array.ForEach(writers, writer => writer.Join());
        }

        using ProgramProcess second = Start(policy);
        Assert.Contains(second.Lines, line => line.Contains("log loaded: ", StringComparison.Ordinal));
        using var client = new TcpConnection(second.Port);
        for (int writer = 0; writer < Writers; writer++)
        {
            int found = int.Parse(client.Call("GET", $"counter:{writer}").Text, CultureInfo.InvariantCulture);
            Assert.InRange(found, acknowledged[writer], acknowledged[writer] + 1);
            Assert.InRange(client.Call("HLEN", $"hash:{writer}").Text.Length, 1, 9);
        }
    }

    [Fact]
    public void Shutdown_ends_the_program()
    {
        using ProgramProcess program = Start("everysec");
        using var client = new TcpConnection(program.Port);
        client.Call("SET", "k", "v");
        client.Send(["SHUTDOWN"]);
        Assert.Null(client.Receive());
        Assert.Equal(0, program.WaitForExit());
    }

    [Fact]
    public void A_log_that_another_server_has_is_left_alone()
    {
        using ProgramProcess program = Start("everysec");
        (int code, string output) = ProgramProcess.RunToEnd("--port", "0", "--dir", _directory.Path);
        Assert.Equal(1, code);
        Assert.Contains("is in use by another server", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_log_is_refused_with_the_place_of_the_damage()
    {
        using (ProgramProcess program = Start("always"))
        {
            using var client = new TcpConnection(program.Port);
            for (int i = 0; i < 20; i++)
            {
                client.Call("SET", $"k{i}", "value");
            }
        }

        string log = _directory.File("storage.store");
        byte[] bytes = File.ReadAllBytes(log);
        bytes[bytes.Length / 2] ^= 0x20;
        File.WriteAllBytes(log, bytes);
        (int code, string output) = ProgramProcess.RunToEnd("--port", "0", "--dir", _directory.Path);
        Assert.Equal(1, code);
        Assert.Contains("is damaged", output, StringComparison.Ordinal);
        Assert.Contains(" at byte ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at RedisClone", output, StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(log));
    }

    [Theory]
    [InlineData("--nosuch", "1")]
    [InlineData("--port", "99999")]
    [InlineData("--dir", "/no/such/directory")]
    [InlineData("/no/such/file.conf")]
    [InlineData("docs", "--in", "x")]
    [InlineData("repair")]
    public void What_cannot_be_done_ends_the_program_with_a_reason(params string[] arguments)
    {
        (int code, string output) = ProgramProcess.RunToEnd(arguments);
        Assert.Equal(1, code);
        Assert.NotEqual("", output);
        Assert.DoesNotContain("   at RedisClone", output, StringComparison.Ordinal);
    }

    private static void Count(int port, int writer, int[] acknowledged)
    {
        try
        {
            using var client = new TcpConnection(port);
            while (true)
            {
                client.Call("HSET", $"hash:{writer}", $"f{acknowledged[writer] % 100}", "v");
                acknowledged[writer] = int.Parse(client.Call("INCR", $"counter:{writer}").Text, CultureInfo.InvariantCulture);
            }
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            // The server has been killed.
        }
    }

    private ProgramProcess Start(string policy) =>
        new("--port", "0", "--dir", _directory.Path, "--appendfsync", policy);
}
