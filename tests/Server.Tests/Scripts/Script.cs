using System.Buffers;
using System.Globalization;

namespace RedisClone.Server.Tests.Scripts;

/// <summary>How a reply is compared with the one that is written down.</summary>
public enum Comparison
{
    /// <summary>Every byte is the same.</summary>
    Exact,

    /// <summary>The elements of each aggregate come in any order.</summary>
    Unordered,

    /// <summary>As <see cref="Unordered"/>, and a flat array holds pairs that stay together.</summary>
    UnorderedPairs,

    /// <summary>The expected text is a pattern: <c>*</c> is any text, <c>?</c> any character.</summary>
    Pattern,
}

/// <summary>One step of a script; <paramref name="Line"/> counts from 1.</summary>
public abstract record Step(int Line);

/// <summary>Sends a command, or only waits when <paramref name="Command"/> is empty, and compares one reply.</summary>
/// <param name="Line">Where it stands.</param>
/// <param name="Connection">Whose it is, from the front of the line; empty for the connection that is being used.</param>
/// <param name="Command">The line behind <c>&gt;</c>.</param>
/// <param name="Expected">The text of the reply; empty when none is written down yet.</param>
/// <param name="ExpectedLines">How many lines of the file it takes.</param>
/// <param name="Comparison">How they are compared.</param>
/// <param name="Repeat">How often; <c>{n}</c> in command and reply counts from 1.</param>
public sealed record Request(
    int Line, string Connection, string Command, string Expected, int ExpectedLines, Comparison Comparison, int Repeat)
    : Step(Line);

/// <summary><c>@resp2</c>, <c>@resp3</c>: switches the protocol.</summary>
public sealed record SwitchProtocol(int Line, int Version) : Step(Line);

/// <summary><c>@time +500ms</c>: makes time pass.</summary>
public sealed record AdvanceTime(int Line, TimeSpan Time) : Step(Line);

/// <summary><c>@fresh</c>: empties the server and starts over with a new connection.</summary>
public sealed record FreshStart(int Line) : Step(Line);

/// <summary><c>@connection name</c>: goes on with another connection, made when it is new.</summary>
public sealed record UseConnection(int Line, string Name) : Step(Line);

/// <summary><c>@close name</c>: a client goes away, and the server has noticed.</summary>
public sealed record CloseConnection(int Line, string Name) : Step(Line);

/// <summary>A golden script; its format is described in <c>tests/Scripts/README.md</c>.</summary>
/// <param name="Since">The server version it needs; 0.0 when any will do.</param>
/// <param name="Steps">What happens, in order.</param>
public sealed record Script(Version Since, IReadOnlyList<Step> Steps)
{
    /// <summary>Expected in place of a reply: none comes.</summary>
    public const string NoReply = "(no reply)";

    /// <summary>Expected in place of a reply: the server has the client wait.</summary>
    public const string Waiting = "(waiting)";

    /// <summary>In a command: <c>{id:name}</c> is the number that the server gave that connection.</summary>
    public const string IdMark = "{id:";

    /// <summary>Expected in place of a reply: the server closes the connection.</summary>
    public const string Closed = "(closed)";

    /// <summary>Reads a script.</summary>
    /// <exception cref="FormatException">It breaks the format; the message starts with the line.</exception>
    public static Script Parse(string text) => new ScriptParser(text).Parse();
}

/// <summary>Reads the lines of one script.</summary>
internal sealed class ScriptParser(string text)
{
    private static readonly SearchValues<char> NameLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789");

    private readonly string[] _lines = text.Split('\n');
    private readonly List<Step> _steps = [];
    private Version _since = new(0, 0);
    private Comparison _comparison = Comparison.Exact;
    private int _repeat = 1;
    private bool _isModified;
    private int _at;

    public Script Parse()
    {
        while (_at < _lines.Length)
        {
            string line = _lines[_at];
            bool isAscii = line.All(c => c is >= ' ' and <= '~');
            Require(isAscii, "a script is ASCII without tabs; write \\x00 for other bytes");
            if (line.StartsWith('@'))
            {
                ReadDirective(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
                _at++;
            }
            else if (RequestSign(line) is var sign and >= 0)
            {
                ReadRequest(line[..sign], line[(sign + 1)..].Trim(' '));
            }
            else
            {
                Require(line.Length == 0 || line[0] == '#', $"neither request, directive nor comment: {line}");
                _at++;
            }
        }

        Require(!_isModified, "a directive has no request after it");
        Require(_steps.OfType<Request>().Any(), "a script needs a request");
        return new Script(_since, _steps);
    }

    /// <summary>Where the sign of a request is, behind the name of a connection if there is one; -1 where there is none.</summary>
    private static int RequestSign(string line)
    {
        int sign = line.AsSpan().IndexOfAnyExcept(NameLetters);
        return sign >= 0 && line[sign] == '>' ? sign : -1;
    }

    private void ReadRequest(string connection, string command)
    {
        int line = ++_at;
        while (_at < _lines.Length && _lines[_at].Length > 0 && _lines[_at][0] is not ('@' or '#')
            && RequestSign(_lines[_at]) < 0)
        {
            _at++;
        }

        string expected = string.Join('\n', _lines[line.._at]);
        _steps.Add(new Request(line, connection, command, expected, _at - line, _comparison, _repeat));
        (_comparison, _repeat, _isModified) = (Comparison.Exact, 1, false);
    }

    private void ReadDirective(string[] words)
    {
        int line = _at + 1;
        switch (words)
        {
            case ["@resp2"]:
                _steps.Add(new SwitchProtocol(line, 2));
                break;
            case ["@resp3"]:
                _steps.Add(new SwitchProtocol(line, 3));
                break;
            case ["@fresh"]:
                _steps.Add(new FreshStart(line));
                break;
            case ["@connection", string name]:
                _steps.Add(new UseConnection(line, name));
                break;
            case ["@time", ['+', .. string time]]:
                _steps.Add(new AdvanceTime(line, TimeSpan.FromMilliseconds(Milliseconds(time))));
                break;
            case ["@since", string version]:
                Require(_steps.Count == 0, "@since stands at the top");
                Require(Version.TryParse(version, out _since!), $"not a version: {version}");
                break;
            case ["@unordered"]:
                Modify(Comparison.Unordered);
                break;
            case ["@close", string name]:
                _steps.Add(new CloseConnection(line, name));
                break;
            case ["@unordered", "pairs"]:
                Modify(Comparison.UnorderedPairs);
                break;
            case ["@match"]:
                Modify(Comparison.Pattern);
                break;
            case ["@repeat", string count]:
                bool isNumber = int.TryParse(count, CultureInfo.InvariantCulture, out _repeat);
                Require(isNumber && _repeat > 0, $"not a count: {count}");
                _isModified = true;
                break;
            default:
                throw Fail($"unknown directive: {string.Join(' ', words)}");
        }
    }

    private void Modify(Comparison how)
    {
        _comparison = how;
        _isModified = true;
    }

    private long Milliseconds(string time)
    {
        bool isMs = time.EndsWith("ms", StringComparison.Ordinal);
        string digits = isMs ? time[..^2] : time.TrimEnd('s');
        Require(
            time.EndsWith('s') && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out _),
            $"not a time such as 500ms or 10s: {time}");
        long number = long.Parse(digits, CultureInfo.InvariantCulture);
        return isMs ? number : number * 1000;
    }

    private void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw Fail(otherwise);
        }
    }

    private FormatException Fail(string message) => new($"line {_at + 1}: {message}");
}
