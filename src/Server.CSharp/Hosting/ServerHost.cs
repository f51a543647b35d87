using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RedisClone.Server.Configuration;
using RedisClone.Server.Logging;

namespace RedisClone.Server.Hosting;

/// <summary>
/// Runs one server in a host until a signal ends it: Ctrl+C or SIGINT, SIGTERM, SIGQUIT, or the closing of a Windows
/// console or session.
/// </summary>
/// <remarks>
/// The host is the empty one: no configuration files, environment variables or reload watchers, which would cost more
/// time than everything else at start. What the server is set to comes from <see cref="ServerOptions"/> alone.
/// </remarks>
internal static class ServerHost
{
    /// <summary>How long stopping may take before the program gives up waiting.</summary>
    private static readonly TimeSpan StopTimeMax = TimeSpan.FromSeconds(60);

    /// <summary>Completes with the exit code once the server has stopped.</summary>
    public static async Task<int> RunAsync(ServerOptions options, TextWriter errors)
    {
        LineLoggerProvider log;
        try
        {
            log = new LineLoggerProvider(options, TimeProvider.System);
        }
        catch (Exception e) when (FileProblem.Is(e))
        {
            string problem = FileProblem.Describe(options.LogFile, e);
            await errors.WriteLineAsync($"Can't open the log file '{options.LogFile}': {problem}");
            return ExitStatus.Failed;
        }

        using (log)
        {
            return await RunAsync(options, log);
        }
    }

    private static async Task<int> RunAsync(ServerOptions options, LineLoggerProvider log)
    {
        var exit = new ExitStatus();
        using var loggers = new LoggerFactory([log], new LoggerFilterOptions { MinLevel = LogLevel.Trace });
        await using var server = new RedisCloneServer(options, TimeProvider.System, seed: null, loggers);

        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings { ApplicationName = ProductInfo.Name });
        builder.Services.AddSingleton<ILoggerFactory>(loggers);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopTimeMax);
        builder.Services.Configure<ConsoleLifetimeOptions>(console => console.SuppressStatusMessages = true);
        builder.Services.AddSingleton<IHostedService>(services => new RedisCloneService(
            server, options, services.GetRequiredService<IHostApplicationLifetime>(), exit, loggers));
        using var signals = new SignalHandlers(loggers.CreateLogger(nameof(SignalHandlers)));
        using IHost host = builder.Build();
        await host.RunAsync();
        return exit.Code;
    }
}
