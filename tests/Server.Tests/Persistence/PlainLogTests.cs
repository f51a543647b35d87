using System.Text;
using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Support;
using Xunit;

namespace RedisClone.Server.Tests.Persistence;

/// <summary>
/// Logs that Redis wrote, without lines of our format, and logs that begin as such and go on as ours.
/// </summary>
public sealed class PlainLogTests
{
    private static readonly string[] _units =
    [
        "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n",
        "#TS:1712345678\r\n",
        "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$3\r\n#g1\r\n",
        "*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n1\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$0\r\n\r\n*1\r\n$4\r\nexec\r\n",
        "*2\r\n$3\r\nDEL\r\n$1\r\na\r\n",
    ];

    private static readonly byte[] _plain = Encoding.Latin1.GetBytes(string.Concat(_units));

    [Fact]
    public void A_plain_log_loads_and_a_transaction_counts_as_one()
    {
        var state = Recover(_plain, out var report);

        Assert.Equal("0 b=1\n", state.Digest);
        Assert.Equal((5, 0, true), (report.Commands, report.Groups, report.End.IsPlain));
    }

    [Fact]
    public void A_plain_log_cut_at_any_byte_gives_whole_commands_and_whole_transactions()
    {
        for (var length = 0; length <= _plain.Length; length++)
        {
            var good = 0;
            foreach (var unit in _units)
            {
                if (good + unit.Length > length)
                {
                    break;
                }

                good += unit.Length;
            }

            var expected = Recover(_plain[..good], out _).Digest;

            var state = Recover(_plain[..length], out var report);

            Assert.Equal(expected, state.Digest);
            Assert.Equal((length - good, good), (report.CutBytes, report.End.Offset));
        }
    }

    [Fact]
    public void Bytes_that_are_no_commands_are_refused()
    {
        foreach (var bad in (string[])["PING\r\n", "*1\r\n+OK\r\n", "*-1\r\n", "*0\r\n", "*01\r\n$4\r\nEXEC\r\n",
            "*1\r\n$-1\r\n", "*1\r\n$4\r\nEXECxx", "*1\n$4\nEXEC\n", "*99999999999\r\n", "#what\r\n", "\0\0\0\0x",
            "*1\r\n$4\r\nEXEC\n\n", "#" + new string('x', 200) + "\r\n"])
        {
            var disk = new SimulatedDisk();
            disk.Put(LogDriver.Path, [.. _plain, .. Encoding.Latin1.GetBytes(bad)]);

            var damage = Assert.Throws<LogDamagedException>(
                () => LogRecovery.Run(disk, LogDriver.Path, new TinyKeyspace(), new FakeTime()));

            Assert.Equal(_plain.Length, damage.Verdict.GoodBytes);
            Assert.InRange(damage.Verdict.BadOffset, 0, _plain.Length + bad.Length);
        }
    }

    [Fact]
    public void A_damaged_plain_log_is_not_applied_at_all()
    {
        var disk = new SimulatedDisk();
        disk.Put(LogDriver.Path, [.. _plain, .. "PING\r\n"u8]);
        var state = new TinyKeyspace();

        Assert.Throws<LogDamagedException>(() => LogRecovery.Run(disk, LogDriver.Path, state, new FakeTime()));

        Assert.Equal(0, state.Applied);
    }

    [Fact]
    public void A_server_goes_on_writing_to_a_plain_log_and_loads_both_parts()
    {
        var (driver, log) = Mixed();

        var state = Recover(log, out var report);

        Assert.Equal(driver.DigestAfter(2), state.Digest);
        Assert.Equal((2, 2, false), (report.Groups, report.End.LastNumber, report.End.IsPlain));
    }

    [Fact]
    public void Once_a_server_has_written_to_it_any_changed_byte_of_a_plain_log_is_found()
    {
        var (_, log) = Mixed();
        var disk = new SimulatedDisk();
        disk.Put(LogDriver.Path, _plain);
        new LogDriver(disk).Log.Dispose();
        foreach (var whole in (byte[][])[log, disk.Read(LogDriver.Path)])
        {
            for (var at = 0; at < _plain.Length; at++)
            {
                var changed = whole.ToArray();
                changed[at] ^= 0x01;
                disk.Put(LogDriver.Path, changed);

                Assert.Throws<LogDamagedException>(
                    () => LogRecovery.Run(disk, LogDriver.Path, new TinyKeyspace(), new FakeTime()));
            }
        }
    }

    [Fact]
    public void The_end_of_a_mixed_log_may_be_torn_at_any_byte()
    {
        var (driver, log) = Mixed();
        for (var length = _plain.Length; length <= log.Length; length++)
        {
            var state = Recover(log[..length], out var report);

            Assert.Equal(driver.DigestAfter((int)report.Groups), state.Digest);
        }
    }

    [Fact]
    public void A_plain_log_larger_than_the_window_loads()
    {
        var random = new Random(3);
        var text = new StringBuilder();
        for (var i = 0; i < 300; i++)
        {
            var value = new string((char)random.Next(256), random.Next(2000));
            text.Append($"*3\r\n$3\r\nSET\r\n$2\r\n{i % 10 + 10}\r\n${value.Length}\r\n{value}\r\n");
        }

        var bytes = Encoding.Latin1.GetBytes(text.ToString());
        var disk = new SimulatedDisk();
        disk.Put(LogDriver.Path, bytes);
        using var file = disk.Open(LogDriver.Path, LogFileMode.Read);
        var expected = Recover(bytes, out _).Digest;
        var state = new TinyKeyspace();

        var verdict = new LogVerifier(file, state, windowBytes: 1000).Run();

        Assert.Equal((LogCondition.Whole, 300), (verdict.Condition, verdict.Commands));
        Assert.Equal(expected, state.Digest);
    }

    private static (LogDriver Driver, byte[] Log) Mixed()
    {
        var disk = new SimulatedDisk();
        disk.Put(LogDriver.Path, _plain);
        var driver = new LogDriver(disk);
        driver.DurableTurn(["SET", "c", "1"]);
        driver.DurableTurn(["DEL", "b"]);
        return (driver, disk.Read(LogDriver.Path));
    }

    private static TinyKeyspace Recover(byte[] log, out RecoveryReport report)
    {
        var disk = new SimulatedDisk();
        disk.Put(LogDriver.Path, log);
        var state = new TinyKeyspace();
        report = LogRecovery.Run(disk, LogDriver.Path, state, new FakeTime());
        return state;
    }
}
