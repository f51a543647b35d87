using System.Globalization;
using System.Text;
using RedisClone.Protocol;
using RedisClone.Server.Configuration;

namespace RedisClone.Server.Access;

/// <summary>The users could not be read; the message says which lines are wrong.</summary>
public sealed class AclFileException(string message) : IOException(message);

/// <summary>A file of users: lines such as <c>user alice on #hash ~a* -@all +get</c>.</summary>
internal static class AclFile
{
    public const int BytesMax = 64 << 20;

    /// <summary>Problems that are told; a file may have more.</summary>
    public const int ProblemsMax = 100;

    private static readonly char[] Blanks = [' ', '\t', '\r', '\n'];

    /// <summary>
    /// Reads users from the text of a file, byte text. Nothing is of use if there are problems: what is wrong, each with the
    /// number of its line.
    /// </summary>
    public static List<User> Read(string path, string text, CommandCatalog catalog, bool getsAllChannels, out string problems)
    {
        var users = new List<User>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var found = new StringBuilder();
        var number = 0;
        var count = 0;
        foreach (var range in text.AsSpan().Split('\n'))
        {
            number++;
            var line = text.AsSpan(range).Trim(Blanks);
            if (line.IsEmpty || count == ProblemsMax)
            {
                continue;
            }

            var words = line.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (ReadUser(words, catalog, getsAllChannels, names, number, path, out var problem) is { } user)
            {
                users.Add(user);
            }
            else
            {
                found.Append(problem);
                count++;
            }
        }

        problems = found.ToString();
        return users;
    }

    /// <summary>The bytes of a file as byte text.</summary>
    /// <exception cref="IOException">It cannot be read, or is too long.</exception>
    public static string Load(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (file.Length > BytesMax)
        {
            throw new IOException($"it is longer than {BytesMax} bytes");
        }

        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return Encoding.Latin1.GetString(bytes);
    }

    /// <summary>Replaces the file by one with these users, as a whole: after a crash there is the old one or the new.</summary>
    /// <exception cref="IOException">It cannot be written; the old file is as it was.</exception>
    public static void Save(string path, IEnumerable<User> users)
    {
        var text = new StringBuilder();
        foreach (var user in users)
        {
            text.Append(user.Describe()).Append('\n');
        }

        WholeFile.Replace(path, Bytes.ofString(text.ToString()));
    }

    private static User? ReadUser(
        string[] words,
        CommandCatalog catalog,
        bool getsAllChannels,
        HashSet<string> names,
        int number,
        string path,
        out string problem)
    {
        problem = "";
        if (words.Length < 2 || words[0] != "user")
        {
            problem = $"{path}:{number} should start with user keyword followed by the username. ";
            return null;
        }

        if (ByteTexts.HasBlankOrNul(words[1]))
        {
            problem = $"{path}:{number}: username '{words[1]}' contains invalid characters. ";
            return null;
        }

        if (!names.Add(words[1]))
        {
            problem = $"WARNING: Duplicate user '{words[1]}' found on line {number}. ";
            return null;
        }

        if (SelectorWords.Join(words.AsSpan(2), out _) is not { } rules)
        {
            problem = $"{path}:{number}: Unmatched parenthesis in selector definition. ";
            return null;
        }

        var user = new User(words[1], catalog, getsAllChannels);
        foreach (var rule in rules)
        {
            if (user.Apply(rule) is { } reason)
            {
                problem = reason == Errors.AclReason.unknown
                    ? $"{path}:{number}: Error in applying operation '{rule}': {reason}. "
                    : $"{path}:{number}: {reason}. ";
                return null;
            }
        }

        return user;
    }
}
