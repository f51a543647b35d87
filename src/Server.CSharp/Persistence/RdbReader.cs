using System.Buffers.Binary;
using RedisClone.Protocol;

namespace RedisClone.Server.Persistence;

// Reading an RDB file
//
// An RDB file is a state, not a history. It is read as the commands that build that state: SELECT where the database
// changes, SET, HSET, SADD, RPUSH or ZADD in pieces, PEXPIREAT. So the file is never held in memory, and whatever takes
// commands can take it.
//
//     REDIS 0010                              the version of the format
//     FA  "redis-ver" "7.0.15"                facts about the writer, skipped
//     FE  0                                   the database
//     FB  3 1                                 how many keys and deadlines there are, skipped
//     FC  1712345678901  00 "key" "value"     a deadline in ms, a type, a key, a value
//     FF  CRC-64                              the end
//
// Strings, hashes, sets, lists, sorted sets and streams are taken, in every way that Redis has packed them since version 2.0. For
// other types there is no command here to make of them; they are an error that names the key, and never skipped: a
// state with holes is none.

/// <summary>Reads an RDB file, as <c>SAVE</c>, <c>BGSAVE</c> and the base of an append-only log have it.</summary>
internal sealed class RdbReader
{
    private const int VersionMax = 12;

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

    /// <summary>A collection comes in pieces of this many bytes, so that no command is longer than needed.</summary>
    private const int PieceBytes = 64 << 10;

    private static readonly Collection _hash = new("HSET", "hash", ArgumentsEach: 2);
    private static readonly Collection _sortedSet = new("ZADD", "sorted set", ArgumentsEach: 2);
    private static readonly Collection _set = new("SADD", "set", ArgumentsEach: 1);
    private static readonly Collection _list = new("RPUSH", "list", ArgumentsEach: 1);

    private readonly RdbInput _input;
    private readonly ILogReplayer _replayer;
    private readonly RespReader _commands = new(new RespLimits
    {
        BulkBytesMax = Array.MaxLength,
        CommandBytesMax = Array.MaxLength,
    });

    private readonly RespWriter _command = new(1 << 10);
    private readonly RespWriter _pieces = new(1 << 10);
    private readonly RdbStream _streams;
    private readonly RdbExpiringHash _expiringHashes;
    private byte[] _key = new byte[64];
    private byte[] _value = new byte[64];
    private byte[] _fact = new byte[64];
    private int _elements;
    private bool _isBegun;

    private RdbReader(ILogFile file, ILogReplayer replayer)
    {
        _input = new RdbInput(file);
        _replayer = replayer;
        _streams = new RdbStream(_input, _command, Carry);
        _expiringHashes = new RdbExpiringHash(_input, _command, Carry);
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
            case 1:
                ReadStrings(key, _list);
                break;
            case 2:
                ReadStrings(key, _set);
                break;
            case 3:
            case 5:
                ReadScores(key, areTexts: type == 3);
                break;
            case 4:
                ReadStrings(key, _hash);
                break;
            case 9:
                ReadPacked(key, _hash, RdbListKind.Zipmap, headerBytes: 2);
                break;
            case 10:
                ReadPacked(key, _list, RdbListKind.Ziplist, headerBytes: 11);
                break;
            case 11:
                ReadNumbers(key);
                break;
            case 12:
                ReadPacked(key, _sortedSet, RdbListKind.Ziplist, headerBytes: 11);
                break;
            case 13:
                ReadPacked(key, _hash, RdbListKind.Ziplist, headerBytes: 11);
                break;
            case 14:
                ReadQuicklist(key, hasContainers: false);
                break;
            case 16:
                ReadPacked(key, _hash, RdbListKind.Listpack, headerBytes: 7);
                break;
            case 17:
                ReadPacked(key, _sortedSet, RdbListKind.Listpack, headerBytes: 7);
                break;
            case 18:
                ReadQuicklist(key, hasContainers: true);
                break;
            case 20:
                ReadPacked(key, _set, RdbListKind.Listpack, headerBytes: 7);
                break;
            case 15 or 19 or 21:
                if (!_streams.TryRead(key, hasCounters: type > 15, hasActiveTime: type > 19))
                {
                    throw _input.Wrong($"the stream '{Name(key)}' is damaged");
                }

                break;
            case 24 or 25:
                if (!(type == 24 ? _expiringHashes.TryRead(key) : _expiringHashes.TryReadListpack(key)))
                {
                    throw Damaged(key, _hash);
                }

                break;
            default:
                throw _input.Wrong($"the key '{Name(key)}' is {TypeName(type)}; only strings, hashes, sets, lists, sorted sets and streams can be loaded");
        }

