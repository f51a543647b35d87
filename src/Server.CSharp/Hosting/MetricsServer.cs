using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace RedisClone.Server.Hosting;

/// <summary>
/// Answers <c>GET /metrics</c> in the text format of Prometheus, and <c>GET /healthz</c> with 200 while the server does its
/// work and 503 while it does not. Made only when the setting metrics-port asks for it.
/// </summary>
/// <remarks>
/// The host is the empty one: it reads no files and no environment, and no signals. Kestrel reports to the log of the
/// server, from warnings on.
/// </remarks>
internal sealed class MetricsServer : IDisposable
{
    private const string TextType = "text/plain; version=0.0.4; charset=utf-8";
    private const int ConnectionsMax = 64;
    private const int HeaderBytesMax = 8 * 1024;

    private static readonly TimeSpan StopTimeMax = TimeSpan.FromSeconds(1);

    private readonly WebApplication _application;
    private readonly Func<string> _metrics;
    private readonly Func<string?> _trouble;

    /// <param name="address">Where to listen.</param>
    /// <param name="port">The port there.</param>
    /// <param name="loggers">Where it reports.</param>
    /// <param name="metrics">Gives the text. Called from any thread.</param>
    /// <param name="trouble">Says why the server does not do its work, or null. Called from any thread.</param>
    public MetricsServer(
        IPAddress address, int port, ILoggerFactory loggers, Func<string> metrics, Func<string?> trouble)
    {
        _metrics = metrics;
        _trouble = trouble;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
            kestrel.Limits.MaxRequestHeadersTotalSize = HeaderBytesMax;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(address, port);
        });
        builder.Services.AddSingleton<ILoggerFactory>(new WarningsOnly(loggers));
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        _application = builder.Build();
        _application.Run(AnswerAsync);
    }

    /// <summary>Begins to listen.</summary>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public void Start() => _application.StartAsync().GetAwaiter().GetResult();

    public void Dispose()
    {
        using (var bound = new CancellationTokenSource(StopTimeMax))
        {
            _application.StopAsync(bound.Token).GetAwaiter().GetResult();
        }

        ((IDisposable)_application).Dispose();
    }

    private Task AnswerAsync(HttpContext context)
    {
        var isRead = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        (int status, string text) = context.Request.Path.Value switch
        {
            _ when !isRead => (StatusCodes.Status405MethodNotAllowed, "only GET\n"),
            "/metrics" => (StatusCodes.Status200OK, _metrics()),
            "/healthz" when _trouble() is { } trouble => (StatusCodes.Status503ServiceUnavailable, trouble + "\n"),
            "/healthz" => (StatusCodes.Status200OK, "ok\n"),
            _ => (StatusCodes.Status404NotFound, "there are /metrics and /healthz\n"),
        };
        context.Response.StatusCode = status;
        context.Response.ContentType = TextType;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(text);
    }

    /// <summary>The life of this host is that of the server, so it listens to no signals.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class WarningsOnly(ILoggerFactory loggers) : ILoggerFactory
    {
        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public ILogger CreateLogger(string categoryName) => new Filter(loggers.CreateLogger(categoryName));

        public void Dispose()
        {
            // The loggers belong to the server.
        }

        private sealed class Filter(ILogger logger) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning && logger.IsEnabled(logLevel);

            public void Log<TState>(
                LogLevel logLevel,
                EventId eventId,
                TState state,
                Exception? exception,
                Func<TState, Exception?, string> formatter)
            {
                if (IsEnabled(logLevel))
                {
                    logger.Log(logLevel, eventId, state, exception, formatter);
                }
            }
        }
    }
}
