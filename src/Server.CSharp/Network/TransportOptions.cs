using RedisClone.Server.Network.Tls;

namespace RedisClone.Server.Network;

/// <summary>
/// Where and how the server listens. What is settable may be changed at run time, from any thread; it counts from the
/// next connection, turn or tick on.
/// </summary>
public sealed class TransportOptions
{
    /// <summary>The most I/O loops that are started without being asked for by number.</summary>
    public const int AutomaticLoopsMax = 8;

    /// <summary>
    /// Addresses or host names. <c>*</c> is every IPv4 and <c>::*</c> every IPv6 address; one with <c>-</c> before it
    /// may be missing on this machine.
    /// </summary>
    public IReadOnlyList<string> Bind { get; init; } = ["*", "-::*"];

    /// <summary>The TCP port; 0 takes any free one, which <see cref="ITransport.Port"/> then tells.</summary>
    public int Port { get; init; }

    /// <summary>Whether there is a port without TLS.</summary>
    public bool ListensTcp { get; init; } = true;

    /// <summary>tls-port, for the same addresses; 0 takes any free one, null is none.</summary>
    public int? TlsPort { get; init; }

    /// <summary>What new connections of the TLS port are made with; needed there.</summary>
    public TlsContext? Tls { get; set; }

    /// <summary>TLS handshakes that may be under way at a time; beyond, new ones are closed at once.</summary>
    public int HandshakesMax { get; set; } = 1024;

    /// <summary>unixsocket: a full path; null is none.</summary>
    public string? UnixSocket { get; init; }

    /// <summary>unixsocketperm: the permissions of that file; 0 leaves them as the system makes them.</summary>
    public int UnixSocketPermissions { get; init; }

    /// <summary>tcp-backlog: connections that the kernel holds until they are accepted.</summary>
    public int Backlog { get; init; } = 511;

    /// <summary>I/O threads; 0 chooses by the number of cores.</summary>
    public int Loops { get; init; }

    /// <summary>Uses the portable sockets on Linux too.</summary>
    public bool PortableSockets { get; init; }

    /// <summary>timeout: seconds without traffic after which a client is disconnected; 0 is never.</summary>
    public int TimeoutSeconds { get; set; }

    /// <summary>tcp-keepalive: seconds of silence before the peer is probed; 0 is never. For new connections.</summary>
    public int TcpKeepAliveSeconds { get; set; } = 300;

    /// <summary>client-query-buffer-limit: bytes of one connection that may wait for the rest of a command.</summary>
    public int InputBytesMax { get; set; } = 1024 * 1024 * 1024;

    /// <summary>Unsent bytes beyond which a connection is not read until half of them have left.</summary>
    public long OutputBytesMax { get; set; } = 64 * 1024 * 1024;

    /// <summary>client-output-buffer-limit: for clients that are sent what they ask for.</summary>
    public OutputLimit NormalOutput { get; set; } = new(0, 0, 0);

    /// <summary>client-output-buffer-limit: for clients that are sent messages.</summary>
    public OutputLimit PubSubOutput { get; set; } = new(0, 0, 0);

    /// <summary>
    /// Bytes of replies in one turn, hence of one reply, beyond which they are dropped and the connection is closed
    /// with <see cref="CloseReason.OutputLimit"/>. A lower hard limit counts instead.
    /// </summary>
    public int ReplyBytesMax { get; set; } = NetworkLimits.ReplyBytesMax;

    internal OutputLimit LimitOf(OutputClass outputClass) =>
        outputClass == OutputClass.PubSub ? PubSubOutput : NormalOutput;

    internal int TurnBytesMax(OutputClass outputClass) =>
        LimitOf(outputClass).HardBytes is var hard and > 0 ? (int)Math.Min(hard, ReplyBytesMax) : ReplyBytesMax;

    internal int LoopCount => Loops > 0 ? Loops : Math.Clamp(Environment.ProcessorCount / 2, 1, AutomaticLoopsMax);
}

/// <summary>
/// Unsent bytes beyond which a connection is closed with <see cref="CloseReason.OutputLimit"/>: at once, or when there
/// are more than <paramref name="SoftBytes"/> for longer than <paramref name="SoftSeconds"/>. 0 bytes is no limit.
/// </summary>
public sealed record OutputLimit(long HardBytes, long SoftBytes, int SoftSeconds);
