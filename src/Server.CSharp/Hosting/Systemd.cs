using System.Net.Sockets;
using System.Text;
using RedisClone.Server.Configuration;

namespace RedisClone.Server.Hosting;

/// <summary>Tells systemd how the server is: a datagram of text to the socket that the environment names (sd_notify).</summary>
internal static class Systemd
{
    public const string Ready = "READY=1\nSTATUS=Ready to accept connections\n";
    public const string Loading = "STATUS=Loading the data\n";
    public const string Stopping = "STOPPING=1\nSTATUS=Stopping\n";

    private const string AddressVariable = "NOTIFY_SOCKET";

    /// <summary>Whether systemd is to be told.</summary>
    public static bool Supervises(ServerOptions options) =>
        options.Supervised is Supervisor.Systemd or Supervisor.Auto
        && Environment.GetEnvironmentVariable(AddressVariable) is { Length: > 0 };

    /// <summary>Tells it; returns null, or why that was not possible.</summary>
    public static string? Notify(ServerOptions options, string state)
    {
        if (!Supervises(options))
        {
            return options.Supervised == Supervisor.Systemd ? $"systemd is not there: {AddressVariable} is not set" : null;
        }

        try
        {
            string address = Environment.GetEnvironmentVariable(AddressVariable)!;

            // An address of Linux' abstract name space begins with a NUL, which no environment variable can hold.
            string path = address[0] == '@' ? $"\0{address[1..]}" : address;
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            socket.Send(Encoding.UTF8.GetBytes(state));
            return null;
        }
        catch (Exception e) when (e is SocketException or ArgumentException or PlatformNotSupportedException)
        {
            return $"systemd could not be told: {e.Message}";
        }
    }
}
