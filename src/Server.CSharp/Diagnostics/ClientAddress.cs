using System.Net;
using System.Net.Sockets;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Diagnostics;

/// <summary>Addresses as Redis shows them.</summary>
internal static class ClientAddress
{
    /// <summary>The address of a session's client, <c>ip:port</c>; of a socket in the file system its path and 0.</summary>
    public static string OfPeer(Session session) => session.Connection?.RemoteEndPoint switch
    {
        IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped => $"{mapped.Address.MapToIPv4()}:{mapped.Port}",
        UnixDomainSocketEndPoint => $"{session.Connection.LocalEndPoint}:0",
        null => "",
        var other => other.ToString() ?? "",
    };

    /// <summary>The address as MONITOR shows it.</summary>
    public static string InMonitor(Session session) => session.Connection?.RemoteEndPoint is UnixDomainSocketEndPoint
        ? $"unix:{session.Connection.LocalEndPoint}"
        : OfPeer(session);
}
