using RedisClone.Server.Network.Linux;

namespace RedisClone.Server.Network;

/// <summary>What the limit of descriptors of this process leaves for connections.</summary>
internal static class DescriptorLimit
{
    /// <summary>
    /// Descriptors that connections leave alone. The log and snapshots need some; and the runtime needs one for each
    /// thread that it starts, without which it ends the process.
    /// </summary>
    public const int Reserved = 128;

    /// <summary>So many descriptors there can be.</summary>
    public static long Descriptors => OperatingSystem.IsLinux() ? Native.DescriptorLimit() : long.MaxValue;

    /// <summary>So many connections there can be.</summary>
    public static long ConnectionsMax => Math.Max(1, Descriptors - Reserved);
}
