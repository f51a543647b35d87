using Microsoft.Extensions.Logging;
using RedisClone.Server.Configuration;
using RedisClone.Server.Logging;
using Xunit;

namespace RedisClone.Server.Tests.Logging;

public sealed class LineLoggerProviderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("logging-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void TheLevelIsThatOfTheMoment()
    {
        var options = new ServerOptions { Directory = _folder, LogFile = "server.log", LogLevel = LogVerbosity.Warning };
        string[] lines = Logged(options, logger =>
        {
            logger.LogInformation("not yet");
            options.LogLevel = LogVerbosity.Notice;
            logger.LogInformation("now {Number}", 1);
            logger.LogDebug("not this");
        });
        Assert.EndsWith(" notice  now 1", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public void AFileIsAddedTo()
    {
        var options = new ServerOptions { Directory = _folder, LogFile = "server.log" };
        Logged(options, logger => logger.LogWarning("one"));
        Assert.Equal(2, Logged(options, logger => logger.LogWarning("two")).Length);
    }

    [Fact]
    public void AFileThatCannotBeOpenedIsAnErrorAtOnce() =>
        Assert.Throws<DirectoryNotFoundException>(() => new LineLoggerProvider(
            new ServerOptions { Directory = _folder, LogFile = "no/such/place.log" }, TimeProvider.System));

    private string[] Logged(ServerOptions options, Action<ILogger> log)
    {
        using (var provider = new LineLoggerProvider(options, TimeProvider.System))
        {
            log(provider.CreateLogger("any"));
        }

        return File.ReadAllLines(Path.Combine(_folder, options.LogFile));
    }
}
