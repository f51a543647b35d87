using System.Text;

namespace RedisClone.Server.Tests.Scripts;

/// <summary>The golden scripts in the source tree: <c>tests/Scripts/family/command.txt</c>.</summary>
public static class ScriptFolder
{
    private const string SolutionFile = "RedisClone.sln";

    private static string Root { get; } = Path.Combine(SourceTree(), "tests", "Scripts");

    /// <summary>The names of all scripts, such as <c>strings/append</c>, in order.</summary>
    public static IReadOnlyList<string> Names() =>
    [
        .. Directory.EnumerateFiles(Root, "*.txt", SearchOption.AllDirectories)
            .Select(file => Path.ChangeExtension(Path.GetRelativePath(Root, file), null).Replace('\\', '/'))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The text of a script.</summary>
    public static string Read(string name) => File.ReadAllText(PathOf(name), Encoding.UTF8);

    /// <summary>Reads and parses a script.</summary>
    /// <exception cref="FormatException">It breaks the format; the message starts with the name and line.</exception>
    public static Script Load(string name)
    {
        try
        {
            return Script.Parse(Read(name));
        }
        catch (FormatException error)
        {
            throw new FormatException($"{name}, {error.Message}", error);
        }
    }

    /// <summary>Writes the replies that came into the script, in place of those that differed.</summary>
    public static void Record(string name, IReadOnlyList<Mismatch> mismatches) =>
        File.WriteAllText(PathOf(name), WithReplies(Read(name), mismatches));

    /// <summary>The text of a script with the replies that came in place of those that differed.</summary>
    public static string WithReplies(string text, IReadOnlyList<Mismatch> mismatches)
    {
        List<string> lines = [.. text.Split('\n')];
        foreach (Mismatch mismatch in mismatches.Where(m => m.Request.Line > 0).Reverse())
        {
            lines.RemoveRange(mismatch.Request.Line, mismatch.Request.ExpectedLines);
            lines.InsertRange(mismatch.Request.Line, mismatch.Actual.Split('\n'));
        }

        return string.Join('\n', lines);
    }

    private static string PathOf(string name) => Path.Combine(Root, name + ".txt");

    /// <summary>The folder of the solution that the tests were built from.</summary>
    public static string SourceTree()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, SolutionFile)))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder
            ?? throw new DirectoryNotFoundException($"{SolutionFile} is not above {AppContext.BaseDirectory}");
    }
}
