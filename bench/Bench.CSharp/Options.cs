using System.Globalization;

namespace RedisClone.Bench;

/// <summary>The command line of the benchmarks.</summary>
internal sealed class Options
{
    public const string Usage = """
        usage: bench [options]
          --scenario <name>[,<name>]   which of commands, families, large, persistence, memory, stalls, hostile, replay, start (default: all)
          --subject <name>[,<name>]    which servers beside redis-server; <name>=<path> adds a program of your own
          --rounds <n>                 how often everything is measured, the servers taking turns (default: 5)
          --seconds <n>                how long one throughput measurement takes (default: 2)
          --server-core <n>            where the servers run (default: 0)
          --load-core <n>              where the load is made (default: 1)
          --first-port <n>             take ports from here upwards (default: whatever is free)
          --output <file>              the report (default: bench/results.md, with --quick artifacts/bench/quick.md)
          --quick                      everything a hundred times smaller: shows that it works, measures nothing
        """;

    private const int QuickDivisor = 100;

    public string[] Scenarios { get; private set; } = [];
    public string[] Subjects { get; private set; } = [];
    public double Seconds { get; private set; } = 2;
    public int ServerCore { get; private set; }
    public int LoadCore { get; private set; } = 1;
    public int FirstPort { get; private set; }
    public string? Output { get; private set; }
    public bool Quick { get; private set; }

    private int? _rounds;

    /// <summary>How often to measure, for a scenario that takes so long that by itself it is content with fewer rounds.</summary>
    public int Rounds(int roundsMax) => _rounds ?? (Quick ? 2 : Math.Min(5, roundsMax));

    /// <summary>A number of keys, fields or requests; smaller when only a quick look is wanted.</summary>
    public long Size(long full) => Quick ? Math.Max(1, full / QuickDivisor) : full;

    /// <exception cref="BenchException">The command line cannot be understood.</exception>
    public static Options Parse(string[] arguments)
    {
        var options = new Options();
        var at = 0;
        while (at < arguments.Length)
        {
            var name = arguments[at++];
            switch (name)
            {
                case "--quick":
                    options.Quick = true;
                    options.Seconds = 0.2;
                    break;
                case "--scenario":
                    options.Scenarios = Text().Split(',', StringSplitOptions.RemoveEmptyEntries);
                    break;
                case "--subject":
                    options.Subjects = Text().Split(',', StringSplitOptions.RemoveEmptyEntries);
                    break;
                case "--rounds":
                    options._rounds = (int)Number(1, 1000);
                    break;
                case "--seconds":
                    options.Seconds = Number(0.05, 600);
                    break;
                case "--server-core":
                    options.ServerCore = (int)Number(0, Machine.Pinning.CoreMax);
                    break;
                case "--load-core":
                    options.LoadCore = (int)Number(0, Machine.Pinning.CoreMax);
                    break;
                case "--first-port":
                    options.FirstPort = (int)Number(1, 65535);
                    break;
                case "--output":
                    options.Output = Text();
                    break;
                default:
                    throw new BenchException($"unknown option {name}\n{Usage}");
            }

            string Text() => at < arguments.Length
                ? arguments[at++]
                : throw new BenchException($"{name} needs a value\n{Usage}");

            double Number(double least, double most) =>
                double.TryParse(Text(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                && value >= least && value <= most
                    ? value
                    : throw new BenchException($"{name} needs a number from {least} to {most}\n{Usage}");
        }

        return options;
    }
}
