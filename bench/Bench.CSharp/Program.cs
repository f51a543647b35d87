using System.Globalization;
using RedisClone.Bench;
using RedisClone.Bench.Machine;
using RedisClone.Bench.Report;
using RedisClone.Bench.Scenarios;
using RedisClone.Bench.Servers;

// Measures this server beside redis-server and writes the report; see Options.Usage.
IScenario[] scenarios =
[
    new CommandsScenario(), new FamiliesScenario(), new LargeScenario(), new PersistenceScenario(), new MemoryScenario(), new StallsScenario(),
    new HostileScenario(),
    new ReplayScenario(), new StartScenario(),
];

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
try
{
    return Run(Options.Parse(args));
}
catch (BenchException failure)
{
    Console.Error.WriteLine(failure.Message);
    return 2;
}

int Run(Options options)
{
    if (!OperatingSystem.IsLinux())
    {
        throw new BenchException("the benchmarks read /proc and pin processes to cores: they run on Linux only");
    }

    var unknown = options.Scenarios.FirstOrDefault(name => scenarios.All(scenario => scenario.Name != name));
    if (unknown is not null)
    {
        throw new BenchException($"no scenario {unknown}\n{Options.Usage}");
    }

    var root = RepositoryRoot();
    var subjects = Subject.Find(root, options.Subjects);
    var data = Path.Combine(root, "artifacts/bench/data");
    Pinning.PinThisProcess(options.LoadCore);
    using var servers = new RunningServers(options, data);
    var session = new Session(options, subjects, servers, data);
    var conditions = Conditions(options, subjects);
    session.Say(conditions);

    var measured = new Dictionary<string, string>();
    var failures = 0;
    foreach (var scenario in scenarios.Where(one => options.Scenarios.Length == 0 || options.Scenarios.Contains(one.Name)))
    {
        session.Say($"{scenario.Name}:");
        string text;
        try
        {
            text = scenario.Run(session);
        }
        catch (Exception failure) when (failure is BenchException or IOException or System.Net.Sockets.SocketException)
        {
            // The other scenarios may still be measured; this one's section says what happened.
            failures++;
            text = $"Not measured: {failure.Message}\n";
            Console.Error.WriteLine($"{scenario.Name}: {failure.Message}");
        }

        servers.StopAll();
        measured[scenario.Name] = $"## {scenario.Title}\n\n{conditions}\n\n{text}";
    }

    var output = Path.GetFullPath(options.Output ?? Path.Combine(root, options.Quick ? "artifacts/bench/quick.md" : "bench/results.md"));
    ReportFile.Write(output, Path.Combine(root, "bench/notes.md"), scenarios.Select(scenario => scenario.Name), measured);
    session.Say($"written: {output}");
    return failures == 0 ? 0 : 1;
}

static string Conditions(Options options, List<Subject> subjects) => string.Create(CultureInfo.InvariantCulture, $"""
    {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC. {Description.OfMachine()}; load average before {Description.LoadAverage():0.00}; servers on core
    {options.ServerCore}, load on core {options.LoadCore}. {string.Join(", ", subjects.Select(subject => $"{subject.Name} {subject.Version}"))}.
    """) + (options.Quick ? "\n**A quick look at small sizes: these figures mean nothing.**" : "");

static string RepositoryRoot()
{
    for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
    {
        if (File.Exists(Path.Combine(folder, "RedisClone.sln")))
        {
            return folder;
        }
    }

    throw new BenchException("the benchmarks belong into the repository and find its servers there");
}
