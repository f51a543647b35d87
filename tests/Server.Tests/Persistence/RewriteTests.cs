using RedisClone.Protocol;
using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Support;
using Xunit;

namespace RedisClone.Server.Tests.Persistence;

/// <summary>Compaction. That it survives a crash at every byte is for <see cref="CrashTests"/>.</summary>
public sealed class RewriteTests
{
    private const string TemporaryPath = LogDriver.Path + ".rewrite.tmp";

    [Fact]
    public void A_rewritten_log_is_smaller_and_gives_the_same_state()
    {
        var driver = Grown(out var before);

        driver.StartRewrite();
        driver.Log.Rewrites.Run();

        var after = driver.Disk.Read(LogDriver.Path);
        Assert.True(after.Length < before / 10);
        Assert.Equal(after.Length, driver.Log.Status.BaseBytes);
        Assert.Equal(after.Length, driver.Log.Status.CurrentBytes);
        driver.AssertRecovers(driver.Disk.AfterCrash(Unsynced.Lost, new Random(1)), driver.Turns);
    }

    [Fact]
    public void Turns_go_on_during_a_rewrite_and_after_it()
    {
        var driver = Grown(out _);
        var snapshot = new Interrupted(driver.Model.Freeze(), () => driver.Turn(["SET", "during", "1"]));
        driver.Log.Rewrites.TryStart(snapshot);
        driver.Turn(["SELECT", "0"], ["SET", "right after", "1"]);

        driver.Log.Rewrites.Run();
        driver.DurableTurn(["SET", "later", "1"]);

        Assert.True(snapshot.Calls > 5);
        driver.AssertRecovers(driver.Disk.AfterCrash(Unsynced.Lost, new Random(1)), driver.Turns);
        var state = new TinyKeyspace();
        LogRecovery.Run(driver.Disk, LogDriver.Path, state, new FakeTime());
        Assert.Equal(("1", "1", "1"), (state.Get("during"), state.Get("right after"), state.Get("later")));
    }

    [Fact]
    public void A_group_that_comes_at_the_last_moment_is_copied_and_durable_before_the_new_log_counts()
    {
        var driver = Grown(out _);
        var disk = driver.Disk;
        var last = 0L;
        driver.StartRewrite();
        disk.Fault = (call, path) =>
        {
            if (call == DiskCall.Sync && path == TemporaryPath && last == 0)
            {
                last = driver.Turn(["SET", "last", "1"]);
            }

            return null;
        };

        driver.Log.Rewrites.Run();

        Assert.Equal(last, driver.Log.DurablePosition);
        driver.AssertRecovers(disk.AfterCrash(Unsynced.Lost, new Random(1)), driver.Turns);
    }

    [Fact]
    public void Replies_that_waited_for_an_fsync_leave_when_the_rewrite_has_synced_everything()
    {
        var driver = Grown(out _);
        driver.StartRewrite();
        var position = driver.Turn(["SET", "during", "1"]);
        var wakes = 0;
        driver.Log.OnDurable(() => wakes++);
        Assert.True(driver.Log.DurablePosition < position);

        driver.Log.Rewrites.Run();

        Assert.Equal(position, driver.Log.DurablePosition);
        Assert.Equal(1, wakes);
    }

    [Fact]
    public void Only_one_rewrite_runs_at_a_time()
    {
        var driver = Grown(out _);

        Assert.True(driver.StartRewrite());
        Assert.False(driver.StartRewrite());
        Assert.True(driver.Log.Status.RewriteInProgress);

        driver.Log.Rewrites.Run();
        Assert.True(driver.StartRewrite());
    }

    [Fact]
    public void An_error_at_any_call_of_the_disk_abandons_the_rewrite_and_harms_nothing()
    {
        for (var failing = 0; ; failing++)
        {
            var driver = Grown(out _);
            var disk = driver.Disk;
            driver.StartRewrite();
            driver.Turn(["SET", "during", "1"]);
            var calls = 0;
            var hasFailed = false;
            disk.Fault = (call, path) =>
            {
                if (calls++ == failing)
                {
                    hasFailed = true;
                    return new IOException($"Input/output error in {call}");
                }

                return null;
            };

            driver.Log.Rewrites.Run();

            disk.Fault = null;
            if (!hasFailed)
            {
                Assert.Null(driver.Log.Status.LastRewriteError);
                break;
            }

            driver.AssertRecovers(disk.AfterCrash(Unsynced.Kept, new Random(1)), driver.Turns);
            driver.Second();
            driver.DurableTurn(["SET", "later", "1"]);
            Assert.Null(driver.Log.Failure);
            if (driver.Log.Status.LastRewriteError is not null)
            {
                Assert.Equal([LogDriver.Path], disk.Files);
            }

            driver.AssertRecovers(disk.AfterCrash(Unsynced.Lost, new Random(1)), driver.Turns);

            // And the next one succeeds.
            driver.StartRewrite();
            driver.Log.Rewrites.Run();
            Assert.Null(driver.Log.Status.LastRewriteError);
            driver.AssertRecovers(disk.AfterCrash(Unsynced.Lost, new Random(1)), driver.Turns);
        }
    }

