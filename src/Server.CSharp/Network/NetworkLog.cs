using System.Net;
using Microsoft.Extensions.Logging;

namespace RedisClone.Server.Network;

/// <summary>What the network layer has to say to an operator.</summary>
internal static partial class NetworkLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Listening on {EndPoint}{Manner}")]
    public static partial void Listening(ILogger logger, EndPoint endPoint, string manner);

    [LoggerMessage(Level = LogLevel.Information, Message = "Listening on the Unix socket {Path}")]
    public static partial void ListeningOnUnixSocket(ILogger logger, string path);

    [LoggerMessage(Level = LogLevel.Information, Message = "The TLS handshake with {EndPoint} failed: {Reason}")]
    public static partial void HandshakeFailed(ILogger logger, EndPoint? endPoint, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} more TLS handshakes failed in the last minute")]
    public static partial void HandshakesFailed(ILogger logger, long count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not listening on optional address {Address}: {Reason}")]
    public static partial void AddressSkipped(ILogger logger, string address, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Accepting connections is paused: {Reason}")]
    public static partial void AcceptPaused(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Closed the connection of {EndPoint}: {Reason}")]
    private static partial void Closed(ILogger logger, EndPoint? endPoint, string reason);

    public static void ClosedOverLimit(ILogger logger, EndPoint? endPoint, CloseReason why) =>
        Closed(logger, endPoint, why switch
        {
            CloseReason.Evicted => "clients take more memory than allowed (maxmemory-clients), and it most of it",
            CloseReason.OutputLimit => "its replies are longer than allowed (client-output-buffer-limit)",
            CloseReason.InputLimit => "its commands are longer than allowed (client-query-buffer-limit)",
            _ => "there is no memory for its commands or replies",
        });
}
