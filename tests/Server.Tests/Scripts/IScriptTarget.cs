namespace RedisClone.Server.Tests.Scripts;

/// <summary>Something that answers commands: a server over TCP, a real one, or the core without sockets.</summary>
public interface IScriptTarget : IDisposable
{
    /// <summary>True when its time moves only by <see cref="Advance"/>, so that remaining times are exact.</summary>
    bool ClockStandsStill { get; }

    /// <summary>A new client connection, in its initial state: RESP2, database 0.</summary>
    IScriptConnection Connect();

    /// <summary>Makes this much time pass for everything that can expire.</summary>
    void Advance(TimeSpan time);
}

/// <summary>One client connection.</summary>
public interface IScriptConnection : IDisposable
{
    /// <summary>Sends a command; byte strings are characters 0 to 255.</summary>
    void Send(IReadOnlyList<string> arguments);

    /// <summary>The next reply or push message; null when the server has closed the connection.</summary>
    /// <exception cref="TimeoutException">Nothing came for <see cref="TcpConnection.ReplyTimeoutMs"/>.</exception>
    ReplyValue? Receive();
}

/// <summary>Short forms for tests.</summary>
public static class ScriptConnectionExtensions
{
    /// <summary>Sends a command and waits for its reply.</summary>
    public static ReplyValue Call(this IScriptConnection connection, params IReadOnlyList<string> arguments)
    {
        connection.Send(arguments);
        return connection.Receive() ?? throw new IOException($"closed at: {Quoting.Join(arguments)}");
    }
}
