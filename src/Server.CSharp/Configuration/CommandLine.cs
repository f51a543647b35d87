using System.Text;

namespace RedisClone.Server.Configuration;

/// <summary>What the program was asked to do.</summary>
internal enum ProgramVerb
{
    Serve,
    Help,
    Version,
    Check,
    Repair,
    Docs,
    Ping,
    Misused,
}

/// <summary>The arguments of the program, sorted; nothing has been read or opened yet.</summary>
/// <remarks>
/// The rules are those of redis-server: a first argument that does not start with <c>-</c> is the configuration file;
/// <c>-</c> as the first or last argument is configuration on standard input; <c>--name</c> begins a setting and what
/// follows are its values, up to the next word that starts with <c>--</c>. The word right after <c>--name</c> is a
/// value whatever it looks like, except after <c>--save</c>, which may stand alone. Settings on the command line come
/// last and so override files. <c>check</c>, <c>repair</c>, <c>docs</c> and <c>ping</c> are ours; files of these names are given
/// as <c>./check</c>.
/// </remarks>
internal sealed record CommandLine(ProgramVerb Verb)
{
    private const string OptionPrefix = "--";
    private const string StandardInputMark = "-";

    /// <summary>The configuration file, or the file or directory that a verb is about; null if none was given.</summary>
    public string? Path { get; init; }

    /// <summary>The full path of the configuration file; null if none was given.</summary>
    public string? ConfigurationFile => string.IsNullOrEmpty(Path) ? null : System.IO.Path.GetFullPath(Path);

    public bool ReadsStandardInput { get; init; }

    /// <summary>The settings as lines of redis.conf, byte text.</summary>
    public IReadOnlyList<string> OptionLines { get; init; } = [];

    /// <summary>What was wrong with the use of a verb.</summary>
    public string? Problem { get; init; }

    public static CommandLine Parse(string[] arguments)
    {
        return arguments switch
        {
            ["-v" or "--version", ..] => new CommandLine(ProgramVerb.Version),
            ["-h" or "--help", ..] => new CommandLine(ProgramVerb.Help),
            ["check", var file] => new CommandLine(ProgramVerb.Check) { Path = file },
            ["repair", var file] => new CommandLine(ProgramVerb.Repair) { Path = file },
            ["docs", "--out", var directory] => new CommandLine(ProgramVerb.Docs) { Path = directory },
            ["ping"] => new CommandLine(ProgramVerb.Ping) { Path = "" },
            ["ping", var where] => new CommandLine(ProgramVerb.Ping) { Path = where },
            ["ping", ..] => Misused("ping needs at most one place: ping [port | host:port | path of a Unix socket]"),
            ["check" or "repair", ..] => Misused($"{arguments[0]} needs one file: {arguments[0]} <file>"),
            ["docs", ..] => Misused("docs needs a directory: docs --out <dir>"),
            _ => ParseServe(arguments),
        };
    }

    /// <summary>Reads what the command line names into options; what is wrong with it is in the result.</summary>
    public ConfigurationReader Configure(ServerOptions options, Func<Stream> openStandardInput)
    {
        var reader = new ConfigurationReader(options);
        if (!string.IsNullOrEmpty(Path))
        {
            reader.ReadFile(Path);
        }

        if (ReadsStandardInput)
        {
            using Stream input = openStandardInput();
            reader.ReadStream("standard input", input);
        }

        reader.ReadOptions("the command line", OptionLines);
        return reader;
    }

    private static CommandLine Misused(string problem) => new(ProgramVerb.Misused) { Problem = problem };

    private static CommandLine ParseServe(string[] arguments)
    {
        int first = 0;
        int end = arguments.Length;
        string? path = null;
        bool readsStandardInput = false;
        if (first < end && !arguments[first].StartsWith('-'))
        {
            path = arguments[first++];
        }
        else if (first < end && arguments[first] == StandardInputMark)
        {
            readsStandardInput = true;
            first++;
        }

        if (first < end && arguments[end - 1] == StandardInputMark)
        {
            readsStandardInput = true;
            end--;
        }

        return new CommandLine(ProgramVerb.Serve)
        {
            Path = path,
            ReadsStandardInput = readsStandardInput,
            OptionLines = OptionLinesOf(arguments.AsSpan(first..end)),
        };
    }

    private static List<string> OptionLinesOf(ReadOnlySpan<string> arguments)
    {
        var lines = new List<string>();
        var line = new StringBuilder();
        bool takesAnything = false;
        foreach (string argument in arguments)
        {
            string bytes = ByteText.FromText(argument);
            if (bytes.StartsWith(OptionPrefix, StringComparison.Ordinal) && !takesAnything)
            {
                AddLine(lines, line);
                line.Append(bytes.AsSpan(OptionPrefix.Length));
                takesAnything = !IsSave(line) && !bytes.Contains(' ');
            }
            else
            {
                line.Append(line.Length > 0 ? " " : "").Append(ConfigurationLine.Quote(bytes));
                takesAnything = false;
            }
        }

        AddLine(lines, line);
        return lines;
    }

    private static void AddLine(List<string> lines, StringBuilder line)
    {
        if (line.Length > 0)
        {
            lines.Add(IsSave(line) ? "save \"\"" : line.ToString());
            line.Clear();
        }
    }

    private static bool IsSave(StringBuilder line) =>
        line.ToString().Equals("save", StringComparison.OrdinalIgnoreCase);
}
