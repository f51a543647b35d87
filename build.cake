// The build: `dotnet tool restore && dotnet cake` checks and tests everything; `dotnet cake --target <name>` does one thing.
using System.Xml.Linq;

var target = Argument("target", "Default");
var configuration = Argument("configuration", "Release");

const string Solution = "RedisClone.sln";
const string Server = "src/Server.CSharp";
var artifacts = Directory("artifacts");
var testResults = artifacts + Directory("test-results");

// A test that says nothing for this long is ended and counts as failed.
const string TestSilenceMax = "240s";

int Run(string program, params string[] arguments)
{
    var builder = new ProcessArgumentBuilder();
    foreach (var argument in arguments)
        builder.AppendQuoted(argument);
    return StartProcess(program, new ProcessSettings { Arguments = builder });
}

void Require(string what, string program, params string[] arguments)
{
    var code = Run(program, arguments);
    if (code != 0)
        throw new CakeException($"{what} (exit code {code}): {program} {string.Join(' ', arguments)}");
}

bool OnPath(params string[] programs) =>
    programs.All(program => Context.Tools.Resolve(program) is not null);

string[] SourceRoots() => new[] { "src", "tests", "bench" }.Where(root => DirectoryExists(root)).ToArray();

Task("Clean")
    .Description("Deletes everything that was built.")
    .Does(() =>
    {
        var settings = new DeleteDirectorySettings { Recursive = true, Force = true };
        foreach (var root in SourceRoots())
        {
            DeleteDirectories(GetDirectories($"{root}/*/bin"), settings);
            DeleteDirectories(GetDirectories($"{root}/*/obj"), settings);
        }
        if (DirectoryExists(artifacts))
            DeleteDirectory(artifacts, settings);
    });

Task("Restore")
    .Description("Fetches the packages.")
    .Does(() => DotNetRestore(Solution));

Task("Format")
    .Description("Formats the sources.")
    .IsDependentOn("Restore")
    .Does(() =>
    {
        Require("fantomas failed", "dotnet", ["fantomas", .. SourceRoots()]);
        Require("dotnet format failed", "dotnet", "format", Solution, "--no-restore");
    });

Task("FormatCheck")
    .Description("Fails when a source is not formatted.")
    .IsDependentOn("Restore")
    .Does(() =>
    {
        const string Advice = "not formatted, run `dotnet cake --target Format`";
        Require($"F# sources are {Advice}", "dotnet", ["fantomas", "check", .. SourceRoots()]);
        Require($"C# sources are {Advice}", "dotnet", "format", Solution, "--no-restore", "--verify-no-changes");
    });

Task("Build")
    .Description("Builds the solution; warnings are errors.")
    .IsDependentOn("Restore")
    .Does(() => DotNetBuild(Solution, new DotNetBuildSettings
    {
        Configuration = configuration,
        NoRestore = true,
        NoLogo = true,
    }));

Task("Oracle")
    .Description("Makes sure that the tests find a redis-server to compare with, where that is possible.")
    .WithCriteria(() => IsRunningOnLinux() && !OnPath("redis-server"))
    .ContinueOnError()
    .Does(() =>
    {
        if (Run("bash", ".ci/install", "redis-server", "redis-tools") != 0)
            Warning("no redis-server: the tests that compare with it will be skipped");
    });

Task("Node")
    .Description("Makes sure that the clients of Node.js can be tried, where that is possible.")
    .WithCriteria(() => IsRunningOnLinux() && !OnPath("node", "npm"))
    .ContinueOnError()
    .Does(() =>
    {
        if (Run("bash", ".ci/install", "nodejs", "npm") != 0)
            Warning("no node: the tests with clients of Node.js will be skipped");
    });

Task("Test")
    .Description("Runs every test project and sums up.")
    .IsDependentOn("Build")
    .IsDependentOn("Oracle")
    .IsDependentOn("Node")
    .Does(() =>
    {
        CleanDirectory(testResults);
        var (passed, failed, skipped) = (0, 0, 0);

        foreach (var project in GetFiles("tests/*/*.*proj").OrderBy(file => file.FullPath))
        {
            var name = project.GetFilenameWithoutExtension().ToString();
            var code = Run("dotnet", "test", project.FullPath, "-c", configuration, "--no-build", "--nologo",
                "--results-directory", testResults, "--logger", $"trx;LogFileName={name}.trx",
                "--blame-hang-timeout", TestSilenceMax, "--blame-hang-dump-type", "none");

            var report = testResults + File($"{name}.trx");
            var outcomes = FileExists(report)
                ? XDocument.Load(MakeAbsolute(report).FullPath).Descendants()
                    .Where(element => element.Name.LocalName == "UnitTestResult")
                    .Select(element => (string)element.Attribute("outcome"))
                    .ToList()
                : [];
            var good = outcomes.Count(outcome => outcome == "Passed");
            var left = outcomes.Count(outcome => outcome == "NotExecuted");
            var bad = outcomes.Count - good - left;
            // A test host that crashed leaves no failed test behind; it counts as one.
            if (code != 0 && bad == 0)
                bad = 1;

            Information($"{name}: {good} passed, {bad} failed, {left} skipped");
            (passed, failed, skipped) = (passed + good, failed + bad, skipped + left);
        }

        var sum = $"{passed} passed, {failed} failed, {skipped} skipped";
        System.IO.File.WriteAllText(MakeAbsolute(testResults + File("summary.txt")).FullPath, sum + "\n");
        Information(sum);
        if (failed > 0)
            throw new CakeException("tests failed");
        if (passed == 0)
            throw new CakeException("no test was run");
    });