    [Fact]
    public void A_full_disk_abandons_the_rewrite_and_the_log_goes_on()
    {
        var driver = Grown(out _);
        driver.Disk.FreeBytes = 100;
        string? ended = "";
        driver.Log.Rewrites.Ended = error => ended = error;
        driver.StartRewrite();

        driver.Log.Rewrites.Run();

        Assert.Equal("No space left on device", ended);
        Assert.Equal("No space left on device", driver.Log.Status.LastRewriteError);
        Assert.Equal([LogDriver.Path], driver.Disk.Files);
        Assert.Null(driver.Log.Failure);
    }

    [Fact]
    public void Nothing_is_acknowledged_between_a_rename_and_the_sync_of_the_directory()
    {
        var driver = Grown(out _);
        var disk = driver.Disk;
        disk.Fault = (call, _) => call == DiskCall.SyncDirectory ? new IOException("Input/output error") : null;
        driver.StartRewrite();
        var during = driver.Turn(["SET", "during", "1"]);

        driver.Log.Rewrites.Run();

        Assert.Equal("Input/output error", driver.Log.Failure);
        Assert.True(driver.Log.DurablePosition < during);
        disk.Fault = null;
        driver.Second();
        Assert.Null(driver.Log.Failure);
        Assert.Equal(during, driver.Log.DurablePosition);
        driver.AssertRecovers(disk.AfterCrash(Unsynced.Lost, new Random(1)), driver.Turns);
    }

    [Fact]
    public void What_a_crash_left_of_a_rewrite_is_deleted_at_the_next_start()
    {
        var driver = Grown(out _);
        driver.Log.Dispose();
        driver.Disk.Put(TemporaryPath, "*1\r\n"u8.ToArray());

        LogRecovery.Run(driver.Disk, LogDriver.Path, new TinyKeyspace(), new FakeTime());

        Assert.Equal([LogDriver.Path], driver.Disk.Files);
    }

    [Fact]
    public void A_snapshot_that_throws_abandons_the_rewrite()
    {
        var driver = Grown(out _);
        driver.Log.Rewrites.TryStart(new Interrupted(driver.Model.Freeze(), () => throw new FormatException("broken")));

        driver.Log.Rewrites.Run();

        Assert.Equal("broken", driver.Log.Status.LastRewriteError);
        Assert.Equal([LogDriver.Path], driver.Disk.Files);
    }

    [Fact]
    public void A_rewrite_is_suggested_when_the_log_has_grown_enough_and_not_right_after_one_that_failed()
    {
        var driver = new LogDriver(new SimulatedDisk());
        var rewrites = driver.Log.Rewrites;
        rewrites.SizeBytesMin = 1000;
        Assert.False(rewrites.ShouldRewrite());
        Grow(driver, 40);
        Assert.True(rewrites.ShouldRewrite());

        driver.Disk.FreeBytes = 0;
        driver.StartRewrite();
        Assert.False(rewrites.ShouldRewrite());
        rewrites.Run();
        Assert.False(rewrites.ShouldRewrite());
        driver.Time.Advance(LogRewrites.RetryDelay);
        Assert.True(rewrites.ShouldRewrite());

        driver.Disk.FreeBytes = 1 << 20;
        driver.StartRewrite();
        rewrites.Run();
        rewrites.SizeBytesMin = 0;
        Assert.False(rewrites.ShouldRewrite());
        while (driver.Log.Status.CurrentBytes < 2 * driver.Log.Status.BaseBytes)
        {
            Assert.False(rewrites.ShouldRewrite());
            Grow(driver, 1);
        }

        Assert.True(rewrites.ShouldRewrite());
        rewrites.GrowthPercentage = 0;
        Assert.False(rewrites.ShouldRewrite());
    }

    [Fact]
    public void Large_bases_come_in_parts_and_a_changed_byte_in_any_is_found()
    {
        var driver = new LogDriver(new SimulatedDisk());
        for (var i = 0; i < 100; i++)
        {
            driver.Turn(["SET", $"k{i}", new string((char)('a' + (i % 26)), 10_000)]);
        }

        driver.StartRewrite();
        driver.Log.Rewrites.Run();
        driver.DurableTurn(["SET", "later", "1"]);
        var log = driver.Disk.Read(LogDriver.Path);
        driver.AssertRecovers(driver.Disk.AfterCrash(Unsynced.Lost, new Random(1)), driver.Turns);
        for (var at = 0; at < log.Length - 100; at += 33_333)
        {
            var changed = log.ToArray();
            changed[at] ^= 4;
            var disk = new SimulatedDisk();
            disk.Put(LogDriver.Path, changed);

            Assert.Throws<LogDamagedException>(
                () => LogRecovery.Run(disk, LogDriver.Path, new TinyKeyspace(), new FakeTime()));
        }
    }

    /// <summary>A log in which most groups have been overtaken by later ones.</summary>
    private static LogDriver Grown(out int bytes)
    {
        var driver = new LogDriver(new SimulatedDisk());
        Grow(driver, 200);
        driver.Log.Synchronize();
        bytes = driver.Disk.Read(LogDriver.Path).Length;
        return driver;
    }

    private static void Grow(LogDriver driver, int turns)
    {
        for (var i = 0; i < turns; i++)
        {
            driver.Turn(["SET", $"k{i % 5}", $"value {i}"]);
        }
    }

    /// <summary>A snapshot during whose writing something else goes on.</summary>
    private sealed class Interrupted(ISnapshotWriter inner, Action interrupt) : ISnapshotWriter
    {
        public int Calls { get; private set; }

        public bool WriteNext(RespWriter chunk)
        {
            Calls++;
            interrupt();
            return inner.WriteNext(chunk);
        }
    }
}
