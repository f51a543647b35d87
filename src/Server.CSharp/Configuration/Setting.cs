using Reason = RedisClone.Protocol.Errors.ConfigReason;

namespace RedisClone.Server.Configuration;

/// <summary>When a setting may be changed.</summary>
public enum SettingChange
{
    /// <summary>Any time, with CONFIG SET.</summary>
    AtRunTime,

    /// <summary>In the configuration file or on the command line.</summary>
    AtStart,

    /// <summary>As <see cref="AtStart"/>; set by a client it could make the server write files anywhere.</summary>
    Protected,
}

/// <summary>
/// One setting: what it is called in redis.conf and CONFIG, what it may be, and where it is kept in
/// <see cref="ServerOptions"/>. Rows hold no values; there is one table for all servers of a process.
/// </summary>
internal abstract class Setting(string name, SettingChange change, string summary)
{
    public string Name { get; } = name;

    public SettingChange Change { get; } = change;

    /// <summary>One line for the documentation.</summary>
    public string Summary { get; } = summary;

    /// <summary>A second name that means the same; each answers to CONFIG GET by itself.</summary>
    public string? Alias { get; init; }

    /// <summary>What may be set, for the documentation.</summary>
    public abstract string Values { get; }

    /// <summary>Whether the value may be several words.</summary>
    public bool IsList { get; init; }

    /// <summary>Whether it is accepted only because Redis has it.</summary>
    public bool HasNoEffect { get; init; }

    /// <summary>For a list whose lines in a file add up, how many words a line has; 0 if a line replaces the one before.</summary>
    public int WordsPerLine { get; init; }

    /// <summary>The default as CONFIG GET would show it.</summary>
    public virtual string Default => Format(new ServerOptions());

    /// <summary>The value as CONFIG GET shows it, as byte text.</summary>
    public abstract string Format(ServerOptions options);

    /// <summary>The value as lines of a configuration file.</summary>
    public IEnumerable<string> Lines(ServerOptions options)
    {
        string value = FormatForFile(options);
        return WordsPerLine == 0
            ? [$"{Name} {value}"]
            : value.Split(' ').Chunk(WordsPerLine).Select(words => $"{Name} {string.Join(' ', words)}");
    }

    /// <summary>The value as it is written in a file, quoted where it must be.</summary>
    protected virtual string FormatForFile(ServerOptions options)
    {
        string value = Format(options);
        return value.Length == 0 ? "\"\"" : value;
    }

    /// <summary>Carries the value from one set of options to another.</summary>
    public abstract void Copy(ServerOptions from, ServerOptions to);

    /// <summary>Sets the value from the words that followed the name.</summary>
    /// <returns>Null, or why they are refused, in the words of Redis; then the options are as they were.</returns>
    public string? Assign(ServerOptions options, ReadOnlySpan<string> words)
    {
        if (!IsList)
        {
            return words.Length == 1 ? AssignWords(options, words) : Reason.wrongCount;
        }

        // CONFIG SET gives a list as one argument, and a file may.
        return words.Length != 1 ? AssignWords(options, words)
            : AssignWords(options, words[0].Length == 0 ? [] : words[0].Split(' '));
    }

    /// <summary>Sets the value; a setting that is no list gets exactly one word.</summary>
    protected abstract string? AssignWords(ServerOptions options, ReadOnlySpan<string> words);
}
