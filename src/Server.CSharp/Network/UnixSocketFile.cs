using System.Net.Sockets;
using RedisClone.Server.Network.Linux;

namespace RedisClone.Server.Network;

/// <summary>The file by which a Unix socket is reached.</summary>
internal static class UnixSocketFile
{
    /// <summary>Makes a listening socket at a full path. A socket that nobody listens on any more is replaced.</summary>
    /// <param name="path">A full path.</param>
    /// <param name="permissions">Of the file; 0 leaves them as the system makes them.</param>
    /// <param name="backlog">Connections that the kernel holds until they are accepted.</param>
    /// <exception cref="IOException">It cannot be had; the message says why.</exception>
    public static Listener Listen(string path, int permissions, int backlog)
    {
        Socket? socket = null;
        try
        {
            var name = new UnixDomainSocketEndPoint(path);
            RemoveStale(path, name);
            socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Bind(name);

            // Before it listens: until then nobody gets in, whatever the permissions are.
            if (permissions != 0 && !OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, (UnixFileMode)permissions);
            }

            socket.Listen(backlog);
            socket.Blocking = false;
            return new Listener(socket, ListenerKind.Unix, name);
        }
        catch (Exception e) when (e is SocketException or ArgumentException or UnauthorizedAccessException)
        {
            socket?.Dispose();
            string reason = e is ArgumentException ? "the path is empty or too long for a socket" : e.Message;
            throw new IOException($"Cannot listen on the Unix socket '{path}': {reason}", e);
        }
        catch (IOException)
        {
            socket?.Dispose();
            throw;
        }
    }

    public static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start finds that nobody listens on it.
        }
    }

    /// <summary>Removes what a server that was killed has left behind, and nothing else.</summary>
    private static void RemoveStale(string path, UnixDomainSocketEndPoint name)
    {
        if (!File.Exists(path) || !IsSocket(path))
        {
            // Nothing is there, or something that binding will refuse to replace.
            return;
        }

        using var visitor = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            Blocking = false,
        };
        try
        {
            visitor.Connect(name);
        }
        catch (SocketException refused) when (refused.SocketErrorCode == SocketError.ConnectionRefused)
        {
            Delete(path);
        }
        catch (SocketException)
        {
            // Somebody is there, if too busy; binding fails with the reason.
        }
    }

    private static bool IsSocket(string path) =>
        OperatingSystem.IsLinux() ? Native.IsSocket(path)
        : OperatingSystem.IsWindows() && (File.GetAttributes(path) & FileAttributes.ReparsePoint) != 0;
}
