using System.Net;
using System.Net.Sockets;

namespace RedisClone.Server.Network;

/// <summary>Makes the listening sockets that the options ask for.</summary>
internal static class Listeners
{
    /// <summary>Ports tried when any will do but every address must have the same.</summary>
    private const int AnyPortAttemptsMax = 16;

    /// <summary>Binds every address, all on one port, and listens.</summary>
    /// <exception cref="IOException">An address cannot be bound.</exception>
    public static Socket[] Bind(TransportContext context)
    {
        var addresses = Resolve(context);
        for (int attempt = 1; ; attempt++)
        {
            var bound = new List<Socket>();
            try
            {
                int port = context.Options.Port;
                foreach (var (address, text, optional) in addresses)
                {
                    if (TryBind(context, address, port, text, optional) is { } socket)
                    {
                        bound.Add(socket);
                        port = PortOf(socket);
                    }
                }

                return bound.Count > 0 ? [.. bound] : throw new IOException("There is no address to listen on.");
            }
            catch (IOException failure)
            {
                bound.ForEach(socket => socket.Dispose());
                bool isTaken = failure.InnerException is SocketException cause
                    && cause.SocketErrorCode == SocketError.AddressAlreadyInUse;
                if (context.Options.Port != 0 || !isTaken || attempt == AnyPortAttemptsMax)
                {
                    throw;
                }
            }
        }
    }

    public static int PortOf(Socket listener) => ((IPEndPoint)listener.LocalEndPoint!).Port;

    private static List<(IPAddress Address, string Text, bool Optional)> Resolve(TransportContext context)
    {
        var found = new List<(IPAddress, string, bool)>();
        foreach (string entry in context.Options.Bind)
        {
            bool optional = entry.StartsWith('-');
            string text = optional ? entry[1..] : entry;
            try
            {
                var addresses = text switch
                {
                    "*" => [IPAddress.Any],
                    "::*" => [IPAddress.IPv6Any],
                    _ when IPAddress.TryParse(text, out var address) => [address],
                    _ => Dns.GetHostAddresses(text),
                };
                foreach (var address in addresses)
                {
                    found.Add((address, text, optional));
                }
            }
            catch (SocketException failure)
            {
                if (!optional)
                {
                    throw Failure(text, context.Options.Port, failure);
                }

                NetworkLog.AddressSkipped(context.Logger, text, failure.Message);
            }
        }

        return found;
    }

    private static Socket? TryBind(TransportContext context, IPAddress address, int port, string text, bool optional)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = false;
            }

            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(context.Options.Backlog);
            socket.Blocking = false;
            NetworkLog.Listening(context.Logger, socket.LocalEndPoint!);
            return socket;
        }
        catch (SocketException failure)
        {
            socket?.Dispose();
            // A machine without IPv6 is served as it is; of the other errors "-" can only mean a missing address.
            bool isSkipped = failure.SocketErrorCode
                    is SocketError.AddressFamilyNotSupported or SocketError.ProtocolNotSupported
                || (optional && failure.SocketErrorCode == SocketError.AddressNotAvailable);
            if (!isSkipped)
            {
                throw Failure(text, port, failure);
            }

            NetworkLog.AddressSkipped(context.Logger, text, failure.Message);
            return null;
        }
    }

    private static IOException Failure(string address, int port, SocketException failure) =>
        new($"Cannot listen on port {port} of {address}: {failure.Message}", failure);
}
