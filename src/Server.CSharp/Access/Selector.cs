using System.Text;
using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using Reason = RedisClone.Protocol.Errors.AclReason;

namespace RedisClone.Server.Access;

/// <summary>
/// Some commands on some keys and channels. A user may do what one of its selectors allows as a whole: the rights of two
/// selectors do not add up within one command.
/// </summary>
public sealed class Selector
{
    private const string All = "*";

    private readonly CommandRules _commands;
    private readonly List<KeyPattern> _keys;
    private readonly List<ChannelPattern> _channels;

    /// <summary>Allows nothing, but for all channels if told so.</summary>
    public Selector(CommandCatalog catalog, bool allowsAllChannels)
    {
        _commands = new CommandRules(catalog);
        _keys = [];
        _channels = [];
        AllowsAllChannels = allowsAllChannels;
    }

    public Selector(Selector other)
    {
        _commands = new CommandRules(other._commands);
        _keys = [.. other._keys];
        _channels = [.. other._channels];
        AllowsAllKeys = other.AllowsAllKeys;
        AllowsAllChannels = other.AllowsAllChannels;
    }

    public bool AllowsAllKeys { get; private set; }

    public bool AllowsAllChannels { get; private set; }

    /// <summary>Whether there is nothing that it forbids.</summary>
    public bool AllowsEverything => _commands.AllowsAll && AllowsAllKeys && AllowsAllChannels;

    /// <summary>Takes one rule, byte text.</summary>
    /// <returns>Null, or why it is refused; then nothing has changed.</returns>
    public string? Apply(string rule)
    {
        switch (rule.ToLowerInvariant())
        {
            case "allcommands":
                _commands.SetAll(true);
                return null;
            case "nocommands":
                _commands.SetAll(false);
                return null;
            case "allkeys":
                return AllowAllKeys();
            case "resetkeys":
                AllowsAllKeys = false;
                _keys.Clear();
                return null;
            case "allchannels":
                AllowAllChannels();
                return null;
            case "resetchannels":
                AllowsAllChannels = false;
                _channels.Clear();
                return null;
        }

        return rule.Length == 0 ? Reason.syntax : rule[0] switch
        {
            '~' when rule == "~*" => AllowAllKeys(),
            '~' => AddKeys(rule[1..], KeyRights.All),
            '%' => AddKeysWithRights(rule[1..]),
            '&' => AddChannels(rule[1..]),
            '+' => _commands.Apply(rule[1..], allowed: true),
            '-' => _commands.Apply(rule[1..], allowed: false),
            _ => Reason.syntax,
        };
    }

    /// <summary>Whether a command may be carried out on its keys and channels.</summary>
    public Verdict Check(KeyLookup lookup, CommandCatalog catalog)
    {
        if (!_commands.Allows(lookup.Command, lookup.Args))
        {
            return new Verdict(Denial.Command, 0);
        }

        if (!AllowsAllKeys && lookup.Command.HasKeys && RefusedKey(lookup) is > 0 and var key)
        {
            return new Verdict(Denial.Key, key);
        }

        return !AllowsAllChannels && RefusedChannel(lookup.Args, catalog.ChannelUseOf(lookup.Command)) is > 0 and var channel
            ? new Verdict(Denial.Channel, channel)
            : Verdict.Allowed;
    }

