namespace RedisClone.Server.Tests.Differential;

/// <summary>
/// A command line with holes.
/// <code>
/// SET $string $value                words, and $placeholders of the vocabulary
/// EXPIRE $key $seconds [NX|XX]      nothing or one of these
/// SET $string $value [NX|EX 100]*   up to three of these, in any order
/// DEL ($key)+                       one to four of these
/// OBJECT (ENCODING|REFCOUNT) $key   one of these
/// </code>
/// </summary>
public sealed class Template
{
    private const int ManyMax = 3;
    private const int SomeMax = 4;

    private readonly List<Part> _parts;

    private Template(int weight, List<Part> parts)
    {
        Weight = weight;
        _parts = parts;
    }

    /// <summary>How often it is taken, relative to the others.</summary>
    public int Weight { get; }

    /// <summary>Reads <c>weight command ...</c>.</summary>
    public static Template Parse(string line)
    {
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        int at = space + 1;
        List<Part> parts = ParseParts(line, ref at);
        return at == line.Length
            ? new Template(int.Parse(line.AsSpan(0, space)), parts)
            : throw new FormatException($"unbalanced at {at}: {line}");
    }

    /// <summary>One command line, its holes filled at random.</summary>
    public List<string> Fill(Vocabulary vocabulary)
    {
        var arguments = new List<string>();
        Fill(_parts, vocabulary, arguments);
        return arguments;
    }

    private static void Fill(List<Part> parts, Vocabulary vocabulary, List<string> arguments)
    {
        foreach (Part part in parts)
        {
            switch (part)
            {
                case Word(string text):
                    arguments.Add(text);
                    break;
                case Hole(string name):
                    arguments.Add(vocabulary.Pick(name));
                    break;
                case Choice(int least, int most, List<List<Part>> alternatives):
                    int count = least + vocabulary.Below(most - least + 1);
                    for (int i = 0; i < count; i++)
                    {
                        Fill(alternatives[vocabulary.Below(alternatives.Count)], vocabulary, arguments);
                    }

                    break;
                default:
                    throw new InvalidOperationException($"no way to fill {part}");
            }
        }
    }

    private static List<Part> ParseParts(string line, ref int at)
    {
        var parts = new List<Part>();
        while (at < line.Length && line[at] is not (']' or ')' or '|'))
        {
            if (line[at] == ' ')
            {
                at++;
            }
            else if (line[at] is '[' or '(')
            {
                parts.Add(ParseChoice(line, ref at));
            }
            else
            {
                int end = line.AsSpan(at).IndexOfAny(" |])");
                string word = end < 0 ? line[at..] : line.Substring(at, end);
                at += word.Length;
                parts.Add(word[0] == '$' ? new Hole(word[1..]) : new Word(word));
            }
        }

        return parts;
    }

    private static Choice ParseChoice(string line, ref int at)
    {
        bool isOptional = line[at] == '[';
        char close = isOptional ? ']' : ')';
        var alternatives = new List<List<Part>>();
        do
        {
            at++;
            alternatives.Add(ParseParts(line, ref at));
        }
        while (at < line.Length && line[at] == '|');
        if (at == line.Length || line[at] != close)
        {
            throw new FormatException($"'{close}' is missing: {line}");
        }

        at++;
        int most = 1;
        if (at < line.Length && line[at] is '*' or '+')
        {
            most = line[at] == '*' ? ManyMax : SomeMax;
            at++;
        }

        return new Choice(isOptional ? 0 : 1, most, alternatives);
    }

    private abstract record Part;

    private sealed record Word(string Text) : Part;

    private sealed record Hole(string Name) : Part;

    private sealed record Choice(int Least, int Most, List<List<Part>> Alternatives) : Part;
}
