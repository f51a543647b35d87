using System.Text;
using RedisClone.Protocol;
using RedisClone.Server.Persistence;

namespace RedisClone.Server.Tests.Persistence;

/// <summary>A server's state, as small as it can be: SET, DEL, FLUSHALL and SELECT. Texts are Latin-1.</summary>
internal sealed class TinyKeyspace : ILogReplayer
{
    private readonly SortedDictionary<(int Database, string Key), string> _values = new(
        Comparer<(int Database, string Key)>.Create((a, b) =>
            a.Database != b.Database ? a.Database.CompareTo(b.Database) : string.CompareOrdinal(a.Key, b.Key)));

    public int Database { get; private set; }

    public int Applied { get; private set; }

    /// <summary>The whole state as a text.</summary>
    public string Digest
    {
        get
        {
            var text = new StringBuilder();
            foreach (var ((database, key), value) in _values)
            {
                text.Append(database).Append(' ').Append(key).Append('=').Append(value).Append('\n');
            }

            return text.ToString();
        }
    }

    public string? Get(string key) => _values.GetValueOrDefault((Database, key));

    public string? Apply(Arguments command)
    {
        var parts = new string[command.Count];
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = Bytes.toString(command[i]);
        }

        return Apply(parts);
    }

    public string? Apply(params string[] command)
    {
        Applied++;
        switch (command[0].ToUpperInvariant(), command.Length)
        {
            case ("SET", 3):
                _values[(Database, command[1])] = command[2];
                return null;
            case ("DEL", 2):
                _values.Remove((Database, command[1]));
                return null;
            case ("FLUSHALL", 1):
                _values.Clear();
                return null;
            case ("SELECT", 2):
                Database = int.Parse(command[1]);
                return null;
            default:
                return $"unknown command '{command[0]}'";
        }
    }

    /// <summary>The state as it is now, to be written command by command.</summary>
    public ISnapshotWriter Freeze() => new Snapshot([.. _values.Select(e => (e.Key.Database, e.Key.Key, e.Value))]);

    public static void Write(RespWriter target, params string[] command)
    {
        target.Array(command.Length);
        foreach (var part in command)
        {
            target.BulkText(part);
        }
    }

    private sealed class Snapshot((int Database, string Key, string Value)[] values) : ISnapshotWriter
    {
        private int _next;

        public bool WriteNext(RespWriter chunk)
        {
            if (_next == values.Length)
            {
                return false;
            }

            var (database, key, value) = values[_next++];
            Write(chunk, "SELECT", database.ToString());
            Write(chunk, "SET", key, value);
            return true;
        }
    }
}
