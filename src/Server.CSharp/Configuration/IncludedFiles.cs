using System.Text;
using RedisClone.Protocol;

namespace RedisClone.Server.Configuration;

/// <summary>The files that an <c>include</c> names, which may hold wildcards as in a shell.</summary>
internal static class IncludedFiles
{
    private static readonly char[] Wildcards = ['*', '?', '['];

    /// <summary>
    /// A name without wildcards, whether there is such a file or not; or all files a pattern matches, in the order of
    /// their names, which may be none. Null if more than <paramref name="countMax"/> files or directories match.
    /// </summary>
    public static IReadOnlyList<string>? Find(string pattern, int countMax)
    {
        if (pattern.IndexOfAny(Wildcards) < 0)
        {
            return [pattern];
        }

        string root = Path.GetPathRoot(pattern) ?? "";
        string[] parts = pattern[root.Length..].Split(Separators, StringSplitOptions.RemoveEmptyEntries);
        List<string> found = [root];
        for (int i = 0; i < parts.Length; i++)
        {
            found = Expand(found, parts[i], isLast: i == parts.Length - 1);
            if (found.Count > countMax)
            {
                return null;
            }
        }

        return found;
    }

    private static char[] Separators => [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar];

    /// <summary>What is called <paramref name="part"/> in any of the directories.</summary>
    private static List<string> Expand(List<string> directories, string part, bool isLast)
    {
        var found = new List<string>();
        foreach (string directory in directories)
        {
            if (part.IndexOfAny(Wildcards) < 0)
            {
                string path = Path.Combine(directory, part);
                if (isLast ? File.Exists(path) : Directory.Exists(path))
                {
                    found.Add(path);
                }
            }
            else
            {
                found.AddRange(Matches(directory, part, isLast));
            }
        }

        return found;
    }

    private static IEnumerable<string> Matches(string directory, string part, bool isLast)
    {
        byte[] pattern = Encoding.UTF8.GetBytes(part);
        string place = directory.Length == 0 ? "." : directory;
        try
        {
            // As in a shell, a wildcard does not stand for the dot that hides a file.
            return (isLast ? Directory.GetFiles(place) : Directory.GetDirectories(place))
                .Select(path => Path.GetFileName(path))
                .Where(name => name[0] != '.' || part[0] == '.')
                .Where(name => Glob.isMatch(pattern, Encoding.UTF8.GetBytes(name), ignoreCase: false))
                .Order(StringComparer.Ordinal)
                .Select(name => Path.Combine(directory, name))
                .ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
