using System.Globalization;
using System.Text;
using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Scripts;
using RedisClone.Server.Tests.Support;
using Xunit;

namespace RedisClone.Server.Tests.Persistence;

/// <summary>
/// Taking over a log that Redis wrote: a directory with a manifest, or one file that begins with an RDB file.
/// </summary>
public sealed class RedisImportTests
{
    private const string Directory = "/data/appendonlydir/";
    private const string Manifest = Directory + "appendonly.aof.manifest";

    private static readonly TimeSpan _rewriteTimeMax = TimeSpan.FromSeconds(30);

    // SET base 1, in version 3, which has no checksum.
    private static readonly byte[] _rdb = Encoding.Latin1.GetBytes("REDIS0003\xFE\x00\x00\x04" + "base\x01" + "1\xFF");

    [Fact]
    public void A_base_and_what_came_after_it_become_one_log()
    {
        var disk = RedisDisk();

        var state = Start(disk, out var report);

        Assert.Equal("0 base=1\n0 one=1\n0 two=2\n", state.Digest);
        Assert.Equal((Manifest, 4, 0), (report.ImportedFrom, report.Commands, report.IgnoredBytes));
        Assert.Equal(state.Digest, Start(disk, out report).Digest);
        Assert.Null(report.ImportedFrom);
        Assert.Equal((4, 0), (report.Commands, report.Groups));
    }

    [Fact]
    public void The_files_of_Redis_stay_as_they_are_and_later_writes_go_to_the_new_log()
    {
        var disk = RedisDisk();
        var before = disk.Files.ToDictionary(name => name, disk.Read);
        var driver = new LogDriver(disk);
        driver.DurableTurn(["SET", "later", "1"]);
        driver.Log.Dispose();

        Assert.All(before, file => Assert.Equal(file.Value, disk.Read(file.Key)));
        Assert.Equal(driver.Model.Digest, Start(disk, out _).Digest);
    }

    [Fact]
    public void An_import_may_be_interrupted_at_any_byte()
    {
        var random = new Random(1);
        for (var units = 0L; ; units++)
        {
            var disk = RedisDisk();
            disk.PowerUnits = units;
            try
            {
                Start(disk, out _);
            }
            catch (PowerLossException)
            {
            }

            foreach (var outcome in Enum.GetValues<Unsynced>())
            {
                var after = disk.AfterCrash(outcome, random);
                Assert.Equal("0 base=1\n0 one=1\n0 two=2\n", Start(after, out _).Digest);
                Assert.DoesNotContain(after.Files, name => name.EndsWith(".tmp"));
            }

            if (!disk.IsPowerless)
            {
                break;
            }
        }
    }

    [Fact]
    public void An_unfinished_end_of_the_last_file_is_left_out_and_in_any_other_file_is_an_error()
    {
        var disk = RedisDisk();
        disk.Put(Directory + "b.2", [.. Set("two", "2"), .. "*3\r\n$3\r\nSET"u8]);
        Assert.Equal("0 base=1\n0 one=1\n0 two=2\n", Start(disk, out var report).Digest);
        Assert.Equal(11, report.IgnoredBytes);

        disk = RedisDisk();
        disk.Put(Directory + "b.1", [.. Set("one", "1"), .. "*3\r\n$3\r\nSET"u8]);
        AssertRefused(disk, "b.1");
    }

    [Theory]
    [InlineData("file a.1 seq 1\n", "line 1 of the manifest is wrong")]
    [InlineData("# made by hand\n\nfile a.1 seq x type b\n", "line 3 of the manifest is wrong")]
    [InlineData("file a.1 seq 1 type b\nfile a.1 seq 1 type b\n", "line 2 of the manifest is wrong")]
    [InlineData("file b.2 seq 2 type i\nfile b.1 seq 1 type i\n", "line 2 of the manifest is wrong")]
    [InlineData("file ../a.1 seq 1 type b\n", "line 1 of the manifest is wrong")]
    [InlineData("file \"a.1 seq 1 type b\n", "line 1 of the manifest is wrong")]
    [InlineData("file nosuch seq 1 type b\n", "nosuch': the file is missing")]
    public void A_wrong_manifest_is_refused(string manifest, string reason)
    {
        var disk = RedisDisk();
        disk.Put(Manifest, Encoding.UTF8.GetBytes(manifest));

        AssertRefused(disk, reason);
    }

    [Fact]
    public void Names_in_quotes_and_files_to_be_deleted_are_understood()
    {
        var disk = RedisDisk();
        disk.Put(Manifest, "file old seq 1 type h\nfile \"with blank\" seq 2 type b more words\r\n"u8.ToArray());
        disk.Put(Directory + "with blank", Set("a", "1"));

        Assert.Equal("0 a=1\n", Start(disk, out _).Digest);
    }

    [Fact]
    public void A_command_that_this_server_does_not_know_stops_the_start_and_leaves_no_log()
    {
        var disk = RedisDisk();
        disk.Put(Directory + "b.2", "*2\r\n$4\r\nNOPE\r\n$1\r\na\r\n"u8.ToArray());

        Assert.Throws<LogReplayException>(() => Start(disk, out _));

        Assert.False(disk.Exists(LogDriver.Path));
        Assert.DoesNotContain(disk.Files, name => name.EndsWith(".tmp"));
    }

