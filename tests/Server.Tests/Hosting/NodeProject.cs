using System.Diagnostics;
using RedisClone.Server.Tests.Persistence;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>A copy of a Node.js program in a folder of its own, with the very packages that its lock file names.</summary>
internal sealed class NodeProject : IDisposable
{
    private const string Node = "node";
    private const string Npm = "npm";

    /// <summary>Packages come over the network, where those that were fetched before are not kept.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(150);

    private readonly TemporaryDirectory _folder = new();

    private NodeProject()
    {
    }

    /// <summary>What a test says when it cannot be run; null when it can, and in continuous integration, where it has to.</summary>
    public static string? SkipReason { get; } =
        Environment.GetEnvironmentVariable("CI") is null or "" && !(IsInstalled(Node) && IsInstalled(Npm))
            ? $"skipped: no {Node}"
            : null;

    /// <exception cref="InvalidOperationException">The packages cannot be fetched; the message says why.</exception>
    public static NodeProject Install(string source)
    {
        var project = new NodeProject();
        try
        {
            foreach (string file in Directory.EnumerateFiles(source))
            {
                File.Copy(file, project._folder.File(Path.GetFileName(file)));
            }

            (int code, string output) = project.Start(Npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund");
            return code == 0 ? project : throw new InvalidOperationException($"{Npm} ci failed:\n{output}");
        }
        catch
        {
            project.Dispose();
            throw;
        }
    }

    /// <summary>Runs a script to its end; gives the exit code and all it printed.</summary>
    public (int Code, string Output) Run(string script, params string[] arguments) => Start(Node, [script, .. arguments]);

    public void Dispose() => _folder.Dispose();

    private (int Code, string Output) Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{program} could not be started");
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            Assert.True(process.WaitForExit(Bound), $"{program} did not end");
            return (process.ExitCode, output.Result + errors.Result);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, program)));
}

/// <summary>A test that needs Node.js; skipped, and saying so, where it is not installed.</summary>
public sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute() => Skip = NodeProject.SkipReason;
}
