using System.Security.Cryptography;
using System.Text;
using RedisClone.Protocol;
using Reason = RedisClone.Protocol.Errors.AclReason;

namespace RedisClone.Server.Access;

/// <summary>Whether what RESTORE is given is looked through before it is used.</summary>
internal enum PayloadChecks
{
    Unsaid,
    Sanitize,
    Skip,
}

/// <summary>
/// Somebody who may use the server: passwords, and selectors that say what for. Names and rules are byte text.
/// </summary>
/// <remarks>Sessions hold on to the object, so a change of the rules is <see cref="Take"/>n into it.</remarks>
public sealed class User
{
    private const string HexDigits = "0123456789abcdef";

    private readonly CommandCatalog _catalog;
    private readonly bool _getsAllChannels;
    private List<byte[]> _passwords = [];
    private Selector _root;
    private List<Selector> _selectors = [];
    private PayloadChecks _payload;

    /// <summary>
    /// A user who may not do anything, and cannot log in; with <paramref name="getsAllChannels"/>, all channels are allowed
    /// unless a rule says otherwise.
    /// </summary>
    public User(string name, CommandCatalog catalog, bool getsAllChannels)
    {
        Name = name;
        _catalog = catalog;
        _getsAllChannels = getsAllChannels;
        _root = new Selector(catalog, getsAllChannels);
    }

    public string Name { get; }

    /// <summary>Whether one may log in as this user. Who has done so stays.</summary>
    public bool IsOn { get; private set; }

    /// <summary>Whether any password will do.</summary>
    public bool NeedsNoPassword { get; private set; }

    /// <summary>Whether nothing is forbidden, so that nothing needs to be looked at.</summary>
    public bool IsUnrestricted { get; private set; }

    /// <summary>SHA-256 of the passwords, in hexadecimal digits.</summary>
    public IEnumerable<string> PasswordHashes => _passwords.Select(Convert.ToHexStringLower);

    /// <summary>The first selector, which rules outside of parentheses are about.</summary>
    public Selector Root => _root;

    /// <summary>The other selectors.</summary>
    public IReadOnlyList<Selector> Selectors => _selectors;

    /// <summary>The words for what is neither a password nor a right.</summary>
    public IEnumerable<string> Flags
    {
        get
        {
            yield return IsOn ? "on" : "off";
            if (NeedsNoPassword)
            {
                yield return "nopass";
            }

            if (_payload != PayloadChecks.Unsaid)
            {
                yield return _payload == PayloadChecks.Skip ? "skip-sanitize-payload" : "sanitize-payload";
            }
        }
    }

    /// <summary>A copy to try rules on.</summary>
    public User Copy()
    {
        var copy = new User(Name, _catalog, _getsAllChannels);
        copy.Take(this);
        return copy;
    }

    /// <summary>Becomes what another is.</summary>
    public void Take(User other)
    {
        IsOn = other.IsOn;
        NeedsNoPassword = other.NeedsNoPassword;
        _payload = other._payload;
        _passwords = [.. other._passwords];
        _root = new Selector(other._root);
        _selectors = [.. other._selectors.Select(selector => new Selector(selector))];
        IsUnrestricted = other.IsUnrestricted;
    }

    /// <summary>Takes one rule.</summary>
    /// <returns>Null, or why it is refused; then nothing has changed.</returns>
    public string? Apply(string rule)
    {
        var problem = ApplyUnsettled(rule);
        IsUnrestricted = _root.AllowsEverything;
        return problem;
    }

    /// <summary>Whether a command may be carried out. Of several refusals, it is the one that came furthest.</summary>
    public Verdict Check(KeyLookup lookup)
    {
        var verdict = _root.Check(lookup, _catalog);
        for (var i = 0; i < _selectors.Count && !verdict.IsAllowed; i++)
        {
            var other = _selectors[i].Check(lookup, _catalog);
            var isFurther = other.Denial == verdict.Denial
                ? other.Position > verdict.Position
                : other.Denial > verdict.Denial;
            verdict = other.IsAllowed || isFurther ? other : verdict;
        }

        return verdict;
    }

