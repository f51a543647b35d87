using System.Globalization;

namespace RedisClone.Server.Tests.Differential;

/// <summary>
/// What the placeholders of the templates stand for. Keys and fields are few, so that commands meet each other; values
/// are those that are known to be difficult. Nothing here lets a key expire while a sequence is played: a lifetime is
/// more than ten days or less than nothing.
/// </summary>
public sealed class Vocabulary(Random random)
{
    private const int OtherTypePercent = 8;

    private static readonly string[] StringKeys = ["s1", "s2", "n1", "n2", ""];
    private static readonly string[] HashKeys = ["h1", "h2", "h3", "\x00\xff"];
    private static readonly string[] SetKeys = ["t1", "t2", "t3"];
    private static readonly string[] ListKeys = ["q1", "q2", "q3"];
    private static readonly string[] SortedSetKeys = ["z1", "z2", "z3"];
    private static readonly string[] Scores =
        ["0", "1", "2", "3", "-1", "1.5", "-0.25", "0.1", "1e17", "inf", "-inf", "3.0000000000000004", "0x10", "1e-7"];
    private static readonly string[] Longitudes = ["0", "13.361389", "15.087269", "-74.0060", "180", "-179.9"];
    private static readonly string[] Latitudes = ["0", "38.115556", "37.502669", "40.7128", "85.05112878", "-84.9"];
    private static readonly string[] Members = ["a", "b", "c", "1", "2", "3", "4", "5", "-1", "012", "", "\x00\r\n"];
    private static readonly string[] StreamKeys = ["x1", "x2", "x3"];
    private static readonly string[] HllKeys = ["p1", "p2", "p3"];
    private static readonly string[] Types = ["u1", "i1", "u4", "i5", "u8", "i8", "u13", "i16", "u32", "u63", "i64", "u64", "x"];
    private static readonly string[] BitOffsets = ["0", "1", "7", "8", "15", "20", "#0", "#1", "#2", "100", "-1", "4294967296"];
    private static readonly string[] Fields = ["f", "g", "a", "b", "c", "", "\x00\r\n", "12", "-1"];
    private static readonly string[] Integers =
    [
        "0", "1", "-1", "5", "10", "42", "-7", "100",
        "9223372036854775806", "9223372036854775807", "-9223372036854775808",
    ];


    private static readonly string[] Floats =
    [
        "0.1", "0.2", "1.5", "-2.5", "3.0e3", "1e17", "1e-5", "1E2", ".5", "-0.0", "3.141592653589793", "1e30",
        "inf", "nan",
    ];

    private static readonly string[] Texts =
    [
        "", "hello", "Hello, world!", "007", "+1", " 1", "1 ", "0x10", "1e", "abc", "\x00\xff\r\n\x80", "\"quoted\"",
        "mynewtext", "ohmytext",
    ];

    private static readonly int[] Lengths = [20, 21, 44, 45, 63, 64, 65, 300];
    private static readonly string[][] KeyFamilies = [StringKeys, HashKeys, SetKeys, ListKeys, HllKeys, SortedSetKeys, StreamKeys];
    private static readonly string[] Patterns =
        ["*", "h*", "?1", "[ns]*", "f", "", "\\*", "[^h]*", "*1", "none*", "**", "[a-c]"];
    private static readonly string[] Indexes = ["0", "1", "2", "5", "-1", "-3", "-100", "100", "70"];
    private static readonly string[] Counts = ["0", "1", "2", "3", "-1", "-4", "100"];
    private static readonly string[] LateDeadlines = ["99999999999", "99999999998", "33177117420"];
    private static readonly string[] Deadlines = [.. LateDeadlines, "1", "0", "-5"];
    private static readonly string[] Junk =
    [
        "", "abc", "-1", "0", "9223372036854775807", "9223372036854775808", "1.5", " 1", "FOO", "NX", "XX", "GET", "*",
    ];

    private readonly HashSet<int> _lifetimes = [];

