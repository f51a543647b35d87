using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace RedisClone.Server.Tests.Network;

/// <summary>A blocking client. Every wait of it is bounded, by <see cref="Eventually.Bound"/>.</summary>
internal sealed class LineClient : IDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly SslStream? _tls;
    private int _start;
    private int _end;

    /// <summary>Connects to the TLS port or the Unix socket if the server has one, else over plain TCP.</summary>
    public LineClient(LineServer server, int? receiveBufferBytes = null)
    {
        bool isUnix = server.Options.UnixSocket is not null;
        Socket = new Socket(
            isUnix ? AddressFamily.Unix : AddressFamily.InterNetwork,
            SocketType.Stream,
            isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp)
        {
            ReceiveTimeout = (int)Eventually.Bound.TotalMilliseconds,
            SendTimeout = (int)Eventually.Bound.TotalMilliseconds,
        };
        if (receiveBufferBytes is { } bytes)
        {
            Socket.ReceiveBufferSize = bytes;
        }

        if (isUnix)
        {
            Socket.Connect(new UnixDomainSocketEndPoint(server.Options.UnixSocket!));
            return;
        }

        Socket.NoDelay = true;
        bool isTls = server.Options.TlsPort is not null;
        Socket.Connect(IPAddress.Loopback, isTls ? server.Transport.TlsPort : server.Transport.Port);
        if (isTls)
        {
            _tls = new SslStream(new NetworkStream(Socket), false, (_, _, _, _) => true);

            // TLS 1.3 has servers send tickets, which HasInput would take for replies.
            _tls.AuthenticateAsClient(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = System.Security.Authentication.SslProtocols.Tls12,
            });
        }
    }

    public Socket Socket { get; }

    public void Send(string text) => Send(Encoding.ASCII.GetBytes(text));

    public void Send(ReadOnlySpan<byte> bytes)
    {
        if (_tls is not null)
        {
            try
            {
                _tls.Write(bytes);
            }
            catch (IOException failure) when (failure.InnerException is SocketException or ObjectDisposedException)
            {
                throw failure.InnerException;
            }

            return;
        }

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
            int length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                string line = Encoding.ASCII.GetString(_buffer, _start, length);
                _start += length + 1;
                return line;
            }

            Assert.True(_end - _start < _buffer.Length, "a line is too long for this client");
            if (!Fill())
            {
                Assert.Equal(_start, _end);
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
            int taken = (int)Math.Min(left, _end - _start);
            _start += taken;
            left -= taken;
            if (left > 0 && !Fill())
            {
                break;
            }
        }

        return count - left;
    }

    /// <summary>Reads up to the end, be it a reset; tells how many bytes came.</summary>
    public long SkipToEnd()
    {
        try
        {
            return Skip(long.MaxValue);
        }
        catch (SocketException failure) when (failure.SocketErrorCode == SocketError.ConnectionReset)
        {
            return 0;
        }
    }

    /// <summary>Whether something has arrived that was not read.</summary>
    public bool HasInput => _end > _start || Socket.Available > 0;

    /// <summary>Closes so that the server sees a reset.</summary>
    public void Reset()
    {
        Socket.LingerState = new LingerOption(true, 0);
        Socket.Dispose();
    }

    public void Dispose() => Socket.Dispose();

    private bool Fill()
    {
        if (_start > 0)
        {
            Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
            _end -= _start;
            _start = 0;
        }

        int received = Receive(_buffer.AsSpan(_end));
        _end += received;
        return received > 0;
    }

    private int Receive(Span<byte> room)
    {
        try
        {
            return _tls is null ? Socket.Receive(room) : _tls.Read(room);
        }
        catch (IOException failure) when (failure.InnerException is SocketException cause)
        {
            throw cause;
        }
    }
}
