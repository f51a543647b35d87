using Xunit;

namespace RedisClone.Server.Tests.Scripts;

/// <summary>
/// Plays every golden script of one client on this server and on a real one, while another client listens to all that
/// happens to keys, and compares the whole sequence of events, command by command.
/// </summary>
public sealed class KeyEventTests
{
    /// <summary>Everything, and then so that the classes in which an event is and is not published tell its class.</summary>
    public static TheoryData<string> Selections => ["KEAmn", "Eg$lsm", "Eglhxn", "Eg$zxm", "Eltxsn"];

    /// <summary>Scripts whose events are not compared, and why.</summary>
    private static readonly Dictionary<string, string> LeftOut = new()
    {
        ["server/shutdown"] = "ends the server",
        ["connection/client-reply"] = "goes on before it has replies",
        ["server/config-set"] = "sets what is published",
    };

    /// <summary>What happens on purpose otherwise than on the real server, which is older: script and command.</summary>
    private static readonly HashSet<string> Known =
    [
        // Arguments are looked at before the key, as in Redis since 7.2.
        "bitmaps/bitcount: BITCOUNT none a b",
        "bitmaps/bitpos: BITPOS none 1 a",

        // The string is made though nothing is written to it, and that is a change.
        "bitmaps/bitfield: BITFIELD fresh OVERFLOW FAIL INCRBY u8 0 300",

        // Consumers are made though they get nothing, as in Redis since 7.2.
        "streams/xautoclaim: XAUTOCLAIM s g c 0 0",
        "streams/xclaim: XCLAIM s g c -5 9",
        "streams/xreadgroup: XREADGROUP GROUP g alice STREAMS s t > >",
    ];

    [OracleTheory]
    [MemberData(nameof(Selections))]
    public void Events_are_those_of_a_real_server_for_every_script(string selection)
    {
        Version installed = OracleServer.InstalledVersion();
        using OracleServer oracle = OracleServer.Start(OracleServer.WithDebug);
        using CloneServer server = CloneServer.StartInMemory();
        var differences = new List<string>();
        int compared = 0;
        foreach (string name in ScriptFolder.Names().Where(name => !LeftOut.ContainsKey(name)))
        {
            Script script = ScriptFolder.Load(name);
            if (script.Since > installed || !IsOfOneClient(script) || script.Steps.OfType<AdvanceTime>().Any())
            {
                continue;
            }

            List<string> ours = Events(script, server, selection);
            List<string> theirs = Events(script, oracle, selection);
            compared += theirs.Count;
            differences.AddRange(ours.Zip(theirs)
                .Where(pair => pair.First != pair.Second)
                .Select(pair => $"{name}: {pair.First}\n    oracle: {pair.Second}")
                .Where(difference => !Known.Contains(difference.Split(" ->")[0])));
            Assert.Equal(theirs.Count, ours.Count);
        }

        Assert.True(compared > 1000, $"{compared} commands");
        Assert.True(differences.Count == 0, $"{differences.Count}\n{string.Join('\n', differences)}");
    }

    private static bool IsOfOneClient(Script script) =>
        !script.Steps.OfType<UseConnection>().Any() && script.Steps.OfType<Request>().All(request =>
            request.Connection.Length == 0 && !request.Command.Contains(Script.IdMark, StringComparison.Ordinal));

    /// <summary>For each command that the script sends, what happened to keys.</summary>
    private static List<string> Events(Script script, IScriptTarget target, string selection)
    {
        using IScriptConnection control = target.Connect();
        using IScriptConnection listener = target.Connect();
        control.Call("CONFIG", "SET", "notify-keyspace-events", selection);
        control.Call("SELECT", "15");
        listener.Call("PSUBSCRIBE", "__key*");
        var watched = new MarkingTarget(target, control);
        ScriptRunner.Run(script, watched);
        control.Call("PUBLISH", "__keyend", "end");
        var commands = new List<string>();
        string current = "";
        for (ReplyValue? message = listener.Receive(); message is not null; message = listener.Receive())
        {
            string channel = message.Items[2].Text;
            string content = message.Items[3].Text;
            if (channel is "__keymark" or "__keyend")
            {
                commands.Add(current);
                current = $"{content} ->";
                if (channel == "__keyend")
                {
                    break;
                }
            }
            else
            {
                current += $" {channel["__key".Length..].Replace("@0__", "", StringComparison.Ordinal)} {Quoting.Quote(content)}";
            }
        }

        control.Call("CONFIG", "SET", "notify-keyspace-events", "");
        return commands;
    }

    /// <summary>Publishes each command before it is sent.</summary>
    private sealed class MarkingTarget(IScriptTarget target, IScriptConnection control) : IScriptTarget
    {
        public bool ClockStandsStill => target.ClockStandsStill;

        public IScriptConnection Connect() => new MarkingConnection(target.Connect(), control);

        public void Advance(TimeSpan time) => target.Advance(time);

        public void Dispose()
        {
        }
    }

    private sealed class MarkingConnection(IScriptConnection connection, IScriptConnection control) : IScriptConnection
    {
        public void Send(IReadOnlyList<string> arguments)
        {
            control.Call("PUBLISH", "__keymark", Quoting.Join(arguments));
            connection.Send(arguments);
        }

        public ReplyValue? Receive() => connection.Receive();

        public void Dispose() => connection.Dispose();
    }
}
