using RedisClone.Protocol;
using RedisClone.Protocol.Interop;
using RedisClone.Server.Sessions;
using Reason = RedisClone.Protocol.Errors.AclReason;

namespace RedisClone.Server.Access;

// Who may do what
//
// Every session has a user. The gate asks, for every command of every client, whether that user may carry it out: the
// command, every key with what is done to it, and every channel. The keys are those that the row of the command finds, so
// a command cannot be added without its keys being looked at.
//
// Nearly all users of nearly all servers may do everything; for them it is one look at a flag. For others it is a bit for
// the command and a pattern for each key, and nothing is allocated unless the answer is no.
//
// What a command reads beyond its arguments (SORT BY and GET) cannot be checked here: the evaluation is told whether the
// user may read everything, and refuses by itself.

/// <summary>The users of a server and what they may do. Needs the engine's gate.</summary>
public sealed class AccessControl
{
    private readonly KeyLookup _lookup = new();

    public AccessControl(CommandSet commands)
    {
        Catalog = new CommandCatalog(commands);
        Users = new UserTable(Catalog);
        Internal = UserTable.MakeDefault(Catalog);
    }

    public CommandCatalog Catalog { get; }

    public UserTable Users { get; }

    public AccessLog Log { get; } = new();

    /// <summary>Who carries out commands that no client sent, such as those of the log.</summary>
    public User Internal { get; }

    /// <summary>Whether new users and selectors are allowed all channels.</summary>
    public bool GivesAllChannels { get; set; }

    /// <summary>The file of users; empty if there is none.</summary>
    public string FilePath { get; set; } = "";

    /// <summary>The users as lines of a configuration file; none while they need not be stated there.</summary>
    public IReadOnlyList<string> UserLines =>
        FilePath.Length > 0 || (Users.Count == 1 && Users.Default.Describe() == UserTable.MakeDefault(Catalog).Describe())
            ? []
            : Users.All.Select(user => user.Describe()).ToArray();

    /// <summary>Describes a client for the log, as CLIENT INFO does.</summary>
    public Func<Session, string> Describe { get; set; } = _ => "";

    /// <summary>Whether clients have to authenticate before they may do anything.</summary>
    public bool NeedsAuthentication => !Users.Default.NeedsNoPassword || !Users.Default.IsOn;

    /// <summary>A session's first user, and whether that needs to be proved.</summary>
    public void Begin(Session session)
    {
        session.User = session.Connection is null ? Internal : Users.Default;
        session.IsAuthenticated = session.Connection is null || !NeedsAuthentication;
    }

    /// <summary>Whether a session must authenticate before anything else.</summary>
    public bool IsStranger(Session session) => !session.IsAuthenticated && NeedsAuthentication;

    /// <summary>Makes a session that of a user, if the password is right; if not, the log tells of the command.</summary>
    public bool Authenticate(
        Session session, ReadOnlySpan<byte> name, ReadOnlySpan<byte> password, Arguments args, long nowMs)
    {
        var nameText = Bytes.toString(name);
        var user = Users.Find(nameText);

        // An unknown name takes as long as a known one.
        var isRight = (user ?? Internal).Accepts(password);
        if (user is not null && isRight)
        {
            session.User = user;
            session.IsAuthenticated = true;
            return true;
        }

        Note(session, new Verdict(Denial.Authentication, 0), nameText, Bytes.toString(args[0]), nowMs);
        return false;
    }

    /// <summary>Whether the session's user may carry out a command; if not, that is logged.</summary>
    /// <returns>Null, or the error.</returns>
    public string? Refuse(Session session, HostCommand command, Arguments args, long nowMs)
    {
        var verdict = session.User.Check(_lookup.Of(command, args));
        if (verdict.IsAllowed)
        {
            return null;
        }

        Note(session, verdict, command, args, nowMs);
        return verdict.Denial switch
        {
            Denial.Command => Errors.noPermissionForCommand(command.FullName),
            Denial.Key => Errors.noPermissionForKey,
            _ => Errors.noPermissionForChannel,
        };
    }

    /// <summary>The same for a command of a transaction that was allowed when it was queued.</summary>
    public string? RefuseQueued(Session session, HostCommand command, Arguments args, long nowMs)
    {
        if (session.User.IsUnrestricted)
        {
            return null;
        }

        var verdict = session.User.Check(_lookup.Of(command, args));
        if (verdict.IsAllowed)
        {
            return null;
        }

        Note(session, verdict, command, args, nowMs, isQueued: true);
        return Errors.noPermissionAnyMore(verdict.Denial switch
        {
            Denial.Command => Reason.command,
            Denial.Key => Reason.key,
            _ => Reason.channel,
        });
    }

    /// <summary>Whether a command may read keys that its arguments do not name.</summary>
    public bool MayReadAllKeys(Session session, HostCommand command, Arguments args) =>
        session.User.IsUnrestricted || session.User.MayReadAllKeys(_lookup.Of(command, args));

    /// <summary>What a user may do with a command, which nobody carries out.</summary>
    public Verdict Check(User user, HostCommand command, Arguments args) => user.Check(_lookup.Of(command, args));

    /// <summary>A user as yet unknown.</summary>
    public User NewUser(string name) => new(name, Catalog, GivesAllChannels);

    /// <summary>Gives the default user one password, or none.</summary>
    public void SetDefaultPassword(string password)
    {
        Users.Default.Apply("resetpass");
        Users.Default.Apply(password.Length == 0 ? "nopass" : ">" + password);
    }

    /// <summary>Reads the file of users.</summary>
    /// <returns>The users; null, with what is wrong, if it cannot be used.</returns>
    public List<User>? ReadFile(out string problems)
    {
        string text;
        try
        {
            text = AclFile.Load(FilePath);
        }
        catch (Exception e) when (Configuration.FileProblem.Is(e))
        {
            problems = $"Error loading ACLs, opening file '{FilePath}': {Configuration.FileProblem.Describe(FilePath, e)}";
            return null;
        }

        var users = AclFile.Read(FilePath, text, Catalog, GivesAllChannels, out problems);
        return problems.Length == 0 ? users : null;
    }

    /// <summary>Has these users and no others; a default user who is not among them is as good as new.</summary>
    /// <returns>Those who are no longer, or are others of the same name.</returns>
    public HashSet<User> Replace(IEnumerable<User> users)
    {
        var gone = Users.All.Where(user => user != Users.Default).ToHashSet();
        Users.Default.Take(UserTable.MakeDefault(Catalog));
        foreach (var user in gone)
        {
            Users.Remove(user.Name);
        }

        foreach (var user in users)
        {
            Users.Put(user);
        }

        return gone;
    }

    private void Note(
        Session session, Verdict verdict, HostCommand command, Arguments args, long nowMs, bool isQueued = false) =>
        Note(
            session,
            verdict,
            session.User.Name,
            verdict.Denial == Denial.Command ? command.FullName : Shown(args[verdict.Position]),
            nowMs,
            isQueued);

    private void Note(
        Session session, Verdict verdict, string userName, string what, long nowMs, bool isQueued = false)
    {
        Log.NoteDenied(verdict.Denial);
        if (Log.CountMax > 0)
        {
            var context = isQueued || session.Queue is not null ? "multi" : "toplevel";
            Log.Add(verdict.Denial, context, what, userName, Describe(session), nowMs);
        }
    }

    /// <summary>As much of an argument as is kept.</summary>
    private static string Shown(ReadOnlySpan<byte> argument) =>
        Bytes.toString(argument[..Math.Min(argument.Length, AccessLog.ObjectBytesMax)]);
}
