namespace RedisClone.Server.Configuration;

/// <summary>Guesses which setting was meant by a name that is none.</summary>
internal static class SimilarName
{
    private const int NameCharactersMax = 64;
    private const int DistanceMax = 2;

    /// <summary>The name that the fewest insertions, deletions and replacements lead to, if they are very few.</summary>
    public static string? Find(string name)
    {
        string? best = null;
        int bestDistance = DistanceMax + 1;
        if (name.Length <= NameCharactersMax)
        {
            foreach ((string candidate, _) in Settings.Names)
            {
                int distance = Distance(name.ToLowerInvariant(), candidate);
                if (distance < bestDistance && distance < candidate.Length / 2)
                {
                    (best, bestDistance) = (candidate, distance);
                }
            }
        }

        return best;
    }

    /// <summary>The edit distance of Levenshtein, one row at a time.</summary>
    private static int Distance(string from, string to)
    {
        Span<int> row = stackalloc int[to.Length + 1];
        for (int j = 0; j <= to.Length; j++)
        {
            row[j] = j;
        }

        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[to.Length];
    }
}
