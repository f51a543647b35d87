using StackExchange.Redis;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>The usual client of .NET: hashes, their scanning, and fields with deadlines of their own.</summary>
public sealed class StackExchangeHashTests
{
    [Fact]
    public async Task Fields_have_deadlines_of_their_own()
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server);
        IDatabase database = redis.GetDatabase();
        await database.HashSetAsync("h", [new HashEntry("a", 1), new HashEntry("b", 2), new HashEntry("c", 3)]);
        Assert.Equal(
            [ExpireResult.Success, ExpireResult.NoSuchField],
            await database.HashFieldExpireAsync("h", ["a", "nowhere"], TimeSpan.FromSeconds(10)));
        Assert.Equal(
            [ExpireResult.ConditionNotMet, ExpireResult.Success],
            await database.HashFieldExpireAsync("h", ["a", "b"], TimeSpan.FromSeconds(20), ExpireWhen.HasNoExpiry));
        Assert.Equal(new long[] { 10_000, 20_000, -1, -2 }, await database.HashFieldGetTimeToLiveAsync("h", ["a", "b", "c", "nowhere"]));
        long deadline = server.Time.GetUtcNow().AddSeconds(10).ToUnixTimeMilliseconds();
        Assert.Equal(new long[] { deadline }, await database.HashFieldGetExpireDateTimeAsync("h", ["a"]));
        Assert.Equal(
            [PersistResult.Success, PersistResult.ConditionNotMet],
            await database.HashFieldPersistAsync("h", ["b", "c"]));

        server.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.False(await database.HashExistsAsync("h", "a"));
        Assert.Equal(["b", "c"], (await database.HashKeysAsync("h")).Select(field => field.ToString()).Order());
        Assert.Equal(
            [ExpireResult.Due],
            await database.HashFieldExpireAsync("h", ["b"], server.Time.GetUtcNow().UtcDateTime.AddSeconds(-1)));
        Assert.Equal(1, await database.HashLengthAsync("h"));
    }

    [Fact]
    public async Task Fields_are_read_and_set_together_with_their_deadlines()
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server);
        IDatabase database = redis.GetDatabase();
        Assert.Equal(1, await database.HashFieldSetAndSetExpiryAsync("h", [new HashEntry("a", 1), new HashEntry("b", 2)], TimeSpan.FromSeconds(10)));
        Assert.Equal(0, await database.HashFieldSetAndSetExpiryAsync("h", "a", 9, TimeSpan.FromSeconds(10), when: When.NotExists));
        Assert.Equal([1, RedisValue.Null], await database.HashFieldGetAndSetExpiryAsync("h", ["a", "nowhere"], TimeSpan.FromSeconds(30)));
        Assert.Equal(2, await database.HashFieldGetAndSetExpiryAsync("h", "b", persist: true));
        Assert.Equal(new long[] { 30_000, -1 }, await database.HashFieldGetTimeToLiveAsync("h", ["a", "b"]));
        Assert.Equal(2, await database.HashFieldGetAndDeleteAsync("h", "b"));
        server.Time.Advance(TimeSpan.FromSeconds(31));
        Assert.False(await database.KeyExistsAsync("h"));
    }

    [Fact]
    public async Task Large_hashes_are_scanned()
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server);
        IDatabase database = redis.GetDatabase();
        HashEntry[] entries = [.. Enumerable.Range(0, 2_000).Select(i => new HashEntry($"field:{i}", i))];
        await database.HashSetAsync("h", entries);
        Assert.Equal(
            entries.ToDictionary(entry => entry.Name, entry => entry.Value),
            database.HashScan("h", pageSize: 100).DistinctBy(entry => entry.Name).ToDictionary(entry => entry.Name, entry => entry.Value));
        Assert.Equal(200, database.HashScan("h", "*7", pageSize: 100).DistinctBy(entry => entry.Name).Count());
    }
}
