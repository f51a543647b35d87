using System.Globalization;
using Reason = RedisClone.Protocol.Errors.ConfigReason;

namespace RedisClone.Server.Configuration;

/// <summary>The setting maxmemory-clients: bytes, or per cent of maxmemory; 0 is no limit.</summary>
public readonly record struct ClientMemoryLimit(long Bytes, int Percent)
{
    private const int PercentMax = 100;

    /// <summary>The limit in bytes when all memory is limited to so many, 0 for no limit; then per cent limit nothing.</summary>
    public long For(ulong maxMemoryBytes) => Percent == 0
        ? Bytes
        : (long)UInt128.Min((UInt128)maxMemoryBytes * (uint)Percent / PercentMax, long.MaxValue);

    public override string ToString() => Percent == 0
        ? Bytes.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Percent}%");

    /// <summary>Reads a size with or without unit, or per cent; returns null, or why it cannot.</summary>
    internal static string? Parse(ReadOnlySpan<string> words, ClientMemoryLimit current, out ClientMemoryLimit limit)
    {
        limit = current;
        Int128 percent = 0;
        ulong bytes = 0;
        var isPercent = words[0].EndsWith('%');
        if (isPercent)
        {
            if (!ConfiguredNumber.TryParseInteger(words[0][..^1], out var number) || number < 0)
            {
                return Reason.memoryOrPercent;
            }

            percent = number;
        }
        else if (!ConfiguredNumber.TryParseBytes(words[0], out bytes))
        {
            return Reason.memoryOrPercent;
        }
        else if (bytes > long.MaxValue)
        {
            // Redis keeps both in one number, where a size that great is a percentage.
            percent = (Int128)ulong.MaxValue + 1 - bytes;
        }

        if (percent > PercentMax)
        {
            return Reason.percent;
        }

        limit = isPercent || percent > 0 ? new ClientMemoryLimit(0, (int)percent) : new ClientMemoryLimit((long)bytes, 0);
        return null;
    }
}
