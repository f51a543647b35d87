namespace RedisClone.Server.Access;

/// <summary>The users of a server, by name. The default user is always there.</summary>
public sealed class UserTable
{
    public const string DefaultName = "default";

    private readonly SortedDictionary<string, User> _users = new(StringComparer.Ordinal);

    /// <summary>A table with a default user who may do everything without a password.</summary>
    public UserTable(CommandCatalog catalog)
    {
        Default = MakeDefault(catalog);
        _users.Add(DefaultName, Default);
    }

    /// <summary>Who clients are that have not said otherwise. The object stays the same.</summary>
    public User Default { get; }

    /// <summary>All users, in the order of the bytes of their names.</summary>
    public IEnumerable<User> All => _users.Values;

    public int Count => _users.Count;

    /// <summary>What the default user is as long as nobody says otherwise.</summary>
    public static User MakeDefault(CommandCatalog catalog)
    {
        var user = new User(DefaultName, catalog, getsAllChannels: false);
        foreach (var rule in (ReadOnlySpan<string>)["on", "nopass", "+@all", "~*", "&*"])
        {
            user.Apply(rule);
        }

        return user;
    }

    public User? Find(string name) => _users.GetValueOrDefault(name);

    /// <summary>Adds a user; one of the same name becomes what the new one is.</summary>
    public void Put(User user)
    {
        if (_users.TryGetValue(user.Name, out var known))
        {
            known.Take(user);
        }
        else
        {
            _users.Add(user.Name, user);
        }
    }

    public bool Remove(string name) => name != DefaultName && _users.Remove(name);
}
