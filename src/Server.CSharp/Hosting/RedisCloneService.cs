using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RedisClone.Server.Configuration;

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

    /// <summary>Starts the server; if it cannot start, says why and has the program end with exit code 1.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _logger.LogInformation("{Name} {Version} starts as process {ProcessId} on .NET {Runtime}",
            ProductInfo.Name, ProductInfo.Version, Environment.ProcessId, Environment.Version);
        try
        {
            server.Start();
            _logger.LogInformation("Ready to accept connections on port {Port}", server.Port);
        }
        catch (IOException e) when (e.InnerException is SocketException cause)
        {
            GiveUp($"Cannot listen on port {options.Port} of {string.Join(' ', options.Bind)}: {cause.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            GiveUp($"Cannot start: {e.Message}");
        }

        return Task.CompletedTask;
    }

    /// <summary>Stops the server; every acknowledged write is on its way to disk before this completes.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (exit.Code == ExitStatus.Succeeded)
        {
            _logger.LogInformation("Stopping");
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
    }

    private void GiveUp(string problem)
    {
        _logger.LogError("{Problem}", problem);
        exit.Code = ExitStatus.Failed;
        lifetime.StopApplication();
    }
}

/// <summary>What the program will return to whoever started it.</summary>
internal sealed class ExitStatus
{
    public const int Succeeded = 0;
    public const int Failed = 1;

    public int Code { get; set; } = Succeeded;
}
