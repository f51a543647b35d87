using Reason = RedisClone.Protocol.Errors.ConfigReason;

namespace RedisClone.Server.Configuration;

/// <summary>
/// How many bytes of replies a client may leave unread: more than <paramref name="HardBytes"/>, or more than
/// <paramref name="SoftBytes"/> for <paramref name="SoftSeconds"/>, and it is disconnected. 0 is no limit.
/// </summary>
public readonly record struct OutputBufferLimit(long HardBytes, long SoftBytes, int SoftSeconds);

/// <summary>The limits of each class of clients; replaced as a whole, so that a reader never sees half a change.</summary>
public sealed record OutputBufferLimits(OutputBufferLimit Normal, OutputBufferLimit Replica, OutputBufferLimit PubSub)
{
    internal const int WordsPerClass = 4;

    public static OutputBufferLimits Default { get; } = new(
        new OutputBufferLimit(0, 0, 0),
        new OutputBufferLimit(256L << 20, 64L << 20, 60),
        new OutputBufferLimit(32L << 20, 8L << 20, 60));

    /// <summary>In the order and words of CONFIG GET, which still says slave.</summary>
    public override string ToString() => $"normal {Show(Normal)} slave {Show(Replica)} pubsub {Show(PubSub)}";

    /// <summary>Takes groups of class, hard limit, soft limit and seconds; the classes not named stay as they are.</summary>
    /// <returns>Null, or what is wrong with the words.</returns>
    internal string? TryChange(ReadOnlySpan<string> words, out OutputBufferLimits changed)
    {
        changed = this;
        if (words.Length % WordsPerClass != 0)
        {
            return Reason.bufferLimitCount;
        }

        for (int i = 0; i < words.Length; i += WordsPerClass)
        {
            string clientClass = words[i].ToLowerInvariant();
            if (clientClass is not ("normal" or "replica" or "slave" or "pubsub"))
            {
                return Reason.bufferLimitClass;
            }

            if (!TryReadLimit(words.Slice(i + 1, WordsPerClass - 1), out OutputBufferLimit limit))
            {
                return Reason.bufferLimitNumber;
            }

            changed = clientClass switch
            {
                "normal" => changed with { Normal = limit },
                "pubsub" => changed with { PubSub = limit },
                _ => changed with { Replica = limit },
            };
        }

        return null;
    }

    private static string Show(OutputBufferLimit limit) => $"{limit.HardBytes} {limit.SoftBytes} {limit.SoftSeconds}";

    private static bool TryReadLimit(ReadOnlySpan<string> words, out OutputBufferLimit limit)
    {
        limit = default;
        if (!ConfiguredNumber.TryParseBytes(words[0], out ulong hard) || hard > long.MaxValue
            || !ConfiguredNumber.TryParseBytes(words[1], out ulong soft) || soft > long.MaxValue
            || !ConfiguredNumber.TryParseInteger(words[2], out long seconds) || seconds is < 0 or > int.MaxValue)
        {
            return false;
        }

        limit = new OutputBufferLimit((long)hard, (long)soft, (int)seconds);
        return true;
    }
}
