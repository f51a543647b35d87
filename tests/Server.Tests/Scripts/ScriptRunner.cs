using System.Globalization;
using System.Net.Sockets;
using RedisClone.Server.Tests.Network;

namespace RedisClone.Server.Tests.Scripts;

/// <summary>A request whose reply was not the one in the script.</summary>
/// <param name="Request">The request.</param>
/// <param name="Command">Its command line, with <c>{n}</c> filled in.</param>
/// <param name="Expected">What is written down.</param>
/// <param name="Actual">What came.</param>
public sealed record Mismatch(Request Request, string Command, string Expected, string Actual)
{
    public override string ToString() =>
        $"line {Request.Line}: > {Command}\n  expected:\n{Expected}\n  but it was:\n{Actual}\n";
}

/// <summary>Plays a script against one target.</summary>
public sealed class ScriptRunner : IDisposable
{
    private const string FirstConnection = "main";
    private const long ToleranceSeconds = 20;
    private const string EndMarker = "end of script";

    /// <summary>Stands for what is no request of the script.</summary>
    private static readonly Request Nowhere = new(0, "", "", "", 0, Comparison.Exact, 1);

    private readonly IScriptTarget _target;
    private readonly Dictionary<string, IScriptConnection> _connections = [];
    private readonly List<Mismatch> _mismatches = [];
    private readonly Dictionary<string, string> _ids = [];
    private readonly bool _needsIds;
    private string _current = FirstConnection;
    private IScriptConnection? _control;

    private ScriptRunner(IScriptTarget target, bool needsIds)
    {
        _target = target;
        _needsIds = needsIds;
    }

    /// <summary>Plays a script to its end.</summary>
    /// <returns>Every reply that differed, in order.</returns>
    public static IReadOnlyList<Mismatch> Run(Script script, IScriptTarget target)
    {
        bool needsIds = script.Steps.OfType<Request>()
            .Any(request => request.Command.Contains(Script.IdMark, StringComparison.Ordinal));
        using var runner = new ScriptRunner(target, needsIds);
        runner.StartFresh();
        foreach (Step step in script.Steps)
        {
            try
            {
                runner.Play(step);
            }
            catch (Exception error) when (error is IOException or SocketException)
            {
                runner.Note(step as Request ?? Nowhere, "(a server)", error.Message);
                return runner._mismatches;
            }
        }

        runner.RequireNothingLeft();
        return runner._mismatches;
    }

    public void Dispose()
    {
        CloseAll();
        _control?.Dispose();
    }

    private void Play(Step step)
    {
        switch (step)
        {
            case FreshStart:
                StartFresh();
                break;
            case SwitchProtocol(_, int version):
                ReplyValue hello = Connection(_current).Call("HELLO", version.ToString(CultureInfo.InvariantCulture));
                if (hello.IsError)
                {
                    throw new InvalidOperationException($"line {step.Line}: HELLO {version} failed: {hello.Text}");
                }

                break;
            case AdvanceTime(_, TimeSpan time):
                _target.Advance(time);
                break;
            case UseConnection(_, string name):
                _current = name;
                break;
            case CloseConnection(_, string name):
                int before = ServerCount("connected_clients");
                _connections.Remove(name, out IScriptConnection? closed);
                closed?.Dispose();
                Eventually.True(() => ServerCount("connected_clients") == before - 1);
                break;
            case Request request:
                Play(request);
                break;
            default:
                throw new InvalidOperationException($"line {step.Line}: no way to play {step}");
        }
    }

    private void Play(Request request)
    {
        for (int n = 1; n <= request.Repeat; n++)
        {
            string name = request.Connection.Length > 0 ? request.Connection : _current;
            string command = Named(Number(request, request.Command, n));
            string expected = Named(Number(request, request.Expected, n));
            if (expected == Script.Waiting)
            {
                int before = ServerCount("blocked_clients");
                Connection(name).Send(Quoting.Split(command));
                Eventually.True(() => ServerCount("blocked_clients") == before + 1);
                continue;
            }

            if (command.Length > 0)
            {
                Connection(name).Send(Quoting.Split(command));
            }

            if (expected != Script.NoReply && !Receive(name, request, command, expected))
            {
                return;
            }
        }
    }

    private bool Receive(string name, Request request, string command, string expected)
    {
        ReplyValue? actual = Connection(name).Receive();
        if (actual is null)
        {
            _connections.Remove(name, out IScriptConnection? closed);
            closed?.Dispose();
        }

        long tolerance = _target.ClockStandsStill ? 0 : RunningClockTolerance(command);
        if (ReplyComparison.Matches(expected, actual, request.Comparison, tolerance))
        {
            return true;
        }

        _mismatches.Add(new Mismatch(request, command, expected, actual?.ToString() ?? Script.Closed));
        return false;
    }

    /// <summary>A line of INFO that is a number.</summary>
    private int ServerCount(string field)
    {
        _control ??= _target.Connect();
        string line = _control.Call("INFO", "clients").Text.Split("\r\n")
            .Single(line => line.StartsWith(field + ":", StringComparison.Ordinal));
        return int.Parse(line.AsSpan(field.Length + 1), provider: CultureInfo.InvariantCulture);
    }

    /// <summary>The text with the numbers of connections in place of their names.</summary>
    private string Named(string text)
    {
        while (_needsIds && text.IndexOf(Script.IdMark, StringComparison.Ordinal) is var start and >= 0)
        {
            int end = text.IndexOf('}', start);
            string name = text[(start + Script.IdMark.Length)..end];
            Connection(name);
            text = $"{text[..start]}{_ids[name]}{text[(end + 1)..]}";
        }

        return text;
    }

    /// <summary>A surplus reply, or a transaction left open, would show here.</summary>
    private void RequireNothingLeft()
    {
        foreach ((string name, IScriptConnection connection) in _connections)
        {
            // A subscriber may send little else, and gets an array.
            ReplyValue reply = connection.Call("PING", EndMarker);
            if ((reply.Kind == ReplyKind.Array && reply.Items.Count == 2 ? reply.Items[1] : reply) != ReplyValue.Bulk(EndMarker))
            {
                Note(Nowhere, $"nothing unread and nothing open at the end of connection {name}", reply.ToString());
            }
        }
    }

    private void Note(Request request, string expected, string actual) =>
        _mismatches.Add(new Mismatch(request, request.Command, expected, actual));

    private void StartFresh()
    {
        CloseAll();
        _current = FirstConnection;
        Connection(_current).Call("FLUSHALL");
    }

    private IScriptConnection Connection(string name)
    {
        if (!_connections.TryGetValue(name, out IScriptConnection? connection))
        {
            connection = _target.Connect();
            _connections.Add(name, connection);
            if (_needsIds)
            {
                _ids[name] = connection.Call("CLIENT", "ID").Text;
            }
        }

        return connection;
    }

    private void CloseAll()
    {
        foreach (IScriptConnection connection in _connections.Values)
        {
            connection.Dispose();
        }

        _connections.Clear();
    }

    /// <summary>How far a count of seconds or milliseconds may be off where time passes meanwhile.</summary>
    private static long RunningClockTolerance(string command) => Quoting.Split(command) switch
    {
        ["TTL", ..] or ["OBJECT", "IDLETIME", ..] => ToleranceSeconds,
        ["PTTL", ..] => ToleranceSeconds * 1000,
        _ => 0,
    };

    private static string Number(Request request, string text, int n) =>
        request.Repeat == 1
            ? text
            : text.Replace("{n}", n.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
}
