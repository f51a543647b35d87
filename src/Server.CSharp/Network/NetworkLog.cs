using System.Net;
using Microsoft.Extensions.Logging;

namespace RedisClone.Server.Network;

/// <summary>What the network layer has to say to an operator.</summary>
internal static partial class NetworkLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Listening on {EndPoint}")]
    public static partial void Listening(ILogger logger, EndPoint endPoint);

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