    [Fact]
    public void A_log_that_begins_with_an_RDB_file_is_taken_over_and_a_copy_kept()
    {
        byte[] log = [.. _rdb, .. Set("one", "1")];
        var disk = new SimulatedDisk();
        disk.Put(LogDriver.Path, log);

        Assert.Equal("0 base=1\n0 one=1\n", Start(disk, out var report).Digest);

        Assert.Equal(LogDriver.Path + ".redis", report.ImportedFrom);
        Assert.Equal(log, disk.Read(LogDriver.Path + ".redis"));
        Assert.Equal("0 base=1\n0 one=1\n", Start(disk, out report).Digest);
        Assert.Null(report.ImportedFrom);
    }

    [OracleTheory]
    [InlineData("yes")]
    [InlineData("no")]
    public void A_directory_of_a_real_Redis_is_taken_over(string usesRdb)
    {
        using var directory = new TemporaryDirectory();
        string expected;
        string[] options = ["--appendonly", "yes", "--dir", directory.Path, "--aof-use-rdb-preamble", usesRdb];
        using (var redis = OracleServer.Start(options))
        {
            using var connection = redis.Connect();
            Fill(connection, new Random(1));
            connection.Call("BGREWRITEAOF");
            Assert.True(SpinWait.SpinUntil(() => !IsRewriting(connection), _rewriteTimeMax));
            Fill(connection, new Random(2));
            expected = OracleState.DigestOf(redis);

            // A shutdown in order, so that nothing is left in the buffers of the process.
            connection.Send(["SHUTDOWN"]);
            Assert.Null(connection.Receive());
        }

        var bases = System.IO.Directory.GetFiles(directory.File("appendonlydir"), "*.base.*");
        Assert.True(new FileInfo(Assert.Single(bases)).Length > 10_000);
        var state = new TinyKeyspace();
        using var log = AppendLog.Open(
            new OsDisk(),
            directory.File("storage.store"),
            state,
            new AppendLogOptions { IsInBackground = false },
            TimeProvider.System,
            out var report);

        Assert.Equal(directory.File("appendonlydir/appendonly.aof.manifest"), report.ImportedFrom);
        Assert.Equal(expected, state.Digest);
    }

    private static bool IsRewriting(IScriptConnection connection)
    {
        var info = connection.Call("INFO", "persistence").Text;
        return info.Contains("rewrite_in_progress:1") || info.Contains("rewrite_scheduled:1");
    }

    private static void Fill(IScriptConnection connection, Random random)
    {
        for (var i = 0; i < 60; i++)
        {
            var number = random.Next(20).ToString(CultureInfo.InvariantCulture);
            connection.Call("SELECT", random.Next(3).ToString(CultureInfo.InvariantCulture));
            connection.Call("DEL", $"k{number}");
            connection.Call("SET", $"k{number}", random.Next(4) switch
            {
                0 => random.NextInt64().ToString(CultureInfo.InvariantCulture),
                1 => random.Next(300).ToString(CultureInfo.InvariantCulture),
                2 => new string((char)random.Next(256), random.Next(5000)),
                _ => string.Concat(Enumerable.Range(0, 30).Select(_ => $"{random.Next(10)}abc")),
            });
            connection.Call("DEL", $"h{number}");
            for (var field = random.Next(1, 4); field > 0; field--)
            {
                connection.Call("HSET", $"h{number}", $"f{random.Next(1000)}", new string('x', random.Next(100)));
                connection.Call("HSET", $"h{number}", $"{random.Next(100_000)}", $"{random.NextInt64() - random.NextInt64()}");
            }

            if (random.Next(3) == 0)
            {
                connection.Call("PEXPIREAT", $"h{number}", "33333333333333");
            }
        }

        for (var i = 0; i < 700; i++)
        {
            connection.Call("HSET", "large", $"field {i}", $"value {random.Next()}");
        }
    }

    private static SimulatedDisk RedisDisk()
    {
        var disk = new SimulatedDisk();
        disk.Put(Manifest, "file a.1 seq 1 type b\nfile b.1 seq 1 type i\nfile b.2 seq 2 type i\n"u8.ToArray());
        disk.Put(Directory + "a.1", _rdb);
        disk.Put(Directory + "b.1", Set("one", "1"));
        disk.Put(Directory + "b.2", Set("two", "2"));
        return disk;
    }

    private static byte[] Set(string key, string value) =>
        Encoding.ASCII.GetBytes($"*3\r\n$3\r\nSET\r\n${key.Length}\r\n{key}\r\n${value.Length}\r\n{value}\r\n");

    private static TinyKeyspace Start(SimulatedDisk disk, out RecoveryReport report)
    {
        var state = new TinyKeyspace();
        using var log = AppendLog.Open(
            disk, LogDriver.Path, state, new AppendLogOptions { IsInBackground = false }, new FakeTime(), out report);
        return state;
    }

    private static void AssertRefused(SimulatedDisk disk, string reason)
    {
        var error = Assert.Throws<LogImportException>(() => Start(disk, out _));
        Assert.Contains(reason, error.Message);
        Assert.False(disk.Exists(LogDriver.Path));
    }
}
