using RedisClone.Protocol;
using RedisClone.Protocol.Interop;

namespace RedisClone.Server.Access;

/// <summary>Which arguments nobody but the server may see: what shows commands to others (MONITOR, SLOWLOG) asks here.</summary>
public static class Secrets
{
    /// <summary>What is shown in the place of a secret.</summary>
    public const string Placeholder = "(redacted)";

    private static readonly string[] SecretSettings = ["requirepass", "masterauth", "masteruser", "tls-key-file-pass"];

    /// <summary>Whether an argument is a secret, or might be.</summary>
    public static bool IsSecret(HostCommand command, Arguments args, int index) => command.FullName switch
    {
        "auth" => index > 0,
        "hello" => IsAfterAuth(args, index),
        "acl|setuser" => index > 1,
        "acl|deluser" or "acl|getuser" => index > 1,
        "config|set" => index > 2 && index % 2 == 1 && IsSecretSetting(args[index - 1]),
        _ => false,
    };

    /// <summary>AUTH and what follows; a name, too, might be a password in the wrong place.</summary>
    private static bool IsAfterAuth(Arguments args, int index)
    {
        for (var i = Math.Max(2, index - 2); i < index; i++)
        {
            if (Bytes.isWord("AUTH", args[i]))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsSecretSetting(ReadOnlySpan<byte> name)
    {
        foreach (var secret in SecretSettings)
        {
            if (ByteTexts.EqualsIgnoreCase(secret, name))
            {
                return true;
            }
        }

        return false;
    }
}
