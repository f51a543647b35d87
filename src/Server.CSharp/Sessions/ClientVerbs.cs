using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using RedisClone.Protocol;
using RedisClone.Server.Access;
using RedisClone.Server.Network;
using RedisClone.Server.PubSub;

namespace RedisClone.Server.Sessions;

/// <summary>CLIENT and its subcommands.</summary>
public sealed class ClientVerbs(Engine.Engine engine, SessionTable sessions, TimeProvider clock) : IHostVerbs
{
    private AccessControl _access = null!;

    public IEnumerable<HostVerbEntry> Verbs(Dispatcher dispatcher)
    {
        _access = dispatcher.Access;
        return
        [
            new("client|id", (session, _, reply) => reply.Integer(session.Id), CanRollBack: true),
            new("client|getname", GetName, CanRollBack: true),
            new("client|setname", SetName),
            new("client|setinfo", SetInfo),
            new("client|info", (session, _, reply) => reply.Verbatim("txt", Bytes.ofString(Describe(session, clock.GetUtcNow()) + "\n")),
                CanRollBack: true),
            new("client|list", List, CanRollBack: true),
            new("client|kill", Kill),
            new("client|reply", Reply),
            new("client|unblock", Unblock),
            new("client|pause", Pause),
            new("client|unpause", Unpause),
            new("client|no-evict", (session, args, reply) => session.NoEvict = Switch(args, reply) ?? session.NoEvict),
            new("client|no-touch", (session, args, reply) => session.NoTouch = Switch(args, reply) ?? session.NoTouch),
        ];
    }

    /// <summary>Whether a client or library may be called so: printable ASCII without spaces.</summary>
    internal static bool IsName(string name) => name.All(letter => letter is >= '!' and <= '~');

    /// <summary>Reads ON or OFF, and answers; null, with the error written, for anything else.</summary>
    private static bool? Switch(Arguments args, RespWriter reply)
    {
        bool? on = Bytes.isWord("ON", args[2]) ? true : Bytes.isWord("OFF", args[2]) ? false : null;
        if (on is null)
        {
            reply.Error(Errors.syntax);
        }
        else
        {
            reply.Ok();
        }

        return on;
    }

    private static void GetName(Session session, Arguments args, RespWriter reply)
    {
        if (session.Name.Length == 0)
        {
            reply.Null();
        }
        else
        {
            reply.BulkText(session.Name);
        }
    }

    private static void SetName(Session session, Arguments args, RespWriter reply)
    {
        var name = Bytes.toString(args[2]);
        if (!IsName(name))
        {
            reply.Error(Errors.clientName);
            return;
        }

        session.Name = name;
        reply.Ok();
    }

    private static void SetInfo(Session session, Arguments args, RespWriter reply)
    {
        var value = Bytes.toString(args[3]);
        var isName = Bytes.isWord("LIB-NAME", args[2]);
        if (!isName && !Bytes.isWord("LIB-VER", args[2]))
        {
            reply.Error(Errors.clientInfoOption(args[2]));
        }
        else if (!IsName(value))
        {
            reply.Error(Errors.clientInfoValue(isName ? "lib-name" : "lib-ver"));
        }
        else
        {
            session.LibraryName = isName ? value : session.LibraryName;
            session.LibraryVersion = isName ? session.LibraryVersion : value;
            reply.Ok();
        }
    }

    private static void Reply(Session session, Arguments args, RespWriter reply)
    {
        if (Bytes.isWord("ON", args[2]))
        {
            session.ReplyMode = ReplyMode.On;
            reply.Ok();
        }
        else if (Bytes.isWord("OFF", args[2]))
        {
            session.ReplyMode = ReplyMode.Off;
        }
        else if (Bytes.isWord("SKIP", args[2]))
        {
            session.ReplyMode = session.ReplyMode == ReplyMode.Off ? ReplyMode.Off : ReplyMode.SkipNext;
        }
        else
        {
            reply.Error(Errors.syntax);
        }
    }

    private static string Address(EndPoint? endPoint) => endPoint switch
    {
        IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped => $"{mapped.Address.MapToIPv4()}:{mapped.Port}",
        UnixDomainSocketEndPoint unix => $"{unix}:0",
        null => "",
        _ => endPoint.ToString() ?? "",
    };

    /// <summary>The type of clients that a word names, which must be a known one.</summary>
    private static ClientType TypeOf(ReadOnlySpan<byte> name) =>
        Bytes.isWord("NORMAL", name) ? ClientType.Normal
        : Bytes.isWord("PUBSUB", name) ? ClientType.Subscriber
        : ClientType.Server;

    private static ClientType TypeOf(Session session) =>
        session.Subscriptions is null ? ClientType.Normal : ClientType.Subscriber;

    private static bool IsKnownType(ReadOnlySpan<byte> name) =>
        Bytes.isWord("NORMAL", name) || Bytes.isWord("MASTER", name) || Bytes.isWord("SLAVE", name)
        || Bytes.isWord("REPLICA", name) || Bytes.isWord("PUBSUB", name);

