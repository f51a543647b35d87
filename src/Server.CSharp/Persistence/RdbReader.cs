using System.Buffers.Binary;
using RedisClone.Protocol;

namespace RedisClone.Server.Persistence;

// Reading an RDB file
//
// An RDB file is a state, not a history. It is read as the commands that build that state: SELECT where the database
// changes, SET, HSET in pieces, PEXPIREAT. So the file is never held in memory, and whatever takes commands can take it.
//
//     REDIS 0010                              the version of the format
//     FA  "redis-ver" "7.0.15"                facts about the writer, skipped
//     FE  0                                   the database
//     FB  3 1                                 how many keys and deadlines there are, skipped
//     FC  1712345678901  00 "key" "value"     a deadline in ms, a type, a key, a value
//     FF  CRC-64                              the end
//
// Strings and hashes are taken, in every way that Redis has packed them since version 2.0. For other types there is no
// command here to make of them; they are an error that names the key, and never skipped: a state with holes is none.

/// <summary>Reads an RDB file, as <c>SAVE</c>, <c>BGSAVE</c> and the base of an append-only log have it.</summary>
internal sealed class RdbReader
{
    private const int VersionMax = 11;

    // From this version on there is a checksum.
    private const int ChecksumVersion = 5;

    private const byte FunctionCode = 0xF5;
    private const byte OldFunctionCode = 0xF6;
    private const byte ModuleCode = 0xF7;
    private const byte IdleCode = 0xF8;
    private const byte FrequencyCode = 0xF9;
    private const byte FactCode = 0xFA;
    private const byte SizesCode = 0xFB;
    private const byte DeadlineMsCode = 0xFC;
    private const byte DeadlineSecondsCode = 0xFD;
    private const byte DatabaseCode = 0xFE;
    private const byte EndCode = 0xFF;

    /// <summary>A hash comes in pieces of this many bytes, so that no command is longer than it needs to be.</summary>
    private const int HashBytes = 64 << 10;

    private readonly RdbInput _input;
    private readonly ILogReplayer _replayer;
    private readonly RespReader _commands = new(new RespLimits
    {
        BulkBytesMax = Array.MaxLength,
        CommandBytesMax = Array.MaxLength,
    });

    private readonly RespWriter _command = new(1 << 10);
    private readonly RespWriter _fields = new(1 << 10);
    private byte[] _key = new byte[64];
    private byte[] _value = new byte[64];
    private byte[] _fact = new byte[64];
    private int _elements;
    private bool _hasFields;

    private RdbReader(ILogFile file, ILogReplayer replayer)
    {
        _input = new RdbInput(file);
        _replayer = replayer;
    }

    /// <summary>Whether a file starts like an RDB file.</summary>
    public static bool IsRdb(ILogFile file)
    {
        Span<byte> start = stackalloc byte[5];
        return file.Read(0, start) == start.Length && start.SequenceEqual("REDIS"u8);
    }

    /// <summary>Reads a file from its start, and has every key made.</summary>
    /// <returns>The offset behind its end: in an append-only log of Redis before version 7, commands may
    /// follow.</returns>
    /// <exception cref="RdbException">The file is damaged, or holds what is not known.</exception>
    /// <exception cref="LogReplayException">A key could not be made.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static long Read(ILogFile file, ILogReplayer replayer) => new RdbReader(file, replayer).Read();

    private long Read()
    {
        var version = ReadVersion();
        var deadlineMs = -1L;
        while (true)
        {
            var code = _input.ReadByte();
            switch (code)
            {
                case EndCode:
                    ReadChecksum(version);
                    return _input.Position;
                case DatabaseCode:
                    var database = _input.ReadLength();
                    Begin(2, "SELECT"u8);
                    _command.BulkInteger(database);
                    Carry("SELECT");
                    break;
                case DeadlineMsCode:
                    deadlineMs = _input.ReadInt64();
                    break;
                case DeadlineSecondsCode:
                    deadlineMs = _input.ReadInt32() * 1000L;
                    break;
                case SizesCode:
                    _ = _input.ReadLength();
                    _ = _input.ReadLength();
                    break;
                case FactCode:
                    _ = _input.ReadString(ref _fact);
                    _ = _input.ReadString(ref _fact);
                    break;
                case IdleCode:
                    _ = _input.ReadLength();
                    break;
                case FrequencyCode:
                    _ = _input.ReadByte();
                    break;
                case FunctionCode or OldFunctionCode:
                    throw _input.Wrong("the RDB file holds a library of functions, which this server does not have");
                case ModuleCode:
                    throw _input.Wrong("the RDB file holds data of a module, which this server does not have");
                default:
                    ReadKey(code, deadlineMs);
                    deadlineMs = -1;
                    break;
            }
        }
    }

