using System.Globalization;
using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using RedisClone.Server.Configuration;
using RedisClone.Server.Engine;
using RedisClone.Server.Persistence;

namespace RedisClone.Server.Sessions;

/// <summary>The parts of DEBUG that tools for testing use.</summary>
public sealed class DebugVerbs(
    Engine.Engine engine, SessionTable sessions, ServerOptions options, ILogDisk disk, TimeProvider clock)
    : IHostVerbs
{
    private static readonly string[] HelpLines =
    [
        "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "DIGEST",
        "    Show a digest of all data, the same for the same data in any order.",
        "DIGEST-VALUE <key> [<key> ...]",
        "    Show a digest of each value.",
        "LOADAOF",
        "    Forget all data and load the log again.",
        "OBJECT <key>",
        "    Show how a value is kept.",
        "RELOAD",
        "    Write all data out, forget it, and load what was written.",
        "SET-ACTIVE-EXPIRE <0|1>",
        "    Whether keys that are due are removed without being asked for.",
        "SLEEP <seconds>",
        "    Stop the server for some time. Decimals are allowed.",
        "HELP",
        "    Show this text.",
    ];

    private Dispatcher? _dispatcher;

    public IEnumerable<HostVerbEntry> Verbs(Dispatcher dispatcher)
    {
        _dispatcher = dispatcher;
        return [new("debug", Debug)];
    }

    private void Debug(Session session, Arguments args, RespWriter reply)
    {
        var local = options.EnableDebugCommand == DebugAccess.Local && session.IsLocal;
        if (options.EnableDebugCommand != DebugAccess.Yes && !local)
        {
            reply.Error(Errors.debugNotAllowed);
            return;
        }

        var name = Bytes.toString(args[1]).ToLowerInvariant();
        switch (name, args.Count)
        {
            case ("sleep", 3):
                Sleep(args[2], reply);
                break;
            case ("set-active-expire", 3):
                engine.ActiveExpire = !args[2].SequenceEqual("0"u8);
                reply.Ok();
                break;
            case ("digest", 2):
                reply.Simple(Convert.ToHexStringLower(Digest.ofKeyspace(engine.Freeze())));
                break;
            case ("digest-value", >= 2):
                DigestValues(session, args, reply);
                break;
            case ("object", 3):
                Describe(session, args[2], reply);
                break;
            case ("reload", >= 2):
                Reload(args, reply);
                break;
            case ("loadaof", 2):
                LoadLog(reply);
                break;
            case ("help", 2):
                Help(reply);
                break;
            default:
                reply.Error(Errors.unknownSubcommandOrArity("DEBUG", args[1]));
                break;
        }
    }

    private static void Help(RespWriter reply)
    {
        reply.Array(HelpLines.Length);
        foreach (var line in HelpLines)
        {
            reply.Simple(line);
        }
    }

    private static void Sleep(ReadOnlySpan<byte> text, RespWriter reply)
    {
        // Like Redis, anything that is no number is no time.
        double.TryParse(text, CultureInfo.InvariantCulture, out var read);
        var seconds = double.IsNaN(read) ? 0 : read;
        Thread.Sleep(TimeSpan.FromSeconds(Math.Clamp(seconds, 0, TimeSpan.FromHours(1).TotalSeconds)));
        reply.Ok();
    }

    private void DigestValues(Session session, Arguments args, RespWriter reply)
    {
        reply.Array(args.Count - 2);
        for (var i = 2; i < args.Count; i++)
        {
            var entry = default(Entry);
            engine.Call.Database = engine.Keyspace.Databases[session.Database];
            reply.BulkText(engine.Call.Find(args[i], ref entry)
                ? Convert.ToHexStringLower(Digest.ofValue(ref entry))
                : new string('0', 2 * Digest.Length));
        }
    }

    private void Describe(Session session, ReadOnlySpan<byte> key, RespWriter reply)
    {
        var entry = default(Entry);
        engine.Call.Database = engine.Keyspace.Databases[session.Database];
        if (!engine.Call.Find(key, ref entry))
        {
            reply.Error(Errors.noSuchKey);
            return;
        }

        var idle = (engine.Call.Clock - entry.Stamp) & 0xFFFFFF;
        reply.Simple(string.Create(
            CultureInfo.InvariantCulture,
            $"Value at:0x0 refcount:1 encoding:{ObjectCommands.encodingOf(ref entry)} serializedlength:{entry.RecordBytes} lru:{entry.Stamp} lru_seconds_idle:{idle}"));
    }

    private void Reload(Arguments args, RespWriter reply)
    {
        var merges = false;
        for (var i = 2; i < args.Count; i++)
        {
            if (Bytes.isWord("NOFLUSH", args[i]) || Bytes.isWord("MERGE", args[i]))
            {
                merges = true;
            }
            else if (!Bytes.isWord("NOSAVE", args[i]))
            {
                reply.Error(Errors.debugReloadOption);
                return;
            }
        }

        var snapshot = new SnapshotWriter(engine.Freeze());
        if (!merges)
        {
            ClearAll();
        }

        var chunk = new RespWriter(1 << 16);
        var reader = new RespReader(new RespLimits { BulkBytesMax = Array.MaxLength, CommandBytesMax = Array.MaxLength });
        using var replayer = new LogReplayer(_dispatcher!, sessions, clock.GetUtcNow());
        while (snapshot.WriteNext(chunk))
        {
            for (var at = 0; at < chunk.Length; at += reader.Consumed)
            {
                reader.Read(chunk.Buffer, at, chunk.Length);
                if (replayer.Apply(reader.Arguments) is { } problem)
                {
                    throw new InvalidOperationException($"a snapshot cannot be loaded: {problem}");
                }
            }

            chunk.Truncate(0);
        }

        reply.Ok();
    }

    private void LoadLog(RespWriter reply)
    {
        if (engine.Log is not { } log)
        {
            reply.Error(Errors.withoutLog);
            return;
        }

        if (log.Rewrites.IsInProgress)
        {
            reply.Error(Errors.rewriteInProgress);
            return;
        }

        if (engine.Journal.InBatch)
        {
            reply.Error(Errors.notInsideMulti);
            return;
        }

        engine.Cut();
        log.Flush();
        log.Synchronize();
        if (log.Failure is { } failure)
        {
            // What memory holds is not all in the log.
            reply.Error(Errors.logFailed(failure));
            return;
        }

        ClearAll();
        using var replayer = new LogReplayer(_dispatcher!, sessions, clock.GetUtcNow());
        LogRecovery.Run(disk, options.LogPath(), replayer, clock);
        reply.Ok();
    }

    private void ClearAll()
    {
        for (var index = 0; index < engine.Keyspace.Databases.Length; index++)
        {
            engine.Keyspace.Clear(index);
        }
    }
}
