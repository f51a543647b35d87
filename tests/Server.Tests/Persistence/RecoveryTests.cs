using System.Text;
using RedisClone.Protocol;
using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Support;
using Xunit;

namespace RedisClone.Server.Tests.Persistence;

/// <summary>
/// What recovery makes of a log that was cut, changed, or put together from pieces, at every byte of it.
/// </summary>
public sealed class RecoveryTests
{
    private const int HeaderGroup = 0;

    [Fact]
    public void A_new_log_holds_nothing_and_is_whole()
    {
        var disk = new SimulatedDisk();
        var driver = new LogDriver(disk);
        driver.Log.Dispose();

        var report = LogRecovery.Run(disk, LogDriver.Path, new TinyKeyspace(), new FakeTime());

        Assert.Equal((0, 0, false), (report.Commands, report.Groups, report.End.IsPlain));
    }

    [Fact]
    public void Replay_gives_the_state_after_every_group()
    {
        var (driver, ends) = SmallLog();
        var log = driver.Disk.Read(LogDriver.Path);

        for (var turns = 0; turns <= driver.Turns; turns++)
        {
            var state = Recover(log[..ends[turns]], out var report);

            Assert.Equal(driver.DigestAfter(turns), state.Digest);
            Assert.Equal((turns, turns, null), (report.Groups, report.End.LastNumber, report.TornPath));
        }
    }

    [Theory]
    [InlineData(FsyncPolicy.Always)]
    [InlineData(FsyncPolicy.EverySecond)]
    [InlineData(FsyncPolicy.No)]
    public void Groups_of_any_length_are_read_back_small_ones_before_and_behind_them(FsyncPolicy policy)
    {
        var disk = new SimulatedDisk();
        var driver = new LogDriver(disk, policy);
        foreach (var length in (int[])[1 << 10, (LogTail.BufferBytes / 2) - 1, LogTail.BufferBytes / 2, LogTail.BufferBytes, 5 << 20])
        {
            driver.Turn(["SET", "before", "1"]);
            driver.Turn(["SET", $"{length}", new string('x', length)]);
            driver.Turn(["SET", "behind", "2"]);
        }

        driver.Log.Dispose();

        Assert.Equal(driver.Turns, driver.AssertRecovers(disk, driver.Turns));
    }

    [Fact]
    public void A_log_cut_at_any_byte_gives_the_groups_that_are_whole_and_keeps_the_rest()
    {
        var (driver, ends) = SmallLog();
        var log = driver.Disk.Read(LogDriver.Path);

        for (var length = 0; length <= log.Length; length++)
        {
            var whole = ends.FindLastIndex(end => end <= length);
            var good = whole < 0 ? 0 : ends[whole];
            var disk = new SimulatedDisk();
            disk.Put(LogDriver.Path, log[..length]);
            var state = new TinyKeyspace();

            var report = LogRecovery.Run(disk, LogDriver.Path, state, new FakeTime());

            Assert.Equal(driver.DigestAfter(Math.Max(0, whole)), state.Digest);
            Assert.Equal(log[..good], disk.Read(LogDriver.Path));
            Assert.Equal(length - good, report.CutBytes);
            if (good < length)
            {
                Assert.Equal(log[good..length], disk.Read(report.TornPath!));
            }
        }
    }

    [Fact]
    public void Any_changed_byte_is_found()
    {
        var (driver, ends) = SmallLog();
        var log = driver.Disk.Read(LogDriver.Path);
        byte[] flips = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF];

