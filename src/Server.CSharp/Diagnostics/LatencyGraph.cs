using System.Globalization;
using System.Text;

namespace RedisClone.Server.Diagnostics;

/// <summary>Draws the samples of an event with characters: a column for each, and below how long ago it was.</summary>
internal static class LatencyGraph
{
    private const int Columns = 80;
    private const int Rows = 4;

    /// <summary>The top of a column, by how far it reaches into its row.</summary>
    private const string Tops = "_o#";

    public static string Draw(string name, LatencySeries series, long nowSeconds)
    {
        var samples = series.Samples.TakeLast(Columns).ToArray();
        var high = samples.Max(sample => sample.Milliseconds);
        var low = samples.Min(sample => sample.Milliseconds);
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture, $"{name} - high {high} ms, low {low} ms (all time high {series.MillisecondsMax} ms)\n");
        text.Append('-', Columns).Append('\n');
        for (var row = Rows - 1; row >= 0; row--)
        {
            foreach (var sample in samples)
            {
                var height = HeightOf(sample.Milliseconds, low, high);
                var top = height / Tops.Length;
                text.Append(row > top ? ' ' : row < top ? '|' : Tops[height % Tops.Length]);
            }

            text.Append('\n');
        }

        text.Append(' ', samples.Length).Append('\n');
        var ages = samples.Select(sample => Age(nowSeconds - sample.UnixSeconds)).ToArray();
        for (var line = 0; line < ages.Max(age => age.Length); line++)
        {
            text.AppendJoin("", ages.Select(age => line < age.Length ? age[line] : ' ')).Append('\n');
        }

        return text.ToString();
    }

    private static int HeightOf(long value, long low, long high) =>
        high == low ? 0 : (int)Math.Min((Rows * Tops.Length) - 1, (value - low) * Rows * Tops.Length / (high - low));

    private static string Age(long seconds) => seconds switch
    {
        < 60 => FormattableString.Invariant($"{seconds}s"),
        < 3600 => FormattableString.Invariant($"{seconds / 60}m"),
        < 24 * 3600 => FormattableString.Invariant($"{seconds / 3600}h"),
        _ => FormattableString.Invariant($"{seconds / (24 * 3600)}d"),
    };
}
