using RedisClone.Protocol;

namespace RedisClone.Server.Engine;

/// <summary>
/// Some commands of a pipeline, read ahead so that the memory they need can be fetched while the first of them are
/// carried out. One batch serves all connections; it is empty whenever the gate is left.
/// </summary>
public sealed class CommandBatch
{
    private readonly Arguments[] _commands = new Arguments[RedisClone.Protocol.Prefetch.KeysMax];
    private readonly int[] _ends = new int[RedisClone.Protocol.Prefetch.KeysMax];
    private readonly Prefetch _prefetch = new();

    public CommandBatch()
    {
        for (var i = 0; i < _commands.Length; i++)
        {
            _commands[i] = new Arguments();
        }
    }

    public int Count { get; private set; }

    /// <summary>The index behind the last byte of the last command.</summary>
    public int End => Count == 0 ? 0 : _ends[Count - 1];

    public Arguments this[int index] => _commands[index];

    /// <summary>The index behind the last byte of a command.</summary>
    public int EndOf(int index) => _ends[index];

    /// <summary>Reads whole commands, until there is none or the batch is full.</summary>
    /// <returns>How the last read ended.</returns>
    public ReadStatus Read(RespReader reader, byte[] buffer, int position, int end)
    {
        Count = 0;
        var status = ReadStatus.Command;
        while (Count < _commands.Length && position < end)
        {
            status = reader.Read(buffer, position, end);
            if (status != ReadStatus.Command)
            {
                break;
            }

            // The command goes into the batch; the reader gets the arguments that were there, for the next.
            position += reader.Consumed;
            _ends[Count] = position;
            (reader.Arguments, _commands[Count]) = (_commands[Count], reader.Arguments);
            Count++;

            // Inline arguments lie in a buffer of the reader, which holds one command only; and what a client may send
            // changes when it authenticates.
            if (!_commands[Count - 1].IsMultibulk || !reader.IsAuthenticated)
            {
                break;
            }
        }

        return status;
    }

    /// <summary>Asks for the memory of the keys, if there is more than one command.</summary>
    public void Prefetch(PageTable table)
    {
        if (Count > 1)
        {
            _prefetch.Run(table, _commands, Count);
        }
    }
}
