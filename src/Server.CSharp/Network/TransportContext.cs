using System.Net;
using Microsoft.Extensions.Logging;
using RedisClone.Server.Network.Linux;
using RedisClone.Server.Network.Tls;

namespace RedisClone.Server.Network;

/// <summary>What all threads and connections of one transport share.</summary>
internal sealed class TransportContext(TransportOptions options, IServerCore core, TimeProvider clock, ILogger logger)
{
    /// <summary>How often idle and closing connections are looked at, and accepting is tried again.</summary>
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    /// <summary>A server that is full says so once in this time.</summary>
    private const int WarnIntervalMs = 60_000;

    /// <summary>Connections that may wait at a time for their peer to close; beyond, they are closed at once.</summary>
    private const int LingeringMax = 1024;

    /// <summary>Handshakes of which the log tells the reason why they failed, in the same time.</summary>
    private const int FailuresToldMax = 60;

    /// <summary>Why nothing is accepted when there are <see cref="ConnectionsMax"/> connections.</summary>
    public const string FullReason = "the limit of descriptors allows no more connections";

    private readonly long _startTimestamp = clock.GetTimestamp();
    private readonly List<Workspace> _workspaces = [];
    private readonly Lock _failing = new();
    private int _lingering;
    private int _handshaking;
    private long _failuresSinceMs;
    private long _failures;
    private int _open;
    private long _warnNextMs;

    public TransportOptions Options => options;
    public IServerCore Core => core;
    public TimeProvider Clock => clock;
    public ILogger Logger => logger;

    /// <summary>So many connections there can be; further ones wait in the backlog of their listener.</summary>
    public long ConnectionsMax { get; } = DescriptorLimit.ConnectionsMax;

    /// <summary>Milliseconds since the transport was made.</summary>
    public long NowMs => (long)clock.GetElapsedTime(_startTimestamp).TotalMilliseconds;

    public Workspace NewWorkspace()
    {
        var made = new Workspace();
        lock (_workspaces)
        {
            _workspaces.Add(made);
        }

        return made;
    }

    public ITimer StartTicking(Action tick) => clock.CreateTimer(_ => tick(), null, TickInterval, TickInterval);

    /// <summary>What the next connection of a listener is encrypted with.</summary>
    public TlsContext? TlsOf(Listener listener) => listener.Kind == ListenerKind.Tls ? options.Tls : null;

    public void WarnPaused(string why)
    {
        long nowMs = NowMs;
        long nextMs = Volatile.Read(ref _warnNextMs);
        if (nowMs >= nextMs && Interlocked.CompareExchange(ref _warnNextMs, nowMs + WarnIntervalMs, nextMs) == nextMs)
        {
            NetworkLog.AcceptPaused(logger, why);
        }
    }

    public void Opened() => Interlocked.Increment(ref _open);

    public void Ended() => Interlocked.Decrement(ref _open);

    public bool TryBeginLinger()
    {
        if (Interlocked.Increment(ref _lingering) <= LingeringMax)
        {
            return true;
        }

        EndLinger();
        return false;
    }

    public void EndLinger() => Interlocked.Decrement(ref _lingering);

    public bool TryBeginHandshake()
    {
        if (Interlocked.Increment(ref _handshaking) <= options.HandshakesMax)
        {
            return true;
        }

        EndHandshake();
        return false;
    }

    public void EndHandshake() => Interlocked.Decrement(ref _handshaking);

    /// <summary>Tells the operator, who is not to be drowned in it, however often strangers try.</summary>
    public void HandshakeFailed(EndPoint? remote, string reason)
    {
        lock (_failing)
        {
            long nowMs = NowMs;
            if (nowMs - _failuresSinceMs >= WarnIntervalMs)
            {
                if (_failures > FailuresToldMax)
                {
                    NetworkLog.HandshakesFailed(logger, _failures - FailuresToldMax);
                }

                _failures = 0;
                _failuresSinceMs = nowMs;
            }

            if (++_failures <= FailuresToldMax)
            {
                NetworkLog.HandshakeFailed(logger, remote, reason);
            }
        }
    }

    public TransportCounters Sum()
    {
        long accepted = 0, refused = 0, bytesIn = 0, bytesOut = 0;
        lock (_workspaces)
        {
            foreach (var one in _workspaces)
            {
                accepted += Volatile.Read(ref one.Accepted);
                refused += Volatile.Read(ref one.Refused);
                bytesIn += Volatile.Read(ref one.BytesIn);
                bytesOut += Volatile.Read(ref one.BytesOut);
            }
        }

        return new TransportCounters(Volatile.Read(ref _open), accepted, refused, bytesIn, bytesOut);
    }
}

/// <summary>What one thread uses during its turn, so that connections hold no buffers between turns.</summary>
internal sealed class Workspace
{
    /// <summary>One buffer that stays in the processor's cache takes the input of all connections in turn.</summary>
    public const int HotBytes = 64 * 1024;

    public readonly byte[] Hot = GC.AllocateUninitializedArray<byte>(HotBytes, pinned: true);
    public readonly WriterPool Writers = new();

    /// <summary>The time of this turn.</summary>
    public long NowMs;

    /// <summary>Whether commands were evaluated since the last <see cref="IServerCore.Flush"/>.</summary>
    public bool Evaluated;

    public long Accepted;
    public long Refused;
    public long BytesIn;
    public long BytesOut;
}
