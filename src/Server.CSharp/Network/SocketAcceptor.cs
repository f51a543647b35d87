using System.Net;
using System.Net.Sockets;

namespace RedisClone.Server.Network;

/// <summary>Accepts connections for a <see cref="SocketTransport"/>, one after the other on each listener.</summary>
internal sealed class SocketAcceptor(TransportContext context, SocketTransport transport, Listener[] listeners)
{
    private readonly Lock _gate = new();
    private readonly List<SocketAsyncEventArgs> _paused = [];

    public void Start()
    {
        foreach (var listener in listeners)
        {
            var accepting = new SocketAsyncEventArgs(true) { UserToken = listener };
            accepting.Completed += (_, ended) => Accept(ended, hasResult: true);
            Accept(accepting, hasResult: false);
        }
    }

    public void Stop()
    {
        foreach (var listener in listeners)
        {
            listener.Dispose();
        }
    }

    /// <summary>Accepts again where it was paused, if there is room.</summary>
    public void Resume()
    {
        SocketAsyncEventArgs[] resumed;
        lock (_gate)
        {
            if (_paused.Count == 0 || transport.IsFull)
            {
                return;
            }

            resumed = [.. _paused];
            _paused.Clear();
        }

        foreach (var accepting in resumed)
        {
            Accept(accepting, hasResult: false);
        }
    }

    /// <summary>Takes connections until the next has yet to come.</summary>
    private void Accept(SocketAsyncEventArgs accepting, bool hasResult)
    {
        var listener = ((Listener)accepting.UserToken!).Socket;
        try
        {
            do
            {
                if (hasResult && !Take(accepting))
                {
                    return;
                }

                accepting.AcceptSocket = null;
                hasResult = true;
            }
            while (!listener.AcceptAsync(accepting));
        }
        catch (ObjectDisposedException)
        {
            accepting.Dispose();
        }
    }

    /// <summary>Takes the connection that was accepted; false when accepting is over or has to wait.</summary>
    private bool Take(SocketAsyncEventArgs accepted)
    {
        switch (accepted.SocketError)
        {
            case SocketError.Success:
                Adopt(accepted.AcceptSocket!, (Listener)accepted.UserToken!);
                return !transport.IsFull || Pause(accepted, TransportContext.FullReason);
            case SocketError.OperationAborted:
                accepted.Dispose();
                return false;
            case SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable:
                return Pause(accepted, accepted.SocketError.ToString());
            default:
                // A client that has given up again says nothing about the next in the queue.
                return true;
        }
    }

    private void Adopt(Socket socket, Listener listener)
    {
        try
        {
            if (listener.Kind != ListenerKind.Unix)
            {
                Configure(socket, context.Options.TcpKeepAliveSeconds);
            }

            transport.Adopt(new SocketConnection(context, transport, socket, listener));
        }
        catch (SocketException)
        {
            // It was reset before it could be looked at.
            socket.Dispose();
        }
    }

    /// <summary>No more can be accepted just now.</summary>
    private bool Pause(SocketAsyncEventArgs accepting, string why)
    {
        context.WarnPaused(why);
        lock (_gate)
        {
            _paused.Add(accepting);
        }

        return false;
    }

    private static void Configure(Socket socket, int keepAliveSeconds)
    {
        socket.NoDelay = true;
        if (keepAliveSeconds > 0)
        {
            int intervalSeconds = KeepAlive.IntervalSeconds(keepAliveSeconds);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, keepAliveSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, intervalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAlive.Probes);
        }
    }
}
