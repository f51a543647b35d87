namespace RedisClone.Bench.Measure;

/// <summary>The same figure of one server, round by round.</summary>
internal sealed class Series
{
    private readonly List<double> _rounds = [];

    public void Add(double value) => _rounds.Add(value);

    public bool IsEmpty => _rounds.Count == 0;
    public double Median => MedianOf(_rounds);
    public double Least => _rounds.Min();
    public double Most => _rounds.Max();

    /// <summary>Median of the ratios of the rounds: what was measured side by side is compared, not what was minutes apart.</summary>
    public double RatioTo(Series reference) => MedianOf(_rounds.Zip(reference._rounds, (ours, theirs) => ours / theirs).ToList());

    private static double MedianOf(List<double> values)
    {
        var sorted = values.Order().ToList();
        var middle = sorted.Count / 2;
        return sorted.Count == 0 ? double.NaN
            : sorted.Count % 2 == 1 ? sorted[middle]
            : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
