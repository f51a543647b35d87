using RedisClone.Protocol;

namespace RedisClone.Server.Sessions;

/// <summary>MULTI, EXEC, DISCARD, WATCH and UNWATCH.</summary>
public sealed class TransactionVerbs(Engine.Engine engine) : IHostVerbs
{
    private Dispatcher? _dispatcher;

    public IEnumerable<HostVerbEntry> Verbs(Dispatcher dispatcher)
    {
        _dispatcher = dispatcher;
        return
        [
            new("multi", Multi, RunsInTransaction: true),
            new("exec", Exec, RunsInTransaction: true, ExecRefused),
            new("discard", Discard, RunsInTransaction: true),
            new("watch", Watch, RunsInTransaction: true),
            new("unwatch", Unwatch),
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
        else if (Refusal(queue) is { } refusal)
        {
            reply.Error(Errors.execAbortedBecause(refusal));
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

    private string? Refusal(CommandQueue queue)
    {
        foreach (var queued in queue)
        {
            if (Gates.Disk(queued.Command, engine) is { } refusal)
            {
                return refusal;
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
            foreach (var queued in queue)
            {
                // HELLO inside the transaction may change the protocol of the replies that follow.
                reply.Protocol = session.Protocol;
                _dispatcher!.Run(session, queued.Command, queued.Arguments, reply);
            }
        }
        finally
        {
            // Also when memory runs out: what others write afterwards is not part of the transaction.
            engine.EndBatch();
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
