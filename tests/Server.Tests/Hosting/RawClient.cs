using System.Net;
using System.Net.Sockets;
using System.Text;
using RedisClone.Server.Tests.Network;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>A blocking client that sends what no proper client would. Bytes are characters 0 to 255.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];

    public RawClient(int port, int? receiveBufferBytes = null)
    {
        Socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = (int)Eventually.Bound.TotalMilliseconds,
            SendTimeout = (int)Eventually.Bound.TotalMilliseconds,
        };
        if (receiveBufferBytes is { } bytes)
        {
            Socket.ReceiveBufferSize = bytes;
        }

        Socket.Connect(IPAddress.Loopback, port);
    }

    public Socket Socket { get; }

    public void Send(string text)
    {
        ReadOnlySpan<byte> bytes = Encoding.Latin1.GetBytes(text);
        while (bytes.Length > 0)
        {
            bytes = bytes[Socket.Send(bytes)..];
        }
    }

    /// <summary>Reads exactly so many characters, fewer only at the end of the connection.</summary>
    public string Read(int count)
    {
        var text = new StringBuilder();
        while (text.Length < count && Receive(count - text.Length) is { Length: > 0 } part)
        {
            text.Append(part);
        }

        return text.ToString();
    }

    /// <summary>Everything until the server closes.</summary>
    public string ReadToEnd() => Read(int.MaxValue);

    public string Ask(string text, int replyLength)
    {
        Send(text);
        return Read(replyLength);
    }

    public void Dispose() => Socket.Dispose();

    private string Receive(int most)
    {
        try
        {
            int received = Socket.Receive(_buffer, Math.Min(most, _buffer.Length), SocketFlags.None);
            return Encoding.Latin1.GetString(_buffer, 0, received);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionReset)
        {
            return "";
        }
    }
}
