using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Support;
using Xunit;

namespace RedisClone.Server.Tests.Persistence;

/// <summary>When positions become durable, and what one fsync covers.</summary>
public sealed class FsyncPolicyTests
{
    private static readonly string[] _set = ["SET", "a", "1"];

    [Fact]
    public void Under_always_a_position_is_durable_after_the_fsync_and_one_fsync_covers_all()
    {
        var driver = new LogDriver(new SimulatedDisk(), FsyncPolicy.Always);
        var syncs = driver.Disk.Syncs;
        var wakes = 0;
        driver.Log.OnDurable(() => wakes++);
        var first = driver.Turn(_set);
        var second = driver.Turn(_set);

        Assert.Equal(0, driver.Log.DurablePosition);
        driver.Log.Step();

        Assert.Equal((1, 2), (first, second));
        Assert.Equal(2, driver.Log.DurablePosition);
        Assert.Equal(syncs + 1, driver.Disk.Syncs);
        Assert.Equal(1, wakes);
    }

    [Fact]
    public void An_fsync_does_not_cover_what_is_written_while_it_runs()
    {
        var disk = new SimulatedDisk();
        var driver = new LogDriver(disk, FsyncPolicy.Always);
        driver.Turn(_set);
        var during = 0L;
        disk.Fault = (call, _) =>
        {
            if (call == DiskCall.Sync && during == 0)
            {
                during = driver.Turn(_set);
            }

            return null;
        };

        driver.Log.Step();

        Assert.Equal((2, 1), (during, driver.Log.DurablePosition));
        driver.Log.Step();
        Assert.Equal(2, driver.Log.DurablePosition);
    }

    [Theory]
    [InlineData(FsyncPolicy.EverySecond)]
    [InlineData(FsyncPolicy.No)]
    public void Otherwise_a_position_is_durable_when_the_operating_system_has_it(FsyncPolicy policy)
    {
        var driver = new LogDriver(new SimulatedDisk(), policy);

        var position = driver.Turn(_set);

        Assert.Equal(position, driver.Log.DurablePosition);
        Assert.Equal(1, driver.AssertRecovers(driver.Disk.AfterCrash(Unsynced.Kept, new Random(1)), 1));
    }

    [Fact]
    public void Under_everysec_an_fsync_comes_once_a_second_and_only_when_there_is_something_to_sync()
    {
        var driver = new LogDriver(new SimulatedDisk(), FsyncPolicy.EverySecond);
        var syncs = driver.Disk.Syncs;
        driver.Turn(_set);
        driver.Log.Step();
        Assert.Equal(syncs, driver.Disk.Syncs);

        driver.Second();
        Assert.Equal(syncs + 1, driver.Disk.Syncs);
        Assert.Equal(0, driver.Log.Status.UnsyncedBytes);

        driver.Second();
        Assert.Equal(syncs + 1, driver.Disk.Syncs);
    }

    [Fact]
    public void Under_no_the_log_never_calls_fsync_and_keeps_nothing_in_memory()
    {
        var driver = new LogDriver(new SimulatedDisk(), FsyncPolicy.No);
        var syncs = driver.Disk.Syncs;

        driver.Turn(_set);
        driver.Second();

        Assert.Equal(syncs, driver.Disk.Syncs);
        Assert.Equal((0, 0), (driver.Log.Status.UnsyncedBytes, driver.Log.Status.PendingBytes));
    }

    [Fact]
    public void The_policy_can_be_changed_while_replies_wait()
    {
        var driver = new LogDriver(new SimulatedDisk(), FsyncPolicy.Always);
        var wakes = 0;
        driver.Log.OnDurable(() => wakes++);
        driver.Turn(_set);
        Assert.Equal(0, driver.Log.DurablePosition);

        driver.Log.Policy = FsyncPolicy.EverySecond;
        Assert.Equal((1, 1), (driver.Log.DurablePosition, wakes));

        driver.Log.Policy = FsyncPolicy.Always;
        driver.Turn(_set);
        Assert.Equal(1, driver.Log.DurablePosition);
        driver.Log.Step();
        Assert.Equal(2, driver.Log.DurablePosition);
    }

    [Fact]
    public void A_turn_without_effects_waits_for_what_it_may_have_read()
    {
        var driver = new LogDriver(new SimulatedDisk(), FsyncPolicy.Always);
        Assert.Equal(0, driver.Log.Seal(hasWritten: false));

        driver.Turn(_set);

        Assert.Equal(1, driver.Log.Seal(hasWritten: false));
        Assert.Equal(1, driver.Log.Seal(hasWritten: true));
    }

    [Fact]
    public void While_an_fsync_is_late_groups_stay_in_memory_and_are_written_after_it()
    {
        var disk = new SimulatedDisk();
        var driver = new LogDriver(disk, FsyncPolicy.EverySecond);
        driver.Turn(_set);
        var during = 0L;
        var length = 0;
        disk.Fault = (call, _) =>
        {
            if (call == DiskCall.Sync && during == 0)
            {
                // The fsync has been running for more than a second when another turn ends.
                driver.Time.Advance(AppendLog.Period * 2);
                length = disk.Read(LogDriver.Path).Length;
                during = driver.Turn(_set);
                Assert.Equal(length, disk.Read(LogDriver.Path).Length);
                Assert.Equal(during, driver.Log.DurablePosition);
                Assert.Equal(1, driver.Log.Status.DelayedWrites);
                Assert.Equal(AppendLog.Period * 2, driver.Log.Status.FsyncLag);
                Assert.True(driver.Log.Status.PendingBytes > 0);
            }

            return null;
        };

        driver.Log.Synchronize();

        Assert.Equal(2, during);
        Assert.True(disk.Read(LogDriver.Path).Length > length);
        Assert.Equal(0, driver.Log.Status.PendingBytes);
        driver.AssertRecovers(disk.AfterCrash(Unsynced.Kept, new Random(1)), 2);
    }

    [Fact]
    public void Closing_syncs_what_is_left()
    {
        var driver = new LogDriver(new SimulatedDisk(), FsyncPolicy.No);
        driver.Turn(_set);

        Assert.Null(driver.Log.Close());

        driver.AssertRecovers(driver.Disk.AfterCrash(Unsynced.Lost, new Random(1)), 1);
    }

    [Fact]
    public void Steady_turns_allocate_nothing()
    {
        using var directory = new TemporaryDirectory();
        var options = new AppendLogOptions { IsInBackground = false, Policy = FsyncPolicy.EverySecond };
        using var log = AppendLog.Open(
            new OsDisk(), directory.File("storage.store"), new TinyKeyspace(), options, TimeProvider.System, out _);
        var command = "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"u8;
        var allocated = long.MaxValue;

        // A collection that another test causes counts the rest of a thread's room as allocated.
        for (var round = 0; round < 20 && allocated > 0; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var turn = 0; turn < 2000; turn++)
            {
                log.Group.Raw(command);
                log.Seal(hasWritten: true);
                log.Flush();
                if (turn % 100 == 0)
                {
                    log.Synchronize();
                }
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }
}
