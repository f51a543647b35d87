using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RedisClone.Server.Configuration;
using RedisClone.Server.Persistence;

namespace RedisClone.Server.Hosting;

/// <summary>Ties one server to the life of a host: it runs from when the host starts until it is told to stop.</summary>
internal sealed class RedisCloneService(
    RedisCloneServer server,
    ServerOptions options,
    IHostApplicationLifetime lifetime,
    ExitStatus exit,
    ILoggerFactory loggers)
    : IHostedService
{
    private readonly ILogger _logger = loggers.CreateLogger(nameof(RedisCloneService));
    private PidFile? _pidFile;

    /// <summary>Starts the server; if it cannot start, says why and has the program end with exit code 1.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _logger.LogInformation("{Name} {Version} starts as process {ProcessId} on .NET {Runtime}",
            ProductInfo.Name, ProductInfo.Version, Environment.ProcessId, Environment.Version);
        server.ShutdownRequested = lifetime.StopApplication;
        using var stopping = lifetime.ApplicationStopping.Register(server.CancelLoading);
        try
        {
            if (options.Supervised == Supervisor.Upstart)
            {
                throw new IOException("upstart cannot supervise this server (supervised): use systemd, auto or no");
            }

            Tell(Systemd.Loading);
            server.Start();
            _pidFile = PidFile.Write(options, out string? problem);
            if (problem is not null)
            {
                _logger.LogWarning("{Problem}", problem);
            }

            Tell(Systemd.Ready);
            if (server.Port > 0)
            {
                _logger.LogInformation("Ready to accept connections on port {Port}", server.Port);
            }
            else
            {
                _logger.LogInformation("Ready to accept connections");
            }
        }
        catch (OperationCanceledException)
        {
            _logger.LogWarning("Stopped before the data were loaded");
        }
        catch (Exception e) when (IsForTheOperator(e))
        {
            _logger.LogError("Cannot start: {Problem}", e.Message);
            exit.Code = ExitStatus.Failed;
            lifetime.StopApplication();
        }

        return Task.CompletedTask;
    }

    /// <summary>Whether this is about the machine, the settings or the data; the rest is a fault of the program.</summary>
    private static bool IsForTheOperator(Exception e) =>
        e is IOException or UnauthorizedAccessException or SocketException
            or LogInUseException or LogDamagedException or LogImportException or LogReplayException;

    /// <summary>Stops the server; every acknowledged write is on its way to disk before this completes.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (exit.Code == ExitStatus.Succeeded)
        {
            _logger.LogInformation("Stopping");
        }

        if (Systemd.Supervises(options))
        {
            Tell(Systemd.Stopping);
        }

        try
        {
            await server.StopAsync().WaitAsync(cancellationToken);
            _logger.LogInformation("Stopped");
        }
        catch (OperationCanceledException)
        {
            _logger.LogError("Stopping took too long; it was given up");
            exit.Code = ExitStatus.Failed;
        }

        _pidFile?.Dispose();
    }

    private void Tell(string state)
    {
        if (Systemd.Notify(options, state) is { } problem)
        {
            _logger.LogWarning("{Problem}", problem);
        }
    }
}

/// <summary>What the program will return to whoever started it.</summary>
internal sealed class ExitStatus
{
    public const int Succeeded = 0;
    public const int Failed = 1;

    /// <summary>By a second SIGINT, without stopping in good order.</summary>
    public const int Interrupted = 130;

    public int Code { get; set; } = Succeeded;
}
