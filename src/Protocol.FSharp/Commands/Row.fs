namespace RedisClone.Protocol

/// The version of Redis, or of another server of the protocol, that brought a command.
[<Struct>]
type Since = Since of string

/// Who carries a command out.
[<RequireQualifiedAccess>]
type Body<'handler> =
    /// A function of this library.
    | Handler of 'handler
    /// The host, under the full name of the command, such as `client|kill`.
    | Host
    /// Nobody: only its subcommands do something.
    | Container

/// One command as its family file states it. Whatever else is known of it follows from this; see Command.
type Row<'handler> =
    {
        Usage: string
        Group: Group
        Flags: CommandFlags
        Since: Since
        Summary: string
        Body: Body<'handler>
        Complexity: string
        /// Versions and what they changed. A word in backquotes is a parameter that came with that version.
        History: (string * string) list
        /// Hints for clients and proxies, such as `nondeterministic_output`.
        Tips: string list
        /// What is done to each key parameter, in order; empty for the usual.
        KeyFlags: KeyFlags list
        /// Key specifications where the usage line cannot tell them; empty otherwise.
        KeySpecs: KeySpec list
        /// What is done to the keys of one call, where that depends on its arguments.
        VariableFlags: (Arguments -> KeyFlags) voption
        /// Finds the keys of one call where the specifications cannot; false if the arguments make no sense.
        FindKeys: (Arguments -> KeyPositions -> bool) voption
        /// Categories besides those that the flags and the group bring.
        Categories: AclCategories
        /// Categories of the group that do not hold for this command.
        NotCategories: AclCategories
        /// The arity where the usage line tells another; 0 otherwise.
        Arity: int
        /// Since when, and in favour of what it is deprecated.
        Deprecated: (string * string) voption
        /// Meant for servers and their developers, not for applications.
        IsSystem: bool
    }

