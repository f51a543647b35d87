using System.Net;
using System.Net.Sockets;

namespace RedisClone.Server.Tests.Scripts;

/// <summary>A server on a loopback port. Its clock is moved by the action it is given, or not at all.</summary>
public sealed class TcpTarget(int port, Action<TimeSpan>? advance = null) : IScriptTarget
{
    public bool ClockStandsStill => advance is not null;

    public IScriptConnection Connect() => new TcpConnection(port);

    public void Advance(TimeSpan time)
    {
        if (advance is null)
        {
            throw new NotSupportedException("this target has a clock of its own");
        }

        advance(time);
    }

    public void Dispose()
    {
    }
}

/// <summary>A blocking client.</summary>
public sealed class TcpConnection : IScriptConnection
{
    /// <summary>How long a reply may take before a test gives up.</summary>
    public const int ReplyTimeoutMs = 20_000;

    private readonly Socket _socket;
    private readonly WireReader _replies;

    public TcpConnection(int port)
    {
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = ReplyTimeoutMs,
            SendTimeout = ReplyTimeoutMs,
        };
        _socket.Connect(IPAddress.Loopback, port);
        _replies = new WireReader(buffer => _socket.Receive(buffer));
    }

    public void Send(IReadOnlyList<string> arguments) => _socket.Send(WireReader.Encode(arguments));

    public ReplyValue? Receive()
    {
        try
        {
            return _replies.Next();
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionReset)
        {
            return null;
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            throw new TimeoutException($"no reply for {ReplyTimeoutMs} ms", error);
        }
    }

    public void Dispose() => _socket.Dispose();
}
