using System.Globalization;
using System.Text;

namespace RedisClone.Server.Tests.Scripts;

/// <summary>
/// The way redis-cli writes byte strings: plain words, <c>"with \r \n \t \a \b \" \\ and \x00 escapes"</c>, and
/// <c>'nearly verbatim, \' apart'</c>.
/// </summary>
public static class Quoting
{
    /// <summary>Splits a command line into arguments.</summary>
    /// <exception cref="FormatException">A quote is not closed, or is not followed by a space.</exception>
    public static string[] Split(string line)
    {
        var arguments = new List<string>();
        int at = 0;
        while (true)
        {
            while (at < line.Length && line[at] == ' ')
            {
                at++;
            }

            if (at == line.Length)
            {
                return [.. arguments];
            }

            arguments.Add(line[at] switch
            {
                '"' => ReadQuoted(line, ref at),
                '\'' => ReadVerbatim(line, ref at),
                _ => ReadWord(line, ref at),
            });
            if (at < line.Length && line[at] != ' ')
            {
                throw new FormatException($"a closing quote must be followed by a space: {line}");
            }
        }
    }

    /// <summary>One command line for a list of arguments; quotes what needs it.</summary>
    public static string Join(IEnumerable<string> arguments) => string.Join(' ', arguments.Select(Argument));

    /// <summary>Writes a byte string between double quotes.</summary>
    public static string Quote(string bytes) => '"' + Escape(bytes, escapeQuote: true) + '"';

    /// <summary>Makes every byte of a string visible, in ASCII and on one line.</summary>
    public static string Escape(string bytes, bool escapeQuote)
    {
        var text = new StringBuilder(bytes.Length + 2);
        foreach (char c in bytes)
        {
            _ = c switch
            {
                '\\' => text.Append(@"\\"),
                '"' when escapeQuote => text.Append("\\\""),
                '\n' => text.Append(@"\n"),
                '\r' => text.Append(@"\r"),
                '\t' => text.Append(@"\t"),
                '\a' => text.Append(@"\a"),
                '\b' => text.Append(@"\b"),
                >= ' ' and <= '~' => text.Append(c),
                _ => text.Append(@"\x").Append(((int)c).ToString("x2", CultureInfo.InvariantCulture)),
            };
        }

        return text.ToString();
    }

    /// <summary>Reads <c>"..."</c>; <paramref name="at"/> goes from the opening quote to behind the closing.</summary>
    public static string ReadQuoted(string line, ref int at)
    {
        var bytes = new StringBuilder();
        at++;
        while (at < line.Length && line[at] != '"')
        {
            bytes.Append(line[at] == '\\' ? ReadEscape(line, ref at) : line[at++]);
        }

        if (at == line.Length)
        {
            throw new FormatException($"unbalanced quotes: {line}");
        }

        at++;
        return bytes.ToString();
    }

    /// <summary>Undoes <see cref="Escape"/>.</summary>
    public static string Unescape(string text)
    {
        var bytes = new StringBuilder();
        int at = 0;
        while (at < text.Length)
        {
            bytes.Append(text[at] == '\\' ? ReadEscape(text, ref at) : text[at++]);
        }

        return bytes.ToString();
    }

    private static string Argument(string bytes)
    {
        bool isPlain = bytes.Length > 0 && bytes.All(c => c is > ' ' and <= '~' and not ('"' or '\'' or '\\'));
        return isPlain ? bytes : Quote(bytes);
    }

    private static string ReadVerbatim(string line, ref int at)
    {
        var bytes = new StringBuilder();
        at++;
        while (at < line.Length && line[at] != '\'')
        {
            if (line[at] == '\\' && at + 1 < line.Length && line[at + 1] == '\'')
            {
                at++;
            }

            bytes.Append(line[at++]);
        }

        if (at == line.Length)
        {
            throw new FormatException($"unbalanced quotes: {line}");
        }

        at++;
        return bytes.ToString();
    }

    private static string ReadWord(string line, ref int at)
    {
        int start = at;
        while (at < line.Length && line[at] != ' ')
        {
            at++;
        }

        return line[start..at];
    }

    private static char ReadEscape(string line, ref int at)
    {
        if (at + 3 < line.Length && line[at + 1] == 'x' && byte.TryParse(
            line.AsSpan(at + 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
        {
            at += 4;
            return (char)value;
        }

        if (at + 1 == line.Length)
        {
            throw new FormatException($"a backslash ends the text: {line}");
        }

        char escaped = line[at + 1];
        at += 2;
        return escaped switch { 'n' => '\n', 'r' => '\r', 't' => '\t', 'a' => '\a', 'b' => '\b', _ => escaped };
    }
}
