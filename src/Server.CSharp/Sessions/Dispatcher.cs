using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using RedisClone.Server.Access;
using RedisClone.Server.Diagnostics;
using RedisClone.Server.Engine;
using RedisClone.Server.Network;
using RedisClone.Server.Tracking;

namespace RedisClone.Server.Sessions;

/// <summary>Carries out a command that is the host's affair. Called under the engine's gate.</summary>
public delegate void HostVerb(Session session, Arguments args, RespWriter reply);

/// <summary>A command that the host carries out.</summary>
/// <param name="Name">The full name, such as <c>client|kill</c>.</param>
/// <param name="Verb">What carries it out.</param>
/// <param name="RunsInTransaction">Whether it is carried out at once after MULTI instead of being queued.</param>
/// <param name="CanRollBack">Whether it may be in a transaction that is rolled back: it changes nothing but what EXEC takes back.</param>
/// <param name="Refused">What a gate's refusal does beyond being answered: from the error to the one that is sent.</param>
public readonly record struct HostVerbEntry(string Name, HostVerb Verb, bool RunsInTransaction = false,
    bool CanRollBack = false, Func<Session, string, string>? Refused = null);

/// <summary>The host's commands of one kind.</summary>
public interface IHostVerbs
{
    IEnumerable<HostVerbEntry> Verbs(Dispatcher dispatcher);
}

/// <summary>From arguments to a reply: finds the command, lets it pass the gates, queues it or carries it out.</summary>
public sealed class Dispatcher
{
    private readonly HostVerb?[] _verbs;
    private readonly bool[] _runsInTransaction;
    private readonly bool[] _canRollBack;
    private readonly Func<Session, string, string>?[] _refused;

    /// <exception cref="InvalidOperationException">A command of the table is carried out by nobody.</exception>
    public Dispatcher(Engine.Engine engine, Insight insight, IReadOnlyList<IHostVerbs> kinds)
    {
        Engine = engine;
        Insight = insight;
        var commands = insight.Commands;
        Commands = commands;
        Access = new AccessControl(commands);
        engine.Waits.Refuse = waiter => RefuseWaiting(waiter);
        _verbs = new HostVerb?[commands.Count];
        _runsInTransaction = new bool[commands.Count];
        _canRollBack = new bool[commands.Count];
        _refused = new Func<Session, string, string>?[commands.Count];
        foreach (var kind in kinds)
        {
            foreach (var entry in kind.Verbs(this))
            {
                var command = commands.Find(entry.Name);
                _verbs[command.Id] = entry.Verb;
                _runsInTransaction[command.Id] = entry.RunsInTransaction;
                _canRollBack[command.Id] = entry.CanRollBack;
                _refused[command.Id] = entry.Refused;
            }
        }

        foreach (var command in commands.All)
        {
            if (command.IsHosted && command.FullName.EndsWith("|help", StringComparison.Ordinal))
            {
                var help = command;
                _verbs[command.Id] = (_, _, reply) => commands.WriteHelp(help, reply);
                _canRollBack[command.Id] = true;
            }

            if (command.IsHosted && _verbs[command.Id] is null)
            {
                throw new InvalidOperationException($"nobody carries out the command '{command.FullName}'");
            }
        }
    }

    public Engine.Engine Engine { get; }

    public CommandSet Commands { get; }

    /// <summary>Who may do what.</summary>
    public AccessControl Access { get; }

    /// <summary>What is seen of the commands.</summary>
    public Insight Insight { get; }

    /// <summary>Bytes of commands that one client may have queued after MULTI; beyond, it is disconnected.</summary>
    public long QueueBytesMax { get; set; } = long.MaxValue;

    /// <summary>Whether a command may be in a transaction that leaves no trace when it fails.</summary>
    public bool CanRollBack(HostCommand command) => !command.IsHosted || _canRollBack[command.Id];

    /// <summary>Carries out a client's command, or queues it in a transaction.</summary>
    public void Execute(Session session, Arguments args, RespWriter reply)
    {
        var lookup = Commands.Lookup(args, out var command);
        session.LastCommand = lookup == CommandLookup.Found ? command.FullName : session.LastCommand;
        if (Gates.Refuse(session, lookup, command, args, Engine, Access) is { } refusal)
        {
            var before = reply.Length;
            session.QueueBroken = true;
            reply.Error(command is not null && _refused[command.Id] is { } refused ? refused(session, refusal) : refusal);
            if (session.Connection is not null)
            {
                Insight.Refused(lookup == CommandLookup.Found ? command : null, reply, before);
            }

            return;
        }

        if (Engine.Pause.IsOn && Engine.Pause.TryHold(session, command))
        {
            return;
        }

        if (session.Queue is { } queue && !_runsInTransaction[command.Id])
        {
            queue.Add(new QueuedCommand(command, args.Keep()));
            reply.Simple("QUEUED");
            if (queue.Bytes > QueueBytesMax)
            {
                session.CloseAfterReplies = CloseReason.InputLimit;
            }
        }
        else
        {
            Run(session, command, args, reply);
            Engine.Waits.Serve();
            if (session.Tracking is not null)
            {
                TrackingTable.EndCommand(session, command);
            }
        }
    }

    /// <summary>Carries out a command that passed the gates.</summary>
    public void Run(Session session, HostCommand command, Arguments args, RespWriter reply)
    {
        if (session.Connection is null)
        {
            // What is replayed nobody has sent.
            CarryOut(session, command, args, reply);
            return;
        }

        var started = Insight.Timestamp;
        var before = reply.Length;
        CarryOut(session, command, args, reply);
        Insight.Ended(session, command, args, started, reply, before);
    }

    private void CarryOut(Session session, HostCommand command, Arguments args, RespWriter reply)
    {
        Engine.CommandsProcessed++;
        session.CommandsProcessed++;
        Engine.Running = session;
        if (_verbs[command.Id] is { } verb)
        {
            verb(session, args, reply);
        }
        else
        {
            Engine.Call.NoTouch = session.NoTouch;
            Engine.Call.IsListening = session.IsListening;
            Engine.Call.MayReadAllKeys = Access.MayReadAllKeys(session, command, args);
            Engine.Call.MayWait = !Engine.IsInBatch && session.Connection is not null;
            Engine.Run(command, args, Engine.Keyspace.Databases[session.Database], reply);
            if (Engine.Call.Waiting is { } wait)
            {
                Engine.Call.Waiting = null;
                Engine.Waits.Park(session, command, args, wait);
            }

            if (session.Tracking is not null)
            {
                Engine.Tracking.Remember(session, command, args);
            }
        }
    }

    /// <summary>What a session waits for it may no longer be allowed to do when it is there.</summary>
    private string? RefuseWaiting(Waiter waiter) => waiter.Session.User.IsUnrestricted
        ? null
        : Access.Refuse(waiter.Session, waiter.Command, waiter.Arguments, Engine.Call.Now);
}
