using RedisClone.Protocol;

namespace RedisClone.Server.Sessions;

/// <summary>
/// The admission list: what a command must pass before it is carried out, in order. A gate gives the error that refuses
/// the command, or null.
/// </summary>
internal static class Gates
{
    public static string? Refuse(Session session, Command<Handler> command, Arguments args, Engine.Engine engine) =>
        Arity(command, args)
        ?? Transaction(session, command)
        ?? Disk(command, engine);

    private static string? Arity(Command<Handler> command, Arguments args) =>
        command.Accepts(args.Count) ? null : Errors.wrongArity(command.FullName);

    private static string? Transaction(Session session, Command<Handler> command) =>
        session.Queue is not null && command.Has(CommandFlags.NoMulti) ? Errors.notInMulti(command.FullName) : null;

    /// <summary>While the log cannot be written, nothing may change that would have to be in it.</summary>
    internal static string? Disk(Command<Handler> command, Engine.Engine engine) =>
        engine.Log?.Failure is { } failure && command.Has(CommandFlags.Write) ? Errors.misconfAof(failure) : null;
}
