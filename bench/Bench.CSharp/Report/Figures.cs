using System.Globalization;
using RedisClone.Bench.Measure;

namespace RedisClone.Bench.Report;

/// <summary>Figures as text, with as many digits as mean something.</summary>
internal static class Figures
{
    /// <summary>Median, and the least and the most in brackets.</summary>
    public static string Spread(Series series, double unit = 1) =>
        $"{Number(series.Median * unit)} ({Number(series.Least * unit)} – {Number(series.Most * unit)})";

    /// <summary>A ratio to redis-server; redis-server's own is left out.</summary>
    public static string Ratio(Series series, Series reference) =>
        ReferenceEquals(series, reference) ? "1" : series.RatioTo(reference).ToString("0.00", CultureInfo.InvariantCulture);

    public static string Percent(double share) => (share * 100).ToString("0", CultureInfo.InvariantCulture) + " %";

    public static string Whole(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>Three digits, more for large numbers.</summary>
    public static string Number(double value) => Math.Abs(value) switch
    {
        >= 1000 => Whole(value),
        >= 100 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.00", CultureInfo.InvariantCulture),
    };
}
