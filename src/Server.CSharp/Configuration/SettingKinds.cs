using System.Globalization;
using Reason = RedisClone.Protocol.Errors.ConfigReason;

namespace RedisClone.Server.Configuration;

/// <summary>yes or no.</summary>
internal sealed class FlagSetting(
    string name,
    SettingChange change,
    Func<ServerOptions, bool> get,
    Action<ServerOptions, bool> set,
    string summary)
    : Setting(name, change, summary)
{
    public override string Values => "yes, no";

    public override string Format(ServerOptions options) => get(options) ? "yes" : "no";

    public override void Copy(ServerOptions from, ServerOptions to) => set(to, get(from));

    protected override string? AssignWords(ServerOptions options, ReadOnlySpan<string> words)
    {
        bool value = words[0].Equals("yes", StringComparison.OrdinalIgnoreCase);
        if (!value && !words[0].Equals("no", StringComparison.OrdinalIgnoreCase))
        {
            return Reason.yesOrNo;
        }

        set(options, value);
        return null;
    }
}

/// <summary>A whole number, or a size in bytes that may have a unit.</summary>
internal sealed class NumberSetting(
    string name,
    SettingChange change,
    long min,
    long max,
    Func<ServerOptions, long> get,
    Action<ServerOptions, long> set,
    string summary)
    : Setting(name, change, summary)
{
    /// <summary>Whether the number is a size in bytes.</summary>
    public bool IsMemorySize { get; init; }

    public override string Values => (max == long.MaxValue ? $"{Show(min)} or more" : $"{Show(min)} to {Show(max)}")
        + (IsMemorySize ? " bytes, or with a unit" : "");

    public override string Format(ServerOptions options) => Show(get(options));

    /// <summary>A size in the largest unit that it is a multiple of.</summary>
    protected override string FormatForFile(ServerOptions options)
    {
        long value = get(options);
        return !IsMemorySize || value <= 0 ? Show(value)
            : value % (1L << 30) == 0 ? $"{Show(value >> 30)}gb"
            : value % (1L << 20) == 0 ? $"{Show(value >> 20)}mb"
            : value % (1L << 10) == 0 ? $"{Show(value >> 10)}kb"
            : Show(value);
    }

    public override void Copy(ServerOptions from, ServerOptions to) => set(to, get(from));

    protected override string? AssignWords(ServerOptions options, ReadOnlySpan<string> words)
    {
        Int128 value;
        if (IsMemorySize)
        {
            if (!ConfiguredNumber.TryParseBytes(words[0], out ulong bytes))
            {
                return Reason.memory;
            }

            value = bytes;
        }
        else
        {
            if (!ConfiguredNumber.TryParseInteger(words[0], out long number))
            {
                return Reason.integer;
            }

            value = number;
        }

        if (value < min || value > max)
        {
            return Reason.between(min, max);
        }

        set(options, (long)value);
        return null;
    }

    private static string Show(long value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A size in bytes, of any length.</summary>
internal sealed class SizeSetting(
    string name, SettingChange change, Func<ServerOptions, ulong> get, Action<ServerOptions, ulong> set, string summary)
    : Setting(name, change, summary)
{
    public override string Values => "bytes, or with a unit";

    public override string Format(ServerOptions options) => get(options).ToString(CultureInfo.InvariantCulture);

    public override void Copy(ServerOptions from, ServerOptions to) => set(to, get(from));

    protected override string? AssignWords(ServerOptions options, ReadOnlySpan<string> words)
    {
        if (!ConfiguredNumber.TryParseBytes(words[0], out ulong bytes))
        {
            return Reason.memory;
        }

        set(options, bytes);
        return null;
    }
}

/// <summary>One word out of a few; the order is the one Redis lists them in.</summary>
internal sealed class ChoiceSetting<T>(
    string name,
    SettingChange change,
    (string Word, T Value)[] choices,
    Func<ServerOptions, T> get,
    Action<ServerOptions, T> set,
    string summary)
    : Setting(name, change, summary)
    where T : struct, Enum
{
    public override string Values => string.Join(", ", choices.Select(choice => choice.Word));

    public override string Format(ServerOptions options)
    {
        T value = get(options);
        return choices.First(choice => EqualityComparer<T>.Default.Equals(choice.Value, value)).Word;
    }

    public override void Copy(ServerOptions from, ServerOptions to) => set(to, get(from));

    protected override string? AssignWords(ServerOptions options, ReadOnlySpan<string> words)
    {
        foreach ((string word, T value) in choices)
        {
            if (words[0].Equals(word, StringComparison.OrdinalIgnoreCase))
            {
                set(options, value);
                return null;
            }
        }

        return Reason.oneOf(choices.Select(choice => choice.Word).ToArray());
    }
}

/// <summary>Any value the parser takes: text, names of files, lists.</summary>
internal sealed class TextSetting<T>(
    string name,
    SettingChange change,
    string values,
    TextSetting<T>.Parser parse,
    Func<T, string> format,
    Func<ServerOptions, T> get,
    Action<ServerOptions, T> set,
    string summary)
    : Setting(name, change, summary)
{
    /// <summary>Makes a value of the words; returns null, or why it cannot.</summary>
    public delegate string? Parser(ReadOnlySpan<string> words, T current, out T value);

    public override string Values => values;

    /// <summary>For a value that is shown in another form than it is written in.</summary>
    public string? DefaultText { get; init; }

    public override string Default => DefaultText ?? base.Default;

    public override string Format(ServerOptions options) => format(get(options));

    protected override string FormatForFile(ServerOptions options) =>
        IsList ? base.FormatForFile(options) : ConfigurationLine.Quote(Format(options));

    public override void Copy(ServerOptions from, ServerOptions to) => set(to, get(from));

    protected override string? AssignWords(ServerOptions options, ReadOnlySpan<string> words)
    {
        string? problem = parse(words, get(options), out T value);
        if (problem is null)
        {
            set(options, value);
        }

        return problem;
    }
}

/// <summary>
/// A setting of Redis with the one value that is true here. Tools ask for it and files hold it, so it is accepted at
/// that value; any other is refused with the reason instead of being promised and not kept.
/// </summary>
internal sealed class FixedSetting(
    string name,
    SettingChange change,
    string value,
    Func<string, string?> refuse,
    string summary)
    : Setting(name, change, summary)
{
    public override string Values => value.Length == 0 ? "only empty" : $"only {value}";

    public override string Format(ServerOptions options) => value;

    public override void Copy(ServerOptions from, ServerOptions to)
    {
        // There is nothing to carry: the value is the same everywhere.
    }

    /// <summary>Refuses what <c>refuse</c> has a reason against; it returns null for the one value.</summary>
    protected override string? AssignWords(ServerOptions options, ReadOnlySpan<string> words) =>
        refuse(string.Join(' ', words!));
}
