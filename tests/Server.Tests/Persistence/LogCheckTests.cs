using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Support;
using Xunit;

namespace RedisClone.Server.Tests.Persistence;

public sealed class LogCheckTests
{
    private readonly SimulatedDisk _disk = new();
    private readonly StringWriter _output = new();

    [Fact]
    public void Check_counts_what_a_whole_log_holds()
    {
        var log = ThreeGroups();

        Assert.Equal(LogCheck.Good, Check());

        Assert.Contains($"the log is whole: {log.Length} bytes, 3 groups, 7 commands", _output.ToString());
    }

    [Fact]
    public void Check_names_the_first_bad_byte_and_changes_nothing()
    {
        var log = ThreeGroups();
        log[^1] = 0;
        _disk.Put(LogDriver.Path, log);

        Assert.Equal(LogCheck.Bad, Check());

        Assert.Contains("the next start cuts it off", _output.ToString());
        Assert.Equal(log, _disk.Read(LogDriver.Path));
        Assert.Equal([LogDriver.Path], _disk.Files);
    }

    [Fact]
    public void Check_of_a_log_that_is_not_there_says_so()
    {
        Assert.Equal(LogCheck.Bad, Check());
        Assert.Contains("no such file", _output.ToString());
    }

    [Fact]
    public void Repair_of_a_whole_log_does_nothing()
    {
        var log = ThreeGroups();

        Assert.Equal(LogCheck.Good, Repair());

        Assert.Equal(log, _disk.Read(LogDriver.Path));
        Assert.Equal([LogDriver.Path], _disk.Files);
    }

    [Fact]
    public void Repair_of_a_damaged_log_keeps_the_good_part_and_the_rest_beside_it()
    {
        var log = ThreeGroups();
        var damaged = log.ToArray();
        damaged[log.Length / 2] ^= 1;
        _disk.Put(LogDriver.Path, damaged);
        var verdict = Assert.Throws<LogDamagedException>(Start).Verdict;

        Assert.Equal(LogCheck.Good, Repair());

        var good = (int)verdict.GoodBytes;
        Assert.Equal(log[..good], _disk.Read(LogDriver.Path));
        Assert.Equal(damaged[good..], _disk.Read(LogDriver.Path + ".torn"));
        Assert.Contains($"cut to {good} bytes; the other {log.Length - good} bytes are in", _output.ToString());
        Assert.Equal(verdict.Groups, Start().Groups);
    }

    [Fact]
    public void A_compacted_log_that_ends_in_its_base_is_refused_and_repair_says_what_it_leaves()
    {
        var driver = new LogDriver(_disk);
        for (var i = 0; i < 40; i++)
        {
            driver.Turn(["SET", $"k{i}", new string('x', 10_000)]);
        }

        driver.StartRewrite();
        driver.Log.Rewrites.Run();
        Assert.Equal(1, driver.Log.Status.Rewrites);
        driver.Log.Dispose();
        var log = _disk.Read(LogDriver.Path);
        var endOfBase = log.AsSpan().LastIndexOf("#e1"u8);
        foreach (var length in (int[])[endOfBase, endOfBase + 10, endOfBase / 2, 60])
        {
            _disk.Put(LogDriver.Path, log[..length]);
            var damage = Assert.Throws<LogDamagedException>(Start);
            Assert.True(damage.Verdict.EndsInBase);
            Assert.Contains("not a state that the server ever had", damage.Message);

            Assert.Equal(LogCheck.Good, Repair());

            Assert.Contains("a state that the server never had", _output.ToString());
            Assert.Equal(damage.Verdict.Commands, Start().Commands);
        }
    }

    [Fact]
    public void Repair_of_a_log_in_use_is_refused()
    {
        var driver = new LogDriver(_disk);

        Assert.Equal(LogCheck.Bad, Repair());

        Assert.Contains("in use by another server", _output.ToString());
        driver.Log.Dispose();
        Assert.Equal(LogCheck.Good, Repair());
    }

    [Fact]
    public void Repair_that_cannot_keep_the_rest_changes_nothing()
    {
        var log = ThreeGroups()[..^1];
        _disk.Put(LogDriver.Path, log);
        _disk.FreeBytes = 0;

        Assert.Equal(LogCheck.Bad, Repair());

        Assert.Equal(log, _disk.Read(LogDriver.Path));
        Assert.Contains("No space left on device", _output.ToString());
    }

    private byte[] ThreeGroups()
    {
        var driver = new LogDriver(_disk);
        for (var i = 0; i < 3; i++)
        {
            driver.DurableTurn(["SET", $"k{i}", "1"]);
        }

        driver.Log.Dispose();
        return _disk.Read(LogDriver.Path);
    }

    private RecoveryReport Start() => LogRecovery.Run(_disk, LogDriver.Path, new TinyKeyspace(), new FakeTime());

    private int Check() => LogCheck.Check(_disk, LogDriver.Path, _output);

    private int Repair() => LogCheck.Repair(_disk, LogDriver.Path, _output, new FakeTime());
}