    /// <summary>A client as CLIENT INFO tells of it.</summary>
    internal static string Describe(Session session, DateTimeOffset now)
    {
        var connection = session.Connection;
        var input = connection?.InputPendingBytes ?? 0;
        var output = connection?.OutputPendingBytes ?? 0;
        var queued = session.Queue?.Bytes ?? 0;
        var text = new StringBuilder(320);
        text.Append(CultureInfo.InvariantCulture, $"id={session.Id} addr={Address(connection?.RemoteEndPoint)}");
        text.Append(CultureInfo.InvariantCulture, $" laddr={Address(connection?.LocalEndPoint)} fd={connection?.Handle ?? -1}");
        text.Append(CultureInfo.InvariantCulture, $" name={session.Name} age={(long)(now - session.Created).TotalSeconds}");
        text.Append(CultureInfo.InvariantCulture, $" idle={(long)(now - session.LastActive).TotalSeconds}");
        text.Append(CultureInfo.InvariantCulture, $" flags={Flags(session)} db={session.Database}");
        text.Append(CultureInfo.InvariantCulture, $" sub={Count(session, SubscriptionKind.Channel)}");
        text.Append(CultureInfo.InvariantCulture, $" psub={Count(session, SubscriptionKind.Pattern)}");
        text.Append(CultureInfo.InvariantCulture, $" ssub={Count(session, SubscriptionKind.ShardChannel)}");
        text.Append(CultureInfo.InvariantCulture, $" multi={session.Queue?.Count ?? -1} qbuf={input} qbuf-free=0 argv-mem=0");
        text.Append(CultureInfo.InvariantCulture, $" multi-mem={queued} rbs=0 rbp=0 obl=0");
        text.Append(CultureInfo.InvariantCulture, $" oll={(output > 0 ? 1 : 0)} omem={output} tot-mem={session.MemoryBytes}");
        text.Append(CultureInfo.InvariantCulture, $" events={(output > 0 ? "rw" : "r")} cmd={session.LastCommand ?? "NULL"}");
        text.Append(CultureInfo.InvariantCulture, $" user={session.User.Name} redir={session.Tracking?.Redirect ?? -1}");
        text.Append(CultureInfo.InvariantCulture, $" resp={session.Protocol}");
        text.Append(CultureInfo.InvariantCulture, $" lib-name={session.LibraryName} lib-ver={session.LibraryVersion}");
        return text.ToString();
    }

    private static int Count(Session session, SubscriptionKind kind) => session.Subscriptions?.Of(kind).Count ?? 0;

    private static string Flags(Session session)
    {
        var flags = (session.IsMonitor ? "O" : "")
            + (session.Subscriptions is null ? "" : "P")
            + (session.Queue is null ? "" : "x")
            + (session.Tracking is null ? "" : "t")
            + (session.Tracking is { IsRedirectBroken: true } ? "R" : "")
            + (session.Tracking is { IsBroadcast: true } ? "B" : "")
            + (session.Waiting is null && !session.IsHeld ? "" : "b")
            + (session.WatchedKeyChanged ? "d" : "")
            + (session.CloseAfterReplies == CloseReason.None ? "" : "c")
            + (session.Connection?.RemoteEndPoint is UnixDomainSocketEndPoint ? "U" : "")
            + (session.NoEvict ? "e" : "")
            + (session.NoTouch ? "T" : "");
        return flags.Length == 0 ? "N" : flags;
    }

    private void List(Session session, Arguments args, RespWriter reply)
    {
        IEnumerable<Session> listed = sessions.All;
        if (args.Count > 3 && Bytes.isWord("ID", args[2]))
        {
            var wanted = new List<Session>();
            for (var i = 3; i < args.Count; i++)
            {
                if (!Numbers.tryParseInt64(args[i], out var id))
                {
                    reply.Error(Errors.invalidClientId);
                    return;
                }

                if (sessions.Find(id) is { } found)
                {
                    wanted.Add(found);
                }
            }

            listed = wanted;
        }
        else if (args.Count == 4 && Bytes.isWord("TYPE", args[2]))
        {
            if (!IsKnownType(args[3]))
            {
                reply.Error(Errors.unknownClientType(args[3]));
                return;
            }

            var type = TypeOf(args[3]);
            listed = listed.Where(each => TypeOf(each) == type);
        }
        else if (args.Count != 2)
        {
            reply.Error(Errors.syntax);
            return;
        }

        var text = new StringBuilder();
        foreach (var each in listed.OrderBy(each => each.Id))
        {
            text.Append(Describe(each, clock.GetUtcNow())).Append('\n');
        }

        reply.Verbatim("txt", Bytes.ofString(text.ToString()));
    }

    private void Kill(Session session, Arguments args, RespWriter reply)
    {
        if (args.Count == 3)
        {
            var address = Bytes.toString(args[2]);
            var target = sessions.All.FirstOrDefault(each => Address(each.Connection?.RemoteEndPoint) == address);
            if (target is null)
            {
                reply.Error(Errors.noSuchClient);
                return;
            }

            Close(target, session);
            reply.Ok();
            return;
        }

        if (ReadFilter(args, reply) is not { } filter)
        {
            return;
        }

        var killed = 0;
        foreach (var each in sessions.All.Where(each => filter.Matches(each, session)))
        {
            Close(each, session);
            killed++;
        }

        reply.Integer(killed);
    }

