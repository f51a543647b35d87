using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Scripts;
using StackExchange.Redis;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>Messages and notifications through the usual client of .NET, in both protocols.</summary>
public sealed class StackExchangePubSubTests
{
    [Theory]
    [InlineData(RedisProtocol.Resp2)]
    [InlineData(RedisProtocol.Resp3)]
    public async Task Messages_arrive_in_order_by_channel_and_by_pattern(RedisProtocol protocol)
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server, o => o.Protocol = protocol);
        ISubscriber subscriber = redis.GetSubscriber();
        RedisChannel news = RedisChannel.Literal("news");
        ChannelMessageQueue byChannel = await subscriber.SubscribeAsync(news);
        ChannelMessageQueue byPattern = await subscriber.SubscribeAsync(RedisChannel.Pattern("n?ws"));
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(2, await redis.GetDatabase().PublishAsync(news, i));
        }

        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(i, (int)(await Next(byChannel)).Message);
            Assert.Equal("news", (string?)(await Next(byPattern)).Channel);
        }

        await byChannel.UnsubscribeAsync();
        Assert.Equal(1, await redis.GetDatabase().PublishAsync(news, "last"));
        await byPattern.UnsubscribeAsync();
        Assert.Equal(0, await redis.GetDatabase().PublishAsync(news, "nobody"));
        Assert.Equal("0", server.Info("pubsub_patterns"));
    }

    [Theory]
    [InlineData(RedisProtocol.Resp2)]
    [InlineData(RedisProtocol.Resp3)]
    public async Task What_happens_to_keys_is_told(RedisProtocol protocol)
    {
        using var server = new TestServer();
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server, o =>
        {
            o.Protocol = protocol;
            o.AllowAdmin = true;
        });
        await redis.GetServer(redis.GetEndPoints().Single()).ConfigSetAsync("notify-keyspace-events", "Exg");
        ChannelMessageQueue events =
            await redis.GetSubscriber().SubscribeAsync(RedisChannel.Pattern("__keyevent@0__:*"));
        IDatabase database = redis.GetDatabase();
        await database.StringSetAsync("k", "v", TimeSpan.FromSeconds(10));
        await database.KeyDeleteAsync("other");
        await database.KeyRenameAsync("k", "l");
        Assert.Equal(("__keyevent@0__:expire", "k"), Told(await Next(events)));
        Assert.Equal(("__keyevent@0__:rename_from", "k"), Told(await Next(events)));
        Assert.Equal(("__keyevent@0__:rename_to", "l"), Told(await Next(events)));
        server.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(("__keyevent@0__:expired", "l"), Told(await Next(events)));
    }

    [Theory]
    [InlineData(RedisProtocol.Resp2)]
    [InlineData(RedisProtocol.Resp3)]
    public async Task A_user_with_few_rights_listens_and_keeps_copies(RedisProtocol protocol)
    {
        using var server = new TestServer();
        using (IScriptConnection admin = server.Connect())
        {
            admin.Call("ACL", "SETUSER", "reader", "on", ">pw", "+@all", "~k*", "resetchannels", "&news", "&__Booksleeve*");
        }

        await using ConnectionMultiplexer writer = await StackExchangeClient.ConnectAsync(server, o => o.Protocol = protocol);
        await using ConnectionMultiplexer redis = await StackExchangeClient.ConnectAsync(server, o =>
        {
            o.Protocol = protocol;
            (o.User, o.Password, o.AllowAdmin) = ("reader", "pw", true);
        });
        IDatabase database = redis.GetDatabase();
        ChannelMessageQueue news = await redis.GetSubscriber().SubscribeAsync(RedisChannel.Literal("news"));
        Assert.Equal("OK", (string?)await database.ExecuteAsync("CLIENT", "TRACKING", "ON"));
        for (int i = 0; i < 100; i++)
        {
            await writer.GetDatabase().StringSetAsync("k", i);
            Assert.Equal(i, (int)await database.StringGetAsync("k"));
            Assert.Equal(1, await writer.GetDatabase().PublishAsync(RedisChannel.Literal("news"), i));
            Assert.Equal(i, (int)(await Next(news)).Message);
        }

        await Assert.ThrowsAsync<RedisServerException>(() => database.StringGetAsync("other"));
    }

    private static (string?, string?) Told(ChannelMessage message) => (message.Channel, message.Message);

    private static Task<ChannelMessage> Next(ChannelMessageQueue queue) =>
        queue.ReadAsync().AsTask().WaitAsync(Eventually.Bound);
}
