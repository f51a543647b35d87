using System.Collections.Concurrent;
using RedisClone.Protocol;
using RedisClone.Server.Network;
using RedisClone.Server.Tests.Hosting;
using Xunit;

namespace RedisClone.Server.Tests.Network;

/// <summary>
/// A server core that knows no Redis: it echoes lines, counts what the transport does, and has a log that is durable
/// only as far as the test says. It notes when the transport breaks the contract.
/// </summary>
internal sealed class LineServer : IServerCore, IDisposable
{
    private readonly ConcurrentDictionary<LineHandler, bool> _handlers = new();
    private readonly ThreadLocal<int> _unflushed = new();
    private readonly SemaphoreSlim _unsynced = new(0);
    private Action? _wake;
    private long _written;
    private long _durable;
    private long _turns;
    private long _allocatedBytes;
    private volatile bool _stopped;

    public LineServer(TransportKind kind, TransportOptions? options = null, TimeProvider? time = null)
    {
        Options = options ?? Default(kind);
        Transport = Server.Network.Transport.Create(Options, this, time ?? TimeProvider.System, Log);
        Transport.Start();
    }

    public LineLog Log { get; } = new();

    public TransportOptions Options { get; }

    public ITransport Transport { get; }

    public int ConnectionsMax { get; set; } = int.MaxValue;

    /// <summary>Whether replies wait until <see cref="MakeDurable"/>.</summary>
    public bool HoldsReplies { get; set; }

    public ConcurrentQueue<CloseReason> Closed { get; } = new();

    /// <summary>What went wrong on the transport's threads.</summary>
    public ConcurrentQueue<string> Breaches { get; } = new();

    public IEnumerable<LineHandler> Handlers => _handlers.Keys;

    /// <summary>Held while a handler evaluates; a test that holds it holds up the transport.</summary>
    public Lock Evaluation { get; } = new();

    public int Lines;

    public long Turns => Volatile.Read(ref _turns);

    /// <summary>What the thread of the last turn had allocated by then.</summary>
    public long AllocatedBytes => Volatile.Read(ref _allocatedBytes);

    public long Written => Volatile.Read(ref _written);

    /// <summary>Moves the log right after the transport has looked at it next.</summary>
    public bool MovesWhenSeen { get; set; }

    public long DurablePosition
    {
        get
        {
            long seen = Volatile.Read(ref _durable);
            if (MovesWhenSeen && seen < Written)
            {
                MovesWhenSeen = false;
                MakeDurable(Written);
            }

            return seen;
        }
    }

    public static TransportOptions Default(TransportKind kind, int loops = 2) =>
        Transports.Options(kind, loops);

    public IConnectionHandler? Accept(IConnection connection, RespWriter refusal)
    {
        if (_handlers.Count >= ConnectionsMax)
        {
            refusal.Error("ERR max number of clients reached");
            return null;
        }

        var handler = new LineHandler(this, connection);
        _handlers[handler] = true;
        return handler;
    }

    public long Flush()
    {
        Volatile.Write(ref _allocatedBytes, GC.GetAllocatedBytesForCurrentThread());
        Interlocked.Increment(ref _turns);
        _unflushed.Value = 0;
        if (!HoldsReplies)
        {
            return 0;
        }

        long position = Interlocked.Increment(ref _written);
        _unsynced.Release();
        return position;
    }

    public void OnDurable(Action action) => _wake = action;

    public void MakeDurable(long position)
    {
        Volatile.Write(ref _durable, position);
        _wake!();
    }

    /// <summary>Does what a log's own thread does: makes durable what was written, as fast as it comes.</summary>
    public void MakeDurableUntilStopped()
    {
        while (!_stopped)
        {
            if (_unsynced.Wait(Eventually.Bound))
            {
                MakeDurable(Written);
            }
        }
    }

    public void Stop(TimeSpan bound)
    {
        _stopped = true;
        Transport.Stop(bound);
        _unsynced.Release();
    }

    public void Dispose()
    {
        if (!_stopped)
        {
            Stop(TimeSpan.Zero);
        }

        _unflushed.Dispose();
        _unsynced.Dispose();
        Assert.Empty(Breaches);
        Assert.Empty(_handlers);
        Assert.Equal(0, Transport.Counters.Open);
    }

    internal void Evaluated() => _unflushed.Value++;

    internal void HandlerClosed(LineHandler handler, CloseReason reason)
    {
        if (_unflushed.Value != 0)
        {
            Breaches.Enqueue("Closed before Flush");
        }

        if (!_handlers.TryRemove(handler, out _))
        {
            Breaches.Enqueue("Closed twice");
        }

        Closed.Enqueue(reason);
    }
}
