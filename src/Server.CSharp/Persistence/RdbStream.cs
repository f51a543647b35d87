using System.Buffers.Binary;
using RedisClone.Protocol;

namespace RedisClone.Server.Persistence;

// A stream in an RDB file
//
//     blocks:    how many, then for each: first id 16, a listpack of its entries
//     counters:  length, last id; since version 7.0 also first id, greatest deleted id, entries ever added
//     groups:    how many, then for each: name, last id; since version 7.0 also entries read
//                what is pending: how many, then for each: id 16, time of delivery 8, deliveries
//                consumers: how many, then for each: name, times seen 8 and (since 7.2) active 8, the ids pending for it
//
// A listpack begins with what entries have in common: how many there are, how many are deleted, the number of fields and
// their names, and 0. An entry is flags, what its id is beyond the first, its fields if they are others, values, and the
// number of these elements.

/// <summary>Reads streams as commands: XADD, XSETID, XGROUP and XCLAIM.</summary>
/// <param name="input">The file.</param>
/// <param name="command">Where a command is written.</param>
/// <param name="carry">Has the command that was written carried out; takes its name.</param>
internal sealed class RdbStream(RdbInput input, RespWriter command, Action<string> carry)
{
    private const int IdBytes = 16;
    private const int ListpackHeaderBytes = 7;
    private const long DeletedFlag = 1;
    private const long SameFieldsFlag = 2;

    private readonly List<byte[]> _fields = [];
    private readonly List<byte[]> _parts = [];
    private byte[] _value = new byte[64];
    private byte[] _name = new byte[64];
    private byte[] _consumer = new byte[64];
    private StreamId _first;
    private ulong _entries;

    /// <summary>Reads the value of a key.</summary>
    /// <returns>Whether it makes sense; false if it is damaged.</returns>
    public bool TryRead(ReadOnlySpan<byte> key, bool hasCounters, bool hasActiveTime)
    {
        _entries = 0;
        _first = default;
        for (var left = input.ReadLength(); left > 0; left--)
        {
            if (!TryReadBlock(key))
            {
                return false;
            }
        }

        var length = input.ReadNumber();
        var last = ReadId();
        var maxDeleted = default(StreamId);
        var added = length;
        if (hasCounters)
        {
            _ = ReadId();
            maxDeleted = ReadId();
            added = input.ReadNumber();
        }

        if (length != _entries || added > long.MaxValue)
        {
            return false;
        }

        WriteCounters(key, last, maxDeleted, (long)added);
        for (var left = input.ReadLength(); left > 0; left--)
        {
            if (!TryReadGroup(key, last, hasCounters, hasActiveTime))
            {
                return false;
            }
        }

        return true;
    }

    private StreamId ReadId()
    {
        var ms = input.ReadNumber();
        return new StreamId(ms, input.ReadNumber());
    }

    private void Begin(int count, string name)
    {
        command.Truncate(0);
        command.Array(count);
        command.BulkText(name);
    }

    private void Add(StreamId id)
    {
        Span<byte> text = stackalloc byte[StreamIds.TextLengthMax];
        command.Bulk(text[..StreamIds.write(text, id)]);
    }

    private bool TryReadBlock(ReadOnlySpan<byte> key)
    {
        var start = input.ReadString(ref _value);
        if (start.Length != IdBytes)
        {
            return false;
        }

        var origin = StreamIds.readKey(start);
        var bytes = input.ReadString(ref _value);
        if (bytes.Length < ListpackHeaderBytes)
        {
            return false;
        }

        Span<byte> digits = stackalloc byte[Numbers.Int64LengthMax];
        var elements = new RdbListReader(RdbListKind.Listpack, bytes, digits);
        _fields.Clear();
        if (!TryReadNumber(ref elements, out var live)
            || !TryReadNumber(ref elements, out var deleted)
            || !TryReadParts(ref elements, _fields)
            || !TryReadNumber(ref elements, out _))
        {
            return false;
        }

        var found = 0L;
        for (var left = live + deleted; left > 0; left--)
        {
            if (!TryReadEntry(key, ref elements, origin, ref found))
            {
                return false;
            }
        }

        return found == live && !elements.TryRead(out _) && !elements.IsWrong;
    }

    private bool TryReadEntry(ReadOnlySpan<byte> key, ref RdbListReader elements, StreamId origin, ref long found)
    {
        if (!TryReadNumber(ref elements, out var flags)
            || !TryReadNumber(ref elements, out var ms)
            || !TryReadNumber(ref elements, out var seq))
        {
            return false;
        }

        var isSame = (flags & SameFieldsFlag) != 0;
        var fields = (long)_fields.Count;
        if (!isSame && (!TryReadNumber(ref elements, out fields) || fields < 0))
        {
            return false;
        }

        _parts.Clear();
        for (var i = 0L; i < fields; i++)
        {
            if (isSame)
            {
                _parts.Add(_fields[(int)i]);
            }
            else if (!TryReadPart(ref elements))
            {
                return false;
            }

            if (!TryReadPart(ref elements))
            {
                return false;
            }
        }

        if (!TryReadNumber(ref elements, out _))
        {
            return false;
        }

        if ((flags & DeletedFlag) == 0)
        {
            found++;
            var id = new StreamId(unchecked(origin.Ms + (ulong)ms), unchecked(origin.Seq + (ulong)seq));
            WriteEntry(key, id);
        }

        return true;
    }

