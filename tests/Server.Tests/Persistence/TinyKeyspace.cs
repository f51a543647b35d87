using System.Text;
using RedisClone.Protocol;
using RedisClone.Server.Persistence;

namespace RedisClone.Server.Tests.Persistence;

/// <summary>
/// A server's state, as small as it can be: SET, HSET, SADD, RPUSH, ZADD, PEXPIREAT, DEL, FLUSHALL and SELECT. Texts are
/// Latin-1; nothing expires by itself.
/// </summary>
internal sealed class TinyKeyspace : ILogReplayer
{
    private static readonly Comparer<(int Database, string Key)> _order = Comparer<(int Database, string Key)>.Create(
        (a, b) => a.Database != b.Database ? a.Database.CompareTo(b.Database) : string.CompareOrdinal(a.Key, b.Key));

    private readonly SortedDictionary<(int Database, string Key), string> _values = new(_order);
    private readonly SortedDictionary<(int Database, string Key), SortedDictionary<string, string>> _hashes = new(_order);
    private readonly SortedDictionary<(int Database, string Key), long> _deadlines = new(_order);

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

            foreach (var ((database, key), fields) in _hashes)
            {
                text.Append(database).Append(' ').Append(key).Append(':');
                foreach (var (name, value) in fields)
                {
                    text.Append(' ').Append(name).Append('=').Append(value);
                }

                text.Append('\n');
            }

            foreach (var ((database, key), deadlineMs) in _deadlines)
            {
                text.Append(database).Append(' ').Append(key).Append('@').Append(deadlineMs).Append('\n');
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
                Remove(command[1]);
                _values[(Database, command[1])] = command[2];
                return null;
            case ("HSET" or "HMSET", > 3):
                _hashes.TryAdd((Database, command[1]), new SortedDictionary<string, string>(StringComparer.Ordinal));
                for (var i = 2; i < command.Length; i += 2)
                {
                    _hashes[(Database, command[1])][command[i]] = command[i + 1];
                }

                return null;
            case ("SADD", > 2):
                // A member is a field without a value.
                _hashes.TryAdd((Database, command[1]), new SortedDictionary<string, string>(StringComparer.Ordinal));
                foreach (var member in command[2..])
                {
                    _hashes[(Database, command[1])][member] = "";
                }

                return null;
            case ("ZADD", > 3) when command.Length % 2 == 0:
                // A member is a field with its score.
                _hashes.TryAdd((Database, command[1]), new SortedDictionary<string, string>(StringComparer.Ordinal));
                for (var i = 2; i < command.Length; i += 2)
                {
                    _hashes[(Database, command[1])][command[i + 1]] = command[i];
                }

                return null;
            case ("RPUSH", > 2):
                // An element is a field named by its position.
                _hashes.TryAdd((Database, command[1]), new SortedDictionary<string, string>(StringComparer.Ordinal));
                foreach (var element in command[2..])
                {
                    var list = _hashes[(Database, command[1])];
                    list[$"{list.Count}"] = element;
                }

                return null;
            case ("PEXPIREAT", 3):
                _deadlines[(Database, command[1])] = long.Parse(command[2]);
                return null;
            case ("DEL", 2):
                Remove(command[1]);
                return null;
            case ("FLUSHALL", 1):
                _values.Clear();
                _hashes.Clear();
                _deadlines.Clear();
                return null;
            case ("SELECT", 2):
                Database = int.Parse(command[1]);
                return null;
            default:
                return $"unknown command '{command[0]}'";
        }
    }

    private void Remove(string key)
    {
        _values.Remove((Database, key));
        _hashes.Remove((Database, key));
        _deadlines.Remove((Database, key));
    }

    /// <summary>The strings as they are now, to be written command by command.</summary>
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
