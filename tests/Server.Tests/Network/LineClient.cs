using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace RedisClone.Server.Tests.Network;

/// <summary>A blocking client. Every wait of it is bounded, by <see cref="Eventually.Bound"/>.</summary>
internal sealed class LineClient : IDisposable
{
    private readonly byte[] buffer = new byte[64 * 1024];
    private int start;
    private int end;

    public LineClient(LineServer server, int? receiveBufferBytes = null)
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

        Socket.Connect(IPAddress.Loopback, server.Transport.Port);
    }

    public Socket Socket { get; }

    public void Send(string text) => Send(Encoding.ASCII.GetBytes(text));

    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[Socket.Send(bytes)..];
        }
    }

    /// <summary>The next line, without its end; null when the server has closed.</summary>
    public string? Line()
    {
        while (true)
        {
            int length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                string line = Encoding.ASCII.GetString(buffer, start, length);
                start += length + 1;
                return line;
            }

            Assert.True(end - start < buffer.Length, "a line is too long for this client");
            if (!Fill())
            {
                Assert.Equal(start, end);
                return null;
            }
        }
    }

    public string Ask(string line)
    {
        Send(line + "\n");
        return Line()!;
    }

    /// <summary>Reads so many bytes, or up to the end; tells how many came.</summary>
    public long Skip(long count)
    {
        long left = count;
        while (left > 0)
        {
            int taken = (int)Math.Min(left, end - start);
            start += taken;
            left -= taken;
            if (left > 0 && !Fill())
            {
                break;
            }
        }

        return count - left;
    }

    /// <summary>Whether something has arrived that was not read.</summary>
    public bool HasInput => end > start || Socket.Available > 0;

    /// <summary>Closes so that the server sees a reset.</summary>
    public void Reset()
    {
        Socket.LingerState = new LingerOption(true, 0);
        Socket.Dispose();
    }

    public void Dispose() => Socket.Dispose();

    private bool Fill()
    {
        if (start > 0)
        {
            Buffer.BlockCopy(buffer, start, buffer, 0, end - start);
            end -= start;
            start = 0;
        }

        int received = Socket.Receive(buffer, end, buffer.Length - end, SocketFlags.None);
        end += received;
        return received > 0;
    }
}