        if (deadlineMs >= 0)
        {
            Begin(3, "PEXPIREAT"u8);
            _command.Bulk(key);
            _command.BulkInteger(deadlineMs);
            Carry("PEXPIREAT");
        }
    }

    private void ReadStrings(ReadOnlySpan<byte> key, Collection collection)
    {
        var count = _input.ReadLength();
        for (var left = count; left > 0; left--)
        {
            for (var i = 0; i < collection.ArgumentsEach; i++)
            {
                AddArgument(key, collection, _input.ReadString(ref _value));
            }
        }

        End(key, collection);
    }

    /// <summary>Members and scores; a score is eight bytes, or, up to Redis 3.2, a text after its length.</summary>
    private void ReadScores(ReadOnlySpan<byte> key, bool areTexts)
    {
        Span<byte> text = stackalloc byte[byte.MaxValue];
        for (var left = _input.ReadLength(); left > 0; left--)
        {
            var member = _input.ReadString(ref _value);
            var score = areTexts ? ReadScoreText(key, text) : ReadScore(key, text);
            AddArgument(key, _sortedSet, score);
            AddArgument(key, _sortedSet, member);
        }

        End(key, _sortedSet);
    }

    private ReadOnlySpan<byte> ReadScore(ReadOnlySpan<byte> key, Span<byte> text)
    {
        var score = BitConverter.Int64BitsToDouble(_input.ReadInt64());
        if (double.IsNaN(score))
        {
            throw Damaged(key, _sortedSet);
        }

        return text[..Numbers.writeDouble(text, score)];
    }

    private ReadOnlySpan<byte> ReadScoreText(ReadOnlySpan<byte> key, Span<byte> text)
    {
        var length = _input.ReadByte();
        switch (length)
        {
            case 253:
                throw Damaged(key, _sortedSet);
            case 254:
                return "inf"u8;
            case 255:
                return "-inf"u8;
            default:
                _input.Read(text[..length]);
                return text[..length];
        }
    }

    private void ReadPacked(ReadOnlySpan<byte> key, Collection collection, RdbListKind kind, int headerBytes)
    {
        AddPacked(key, collection, kind, headerBytes);
        End(key, collection);
    }

    /// <summary>A list in parts: ziplists, or since version 7.0 listpacks and, by themselves, long elements.</summary>
    private void ReadQuicklist(ReadOnlySpan<byte> key, bool hasContainers)
    {
        const int PlainContainer = 1;
        const int PackedContainer = 2;
        for (var left = _input.ReadLength(); left > 0; left--)
        {
            switch (hasContainers ? _input.ReadLength() : 0)
            {
                case 0 when !hasContainers:
                    AddPacked(key, _list, RdbListKind.Ziplist, headerBytes: 11);
                    break;
                case PlainContainer:
                    AddArgument(key, _list, _input.ReadString(ref _value));
                    break;
                case PackedContainer:
                    AddPacked(key, _list, RdbListKind.Listpack, headerBytes: 7);
                    break;
                default:
                    throw Damaged(key, _list);
            }
        }

        End(key, _list);
    }

    private void AddPacked(ReadOnlySpan<byte> key, Collection collection, RdbListKind kind, int headerBytes)
    {
        var bytes = _input.ReadString(ref _value);
        Span<byte> digits = stackalloc byte[Numbers.Int64LengthMax];
        var isWrong = bytes.Length <= headerBytes;
        if (!isWrong)
        {
            var elements = new RdbListReader(kind, bytes, digits);
            while (elements.TryRead(out var element))
            {
                if (collection == _sortedSet && _elements % 2 == 0)
                {
                    // ZADD has the score first, and the file the member.
                    var member = element.Length > 0 ? element.ToArray() : [];
                    isWrong = !elements.TryRead(out element);
                    AddArgument(key, collection, element);
                    AddArgument(key, collection, member);
                }
                else
                {
                    AddArgument(key, collection, element);
                }
            }

            isWrong |= elements.IsWrong;
        }

        if (isWrong)
        {
            throw Damaged(key, collection);
        }
    }

    /// <summary>A set of whole numbers: how many bytes each takes, how many there are, and the numbers.</summary>
    private void ReadNumbers(ReadOnlySpan<byte> key)
    {
        const int HeaderBytes = 8;
        var bytes = _input.ReadString(ref _value);
        Span<byte> digits = stackalloc byte[Numbers.Int64LengthMax];
        var size = bytes.Length < HeaderBytes ? 0 : BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (size is not (2 or 4 or 8)
            || bytes.Length - HeaderBytes != size * (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]))
        {
            throw Damaged(key, _set);
        }

        for (var at = HeaderBytes; at < bytes.Length; at += size)
        {
            var number = size switch
            {
                2 => BinaryPrimitives.ReadInt16LittleEndian(bytes[at..]),
                4 => BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]),
                _ => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]),
            };
            AddArgument(key, _set, digits[..Numbers.writeInt64(digits, number)]);
        }

        End(key, _set);
    }

    /// <summary>Takes one argument of the command; every so often what has come is made one.</summary>
    private void AddArgument(ReadOnlySpan<byte> key, Collection collection, ReadOnlySpan<byte> argument)
    {
        _pieces.Bulk(argument);
        _elements++;
        if (_pieces.Length >= PieceBytes && _elements % collection.ArgumentsEach == 0)
        {
            CarryPiece(key, collection);
        }
    }

    private void End(ReadOnlySpan<byte> key, Collection collection)
    {
        if (_elements % collection.ArgumentsEach != 0 || (_elements == 0 && !_isBegun))
        {
            throw Damaged(key, collection);
        }

        if (_elements > 0)
        {
            CarryPiece(key, collection);
        }

        _isBegun = false;
    }

    private void CarryPiece(ReadOnlySpan<byte> key, Collection collection)
    {
        Begin(2 + _elements, collection.CommandName);
        _command.Bulk(key);
        _command.Raw(_pieces.Written);
        _pieces.Truncate(0);
        _elements = 0;
        _isBegun = true;
        Carry(collection.Command);
    }

    private RdbException Damaged(ReadOnlySpan<byte> key, Collection collection) =>
        _input.Wrong($"the {collection.Noun} '{Name(key)}' is damaged");

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
        6 or 7 => "a value of a module",
        _ => $"of the unknown type {type}",
    };

    /// <summary>What a type of collection is made with.</summary>
    /// <param name="Command">The name of the command.</param>
    /// <param name="Noun">The name of the type.</param>
    /// <param name="ArgumentsEach">How many arguments one element is.</param>
    private sealed record Collection(string Command, string Noun, int ArgumentsEach)
    {
        public byte[] CommandName { get; } = Bytes.ofString(Command);
    }
}