    private void WriteEntry(ReadOnlySpan<byte> key, StreamId id)
    {
        if (_entries++ == 0)
        {
            _first = id;
        }

        Begin(3 + _parts.Count, "XADD");
        command.Bulk(key);
        Add(id);
        foreach (var part in _parts)
        {
            command.Bulk(part);
        }

        carry("XADD");
    }

    private static bool TryReadNumber(ref RdbListReader elements, out long number)
    {
        number = 0;
        return elements.TryRead(out var text) && Numbers.tryParseInt64(text, out number);
    }

    private static bool TryReadParts(ref RdbListReader elements, List<byte[]> parts)
    {
        var isRead = TryReadNumber(ref elements, out var count) && count >= 0;
        for (var left = count; isRead && left > 0; left--)
        {
            isRead = elements.TryRead(out var part);
            parts.Add(part.ToArray());
        }

        return isRead;
    }

    private bool TryReadPart(ref RdbListReader elements)
    {
        var isRead = elements.TryRead(out var part);
        _parts.Add(part.ToArray());
        return isRead;
    }

    private void WriteCounters(ReadOnlySpan<byte> key, StreamId last, StreamId maxDeleted, long added)
    {
        if (_entries == 0)
        {
            Begin(7, "XADD");
            command.Bulk(key);
            command.BulkText("MAXLEN");
            command.BulkInteger(0);
            command.BulkText("0-1");
            command.BulkText("x");
            command.BulkText("y");
            carry("XADD");
        }

        // The id may have been set back behind one that was deleted; both at once is refused.
        var isSetBack = StreamIds.less(last, maxDeleted);
        Begin(7, "XSETID");
        command.Bulk(key);
        Add(isSetBack ? maxDeleted : last);
        command.BulkText("ENTRIESADDED");
        command.BulkInteger(added);
        command.BulkText("MAXDELETEDID");
        Add(maxDeleted);
        carry("XSETID");
        if (isSetBack)
        {
            Begin(3, "XSETID");
            command.Bulk(key);
            Add(last);
            carry("XSETID");
        }
    }

    private bool TryReadGroup(ReadOnlySpan<byte> key, StreamId streamLast, bool hasCounters, bool hasActiveTime)
    {
        var name = input.ReadString(ref _name);
        var last = ReadId();
        var read = hasCounters ? unchecked((long)input.ReadNumber()) : EntriesRead(last, streamLast);
        if (read < -1)
        {
            return false;
        }

        Begin(7, "XGROUP");
        command.BulkText("CREATE");
        command.Bulk(key);
        command.Bulk(name);
        Add(last);
        command.BulkText("ENTRIESREAD");
        command.BulkInteger(read);
        carry("XGROUP");

        var deliveries = new Dictionary<(ulong Ms, ulong Seq), (long Time, long Count)>();
        for (var left = input.ReadLength(); left > 0; left--)
        {
            var id = ReadRawId();
            var time = input.ReadInt64();
            deliveries[(id.Ms, id.Seq)] = (time, unchecked((long)input.ReadNumber()));
        }

        for (var left = input.ReadLength(); left > 0; left--)
        {
            if (!TryReadConsumer(key, name, deliveries, hasActiveTime))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What a group has read, as far as a file without that tells.</summary>
    private long EntriesRead(StreamId last, StreamId streamLast) =>
        !StreamIds.less(last, streamLast) ? (long)_entries
        : StreamIds.less(last, _first) ? 0
        : StreamIds.same(last, _first) ? 1
        : -1;

    private StreamId ReadRawId()
    {
        Span<byte> bytes = stackalloc byte[IdBytes];
        input.Read(bytes);
        return StreamIds.readKey(bytes);
    }

    private bool TryReadConsumer(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> group,
        Dictionary<(ulong Ms, ulong Seq), (long Time, long Count)> deliveries,
        bool hasActiveTime)
    {
        var name = input.ReadString(ref _consumer);
        _ = input.ReadInt64();
        if (hasActiveTime)
        {
            _ = input.ReadInt64();
        }

        Begin(5, "XGROUP");
        command.BulkText("CREATECONSUMER");
        command.Bulk(key);
        command.Bulk(group);
        command.Bulk(name);
        carry("XGROUP");
        for (var left = input.ReadLength(); left > 0; left--)
        {
            var id = ReadRawId();
            if (!deliveries.TryGetValue((id.Ms, id.Seq), out var delivery))
            {
                return false;
            }

            Begin(12, "XCLAIM");
            command.Bulk(key);
            command.Bulk(group);
            command.Bulk(name);
            command.BulkInteger(0);
            Add(id);
            command.BulkText("TIME");
            command.BulkInteger(delivery.Time);
            command.BulkText("RETRYCOUNT");
            command.BulkInteger(delivery.Count);
            command.BulkText("FORCE");
            command.BulkText("JUSTID");
            carry("XCLAIM");
        }

        return true;
    }
}