    /// <summary>Whether a command may be carried out that reads keys which its arguments do not name.</summary>
    public bool MayReadAllKeys(KeyLookup lookup)
    {
        if (_root.AllowsReadingAllKeys && _root.Check(lookup, _catalog).IsAllowed)
        {
            return true;
        }

        foreach (var selector in _selectors)
        {
            if (selector.AllowsReadingAllKeys && selector.Check(lookup, _catalog).IsAllowed)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a channel, or a pattern of channels, may be subscribed to by any command.</summary>
    public bool MaySubscribe(ReadOnlySpan<byte> name, bool isPattern)
    {
        if (_root.AllowsChannel(name, isPattern))
        {
            return true;
        }

        foreach (var selector in _selectors)
        {
            if (selector.AllowsChannel(name, isPattern))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Whether one may log in with a password. Takes as long for a wrong one as for a right one, and looks at all of them.
    /// </summary>
    public bool Accepts(ReadOnlySpan<byte> password)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(password, hash);
        var isKnown = NeedsNoPassword;
        foreach (var known in _passwords)
        {
            isKnown |= CryptographicOperations.FixedTimeEquals(hash, known);
        }

        return isKnown & IsOn;
    }

    /// <summary>The line of a file that makes the user.</summary>
    public string Describe()
    {
        var text = new StringBuilder("user ").Append(Name).Append(' ').AppendJoin(' ', Flags).Append(' ');
        foreach (var password in PasswordHashes)
        {
            text.Append('#').Append(password).Append(' ');
        }

        _root.Describe(text);
        foreach (var selector in _selectors)
        {
            text.Append(" (");
            selector.Describe(text);
            text.Append(')');
        }

        return text.ToString();
    }

    private string? ApplyUnsettled(string rule)
    {
        switch (rule.ToLowerInvariant())
        {
            case "":
                break;
            case "on":
                IsOn = true;
                break;
            case "off":
                IsOn = false;
                break;
            case "nopass":
                NeedsNoPassword = true;
                _passwords.Clear();
                break;
            case "resetpass":
                ResetPasswords();
                break;
            case "sanitize-payload":
                _payload = PayloadChecks.Sanitize;
                break;
            case "skip-sanitize-payload":
                _payload = PayloadChecks.Skip;
                break;
            case "clearselectors":
                _selectors.Clear();
                break;
            case "reset":
                ResetPasswords();
                IsOn = false;
                _payload = PayloadChecks.Sanitize;
                _root = new Selector(_catalog, _getsAllChannels);
                _selectors.Clear();
                break;
            default:
                return rule[0] switch
                {
                    '>' => AddPassword(Hash(rule[1..])),
                    '<' => RemovePassword(Hash(rule[1..])),
                    '#' => ReadHash(rule) is { } hash ? AddPassword(hash) : Reason.badHash,
                    '!' => ReadHash(rule) is { } hash ? RemovePassword(hash) : Reason.badHash,
                    '(' => AddSelector(rule),
                    _ => _root.Apply(rule),
                };
        }

        return null;
    }

    private static byte[] Hash(string password) => SHA256.HashData(Bytes.ofString(password));

    private static byte[]? ReadHash(string rule) =>
        rule.Length == 1 + (2 * SHA256.HashSizeInBytes) && rule.AsSpan(1).IndexOfAnyExcept(HexDigits) < 0
            ? Convert.FromHexString(rule.AsSpan(1))
            : null;

    private void ResetPasswords()
    {
        NeedsNoPassword = false;
        _passwords.Clear();
    }

    private string? AddPassword(byte[] hash)
    {
        if (!_passwords.Exists(known => known.AsSpan().SequenceEqual(hash)))
        {
            _passwords.Add(hash);
        }

        NeedsNoPassword = false;
        return null;
    }

    private string? RemovePassword(byte[] hash) =>
        _passwords.RemoveAll(known => known.AsSpan().SequenceEqual(hash)) > 0 ? null : Reason.noSuchPassword;

    private string? AddSelector(string rule)
    {
        if (!rule.EndsWith(')'))
        {
            return Reason.syntax;
        }

        var selector = new Selector(_catalog, _getsAllChannels);
        foreach (var part in rule[1..^1].Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (selector.Apply(part) is { } problem)
            {
                return problem;
            }
        }

        _selectors.Add(selector);
        return null;
    }
}
