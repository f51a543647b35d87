using RedisClone.Server.Configuration;

namespace RedisClone.Server.Hosting;

/// <summary>
/// What the program does besides serving. Each is given a path and where to print, and returns the exit code; the
/// owner of a verb plugs it in where the program is composed.
/// </summary>
internal sealed record Verbs
{
    public delegate int Verb(string path, TextWriter output);

    /// <summary>Examines a log and reports; changes nothing. Null when the program is built without it.</summary>
    public Verb? Check { get; init; }

    /// <summary>Cuts a log back to what is provably good, keeping what was cut. Null as above.</summary>
    public Verb? Repair { get; init; }

    /// <summary>The pages of the reference: the name of each file and what writes it.</summary>
    public required IReadOnlyList<(string FileName, Func<string> Write)> Docs { get; init; }

    /// <summary>Does what the command line asks, and returns the exit code.</summary>
    public async Task<int> RunAsync(CommandLine line, TextWriter output, TextWriter errors)
    {
        switch (line.Verb)
        {
            case ProgramVerb.Help:
                await output.WriteAsync(HelpText.Text);
                return ExitStatus.Succeeded;
            case ProgramVerb.Version:
                await output.WriteLineAsync(HelpText.Version);
                return ExitStatus.Succeeded;
            case ProgramVerb.Check:
                return Look(Check, line, output, errors);
            case ProgramVerb.Repair:
                return Look(Repair, line, output, errors);
            case ProgramVerb.Docs:
                return WriteDocs(line.Path!, output, errors);
            case ProgramVerb.Ping:
                return Ping.Run(line.Path!, output);
            case ProgramVerb.Misused:
                await errors.WriteLineAsync(line.Problem);
                return ExitStatus.Failed;
            default:
                return await ServeAsync(line, errors);
        }
    }

    private static int Look(Verb? verb, CommandLine line, TextWriter output, TextWriter errors)
    {
        if (verb is null)
        {
            errors.WriteLine($"{line.Verb.ToString().ToLowerInvariant()}: this program was built without it");
            return ExitStatus.Failed;
        }

        return verb(line.Path!, output);
    }

    private static async Task<int> ServeAsync(CommandLine line, TextWriter errors)
    {
        var options = new ServerOptions { ConfigurationFile = line.ConfigurationFile };
        ConfigurationReader reader = line.Configure(options, Console.OpenStandardInput);
        if (reader.Errors.Count > 0)
        {
            await errors.WriteAsync(ConfigurationError.Describe(reader.Errors));
            return ExitStatus.Failed;
        }

        return await ServerHost.RunAsync(options, errors);
    }

    private int WriteDocs(string directory, TextWriter output, TextWriter errors)
    {
        try
        {
            Directory.CreateDirectory(directory);
            foreach ((string fileName, Func<string> write) in Docs)
            {
                string path = Path.Combine(directory, fileName);
                File.WriteAllText(path, write());
                output.WriteLine(path);
            }

            return ExitStatus.Succeeded;
        }
        catch (Exception e) when (FileProblem.Is(e))
        {
            errors.WriteLine(e.Message);
            return ExitStatus.Failed;
        }
    }
}
