namespace RedisClone.Bench.Load;

/// <summary>Sends many requests over one connection, always with some under way.</summary>
internal static class Loader
{
    private const int BatchSize = 500;

    /// <summary>Requests number 0 to <paramref name="count"/> - 1, as <paramref name="write"/> writes them.</summary>
    /// <exception cref="BenchException">One was answered with an error.</exception>
    public static void Load(RespClient client, long count, Action<RequestBuffer, long> write) => Load(client, count, write, 1);

    /// <summary>The same where <paramref name="write"/> writes several requests each time.</summary>
    public static void Load(RespClient client, long count, Action<RequestBuffer, long> write, int requests)
    {
        var buffer = new RequestBuffer();
        var owed = 0;
        for (long next = 0; next < count;)
        {
            buffer.Clear();
            var batch = (int)Math.Min(BatchSize, count - next);
            for (var i = 0; i < batch; i++)
            {
                write(buffer, next++);
            }

            // The server works on this batch while we read the replies to the one before.
            client.Send(buffer.Written);
            client.SkipReplies(owed);
            owed = batch * requests;
        }

        client.SkipReplies(owed);
    }
}
