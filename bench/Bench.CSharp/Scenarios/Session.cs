using RedisClone.Bench.Servers;

namespace RedisClone.Bench.Scenarios;

/// <summary>What every scenario works with.</summary>
internal sealed record Session(Options Options, IReadOnlyList<Subject> Subjects, RunningServers Servers, string DataDirectory)
{
    /// <summary>The servers in the order of a round: each round another one begins.</summary>
    public IEnumerable<Subject> Turn(int round)
    {
        for (var i = 0; i < Subjects.Count; i++)
        {
            yield return Subjects[(i + round) % Subjects.Count];
        }
    }

    /// <summary>Tells whoever is watching how far it is.</summary>
    public void Say(string text) => Console.WriteLine(text);
}

/// <summary>A group of measurements that makes one section of the report.</summary>
internal interface IScenario
{
    /// <summary>As it is chosen on the command line.</summary>
    string Name { get; }

    string Title { get; }

    /// <summary>Measures, and gives the section's text without its title.</summary>
    string Run(Session session);
}
