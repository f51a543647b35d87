using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using RedisClone.Protocol;
using RedisClone.Server.Access;
using RedisClone.Server.Network;
using RedisClone.Server.PubSub;
using Reason = RedisClone.Protocol.Errors.AclReason;

namespace RedisClone.Server.Sessions;

/// <summary>ACL and its subcommands.</summary>
public sealed class AclVerbs(Engine.Engine engine, SessionTable sessions, ILogger logger) : IHostVerbs
{
    private const int PasswordBits = 256;
    private const int PasswordBitsMax = 4096;
    private const int LogEntriesShown = 10;
    private const int BitsPerHexDigit = 4;

    private AccessControl _access = null!;

    public IEnumerable<HostVerbEntry> Verbs(Dispatcher dispatcher)
    {
        _access = dispatcher.Access;
        return
        [
            new("acl|cat", Cat, CanRollBack: true),
            new("acl|deluser", DeleteUsers),
            new("acl|dryrun", DryRun, CanRollBack: true),
            new("acl|genpass", GeneratePassword, CanRollBack: true),
            new("acl|getuser", GetUser, CanRollBack: true),
            new("acl|list", (_, _, reply) => WriteAll(_access.Users.All.Select(user => user.Describe()), reply), CanRollBack: true),
            new("acl|load", Load),
            new("acl|log", Log),
            new("acl|save", Save),
            new("acl|setuser", SetUser),
            new("acl|users", (_, _, reply) => WriteAll(_access.Users.All.Select(user => user.Name), reply), CanRollBack: true),
            new("acl|whoami", (session, _, reply) => reply.Bulk(Bytes.ofString(session.User.Name)), CanRollBack: true),
        ];
    }

    private static void WriteAll(IEnumerable<string> texts, RespWriter reply)
    {
        var all = texts.ToList();
        reply.Array(all.Count);
        foreach (var text in all)
        {
            reply.Bulk(Bytes.ofString(text));
        }
    }

    private void Cat(Session session, Arguments args, RespWriter reply)
    {
        if (args.Count > 3)
        {
            reply.Error(Errors.unknownSubcommandOrArity("ACL", args[1]));
        }
        else if (args.Count == 2)
        {
            WriteAll(CommandCatalog.CategoryNames, reply);
        }
        else if (CommandCatalog.FindCategory(Bytes.toString(args[2])) is { } category)
        {
            WriteAll(_access.Catalog.In(category), reply);
        }
        else
        {
            reply.Error(Errors.aclUnknownCategory(args[2]));
        }
    }

    // ---- users

    private void SetUser(Session session, Arguments args, RespWriter reply)
    {
        var name = Bytes.toString(args[2]);
        if (ByteTexts.HasBlankOrNul(name))
        {
            reply.Error(Errors.userName);
            return;
        }

        var words = new string[args.Count - 3];
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = Bytes.toString(args[i + 3]);
        }

        if (SelectorWords.Join(words, out var unclosed) is not { } rules)
        {
            reply.Error(Errors.unmatchedSelector(Bytes.ofString(unclosed)));
            return;
        }

        // All rules or none: they are tried on a copy.
        var draft = _access.Users.Find(name)?.Copy() ?? _access.NewUser(name);
        foreach (var rule in rules)
        {
            if (draft.Apply(rule) is { } problem)
            {
                reply.Error(Errors.aclModifier(Bytes.ofString(rule), problem));
                return;
            }
        }

