using System.Buffers.Binary;
using System.Text;
using FsCheck.Xunit;
using RedisClone.Protocol;
using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Persistence;

/// <summary>RDB files, old ways of packing included, which no server of today writes, and damaged ones.</summary>
public sealed class RdbReaderTests
{
    private const string Path = "/data/dump.rdb";

    // Longer than one byte can say.
    private static readonly string _long = new('x', 300);

    [Fact]
    public void Strings_come_in_every_way_they_are_packed()
    {
        Assert.Equal(
            ["SET key value", "SET b -1", "SET c -32768", "SET d -2147483648", "SET e ab", "SET f ab", "SET g ab",
                "SET h ababababababa", "SET 7 "],
            Read(Strings()));
    }

    [Fact]
    public void Deadlines_databases_and_what_is_to_be_skipped_are_understood()
    {
        byte[] file = File(
            "\xFA\x09redis-ver\x06" + "7.0.15\xFA\x0Aredis-bits\xC0\x40",
            "\xFE\x02\xFB\x02\x02",
            "\xFC\x01\x00\x00\x00\x00\x00\x00\x00\xF8\x05\x00\x01" + "a\x01" + "1",
            "\xFD\x02\x00\x00\x00\xF9\x05\x00\x01" + "b\x01" + "2",
            "\xFE\x40\x64\x00\x01" + "c\x01" + "3");

        Assert.Equal(
            ["SELECT 2", "SET a 1", "PEXPIREAT a 1", "SET b 2", "PEXPIREAT b 2000", "SELECT 100", "SET c 3"], Read(file));
    }

    [Fact]
    public void Hashes_come_in_every_way_they_are_packed()
    {
        Assert.Equal(
            ["HSET h a 1 b 2", "HSET m a xy bc ", $"HSET z a 0 -1 -128 -8388608 -2147483648 {_long} 9223372036854775807",
                $"HSET l a 127 -1 128 -32768 -8388608 -2147483648 9223372036854775807 {_long} y"],
            Read(Hashes()));
    }

    [Fact]
    public void Sets_come_in_every_way_they_are_packed()
    {
        Assert.Equal(
            ["SADD s a b -1", "SADD i -32768 0 32767", "SADD j -2147483648 7", "SADD k -9223372036854775808 9223372036854775807"],
            Read(Sets()));
        Assert.Equal([$"SADD l a 127 {_long}"], Read(SetListpack()));
    }

    [Fact]
    public void Lists_come_in_every_way_they_are_packed() =>
        Assert.Equal(
            ["RPUSH s a b -1 a", $"RPUSH z a 0 -1 {_long}", $"RPUSH q a 0 -1 {_long} a", $"RPUSH l a 127 {_long} {_long} b"],
            Read(Lists()));

    [Fact]
    public void Sorted_sets_come_in_every_way_they_are_packed() =>
        Assert.Equal(
            ["ZADD t 1.5 a inf b -inf c", "ZADD e 1.5 a -0.25 -1", $"ZADD z 1 a 2.5 {_long}", $"ZADD l 1 a 2.5 {_long}"],
            Read(SortedSets()));

    [Fact]
    public void Fields_of_hashes_come_with_their_deadlines()
    {
        Assert.Equal(
            ["HSET m a 1", "HPEXPIREAT m 258 FIELDS 1 a", "HSET m b 2", "HSET m 7 -1", "HPEXPIREAT m 300 FIELDS 1 7",
                "HSET p 12 -1", "HPEXPIREAT p 4096 FIELDS 1 12", $"HSET p b {_long}", $"HSET p {_long} 5",
                $"HPEXPIREAT p 70368744177663 FIELDS 1 {_long}"],
            Read(ExpiringHashes()));
    }

