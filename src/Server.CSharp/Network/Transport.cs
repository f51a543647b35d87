using Microsoft.Extensions.Logging;
using RedisClone.Server.Network.Linux;

namespace RedisClone.Server.Network;

/// <summary>Accepts connections and carries bytes between them and their handlers.</summary>
public interface ITransport
{
    /// <summary>The port without TLS that is listened on, once started; 0 if there is none.</summary>
    int Port { get; }

    /// <summary>The port with TLS; 0 if there is none.</summary>
    int TlsPort => 0;

    TransportCounters Counters { get; }

    /// <summary>Binds every address and starts to accept.</summary>
    /// <exception cref="IOException">An address cannot be bound; the message says which and why.</exception>
    void Start();

    /// <summary>
    /// Stops accepting, carries out what was received, sends the replies and closes every connection with
    /// <see cref="CloseReason.Shutdown"/>. Returns when all is closed. Once <paramref name="bound"/> has passed (to the
    /// second), connections that still have not taken their replies are cut off.
    /// </summary>
    void Stop(TimeSpan bound);
}

/// <summary>What the transport has done so far; <see cref="Open"/> is now.</summary>
public readonly record struct TransportCounters(long Open, long Accepted, long Refused, long BytesIn, long BytesOut);

public static class Transport
{
    /// <summary>The fastest transport of this platform, not yet started.</summary>
    public static ITransport Create(TransportOptions options, IServerCore core, TimeProvider clock, ILogger logger)
    {
        var context = new TransportContext(options, core, clock, logger);
        return OperatingSystem.IsLinux() && !options.PortableSockets
            ? new EpollTransport(context)
            : new SocketTransport(context);
    }
}
