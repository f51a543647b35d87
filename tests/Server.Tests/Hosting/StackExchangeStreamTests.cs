using StackExchange.Redis;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>Streams and their groups, through the usual client of .NET.</summary>
public sealed class StackExchangeStreamTests
{
    private const int Many = 1000;

    [Fact]
    public async Task Entries_are_added_read_deleted_and_trimmed()
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server);
        IDatabase database = redis.GetDatabase();
        Assert.Equal("1-1", await database.StreamAddAsync("s", "a", "1", "1-1"));
        Assert.Equal("2-0", await database.StreamAddAsync("s", [new NameValueEntry("a", "2"), new NameValueEntry("b", "x")], "2-0"));
        var own = (string?)await database.StreamAddAsync("s", "a", "3");
        Assert.EndsWith("-0", own);
        Assert.Equal(3, await database.StreamLengthAsync("s"));

        StreamEntry[] all = await database.StreamRangeAsync("s");
        Assert.Equal(["1-1", "2-0", own], all.Select(entry => (string?)entry.Id));
        Assert.Equal([new NameValueEntry("a", "2"), new NameValueEntry("b", "x")], all[1].Values);
        Assert.Equal("x", all[1]["b"]);
        StreamEntry last = Assert.Single(await database.StreamRangeAsync("s", count: 1, messageOrder: Order.Descending));
        Assert.Equal(own, last.Id);
        Assert.Equal(["2-0"], (await database.StreamRangeAsync("s", "2", "3")).Select(entry => (string?)entry.Id));
        Assert.Equal(["2-0", own], (await database.StreamReadAsync("s", "1-1")).Select(entry => (string?)entry.Id));
        Assert.Empty(await database.StreamReadAsync("s", own));
        RedisStream read = Assert.Single(await database.StreamReadAsync([new("s", "0-0"), new("none", "0-0")], countPerStream: 1));
        Assert.Equal("s", read.Key);
        Assert.Equal("1-1", Assert.Single(read.Entries).Id);

        Assert.Equal(1, await database.StreamDeleteAsync("s", ["2-0", "9-9"]));
        Assert.Equal(1, await database.StreamTrimAsync("s", 1));
        StreamInfo info = await database.StreamInfoAsync("s");
        Assert.Equal(1, info.Length);
        Assert.Equal(own, info.LastGeneratedId);
        Assert.Equal(own, info.FirstEntry.Id);

        for (var i = 1; i <= Many; i++)
        {
            await database.StreamAddAsync("many", "n", i, $"{i}-0", maxLength: Many / 2, useApproximateMaxLength: true);
        }

        var kept = (int)await database.StreamLengthAsync("many");
        Assert.InRange(kept, Many / 2, Many / 2 + 99);
        StreamEntry[] rest = await database.StreamRangeAsync("many");
        Assert.Equal(Enumerable.Range(Many - kept + 1, kept), rest.Select(entry => (int)entry["n"]));
    }

    [Fact]
    public async Task Groups_deliver_claim_and_acknowledge()
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server);
        IDatabase database = redis.GetDatabase();
        for (var i = 1; i <= 4; i++)
        {
            await database.StreamAddAsync("s", "n", i, $"{i}-0");
        }

        Assert.True(await database.StreamCreateConsumerGroupAsync("s", "g", StreamPosition.Beginning));
        RedisServerException twice = await Assert.ThrowsAsync<RedisServerException>(
            () => database.StreamCreateConsumerGroupAsync("s", "g", StreamPosition.Beginning));
        Assert.StartsWith("BUSYGROUP ", twice.Message);
        Assert.Equal(["1-0", "2-0"], Ids(await database.StreamReadGroupAsync("s", "g", "a", StreamPosition.NewMessages, 2)));
        Assert.Equal(["3-0", "4-0"], Ids(await database.StreamReadGroupAsync("s", "g", "b", StreamPosition.NewMessages)));
        Assert.Equal(["1-0", "2-0"], Ids(await database.StreamReadGroupAsync("s", "g", "a", StreamPosition.Beginning)));

        StreamPendingInfo pending = await database.StreamPendingAsync("s", "g");
        Assert.Equal(4, pending.PendingMessageCount);
        Assert.Equal("1-0", pending.LowestPendingMessageId);
        Assert.Equal("4-0", pending.HighestPendingMessageId);
        Assert.Equal(["a", "b"], pending.Consumers.Select(consumer => (string?)consumer.Name));
        Assert.All(pending.Consumers, consumer => Assert.Equal(2, consumer.PendingMessageCount));

        Assert.Equal(["1-0"], Ids(await database.StreamClaimAsync("s", "g", "b", 0, ["1-0"])));
        StreamAutoClaimResult claimed = await database.StreamAutoClaimAsync("s", "g", "c", 0, "0-0", 2);
        Assert.Equal(["1-0", "2-0"], Ids(claimed.ClaimedEntries));
        Assert.Equal("3-0", claimed.NextStartId);
        Assert.Equal(["3-0"], (await database.StreamAutoClaimIdsOnlyAsync("s", "g", "c", 0, "3-0", 1)).ClaimedIds.Select(id => (string?)id));
        StreamPendingMessageInfo[] messages = await database.StreamPendingMessagesAsync("s", "g", 10, "c");
        Assert.Equal(["1-0", "2-0", "3-0"], messages.Select(message => (string?)message.MessageId));
        Assert.Equal([4, 3, 1], messages.Select(message => message.DeliveryCount));

        Assert.Equal(2, await database.StreamAcknowledgeAsync("s", "g", ["1-0", "2-0", "9-0"]));
        StreamGroupInfo group = Assert.Single(await database.StreamGroupInfoAsync("s"));
        Assert.Equal(("g", 3, 2, "4-0", 0L), (group.Name, group.ConsumerCount, group.PendingMessageCount, group.LastDeliveredId, group.Lag));
        Assert.Equal(
            [("a", 0), ("b", 1), ("c", 1)],
            (await database.StreamConsumerInfoAsync("s", "g")).Select(consumer => (consumer.Name, consumer.PendingMessageCount)));
        Assert.Equal(1, await database.StreamDeleteConsumerAsync("s", "g", "b"));
        Assert.True(await database.StreamConsumerGroupSetPositionAsync("s", "g", "3-0"));
        Assert.Equal(["4-0"], Ids(await database.StreamReadGroupAsync("s", "g", "d", StreamPosition.NewMessages, noAck: true)));
        Assert.True(await database.StreamDeleteConsumerGroupAsync("s", "g"));
        Assert.Empty(await database.StreamGroupInfoAsync("s"));
    }

    private static IEnumerable<string?> Ids(IEnumerable<StreamEntry> entries) => entries.Select(entry => (string?)entry.Id);
}
