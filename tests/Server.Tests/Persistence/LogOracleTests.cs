using System.Diagnostics;
using System.Globalization;
using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Scripts;
using RedisClone.Server.Tests.Support;
using Xunit;

namespace RedisClone.Server.Tests.Persistence;

/// <summary>A real redis-server loads what we write, and we load what it writes.</summary>
public sealed class LogOracleTests : IDisposable
{
    private const string FileName = "storage.store";
    private const int ExitTimeoutMs = 20_000;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [OracleTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Redis_loads_our_log_and_its_checker_finds_it_valid(bool isRewritten)
    {
        var driver = new LogDriver(new SimulatedDisk(), FsyncPolicy.No);
        Write(driver, 60);
        if (isRewritten)
        {
            driver.StartRewrite();
            Write(driver, 20);
            driver.Log.Rewrites.Run();
            Assert.Null(driver.Log.Status.LastRewriteError);
            Write(driver, 20);
        }

        File.WriteAllBytes(_directory.File(FileName), driver.Disk.Read(LogDriver.Path));

        Assert.Equal(0, RunChecker(_directory.File(FileName)));
        using var redis = StartRedis();
        Assert.Equal(driver.Model.Digest, OracleState.DigestOf(redis));
    }

    [OracleFact]
    public void Redis_loads_a_log_that_it_began_and_we_went_on_with()
    {
        File.WriteAllBytes(_directory.File(FileName), WrittenByRedis());
        var disk = new SimulatedDisk();
        disk.Put(LogDriver.Path, File.ReadAllBytes(_directory.File(FileName)));
        var driver = new LogDriver(disk, FsyncPolicy.No);
        Write(driver, 20);
        File.WriteAllBytes(_directory.File(FileName), disk.Read(LogDriver.Path));

        using var redis = StartRedis();

        Assert.Equal(driver.Model.Digest, OracleState.DigestOf(redis));
    }

    [OracleFact]
    public void We_load_the_log_of_Redis_with_its_time_stamps_and_transactions()
    {
        var log = WrittenByRedis(out var expected);
        Assert.True(log.AsSpan().IndexOf("#TS:"u8) >= 0);
        Assert.True(log.AsSpan().IndexOf("MULTI"u8) >= 0);

        Assert.Equal(expected, Recover(log));
    }

    [OracleFact]
    public void We_cut_a_log_of_Redis_where_Redis_cuts_it()
    {
        var log = WrittenByRedis();
        var random = new Random(5);
        for (var i = 0; i < 8; i++)
        {
            var cut = log[..random.Next(log.Length)];
            File.WriteAllBytes(_directory.File(FileName), cut);
            using (var redis = StartRedis())
            {
                Assert.Equal(OracleState.DigestOf(redis), Recover(cut));
            }

            Directory.Delete(_directory.File("appendonlydir"), recursive: true);
        }
    }

    private byte[] WrittenByRedis() => WrittenByRedis(out _);

    private byte[] WrittenByRedis(out string digest)
    {
        using (var redis = StartRedis(["--appendfsync", "always", .. OracleServer.WithDebug]))
        {
            using var connection = redis.Connect();
            var random = new Random(11);

            // A time stamp is written when the second changes.
            Assert.Equal("OK", connection.Call("DEBUG", "SLEEP", "1.1").Text);
            for (var i = 0; i < 50; i++)
            {
                connection.Call("SELECT", random.Next(3).ToString(CultureInfo.InvariantCulture));
                connection.Call(Command(random));
                connection.Call("MULTI");
                connection.Call(Command(random));
                connection.Call(Command(random));
                connection.Call("EXEC");
            }

            digest = OracleState.DigestOf(redis);
        }

        var log = File.ReadAllBytes(Directory.GetFiles(_directory.File("appendonlydir"), "*.incr.aof").Single());
        Directory.Delete(_directory.File("appendonlydir"), recursive: true);
        return log;
    }

    private OracleServer StartRedis(params string[] options) => OracleServer.Start(
    [
        "--appendonly", "yes", "--dir", _directory.Path, "--appendfilename", FileName, "--aof-use-rdb-preamble", "no",
        "--aof-timestamp-enabled", "yes", .. OracleServer.WithDebug, .. options,
    ]);

    private static void Write(LogDriver driver, int turns)
    {
        var random = new Random(driver.Turns);
        for (var i = 0; i < turns; i++)
        {
            var database = random.Next(3).ToString(CultureInfo.InvariantCulture);
            driver.Turn(["SELECT", database], Command(random), Command(random), ["SELECT", "0"]);
        }
    }

    private static string[] Command(Random random)
    {
        var key = $"k{random.Next(6)}\r\n";
        if (random.Next(4) == 0)
        {
            return ["DEL", key];
        }

        // Values that look like lines of the log, and ones longer than the buffers of any reader.
        var value = random.Next(3) switch
        {
            0 => "#g1 1 2 3 4 01234567\r\n*1\r\n",
            1 => new string((char)random.Next(256), random.Next(300)),
            _ => new string('\n', random.Next(40_000)),
        };
        return ["SET", key, value];
    }

    private static string Recover(byte[] log)
    {
        var disk = new SimulatedDisk();
        disk.Put(LogDriver.Path, log);
        var state = new TinyKeyspace();
        LogRecovery.Run(disk, LogDriver.Path, state, new FakeTime());
        return state.Digest;
    }

    private static int RunChecker(string path)
    {
        using var process = Process.Start(new ProcessStartInfo("redis-check-aof", [path])
        {
            RedirectStandardOutput = true,
        })!;
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(ExitTimeoutMs));
        Assert.Contains("is valid", output);
        return process.ExitCode;
    }
}
