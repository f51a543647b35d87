using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using RedisClone.Server.Access;

namespace RedisClone.Server.Diagnostics;

/// <summary>What others may see of the arguments of a command: secrets they may not.</summary>
internal static class Redaction
{
    private static readonly byte[] Placeholder = Bytes.ofString(Secrets.Placeholder);

    /// <summary>An argument as it may be shown.</summary>
    public static ReadOnlySpan<byte> Shown(HostCommand command, Arguments args, int index) =>
        Secrets.IsSecret(command, args, index) ? Placeholder : args[index];
}
