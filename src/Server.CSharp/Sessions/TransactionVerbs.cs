using RedisClone.Protocol;
using RedisClone.Server.Configuration;

namespace RedisClone.Server.Sessions;

/// <summary>MULTI, EXEC, DISCARD, WATCH and UNWATCH.</summary>
/// <remarks>
/// Beyond Redis, <c>EXEC ROLLBACK</c> and the setting transaction-rollback: when a command fails, nothing of the
/// transaction remains. That costs a frozen version of the data at EXEC, so a copy of each page that is then written to.
/// </remarks>
public sealed class TransactionVerbs(Engine.Engine engine, ServerOptions options) : IHostVerbs
{
    private Dispatcher? _dispatcher;

    public IEnumerable<HostVerbEntry> Verbs(Dispatcher dispatcher)
    {
        _dispatcher = dispatcher;
        return
        [
            new("multi", Multi, RunsInTransaction: true),
            new("exec", Exec, RunsInTransaction: true, Refused: ExecRefused),
            new("discard", Discard, RunsInTransaction: true),
            new("watch", Watch, RunsInTransaction: true),
            new("unwatch", Unwatch, CanRollBack: true),
        ];
    }

    /// <summary>Leaves a transaction, if the session is in one, and forgets what it watches.</summary>
    public void Abandon(Session session)
    {
        session.Queue = null;
        session.QueueBroken = false;
        engine.Watches.Unwatch(session);
    }

    private static void Multi(Session session, Arguments args, RespWriter reply)
    {
        if (session.Queue is not null)
        {
            reply.Error(Errors.multiNested);
            return;
        }

        session.Queue = new CommandQueue();
        session.QueueBroken = false;
        reply.Ok();
    }

    private void Exec(Session session, Arguments args, RespWriter reply)
    {
        if (args.Count > 1 && !(args.Count == 2 && Bytes.isWord("ROLLBACK", args[1])))
        {
            reply.Error(ExecRefused(session, Errors.wrongArity("exec")));
            return;
        }

        var rollsBack = args.Count > 1 || options.TransactionRollback;
        if (session.Queue is not { } queue)
        {
            reply.Error(Errors.execWithoutMulti);
            return;
        }

        var broken = session.QueueBroken;
        var changed = engine.Watches.HasChanged(session);
        Abandon(session);
        if (broken)
        {
            reply.Error(Errors.execAborted);
        }
        else if (changed)
        {
            reply.NullArray();
        }
        else if (Refusal(queue, rollsBack) is { } refusal)
        {
            reply.Error(Errors.execAbortedBecause(refusal));
        }
        else if (rollsBack)
        {
            RunAllOrNone(session, queue, reply);
        }
        else
        {
            RunAll(session, queue, reply);
        }
    }

    /// <summary>An EXEC that is refused ends the transaction all the same.</summary>
    private string ExecRefused(Session session, string refusal)
    {
        Abandon(session);
        const string Code = "ERR ";
        return Errors.execAbortedBecause(refusal.StartsWith(Code, StringComparison.Ordinal) ? refusal[Code.Length..] : refusal);
    }

    private string? Refusal(CommandQueue queue, bool rollsBack)
    {
        foreach (var queued in queue)
        {
            if (Gates.Disk(queued.Command, engine) is { } refusal)
            {
                return refusal;
            }

            if (rollsBack && !_dispatcher!.CanRollBack(queued.Command))
            {
                return Errors.cannotRollBack(queued.Command.FullName);
            }
        }

        return null;
    }

    private void RunAll(Session session, CommandQueue queue, RespWriter reply)
    {
        engine.BeginBatch();
        try
        {
            reply.Array(queue.Count);
            session.SettleReply(reply);
            foreach (var queued in queue)
            {
                Run(session, queued, reply);
                session.SettleReply(reply);
            }
        }
        finally
        {
            // Also when memory runs out: what others write afterwards is not part of the transaction.
            engine.EndBatch();
        }
    }

    private void RunAllOrNone(Session session, CommandQueue queue, RespWriter reply)
    {
        var start = reply.Length;
        var database = session.Database;
        var carriedOut = 0;
        string? failure = null;
        engine.BeginBatch(mayRollBack: true);
        try
        {
            reply.Array(queue.Count);
            foreach (var queued in queue)
            {
                var before = reply.Length;
                Run(session, queued, reply);
                if (reply.IsOverflown || reply.Buffer[before] == (byte)'-')
                {
                    failure = reply.IsOverflown ? "" : Bytes.toString(reply.Written[(before + 1)..^2]);
                    break;
                }

                carriedOut++;
            }
        }
        finally
        {
            if (carriedOut < queue.Count)
            {
                engine.RollBack();
                session.Database = database;
            }

            engine.EndBatch();
        }

        if (failure is not null)
        {
            reply.Truncate(start);
            reply.Error(Errors.execRolledBack(carriedOut + 1, failure));
        }
    }

    private void Run(Session session, QueuedCommand queued, RespWriter reply)
    {
        // HELLO inside the transaction may change the protocol of the replies that follow.
        reply.Protocol = session.Protocol;
        if (_dispatcher!.Access.RefuseQueued(session, queued.Command, queued.Arguments, engine.Call.Now) is { } refusal)
        {
            reply.Error(refusal);
        }
        else
        {
            _dispatcher.Run(session, queued.Command, queued.Arguments, reply);
        }
    }

    private void Discard(Session session, Arguments args, RespWriter reply)
    {
        if (session.Queue is null)
        {
            reply.Error(Errors.discardWithoutMulti);
            return;
        }

        Abandon(session);
        reply.Ok();
    }

    private void Watch(Session session, Arguments args, RespWriter reply)
    {
        if (session.Queue is not null)
        {
            reply.Error(Errors.watchInsideMulti);
            return;
        }

        for (var i = 1; i < args.Count; i++)
        {
            engine.Watches.Watch(session, session.Database, args[i]);
        }

        reply.Ok();
    }

    private void Unwatch(Session session, Arguments args, RespWriter reply)
    {
        engine.Watches.Unwatch(session);
        reply.Ok();
    }
}
