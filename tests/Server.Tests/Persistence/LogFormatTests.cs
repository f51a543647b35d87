using System.Text;
using FsCheck.Xunit;
using RedisClone.Protocol;
using RedisClone.Server.Persistence;
using Xunit;

namespace RedisClone.Server.Tests.Persistence;

public sealed class LogFormatTests
{
    [RepeatableProperty]
    public void A_line_reads_as_it_was_written(byte kind, ulong number, ulong length, ulong time, ulong extra, byte[] body)
    {
        var line = new LogLine(
            (LogLineKind)"beg"u8[kind % 3],
            (long)(number >> 1),
            (long)(length >> 1),
            (long)(time >> 1),
            (long)(extra >> 1),
            0);
        var running = Crc32C.Append(Crc32C.Start, body);
        var writer = new RespWriter(16);
        LogFormat.Write(writer, line.Kind, line.Number, line.Length, line.TimeMs, line.Extra, running);

        Assert.True(LogFormat.TryRead(writer.Written, out var read, out var crcAt));
        Assert.Equal(line, read with { Crc = 0 });
        Assert.Equal(Crc32C.Finish(Crc32C.Append(running, writer.Written[..crcAt])), read.Crc);
        Assert.True(writer.Length <= LogFormat.RedisLineBytesMax);
    }

    [Fact]
    public void The_longest_line_is_one_that_Redis_skips()
    {
        var writer = new RespWriter(16);
        LogFormat.Write(
            writer, LogLineKind.Group, long.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue, Crc32C.Start);

        Assert.Equal(LogFormat.LineBytesMax, writer.Length);
        Assert.True(LogFormat.LineBytesMax <= LogFormat.RedisLineBytesMax);
    }

    [Theory]
    [InlineData("")]
    [InlineData("#g1 1 2 3 4 0123abcd")]
    [InlineData("#g1 1 2 3 4 0123abcd\n")]
    [InlineData("#g1 1 2 3 4 0123abc\r\n")]
    [InlineData("#g1 1 2 3 4 0123abcD\r\n")]
    [InlineData("#g1 1 2 3 0123abcd\r\n")]
    [InlineData("#g1 1 2 3 4 5 0123abcd\r\n")]
    [InlineData("#g1 01 2 3 4 0123abcd\r\n")]
    [InlineData("#g1 -1 2 3 4 0123abcd\r\n")]
    [InlineData("#g1 1 2 3 99999999999999999999 0123abcd\r\n")]
    [InlineData("#g1  1 2 3 4 0123abcd\r\n")]
    [InlineData("#x1 1 2 3 4 0123abcd\r\n")]
    [InlineData("#g2 1 2 3 4 0123abcd\r\n")]
    [InlineData("#TS:1712345678\r\n")]
    public void What_is_not_exactly_a_line_is_not_read_as_one(string text) =>
        Assert.False(LogFormat.TryRead(Encoding.Latin1.GetBytes(text), out _, out _));

    [Fact]
    public void The_checksum_is_CRC_32C()
    {
        // The check value of the catalogue of CRC algorithms, for the digits 1 to 9.
        Assert.Equal(0xE3069283u, Crc32C.Finish(Crc32C.Append(Crc32C.Start, "123456789"u8)));
    }

    [RepeatableProperty]
    public void The_checksum_does_not_depend_on_how_bytes_are_cut(byte[] bytes, ushort cut)
    {
        var at = cut % (bytes.Length + 1);

        var inPieces = Crc32C.Append(Crc32C.Append(Crc32C.Start, bytes.AsSpan(0, at)), bytes.AsSpan(at));

        Assert.Equal(Crc32C.Append(Crc32C.Start, bytes), inPieces);
    }
}
