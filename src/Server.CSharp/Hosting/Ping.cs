using System.Net.Sockets;
using System.Text;
using RedisClone.Server.Configuration;

namespace RedisClone.Server.Hosting;

/// <summary>Asks a server whether it answers: for health checks in places where there is no other client.</summary>
internal static class Ping
{
    private const int TimeoutMs = 5_000;
    private const string DefaultPort = "6379";
    private const int ReplyBytesMax = 256;

    /// <summary>
    /// Asks at <c>host:port</c>, at a port of this machine, or at the path of a Unix socket. A server that wants a password
    /// is well too; one that is loading is not yet.
    /// </summary>
    public static int Run(string where, TextWriter output)
    {
        try
        {
            using var socket = Connect(where.Length == 0 ? DefaultPort : where);
            socket.SendTimeout = socket.ReceiveTimeout = TimeoutMs;
            socket.Send("PING\r\n"u8);
            string reply = ReadLine(socket);
            output.WriteLine(reply.TrimStart('+', '-'));
            return reply == "+PONG" || reply.StartsWith("-NOAUTH", StringComparison.Ordinal)
                ? ExitStatus.Succeeded
                : ExitStatus.Failed;
        }
        catch (Exception e) when (e is SocketException or FormatException or ArgumentException or OverflowException)
        {
            output.WriteLine($"no answer: {e.Message}");
            return ExitStatus.Failed;
        }
    }

    private static Socket Connect(string where)
    {
        if (where.Contains('/') || where.Contains('\\'))
        {
            var local = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            local.Connect(new UnixDomainSocketEndPoint(where));
            return local;
        }

        int colon = where.LastIndexOf(':');
        string host = colon < 0 ? "127.0.0.1" : where[..colon].Trim('[', ']');
        if (!ConfiguredNumber.TryParseInteger(where[(colon + 1)..], out long port) || port is < 1 or > 65535)
        {
            throw new FormatException($"'{where}' is no port, host:port or path of a socket");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(host, (int)port);
        return socket;
    }

    private static string ReadLine(Socket socket)
    {
        byte[] buffer = new byte[ReplyBytesMax];
        int length = 0;
        while (length < buffer.Length && !buffer.AsSpan(0, length).Contains((byte)'\n'))
        {
            int received = socket.Receive(buffer, length, buffer.Length - length, SocketFlags.None);
            if (received == 0)
            {
                break;
            }

            length += received;
        }

        return Encoding.Latin1.GetString(buffer, 0, length).TrimEnd();
    }
}
