using System.Net;
using RedisClone.Protocol;

namespace RedisClone.Server.Network;

/// <summary>Why a connection ended. The first reason wins and is the one that is logged.</summary>
public enum CloseReason
{
    None,
    ClientClosed,
    Quit,
    ProtocolError,
    Killed,
    IdleTimeout,
    OutputLimit,
    MaxClients,
    SocketError,
    Shutdown,
}

/// <summary>One client connection, as the rest of the server sees it. Members are safe from any thread.</summary>
public interface IConnection
{
    EndPoint? RemoteEndPoint { get; }
    EndPoint? LocalEndPoint { get; }

    /// <summary>The descriptor or handle, for CLIENT LIST; -1 when there is none.</summary>
    int Handle { get; }

    /// <summary>Bytes of replies that the kernel has not taken yet.</summary>
    long OutputPendingBytes { get; }

    /// <summary>Bytes received that do not make a whole command yet.</summary>
    long InputPendingBytes { get; }

    /// <summary>Ends the connection; the owner of the connection carries it out at its next turn.</summary>
    void Close(CloseReason reason);
}

/// <summary>What a connection's bytes are handed to. Called only by the loop that owns the connection.</summary>
public interface IConnectionHandler
{
    /// <summary>
    /// Carries out every whole command in <c>buffer[start..end]</c> and writes the replies.
    /// </summary>
    /// <returns>How many bytes were consumed; the rest belongs to a command that has not arrived whole.</returns>
    int Receive(byte[] buffer, int start, int end, RespWriter output);

    /// <summary>How many bytes in all the command at hand is known to need, or 0: lets a buffer grow once.</summary>
    int NeededBytes { get; }

    /// <summary>Not <see cref="CloseReason.None"/> once the connection must end after its replies are sent.</summary>
    CloseReason CloseAfterReplies { get; }

    /// <summary>Called once, when the connection has ended.</summary>
    void Closed(CloseReason reason);
}

/// <summary>What the network layer needs from the server.</summary>
public interface IServerCore
{
    /// <summary>A handler for a new connection; null when it must be refused, with the reply to send in <paramref name="refusal"/>.</summary>
    IConnectionHandler? Accept(IConnection connection, RespWriter refusal);

    /// <summary>
    /// Ends a turn: what was evaluated since the last call is written to the log.
    /// </summary>
    /// <returns>The log position that must be durable before the replies of this turn may leave; 0 when they may leave now.</returns>
    long Flush();

    /// <summary>Log positions up to this one are durable under the policy in force.</summary>
    long DurablePosition { get; }

    /// <summary>Registers an action to be called, on any thread, whenever <see cref="DurablePosition"/> has moved.</summary>
    void OnDurable(Action wake);
}
