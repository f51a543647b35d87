using System.Globalization;
using RedisClone.Protocol;
using RedisClone.Server.Diagnostics;
using Xunit;

namespace RedisClone.Server.Tests.Diagnostics;

public class ErrorStatisticsTests
{
    [Fact]
    public void ErrorsAreCountedByTheirFirstWord()
    {
        var errors = new ErrorStatistics();
        errors.Count("WRONGTYPE Operation\r\n"u8);
        errors.Count("ERR no\r\n"u8);
        errors.Count("ERR other\r\n"u8);
        errors.Count("LOADING\r\n"u8);

        Assert.Equal([("ERR", 2L), ("LOADING", 1L), ("WRONGTYPE", 1L)], errors.All);
        Assert.Equal(4, errors.Total);
    }

    [Fact]
    public void CodesThatClientsMakeUpTakeBoundedRoom()
    {
        var errors = new ErrorStatistics();
        for (var i = 0; i < 10 * ErrorStatistics.CodesMax; i++)
        {
            errors.Count(Bytes.ofString(i.ToString(CultureInfo.InvariantCulture)));
        }

        errors.Count(Bytes.ofString(new string('x', ErrorStatistics.CodeBytesMax + 1)));
        Assert.Equal(ErrorStatistics.CodesMax, errors.All.Count());
        Assert.Equal((10 * ErrorStatistics.CodesMax) + 1, errors.Total);
    }
}
