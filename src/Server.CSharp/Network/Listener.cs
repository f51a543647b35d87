using System.Net;
using System.Net.Sockets;

namespace RedisClone.Server.Network;

/// <summary>What comes in through a listening socket.</summary>
internal enum ListenerKind
{
    Tcp,
    Tls,
    Unix,
}

/// <summary>A listening socket. That of a Unix socket owns the file it is reached by.</summary>
internal sealed class Listener(Socket socket, ListenerKind kind, EndPoint? name = null) : IDisposable
{
    public Socket Socket => socket;

    public ListenerKind Kind => kind;

    /// <summary>What both ends of its connections are called; null where each has an address of its own.</summary>
    public EndPoint? Name => name;

    public int Descriptor { get; } = (int)socket.SafeHandle.DangerousGetHandle();

    public int Port => (socket.LocalEndPoint as IPEndPoint)?.Port ?? 0;

    public void Dispose()
    {
        // The file first: from then on it belongs to whoever makes it anew.
        if (name is not null)
        {
            UnixSocketFile.Delete(name.ToString()!);
        }

        socket.Dispose();
    }
}
