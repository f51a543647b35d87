using System.Globalization;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>Random commands on strings, hashes, sets, lists and sorted sets of several databases, the same for the same seed.</summary>
internal static class RandomWrites
{
    private const int Keys = 40;
    private const int Databases = 4;

    public static IEnumerable<string[]> Commands(int seed, int count)
    {
        var random = new Random(seed);
        for (int i = 0; i < count; i++)
        {
            yield return Next(random);
        }
    }

    private static string[] Next(Random random)
    {
        string key = $"k{random.Next(Keys)}";
        string other = $"k{random.Next(Keys)}";
        string field = $"f{random.Next(600)}";
        string hash = $"h{random.Next(Keys)}";
        string set = $"s{random.Next(Keys)}";
        string member = random.Next(2) == 0 ? Number(random.Next(-300, 300)) : $"m{random.Next(300)}";
        string list = $"l{random.Next(Keys)}";
        string sorted = $"z{random.Next(Keys)}";
        return random.Next(42) switch
        {
            0 or 1 => ["SET", key, Value(random)],
            2 => ["SET", key, Value(random), "EX", Number(random.Next(100, 100_000))],
            3 => ["SETEX", key, Number(random.Next(100, 100_000)), Value(random)],
            4 => ["APPEND", key, Value(random)],
            5 => ["INCRBY", $"n{random.Next(Keys)}", Number(random.Next(-1000, 1000))],
            6 => ["INCRBYFLOAT", $"n{random.Next(Keys)}", Number(random.Next(-1000, 1000) / 8.0)],
            7 => ["SETRANGE", key, Number(random.Next(50)), Value(random)],
            8 => ["DEL", key, other],
            9 => ["EXPIRE", random.Next(2) == 0 ? key : hash, Number(random.Next(100, 100_000))],
            10 => ["PERSIST", key],
            11 or 12 or 13 => ["HSET", hash, field, Value(random), $"f{random.Next(20)}", Value(random)],
            14 => ["HDEL", hash, field, $"f{random.Next(20)}"],
            15 => ["HINCRBY", hash, $"n{random.Next(9)}", Number(random.Next(-1000, 1000))],
            16 => ["HINCRBYFLOAT", hash, $"n{random.Next(9)}", Number(random.Next(-1000, 1000) / 8.0)],
            17 => ["MSET", key, Value(random), other, Value(random)],
            18 => ["RENAME", key, other],
            19 => ["COPY", hash, $"h{random.Next(Keys)}", "DB", Number(random.Next(Databases)), "REPLACE"],
            20 => ["MOVE", key, Number(random.Next(Databases))],
            21 => ["SELECT", Number(random.Next(Databases))],
            22 => random.Next(10) == 0 ? ["SWAPDB", "0", Number(random.Next(Databases))] : ["GETDEL", key],
            23 or 24 => ["SADD", set, member, Number(random.Next(30)), Number(random.Next(30))],
            25 => ["SREM", set, member, Number(random.Next(30))],
            26 => ["SMOVE", set, $"s{random.Next(Keys)}", Number(random.Next(30))],
            27 => ["SUNIONSTORE", set, $"s{random.Next(Keys)}", $"s{random.Next(Keys)}"],
            28 => ["SDIFFSTORE", set, $"s{random.Next(Keys)}", $"s{random.Next(Keys)}"],
            29 or 30 => ["RPUSH", list, Value(random), Number(random.Next(9)), Value(random)],
            31 => ["LPUSH", list, Value(random), Number(random.Next(9))],
            32 => ["LPOP", list, Number(random.Next(3))],
            33 => ["LMOVE", list, $"l{random.Next(Keys)}", "RIGHT", "LEFT"],
            34 => ["LREM", list, Number(random.Next(-2, 3)), Number(random.Next(9))],
            35 => ["LTRIM", list, Number(random.Next(2)), Number(random.Next(-3, 60))],
            36 or 37 => ["ZADD", sorted, Number(random.Next(-99, 99) / 8.0), member, Number(random.Next(9)), "m"],
            38 => ["ZINCRBY", sorted, Number(random.Next(-99, 99) / 8.0), member],
            39 => ["ZPOPMIN", sorted, Number(random.Next(3))],
            40 => ["ZUNIONSTORE", sorted, "2", $"z{random.Next(Keys)}", random.Next(2) == 0 ? sorted : set],
            _ => random.Next(40) == 0 ? ["FLUSHDB"] : ["GETEX", key, "PXAT", "4102444800000"],
        };
    }

    private static string Value(Random random) => random.Next(5) switch
    {
        0 => Number(random.Next(100_000)),
        1 => new string((char)random.Next(256), random.Next(200)),
        2 => "",
        _ => string.Create(random.Next(1, 30), random, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = (char)source.Next(256);
            }
        }),
    };

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
}
