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
    InputLimit,
    OutOfMemory,

    /// <summary>Clients took too much memory together, and this one most of it.</summary>
    Evicted,
    MaxClients,
    SocketError,
    Shutdown,
}

/// <summary>Bounds that both sides of the network contract keep.</summary>
public static class NetworkLimits
{
    /// <summary>
    /// Bytes of replies after which <see cref="IConnectionHandler.Receive"/> stops between two commands, so that a long
    /// pipeline neither grows its replies without bound nor keeps other connections waiting.
    /// </summary>
    public const int OutputBytesPerReceive = 256 * 1024;

    /// <summary>
    /// The longest reply, in bytes, where no limit is set. One command may ask for any multiple of the data; a client
    /// that does loses its connection, and the server nothing.
    /// </summary>
    public const int ReplyBytesMax = 1024 * 1024 * 1024;
}

/// <summary>Clients by how many bytes of replies they may leave unread.</summary>
public enum OutputClass
{
    Normal,

    /// <summary>Clients that messages are sent to, read or not.</summary>
    PubSub,
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

    /// <summary>
    /// Whether so many more bytes may wait to be sent. To be asked before bytes are kept for
    /// <see cref="IConnectionHandler.Woken"/> that the client has not asked for.
    /// </summary>
    bool HasRoom(long bytes) => true;

    /// <summary>
    /// Has <see cref="IConnectionHandler.Woken"/> called at the owner's next turn, for replies and messages that arise
    /// elsewhere. Several calls before that turn are one.
    /// </summary>
    void Wake();

    /// <summary>
    /// Ends the connection at the owner's next turn; replies not sent by then are dropped. A handler that wants its
    /// last reply sent uses <see cref="IConnectionHandler.CloseAfterReplies"/> instead.
    /// </summary>
    void Close(CloseReason reason);
}

/// <summary>
/// What a connection's bytes are handed to. Never called by two threads at once. After <see cref="Receive"/> or
/// <see cref="Woken"/> the same thread calls <see cref="IServerCore.Flush"/> before it waits for anything or calls
/// <see cref="Closed"/>.
/// </summary>
public interface IConnectionHandler
{
    /// <summary>
    /// Carries out every whole command in <c>buffer[start..end]</c> and writes the replies, but stops before a command
    /// once <c>output.Length</c> has reached <see cref="NetworkLimits.OutputBytesPerReceive"/>: it is then called again
    /// next turn, even if nothing arrives. It also stops after a reply that was too long: once
    /// <c>output.IsOverflown</c>, the connection ends with <see cref="CloseReason.OutputLimit"/>. A handler that waits for something else consumes nothing until it has
    /// called <see cref="IConnection.Wake"/>. The writer has served other connections: its <c>Protocol</c> must be set
    /// at every call.
    /// </summary>
    /// <returns>How many bytes were consumed; the caller keeps the rest and offers it again, longer.</returns>
    int Receive(byte[] buffer, int start, int end, RespWriter output);

    /// <summary>
    /// Writes what has come from elsewhere since <see cref="IConnection.Wake"/>, also while replies pile up and nothing
    /// is received. Bytes that <see cref="Receive"/> left are offered again afterwards.
    /// </summary>
    void Woken(RespWriter output)
    {
    }

    /// <summary>Whether the idle timeout does not apply just now: a blocked client, a subscriber, a replica.</summary>
    bool MayStayIdle => false;

    /// <summary>Which limit on unread replies applies just now.</summary>
    OutputClass OutputClass => OutputClass.Normal;

    /// <summary>How many bytes in all the command at hand is known to need, or 0: lets a buffer grow once.</summary>
    int NeededBytes { get; }

    /// <summary>Not <see cref="CloseReason.None"/> once the connection must end after its replies are sent.</summary>
    CloseReason CloseAfterReplies { get; }

    /// <summary>Called once, when the connection has ended: before the client can see that it has.</summary>
    void Closed(CloseReason reason);
}

/// <summary>What the network layer needs from the server.</summary>
public interface IServerCore
{
    /// <summary>
    /// A handler for a new connection; null when it must be refused, with the reply to send in
    /// <paramref name="refusal"/>.
    /// </summary>
    IConnectionHandler? Accept(IConnection connection, RespWriter refusal);

    /// <summary>
    /// Ends a turn: what was evaluated since the last call is written to the log.
    /// </summary>
    /// <returns>
    /// The log position that must be durable before the replies of this turn may leave; 0 when they may leave now.
    /// </returns>
    long Flush();

    /// <summary>Log positions up to this one are durable under the policy in force.</summary>
    long DurablePosition { get; }

    /// <summary>Registers an action to call, on any thread, whenever <see cref="DurablePosition"/> has moved.</summary>
    void OnDurable(Action wake);
}
