using RedisClone.Server.Tests.Hosting;
using RedisClone.Server.Tests.Scripts;
using StackExchange.Redis;
using Xunit;

namespace RedisClone.Server.Tests.Access;

/// <summary>Users and passwords with the usual clients.</summary>
public sealed class AccessClientTests
{
    [Theory]
    [InlineData(RedisProtocol.Resp2)]
    [InlineData(RedisProtocol.Resp3)]
    public async Task The_usual_client_of_dotnet_logs_in_and_is_told_what_it_may_not(RedisProtocol protocol)
    {
        using var server = new TestServer(options => options.RequirePass = "secret");
        using (IScriptConnection admin = server.Connect())
        {
            admin.Call("AUTH", "secret");
            admin.Call("ACL", "SETUSER", "alice", "on", ">wonder land", "+@all", "-@dangerous", "+info", "+client", "+config|get", "~a*", "&*");
        }

        await using ConnectionMultiplexer alice = await StackExchangeClient.ConnectAsync(server, options =>
        {
            options.User = "alice";
            options.Password = "wonder land";
            options.Protocol = protocol;
        });
        IDatabase database = alice.GetDatabase();
        Assert.True(await database.StringSetAsync("a", "1"));
        Assert.Equal("1", await database.StringGetAsync("a"));
        RedisServerException refused = await Assert.ThrowsAsync<RedisServerException>(() => database.StringGetAsync("b"));
        Assert.StartsWith("NOPERM", refused.Message, StringComparison.Ordinal);

        await using ConnectionMultiplexer standard = await StackExchangeClient.ConnectAsync(server, options => options.Password = "secret");
        Assert.Equal("1", await standard.GetDatabase().StringGetAsync("a"));
        await Assert.ThrowsAnyAsync<RedisConnectionException>(() => StackExchangeClient.ConnectAsync(server, options =>
        {
            options.Password = "wrong";
            options.ConnectRetry = 0;
        }));
    }

    [NodeFact]
    public void The_usual_client_of_node_logs_in_and_is_told_what_it_may_not()
    {
        using NodeProject project = NodeProject.Install(Path.Combine(ScriptFolder.SourceTree(), "tests", "Clients", "ioredis"));
        using var server = new TestServer(options => options.RequirePass = "secret");
        (int code, string output) = project.Run("access.js", server.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal("ok stranger\nok default\nok user\n", output);
        Assert.Equal(0, code);
    }
}
