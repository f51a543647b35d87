using System.Text;

namespace RedisClone.Bench.Report;

/// <summary>
/// The report: one section per scenario, each with the date and the machine it was measured on, then the notes that were
/// written by hand. A section that was not measured this time stays as it was.
/// </summary>
internal static class ReportFile
{
    private const string Heading = """
        # Benchmarks

        Written by `dotnet cake --target Bench`; the notes at the end are `bench/notes.md`. Every ratio is to redis-server, taken
        round by round in the same run, and its median is shown; below 1 is better for CPU time, memory and latency, above 1 for
        requests per second. Figures are medians, with the least and the most of all rounds in brackets.

        """;

    /// <summary>Writes the sections that were measured into the report, in the given order of all sections.</summary>
    public static void Write(string path, string notesPath, IEnumerable<string> order, IReadOnlyDictionary<string, string> measured)
    {
        var old = File.Exists(path) ? File.ReadAllText(path) : "";
        var text = new StringBuilder(Heading.ReplaceLineEndings("\n"));
        foreach (var name in order)
        {
            var section = measured.TryGetValue(name, out var fresh) ? fresh : Kept(old, name);
            if (section is not null)
            {
                text.Append('\n').Append(Begin(name)).Append('\n').Append(section.Trim()).Append('\n').Append(End(name)).Append('\n');
            }
        }

        if (File.Exists(notesPath))
        {
            text.Append('\n').Append(File.ReadAllText(notesPath).ReplaceLineEndings("\n").Trim()).Append('\n');
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text.ToString());
    }

    private static string? Kept(string old, string name)
    {
        var begin = old.IndexOf(Begin(name), StringComparison.Ordinal);
        var end = old.IndexOf(End(name), StringComparison.Ordinal);
        return begin < 0 || end < begin ? null : old[(begin + Begin(name).Length)..end];
    }

    private static string Begin(string name) => $"<!-- {name}: begin -->";

    private static string End(string name) => $"<!-- {name}: end -->";
}