    [OracleFact]
    public void Redis_reads_the_same_from_such_files()
    {
        foreach (var file in (byte[][])[Strings(), Hashes(), Sets(), Lists(), SortedSets()])
        {
            using var directory = new TemporaryDirectory();
            System.IO.File.WriteAllBytes(directory.File("dump.rdb"), file);
            var state = new TinyKeyspace();
            Read(file, state);

            using var redis = OracleServer.Start("--dir", directory.Path, "--dbfilename", "dump.rdb");

            Assert.Equal(OracleState.DigestOf(redis), state.Digest);
        }
    }

    [Fact]
    public void A_large_hash_comes_in_pieces()
    {
        var fields = new StringBuilder("\x04\x01h\x80\x00\x00\x0F\xA0");
        for (var i = 0; i < 4000; i++)
        {
            fields.Append('\x04').Append($"{i:0000}").Append('\x28').Append('v', 40);
        }

        var commands = Read(File(fields.ToString()));

        Assert.True(commands.Count > 2);
        Assert.Equal(4000, commands.Sum(command => (command.Split(' ').Length - 2) / 2));
        Assert.All(commands, command => Assert.StartsWith("HSET h ", command));
    }

    [Theory]
    [InlineData("\x01\x01k\x00", "the list 'k' is damaged")]
    [InlineData("\x0A\x01k\x01x", "the list 'k' is damaged")]
    [InlineData("\x0E\x01k\x00", "the list 'k' is damaged")]
    [InlineData("\x0E\x01k\x01\x01x", "the list 'k' is damaged")]
    [InlineData("\x12\x01k\x01\x03\x01x", "the list 'k' is damaged")]
    [InlineData("\x12\x01k\x01\x00\x01x", "the list 'k' is damaged")]
    [InlineData("\x12\x01k\x01\x02\x01x", "the list 'k' is damaged")]
    [InlineData("\x02\x01k\x00", "the set 'k' is damaged")]
    [InlineData("\x0B\x01k\x04\x02\x00\x00\x00", "the set 'k' is damaged")]
    [InlineData("\x0B\x01k\x08\x02\x00\x00\x00\x00\x00\x00\x00", "the set 'k' is damaged")]
    [InlineData("\x0B\x01k\x0A\x03\x00\x00\x00\x01\x00\x00\x00ab", "the set 'k' is damaged")]
    [InlineData("\x0B\x01k\x0A\x02\x00\x00\x00\xFF\xFF\xFF\xFFab", "the set 'k' is damaged")]
    [InlineData("\x14\x01k\x01x", "the set 'k' is damaged")]
    [InlineData("\x11\x01k\x01\x01x", "the sorted set 'k' is damaged")]
    [InlineData("\x0C\x01k\x01\x01x", "the sorted set 'k' is damaged")]
    [InlineData("\x03\x01k\x00", "the sorted set 'k' is damaged")]
    [InlineData("\x03\x01k\x01\x01x\xFD", "the sorted set 'k' is damaged")]
    [InlineData("\x05\x01k\x01\x01x\x00\x00\x00\x00\x00\x00\xF8\x7F", "the sorted set 'k' is damaged")]
    [InlineData("\x13\x01k\x01\x01x", "the stream 'k' is damaged")]
    [InlineData("\x07\x01k\x01\x01x", "the key 'k' is a value of a module")]
    [InlineData("\x63\x01k\x01\x01x", "the key 'k' is of the unknown type 99")]
    [InlineData("\xF7\x01\x01", "data of a module")]
    [InlineData("\xF5\x01x", "a library of functions")]
    [InlineData("\x04\x01k\x00", "the hash 'k' is damaged")]
    [InlineData("\x18\x01k\x01\x00\x00\x00\x00\x00\x00\x00\x00", "the hash 'k' is damaged")]
    [InlineData("\x18\x01k\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x01\x01x\x01y", "the hash 'k' is damaged")]
    [InlineData("\x18\x01k\xFF\xFF\xFF\xFF\xFF\x3F\x00\x00\x01\x02\x01x\x01y", "the hash 'k' is damaged")]
    [InlineData("\x18\x01k\x01\x00\x00\x00\x00\x00\x00\x00\x01\x81\x00\x00\x40\x00\x00\x00\x00\x00\x01x\x01y", "the hash 'k' is damaged")]
    [InlineData("\x19\x01k\x01\x00\x00\x00\x00\x00\x00\x00\x01x", "the hash 'k' is damaged")]
    [InlineData("\x19\x01k\x01\x00\x00\x00\x00\x00\x00\x00\x07\x07\x00\x00\x00\x00\x00\xFF", "the hash 'k' is damaged")]
    [InlineData("\x19\x01k\x01\x00\x00\x00\x00\x00\x00\x00\x0B\x0B\x00\x00\x00\x02\x00\x01\x01\x02\x01\xFF", "the hash 'k' is damaged")]
    [InlineData("\x19\x01k\x01\x00\x00\x00\x00\x00\x00\x00\x0E\x0E\x00\x00\x00\x03\x00\x01\x01\x02\x01\x81x\x02\xFF", "the hash 'k' is damaged")]
    [InlineData("\x19\x01k\x01\x00\x00\x00\x00\x00\x00\x00\x0E\x0E\x00\x00\x00\x03\x00\x01\x01\x02\x01\xDF\xFF\x02\xFF", "the hash 'k' is damaged")]
    [InlineData("\x00\x01k\xC4", "packed in a way that is not known")]
    [InlineData("\x00\x01k\x82", "a length is wrong")]
    [InlineData("\x00\x01k\x81\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "a length is wrong")]
    [InlineData("\x00\x01k\x80\x7F\xFF\xFF\xFF", "ends too early")]
    [InlineData("\x00\x01k\xC3\x02\x80\x7F\xFF\xFF\xFF\x00\x00", "longer than it can be")]
    [InlineData("\x00\x01k\xC3\x02\x02\x20\x05", "a compressed string is damaged")]
    public void What_cannot_be_loaded_is_an_error_that_names_it(string content, string reason)
    {
        var error = Assert.Throws<RdbException>(() => Read(File(content)));

        Assert.Contains(reason, error.Message);
    }

    [Theory]
    [InlineData("", "ends too early")]
    [InlineData("REDIS", "ends too early")]
    [InlineData("REDISx001\xFF", "no RDB file")]
    [InlineData("REDIS0099\xFF", "version 99")]
    [InlineData("REDIS0003\x00\x01k\x01v", "ends too early")]
    public void What_is_no_RDB_file_is_refused(string content, string reason)
    {
        var error = Assert.Throws<RdbException>(() => Read(Encoding.Latin1.GetBytes(content)));

        Assert.Contains(reason, error.Message);
    }

    [Fact]
    public void Any_changed_byte_breaks_the_checksum_if_nothing_else()
    {
        byte[] file = File("\x00\x03key\x05value", "\x04\x01h\x02\x01" + "a\x01" + "1\x01" + "b\xC0\x02");
        for (var at = 0; at < file.Length; at++)
        {
            var changed = file.ToArray();
            changed[at] ^= 0x01;

            Assert.Throws<RdbException>(() => Read(changed));
        }
    }

    [RepeatableProperty(MaxTest = 2000)]
    public void Arbitrary_streams_are_an_error_or_one(byte[] block, byte[] rest, byte kind)
    {
        // What begins with zeros comes further.
        string header = new('\x00', 6);
        string packed = Packed(header + Encoding.Latin1.GetString(block));
        string file = (char)new byte[] { 15, 19, 21 }[kind % 3] + "\x01k\x01\x10" + new string('\x01', 16) + packed;
        try
        {
            Read(File(file + Encoding.Latin1.GetString(rest)));
        }
        catch (RdbException)
        {
        }
    }

    [RepeatableProperty(MaxTest = 2000)]
    public void Arbitrary_bytes_are_an_error_or_a_file(byte[] content)
    {
        try
        {
            Read([.. "REDIS0011"u8, .. content]);
        }
        catch (RdbException)
        {
        }
    }

    [RepeatableProperty(MaxTest = 2000)]
    public void Arbitrary_packed_collections_are_an_error_or_one(byte[] content, byte kind)
    {
        var packed = Encoding.Latin1.GetString(content);
        try
        {
            Read(File((char)new byte[] { 9, 10, 11, 13, 16, 20, 24, 25 }[kind % 8] + "\x01k" + Packed("0123456789"[..(kind % 11)] + packed)));
        }
        catch (RdbException)
        {
        }
    }

    private static byte[] Strings() => File(
            "\x00\x03key\x05value",
            "\x00\x01" + "b\xC0\xFF",
            "\x00\x01" + "c\xC1\x00\x80",
            "\x00\x01" + "d\xC2\x00\x00\x00\x80",
            "\x00\x01" + "e\x40\x02" + "ab",
            "\x00\x01" + "f\x80\x00\x00\x00\x02" + "ab",
            "\x00\x01" + "g\x81\x00\x00\x00\x00\x00\x00\x00\x02" + "ab",
            "\x00\x01" + "h\xC3\x06\x0D\x01" + "ab\xE0\x02\x01",
            "\x00\xC0\x07\x00");

    private static byte[] Hashes()
    {
        const string Zipmap = "\x02\x01" + "a\x02\x01" + "xy.\x02" + "bc\x00\x00\xFF";
        var ziplist = Ziplist(
            "\x01" + "a", "\xF1", "\xC0\xFF\xFF", "\xFE\x80", "\xF0\x00\x00\x80", "\xD0\x00\x00\x00\x80", "\x41\x2C" + _long,
            "\xE0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F");
        var listpack = Listpack(
            "\x81" + "a", "\x7F", "\xDF\xFF", "\xC0\x80", "\xF1\x00\x80", "\xF2\x00\x00\x80", "\xF3\x00\x00\x00\x80",
            "\xF4\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", "\xE1\x2C" + _long, "\xF0\x01\x00\x00\x00y");
        return File(
            "\x04\x01h\x02\x01" + "a\x01" + "1\x01" + "b\xC0\x02",
            "\x09\x01m" + Packed(Zipmap),
            "\x0D\x01z" + Packed(ziplist),
            "\x10\x01l" + Packed(listpack));
    }

    /// <summary>What Redis writes since version 7.4.</summary>
    private static byte[] ExpiringHashes() => File(
            "\x18\x01m\x02\x01\x00\x00\x00\x00\x00\x00\x03"
                + "\x01\x01" + "a\x01" + "1\x00\x01" + "b\x01" + "2\x2B\xC0\x07\xC0\xFF",
            "\x19\x01p\x00\x10\x00\x00\x00\x00\x00\x00" + Packed(Listpack(
                "\x0C", "\xDF\xFF", "\xF1\x00\x10", "\x81" + "b", "\xE1\x2C" + _long, "\x00", "\xE1\x2C" + _long, "\x05",
                "\xF4\xFF\xFF\xFF\xFF\xFF\x3F\x00\x00")));

    private static byte[] Lists()
    {
        var ziplist = Packed(Ziplist("\x01" + "a", "\xF1", "\xC0\xFF\xFF", "\x41\x2C" + _long));
        var listpack = Packed(Listpack("\x81" + "a", "\x7F", "\xE1\x2C" + _long));
        return File(
            "\x01\x01s\x04\x01" + "a\x01" + "b\xC0\xFF\x01" + "a",
            "\x0A\x01z" + ziplist,
            "\x0E\x01q\x02" + ziplist + Packed(Ziplist("\x01" + "a")),
            "\x12\x01l\x03\x02" + listpack + "\x01\x41\x2C" + _long + "\x02" + Packed(Listpack("\x81" + "b")));
    }

    private static byte[] SortedSets() => File(
            "\x03\x01t\x03\x01" + "a\x03" + "1.5\x01" + "b\xFE\x01" + "c\xFF",
            "\x05\x01" + "e\x02\x01" + "a\x00\x00\x00\x00\x00\x00\xF8\x3F\xC0\xFF\x00\x00\x00\x00\x00\x00\xD0\xBF",
            "\x0C\x01z" + Packed(Ziplist("\x01" + "a", "\xF2", "\x41\x2C" + _long, "\x03" + "2.5")),
            "\x11\x01l" + Packed(Listpack("\x81" + "a", "\x01", "\xE1\x2C" + _long, "\x83" + "2.5")));

    private static byte[] Sets() => File(
            "\x02\x01s\x03\x01" + "a\x01" + "b\xC0\xFF",
            "\x0B\x01i\x0E\x02\x00\x00\x00\x03\x00\x00\x00\x00\x80\x00\x00\xFF\x7F",
            "\x0B\x01j\x10\x04\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x80\x07\x00\x00\x00",
            "\x0B\x01k\x18\x08\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80"
                + "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F");

    /// <summary>What Redis writes since version 7.2.</summary>
    private static byte[] SetListpack() =>
        File("\x14\x01l" + Packed(Listpack("\x81" + "a", "\x7F", "\xE1\x2C" + _long)));

    /// <summary>Elements with, before each, the length of the one before; short as one byte, long as five.</summary>
    private static string Ziplist(params string[] elements)
    {
        var body = new StringBuilder();
        var tail = 0;
        for (var i = 0; i < elements.Length; i++)
        {
            var before = body.Length - tail;
            tail = body.Length;
            body.Append(before < 254 ? $"{(char)before}" : "\xFE" + LittleEndian(before, 4)).Append(elements[i]);
        }

        return LittleEndian(body.Length + 11, 4) + LittleEndian(tail + 10, 4) + LittleEndian(elements.Length, 2) + body
            + "\xFF";
    }

    /// <summary>Elements with, behind each, its own length, which is read from behind: seven bits a byte.</summary>
    private static string Listpack(params string[] elements)
    {
        var body = string.Concat(elements.Select(element => element + (element.Length < 128
            ? $"{(char)element.Length}"
            : $"{(char)(element.Length >> 7)}{(char)((element.Length & 0x7F) | 0x80)}")));
        return LittleEndian(body.Length + 7, 4) + LittleEndian(elements.Length, 2) + body + "\xFF";
    }

    private static string LittleEndian(int value, int size) =>
        string.Concat(Enumerable.Range(0, size).Select(at => (char)((value >> (8 * at)) & 0xFF)));

    private static string Packed(string bytes) =>
        $"\x80\x00\x00{(char)(bytes.Length >> 8)}{(char)(bytes.Length & 0xFF)}{bytes}";

    /// <summary>A file of version 10 with these contents and a checksum.</summary>
    private static byte[] File(params string[] contents)
    {
        var bytes = Encoding.Latin1.GetBytes("REDIS0010" + string.Concat(contents) + "\xFF");
        var file = new byte[bytes.Length + sizeof(ulong)];
        bytes.CopyTo(file, 0);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(bytes.Length), Crc.crc64(0, bytes));
        return file;
    }

    private static List<string> Read(byte[] content)
    {
        var commands = new Listing();
        Read(content, commands);
        return commands.Commands;
    }

    private static void Read(byte[] content, ILogReplayer replayer)
    {
        var disk = new SimulatedDisk();
        disk.Put(Path, content);
        using var file = disk.Open(Path, LogFileMode.Read);
        Assert.Equal(content.Length, RdbReader.Read(file, replayer));
    }

    private sealed class Listing : ILogReplayer
    {
        public List<string> Commands { get; } = [];

        public string? Apply(Arguments command)
        {
            var words = new List<string>();
            for (var i = 0; i < command.Count; i++)
            {
                words.Add(Bytes.toString(command[i]));
            }

            Commands.Add(string.Join(' ', words));
            return null;
        }
    }
}
