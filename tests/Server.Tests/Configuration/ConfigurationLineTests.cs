using FsCheck.Xunit;
using RedisClone.Server.Configuration;
using Xunit;

namespace RedisClone.Server.Tests.Configuration;

public class ConfigurationLineTests
{
    [RepeatableProperty(MaxTest = 1000)]
    public bool QuotedWordsAreReadBackAsTheyWere(byte[][] words)
    {
        string[] texts = words.Select(ByteTexts.Of).ToArray();
        string line = string.Join(' ', texts.Select(ConfigurationLine.Quote));
        return ConfigurationLine.Split(line) is { } read && read.SequenceEqual(texts);
    }

    [RepeatableProperty(MaxTest = 1000)]
    public bool AQuotedWordIsPrintable(byte[] word) =>
        ConfigurationLine.Quote(ByteTexts.Of(word)).All(c => c is >= ' ' and <= '~');

    /// <summary>Built from few characters, so that quotes and backslashes meet often.</summary>
    [RepeatableProperty(MaxTest = 2000)]
    public bool AnyLineIsEitherSplitOrRefused(byte[] choices)
    {
        const string alphabet = "\"'\\ \tnx0aF\u000b\u00ff\0";
        string line = new(choices.Select(choice => alphabet[choice % alphabet.Length]).ToArray());
        return ConfigurationLine.Split(line) is not { } words || words.Sum(word => word.Length) <= line.Length;
    }

    [Theory]
    [InlineData("a b\tc", "a|b|c")]
    [InlineData("  a  ", "a")]
    [InlineData("a\"b c\"", "ab c")]
    [InlineData("a'b c'", "ab c")]
    [InlineData("\"\" ''", "|")]
    [InlineData("\"\\x41\\n\\q\\x4g\\xzz\\\\ \\\"\\'\"", "A\nqx4gxzz\\ \"'")]
    [InlineData("\"\\b\\a\\r\\t\"", "\b\a\r\t")]
    [InlineData("a\\b", "a\\b")]
    [InlineData("a#b", "a#b")]
    [InlineData("\u000ba\u000c", "a\u000c")]
    [InlineData("'\\x41\\n\\''", "\\x41\\n'")]
    public void LinesAreSplitAsRedisSplitsThem(string line, string words) =>
        Assert.Equal(words.Split('|'), ConfigurationLine.Split(line));

    [Theory]
    [InlineData("\"abc")]
    [InlineData("'abc")]
    [InlineData("a\"b c\"d")]
    [InlineData("'a'b")]
    [InlineData("a\"")]
    [InlineData("\"a\\")]
    [InlineData("\"a\\\"")]
    [InlineData("'a\\'")]
    [InlineData("'a\\\\'")]
    public void AQuoteThatIsNotClosedProperlyIsRefused(string line) => Assert.Null(ConfigurationLine.Split(line));
}