Task("Docs")
    .Description("Writes docs/commands.md anew from the command table.")
    .IsDependentOn("Build")
    .Does(() => GenerateDocs("docs"));

Task("DocsCheck")
    .Description("Fails when a generated page of docs/ is not what the tables say.")
    .IsDependentOn("Build")
    .Does(() =>
    {
        var fresh = artifacts + Directory("docs");
        CleanDirectory(fresh);
        GenerateDocs(fresh);
        string Text(FilePath path) => System.IO.File.ReadAllText(MakeAbsolute(path).FullPath).ReplaceLineEndings("\n");
        foreach (var made in GetFiles($"{fresh}/*.md"))
        {
            var page = Directory("docs") + made.GetFilename();
            if (!FileExists(page) || Text(made) != Text(page))
                throw new CakeException($"{page} is stale, run `dotnet cake --target Docs`");
        }
    });

void GenerateDocs(string folder) =>
    Require("the docs verb failed", "dotnet", "run", "--project", Server, "-c", configuration, "--no-build", "--",
        "docs", "--out", folder);

Task("Bench")
    .Description("Runs the benchmarks: --scenario <name>[,<name>] --subject <name>[,<name>] --rounds <n> --quick and more.")
    .IsDependentOn("Build")
    .Does(() =>
    {
        var arguments = new List<string>
        {
            $"bench/Bench.CSharp/bin/{configuration}/net10.0/bench.dll",
        };
        string[] options =
            ["scenario", "subject", "rounds", "seconds", "server-core", "load-core", "first-port", "output"];
        foreach (var option in options)
            if (HasArgument(option))
                arguments.AddRange([$"--{option}", Argument<string>(option)]);
        if (HasArgument("quick"))
            arguments.Add("--quick");
        Require("the benchmark failed", "dotnet", [.. arguments]);
    });

Task("NativeTools")
    .Description("Makes sure that ahead-of-time compilation finds its linker.")
    .WithCriteria(() => IsRunningOnLinux() && !(OnPath("clang") && FileExists("/usr/include/zlib.h")))
    .Does(() => Require("clang and the zlib headers are needed", "bash", ".ci/install", "clang", "zlib1g-dev"));

Task("Publish")
    .Description("A native executable in artifacts/publish; --instruction-set native: for this very processor.")
    .IsDependentOn("NativeTools")
    .Does(() =>
    {
        var output = artifacts + Directory("publish");
        CleanDirectory(output);
        var arguments = new List<string>
        {
            "publish", Server, "-c", configuration, "--use-current-runtime", "--nologo", "-o", output,
            "-p:PublishAot=true", "-p:OptimizationPreference=Speed",
            // One file: no symbols, no documentation beside it.
            "-p:DebugType=none", "-p:CopyOutputSymbolsToPublishDirectory=false", "-p:PublishDocumentationFiles=false",
            "-p:PublishReferencesDocumentationFiles=false",
        };
        if (HasArgument("instruction-set"))
            arguments.Add($"-p:IlcInstructionSet={Argument<string>("instruction-set")}");
        Require("publishing failed", "dotnet", [.. arguments]);
    });

Task("PublishAll")
    .Description("Publish, and self-contained single files for other systems in artifacts/publish-<system>.")
    .IsDependentOn("Publish")
    .Does(() =>
    {
        // Ahead-of-time compilation needs the linker and libraries of the other system; these bring the runtime instead.
        foreach (var runtime in new[] { "linux-arm64", "osx-arm64", "win-x64" })
        {
            var output = artifacts + Directory($"publish-{runtime}");
            CleanDirectory(output);
            Require($"publishing for {runtime} failed", "dotnet", "publish", Server, "-c", configuration, "-r", runtime,
                "--nologo", "-o", output, "--self-contained", "-p:PublishSingleFile=true", "-p:PublishReadyToRun=true",
                "-p:DebugType=none", "-p:PublishDocumentationFiles=false", "-p:PublishReferencesDocumentationFiles=false");
        }
    });

Task("Default")
    .Description("What has to pass before a change is merged.")
    .IsDependentOn("FormatCheck")
    .IsDependentOn("Build")
    .IsDependentOn("DocsCheck")
    .IsDependentOn("Test");

Task("Ci")
    .Description("Default, and the native executable.")
    .IsDependentOn("Default")
    .IsDependentOn("Publish");

RunTarget(target);
