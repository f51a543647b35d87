using StackExchange.Redis;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>What the usual client of .NET offers for each family of commands, and what it makes of the replies.</summary>
public sealed class StackExchangeFamilyTests
{
    /// <summary>More than a scan gives at once, and more than a small value holds.</summary>
    private const int Many = 2_000;

    [Fact]
    public async Task Lists_are_pushed_popped_searched_and_moved()
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server);
        IDatabase database = redis.GetDatabase();
        Assert.Equal(0, await database.ListRightPushAsync("l", "x", When.Exists));
        Assert.Equal(4, await database.ListRightPushAsync("l", ["b", "c", "b", "d"]));
        Assert.Equal(5, await database.ListLeftPushAsync("l", "a"));
        Assert.Equal(["a", "b", "c", "b", "d"], await database.ListRangeAsync("l"));
        Assert.Equal("c", await database.ListGetByIndexAsync("l", 2));
        Assert.True((await database.ListGetByIndexAsync("l", 5)).IsNull);
        Assert.Equal(3, await database.ListPositionAsync("l", "b", rank: 2));
        Assert.Equal(new long[] { 1, 3 }, await database.ListPositionsAsync("l", "b", count: 5));
        Assert.Equal(-1, await database.ListPositionAsync("l", "nowhere"));
        Assert.Equal(6, await database.ListInsertBeforeAsync("l", "c", "before"));
        Assert.Equal(-1, await database.ListInsertAfterAsync("l", "nowhere", "after"));
        await database.ListSetByIndexAsync("l", -1, "last");
        Assert.Equal(1, await database.ListRemoveAsync("l", "b", -1));
        Assert.Equal(["a", "b", "before", "c", "last"], await database.ListRangeAsync("l"));
        await Assert.ThrowsAsync<RedisServerException>(() => database.ListSetByIndexAsync("l", 9, "beyond"));

        Assert.Equal("last", await database.ListMoveAsync("l", "m", ListSide.Right, ListSide.Left));
        Assert.Equal("c", await database.ListRightPopLeftPushAsync("l", "m"));
        Assert.Equal(["c", "last"], await database.ListRangeAsync("m"));
        Assert.Equal(["a", "b"], await database.ListLeftPopAsync("l", 2));
        ListPopResult popped = await database.ListRightPopAsync(["none", "m"], 5);
        Assert.Equal("m", popped.Key);
        Assert.Equal(["last", "c"], popped.Values);
        Assert.False(await database.KeyExistsAsync("m"));
        Assert.True((await database.ListLeftPopAsync(["none", "m"], 1)).IsNull);

        await database.ListRightPushAsync("l", [.. Enumerable.Range(0, Many).Select(i => (RedisValue)i)]);
        await database.ListTrimAsync("l", 1, 1000);
        Assert.Equal(1000, await database.ListLengthAsync("l"));
        Assert.Equal(999, await database.ListRightPopAsync("l"));
        Assert.Equal(Enumerable.Range(0, 999), (await database.ListRangeAsync("l")).Select(value => (int)value));
        Assert.Equal(RedisType.List, await database.KeyTypeAsync("l"));
    }

    [Fact]
    public async Task Sets_are_combined_sampled_and_scanned()
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server);
        IDatabase database = redis.GetDatabase();
        Assert.Equal(3, await database.SetAddAsync("s", ["a", "b", "c", "a"]));
        Assert.False(await database.SetAddAsync("s", "b"));
        Assert.Equal(3, await database.SetAddAsync("t", ["b", "c", "d"]));
        Assert.Equal(new[] { true, false }, await database.SetContainsAsync("s", ["a", "d"]));
        Assert.Equal(["b", "c"], Sorted(await database.SetCombineAsync(SetOperation.Intersect, "s", "t")));
        Assert.Equal(["a", "b", "c", "d"], Sorted(await database.SetCombineAsync(SetOperation.Union, "s", "t")));
        Assert.Equal(["a"], Sorted(await database.SetCombineAsync(SetOperation.Difference, "s", "t")));
        Assert.Equal(2, await database.SetIntersectionLengthAsync(["s", "t"]));
        Assert.Equal(1, await database.SetIntersectionLengthAsync(["s", "t"], limit: 1));
        Assert.Equal(4, await database.SetCombineAndStoreAsync(SetOperation.Union, "u", "s", "t"));
        Assert.True(await database.SetMoveAsync("s", "t", "a"));
        Assert.False(await database.SetMoveAsync("s", "t", "a"));
        Assert.Equal(["b", "c"], Sorted(await database.SetMembersAsync("s")));
        Assert.Equal(["a", "b", "c", "d"], Sorted(await database.SetMembersAsync("t")));
        Assert.Equal(2, await database.SetRemoveAsync("t", ["a", "b", "nowhere"]));

        Assert.Contains(await database.SetRandomMemberAsync("t"), new RedisValue[] { "c", "d" });
        Assert.Equal(["c", "d"], Sorted(await database.SetRandomMembersAsync("t", 10)));
        Assert.Equal(10, (await database.SetRandomMembersAsync("t", -10)).Length);
        RedisValue[] popped = await database.SetPopAsync("u", 3);
        Assert.Equal(["a", "b", "c", "d"], Sorted([.. popped, await database.SetPopAsync("u")]));
        Assert.True((await database.SetPopAsync("u")).IsNull);

        RedisValue[] members = [.. Enumerable.Range(0, Many).Select(i => (RedisValue)$"member:{i}")];
        Assert.Equal(Many, await database.SetAddAsync("many", members));
        Assert.Equal(Sorted(members), Sorted(database.SetScan("many", pageSize: 100).Distinct()));
        Assert.Equal(
            Sorted(members.Where(member => member.ToString().EndsWith('7'))),
            Sorted(database.SetScan("many", "*7", pageSize: 100).Distinct()));
        Assert.Equal(Many, await database.SetLengthAsync("many"));
    }

    [Fact]
    public async Task Sorted_sets_have_ranks_scores_and_ranges()
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server);
        IDatabase database = redis.GetDatabase();
        SortedSetEntry[] entries = [new("a", 1), new("b", 2.5), new("c", 3), new("d", double.PositiveInfinity)];
        Assert.Equal(4, await database.SortedSetAddAsync("z", entries));
        Assert.Equal(entries, await database.SortedSetRangeByRankWithScoresAsync("z"));
        Assert.Equal(["d", "c"], await database.SortedSetRangeByRankAsync("z", 0, 1, Order.Descending));
        Assert.Equal(["b", "c"], await database.SortedSetRangeByScoreAsync("z", 1, 3, Exclude.Start));
        Assert.Equal(["c"], await database.SortedSetRangeByScoreAsync("z", 1, 3, order: Order.Descending, take: 1));
        Assert.Equal(2, await database.SortedSetLengthAsync("z", 2, 3));
        Assert.Equal([2.5, null], await database.SortedSetScoresAsync("z", ["b", "nowhere"]));
        Assert.Equal(double.PositiveInfinity, await database.SortedSetScoreAsync("z", "d"));
        Assert.Equal(1, await database.SortedSetRankAsync("z", "b"));
        Assert.Equal(2, await database.SortedSetRankAsync("z", "b", Order.Descending));
        Assert.Null(await database.SortedSetRankAsync("z", "nowhere"));

        Assert.Equal(3.25, await database.SortedSetIncrementAsync("z", "b", 0.75));
        Assert.True(await database.SortedSetUpdateAsync("z", "a", 4, SortedSetWhen.GreaterThan));
        Assert.False(await database.SortedSetUpdateAsync("z", "a", 3, SortedSetWhen.GreaterThan));
        Assert.False(await database.SortedSetAddAsync("z", "c", 100, SortedSetWhen.NotExists));
        Assert.Equal(["c", "b", "a", "d"], await database.SortedSetRangeByRankAsync("z"));

        await database.SortedSetAddAsync("y", [new SortedSetEntry("a", 10), new SortedSetEntry("b", 20)]);
        Assert.Equal(
            [new SortedSetEntry("a", 24), new SortedSetEntry("b", 43.25)],
            await database.SortedSetCombineWithScoresAsync(SetOperation.Intersect, ["z", "y"], [1, 2]));
        Assert.Equal(["c", "d"], await database.SortedSetCombineAsync(SetOperation.Difference, ["z", "y"]));
        Assert.Equal(4, await database.SortedSetCombineAndStoreAsync(SetOperation.Union, "x", "z", "y", Aggregate.Max));
        Assert.Equal(20, await database.SortedSetScoreAsync("x", "b"));
        Assert.Equal(2, await database.SortedSetRangeAndStoreAsync("z", "w", 0, 1));
        Assert.Equal(["c", "b"], await database.SortedSetRangeByRankAsync("w"));

        Assert.Equal(new SortedSetEntry("c", 3), await database.SortedSetPopAsync("z"));
        Assert.Equal([new("d", double.PositiveInfinity), new("a", 4)], await database.SortedSetPopAsync("z", 2, Order.Descending));
        SortedSetPopResult popped = await database.SortedSetPopAsync(["none", "y"], 1);
        Assert.Equal("y", popped.Key);
        Assert.Equal([new SortedSetEntry("a", 10)], popped.Entries);
        Assert.Null(await database.SortedSetPopAsync("none"));
    }

    [Fact]
    public async Task Sorted_sets_of_equal_scores_are_a_dictionary_and_large_ones_are_scanned()
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server);
        IDatabase database = redis.GetDatabase();
        await database.SortedSetAddAsync("words", [.. "delta alpha echo bravo charlie".Split(' ').Select(word => new SortedSetEntry(word, 0))]);
        Assert.Equal(["bravo", "charlie"], await database.SortedSetRangeByValueAsync("words", "b", "d"));
        Assert.Equal(["delta", "charlie"], await database.SortedSetRangeByValueAsync("words", "b", "echo", Exclude.Stop, Order.Descending, 0, 2));
        Assert.Equal(2, await database.SortedSetLengthByValueAsync("words", "bravo", "charlie"));
        Assert.Equal(1, await database.SortedSetRemoveRangeByValueAsync("words", "bravo", "charlie", Exclude.Start));
        Assert.Equal(1, await database.SortedSetRemoveRangeByRankAsync("words", 0, 0));
        Assert.Equal(["bravo", "delta", "echo"], await database.SortedSetRangeByRankAsync("words"));

        SortedSetEntry[] entries = [.. Enumerable.Range(0, Many).Select(i => new SortedSetEntry($"member:{i}", i / 4.0))];
        Assert.Equal(Many, await database.SortedSetAddAsync("many", entries));
        Assert.Equal(
            entries.ToDictionary(entry => entry.Element, entry => entry.Score),
            database.SortedSetScan("many", pageSize: 100).DistinctBy(entry => entry.Element)
                .ToDictionary(entry => entry.Element, entry => entry.Score));
        Assert.Equal(["member:42"], database.SortedSetScan("many", "*:42").Select(entry => entry.Element).Distinct());
        Assert.Equal(400, await database.SortedSetRemoveRangeByScoreAsync("many", 100, 200, Exclude.Stop));
        Assert.Equal(400, await database.SortedSetRankAsync("many", "member:800"));
        Assert.Equal(Many - 400, await database.SortedSetLengthAsync("many"));
    }

    [Fact]
    public async Task Places_are_found_around_a_point()
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server);
        IDatabase database = redis.GetDatabase();
        Assert.Equal(2, await database.GeoAddAsync("g", [new GeoEntry(13.361389, 38.115556, "Palermo"), new GeoEntry(15.087269, 37.502669, "Catania")]));
        Assert.True(await database.GeoAddAsync("g", 12.496366, 41.902782, "Rome"));
        Assert.Equal(166.2742, (await database.GeoDistanceAsync("g", "Palermo", "Catania", GeoUnit.Kilometers))!.Value, 4);
        Assert.Null(await database.GeoDistanceAsync("g", "Palermo", "nowhere"));
        Assert.Equal(new string?[] { "sqc8b49rny0", "sqdtr74hyu0", null }, await database.GeoHashAsync("g", ["Palermo", "Catania", "nowhere"]));
        GeoPosition? position = await database.GeoPositionAsync("g", "Palermo");
        Assert.Equal(13.361389, position!.Value.Longitude, 5);
        Assert.Equal(38.115556, position.Value.Latitude, 5);
        Assert.Null(await database.GeoPositionAsync("g", "nowhere"));

        GeoRadiusResult[] near = await database.GeoSearchAsync("g", 15, 37, new GeoSearchCircle(200, GeoUnit.Kilometers), order: Order.Ascending);
        Assert.Equal(["Catania", "Palermo"], near.Select(place => place.Member));
        Assert.Equal(56.4413, near[0].Distance!.Value, 4);
        Assert.Equal(190.4424, near[1].Distance!.Value, 4);
        GeoRadiusResult[] box = await database.GeoSearchAsync(
            "g", "Rome", new GeoSearchBox(900, 700, GeoUnit.Kilometers), 2, order: Order.Descending, options: GeoRadiusOptions.None);
        Assert.Equal(["Palermo", "Rome"], box.Select(place => place.Member));
        Assert.Equal(2, await database.GeoSearchAndStoreAsync("g", "near", 15, 37, new GeoSearchCircle(200, GeoUnit.Kilometers), storeDistances: true));
        Assert.Equal(56.4413, (await database.SortedSetScoreAsync("near", "Catania"))!.Value, 4);
        Assert.True(await database.GeoRemoveAsync("g", "Rome"));
        Assert.Equal(["Palermo", "Catania"], await database.SortedSetRangeByRankAsync("g"));
    }

    [Fact]
    public async Task Bits_of_strings_are_set_counted_found_and_combined()
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server);
        IDatabase database = redis.GetDatabase();
        Assert.False(await database.StringSetBitAsync("b", 7, true));
        Assert.True(await database.StringSetBitAsync("b", 7, true));
        Assert.False(await database.StringSetBitAsync("b", 16, true));
        Assert.Equal(new byte[] { 1, 0, 128 }, (byte[]?)await database.StringGetAsync("b"));
        Assert.True(await database.StringGetBitAsync("b", 16));
        Assert.False(await database.StringGetBitAsync("b", 1_000_000));
        Assert.Equal(2, await database.StringBitCountAsync("b"));
        Assert.Equal(1, await database.StringBitCountAsync("b", 1, -1));
        Assert.Equal(1, await database.StringBitCountAsync("b", 8, 16, StringIndexType.Bit));
        Assert.Equal(7, await database.StringBitPositionAsync("b", true));
        Assert.Equal(16, await database.StringBitPositionAsync("b", true, 1));
        Assert.Equal(-1, await database.StringBitPositionAsync("b", true, 8, 15, StringIndexType.Bit));

        await database.StringSetAsync("c", new byte[] { 3, 255 });
        Assert.Equal(3, await database.StringBitOperationAsync(Bitwise.Xor, "x", "b", "c"));
        Assert.Equal(new byte[] { 2, 255, 128 }, (byte[]?)await database.StringGetAsync("x"));
        Assert.Equal(3, await database.StringBitOperationAsync(Bitwise.And, "x", ["b", "c"]));
        Assert.Equal(new byte[] { 1, 0, 0 }, (byte[]?)await database.StringGetAsync("x"));
        Assert.Equal(2, await database.StringBitOperationAsync(Bitwise.Not, "x", "c"));
        Assert.Equal(new byte[] { 252, 0 }, (byte[]?)await database.StringGetAsync("x"));
    }

    [Fact]
    public async Task HyperLogLogs_count_what_is_different()
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server);
        IDatabase database = redis.GetDatabase();
        Assert.True(await database.HyperLogLogAddAsync("p", ["a", "b", "c"]));
        Assert.False(await database.HyperLogLogAddAsync("p", "b"));
        Assert.True(await database.HyperLogLogAddAsync("q", ["c", "d"]));
        Assert.Equal(3, await database.HyperLogLogLengthAsync("p"));
        Assert.Equal(4, await database.HyperLogLogLengthAsync(["p", "q"]));
        await database.HyperLogLogMergeAsync("merged", "p", "q");
        Assert.Equal(4, await database.HyperLogLogLengthAsync("merged"));
        Assert.Equal(0, await database.HyperLogLogLengthAsync("none"));

        Assert.True(await database.HyperLogLogAddAsync("many", [.. Enumerable.Range(0, Many).Select(i => (RedisValue)i)]));
        Assert.InRange(await database.HyperLogLogLengthAsync("many"), Many * 0.97, Many * 1.03);
        await database.StringSetAsync("s", "no registers");
        await Assert.ThrowsAsync<RedisServerException>(() => database.HyperLogLogAddAsync("s", "a"));
    }

    private static IEnumerable<string> Sorted(IEnumerable<RedisValue> values) =>
        values.Select(value => value.ToString()).Order(StringComparer.Ordinal);
}
