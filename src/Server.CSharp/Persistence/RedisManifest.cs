using RedisClone.Server.Configuration;

namespace RedisClone.Server.Persistence;

/// <summary>
/// The manifest of an append-only log of Redis 7: the files that make the log, one a line, such as
/// <c>file appendonly.aof.1.base.rdb seq 1 type b</c>. Type <c>b</c> is the base, <c>i</c> are the files to be replayed
/// on it, in order, and <c>h</c> are old ones that wait to be deleted.
/// </summary>
internal static class RedisManifest
{
    /// <summary>The longest manifest that is read, in bytes.</summary>
    public const int BytesMax = 1 << 20;

    /// <summary>The names of the files to load, in order.</summary>
    /// <exception cref="FormatException">A line is wrong; the message names it.</exception>
    public static List<string> Parse(string text)
    {
        string? baseName = null;
        List<(long Number, string Name)> increments = [];
        foreach (var (line, index) in text.Split('\n').Select((line, index) => (line.Trim(), index)))
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            var words = ConfigurationLine.Split(line);
            if (words is not ["file", var name, "seq", var number, "type", var type, ..]
                || !long.TryParse(number, out var parsed)
                || !IsFileName(name))
            {
                throw new FormatException($"line {index + 1} of the manifest is wrong: {line}");
            }

            switch (type)
            {
                case "b" when baseName is null:
                    baseName = name;
                    break;
                case "i" when increments.Count == 0 || increments[^1].Number < parsed:
                    increments.Add((parsed, name));
                    break;
                case "h":
                    break;
                default:
                    throw new FormatException($"line {index + 1} of the manifest is wrong: {line}");
            }
        }

        var names = increments.ConvertAll(increment => increment.Name);
        if (baseName is not null)
        {
            names.Insert(0, baseName);
        }

        return names;
    }

    // The files are beside the manifest, and nowhere else.
    private static bool IsFileName(string name) => name.Length > 0 && !name.AsSpan().ContainsAny('/', '\\', '\0');
}
