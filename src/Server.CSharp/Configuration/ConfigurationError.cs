using System.Text;

namespace RedisClone.Server.Configuration;

/// <summary>
/// Something wrong in the configuration. <paramref name="Source"/> is a file, standard input or the command line;
/// <paramref name="LineNumber"/> counts from 1 and is 0 where there are no lines; <paramref name="Line"/> is empty
/// when the source itself could not be read.
/// </summary>
internal sealed record ConfigurationError(string Source, int LineNumber, string Line, string Reason)
{
    private const int LineCharactersMax = 1024;

    /// <summary>A further line of help, such as the name that was probably meant.</summary>
    public string? Hint { get; init; }

    /// <summary>What the server prints before it ends, in the style of Redis.</summary>
    public static string Describe(IEnumerable<ConfigurationError> errors)
    {
        var text = new StringBuilder($"\n*** FATAL CONFIG FILE ERROR ({ProductInfo.Name} {ProductInfo.Version}) ***");
        foreach (ConfigurationError error in errors)
        {
            text.Append("\nReading ").Append(error.Source);
            if (error.LineNumber > 0)
            {
                text.Append($", at line {error.LineNumber}");
            }

            text.Append('\n');
            if (error.Line.Length > 0)
            {
                text.Append($">>> '{Shorten(ByteText.ToDisplay(error.Line))}'\n");
            }

            text.Append(error.Reason).Append('\n');
            if (error.Hint is { } hint)
            {
                text.Append(hint).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Shorten(string line) =>
        line.Length <= LineCharactersMax ? line : string.Concat(line.AsSpan(0, LineCharactersMax), "...");
}
