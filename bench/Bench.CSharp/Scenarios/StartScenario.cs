using RedisClone.Bench.Measure;
using RedisClone.Bench.Report;

namespace RedisClone.Bench.Scenarios;

/// <summary>How long an empty server takes to answer, and what it occupies while nothing happens.</summary>
internal sealed class StartScenario : IScenario
{
    // A start is short, and differs from one time to the next.
    private const int StartsPerRound = 4;

    public string Name => "start";

    public string Title => "Start";

    public string Run(Session session)
    {
        var rest = TimeSpan.FromSeconds(session.Options.Quick ? 0.1 : 1);
        var ready = session.Subjects.ToDictionary(subject => subject, _ => new Series());
        var resident = session.Subjects.ToDictionary(subject => subject, _ => new Series());
        for (var round = 0; round < session.Options.Rounds(int.MaxValue) * StartsPerRound; round++)
        {
            foreach (var subject in session.Turn(round))
            {
                var server = session.Servers.Start(subject);
                ready[subject].Add(server.ReadySeconds);
                Thread.Sleep(rest);
                resident[subject].Add(server.ResidentBytes);
                session.Servers.Stop(server);
            }
        }

        var table = new Table(1, "server", "milliseconds to PONG", "ratio", "resident MB at rest", "ratio");
        var reference = session.Subjects.Single(subject => subject.IsReference);
        foreach (var subject in session.Subjects)
        {
            string[] row =
            [
                subject.Name,
                Figures.Spread(ready[subject], 1e3),
                Figures.Ratio(ready[subject], ready[reference]),
                Figures.Spread(resident[subject], 1e-6),
                Figures.Ratio(resident[subject], resident[reference]),
            ];
            table.Row(row);
            session.Say("  " + string.Join(" | ", row));
        }

        return $"""
            From the start of the program to its first PONG, without data and without persistence; resident memory (VmRSS) {rest.TotalSeconds:0.#} s
            later.

            {table}
            """;
    }
}
