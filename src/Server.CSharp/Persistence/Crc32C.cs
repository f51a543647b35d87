using System.Buffers.Binary;
using System.Numerics;

namespace RedisClone.Server.Persistence;

/// <summary>
/// CRC-32C (Castagnoli; RFC 3720, appendix B.4) over bytes that come in pieces, eight at a time: processors have an
/// instruction for it. Finds every error in up to 32 adjacent bits.
/// </summary>
internal static class Crc32C
{
    /// <summary>The running value before the first byte.</summary>
    public const uint Start = 0xFFFFFFFF;

    /// <summary>The running value after some more bytes.</summary>
    public static uint Append(uint running, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            running = BitOperations.Crc32C(running, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var value in bytes)
        {
            running = BitOperations.Crc32C(running, value);
        }

        return running;
    }

    /// <summary>The checksum of everything appended.</summary>
    public static uint Finish(uint running) => ~running;
}
