using RedisClone.Protocol;
using RedisClone.Protocol.Interop;

namespace RedisClone.Server.Sessions;

/// <summary>A command that waits for EXEC, with arguments of its own.</summary>
public readonly record struct QueuedCommand(HostCommand Command, Arguments Arguments);

/// <summary>The commands of a transaction that wait for EXEC.</summary>
public sealed class CommandQueue
{
    /// <summary>What a queued command takes beside the bytes it was sent in.</summary>
    private const int CommandOverheadBytes = 128;

    private readonly List<QueuedCommand> _commands = [];

    public int Count => _commands.Count;

    /// <summary>Bytes of memory that the commands take.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether one of the commands may write.</summary>
    public bool Writes { get; private set; }

    /// <summary>Whether one of them may take memory.</summary>
    public bool TakesMemory { get; private set; }

    public void Add(QueuedCommand command)
    {
        _commands.Add(command);
        Writes |= command.Command.Has(CommandFlags.Write) || command.Command.Has(CommandFlags.MayReplicate);
        TakesMemory |= command.Command.Has(CommandFlags.DenyOom);
        Bytes += command.Arguments.Buffer.Length + CommandOverheadBytes;
    }

    public List<QueuedCommand>.Enumerator GetEnumerator() => _commands.GetEnumerator();
}
