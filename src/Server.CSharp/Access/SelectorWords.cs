namespace RedisClone.Server.Access;

/// <summary>Puts selectors together that were cut at their blanks: <c>(+get ~a*)</c> may come as two words.</summary>
internal static class SelectorWords
{
    /// <summary>The words with each selector as one; null if one is not closed, and then which word began it.</summary>
    public static List<string>? Join(ReadOnlySpan<string> words, out string unclosed)
    {
        var joined = new List<string>(words.Length);
        unclosed = "";
        for (var i = 0; i < words.Length; i++)
        {
            if (!words[i].StartsWith('('))
            {
                joined.Add(words[i]);
                continue;
            }

            var first = i;
            while (i < words.Length && !words[i].EndsWith(')'))
            {
                i++;
            }

            if (i == words.Length)
            {
                unclosed = words[first];
                return null;
            }

            joined.Add(string.Join(' ', words[first..(i + 1)]!));
        }

        return joined;
    }
}