    /// <summary>A value for a placeholder.</summary>
    public string Pick(string placeholder) => placeholder switch
    {
        "key" => OneOf(OneOf(KeyFamilies)),
        "string" => KeyOf(StringKeys),
        "hash" => KeyOf(HashKeys),
        "hll" => KeyOf(HllKeys),
        "element" => Percent(10) ? OneOf(Texts) : Percent(2) ? Long() : random.Next(2000).ToString(CultureInfo.InvariantCulture),
        "type" => OneOf(Types),
        "bit" => OneOf(BitOffsets),

        // Redis before 7.2 does not look at the arguments of BITCOUNT and BITPOS where there is no key.
        "existing" => OneOf(StringKeys),
        "set" => KeyOf(SetKeys),
        "zset" => Percent(5) ? OneOf(SetKeys) : KeyOf(SortedSetKeys),
        "score" => Percent(4) ? Junky() : OneOf(Scores),
        "bound" => Percent(4) ? Junky() : (Percent(30) ? "(" : "") + OneOf(Scores),
        "lex" => Percent(20) ? "-" : Percent(25) ? "+" : (Percent(50) ? "[" : "(") + OneOf(Members),
        "longitude" => Percent(4) ? Junky() : OneOf(Longitudes),
        "latitude" => Percent(4) ? Junky() : OneOf(Latitudes),
        "radius" => Percent(4) ? Junky() : OneOf(["0", "1", "170", "200.5", "5000", "30000"]),
        "list" => KeyOf(ListKeys),
        "stream" => KeyOf(StreamKeys),
        "id" => Percent(3) ? Junky() : Id(),

        // An id that the clock makes is not the same on two servers.
        "new-id" => Percent(3) ? Junky().Replace("*", "-") : Percent(40) ? $"{random.Next(60)}-*" : Id(),
        "end" => Percent(3) ? Junky() : OneOf(["-", "+", Id(), Id(), "(" + Id()]),
        "consumer" => OneOf(["alice", "bob", "carol"]),
        "group" => Percent(3) ? "none" : OneOf(["g", "h"]),
        "last" => "$",
        "much" => random.Next(40).ToString(CultureInfo.InvariantCulture),
        "member" => Percent(3) ? Long() : Percent(10) ? OneOf(Integers) : OneOf(Members),
        "field" => Percent(3) ? Long() : OneOf(Fields),
        "value" => Value(),
        "integer" => Percent(5) ? Junky() : OneOf(Integers),
        "float" => Percent(5) ? Junky() : OneOf(Floats),
        "index" => OneOf(Indexes),
        "count" => OneOf(Counts),
        "pattern" => OneOf(Patterns),
        "weight" => OneOf(["n*", "n*", "s*", "*", "h*->f", "h*->a", "h*->", "q*", "s1*"]),
        "seconds" => Lifetime("00"),
        "milliseconds" => Lifetime("00000"),
        "later" => OneOf(LateDeadlines),
        "later-ms" => OneOf(LateDeadlines) + "000",
        "at" => OneOf(Deadlines),
        "at-ms" => OneOf(Deadlines) + "000",
        "database" => Percent(10) ? OneOf(["15", "16", "-1", "abc"]) : OneOf(["0", "0", "1", "2"]),
        "cursor" => Percent(10) ? OneOf(["abc", "18446744073709551616"]) : "0",
        "junk" => Junky(),
        _ => throw new ArgumentException($"no such placeholder: {placeholder}"),
    };

    /// <summary>Something that is out of place nearly everywhere.</summary>
    public string Junky() => OneOf(Junk);

    public bool Percent(int chance) => random.Next(100) < chance;

    public int Below(int limit) => random.Next(limit);

    private string KeyOf(string[] own) => Percent(OtherTypePercent) ? OneOf(OneOf(KeyFamilies)) : OneOf(own);

    private string Value() => random.Next(10) switch
    {
        < 4 => OneOf(Integers),
        4 or 5 => OneOf(Floats),
        6 or 7 => OneOf(Texts),
        8 => random.Next(-1000, 1000).ToString(CultureInfo.InvariantCulture),
        _ => Long(),
    };

    private string Id() => Percent(50)
        ? random.Next(60).ToString(CultureInfo.InvariantCulture)
        : $"{random.Next(60)}-{random.Next(3)}";

    private string Long() => new((char)('a' + random.Next(26)), OneOf(Lengths));

    /// <summary>
    /// More than ten days, and never the same twice but at least 100 seconds apart: whether a lifetime that is set
    /// again ends later than before (GT, LT) would depend on which millisecond it is.
    /// </summary>
    private string Lifetime(string zeros)
    {
        if (Percent(15))
        {
            return OneOf(["0", "-1", "-1000000", "9223372036854775807", "abc"]);
        }

        int hundreds = random.Next(10_000, 10_000_000);
        while (!_lifetimes.Add(hundreds))
        {
            hundreds++;
        }

        return hundreds.ToString(CultureInfo.InvariantCulture) + zeros;
    }

    private T OneOf<T>(T[] values) => values[random.Next(values.Length)];
}
