using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using RedisClone.Protocol;
using RedisClone.Server.Network;
using Xunit;

namespace RedisClone.Server.Tests.Network;

public enum TransportKind
{
    Epoll,
    Sockets,
}

/// <summary>
/// A server core that knows no Redis: it echoes lines, counts what the transport does, and has a log that is durable only
/// as far as the test says. It throws when the transport breaks the contract.
/// </summary>
internal sealed class LineServer : IServerCore, IDisposable
{
    private readonly ConcurrentDictionary<LineHandler, bool> handlers = new();
    private readonly ThreadLocal<int> unflushed = new();
    private Action? wake;
    private long written;
    private long durable;
    private long turns;
    private bool stopped;

    public LineServer(TransportKind kind, TransportOptions? options = null, TimeProvider? time = null)
    {
        Options = options ?? Default(kind);
        Transport = Server.Network.Transport.Create(Options, this, time ?? TimeProvider.System, NullLogger.Instance);
        Transport.Start();
    }

    public TransportOptions Options { get; }

    public ITransport Transport { get; }

    public int ConnectionsMax { get; set; } = int.MaxValue;

    /// <summary>Whether replies wait until <see cref="MakeDurable"/>.</summary>
    public bool HoldsReplies { get; set; }

    public ConcurrentQueue<CloseReason> Closed { get; } = new();

    /// <summary>What went wrong on the transport's threads.</summary>
    public ConcurrentQueue<string> Breaches { get; } = new();

    public IEnumerable<LineHandler> Handlers => handlers.Keys;

    public int Lines;

    public long Turns => Volatile.Read(ref turns);

    public long Written => Volatile.Read(ref written);

    public long DurablePosition => Volatile.Read(ref durable);

    public static TransportOptions Default(TransportKind kind, int loops = 2) =>
        new() { Bind = ["127.0.0.1"], Loops = loops, PortableSockets = kind == TransportKind.Sockets };

    public IConnectionHandler? Accept(IConnection connection, RespWriter refusal)
    {
        if (handlers.Count >= ConnectionsMax)
        {
            refusal.Error("ERR max number of clients reached");
            return null;
        }

        var handler = new LineHandler(this, connection);
        handlers[handler] = true;
        return handler;
    }

    public long Flush()
    {
        Interlocked.Increment(ref turns);
        unflushed.Value = 0;
        return HoldsReplies ? Interlocked.Increment(ref written) : 0;
    }

    public void OnDurable(Action action) => wake = action;

    public void MakeDurable(long position)
    {
        Volatile.Write(ref durable, position);
        wake!();
    }

    public void Stop(TimeSpan bound)
    {
        stopped = true;
        Transport.Stop(bound);
    }

    public void Dispose()
    {
        if (!stopped)
        {
            Stop(TimeSpan.Zero);
        }

        unflushed.Dispose();
        Assert.Empty(Breaches);
        Assert.Empty(handlers);
        Assert.Equal(0, Transport.Counters.Open);
    }

    internal void Evaluated() => unflushed.Value++;

    internal void HandlerClosed(LineHandler handler, CloseReason reason)
    {
        if (unflushed.Value != 0)
        {
            Breaches.Enqueue("Closed before Flush");
        }

        if (!handlers.TryRemove(handler, out _))
        {
            Breaches.Enqueue("Closed twice");
        }

        Closed.Enqueue(reason);
    }
}