    /// <summary>Whether every key may be read, whatever it is called.</summary>
    public bool AllowsReadingAllKeys
    {
        get
        {
            if (AllowsAllKeys)
            {
                return true;
            }

            foreach (var pattern in _keys)
            {
                if (pattern.Text == All && (pattern.Rights & KeyRights.Read) != 0)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Whether a channel, or a pattern of channels, may be subscribed to.</summary>
    public bool AllowsChannel(ReadOnlySpan<byte> name, bool isPattern)
    {
        if (AllowsAllChannels)
        {
            return true;
        }

        foreach (var channel in _channels)
        {
            // A pattern must be one of the rules itself: what else it might fit cannot be told.
            if (isPattern ? name.SequenceEqual(channel.Glob) : Glob.isMatch(channel.Glob, name, ignoreCase: false))
            {
                return true;
            }
        }

        return false;
    }

    public string DescribeCommands()
    {
        var text = new StringBuilder();
        _commands.Describe(text);
        return text.ToString();
    }

    public string DescribeKeys() =>
        AllowsAllKeys ? "~*" : string.Join(' ', _keys.Select(pattern => pattern.ToString()));

    public string DescribeChannels() =>
        AllowsAllChannels ? "&*" : string.Join(' ', _channels.Select(channel => "&" + channel.Text));

    /// <summary>The rules that lead here from nothing, as a line of a file has them.</summary>
    public void Describe(StringBuilder text)
    {
        var keys = DescribeKeys();
        if (keys.Length > 0)
        {
            text.Append(keys).Append(' ');
        }

        var channels = DescribeChannels();
        text.Append(AllowsAllChannels ? "" : "resetchannels ");
        if (channels.Length > 0)
        {
            text.Append(channels).Append(' ');
        }

        _commands.Describe(text);
    }

    private string? AllowAllKeys()
    {
        AllowsAllKeys = true;
        _keys.Clear();
        return null;
    }

    private void AllowAllChannels()
    {
        AllowsAllChannels = true;
        _channels.Clear();
    }

    private string? AddKeysWithRights(string rule)
    {
        if (AllowsAllKeys)
        {
            return Reason.afterAllKeys;
        }

        var tilde = rule.IndexOf('~');
        var rights = KeyRights.None;
        for (var i = 0; i < tilde; i++)
        {
            var right = rule[i] switch
            {
                'R' or 'r' => KeyRights.Read,
                'W' or 'w' => KeyRights.Write,
                _ => KeyRights.None,
            };
            if (right == KeyRights.None || (rights & right) != 0)
            {
                return Reason.syntax;
            }

            rights |= right;
        }

        return rights == KeyRights.None ? Reason.syntax : AddKeys(rule[(tilde + 1)..], rights);
    }

    private string? AddKeys(string pattern, KeyRights rights)
    {
        if (AllowsAllKeys)
        {
            return Reason.afterAllKeys;
        }

        if (ByteTexts.HasBlankOrNul(pattern))
        {
            return Reason.syntax;
        }

        var index = _keys.FindIndex(known => known.Text == pattern);
        rights |= index < 0 ? KeyRights.None : _keys[index].Rights;
        if (index < 0)
        {
            _keys.Add(new KeyPattern(pattern, Bytes.ofString(pattern), rights));
        }
        else
        {
            _keys[index] = _keys[index] with { Rights = rights };
        }

        return null;
    }

    private string? AddChannels(string pattern)
    {
        if (AllowsAllChannels && pattern != All)
        {
            return Reason.afterAllChannels;
        }

        if (ByteTexts.HasBlankOrNul(pattern))
        {
            return Reason.syntax;
        }

        if (pattern == All)
        {
            AllowAllChannels();
        }
        else if (!_channels.Exists(known => known.Text == pattern))
        {
            _channels.Add(new ChannelPattern(pattern, Bytes.ofString(pattern)));
        }

        return null;
    }

    /// <summary>The first argument that is a key that may not be used so; 0 if there is none.</summary>
    private int RefusedKey(KeyLookup lookup)
    {
        var keys = lookup.Keys;
        for (var i = 0; i < keys.Count; i++)
        {
            var flags = keys.Flags(i);
            var position = keys.Position(i);
            if ((flags & KeyFlags.NotKey) == 0 && !AllowsKey(lookup.Args[position], RightsFor(flags)))
            {
                return position;
            }
        }

        return 0;
    }

    /// <summary>What is needed for what a command does to a key. To learn that it is there, any right will do.</summary>
    private static KeyRights RightsFor(KeyFlags flags) =>
        ((flags & KeyFlags.Access) != 0 ? KeyRights.Read : KeyRights.None)
        | ((flags & (KeyFlags.Insert | KeyFlags.Delete | KeyFlags.Update)) != 0 ? KeyRights.Write : KeyRights.None);

    private bool AllowsKey(ReadOnlySpan<byte> key, KeyRights needed)
    {
        foreach (var pattern in _keys)
        {
            if ((pattern.Rights & needed) == needed && Glob.isMatch(pattern.Glob, key, ignoreCase: false))
            {
                return true;
            }
        }

        return false;
    }

    private int RefusedChannel(Arguments args, ChannelUse use)
    {
        var end = use switch
        {
            ChannelUse.None => 1,
            ChannelUse.First => 2,
            _ => args.Count,
        };
        for (var i = 1; i < end; i++)
        {
            if (!AllowsChannel(args[i], use == ChannelUse.Patterns))
            {
                return i;
            }
        }

        return 0;
    }

    private readonly record struct KeyPattern(string Text, byte[] Glob, KeyRights Rights)
    {
        public override string ToString() => Rights switch
        {
            KeyRights.Read => "%R~" + Text,
            KeyRights.Write => "%W~" + Text,
            _ => "~" + Text,
        };
    }

    private readonly record struct ChannelPattern(string Text, byte[] Glob);
}
