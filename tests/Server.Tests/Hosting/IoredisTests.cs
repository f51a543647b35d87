using System.Globalization;
using RedisClone.Server.Tests.Scripts;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>The usual client of Node.js: <c>tests/Clients/ioredis</c> says what it asks, and checks the replies.</summary>
public sealed class IoredisTests
{
    [NodeFact]
    public void The_usual_client_of_node_works_with_every_family()
    {
        using NodeProject project = NodeProject.Install(Path.Combine(ScriptFolder.SourceTree(), "tests", "Clients", "ioredis"));
        using var server = new TestServer();
        (int code, string output) = project.Run("families.js", server.Port.ToString(CultureInfo.InvariantCulture));
        string[] families =
        [
            "strings", "keys", "hashes", "lists", "sets", "sorted sets", "geo", "bitmaps", "HyperLogLogs", "waiting",
            "streams", "messages", "users and copies", "pipelines", "transactions",
        ];
        Assert.Equal(string.Concat(families.Select(family => $"ok {family}\n")), output);
        Assert.Equal(0, code);
    }
}
