using RedisClone.Server.Configuration;
using StackExchange.Redis;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>The usual client of .NET, with its default options.</summary>
public sealed class StackExchangeTests
{
    public static TheoryData<TransportKind> All => HostileTests.All;

    [Theory]
    [MemberData(nameof(All))]
    public async Task The_usual_client_works(TransportKind transport)
    {
        using var server = new TestServer(options => options.Transport = transport);
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server);
        IDatabase database = redis.GetDatabase();
        Assert.True(await database.StringSetAsync("s", "v", TimeSpan.FromSeconds(100)));
        Assert.Equal("v", await database.StringGetAsync("s"));
        Assert.Equal(100, (await database.KeyTimeToLiveAsync("s"))!.Value.TotalSeconds);
        Assert.False(await database.StringSetAsync("s", "w", when: When.NotExists));
        Assert.Equal(5, await database.StringIncrementAsync("n", 5));
        Assert.Equal("v", await database.StringGetSetAsync("s", "x"));
        await database.HashSetAsync("h", [new HashEntry("a", 1), new HashEntry("b", "two")]);
        Assert.Equal(3, await database.HashIncrementAsync("h", "a", 2));
        Assert.Equal(2, (await database.HashGetAllAsync("h")).Length);
        Assert.Equal(["a", "b"], database.HashScan("h").Select(entry => entry.Name.ToString()).Order());
        Assert.True(await database.KeyExpireAsync("h", TimeSpan.FromSeconds(10)));
        server.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.False(await database.KeyExistsAsync("h"));
        Assert.Equal(RedisType.String, await database.KeyTypeAsync("n"));
        Assert.True(await redis.GetDatabase(5).StringSetAsync("elsewhere", "1"));
    }

    [Fact]
    public async Task Transactions_have_conditions()
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server);
        IDatabase database = redis.GetDatabase();
        ITransaction refused = database.CreateTransaction();
        refused.AddCondition(Condition.StringEqual("other", "1"));
        Task<bool> never = refused.StringSetAsync("k", "1");
        Assert.False(await refused.ExecuteAsync());
        await Assert.ThrowsAsync<TaskCanceledException>(() => never);

        ITransaction accepted = database.CreateTransaction();
        accepted.AddCondition(Condition.KeyNotExists("k"));
        accepted.AddCondition(Condition.HashLengthEqual("h", 0));
        Task<bool> set = accepted.StringSetAsync("k", "1");
        Task<long> number = accepted.HashIncrementAsync("h", "f");
        Assert.True(await accepted.ExecuteAsync());
        Assert.True(await set);
        Assert.Equal(1, await number);
    }

    [Fact]
    public async Task Batches_and_scans_and_what_administrators_do()
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server, options => options.AllowAdmin = true);
        IDatabase database = redis.GetDatabase();
        IBatch batch = database.CreateBatch();
        Task<bool>[] sets = [.. Enumerable.Range(0, 1000).Select(i => batch.StringSetAsync($"key:{i}", i))];
        batch.Execute();
        await Task.WhenAll(sets);
        IServer admin = redis.GetServer(redis.GetEndPoints().Single());
        Assert.Equal(1000, await admin.DatabaseSizeAsync());
        Assert.Equal(111, admin.Keys(pattern: "key:1*", pageSize: 50).Distinct().Count());
        Assert.Equal("4711", (await Changed(admin, "maxclients", "4711")).Single().Value);
        Assert.Contains(await admin.InfoAsync("server"), section => section.Any(line => line.Key == "redis_version"));
        Assert.NotEmpty(await admin.ClientListAsync());
        await admin.FlushAllDatabasesAsync();
        Assert.Equal(0, await admin.DatabaseSizeAsync());
    }

    private static async Task<KeyValuePair<string, string>[]> Changed(IServer admin, string setting, string value)
    {
        await admin.ConfigSetAsync(setting, value);
        return await admin.ConfigGetAsync(setting);
    }
}
