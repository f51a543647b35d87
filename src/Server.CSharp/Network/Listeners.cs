using System.Net;
using System.Net.Sockets;

namespace RedisClone.Server.Network;

/// <summary>Makes the listening sockets that the options ask for.</summary>
internal static class Listeners
{
    /// <summary>Ports tried when any will do but every address must have the same.</summary>
    private const int AnyPortAttemptsMax = 16;

    /// <summary>Binds whatever the options name, and listens.</summary>
    /// <exception cref="IOException">An address or path cannot be had.</exception>
    public static Listener[] Bind(TransportContext context)
    {
        var options = context.Options;
        var bound = new List<Listener>();
        try
        {
            if (options.ListensTcp)
            {
                Bind(context, options.Port, ListenerKind.Tcp, bound);
            }

            if (options.TlsPort is { } tlsPort)
            {
                ArgumentNullException.ThrowIfNull(options.Tls);
                Bind(context, tlsPort, ListenerKind.Tls, bound);
            }

            if (options.UnixSocket is { } path)
            {
                bound.Add(UnixSocketFile.Listen(path, options.UnixSocketPermissions, options.Backlog));
                NetworkLog.ListeningOnUnixSocket(context.Logger, path);
            }

            return bound.Count > 0 ? [.. bound] : throw new IOException("There is no address to listen on.");
        }
        catch (IOException)
        {
            bound.ForEach(listener => listener.Dispose());
            throw;
        }
    }

    /// <summary>The port of the listeners of a kind; 0 if there are none.</summary>
    public static int PortOf(Listener[] listeners, ListenerKind kind) =>
        listeners.FirstOrDefault(listener => listener.Kind == kind)?.Port ?? 0;

    /// <summary>Binds every address, all on one port.</summary>
    private static void Bind(TransportContext context, int wanted, ListenerKind kind, List<Listener> all)
    {
        var addresses = Resolve(context, wanted);
        for (int attempt = 1; ; attempt++)
        {
            var bound = new List<Listener>();
            try
            {
                int port = wanted;
                foreach (var (address, text, optional) in addresses)
                {
                    if (TryBind(context, address, port, text, optional) is { } socket)
                    {
                        var listener = new Listener(socket, kind);
                        bound.Add(listener);
                        port = listener.Port;
                        NetworkLog.Listening(
                            context.Logger, socket.LocalEndPoint!, kind == ListenerKind.Tls ? " with TLS" : "");
                    }
                }

                all.AddRange(bound);
                return;
            }
            catch (IOException failure)
            {
                bound.ForEach(socket => socket.Dispose());
                bool isTaken = failure.InnerException is SocketException cause
                    && cause.SocketErrorCode == SocketError.AddressAlreadyInUse;
                if (wanted != 0 || !isTaken || attempt == AnyPortAttemptsMax)
                {
                    throw;
                }
            }
        }
    }

    private static List<(IPAddress Address, string Text, bool Optional)> Resolve(
        TransportContext context, int port)
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
                    throw Failure(text, port, failure);
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
