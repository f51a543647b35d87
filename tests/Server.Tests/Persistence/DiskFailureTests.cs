using RedisClone.Server.Persistence;
using Xunit;

namespace RedisClone.Server.Tests.Persistence;

/// <summary>A disk that is full or broken: writes are refused, reads go on, nothing acknowledged is lost.</summary>
public sealed class DiskFailureTests
{
    private static readonly string[] _set = ["SET", "a", "1"];

    [Theory]
    [InlineData(FsyncPolicy.Always)]
    [InlineData(FsyncPolicy.EverySecond)]
    [InlineData(FsyncPolicy.No)]
    public void A_full_disk_refuses_writes_and_recovers_by_itself(FsyncPolicy policy)
    {
        var disk = new SimulatedDisk();
        var driver = new LogDriver(disk, policy);
        driver.DurableTurn(_set);
        var length = disk.Read(LogDriver.Path).Length;
        disk.FreeBytes = 20;

        var position = driver.Turn(_set);

        Assert.Equal("No space left on device", driver.Log.Failure);
        Assert.Equal(1, driver.Log.DurablePosition);
        Assert.Equal(length, disk.Read(LogDriver.Path).Length);
        Assert.True(driver.Log.Status.PendingBytes > 0);

        driver.Second();
        Assert.NotNull(driver.Log.Failure);

        disk.FreeBytes = 10_000;
        driver.Log.Step();
        Assert.NotNull(driver.Log.Failure);
        driver.Second();
        Assert.Null(driver.Log.Failure);
        Assert.Equal(position, driver.Log.DurablePosition);
        Assert.Equal(0, driver.Log.Status.PendingBytes);
        driver.AssertRecovers(disk.AfterCrash(Unsynced.Lost, new Random(1)), 2);
    }

    [Fact]
    public void After_a_failed_fsync_everything_since_the_last_good_one_is_written_again()
    {
        var disk = new SimulatedDisk();
        var driver = new LogDriver(disk, FsyncPolicy.EverySecond);
        driver.DurableTurn(_set);
        driver.Turn(_set);
        driver.Turn(_set);
        disk.Fault = (call, _) => call == DiskCall.Sync ? new IOException("Input/output error") : null;
        driver.Second();
        Assert.Equal("Input/output error", driver.Log.Failure);

        // The simulated kernel has dropped the pages, so an fsync alone would succeed and prove nothing.
        disk.Fault = null;
        driver.Second();

        Assert.Null(driver.Log.Failure);
        driver.AssertRecovers(disk.AfterCrash(Unsynced.Lost, new Random(1)), 3);
    }

    [Fact]
    public void Under_always_nothing_is_acknowledged_while_fsync_fails()
    {
        var disk = new SimulatedDisk();
        var driver = new LogDriver(disk, FsyncPolicy.Always);
        disk.Fault = (call, _) => call == DiskCall.Sync ? new IOException("Input/output error") : null;

        driver.Turn(_set);
        driver.Log.Step();

        Assert.Equal(0, driver.Log.DurablePosition);
        Assert.NotNull(driver.Log.Failure);
        disk.Fault = null;
        driver.Second();
        Assert.Equal(1, driver.Log.DurablePosition);
    }

    [Fact]
    public void While_the_log_fails_only_the_replies_of_writes_wait()
    {
        var disk = new SimulatedDisk();
        var driver = new LogDriver(disk, FsyncPolicy.Always);
        disk.Fault = (_, _) => new IOException("Input/output error");
        driver.Turn(_set);

        Assert.Equal(0, driver.Log.Seal(hasWritten: false));
        Assert.Equal(1, driver.Log.Seal(hasWritten: true));
    }

    [Fact]
    public void Groups_that_come_while_the_log_fails_are_written_when_it_recovers()
    {
        var disk = new SimulatedDisk();
        var driver = new LogDriver(disk, FsyncPolicy.Always);
        disk.Fault = (_, _) => new IOException("Input/output error");
        for (var i = 0; i < 100; i++)
        {
            driver.Turn(["SET", $"k{i}", new string('x', i * 1000)]);
        }

        disk.Fault = null;
        driver.Second();

        driver.AssertRecovers(disk.AfterCrash(Unsynced.Lost, new Random(1)), 100);
    }

    [Fact]
    public void A_log_that_still_fails_says_so_when_it_is_closed()
    {
        var disk = new SimulatedDisk();
        var driver = new LogDriver(disk, FsyncPolicy.EverySecond);
        disk.FreeBytes = 0;
        driver.Turn(_set);

        Assert.Equal("No space left on device", driver.Log.Close());
    }

    [Fact]
    public void A_log_that_cannot_be_created_stops_the_start_and_frees_the_lock()
    {
        var disk = new SimulatedDisk { FreeBytes = 3 };
        Assert.Equal("No space left on device", Assert.Throws<IOException>(() => new LogDriver(disk)).Message);

        disk.FreeBytes = 1000;
        new LogDriver(disk).DurableTurn(_set);
    }
}