    private KillFilter? ReadFilter(Arguments args, RespWriter reply)
    {
        var filter = new KillFilter();
        for (var i = 2; i < args.Count; i += 2)
        {
            if (i + 1 == args.Count || ReadFilterPart(filter, args[i], args[i + 1]) is var error && error == Errors.syntax)
            {
                reply.Error(Errors.syntax);
                return null;
            }

            if (error is not null)
            {
                reply.Error(error);
                return null;
            }
        }

        return filter;
    }

    /// <summary>Takes one filter and its value; returns the error if there is one.</summary>
    private string? ReadFilterPart(KillFilter filter, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (Bytes.isWord("ID", name))
        {
            var isNumber = Numbers.tryParseInt64(value, out var id);
            filter.Id = id;
            return isNumber && id > 0 ? null : Errors.clientIdNotPositive;
        }

        if (Bytes.isWord("TYPE", name))
        {
            filter.Type = TypeOf(value);
            return IsKnownType(value) ? null : Errors.unknownClientType(value);
        }

        if (Bytes.isWord("ADDR", name))
        {
            filter.Address = Bytes.toString(value);
            return null;
        }

        if (Bytes.isWord("LADDR", name))
        {
            filter.LocalAddress = Bytes.toString(value);
            return null;
        }

        if (Bytes.isWord("USER", name))
        {
            filter.User = _access.Users.Find(Bytes.toString(value));
            return filter.User is null ? Errors.noSuchUser(value) : null;
        }

        if (Bytes.isWord("SKIPME", name))
        {
            filter.SkipsCaller = Bytes.isWord("YES", value);
            return filter.SkipsCaller || Bytes.isWord("NO", value) ? null : Errors.syntax;
        }

        return Errors.syntax;
    }

    private void Unblock(Session session, Arguments args, RespWriter reply)
    {
        var withError = args.Count == 4 && Bytes.isWord("ERROR", args[3]);
        if (args.Count > 4)
        {
            reply.Error(Errors.unknownSubcommandOrArity("CLIENT", args[1]));
        }
        else if (args.Count == 4 && !withError && !Bytes.isWord("TIMEOUT", args[3]))
        {
            reply.Error(Errors.unblockReason);
        }
        else if (!Numbers.tryParseInt64(args[2], out var id))
        {
            reply.Error(Errors.notInteger);
        }
        else if (sessions.Find(id) is { Waiting: not null } waiting)
        {
            engine.Waits.Unblock(waiting, withError);
            reply.Integer(1);
        }
        else
        {
            reply.Integer(0);
        }
    }

    private void Pause(Session session, Arguments args, RespWriter reply)
    {
        var holdsAll = args.Count == 3 || Bytes.isWord("ALL", args[3]);
        if (args.Count > 4)
        {
            reply.Error(Errors.unknownSubcommandOrArity("CLIENT", args[1]));
        }
        else if (!holdsAll && !Bytes.isWord("WRITE", args[3]))
        {
            reply.Error(Errors.pauseMode);
        }
        else if (!Numbers.tryParseInt64(args[2], out var milliseconds))
        {
            reply.Error(Errors.timeoutNotInteger);
        }
        else if (milliseconds < 0)
        {
            reply.Error(Errors.timeoutNegative);
        }
        else
        {
            var now = engine.Call.Now;
            engine.Pause.Begin(milliseconds > long.MaxValue - now ? long.MaxValue : now + milliseconds, holdsAll);
            reply.Ok();
        }
    }

    private void Unpause(Session session, Arguments args, RespWriter reply)
    {
        engine.Pause.End();
        reply.Ok();
    }

    private static void Close(Session target, Session caller)
    {
        if (target == caller)
        {
            target.CloseAfterReplies = CloseReason.Killed;
        }
        else
        {
            target.Connection?.Close(CloseReason.Killed);
        }
    }

    private enum ClientType
    {
        Normal,
        Subscriber,

        /// <summary>Replicas and masters, of which there are none.</summary>
        Server,
    }

    private sealed class KillFilter
    {
        public long? Id { get; set; }

        public ClientType? Type { get; set; }

        public string? Address { get; set; }

        public string? LocalAddress { get; set; }

        public User? User { get; set; }

        public bool SkipsCaller { get; set; } = true;

        public bool Matches(Session session, Session caller) =>
            (Type is null || Type == TypeOf(session))
            && (Id is null || Id == session.Id)
            && (Address is null || Address == ClientVerbs.Address(session.Connection?.RemoteEndPoint))
            && (LocalAddress is null || LocalAddress == ClientVerbs.Address(session.Connection?.LocalEndPoint))
            && (User is null || User == session.User)
            && !(SkipsCaller && session == caller);
    }
}
