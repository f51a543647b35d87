using System.Net;
using StackExchange.Redis;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>Connects the usual client of .NET to a server, with its default options but for patience.</summary>
internal static class StackExchangeClient
{
    private const int TimeoutMs = 30_000;

    public static async Task<ConnectionMultiplexer> ConnectAsync(
        TestServer server, Action<ConfigurationOptions>? configure = null)
    {
        var options = ConfigurationOptions.Parse($"{IPAddress.Loopback}:{server.Port}");
        options.ConnectTimeout = options.AsyncTimeout = options.SyncTimeout = TimeoutMs;
        configure?.Invoke(options);
        return await ConnectionMultiplexer.ConnectAsync(options);
    }
}
