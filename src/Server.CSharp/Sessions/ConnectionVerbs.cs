using RedisClone.Protocol;
using RedisClone.Server.Access;
using RedisClone.Server.Configuration;
using RedisClone.Server.Diagnostics;
using RedisClone.Server.Network;

namespace RedisClone.Server.Sessions;

/// <summary>What a client says about its own connection: AUTH, HELLO, SELECT, QUIT and RESET.</summary>
public sealed class ConnectionVerbs(Engine.Engine engine, TransactionVerbs transactions, MonitorTable monitors) : IHostVerbs
{
    private AccessControl _access = null!;

    public IEnumerable<HostVerbEntry> Verbs(Dispatcher dispatcher)
    {
        _access = dispatcher.Access;
        return
        [
            new("auth", Auth),
            new("hello", Hello),
            new("select", Select, CanRollBack: true),
            new("quit", Quit, RunsInTransaction: true),
            new("reset", Reset, RunsInTransaction: true),
        ];
    }

    private void Auth(Session session, Arguments args, RespWriter reply)
    {
        if (args.Count > 3)
        {
            reply.Error(Errors.syntax);
            return;
        }

        if (args.Count == 2 && _access.Users.Default.NeedsNoPassword)
        {
            reply.Error(Errors.authWithoutPassword);
            return;
        }

        var name = args.Count == 2 ? "default"u8 : args[1];
        if (_access.Authenticate(session, name, args[args.Count - 1], args, engine.Call.Now))
        {
            reply.Ok();
        }
        else
        {
            reply.Error(Errors.wrongPass);
        }
    }

    private void Hello(Session session, Arguments args, RespWriter reply)
    {
        var protocol = session.Protocol;
        if (args.Count > 1)
        {
            if (!Numbers.tryParseInt64(args[1], out var version))
            {
                reply.Error(Errors.helloVersionNotInteger);
                return;
            }

            if (version is not (2 or 3))
            {
                reply.Error(Errors.unsupportedProtocol);
                return;
            }

            protocol = (int)version;
        }

        string? name = null;
        var userIndex = 0;
        for (var i = 2; i < args.Count; i++)
        {
            if (Bytes.isWord("AUTH", args[i]) && i + 2 < args.Count)
            {
                userIndex = i + 1;
                i += 2;
            }
            else if (Bytes.isWord("SETNAME", args[i]) && i + 1 < args.Count)
            {
                name = Bytes.toString(args[++i]);
                if (!ClientVerbs.IsName(name))
                {
                    reply.Error(Errors.clientName);
                    return;
                }
            }
            else
            {
                reply.Error(Errors.helloOption(args[i]));
                return;
            }
        }

        if (userIndex > 0
            && !_access.Authenticate(session, args[userIndex], args[userIndex + 1], args, engine.Call.Now))
        {
            reply.Error(Errors.wrongPass);
            return;
        }

        if (_access.IsStranger(session))
        {
            reply.Error(Errors.helloUnauthenticated);
            return;
        }

        session.Name = name ?? session.Name;
        session.Protocol = protocol;
        reply.Protocol = protocol;
        WriteServer(session, reply);
    }

    private static void WriteServer(Session session, RespWriter reply)
    {
        reply.Map(7);
        reply.BulkText("server");
        reply.BulkText("redis");
        reply.BulkText("version");
        reply.BulkText(ProductInfo.RedisVersion);
        reply.BulkText("proto");
        reply.Integer(session.Protocol);
        reply.BulkText("id");
        reply.Integer(session.Id);
        reply.BulkText("mode");
        reply.BulkText("standalone");
        reply.BulkText("role");
        reply.BulkText("master");
        reply.BulkText("modules");
        reply.Array(0);
    }

    private void Select(Session session, Arguments args, RespWriter reply)
    {
        if (!Numbers.tryParseInt64(args[1], out var index))
        {
            reply.Error(Errors.notInteger);
        }
        else if (index is < int.MinValue or > int.MaxValue)
        {
            reply.Error(Errors.outOfRangeBetween(int.MinValue, int.MaxValue));
        }
        else if (index < 0 || index >= engine.Keyspace.Databases.Length)
        {
            reply.Error(Errors.databaseOutOfRange);
        }
        else
        {
            session.Database = (int)index;
            reply.Ok();
        }
    }

    private static void Quit(Session session, Arguments args, RespWriter reply)
    {
        reply.Ok();
        session.CloseAfterReplies = CloseReason.Quit;
    }

    private void Reset(Session session, Arguments args, RespWriter reply)
    {
        transactions.Abandon(session);
        engine.PubSub.Forget(session);
        engine.Tracking.Disable(session);
        monitors.Remove(session);
        session.Database = 0;
        session.Name = "";
        session.ReplyMode = ReplyMode.On;
        _access.Begin(session);
        session.NoTouch = false;
        session.NoEvict = false;
        session.Protocol = 2;
        reply.Protocol = 2;
        reply.Simple("RESET");
    }
}
