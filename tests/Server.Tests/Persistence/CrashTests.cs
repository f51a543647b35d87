using FsCheck.Xunit;
using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Support;
using Xunit;

namespace RedisClone.Server.Tests.Persistence;

/// <summary>
/// The law of the log: whatever was done, and whenever the power went or the process died, the next start finds the
/// state after some number of turns, and none that was promised is missing.
/// </summary>
public sealed class CrashTests
{
    private static readonly Unsynced[] _outcomes =
        [Unsynced.Lost, Unsynced.Kept, Unsynced.Torn, Unsynced.Torn, Unsynced.Scattered, Unsynced.Scattered];

    [Theory]
    [InlineData(FsyncPolicy.Always)]
    [InlineData(FsyncPolicy.EverySecond)]
    [InlineData(FsyncPolicy.No)]
    public void Every_byte_of_a_short_history_may_be_the_last(FsyncPolicy policy)
    {
        byte[] script = [0, 1, 5, 18, 2, 7, 3, 6, 1, 7, 0, 5, 34];
        var whole = new SimulatedDisk();
        new Story(whole, policy).Tell(script);

        for (var units = 0L; units <= whole.UnitsDone; units++)
        {
            AssertSurvives(script, policy, units, new Random((int)units));
        }
    }

    [RepeatableProperty(MaxTest = 200)]
    public void Any_history_may_end_at_any_byte(byte[] script, byte policy, ushort units, int seed) =>
        AssertSurvives(script, (FsyncPolicy)(policy % 3), units, new Random(seed));

    [Fact]
    public void Recovery_may_be_interrupted_at_any_byte_and_again()
    {
        var story = new Story(new SimulatedDisk(), FsyncPolicy.Always);
        story.Tell([0, 1, 2, 5, 3]);
        var random = new Random(1);
        var torn = story.Disk.AfterCrash(Unsynced.Lost, random);
        byte[] tail = [.. "*3\r\n$3\r\nSET\r\n$1\r\na"u8];
        byte[] log = [.. torn.Read(LogDriver.Path), .. tail];

        for (var units = 0L; ; units++)
        {
            var disk = new SimulatedDisk();
            disk.Put(LogDriver.Path, log);
            disk.Put(LogDriver.Path + ".rewrite.tmp", "*1"u8.ToArray());
            disk.PowerUnits = units;
            try
            {
                using var log2 = Open(disk);
            }
            catch (PowerLossException)
            {
            }

            foreach (var outcome in _outcomes)
            {
                var after = disk.AfterCrash(outcome, random);
                story.Driver!.AssertRecovers(after, story.Promised);

                // The unfinished command was cut off, and is still somewhere.
                Assert.Contains(
                    after.Files, name => name.Contains(".torn") && after.Read(name).AsSpan().SequenceEqual(tail));
            }

            if (!disk.IsPowerless)
            {
                break;
            }
        }
    }

    [RepeatableProperty(MaxTest = 300)]
    public void A_disk_that_fails_for_a_while_loses_nothing(
        byte[] script, byte policy, byte failsFrom, byte failsFor, bool isFull, int seed)
    {
        var calls = 0;
        var disk = new SimulatedDisk();
        var story = new Story(disk, (FsyncPolicy)(policy % 3));
        story.Tell([0, 5]);
        if (isFull)
        {
            disk.FreeBytes = failsFrom * 4;
        }
        else
        {
            disk.Fault = (call, _) =>
                calls++ is var number && number >= failsFrom % 32 && number < (failsFrom % 32) + failsFor
                    ? new IOException($"Input/output error in {call}")
                    : null;
        }

        story.Tell(script);
        var random = new Random(seed);
        foreach (var outcome in _outcomes)
        {
            story.AssertSurvives(outcome, random);
        }

        // The disk gets well, and a second later the log is.
        disk.Fault = null;
        disk.FreeBytes = 1 << 20;
        story.Driver!.Second();
        story.Driver.Log.Synchronize();
        Assert.Null(story.Driver.Log.Failure);
        Assert.Equal(story.Driver.Turns, story.Driver.Acknowledged);
        if (policy % 3 != (int)FsyncPolicy.No)
        {
            story.Driver.AssertRecovers(disk.AfterCrash(Unsynced.Lost, random), story.Driver.Turns);
        }
    }

    private static void AssertSurvives(byte[] script, FsyncPolicy policy, long units, Random random)
    {
        var disk = new SimulatedDisk { PowerUnits = units };
        var story = new Story(disk, policy);
        try
        {
            story.Tell(script);
        }
        catch (PowerLossException)
        {
        }

        foreach (var outcome in _outcomes)
        {
            story.AssertSurvives(outcome, random);
        }
    }

    private static AppendLog Open(SimulatedDisk disk) => AppendLog.Open(
        disk,
        LogDriver.Path,
        new TinyKeyspace(),
        new AppendLogOptions { IsInBackground = false },
        new FakeTime(),
        out _);

    /// <summary>A history told by bytes: each is a turn, an fsync, a second that passes, or a rewrite.</summary>
    private sealed class Story(SimulatedDisk disk, FsyncPolicy policy)
    {
        public SimulatedDisk Disk => disk;

        public LogDriver? Driver { get; private set; }

        /// <summary>How many turns an fsync has covered: what a loss of power must not take.</summary>
        public int Promised { get; private set; }

        public void Tell(byte[] script)
        {
            Driver ??= new LogDriver(disk, policy);
            foreach (var step in script)
            {
                Tell(step);
                if (policy == FsyncPolicy.Always)
                {
                    Promised = Driver.Acknowledged;
                }
            }
        }

        public void AssertSurvives(Unsynced outcome, Random random)
        {
            if (Driver is null)
            {
                // The power went while the log was being created: nothing was promised, and a start must succeed.
                Open(disk.AfterCrash(outcome, random)).Dispose();
                return;
            }

            var promised = outcome == Unsynced.Kept ? Driver.Acknowledged : Promised;
            var after = disk.AfterCrash(outcome, random);
            if (policy == FsyncPolicy.No && outcome == Unsynced.Scattered && IsRefused(after))
            {
                // Without fsyncs nobody can tell lost sectors from damage, and a refusal is what remains.
                return;
            }

            Driver.AssertRecovers(after, promised);
        }

        private void Tell(byte step)
        {
            var size = step / 8 * 40;
            switch (step % 8)
            {
                case 5:
                    Synchronize(Driver!.Log.Synchronize);
                    break;
                case 6:
                    Synchronize(Driver!.Second);
                    break;
                case 7:
                    if (Driver!.StartRewrite())
                    {
                        Driver.Turn(["SET", "during", $"{step}"]);
                        Driver.Log.Rewrites.Run();
                        if (disk.IsPowerless)
                        {
                            throw new PowerLossException();
                        }
                    }

                    break;
                case 4:
                    Driver!.Turn(["DEL", "k0"], ["SET", "k1", "#g1 \r\n"]);
                    break;
                default:
                    Driver!.Turn([["SET", $"k{step % 8}", new string((char)step, size)]]);
                    break;
            }
        }

        private static bool IsRefused(SimulatedDisk after)
        {
            try
            {
                Open(after).Dispose();
                return false;
            }
            catch (LogDamagedException)
            {
                return true;
            }
        }

        private void Synchronize(Action action)
        {
            var before = Driver!.Log.Status.Fsyncs;
            action();
            if (Driver.Log.Failure is null && Driver.Log.Status.Fsyncs > before)
            {
                Promised = Driver.Turns;
            }
        }
    }
}
