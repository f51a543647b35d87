using Microsoft.Extensions.Logging;
using RedisClone.Server.Configuration;
using RedisClone.Server.Logging;
using Xunit;

namespace RedisClone.Server.Tests.Logging;

public class LineFormatTests
{
    private static readonly DateTimeOffset Time = new(2024, 5, 6, 7, 8, 9, 10, TimeSpan.Zero);

    [Theory]
    [InlineData(LogLevel.Trace, "07:08:09.010 debug   hello")]
    [InlineData(LogLevel.Debug, "07:08:09.010 verbose hello")]
    [InlineData(LogLevel.Information, "07:08:09.010 notice  hello")]
    [InlineData(LogLevel.Warning, "07:08:09.010 warning hello")]
    [InlineData(LogLevel.Error, "07:08:09.010 error   hello")]
    [InlineData(LogLevel.Critical, "07:08:09.010 error   hello")]
    public void ALineHasTimeLevelAndMessage(LogLevel level, string line) =>
        Assert.Equal(line, LineFormat.Format(Time, level, "hello", null));

    [Fact]
    public void AMessageCannotStartALineOfItsOwn() =>
        Assert.Equal(
            @"07:08:09.010 notice  a\x0d\x0a07:08:09.010 warning forged\x1b[2J é",
            LineFormat.Format(Time, LogLevel.Information, "a\r\n07:08:09.010 warning forged\u001b[2J é", null));

    [Fact]
    public void AnExceptionFollowsOnLinesThatAreSetIn()
    {
        string text = LineFormat.Format(Time, LogLevel.Error, "failed", new IOException("disk\nfull"));
        Assert.Equal("07:08:09.010 error   failed\n    System.IO.IOException: disk\n    full", text);
    }

    [Fact]
    public void ALongMessageIsCut()
    {
        string text = LineFormat.Format(Time, LogLevel.Error, new string('x', 1_000_000), null);
        Assert.EndsWith("xxx...", text, StringComparison.Ordinal);
        Assert.InRange(text.Length, LineFormat.MessageCharactersMax, LineFormat.MessageCharactersMax + 40);
    }

    [Theory]
    [InlineData(LogVerbosity.Debug, LogLevel.Trace)]
    [InlineData(LogVerbosity.Verbose, LogLevel.Debug)]
    [InlineData(LogVerbosity.Notice, LogLevel.Information)]
    [InlineData(LogVerbosity.Warning, LogLevel.Warning)]
    public void TheLogLevelOfRedisIsTheLeastThatIsLogged(LogVerbosity verbosity, LogLevel least) =>
        Assert.Equal(least, LineFormat.LeastLevel(verbosity));
}
