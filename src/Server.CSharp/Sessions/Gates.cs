using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using RedisClone.Server.Access;
using RedisClone.Server.Engine;
using RedisClone.Server.PubSub;

namespace RedisClone.Server.Sessions;

/// <summary>
/// The admission list: what a command must pass before it is carried out, in order. A gate gives the error that refuses
/// the command, or null.
/// </summary>
internal static class Gates
{
    public static string? Refuse(
        Session session,
        CommandLookup lookup,
        HostCommand command,
        Arguments args,
        Engine.Engine engine,
        AccessControl access) =>
        Known(lookup, command, args)
        ?? Arity(command, args)
        ?? Authentication(session, command, access)
        ?? Transaction(session, command)
        ?? Permission(session, command, args, engine, access)
        ?? Memory(session, command, engine)
        ?? Disk(command, engine)
        ?? Listening(session, command)
        ?? Monitoring(session, command)
        ?? Loading(session, command, engine);

    private static string? Known(CommandLookup lookup, HostCommand command, Arguments args) => lookup switch
    {
        CommandLookup.UnknownCommand => Errors.unknownCommand(args),
        CommandLookup.UnknownSubcommand => Errors.unknownSubcommand(command.FullName.ToUpperInvariant(), args[1]),
        _ => null,
    };

    private static string? Arity(HostCommand command, Arguments args) =>
        command.Accepts(args.Count) ? null : Errors.wrongArity(command.FullName);

    private static string? Authentication(Session session, HostCommand command, AccessControl access) =>
        session.IsAuthenticated || command.Has(CommandFlags.NoAuth) || !access.NeedsAuthentication ? null : Errors.noAuth;

    private static string? Permission(
        Session session, HostCommand command, Arguments args, Engine.Engine engine, AccessControl access) =>
        session.User.IsUnrestricted ? null : access.Refuse(session, command, args, engine.Call.Now);

    private static string? Transaction(Session session, HostCommand command) =>
        session.Queue is not null && command.Has(CommandFlags.NoMulti) ? Errors.notInsideMulti : null;

    /// <summary>
    /// Makes room where the memory limit is reached. Without success nothing is carried out that may take more, and nothing
    /// queued: of what waits for EXEC, the limit would never hear.
    /// </summary>
    private static string? Memory(Session session, HostCommand command, Engine.Engine engine)
    {
        if (!engine.Memory.IsExceeded || session.Connection is null || engine.Loading is not null)
        {
            return null;
        }

        return engine.Memory.MakeRoom() == EvictionResult.Exhausted && TakesMemory(session, command)
            ? Errors.outOfMemory
            : null;
    }

    private static bool TakesMemory(Session session, HostCommand command) =>
        command.Has(CommandFlags.DenyOom)
        || (session.Queue is { } queue && (command.FullName switch
        {
            "exec" => queue.TakesMemory,
            "discard" or "quit" or "reset" => false,
            _ => true,
        }));

    private static string? Listening(Session session, HostCommand command) =>
        session.IsListening && !PubSubVerbs.IsForListeners(command.FullName)
            ? Errors.subscribedContext(command.FullName)
            : null;

    private static string? Monitoring(Session session, HostCommand command) =>
        session.IsMonitor && (command.Flags & (CommandFlags.Write | CommandFlags.ReadOnly | CommandFlags.MayReplicate)) != 0
            ? Errors.monitorOfKeys
            : null;

    /// <summary>
    /// While the data are loaded only what does not need them is carried out, and the log itself. DEBUG is refused too,
    /// though its row says otherwise as that of Redis does: most of its subcommands look at all data.
    /// </summary>
    private static string? Loading(Session session, HostCommand command, Engine.Engine engine) =>
        engine.Loading is not null
        && session.Connection is not null
        && (!command.Has(CommandFlags.Loading) || command.FullName == "debug")
            ? Errors.loading
            : null;

    /// <summary>While the log cannot be written, nothing may change that would have to be in it.</summary>
    internal static string? Disk(HostCommand command, Engine.Engine engine) =>
        engine.Log?.Failure is { } failure && command.Has(CommandFlags.Write) ? Errors.logFailed(failure) : null;
}
