using RedisClone.Bench.Machine;

namespace RedisClone.Bench.Servers;

/// <summary>A server that can be measured: its name in the report, and how to start it.</summary>
internal sealed record Subject(string Name, string Version, string Program, string[] LeadingArguments, string LogFileName)
{
    /// <summary>The server every ratio refers to.</summary>
    public const string Reference = "redis-server";

    private const string OurLog = "storage.store";
    private const string RedisLog = "appendonly.aof";

    public bool IsReference => Name == Reference;

    /// <summary>
    /// redis-server first, then those of the wanted ones that are there: this server as a dll and as a native executable,
    /// valkey-server, and <c>name=path</c> for any other program that takes the same options.
    /// </summary>
    /// <exception cref="BenchException">redis-server or an explicitly wanted server is missing.</exception>
    public static List<Subject> Find(string root, string[] wanted)
    {
        var sources = Description.OfSources(root);
        var dll = Path.Combine(root, "src/Server.CSharp/bin/Release/net10.0/redisclone.dll");
        var native = Path.Combine(root, "artifacts/publish/redisclone");

        var known = new List<Subject?>
        {
            FromPath(Reference),
            File.Exists(dll) ? new Subject("redisclone", sources, "dotnet", [dll], OurLog) : null,
            File.Exists(native) ? new Subject("redisclone-aot", sources, native, [], OurLog) : null,
            FromPath("valkey-server"),
        };
        var present = known.OfType<Subject>().ToList();
        var reference = present.Find(subject => subject.IsReference)
            ?? throw new BenchException("redis-server is not installed; every ratio refers to it");
        if (wanted.Length == 0)
        {
            return present;
        }

        var chosen = new List<Subject> { reference };
        foreach (var name in wanted.Where(name => name != Reference))
        {
            chosen.Add(name.Contains('=', StringComparison.Ordinal)
                ? FromProgram(name.Split('=', 2))
                : present.Find(subject => subject.Name == name)
                    ?? throw new BenchException($"no server {name} here; there are {string.Join(", ", present.Select(s => s.Name))}"));
        }

        return chosen;
    }

    private static Subject? FromPath(string program)
    {
        var version = Description.FirstLineOf(program, "--version");
        return version is null ? null : new Subject(program, VersionIn(version), program, [], RedisLog);
    }

    private static Subject FromProgram(string[] nameAndPath)
    {
        var (name, path) = (nameAndPath[0], Path.GetFullPath(nameAndPath[1]));
        if (!File.Exists(path))
        {
            throw new BenchException($"{path} does not exist");
        }

        var log = Path.GetFileName(path).StartsWith("redisclone", StringComparison.Ordinal) ? OurLog : RedisLog;
        return path.EndsWith(".dll", StringComparison.Ordinal)
            ? new Subject(name, path, "dotnet", [path], log)
            : new Subject(name, path, path, [], log);
    }

    // "Redis server v=7.0.15 sha=..." and "Valkey server v=8.0.1 ..."
    private static string VersionIn(string line) =>
        line.Split(' ').FirstOrDefault(word => word.StartsWith("v=", StringComparison.Ordinal))?[2..] ?? line;
}