        for (var at = 0; at < log.Length; at++)
        {
            foreach (var flip in flips)
            {
                var changed = log.ToArray();
                changed[at] ^= flip;
                AssertChangeIsFound(driver, ends, changed, at);
            }

            var digit = log.ToArray();
            digit[at] = (byte)(log[at] == '7' ? '8' : '7');
            AssertChangeIsFound(driver, ends, digit, at);
        }
    }

    [Fact]
    public void Groups_that_are_missing_doubled_or_swapped_are_found()
    {
        var (driver, ends) = SmallLog();
        var log = driver.Disk.Read(LogDriver.Path);
        byte[] Group(int number) => log[ends[number - 1]..ends[number]];
        byte[] header = log[..ends[HeaderGroup]];

        AssertDamaged([.. header, .. Group(2), .. Group(3)], 0);
        AssertDamaged([.. header, .. Group(1), .. Group(3)], 1);
        AssertDamaged([.. header, .. Group(2), .. Group(1), .. Group(3)], 0);
        AssertDamaged([.. header, .. Group(1), .. Group(1), .. Group(2)], 1);
        AssertDamaged([.. header, .. Group(1), .. header, .. Group(2)], 1);
    }

    [Fact]
    public void Damage_says_where_it_is_and_what_is_good()
    {
        var (driver, ends) = SmallLog();
        var log = driver.Disk.Read(LogDriver.Path);
        log[ends[1] + 1] = (byte)'x';

        var damage = AssertDamaged(log, 1);

        Assert.Equal(ends[1] + 1, damage.Verdict.BadOffset);
        Assert.Equal(ends[1], damage.Verdict.GoodBytes);
        Assert.Equal((3, ends[3]), (damage.Verdict.NextGoodNumber, damage.Verdict.NextGoodEnd));
        Assert.Contains($"at byte {ends[1] + 1} in group 2", damage.Message);
        Assert.Contains("2024-05-17 12:00:00.000 UTC", damage.Message);
        Assert.Contains("repair /data/storage.store", damage.Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(5000)]
    public void A_tail_of_zeros_is_torn(int zeros)
    {
        var (driver, _) = SmallLog();
        byte[] log = [.. driver.Disk.Read(LogDriver.Path), .. new byte[zeros]];

        var state = Recover(log, out var report);

        Assert.Equal(driver.DigestAfter(driver.Turns), state.Digest);
        Assert.Equal(zeros, report.CutBytes);
    }

    [Fact]
    public void A_file_of_nothing_but_zeros_is_a_log_that_was_never_begun()
    {
        Recover(new byte[100], out var report);

        Assert.Equal(100, report.CutBytes);
    }

    [Fact]
    public void A_sector_that_was_lost_before_any_fsync_is_a_torn_tail()
    {
        var driver = new LogDriver(new SimulatedDisk(), FsyncPolicy.EverySecond);
        driver.DurableTurn(["SET", "a", "1"]);
        var length = driver.Disk.Read(LogDriver.Path).Length;
        driver.Turn(["SET", "b", new string('x', 2000)]);
        driver.Turn(["SET", "c", "3"]);
        var log = driver.Disk.Read(LogDriver.Path);
        Array.Clear(log, 1024, 512);

        var state = Recover(log, out var report);

        Assert.Equal(driver.DigestAfter(1), state.Digest);
        Assert.Equal(log.Length - length, report.CutBytes);
    }

    [Fact]
    public void A_sector_that_is_lost_after_an_fsync_is_damage()
    {
        var driver = new LogDriver(new SimulatedDisk(), FsyncPolicy.EverySecond);
        driver.DurableTurn(["SET", "a", "1"]);
        driver.DurableTurn(["SET", "b", new string('x', 2000)]);
        driver.Turn(["SET", "c", "3"]);
        var log = driver.Disk.Read(LogDriver.Path);
        Array.Clear(log, 1024, 512);

        AssertDamaged(log, 1);
    }

    [Fact]
    public void A_value_that_is_a_copy_of_the_log_does_not_make_a_torn_tail_look_like_damage()
    {
        var (driver, _) = SmallLog();
        var copy = Encoding.Latin1.GetString(driver.Disk.Read(LogDriver.Path));
        var before = driver.Turns;
        driver.Turn(["SET", "copy", copy]);
        var log = driver.Disk.Read(LogDriver.Path);

        var state = Recover(log[..^1], out var report);

        Assert.Equal(driver.DigestAfter(before), state.Digest);
        Assert.NotNull(report.TornPath);
    }

    [Fact]
    public void Torn_files_never_replace_older_ones()
    {
        var (driver, _) = SmallLog();
        var log = driver.Disk.Read(LogDriver.Path);
        var disk = new SimulatedDisk();
        foreach (var cut in (int[])[3, 2, 1])
        {
            disk.Put(LogDriver.Path, log[..^cut]);
            LogRecovery.Run(disk, LogDriver.Path, new TinyKeyspace(), new FakeTime());
        }

        Assert.Equal(
            ["/data/storage.store", "/data/storage.store.torn", "/data/storage.store.torn.1",
                "/data/storage.store.torn.2"],
            disk.Files);
        Assert.Equal(
            disk.Read("/data/storage.store.torn").Length + 1, disk.Read("/data/storage.store.torn.1").Length);
    }

    [Fact]
    public void A_torn_tail_that_cannot_be_kept_is_not_cut()
    {
        var (driver, _) = SmallLog();
        var log = driver.Disk.Read(LogDriver.Path)[..^1];
        var disk = new SimulatedDisk { FreeBytes = 10 };
        disk.Put(LogDriver.Path, log);

        var error = Assert.Throws<IOException>(
            () => LogRecovery.Run(disk, LogDriver.Path, new TinyKeyspace(), new FakeTime()));

        Assert.Contains("No space left on device", error.Message);
        Assert.Equal([LogDriver.Path], disk.Files);
        Assert.Equal(log, disk.Read(LogDriver.Path));
    }

    [Fact]
    public void A_command_that_cannot_be_carried_out_stops_recovery_and_is_named()
    {
        var disk = new SimulatedDisk();
        disk.Put(LogDriver.Path, Encoding.ASCII.GetBytes("*1\r\n$4\r\nNOPE\r\n"));

        var error = Assert.Throws<LogReplayException>(
            () => LogRecovery.Run(disk, LogDriver.Path, new TinyKeyspace(), new FakeTime()));

        Assert.Contains("'NOPE' at byte 0", error.Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(700)]
    [InlineData(5000)]
    [InlineData(LogScanner.DefaultWindowBytes)]
    public void The_size_of_the_window_changes_nothing(int windowBytes)
    {
        var driver = new LogDriver(new SimulatedDisk());
        var random = new Random(7);
        for (var i = 0; i < 60; i++)
        {
            driver.Turn(
                ["SET", $"k{i % 7}", new string((char)random.Next(256), random.Next(3) * random.Next(2000))],
                ["DEL", $"k{random.Next(7)}"]);
        }

        using var file = driver.Disk.Open(LogDriver.Path, LogFileMode.Read);
        var state = new TinyKeyspace();

        var verdict = new LogVerifier(file, state, windowBytes).Run();

        Assert.Equal(LogCondition.Whole, verdict.Condition);
        Assert.Equal((60, verdict.FileBytes), (verdict.Groups, verdict.GoodBytes));
        Assert.Equal(state.Applied, verdict.Commands);
        Assert.Equal(driver.DigestAfter(60), state.Digest);
    }

    [Fact]
    public void A_server_goes_on_where_the_log_ends()
    {
        var (driver, _) = SmallLog();
        driver.Log.Dispose();
        var second = new LogDriver(driver.Disk);
        second.DurableTurn(["SET", "later", "1"]);
        second.Log.Dispose();

        var state = Recover(driver.Disk.Read(LogDriver.Path), out var report);

        Assert.Equal(second.DigestAfter(1), state.Digest);
        Assert.Equal(driver.Turns + 1, report.End.LastNumber);
    }

    /// <summary>
    /// A log of a few groups, and where each of them ends; the first entry is the line that starts the log.
    /// </summary>
    private static (LogDriver Driver, List<int> Ends) SmallLog()
    {
        var driver = new LogDriver(new SimulatedDisk());
        List<int> ends = [driver.Disk.Read(LogDriver.Path).Length];
        string[][][] turns =
        [
            [["SET", "a", "1"]],
            [["SET", "b", "#g1 1 2 3 4 5\r\n"], ["DEL", "a"]],
            [["SET", "", "\r\n*1\r\n$4\r\n\0\xFF"]],
            [["SET", "a", "2"], ["SET", "c", "x"], ["DEL", "b"]],
        ];
        foreach (var turn in turns)
        {
            driver.DurableTurn(turn);
            ends.Add(driver.Disk.Read(LogDriver.Path).Length);
        }

        return (driver, ends);
    }

    private static TinyKeyspace Recover(byte[] log, out RecoveryReport report)
    {
        var disk = new SimulatedDisk();
        disk.Put(LogDriver.Path, log);
        var state = new TinyKeyspace();
        report = LogRecovery.Run(disk, LogDriver.Path, state, new FakeTime());
        return state;
    }

    private static LogDamagedException AssertDamaged(byte[] log, int goodGroups)
    {
        var disk = new SimulatedDisk();
        disk.Put(LogDriver.Path, log);
        var state = new TinyKeyspace();

        var damage = Assert.Throws<LogDamagedException>(
            () => LogRecovery.Run(disk, LogDriver.Path, state, new FakeTime()));

        Assert.Equal(goodGroups, damage.Verdict.Groups);
        Assert.Equal(damage.Verdict.Commands, state.Applied);
        Assert.Equal(log, disk.Read(LogDriver.Path));
        Assert.Equal([LogDriver.Path], disk.Files);
        return damage;
    }

    /// <summary>In the last group a change cannot be told from a torn write; anywhere else it is damage.</summary>
    private static void AssertChangeIsFound(LogDriver driver, List<int> ends, byte[] changed, int at)
    {
        var group = ends.FindIndex(end => end > at);
        if (group < driver.Turns)
        {
            var damage = AssertDamaged(changed, Math.Max(0, group - 1));
            Assert.True(damage.Verdict.GoodBytes <= at);
            return;
        }

        var state = Recover(changed, out var report);
        Assert.Equal(driver.DigestAfter(driver.Turns - 1), state.Digest);
        Assert.Equal(changed.Length - ends[driver.Turns - 1], report.CutBytes);
    }
}
