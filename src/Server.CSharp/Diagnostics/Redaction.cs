using RedisClone.Protocol;
using RedisClone.Protocol.Interop;

namespace RedisClone.Server.Diagnostics;

/// <summary>What others may see of the arguments of a command: passwords they may not.</summary>
internal static class Redaction
{
    private static readonly byte[] Placeholder = "(redacted)"u8.ToArray();

    /// <summary>An argument as it may be shown.</summary>
    public static ReadOnlySpan<byte> Shown(HostCommand command, Arguments args, int index) =>
        IsSecret(command, args, index) ? Placeholder : args[index];

    private static bool IsSecret(HostCommand command, Arguments args, int index) =>
        command.FullName == "hello" && index > 1 && IsAfterAuth(args, index);

    private static bool IsAfterAuth(Arguments args, int index) =>
        Bytes.isWord("AUTH", args[index - 1]) || (index > 2 && Bytes.isWord("AUTH", args[index - 2]));
}
