using System.Text;
using RedisClone.Server.Configuration;
using Xunit;

namespace RedisClone.Server.Tests.Configuration;

public class CommandLineTests
{
    /// <summary>Arguments, and what redis-server makes of them as lines of configuration, separated by |.</summary>
    public static TheoryData<string[], string> Options => new()
    {
        { ["--port", "7000", "--dir", "/data"], "port \"7000\"|dir \"/data\"" },
        { ["--bind", "a", "b", "--save", "900", "1", "--hz", "5"], "bind \"a\" \"b\"|save \"900\" \"1\"|hz \"5\"" },
        { ["--save", "--hz", "x"], "save \"\"|hz \"x\"" },
        { ["--SAVE", "--hz", "x"], "save \"\"|hz \"x\"" },
        { ["--hz", "5", "--save"], "hz \"5\"|save \"\"" },
        { ["--save", "", "--hz", "x"], "save \"\"|hz \"x\"" },
        { ["--hz", "--5"], "hz \"--5\"" },
        { ["--timeout", "--hz", "5"], "timeout \"--hz\" \"5\"" },
        { ["--foo", "--bar", "--baz"], "foo \"--bar\"|baz" },
        { ["--hz", "-5", "--port"], "hz \"-5\"|port" },
        { ["--hz 5", "--bind 127.0.0.1 x", "--foo", "x"], "hz 5|bind 127.0.0.1 x|foo \"x\"" },
        { ["--", "x"], "\"x\"" },
        { ["--port", "1", "--"], "port \"1\"" },
        { ["---hz", "5"], "-hz \"5\"" },
        { ["-p", "7000"], "\"-p\" \"7000\"" },
        { ["--foo", "a\"b\\c", "\u0001\n\té"], "foo \"a\\\"b\\\\c\" \"\\x01\\n\\t\\xc3\\xa9\"" },
        { [], "" },
    };

    [Theory]
    [MemberData(nameof(Options))]
    public void OptionsBecomeLinesAsInRedis(string[] arguments, string lines)
    {
        CommandLine line = CommandLine.Parse(arguments);
        Assert.Equal(ProgramVerb.Serve, line.Verb);
        Assert.Equal(lines, string.Join('|', line.OptionLines));
        Assert.Null(line.Path);
        Assert.False(line.ReadsStandardInput);
    }

    [Theory]
    [InlineData("my.conf", "my.conf", false, 0)]
    [InlineData("my.conf --port 1", "my.conf", false, 1)]
    [InlineData("my.conf -", "my.conf", true, 0)]
    [InlineData("-", null, true, 0)]
    [InlineData("- --port 1", null, true, 1)]
    [InlineData("--port 1 -", null, true, 1)]
    [InlineData("my.conf - --port 1", "my.conf", false, 2)]
    [InlineData("./check", "./check", false, 0)]
    public void TheFileComesFirstAndADashAtEitherEndIsStandardInput(string arguments, string? path, bool reads, int lines)
    {
        CommandLine line = CommandLine.Parse(arguments.Split(' '));
        Assert.Equal(ProgramVerb.Serve, line.Verb);
        Assert.Equal((path, reads, lines), (line.Path, line.ReadsStandardInput, line.OptionLines.Count));
    }

    [Theory]
    [InlineData("--version", ProgramVerb.Version, null)]
    [InlineData("-v", ProgramVerb.Version, null)]
    [InlineData("--help", ProgramVerb.Help, null)]
    [InlineData("-h", ProgramVerb.Help, null)]
    [InlineData("check a.log", ProgramVerb.Check, "a.log")]
    [InlineData("repair a.log", ProgramVerb.Repair, "a.log")]
    [InlineData("docs --out d", ProgramVerb.Docs, "d")]
    [InlineData("check", ProgramVerb.Misused, null)]
    [InlineData("repair a b", ProgramVerb.Misused, null)]
    [InlineData("docs d", ProgramVerb.Misused, null)]
    public void VerbsAreOurs(string arguments, object verb, string? path)
    {
        CommandLine line = CommandLine.Parse(arguments.Split(' '));
        Assert.Equal((verb, path), (line.Verb, line.Path));
        Assert.Equal(line.Verb == ProgramVerb.Misused, line.Problem is not null);
    }

    [Fact]
    public void TheCommandLineOverridesStandardInputWhichOverridesTheFile()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "port 1\ntimeout 1\nhz 1\n");
            var options = new ServerOptions();
            var input = new MemoryStream(Encoding.UTF8.GetBytes("timeout 2\nhz 2\n"));
            ConfigurationReader reader = CommandLine.Parse([path, "--hz", "3", "-"]).Configure(options, () => input);
            Assert.Empty(reader.Errors);
            Assert.Equal((1, 2, 3), (options.Port, options.TimeoutSeconds, options.Hz));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void AnErrorOnTheCommandLineHasNoLineNumber()
    {
        CommandLine line = CommandLine.Parse(["--nosuch", "é"]);
        ConfigurationReader reader = line.Configure(new ServerOptions(), () => Stream.Null);
        Assert.Contains(
            "\nReading the command line\n>>> 'nosuch \"\\xc3\\xa9\"'\nBad directive or wrong number of arguments\n",
            ConfigurationError.Describe(reader.Errors),
            StringComparison.Ordinal);
    }
}
