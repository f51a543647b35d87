using System.Globalization;
using RedisClone.Server.Tests.Scripts;

namespace RedisClone.Server.Tests.Persistence;

/// <summary>The state of a real server, read key by key, in the words of <see cref="TinyKeyspace"/>.</summary>
internal static class OracleState
{
    private const int Databases = 4;

    public static string DigestOf(OracleServer redis)
    {
        using var connection = redis.Connect();
        var state = new TinyKeyspace();
        for (var database = 0; database < Databases; database++)
        {
            var number = database.ToString(CultureInfo.InvariantCulture);
            connection.Call("SELECT", number);
            state.Apply("SELECT", number);
            foreach (var key in connection.Call("KEYS", "*").Items)
            {
                var type = connection.Call("TYPE", key.Text).Text;
                if (type == "set")
                {
                    var members = connection.Call("SMEMBERS", key.Text).Items.Select(item => item.Text);
                    state.Apply(["SADD", key.Text, .. members]);
                }
                else if (type == "zset")
                {
                    var pairs = connection.Call("ZRANGE", key.Text, "0", "-1", "WITHSCORES").Items.Chunk(2);
                    state.Apply(["ZADD", key.Text, .. pairs.SelectMany(pair => new[] { pair[1].Text, pair[0].Text })]);
                }
                else if (type == "list")
                {
                    var elements = connection.Call("LRANGE", key.Text, "0", "-1").Items.Select(item => item.Text);
                    state.Apply(["RPUSH", key.Text, .. elements]);
                }
                else if (type == "hash")
                {
                    var fields = connection.Call("HGETALL", key.Text).Items.Select(item => item.Text);
                    state.Apply(["HSET", key.Text, .. fields]);
                }
                else
                {
                    state.Apply("SET", key.Text, connection.Call("GET", key.Text).Text);
                }

                var deadlineMs = connection.Call("PEXPIRETIME", key.Text).Text;
                if (deadlineMs != "-1")
                {
                    state.Apply("PEXPIREAT", key.Text, deadlineMs);
                }
            }
        }

        return state.Digest;
    }
}
