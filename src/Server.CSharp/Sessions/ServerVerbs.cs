using System.Globalization;
using RedisClone.Protocol;
using RedisClone.Server.Configuration;
using RedisClone.Server.Diagnostics;
using RedisClone.Server.Network;

namespace RedisClone.Server.Sessions;

/// <summary>What the server is asked as a whole: INFO, CONFIG, TIME, SHUTDOWN, BGREWRITEAOF and LASTSAVE.</summary>
public sealed class ServerVerbs(Engine.Engine engine, ServerOptions options, InfoReport info, TimeProvider clock) : IHostVerbs
{
    private readonly ConfigCommand _config = new(options);

    /// <summary>Called when a client asks the server to stop.</summary>
    public Action? ShutdownRequested { get; set; }

    public IEnumerable<HostVerbEntry> Verbs(Dispatcher dispatcher)
    {
        _config.Users = () => dispatcher.Access.UserLines;
        return
        [
            new("info", Info, CanRollBack: true),
            new("time", Time, CanRollBack: true),
            new("lastsave", (_, _, reply) => reply.Integer(engine.LastSave.ToUnixTimeSeconds()), CanRollBack: true),
            new("bgrewriteaof", Rewrite),
            new("shutdown", Shutdown),
            new("config|get", (_, args, reply) => _config.Get(Rest(args), reply), CanRollBack: true),
            new("config|set", (_, args, reply) => _config.Set(Rest(args), reply)),
            new("config|rewrite", (_, _, reply) => _config.Rewrite(reply)),
            new("config|resetstat", ResetStatistics),
        ];
    }

    private static string[] Rest(Arguments args)
    {
        var rest = new string[args.Count - 2];
        for (var i = 0; i < rest.Length; i++)
        {
            rest[i] = Bytes.toString(args[i + 2]);
        }

        return rest;
    }

    private void Info(Session session, Arguments args, RespWriter reply)
    {
        var sections = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 1; i < args.Count; i++)
        {
            sections.Add(Bytes.toString(args[i]).ToLowerInvariant());
        }

        reply.Verbatim("txt", Bytes.ofString(info.Write(sections)));
    }

    private void Time(Session session, Arguments args, RespWriter reply)
    {
        var microseconds = (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        reply.Array(2);
        reply.BulkText((microseconds / 1_000_000).ToString(CultureInfo.InvariantCulture));
        reply.BulkText((microseconds % 1_000_000).ToString(CultureInfo.InvariantCulture));
    }

    private void Rewrite(Session session, Arguments args, RespWriter reply)
    {
        if (engine.Log is null)
        {
            reply.Error(Errors.withoutLog);
        }
        else if (engine.Journal.InBatch && !engine.Log.Rewrites.IsInProgress)
        {
            engine.ScheduleRewrite();
            reply.Simple("Background append only file rewriting scheduled");
        }
        else if (engine.StartRewrite())
        {
            reply.Simple("Background append only file rewriting started");
        }
        else
        {
            reply.Error(Errors.rewriteInProgress);
        }
    }

    private void Shutdown(Session session, Arguments args, RespWriter reply)
    {
        // Stopping always makes the log durable and never waits for a replica, so what remains of the options is whether
        // they make sense.
        bool saves = false, savesNot = false, aborts = false, other = false;
        for (var i = 1; i < args.Count; i++)
        {
            saves |= Bytes.isWord("SAVE", args[i]);
            savesNot |= Bytes.isWord("NOSAVE", args[i]);
            aborts |= Bytes.isWord("ABORT", args[i]);
            var isKnown = Bytes.isWord("SAVE", args[i]) || Bytes.isWord("NOSAVE", args[i]) || Bytes.isWord("ABORT", args[i])
                || Bytes.isWord("NOW", args[i]) || Bytes.isWord("FORCE", args[i]);
            other |= !isKnown;
        }

        if (other || (saves && savesNot) || (aborts && args.Count > 2))
        {
            reply.Error(Errors.syntax);
            return;
        }

        if (aborts)
        {
            reply.Error(Errors.shutdownNotInProgress);
            return;
        }

        session.CloseAfterReplies = CloseReason.Shutdown;
        ShutdownRequested?.Invoke();
    }

    private void ResetStatistics(Session session, Arguments args, RespWriter reply)
    {
        info.ResetStatistics();
        reply.Ok();
    }
}
