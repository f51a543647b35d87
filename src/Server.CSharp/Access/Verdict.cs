namespace RedisClone.Server.Access;

/// <summary>Why something was refused; the further a look at the command came, the later here.</summary>
public enum Denial
{
    None,
    Command,
    Key,
    Channel,

    /// <summary>A wrong user name or password.</summary>
    Authentication,
}

/// <summary>Whether a user may carry out a command.</summary>
/// <param name="Denial">None if so.</param>
/// <param name="Position">Which argument is the key or the channel that is refused.</param>
public readonly record struct Verdict(Denial Denial, int Position)
{
    public static Verdict Allowed => default;

    public bool IsAllowed => Denial == Denial.None;
}

/// <summary>What a key pattern allows to do with the data of the keys that it fits.</summary>
[Flags]
public enum KeyRights
{
    None = 0,
    Read = 1,
    Write = 2,
    All = Read | Write,
}
