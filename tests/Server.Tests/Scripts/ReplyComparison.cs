using System.Globalization;

namespace RedisClone.Server.Tests.Scripts;

/// <summary>Decides whether a reply is the one that was written down.</summary>
public static class ReplyComparison
{
    /// <param name="expected">The text in the script, with <c>{n}</c> filled in; empty matches nothing.</param>
    /// <param name="actual">What came; null when the connection was closed instead.</param>
    /// <param name="comparison">What may differ.</param>
    /// <param name="tolerance">How far from the expected one an integer that is not negative may be.</param>
    public static bool Matches(string expected, ReplyValue? actual, Comparison comparison, long tolerance)
    {
        if (actual is null || expected == Script.Closed)
        {
            return actual is null && expected == Script.Closed;
        }

        string text = ReplyText.Render(actual);
        return comparison switch
        {
            Comparison.Pattern => MatchesPattern(expected, text),
            _ when expected == text => true,
            _ when expected.Length == 0 => false,
            Comparison.Unordered => Sorted(ReplyText.Parse(expected), 1).Equals(Sorted(actual, 1)),
            Comparison.UnorderedPairs => Sorted(ReplyText.Parse(expected), 2).Equals(Sorted(actual, 2)),
            _ => tolerance > 0 && IsWithin(ReplyText.Parse(expected), actual, tolerance),
        };
    }

    /// <summary>The same reply with the elements of every aggregate in a fixed order.</summary>
    /// <param name="reply">Any reply.</param>
    /// <param name="perItem">How many neighbours in an array stay together: 1, or 2 for flat field-value pairs.</param>
    public static ReplyValue Sorted(ReplyValue reply, int perItem)
    {
        if (!reply.IsAggregate)
        {
            return reply;
        }

        int size = reply.Kind == ReplyKind.Map ? 2 : reply.Kind == ReplyKind.Array ? perItem : 1;
        if (reply.Items.Count % size != 0)
        {
            size = 1;
        }

        IEnumerable<ReplyValue> items = reply.Items
            .Select(item => Sorted(item, perItem))
            .Chunk(size)
            .OrderBy(chunk => string.Join('\n', chunk.Select(ReplyText.Render)), StringComparer.Ordinal)
            .SelectMany(chunk => chunk);
        return ReplyValue.Aggregate(reply.Kind, [.. items]);
    }

    /// <summary>Compares a text with a pattern in which <c>*</c> is any text and <c>?</c> any character.</summary>
    public static bool MatchesPattern(string pattern, string text)
    {
        int p = 0;
        int t = 0;
        int star = -1;
        int resume = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                resume = t;
            }
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == text[t]))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++resume;
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(p).TrimStart('*').IsEmpty;
    }

    private static bool IsWithin(ReplyValue expected, ReplyValue actual, long tolerance) =>
        expected.Kind == ReplyKind.Integer && actual.Kind == ReplyKind.Integer
        && long.TryParse(expected.Text, CultureInfo.InvariantCulture, out long wanted) && wanted >= 0
        && long.TryParse(actual.Text, CultureInfo.InvariantCulture, out long came) && came >= 0
        && Math.Abs(wanted - came) <= tolerance;
}