    private int ReadVersion()
    {
        Span<byte> start = stackalloc byte[9];
        _input.Read(start);
        var version = 0L;
        if (!start.StartsWith("REDIS"u8) || !long.TryParse(start[5..], out version))
        {
            throw _input.Wrong("this is no RDB file");
        }

        return version is >= 1 and <= VersionMax
            ? (int)version
            : throw _input.Wrong($"the RDB file has version {version}; 1 to {VersionMax} are known");
    }

    private void ReadChecksum(int version)
    {
        if (version < ChecksumVersion)
        {
            return;
        }

        var expected = _input.Crc;
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        _input.Read(bytes);
        var found = BinaryPrimitives.ReadUInt64LittleEndian(bytes);

        // 0: the writer was told not to compute it.
        if (found != 0 && found != expected)
        {
            throw _input.Wrong("the checksum of the RDB file is wrong");
        }
    }

    private void ReadKey(byte type, long deadlineMs)
    {
        var key = _input.ReadString(ref _key);
        switch (type)
        {
            case 0:
                Begin(3, "SET"u8);
                _command.Bulk(key);
                _command.Bulk(_input.ReadString(ref _value));
                Carry("SET");
                break;
            case 4:
                ReadHash(key);
                break;
            case 9:
                ReadPackedHash(key, RdbListKind.Zipmap, headerBytes: 2);
                break;
            case 13:
                ReadPackedHash(key, RdbListKind.Ziplist, headerBytes: 11);
                break;
            case 16:
                ReadPackedHash(key, RdbListKind.Listpack, headerBytes: 7);
                break;
            default:
                throw _input.Wrong($"the key '{Name(key)}' is {TypeName(type)}; only strings and hashes can be loaded");
        }

        if (deadlineMs >= 0)
        {
            Begin(3, "PEXPIREAT"u8);
            _command.Bulk(key);
            _command.BulkInteger(deadlineMs);
            Carry("PEXPIREAT");
        }
    }

    private void ReadHash(ReadOnlySpan<byte> key)
    {
        var count = _input.ReadLength();
        for (var left = count; left > 0; left--)
        {
            AddElement(key, _input.ReadString(ref _value));
            AddElement(key, _input.ReadString(ref _value));
        }

        EndHash(key);
    }

    private void ReadPackedHash(ReadOnlySpan<byte> key, RdbListKind kind, int headerBytes)
    {
        var bytes = _input.ReadString(ref _value);
        Span<byte> digits = stackalloc byte[Numbers.Int64LengthMax];
        var isWrong = bytes.Length <= headerBytes;
        if (!isWrong)
        {
            var elements = new RdbListReader(kind, bytes, digits);
            while (elements.TryRead(out var element))
            {
                AddElement(key, element);
            }

            isWrong = elements.IsWrong;
        }

        if (isWrong)
        {
            throw _input.Wrong($"the hash '{Name(key)}' is damaged");
        }

        EndHash(key);
    }

    /// <summary>Takes a field or a value; every so often what has come is made a command.</summary>
    private void AddElement(ReadOnlySpan<byte> key, ReadOnlySpan<byte> element)
    {
        _fields.Bulk(element);
        _elements++;
        if (_fields.Length >= HashBytes && _elements % 2 == 0)
        {
            CarryHash(key);
        }
    }

    private void EndHash(ReadOnlySpan<byte> key)
    {
        if (_elements % 2 != 0 || (_elements == 0 && !_hasFields))
        {
            throw _input.Wrong($"the hash '{Name(key)}' is damaged");
        }

        if (_elements > 0)
        {
            CarryHash(key);
        }

        _hasFields = false;
    }

    private void CarryHash(ReadOnlySpan<byte> key)
    {
        Begin(2 + _elements, "HSET"u8);
        _command.Bulk(key);
        _command.Raw(_fields.Written);
        _fields.Truncate(0);
        _elements = 0;
        _hasFields = true;
        Carry("HSET");
    }

    private void Begin(int count, ReadOnlySpan<byte> name)
    {
        _command.Truncate(0);
        _command.Array(count);
        _command.Bulk(name);
    }

    private void Carry(string name)
    {
        if (_commands.Read(_command.Buffer, 0, _command.Length) != ReadStatus.Command)
        {
            throw _input.Wrong($"a key is too large: {_commands.ErrorText}");
        }

        if (_replayer.Apply(_commands.Arguments) is { } reason)
        {
            throw new LogReplayException($"a {name} made from the RDB file cannot be carried out: {reason}");
        }
    }

    private static string Name(ReadOnlySpan<byte> key) => Bytes.toString(key[..Math.Min(key.Length, 64)]);

    private static string TypeName(byte type) => type switch
    {
        1 or 10 or 14 or 18 => "a list",
        2 or 11 or 20 => "a set",
        3 or 5 or 12 or 17 => "a sorted set",
        6 or 7 => "a value of a module",
        15 or 19 or 21 => "a stream",
        _ => $"of the unknown type {type}",
    };
}
