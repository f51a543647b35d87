using StackExchange.Redis;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>
/// Transactions of the usual client of .NET: it watches the key of each condition, looks, and sends the commands only
/// if all conditions hold.
/// </summary>
public sealed class StackExchangeTransactionTests
{
    public static TheoryData<string, bool> Conditions
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (string name in ByName.Keys)
            {
                data.Add(name, name.StartsWith("not ", StringComparison.Ordinal));
            }

            return data;
        }
    }

    /// <summary>What holds of the values that <see cref="Fill"/> makes, and what does not.</summary>
    private static Dictionary<string, Condition> ByName => new()
    {
        ["list length"] = Condition.ListLengthEqual("l", 3),
        ["not list length"] = Condition.ListLengthLessThan("l", 3),
        ["list element"] = Condition.ListIndexEqual("l", -1, "c"),
        ["not list element"] = Condition.ListIndexExists("l", 3),
        ["set member"] = Condition.SetContains("s", "a"),
        ["not set member"] = Condition.SetNotContains("s", "a"),
        ["set length"] = Condition.SetLengthGreaterThan("s", 1),
        ["not set length"] = Condition.SetLengthEqual("s", 3),
        ["sorted set member"] = Condition.SortedSetContains("z", "b"),
        ["not sorted set member"] = Condition.SortedSetContains("z", "c"),
        ["sorted set score"] = Condition.SortedSetEqual("z", "b", 2.5),
        ["not sorted set score"] = Condition.SortedSetEqual("z", "b", 2),
        ["sorted set has a score"] = Condition.SortedSetScoreExists("z", 2.5),
        ["not sorted set has a score"] = Condition.SortedSetScoreExists("z", 3),
        ["sorted set length between scores"] = Condition.SortedSetLengthEqual("z", 1, 2, 3),
        ["not sorted set length between scores"] = Condition.SortedSetLengthEqual("z", 2, 2, 3),
        ["sorted set member that begins"] = Condition.SortedSetContainsStarting("e", "pre"),
        ["not sorted set member that begins"] = Condition.SortedSetNotContainsStarting("e", "pre"),
        ["hash field"] = Condition.HashEqual("h", "f", "v"),
        ["not hash field"] = Condition.HashNotExists("h", "f"),
    };

    [Theory]
    [MemberData(nameof(Conditions))]
    public async Task A_transaction_is_executed_when_its_condition_holds(string condition, bool refused)
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server);
        IDatabase database = redis.GetDatabase();
        await Fill(database);
        ITransaction transaction = database.CreateTransaction();
        ConditionResult result = transaction.AddCondition(ByName[condition]);
        Task<long> pushed = transaction.ListRightPushAsync("l", "d");
        Task<bool> added = transaction.SetAddAsync("s", "new");
        Task<double> score = transaction.SortedSetIncrementAsync("z", "a", 1);
        Assert.Equal(!refused, await transaction.ExecuteAsync());
        Assert.Equal(!refused, result.WasSatisfied);
        if (refused)
        {
            await Assert.ThrowsAsync<TaskCanceledException>(() => pushed);
        }
        else
        {
            Assert.Equal(4, await pushed);
            Assert.True(await added);
            Assert.Equal(2, await score);
        }

        Assert.Equal(refused ? 3 : 4, await database.ListLengthAsync("l"));
        Assert.Equal(refused ? 2 : 3, await database.SetLengthAsync("s"));
        Assert.Equal(refused ? 1 : 2, await database.SortedSetScoreAsync("z", "a"));
    }

    [Fact]
    public async Task A_command_that_fails_in_a_transaction_leaves_the_others_done()
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server);
        IDatabase database = redis.GetDatabase();
        await Fill(database);
        ITransaction transaction = database.CreateTransaction();
        Task<RedisValue> popped = transaction.ListLeftPopAsync("l");
        Task<bool> wrong = transaction.SetAddAsync("l", "member");
        Task<SortedSetEntry?> least = transaction.SortedSetPopAsync("z");
        Assert.True(await transaction.ExecuteAsync());
        Assert.Equal("a", await popped);
        RedisServerException error = await Assert.ThrowsAsync<RedisServerException>(() => wrong);
        Assert.StartsWith("WRONGTYPE", error.Message, StringComparison.Ordinal);
        Assert.Equal(new SortedSetEntry("a", 1), await least);
        Assert.Equal(["b", "c"], await database.ListRangeAsync("l"));
    }

    private static async Task Fill(IDatabase database)
    {
        await database.ListRightPushAsync("l", ["a", "b", "c"]);
        await database.SetAddAsync("s", ["a", "b"]);
        await database.SortedSetAddAsync("z", [new SortedSetEntry("a", 1), new SortedSetEntry("b", 2.5)]);
        await database.SortedSetAddAsync("e", "prefix", 0);
        await database.HashSetAsync("h", "f", "v");
    }
}
