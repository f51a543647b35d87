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
}
