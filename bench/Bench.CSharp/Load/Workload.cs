namespace RedisClone.Bench.Load;

/// <summary>The data that scenarios have in common: sixteen-byte keys, sixteen-byte values that look random and are not.</summary>
internal static class Workload
{
    /// <summary>Sixteen bytes, for arguments of redis-benchmark.</summary>
    public const string Value = "0123456789abcdef";

    /// <summary>SET of key number i.</summary>
    public static void SetKey(RequestBuffer buffer, long i)
    {
        buffer.Command(3);
        buffer.Argument("SET"u8);
        buffer.Numbered("key:"u8, i);
        buffer.Value16(Mix((ulong)i));
    }

    /// <summary>GET of key number i.</summary>
    public static void GetKey(RequestBuffer buffer, long i)
    {
        buffer.Command(2);
        buffer.Argument("GET"u8);
        buffer.Numbered("key:"u8, i);
    }

    /// <summary>Makes counter number i, seven digits long.</summary>
    public static void SetCounter(RequestBuffer buffer, long i)
    {
        buffer.Command(3);
        buffer.Argument("SET"u8);
        buffer.Numbered("ctr:"u8, i);
        buffer.Number(1_000_000);
    }

    /// <summary>Makes hash number i, with one field.</summary>
    public static void SetHash(RequestBuffer buffer, long i)
    {
        buffer.Command(4);
        buffer.Argument("HSET"u8);
        buffer.Numbered("hsh:"u8, i);
        buffer.Argument("field"u8);
        buffer.Value16(Mix((ulong)i));
    }

    /// <summary>Field number i of one big hash.</summary>
    public static void SetField(RequestBuffer buffer, long i)
    {
        buffer.Command(4);
        buffer.Argument("HSET"u8);
        buffer.Argument("big"u8);
        buffer.Numbered("fld:"u8, i);
        buffer.Value16(Mix((ulong)i));
    }

    /// <summary>Hash number i with ten fields, names of six bytes and values of eight.</summary>
    public static void SetSmallHash(RequestBuffer buffer, long i)
    {
        ReadOnlySpan<byte> names = "field0field1field2field3field4field5field6field7field8field9"u8;
        ReadOnlySpan<byte> digits = "0123456789abcdef"u8;
        Span<byte> value = stackalloc byte[8];
        buffer.Command(22);
        buffer.Argument("HSET"u8);
        buffer.Numbered("hsh:"u8, i);
        for (var field = 0; field < 10; field++)
        {
            var bits = Mix((ulong)(i * 10 + field));
            for (var at = 0; at < value.Length; at++)
            {
                value[at] = digits[(int)(bits & 15)];
                bits >>= 4;
            }

            buffer.Argument(names.Slice(field * 6, 6));
            buffer.Argument(value);
        }
    }

    /// <summary>Element number i of a list, at its right end.</summary>
    public static void PushElement(RequestBuffer buffer, long i)
    {
        buffer.Command(3);
        buffer.Argument("RPUSH"u8);
        buffer.Argument("list"u8);
        buffer.Value16(Mix((ulong)i));
    }

    /// <summary>Member number i of a set.</summary>
    public static void AddMember(RequestBuffer buffer, long i)
    {
        buffer.Command(3);
        buffer.Argument("SADD"u8);
        buffer.Argument("set"u8);
        buffer.Numbered("mem:"u8, i);
    }

    /// <summary>Member number i of a sorted set, with a score of up to six digits that looks random.</summary>
    public static void AddScored(RequestBuffer buffer, long i)
    {
        buffer.Command(4);
        buffer.Argument("ZADD"u8);
        buffer.Argument("sorted"u8);
        buffer.Number((long)(Mix((ulong)i) % 1_000_000));
        buffer.Numbered("mem:"u8, i);
    }

    /// <summary>Member number i of another set: half of them are in the first one too.</summary>
    public static void AddOtherMember(RequestBuffer buffer, long i)
    {
        buffer.Command(3);
        buffer.Argument("SADD"u8);
        buffer.Argument("other"u8);
        buffer.Numbered("mem:"u8, i * 2);
    }

    /// <summary>Member number i of another sorted set: half of them are in the first one too.</summary>
    public static void AddRanked(RequestBuffer buffer, long i)
    {
        buffer.Command(4);
        buffer.Argument("ZADD"u8);
        buffer.Argument("ranked"u8);
        buffer.Number((long)(Mix((ulong)~i) % 1_000_000));
        buffer.Numbered("mem:"u8, i * 2);
    }

    /// <summary>Element number i of a list of numbers that look random.</summary>
    public static void PushNumber(RequestBuffer buffer, long i)
    {
        buffer.Command(3);
        buffer.Argument("RPUSH"u8);
        buffer.Argument("numbers"u8);
        buffer.Number((long)(Mix((ulong)i) % 1_000_000_000));
    }

    /// <summary>An entry of a stream, with one field.</summary>
    public static void AddEntry(RequestBuffer buffer, long i)
    {
        buffer.Command(5);
        buffer.Argument("XADD"u8);
        buffer.Argument("stream"u8);
        buffer.Argument("*"u8);
        buffer.Argument("field"u8);
        buffer.Value16(Mix((ulong)i));
    }

    /// <summary>The requests that <see cref="PassEntry"/> writes.</summary>
    public const int PassCommands = 3;

    /// <summary>Adds entry number i, with an id of its own, has it delivered to a consumer of a group, and acknowledges it.</summary>
    public static void PassEntry(RequestBuffer buffer, long i)
    {
        buffer.Command(8);
        buffer.Argument("XADD"u8);
        buffer.Argument("stream"u8);
        buffer.Argument("MAXLEN"u8);
        buffer.Argument("~"u8);
        buffer.Argument("10000"u8);
        buffer.Number(i + 1);
        buffer.Argument("field"u8);
        buffer.Value16(Mix((ulong)i));

        buffer.Command(9);
        buffer.Argument("XREADGROUP"u8);
        buffer.Argument("GROUP"u8);
        buffer.Argument("group"u8);
        buffer.Argument("consumer"u8);
        buffer.Argument("COUNT"u8);
        buffer.Argument("1"u8);
        buffer.Argument("STREAMS"u8);
        buffer.Argument("stream"u8);
        buffer.Argument(">"u8);

        buffer.Command(4);
        buffer.Argument("XACK"u8);
        buffer.Argument("stream"u8);
        buffer.Argument("group"u8);
        buffer.Number(i + 1);
    }

    /// <summary>Spreads a number over 64 bits, each time the same way (the finaliser of splitmix64).</summary>
    public static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
