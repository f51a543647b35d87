using System.Text;
using RedisClone.Protocol.Interop;
using RedisClone.Server.Access;

namespace RedisClone.Server.Configuration;

/// <summary>
/// Reads redis.conf text from files, standard input and the command line into <see cref="ServerOptions"/>. A later
/// setting overrides an earlier one.
/// </summary>
/// <remarks>
/// Redis stops at the first mistake; here reading goes on, so that somebody who brings a file along sees all that has
/// to be changed at once, up to a bound. With any error the options must not be used.
/// </remarks>
internal sealed class ConfigurationReader(ServerOptions options)
{
    public const int FileBytesMax = 16 << 20;
    public const int IncludeDepthMax = 16;
    public const int FilesMax = 1024;
    public const int ErrorsMax = 20;

    private static readonly string TooManyFiles = $"more than {FilesMax} files are included";
    private static readonly char[] LineBlanks = [' ', '\t', '\r', '\n'];

    private readonly List<ConfigurationError> _errors = [];
    private readonly List<string[]> _users = [];
    private int _filesRead;
    private CommandCatalog? _catalog;

    /// <summary>What was wrong, in the order it was found.</summary>
    public IReadOnlyList<ConfigurationError> Errors => _errors;

    private bool IsDone => _errors.Count >= ErrorsMax;

    /// <summary>Reads a file and what it includes.</summary>
    public void ReadFile(string path) => ReadFile(path, depth: 0, problem => Report(SourceOf(path), 0, "", problem));

    /// <summary>Reads all of a stream, such as standard input.</summary>
    public void ReadStream(string source, Stream stream)
    {
        try
        {
            ReadText(source, ReadAll(stream), depth: 0);
        }
        catch (Exception e) when (FileProblem.Is(e))
        {
            Report(source, 0, "", e.Message);
        }
    }

    /// <summary>Reads lines that have no numbers: the options of the command line.</summary>
    public void ReadOptions(string source, IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            if (!IsDone)
            {
                ReadLine(source, 0, line, depth: 0);
            }
        }
    }

    /// <summary>The text of a file, one character for each byte.</summary>
    /// <exception cref="IOException">It cannot be read, or is too long.</exception>
    public static string TextOf(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return ReadAll(file);
    }

    /// <summary>Reads text as if it were the content of a file.</summary>
    public void ReadText(string path, string text) => ReadText(SourceOf(path), text, depth: 0);

    private void ReadFile(string path, int depth, Action<string> report)
    {
        if (++_filesRead > FilesMax)
        {
            report(TooManyFiles);
            return;
        }

        string text;
        try
        {
            text = TextOf(path);
        }
        catch (Exception e) when (FileProblem.Is(e))
        {
            report($"can't open config file '{path}': {FileProblem.Describe(path, e)}");
            return;
        }

        ReadText(SourceOf(path), text, depth);
    }

    private static string SourceOf(string path) => $"the configuration file {path}";

    /// <summary>The bytes of a stream as byte text, without the mark that some editors put before UTF-8.</summary>
    private static string ReadAll(Stream stream)
    {
        using var bytes = new MemoryStream();
        byte[] buffer = new byte[4096];
        int count;
        while ((count = stream.Read(buffer)) > 0)
        {
            bytes.Write(buffer, 0, count);
            if (bytes.Length > FileBytesMax)
            {
                throw new IOException($"it is longer than {FileBytesMax} bytes");
            }
        }

        ReadOnlySpan<byte> all = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
        int start = all.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        return Encoding.Latin1.GetString(all[start..]);
    }

    private void ReadText(string source, string text, int depth)
    {
        int number = 0;
        foreach (Range range in text.AsSpan().Split('\n'))
        {
            number++;
            if (IsDone)
            {
                return;
            }

            ReadLine(source, number, text[range], depth);
        }
    }

    private void ReadLine(string source, int number, string untrimmed, int depth)
    {
        string line = untrimmed.Trim(LineBlanks);
        if (line.Length == 0 || line[0] == '#')
        {
            return;
        }

        string[]? words = ConfigurationLine.Split(line);
        if (words is null)
        {
            Report(source, number, line, "Unbalanced quotes in configuration line");
        }
        else if (words.Length == 2 && words[0].Equals("include", StringComparison.OrdinalIgnoreCase))
        {
            Include(words[1], depth + 1, problem => Report(source, number, line, problem));
        }
        else if (words.Length > 0)
        {
            Assign(words, (problem, hint) => Report(source, number, line, problem, hint));
        }
    }

    private void Include(string pattern, int depth, Action<string> report)
    {
        if (depth > IncludeDepthMax)
        {
            report($"files are included more than {IncludeDepthMax} deep");
        }
        else if (!ByteText.TryToText(pattern, out string path))
        {
            report("a file name must be valid UTF-8");
        }
        else if (IncludedFiles.Find(path, FilesMax) is not { } files)
        {
            report(TooManyFiles);
        }
        else
        {
            foreach (string file in files)
            {
                if (!IsDone && _filesRead <= FilesMax)
                {
                    ReadFile(file, depth, report);
                }
            }
        }
    }

    private void Assign(string[] words, Action<string, string?> report)
    {
        Setting? setting = Settings.Find(words[0]);
        if (words[0].Equals("user", StringComparison.OrdinalIgnoreCase) && words.Length > 1)
        {
            AddUser(words[1..], problem => report(problem, null));
        }
        else if (setting is null)
        {
            string? similar = SimilarName.Find(words[0]);
            report("Bad directive or wrong number of arguments", similar is null ? null : $"Did you mean '{similar}'?");
        }
        else if (setting.Assign(options, words.AsSpan(1)) is { } problem)
        {
            report(problem, null);
        }
    }

    /// <summary>Takes a user, whose rules are tried out: the server itself is not there yet.</summary>
    private void AddUser(string[] words, Action<string> report)
    {
        _catalog ??= new CommandCatalog(new CommandSet());
        var user = new User(words[0], _catalog, getsAllChannels: false);
        if (ByteTexts.HasBlankOrNul(words[0]))
        {
            report("Usernames can't contain spaces or null characters");
            return;
        }

        if (_users.Exists(other => other[0] == words[0]))
        {
            report($"The user '{words[0]}' is stated twice");
            return;
        }

        if (SelectorWords.Join(words.AsSpan(1), out string unclosed) is not { } rules)
        {
            report($"Unmatched parenthesis in acl selector starting at '{unclosed}'.");
            return;
        }

        foreach (string rule in rules)
        {
            if (user.Apply(rule) is { } problem)
            {
                report($"Error in user declaration '{rule}': {problem}");
                return;
            }
        }

        _users.Add([words[0], .. rules]);
        options.UserLines = _users;
    }

    private void Report(string source, int number, string line, string problem, string? hint = null)
    {
        if (!IsDone)
        {
            _errors.Add(new ConfigurationError(source, number, line, problem) { Hint = hint });
        }
    }
}
