using System.Net;
using RedisClone.Protocol;
using RedisClone.Server.Network;

namespace RedisClone.Server.Tests.Scripts;

/// <summary>
/// A transport without sockets, threads and waiting: a command is carried out where it is sent. Replies do not wait for
/// the log.
/// </summary>
internal sealed class MemoryTransport(IServerCore core) : ITransport
{
    private const int AnyPort = 6379;

    private readonly List<MemoryConnection> _connections = [];
    private long _accepted;

    public int Port => AnyPort;

    public TransportCounters Counters => new(_connections.Count, _accepted, 0, 0, 0);

    public void Start() => core.OnDurable(() => { });

    public void Stop(TimeSpan bound)
    {
        foreach (MemoryConnection connection in _connections.ToArray())
        {
            connection.End(CloseReason.Shutdown);
        }
    }

    public MemoryConnection Connect()
    {
        var connection = new MemoryConnection(core, this, 50_000 + (int)_accepted++);
        _connections.Add(connection);
        return connection;
    }

    /// <summary>Gives a turn to every connection that was woken or closed by another, until there is none.</summary>
    public void RunWoken()
    {
        while (_connections.Find(connection => connection.IsSignalled) is { } connection)
        {
            connection.RunSignalled();
        }
    }

    internal void Forget(MemoryConnection connection) => _connections.Remove(connection);
}

/// <summary>Both ends of a connection that has no socket.</summary>
internal sealed class MemoryConnection : IConnection, IScriptConnection
{
    private const int WriterBytes = 16 * 1024;

    private readonly IServerCore _core;
    private readonly MemoryTransport _transport;
    private readonly RespWriter _output = new(WriterBytes) { DropsOverflow = true };
    private readonly WireReader _reader;
    private readonly MemoryStream _replies = new();
    private IConnectionHandler? _handler;
    private byte[] _input = [];
    private int _read;
    private volatile bool _isWoken;
    private volatile CloseReason _asked;

    public MemoryConnection(IServerCore core, MemoryTransport transport, int port)
    {
        _core = core;
        _transport = transport;
        _reader = new WireReader(Take);
        RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, port);
        _handler = core.Accept(this, _output);
        KeepReplies();
    }

    public EndPoint? RemoteEndPoint { get; }

    public EndPoint? LocalEndPoint => new IPEndPoint(IPAddress.Loopback, _transport.Port);

    public int Handle => -1;

    public long OutputPendingBytes => 0;

    public long InputPendingBytes => _input.Length;

    public bool IsSignalled => _handler is not null && (_isWoken || _asked != CloseReason.None);

    public void Wake() => _isWoken = true;

    public void Close(CloseReason reason) => _asked = reason;

    public void Send(IReadOnlyList<string> arguments)
    {
        _input = [.. _input, .. WireReader.Encode(arguments)];
        Run();
        _transport.RunWoken();
    }

    public ReplyValue? Receive() => _reader.Next();

    public void Dispose() => End(CloseReason.ClientClosed);

    public void RunSignalled()
    {
        if (_asked is var why && why != CloseReason.None)
        {
            End(why);
            return;
        }

        _isWoken = false;
        _handler!.Woken(_output);
        _core.Flush();
        KeepReplies();
        Run();
    }

    public void End(CloseReason reason)
    {
        IConnectionHandler? handler = _handler;
        _handler = null;
        _transport.Forget(this);
        handler?.Closed(reason);
    }

    /// <summary>Has the handler carry out what was sent, as far as it does.</summary>
    private void Run()
    {
        int consumed = 1;
        while (_handler is not null && consumed > 0 && _input.Length > 0)
        {
            consumed = _handler.Receive(_input, 0, _input.Length, _output);
            _core.Flush();
            _input = _input[consumed..];
            KeepReplies();
            if (_handler.CloseAfterReplies is var why && why != CloseReason.None)
            {
                End(why);
            }
        }
    }

    private void KeepReplies()
    {
        _replies.Position = _replies.Length;
        _replies.Write(_output.Written);
        _output.Reset(WriterBytes);
    }

    private int Take(byte[] buffer)
    {
        _replies.Position = _read;
        int count = _replies.Read(buffer);
        _read += count;
        return count > 0 || _handler is null ? count : throw new TimeoutException("no reply");
    }
}
