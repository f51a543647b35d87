using System.Globalization;

namespace RedisClone.Server.Tests.Scripts;

/// <summary>
/// Replies as text for reading, and back. Different replies always give different text, so that a script can be
/// compared as text; the property <c>parse (render reply) = reply</c> is what says so.
/// <code>
/// OK                       simple string; (simple) "..." when it does not look like a word
/// "bulk\r\n"               bulk string
/// (integer) 1              (double) 1.5    (true)    (big number) 1    (verbatim) "txt:..."
/// (error) ERR no           (blob error) ERR no
/// (nil)                    null bulk string of RESP2
/// (nil array)              null array of RESP2
/// (null)                   null of RESP3
/// 1) "a"                   array: elements are numbered, what is nested is indented
/// 2) 1) "b"
///    2) "c"
/// 1# "key" => "value"      map; an aggregate as value starts on the next line
/// 1~ "member"              set
/// 1! "message"             push
/// (empty array)            (empty map)    (empty set)    (empty push)
/// </code>
/// </summary>
public static class ReplyText
{
    private const string Arrow = " =>";

    private static readonly (ReplyKind Kind, char Mark, string Name)[] Aggregates =
    [
        (ReplyKind.Array, ')', "(empty array)"),
        (ReplyKind.Map, '#', "(empty map)"),
        (ReplyKind.Set, '~', "(empty set)"),
        (ReplyKind.Push, '!', "(empty push)"),
    ];

    private static readonly (ReplyKind Kind, string Text, string Label)[] Constants =
    [
        (ReplyKind.NilBulkString, "", "(nil)"),
        (ReplyKind.NilArray, "", "(nil array)"),
        (ReplyKind.Null, "", "(null)"),
        (ReplyKind.Boolean, "t", "(true)"),
        (ReplyKind.Boolean, "f", "(false)"),
    ];

    private static readonly (ReplyKind Kind, string Label, bool Quoted)[] Labels =
    [
        (ReplyKind.SimpleString, "(simple) ", true),
        (ReplyKind.Verbatim, "(verbatim) ", true),
        (ReplyKind.BulkString, "", true),
        (ReplyKind.Error, "(error) ", false),
        (ReplyKind.BlobError, "(blob error) ", false),
        (ReplyKind.Integer, "(integer) ", false),
        (ReplyKind.Double, "(double) ", false),
        (ReplyKind.BigNumber, "(big number) ", false),
    ];

    /// <summary>The text of a reply: one line or several, without a line end behind the last.</summary>
    public static string Render(ReplyValue reply) => string.Join('\n', Lines(reply));

    /// <summary>Undoes <see cref="Render"/>.</summary>
    /// <exception cref="FormatException">The text is not that of a reply.</exception>
    public static ReplyValue Parse(string text) => ParseLines(text.Split('\n'));

    private static List<string> Lines(ReplyValue reply)
    {
        if (!reply.IsAggregate)
        {
            return [Scalar(reply)];
        }

        (_, char mark, string name) = Array.Find(Aggregates, a => a.Kind == reply.Kind);
        if (reply.Items.Count == 0)
        {
            return [name];
        }

        var lines = new List<string>();
        int step = reply.Kind == ReplyKind.Map ? 2 : 1;
        for (int i = 0; i < reply.Items.Count; i += step)
        {
            string prefix = Prefix((i / step) + 1, mark);
            List<string> entry = step == 2 ? Entry(reply.Items[i], reply.Items[i + 1]) : Lines(reply.Items[i]);
            string indent = new(' ', prefix.Length);
            lines.Add(prefix + entry[0]);
            lines.AddRange(entry.Skip(1).Select(line => indent + line));
        }

        return lines;
    }

    private static List<string> Entry(ReplyValue key, ReplyValue value)
    {
        string left = Scalar(key) + Arrow;
        List<string> right = Lines(value);
        return value.IsAggregate && value.Items.Count > 0 ? [left, .. right] : [left + ' ' + right[0]];
    }