/// The words that rows are written in. A family file opens this module and ends with
///
///     let rows: Row<Handler> list =
///         family
///             Group.Hash
///             [ command "HGET key field" [ ReadOnly; Fast ] (since "2.0.0") "The value of a field." hget
///               command "HGETALL key" [ ReadOnly ] (since "2.0.0") "All fields and their values." hgetall
///               |> complexity "O(N), N being the number of fields" ]
module Rows =
    [<Literal>]
    let Write = CommandFlags.Write

    [<Literal>]
    let ReadOnly = CommandFlags.ReadOnly

    [<Literal>]
    let DenyOom = CommandFlags.DenyOom

    [<Literal>]
    let Admin = CommandFlags.Admin

    [<Literal>]
    let PubSub = CommandFlags.PubSub

    [<Literal>]
    let NoScript = CommandFlags.NoScript

    [<Literal>]
    let Blocking = CommandFlags.Blocking

    [<Literal>]
    let Loading = CommandFlags.Loading

    [<Literal>]
    let Stale = CommandFlags.Stale

    [<Literal>]
    let SkipMonitor = CommandFlags.SkipMonitor

    [<Literal>]
    let SkipSlowlog = CommandFlags.SkipSlowlog

    [<Literal>]
    let Asking = CommandFlags.Asking

    [<Literal>]
    let Fast = CommandFlags.Fast

    [<Literal>]
    let NoAuth = CommandFlags.NoAuth

    [<Literal>]
    let MayReplicate = CommandFlags.MayReplicate

    [<Literal>]
    let NoMandatoryKeys = CommandFlags.NoMandatoryKeys

    [<Literal>]
    let NoAsyncLoading = CommandFlags.NoAsyncLoading

    [<Literal>]
    let NoMulti = CommandFlags.NoMulti

    [<Literal>]
    let AllowBusy = CommandFlags.AllowBusy

    let since (version: string) : Since = Since version

    let private row usage flags since summary body : Row<'handler> =
        {
            Usage = usage
            Group = Group.Generic
            Flags = List.fold (|||) CommandFlags.None flags
            Since = since
            Summary = summary
            Body = body
            Complexity = "O(1)"
            History = []
            Tips = []
            KeyFlags = []
            KeySpecs = []
            VariableFlags = ValueNone
            FindKeys = ValueNone
            Categories = AclCategories.None
            NotCategories = AclCategories.None
            Arity = 0
            Deprecated = ValueNone
            IsSystem = false
        }

    /// A command that a function of this library carries out.
    let command (usage: string) (flags: CommandFlags list) (since: Since) (summary: string) (handler: 'handler) =
        row usage flags since summary (Body.Handler handler)

    /// A command that the host carries out.
    let hosted (usage: string) (flags: CommandFlags list) (since: Since) (summary: string) : Row<'handler> =
        row usage flags since summary Body.Host

    /// A name that only its subcommands make a command. They are rows of their own: `CLIENT KILL ...`.
    let container (name: string) (since: Since) (summary: string) : Row<'handler> =
        { row name [] since summary Body.Container with
            Arity = -2
            Complexity = "Depends on the subcommand"
        }

    /// The rows of one family.
    let family (group: Group) (rows: Row<'handler> list) : Row<'handler> list =
        rows |> List.map (fun row -> { row with Group = group })

    /// How the time it takes grows; O(1) where a row says nothing.
    let complexity (text: string) (row: Row<'handler>) = { row with Complexity = text }

    /// What a later version changed. A parameter named in backquotes came with it.
    let history (version: string) (text: string) (row: Row<'handler>) =
        { row with
            History = row.History @ [ version, text ]
        }

    let tips (texts: string list) (row: Row<'handler>) = { row with Tips = texts }

    // What is done to a key, for `keys`. The usual need not be said: `reads` where a command reads; where it writes,
    // `updates`, or `overwrites` for a destination and `reads` for the keys beside it.

    /// Returns data of the user.
    let reads = KeyFlags.RO ||| KeyFlags.Access

    /// Returns only what is known of the value, such as its length.
    let inspects = KeyFlags.RO

    let updates = KeyFlags.RW ||| KeyFlags.Update
    let readsAndUpdates = KeyFlags.RW ||| KeyFlags.Access ||| KeyFlags.Update

    /// Adds data without changing what is there.
    let inserts = KeyFlags.RW ||| KeyFlags.Insert

    /// Takes data away without returning it.
    let deletes = KeyFlags.RW ||| KeyFlags.Delete

    /// Returns data and takes it away.
    let takes = KeyFlags.RW ||| KeyFlags.Access ||| KeyFlags.Delete

    /// Replaces the value whatever it was.
    let overwrites = KeyFlags.OW ||| KeyFlags.Update

    /// Makes a value where there was none.
    let creates = KeyFlags.OW ||| KeyFlags.Insert

    /// Removes the key.
    let removes = KeyFlags.RM ||| KeyFlags.Delete

    /// What is done to each key parameter, in order.
    let keys (flags: KeyFlags list) (row: Row<'handler>) = { row with KeyFlags = flags }

    /// The key specifications where the usage line cannot tell them.
    let keySpecs (specs: KeySpec list) (row: Row<'handler>) = { row with KeySpecs = specs }

    /// What is done to the keys of one call, where that depends on its arguments.
    let variableFlags (flagsOf: Arguments -> KeyFlags) (row: Row<'handler>) =
        { row with
            VariableFlags = ValueSome flagsOf
        }

    /// Finds the keys of one call where the specifications cannot.
    let findKeys (find: Arguments -> KeyPositions -> bool) (row: Row<'handler>) = { row with FindKeys = ValueSome find }

    /// Categories besides those that the flags and the group bring.
    let categories (more: AclCategories) (row: Row<'handler>) = { row with Categories = more }

    /// Categories of the group that do not hold for this command.
    let notCategories (fewer: AclCategories) (row: Row<'handler>) = { row with NotCategories = fewer }

    /// The arity where the usage line tells another.
    let arity (count: int) (row: Row<'handler>) = { row with Arity = count }

    /// Since when, and in favour of what it is deprecated.
    let deprecated (version: string) (replacement: string) (row: Row<'handler>) =
        { row with
            Deprecated = ValueSome(version, replacement)
        }

    /// Meant for servers and their developers, not for applications.
    let system (row: Row<'handler>) = { row with IsSystem = true }

    /// Tips that many rows share.
    let nondeterministic = "nondeterministic_output"
    let nondeterministicOrder = "nondeterministic_output_order"
