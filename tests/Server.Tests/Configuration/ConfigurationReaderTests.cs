using System.Text;
using RedisClone.Server.Configuration;
using RedisClone.Server.Persistence;
using Xunit;

namespace RedisClone.Server.Tests.Configuration;

public sealed class ConfigurationReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("configuration-").FullName;
    private readonly ServerOptions _options = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void AFileIsReadLineByLineAndTheLastValueHolds()
    {
        ConfigurationReader reader = Read("""
            # a comment

              PORT 7000
            dir "."
            appendfsync 'always'
            auto-aof-rewrite-min-size 1mb
            client-output-buffer-limit normal 1kb 2 3
            client-output-buffer-limit pubsub 4 5 6
            bind 127.0.0.1 ::1
            timeout 1
            Timeout 2
            """);
        Assert.Empty(reader.Errors);
        Assert.Equal(7000, _options.Port);
        Assert.Equal(FsyncPolicy.Always, _options.AppendFsync);
        Assert.Equal(1 << 20, _options.AutoAofRewriteMinBytes);
        Assert.Equal(new OutputBufferLimit(1024, 2, 3), _options.ClientOutputBufferLimits.Normal);
        Assert.Equal(new OutputBufferLimit(4, 5, 6), _options.ClientOutputBufferLimits.PubSub);
        Assert.Equal(OutputBufferLimits.Default.Replica, _options.ClientOutputBufferLimits.Replica);
        Assert.Equal(["127.0.0.1", "::1"], _options.Bind);
        Assert.Equal(2, _options.TimeoutSeconds);
    }

    [Fact]
    public void WindowsLineEndsAndByteOrderMarksAreNoMatter()
    {
        string path = Write("w.conf", "\ufeffport 7000\r\ntimeout 5\r\n");
        Assert.Empty(ReadPath(path).Errors);
        Assert.Equal((7000, 5), (_options.Port, _options.TimeoutSeconds));
    }

    [Fact]
    public void AnIncludedFileIsReadWhereItIsIncluded()
    {
        string inner = Write("inner.conf", "timeout 2\nport 1\n");
        Assert.Empty(Read($"timeout 1\ninclude \"{inner}\"\nport 3\n").Errors);
        Assert.Equal((3, 2), (_options.Port, _options.TimeoutSeconds));
    }

    [Fact]
    public void AnIncludeMayHaveWildcardsAndMatchNothing()
    {
        Write("d1/20.conf", "timeout 20\nport 20\n");
        Write("d1/10.conf", "timeout 10\n");
        Write("d2/30.conf", "port 30\n");
        Write("d2/.hidden.conf", "timeout 40\n");
        Write("d2/other.txt", "port 50\n");
        ConfigurationReader reader = Read($"include {_folder}/d[12]/*.conf\ninclude {_folder}/none/*.conf\n");
        Assert.Empty(reader.Errors);
        Assert.Equal((30, 20), (_options.Port, _options.TimeoutSeconds));
    }

    [Fact]
    public void AnErrorNamesFileLineAndSetting()
    {
        string path = Write("a.conf", "# a\nport 7000\n\n  tmieout  3 # x\n");
        string text = ConfigurationError.Describe(ReadPath(path).Errors);
        Assert.Equal(
            $"""

            *** FATAL CONFIG FILE ERROR ({ProductInfo.Name} {ProductInfo.Version}) ***
            Reading the configuration file {path}, at line 4
            >>> 'tmieout  3 # x'
            Bad directive or wrong number of arguments
            Did you mean 'timeout'?

            """,
            text);
    }

    [Fact]
    public void AnErrorInAnIncludedFileNamesThatFile()
    {
        string inner = Write("inner.conf", "port 1\nport x\n");
        ConfigurationError error = Assert.Single(Read($"\n\ninclude {inner}\n").Errors);
        string reason = "argument couldn't be parsed into an integer";
        Assert.Equal(new ConfigurationError($"the configuration file {inner}", 2, "port x", reason), error);
    }

    [Fact]
    public void AllErrorsAreReportedUpToABound()
    {
        Assert.Equal([1, 3], Read("port x\ntimeout 1\ndir \"a\n").Errors.Select(error => error.LineNumber));
        Assert.Equal(
            ConfigurationReader.ErrorsMax,
            Read(string.Concat(Enumerable.Repeat("foo\n", 1000))).Errors.Count);
    }

    [Fact]
    public void AFileThatIsMissingOrADirectoryIsAnErrorOfTheLineThatIncludesIt()
    {
        string missing = Path.Combine(_folder, "missing.conf");
        Assert.Equal(
            [(1, $"can't open config file '{missing}': No such file or directory"),
                (2, $"can't open config file '{_folder}': Is a directory")],
            Read($"include {missing}\ninclude {_folder}").Errors.Select(error => (error.LineNumber, error.Reason)));

        ConfigurationError error = Assert.Single(ReadPath(missing).Errors);
        Assert.Equal((0, ""), (error.LineNumber, error.Line));
    }

    [Fact]
    public void AFileThatIncludesItselfIsRefused()
    {
        string path = Write("self.conf", $"include {_folder}/self.conf\n");
        ConfigurationError error = Assert.Single(ReadPath(path).Errors);
        Assert.Equal($"files are included more than {ConfigurationReader.IncludeDepthMax} deep", error.Reason);
    }

    [Fact]
    public void FilesThatMultiplyByIncludingEachOtherAreRefused()
    {
        for (int i = 0; i < 4; i++)
        {
            Write($"m{i}.conf", $"include {_folder}/m*.conf\n");
        }

        Assert.Contains(
            ReadPath(Path.Combine(_folder, "m0.conf")).Errors,
            error => error.Reason.StartsWith("files are included more than", StringComparison.Ordinal));
    }

    [Fact]
    public void AnEndlessStreamIsRefused()
    {
        var reader = new ConfigurationReader(_options);
        var stream = new EndlessStream();
        reader.ReadStream("standard input", stream);
        Assert.Contains("longer than", Assert.Single(reader.Errors).Reason, StringComparison.Ordinal);
        Assert.InRange(stream.BytesRead, ConfigurationReader.FileBytesMax, ConfigurationReader.FileBytesMax + (64 << 10));
    }

    [Fact]
    public void ASettingThatIsRefusedLeavesTheOptionsAsTheyWere()
    {
        Assert.Single(Read("client-output-buffer-limit normal 1 2 3 pubsub 4 5 x\n").Errors);
        Assert.Equal(OutputBufferLimits.Default, _options.ClientOutputBufferLimits);
    }

    private ConfigurationReader Read(string text) => ReadPath(Write("main.conf", text));

    private ConfigurationReader ReadPath(string path)
    {
        var reader = new ConfigurationReader(_options);
        reader.ReadFile(path);
        return reader;
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return path;
    }

    private sealed class EndlessStream : MemoryStream
    {
        private const int GivenBytesMax = 256 << 20;

        public int BytesRead { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            buffer.Fill((byte)'#');
            BytesRead += buffer.Length;
            return BytesRead < GivenBytesMax ? buffer.Length : throw new InvalidOperationException("nobody stopped reading");
        }
    }
}