        _access.Users.Put(draft);
        DisconnectListeners(_access.Users.Find(name)!, session);
        reply.Ok();
    }

    private void DeleteUsers(Session session, Arguments args, RespWriter reply)
    {
        var names = new List<string>();
        for (var i = 2; i < args.Count; i++)
        {
            names.Add(Bytes.toString(args[i]));
        }

        if (names.Contains(UserTable.DefaultName))
        {
            reply.Error(Errors.defaultUserStays);
            return;
        }

        var gone = new HashSet<User>();
        foreach (var name in names)
        {
            if (_access.Users.Find(name) is { } user && _access.Users.Remove(name))
            {
                gone.Add(user);
            }
        }

        Disconnect(gone, session);
        reply.Integer(gone.Count);
    }

    private void GetUser(Session session, Arguments args, RespWriter reply)
    {
        if (_access.Users.Find(Bytes.toString(args[2])) is not { } user)
        {
            reply.Null();
            return;
        }

        reply.Map(6);
        reply.BulkText("flags");
        var flags = user.Flags.ToList();
        reply.Set(flags.Count);
        flags.ForEach(reply.BulkText);
        reply.BulkText("passwords");
        WriteAll(user.PasswordHashes, reply);
        WriteSelector(user.Root, reply);
        reply.BulkText("selectors");
        reply.Array(user.Selectors.Count);
        foreach (var selector in user.Selectors)
        {
            reply.Map(3);
            WriteSelector(selector, reply);
        }
    }

    private static void WriteSelector(Selector selector, RespWriter reply)
    {
        reply.BulkText("commands");
        reply.Bulk(Bytes.ofString(selector.DescribeCommands()));
        reply.BulkText("keys");
        reply.Bulk(Bytes.ofString(selector.DescribeKeys()));
        reply.BulkText("channels");
        reply.Bulk(Bytes.ofString(selector.DescribeChannels()));
    }

    private void DryRun(Session session, Arguments args, RespWriter reply)
    {
        if (_access.Users.Find(Bytes.toString(args[2])) is not { } user)
        {
            reply.Error(Errors.aclUserNotFound(args[2]));
            return;
        }

        var called = Rest(args, 3);
        if (_access.Catalog.Lookup(called, out var command) != CommandLookup.Found)
        {
            reply.Error(Errors.aclCommandNotFound(args[3]));
            return;
        }

        if (!command.Accepts(called.Count))
        {
            reply.Error(Errors.wrongArity(command.FullName));
            return;
        }

        var verdict = _access.Check(user, command, called);
        if (verdict.IsAllowed)
        {
            reply.Ok();
            return;
        }

        var what = verdict.Denial switch
        {
            Denial.Command => $"run the '{command.FullName}' command",
            Denial.Key => $"access the '{UpToNul(called[verdict.Position])}' key",
            _ => $"access the '{UpToNul(called[verdict.Position])}' channel",
        };
        reply.Bulk(Bytes.ofString($"This user has no permissions to {what}"));
    }

    /// <summary>A name as Redis shows it here: its text ends at a NUL.</summary>
    private static string UpToNul(ReadOnlySpan<byte> name) => Bytes.toString(name).Split('\0')[0];

    private static Arguments Rest(Arguments args, int first)
    {
        var parts = new byte[args.Count - first][];
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = args[first + i].ToArray();
        }

        return Arguments.OfArrays(parts);
    }

    /// <summary>Ends the connections of users that are no longer.</summary>
    private void Disconnect(HashSet<User> gone, Session caller)
    {
        foreach (var session in sessions.All)
        {
            if (!gone.Contains(session.User))
            {
                continue;
            }

            // What is still on its way from this client is refused.
            session.User = _access.Users.Default;
            session.IsAuthenticated = false;
            Close(session, caller);
        }
    }

    /// <summary>Ends the connections of a user that listen to what the user may no longer listen to.</summary>
    private void DisconnectListeners(User user, Session caller)
    {
        foreach (var session in sessions.All)
        {
            if (session.User == user && session.Subscriptions is { } subscriptions && !MayListen(user, subscriptions))
            {
                Close(session, caller);
            }
        }
    }

    private static bool MayListen(User user, Subscriptions subscriptions) =>
        subscriptions.Of(SubscriptionKind.Channel).All(name => user.MaySubscribe(name, isPattern: false))
        && subscriptions.Of(SubscriptionKind.ShardChannel).All(name => user.MaySubscribe(name, isPattern: false))
        && subscriptions.Of(SubscriptionKind.Pattern).All(name => user.MaySubscribe(name, isPattern: true));

    private static void Close(Session session, Session caller)
    {
        if (session == caller)
        {
            session.CloseAfterReplies = CloseReason.Killed;
        }
        else
        {
            session.Connection?.Close(CloseReason.Killed);
        }
    }

    // ---- the file

    private void Load(Session session, Arguments args, RespWriter reply)
    {
        if (_access.FilePath.Length == 0)
        {
            reply.Error(Errors.aclWithoutFile);
        }
        else if (_access.ReadFile(out var problems) is { } users)
        {
            Disconnect(_access.Replace(users), session);
            DisconnectListeners(_access.Users.Default, session);
            reply.Ok();
        }
        else
        {
            reply.Error(Errors.aclNotLoaded(problems));
        }
    }

    private void Save(Session session, Arguments args, RespWriter reply)
    {
        if (_access.FilePath.Length == 0)
        {
            reply.Error(Errors.aclWithoutFile);
            return;
        }

        try
        {
            AclFile.Save(_access.FilePath, _access.Users.All);
            reply.Ok();
        }
        catch (Exception e) when (Configuration.FileProblem.Is(e))
        {
            logger.LogError("The users could not be saved: {Problem}", e.Message);
            reply.Error(Errors.aclNotSaved);
        }
    }

    // ---- passwords and the log

    private static void GeneratePassword(Session session, Arguments args, RespWriter reply)
    {
        long bits = PasswordBits;
        if (args.Count > 3)
        {
            reply.Error(Errors.unknownSubcommandOrArity("ACL", args[1]));
        }
        else if (args.Count == 3 && !Numbers.tryParseInt64(args[2], out bits))
        {
            reply.Error(Errors.notInteger);
        }
        else if (bits is <= 0 or > PasswordBitsMax)
        {
            reply.Error(Errors.aclPasswordBits);
        }
        else
        {
            var digits = ((int)bits + BitsPerHexDigit - 1) / BitsPerHexDigit;
            reply.BulkText(RandomNumberGenerator.GetHexString(digits, lowercase: true));
        }
    }

    private void Log(Session session, Arguments args, RespWriter reply)
    {
        long count = LogEntriesShown;
        if (args.Count > 3)
        {
            reply.Error(Errors.unknownSubcommandOrArity("ACL", args[1]));
        }
        else if (args.Count == 3 && Bytes.isWord("RESET", args[2]))
        {
            _access.Log.Clear();
            reply.Ok();
        }
        else if (args.Count == 3 && !Numbers.tryParseInt64(args[2], out count))
        {
            reply.Error(Errors.notInteger);
        }
        else
        {
            count = Math.Clamp(count, 0, _access.Log.Count);
            reply.Array((int)count);
            foreach (var entry in _access.Log.Entries.Take((int)count))
            {
                Write(entry, reply);
            }
        }
    }

    private void Write(AccessLogEntry entry, RespWriter reply)
    {
        const double MsPerSecond = 1000;
        reply.Map(10);
        reply.BulkText("count");
        reply.Integer(entry.Count);
        WriteField("reason", entry.Reason switch
        {
            Denial.Command => "command",
            Denial.Key => "key",
            Denial.Channel => "channel",
            _ => "auth",
        });
        WriteField("context", entry.Context);
        WriteField("object", entry.Object);
        WriteField("username", entry.UserName);
        reply.BulkText("age-seconds");
        reply.Double((engine.Call.Now - entry.UpdatedMs) / MsPerSecond);
        WriteField("client-info", entry.ClientInfo);
        reply.BulkText("entry-id");
        reply.Integer(entry.Id);
        reply.BulkText("timestamp-created");
        reply.Integer(entry.CreatedMs);
        reply.BulkText("timestamp-last-updated");
        reply.Integer(entry.UpdatedMs);

        void WriteField(string name, string value)
        {
            reply.BulkText(name);
            reply.Bulk(Bytes.ofString(value));
        }
    }
}
