using FsCheck.Xunit;
using RedisClone.Protocol;
using RedisClone.Server.Configuration;
using Xunit;

namespace RedisClone.Server.Tests.Configuration;

public class ConfigCommandTests
{
    private static readonly string[] Candidates =
    [
        "hz", "5", "HZ", "timeout", "7", "-1", "x", "databases", "nosuch", "appendfsync", "always", "loglevel", "debug",
        "client-output-buffer-limit", "normal 1 2 3", "hash-max-ziplist-entries", "hash-max-listpack-entries", "", "yes",
    ];

    private readonly ServerOptions _options = new();

    [Fact]
    public void SettingsAreShownByNameAndByPattern()
    {
        Assert.Equal("*2|$4|save|$0||", Run("GET", "save"));
        Assert.Equal("*4|$4|save|$0||$10|appendonly|$3|yes|", Run("get", "save", "appendonly"));
        Assert.Equal("*2|$2|HZ|$2|10|", Run("GET", "HZ", "h[z]"));
        Assert.Equal("*0|", Run("GET", "nosuch", ""));
        Assert.StartsWith($"*{2 * Settings.Names.Count}|", Run("GET", "*"), StringComparison.Ordinal);
    }

    [Fact]
    public void AnAliasIsASettingOfItsOwn() =>
        Assert.Equal(
            "*4|$25|hash-max-listpack-entries|$3|512|$24|hash-max-ziplist-entries|$3|512|",
            Run("GET", "HASH-MAX-*ENTRIES"));

    [Fact]
    public void ARespClientOfVersion3GetsAMap()
    {
        RespWriter writer = new(64) { Protocol = 3 };
        new ConfigCommand(_options).Get(["hz"], writer);
        Assert.Equal("%1|$2|hz|$2|10|", Shown(writer));
    }

    [Fact]
    public void SettingsAreChangedTogether()
    {
        Assert.Equal("+OK|", Run("SET", "hz", "5", "TIMEOUT", "7", "client-output-buffer-limit", "pubsub 1kb 2 3"));
        Assert.Equal((5, 7), (_options.Hz, _options.TimeoutSeconds));
        Assert.Equal(new OutputBufferLimit(1024, 2, 3), _options.ClientOutputBufferLimits.PubSub);
    }

    [Fact]
    public void AChangeIsToldToWhoAsked()
    {
        var seen = new List<int>();
        _options.OnChange("timeout", () =>
        {
            seen.Add(_options.TimeoutSeconds);
            return null;
        });
        Run("SET", "timeout", "7");
        Run("SET", "hz", "20");
        Run("SET", "timeout", "x");
        Assert.Equal([7], seen);
    }

    [Fact]
    public void AnObjectionTakesAllChangesBack()
    {
        var seen = new List<int>();
        _options.OnChange("timeout", () =>
        {
            seen.Add(_options.TimeoutSeconds);
            return null;
        });
        _options.OnChange("maxclients", () => _options.MaxClients > 50_000 ? "too many" : null);
        Assert.Equal(
            "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - too many|",
            Run("SET", "timeout", "7", "maxclients", "60000", "hz", "5"));
        Assert.Equal((0, 10_000L, 10), (_options.TimeoutSeconds, _options.MaxClients, _options.Hz));
        Assert.Equal([7, 0], seen);
    }

    [RepeatableProperty(MaxTest = 2000)]
    public bool AllSettingsOfACommandChangeOrNone(byte[] choices)
    {
        string before = Run("GET", "*");
        string[] words = choices.Select(choice => Candidates[choice % Candidates.Length]).Prepend("SET").ToArray();
        string reply = Run(words);
        return reply == "+OK|" || Run("GET", "*") == before;
    }

    [RepeatableProperty(MaxTest = 1000)]
    public bool WhatWasSetIsShown(int timeout, int percentage)
    {
        string reply = Run("SET", "timeout", $"{timeout}", "auto-aof-rewrite-percentage", $"{percentage}");
        return reply == "+OK|"
            ? Run("GET", "timeout") == $"*2|$7|timeout|${$"{timeout}".Length}|{timeout}|" && percentage >= 0
            : timeout < 0 || percentage < 0;
    }

    [RepeatableProperty(MaxTest = 1000)]
    public bool AnyBytesGetOneLineOrARefusalOfOneLine(byte[] name, byte[] value)
    {
        string reply = Run("SET", ByteTexts.Of(name), ByteTexts.Of(value));
        return reply.StartsWith("-ERR Unknown option", StringComparison.Ordinal)
            && reply.IndexOf('|') >= 0 && !reply.Contains('\n') && !reply.Contains('\r');
    }

    private string Run(params string[] arguments)
    {
        RespWriter writer = new(64);
        new ConfigCommand(_options).Run(arguments, writer);
        return Shown(writer);
    }

    /// <summary>A reply with | for the ends of lines.</summary>
    private static string Shown(RespWriter writer) => Bytes.toString(writer.Written).Replace("\r\n", "|");
}

internal static class ConfigCommandExtensions
{
    /// <summary>Carries out what follows the word CONFIG: GET or SET.</summary>
    public static void Run(this ConfigCommand command, string[] arguments, RespWriter writer)
    {
        if (arguments[0].Equals("GET", StringComparison.OrdinalIgnoreCase))
        {
            command.Get(arguments.AsSpan(1), writer);
        }
        else
        {
            command.Set(arguments.AsSpan(1), writer);
        }
    }
}
