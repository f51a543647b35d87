using RedisClone.Protocol;

namespace RedisClone.Server.Persistence;

/// <summary>
/// Hashes of which fields have deadlines, as Redis writes them since version 7.4. They begin with the earliest deadline;
/// then field by field, or as one listpack, come deadline, field and value in one order or another. A hash is made field by field.
/// </summary>
/// <param name="input">The file.</param>
/// <param name="command">Where a command is put together.</param>
/// <param name="carry">Carries it out.</param>
internal sealed class RdbExpiringHash(RdbInput input, RespWriter command, Action<string> carry)
{
    private byte[] _field = new byte[64];
    private byte[] _value = new byte[64];

    /// <summary>Fields that each come after their deadline, which counts from the earliest.</summary>
    /// <returns>False if it makes no sense.</returns>
    public bool TryRead(ReadOnlySpan<byte> key)
    {
        var earliestMs = input.ReadInt64();
        var fields = input.ReadLength();
        var isValid = fields > 0 && earliestMs is >= 0 and <= Deadlines.FieldDeadlineMax;
        for (var left = fields; isValid && left > 0; left--)
        {
            // 0 is none, and so 1 the earliest.
            var ttl = input.ReadNumber();
            isValid = ttl <= Deadlines.FieldDeadlineMax;
            var field = input.ReadString(ref _field);
            isValid = isValid && TryAdd(key, field, input.ReadString(ref _value), ttl == 0 ? 0 : earliestMs + (long)ttl - 1);
        }

        return isValid;
    }

    /// <summary>A listpack of field, value and deadline, again and again.</summary>
    /// <returns>False if it makes no sense.</returns>
    public bool TryReadListpack(ReadOnlySpan<byte> key)
    {
        const int HeaderBytes = 7;
        _ = input.ReadInt64();
        var bytes = input.ReadString(ref _value);
        if (bytes.Length <= HeaderBytes)
        {
            return false;
        }

        // Numbers are read as text, which is overwritten by the next.
        Span<byte> digits = stackalloc byte[3 * Numbers.Int64LengthMax];
        var elements = new RdbListReader(RdbListKind.Listpack, bytes, digits);
        var fields = 0;
        var isValid = true;
        while (isValid && elements.TryRead(out var element))
        {
            var field = Keep(element, digits[Numbers.Int64LengthMax..]);
            isValid = elements.TryRead(out element);
            var value = Keep(element, digits[(2 * Numbers.Int64LengthMax)..]);
            long deadlineMs = 0;
            isValid = isValid
                && elements.TryRead(out element)
                && Numbers.tryParseInt64(element, out deadlineMs)
                && TryAdd(key, field, value, deadlineMs);
            fields++;
        }

        return isValid && !elements.IsWrong && fields > 0;
    }

    /// <summary>An element where the next does not overwrite it: a number is copied, and a longer one is no number.</summary>
    private static ReadOnlySpan<byte> Keep(ReadOnlySpan<byte> element, Span<byte> room)
    {
        if (element.Length > Numbers.Int64LengthMax)
        {
            return element;
        }

        element.CopyTo(room);
        return room[..element.Length];
    }

    private bool TryAdd(ReadOnlySpan<byte> key, ReadOnlySpan<byte> field, ReadOnlySpan<byte> value, long deadlineMs)
    {
        if (deadlineMs is < 0 or > Deadlines.FieldDeadlineMax)
        {
            return false;
        }

        Begin(4, "HSET"u8);
        command.Bulk(key);
        command.Bulk(field);
        command.Bulk(value);
        carry("HSET");
        if (deadlineMs > 0)
        {
            Begin(6, "HPEXPIREAT"u8);
            command.Bulk(key);
            command.BulkInteger(deadlineMs);
            command.Bulk("FIELDS"u8);
            command.BulkInteger(1);
            command.Bulk(field);
            carry("HPEXPIREAT");
        }

        return true;
    }

    private void Begin(int count, ReadOnlySpan<byte> name)
    {
        command.Truncate(0);
        command.Array(count);
        command.Bulk(name);
    }
}
