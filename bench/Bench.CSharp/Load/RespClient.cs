using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RedisClone.Bench.Load;

/// <summary>
/// A connection that blocks, for one thread. Sending requests and skipping their replies allocates nothing, so that no
/// collection of ours shows up as a stall of the server.
/// </summary>
internal sealed class RespClient : IDisposable
{
    private const int ReplyTimeoutMs = 10 * 60 * 1000;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly byte[] _received = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <exception cref="SocketException">Nothing listens on the port.</exception>
    public RespClient(int port)
    {
        try
        {
            _socket.NoDelay = true;
            _socket.ReceiveTimeout = ReplyTimeoutMs;
            _socket.Connect(IPAddress.Loopback, port);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>True when something has arrived that was not read yet.</summary>
    public bool HasReply => _end > _start || _socket.Available > 0;

    public void Send(ReadOnlySpan<byte> requests)
    {
        while (requests.Length > 0)
        {
            requests = requests[_socket.Send(requests)..];
        }
    }

    /// <summary>Reads past a number of replies.</summary>
    /// <exception cref="BenchException">One of them is an error.</exception>
    public void SkipReplies(int count)
    {
        for (var i = 0; i < count; i++)
        {
            SkipReply();
        }
    }

    /// <summary>Reads past what has arrived and not been read, up to a number of bytes; how many that was.</summary>
    public int SkipArrived(long bytesMax)
    {
        if (_end == _start && _socket.Available > 0)
        {
            Receive();
        }

        var skipped = (int)Math.Min(bytesMax, _end - _start);
        _start += skipped;
        return skipped;
    }

    /// <summary>Reads past one reply, with all that is in it.</summary>
    /// <exception cref="BenchException">It is an error.</exception>
    public void SkipReply()
    {
        var line = Line();
        switch (line[0])
        {
            case (byte)'+' or (byte)':' or (byte)'_':
                return;
            case (byte)'*':
                SkipReplies(Length(line));
                return;
            case (byte)'$':
                var length = Length(line);
                if (length >= 0)
                {
                    Skip(length + 2);
                }

                return;
            default:
                throw Unexpected(line);
        }
    }

    /// <summary>Sends a command and gives its reply, when that is a status, a number or a string, as text.</summary>
    /// <exception cref="BenchException">The reply is an error, or nothing.</exception>
    public string Ask(params string[] arguments)
    {
        Send(Encode(arguments));
        var line = Line();
        switch (line[0])
        {
            case (byte)'+' or (byte)':':
                return Encoding.UTF8.GetString(line[1..]);
            case (byte)'$' when Length(line) is >= 0 and var length:
                return Text(length);
            default:
                throw Unexpected(line);
        }
    }

    /// <summary>True when the server says PONG, false when it says that it is still loading.</summary>
    public bool TryPing()
    {
        Send("PING\r\n"u8);
        var line = Line();
        return line.SequenceEqual("+PONG"u8) ? true : line.StartsWith("-LOADING"u8) ? false : throw Unexpected(line);
    }

    /// <summary>A field of INFO, or null when the server does not report it.</summary>
    public string? Info(string section, string field)
    {
        var line = Ask("INFO", section).Split("\r\n").FirstOrDefault(line => line.StartsWith(field + ":", StringComparison.Ordinal));
        return line?[(field.Length + 1)..];
    }

    public static byte[] Encode(params string[] arguments)
    {
        var buffer = new RequestBuffer();
        buffer.Command(arguments.Length);
        foreach (var argument in arguments)
        {
            buffer.Argument(Encoding.UTF8.GetBytes(argument));
        }

        return buffer.Written.ToArray();
    }

    public void Dispose() => _socket.Dispose();

    private static int Length(ReadOnlySpan<byte> line) =>
        Utf8Parser.TryParse(line[1..], out int length, out _) ? length : throw Unexpected(line);

    private static BenchException Unexpected(ReadOnlySpan<byte> line) =>
        new($"unexpected reply: {Encoding.UTF8.GetString(line)}");

    // A line without its end; valid until the next call.
    private ReadOnlySpan<byte> Line()
    {
        var searched = 0;
        while (true)
        {
            var pending = _received.AsSpan(_start, _end - _start);
            var at = pending[searched..].IndexOf((byte)'\n');
            if (at >= 0)
            {
                at += searched;
                _start += at + 1;
                return at >= 2 ? pending[..(at - 1)] : throw new BenchException("an empty reply");
            }

            searched = pending.Length;
            Receive();
        }
    }

    private void Skip(int bytes)
    {
        while (_end - _start < bytes)
        {
            bytes -= _end - _start;
            _start = _end;
            Receive();
        }

        _start += bytes;
    }

    private string Text(int length)
    {
        var text = new byte[length];
        var copied = 0;
        while (copied < length)
        {
            if (_start == _end)
            {
                Receive();
            }

            var part = Math.Min(length - copied, _end - _start);
            _received.AsSpan(_start, part).CopyTo(text.AsSpan(copied));
            copied += part;
            _start += part;
        }

        Skip(2);
        return Encoding.UTF8.GetString(text);
    }

    private void Receive()
    {
        if (_start == _end)
        {
            (_start, _end) = (0, 0);
        }
        else if (_end == _received.Length)
        {
            if (_start == 0)
            {
                throw new BenchException("a line of a reply is longer than any buffer");
            }

            _received.AsSpan(_start, _end - _start).CopyTo(_received);
            (_start, _end) = (0, _end - _start);
        }

        var received = _socket.Receive(_received.AsSpan(_end));
        if (received == 0)
        {
            throw new BenchException("the server closed the connection");
        }

        _end += received;
    }
}