    private static string Scalar(ReplyValue reply)
    {
        if (Array.Exists(Constants, c => c.Kind == reply.Kind && c.Text == reply.Text))
        {
            return Array.Find(Constants, c => c.Kind == reply.Kind && c.Text == reply.Text).Label;
        }

        if (reply.Kind == ReplyKind.SimpleString && IsBare(reply.Text))
        {
            return reply.Text;
        }

        if (!Array.Exists(Labels, l => l.Kind == reply.Kind))
        {
            throw new FormatException($"{reply.Kind} '{reply.Text}' has no text here");
        }

        (_, string label, bool quoted) = Array.Find(Labels, l => l.Kind == reply.Kind);
        if (quoted)
        {
            return label + Quoting.Quote(reply.Text);
        }

        string text = Quoting.Escape(reply.Text, escapeQuote: false);
        bool needsQuotes = text.Length == 0 || text[0] == '"' || text[^1] == ' ';
        return label + (needsQuotes ? Quoting.Quote(reply.Text) : text);
    }

    private static bool IsBare(string text) =>
        text.Length > 0 && char.IsAsciiLetter(text[0]) && text[^1] != ' '
        && text.All(c => c is >= ' ' and <= '~' and not '\\') && !text.Contains(Arrow, StringComparison.Ordinal);

    private static string Prefix(int number, char mark) => number.ToString(CultureInfo.InvariantCulture) + mark + ' ';

    private static ReplyValue ParseLines(IReadOnlyList<string> lines)
    {
        foreach ((ReplyKind kind, char mark, string name) in Aggregates)
        {
            if (lines is [string only] && only == name)
            {
                return ReplyValue.Aggregate(kind, []);
            }

            if (lines[0].StartsWith(Prefix(1, mark), StringComparison.Ordinal))
            {
                return ReplyValue.Aggregate(kind, ParseItems(kind, mark, lines));
            }
        }

        int at = 0;
        ReplyValue scalar = ParseScalar(lines[0], isKey: false, ref at);
        return at == lines[0].Length && lines.Count == 1
            ? scalar
            : throw new FormatException($"not a reply: {string.Join('\n', lines)}");
    }

    private static List<ReplyValue> ParseItems(ReplyKind kind, char mark, IReadOnlyList<string> lines)
    {
        var items = new List<ReplyValue>();
        int line = 0;
        for (int number = 1; line < lines.Count; number++)
        {
            string prefix = Prefix(number, mark);
            if (!lines[line].StartsWith(prefix, StringComparison.Ordinal))
            {
                throw new FormatException($"'{prefix}' is missing before: {lines[line]}");
            }

            var entry = new List<string> { lines[line++][prefix.Length..] };
            string indent = new(' ', prefix.Length);
            while (line < lines.Count && lines[line].StartsWith(indent, StringComparison.Ordinal))
            {
                entry.Add(lines[line++][prefix.Length..]);
            }

            if (kind == ReplyKind.Map)
            {
                items.AddRange(ParseEntry(entry));
            }
            else
            {
                items.Add(ParseLines(entry));
            }
        }

        return items;
    }

    private static ReplyValue[] ParseEntry(List<string> entry)
    {
        int at = 0;
        ReplyValue key = ParseScalar(entry[0], isKey: true, ref at);
        string rest = entry[0][at..];
        if (!rest.StartsWith(Arrow, StringComparison.Ordinal))
        {
            throw new FormatException($"a map entry needs '{Arrow}': {entry[0]}");
        }

        bool isBelow = rest.Length == Arrow.Length;
        if (isBelow && entry.Count == 1)
        {
            throw new FormatException($"a map entry has no value: {entry[0]}");
        }

        return [key, ParseLines(isBelow ? entry[1..] : [rest[(Arrow.Length + 1)..], .. entry[1..]])];
    }

    private static ReplyValue ParseScalar(string line, bool isKey, ref int at)
    {
        int arrow = isKey ? line.IndexOf(Arrow, StringComparison.Ordinal) : -1;
        int end = arrow < 0 ? line.Length : arrow;
        foreach ((ReplyKind kind, string text, string label) in Constants)
        {
            if (line[..end] == label)
            {
                at = end;
                return ReplyValue.Scalar(kind, text);
            }
        }

        foreach ((ReplyKind kind, string label, bool quoted) in Labels)
        {
            if (line.StartsWith(label + '"', StringComparison.Ordinal))
            {
                at = label.Length;
                return ReplyValue.Scalar(kind, Quoting.ReadQuoted(line, ref at));
            }

            if (!quoted && line.StartsWith(label, StringComparison.Ordinal))
            {
                at = end;
                return ReplyValue.Scalar(kind, Quoting.Unescape(line[label.Length..end]));
            }
        }

        at = end;
        return IsBare(line[..end])
            ? ReplyValue.Scalar(ReplyKind.SimpleString, line[..end])
            : throw new FormatException($"not a reply: {line}");
    }
}
