using System.Globalization;
using System.Text;

namespace RedisClone.Server.Configuration;

/// <summary>
/// One line of redis.conf taken apart into words, and words put into a line again. Text has one character for each
/// byte.
/// </summary>
/// <remarks>
/// Words are separated by blanks. In double quotes <c>\n \r \t \b \a</c> and <c>\xHH</c> are the bytes they are in C,
/// and a backslash before anything else gives that; in single quotes only <c>\'</c> is special. A quote may begin in
/// the middle of a word, but ends it: after a closing quote comes a blank or the end of the line.
/// </remarks>
internal static class ConfigurationLine
{
    /// <summary>Splits a line into words; null if a quote is not closed, or closed in the middle of a word.</summary>
    public static string[]? Split(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        int at = 0;
        while (true)
        {
            while (at < line.Length && IsBlank(line[at]))
            {
                at++;
            }

            if (at == line.Length)
            {
                return words.ToArray();
            }

            word.Clear();
            if (!TryReadWord(line, ref at, word))
            {
                return null;
            }

            words.Add(word.ToString());
        }
    }

    /// <summary>A word in double quotes, printable, such that <see cref="Split"/> gives it back.</summary>
    public static string Quote(string word)
    {
        var quoted = new StringBuilder(word.Length + 2).Append('"');
        foreach (char c in word)
        {
            _ = c switch
            {
                '"' or '\\' => quoted.Append('\\').Append(c),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                '\a' => quoted.Append("\\a"),
                '\b' => quoted.Append("\\b"),
                >= ' ' and <= '~' => quoted.Append(c),
                _ => quoted.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
            };
        }

        return quoted.Append('"').ToString();
    }

    private static bool TryReadWord(string line, ref int at, StringBuilder word)
    {
        while (at < line.Length && !EndsWord(line[at]))
        {
            char c = line[at++];
            if (c is '"' or '\'')
            {
                bool closed = c == '"'
                    ? TryReadDoubleQuoted(line, ref at, word)
                    : TryReadSingleQuoted(line, ref at, word);
                return closed && (at == line.Length || IsBlank(line[at]));
            }

            word.Append(c);
        }

        return true;
    }

    /// <summary>Reads up to and over the closing quote; false if there is none.</summary>
    private static bool TryReadDoubleQuoted(string line, ref int at, StringBuilder word)
    {
        while (at < line.Length)
        {
            char c = line[at++];
            if (c == '"')
            {
                return true;
            }

            if (c != '\\' || at == line.Length)
            {
                word.Append(c);
            }
            else if (line[at] == 'x' && at + 2 < line.Length
                && char.IsAsciiHexDigit(line[at + 1]) && char.IsAsciiHexDigit(line[at + 2]))
            {
                word.Append((char)byte.Parse(line.AsSpan(at + 1, 2), NumberStyles.AllowHexSpecifier));
                at += 3;
            }
            else
            {
                word.Append(Unescape(line[at++]));
            }
        }

        return false;
    }

    private static bool TryReadSingleQuoted(string line, ref int at, StringBuilder word)
    {
        while (at < line.Length)
        {
            char c = line[at++];
            if (c == '\'')
            {
                return true;
            }

            if (c == '\\' && at < line.Length && line[at] == '\'')
            {
                c = line[at++];
            }

            word.Append(c);
        }

        return false;
    }

    private static char Unescape(char c) => c switch
    {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\b',
        'a' => '\a',
        _ => c,
    };

    /// <summary>What is skipped between words: the blanks of C.</summary>
    private static bool IsBlank(char c) => c is ' ' or (>= '\t' and <= '\r');

    /// <summary>What ends a word that has no quotes; vertical tabs and form feeds do not.</summary>
    private static bool EndsWord(char c) => c is ' ' or '\t' or '\n' or '\r';
}
