namespace RedisClone.Protocol

open System
open System.Text

/// What follows from what a row states.
[<RequireQualifiedAccess>]
module private Derived =

    let groupCategory (group: Group) : AclCategories =
        match group with
        | Group.String -> AclCategories.String
        | Group.Hash -> AclCategories.Hash
        | Group.List -> AclCategories.List
        | Group.Set -> AclCategories.Set
        | Group.SortedSet -> AclCategories.SortedSet
        | Group.HyperLogLog -> AclCategories.HyperLogLog
        | Group.Geo -> AclCategories.Geo
        | Group.Stream -> AclCategories.Stream
        | Group.Bitmap -> AclCategories.Bitmap
        | Group.Generic -> AclCategories.Keyspace
        | Group.Connection -> AclCategories.Connection
        | Group.Transactions -> AclCategories.Transaction
        | Group.Scripting -> AclCategories.Scripting
        | Group.PubSub // the flag brings it
        | Group.Server
        | Group.Cluster -> AclCategories.None

    let categories (row: Row<'handler>) : AclCategories =
        let has (flag: CommandFlags) = row.Flags &&& flag <> CommandFlags.None

        let given condition (category: AclCategories) =
            if condition then category else AclCategories.None

        let ofGroup =
            match row.Body with
            | Body.Container -> AclCategories.None
            | _ -> groupCategory row.Group

        (ofGroup
         ||| given (has CommandFlags.Write) AclCategories.Write
         ||| given (has CommandFlags.ReadOnly && row.Group <> Group.Scripting) AclCategories.Read
         ||| given (has CommandFlags.Admin) (AclCategories.Admin ||| AclCategories.Dangerous)
         ||| given (has CommandFlags.PubSub) AclCategories.PubSub
         ||| given (has CommandFlags.Blocking) AclCategories.Blocking
         ||| (if has CommandFlags.Fast then
                  AclCategories.Fast
              else
                  AclCategories.Slow)
         ||| row.Categories)
        &&& ~~~row.NotCategories

    /// Marks the parameters with the versions that brought them: those whose history entry names them in backquotes.
    /// A group all of whose alternatives came at once came then itself.
    let withSince (history: (string * string) list) (parameters: Parameter list) : Parameter list =
        let versionOf (parameter: Parameter) =
            let word = parameter.Token |> Option.defaultValue parameter.Name

            history
            |> List.tryFind (fun (_, text) -> text.Contains $"`{word}`")
            |> Option.map fst

        let rec mark (parameter: Parameter) : Parameter =
            let parts = List.map mark parameter.Parts
            let versions = parts |> List.map _.Since |> List.distinct

            if
                parameter.Type = ParameterType.OneOf
                && parameter.Token.IsNone
                && versions.Length = 1
            then
                { parameter with
                    Since = versions.Head
                    Parts = parts |> List.map (fun part -> { part with Since = None })
                }
            else
                { parameter with
                    Since = versionOf parameter
                    Parts = parts
                }

        if history.IsEmpty then
            parameters
        else
            List.map mark parameters

/// A command of the table: its row, and all that follows from it.
[<Sealed>]
type Command<'handler> internal (id: int, row: Row<'handler>, usage: Usage, parent: Command<'handler> | null) =
    let struct (specs, located) =
        if row.KeySpecs.IsEmpty then
            UsageKeys.ofUsage usage (row.Flags.HasFlag CommandFlags.Write) row.KeyFlags
        else
            struct (row.KeySpecs, UsageKeys.number row.KeySpecs usage.Parameters)

    let struct (firstKey, lastKey, keyStep) = KeySpecs.toRange specs

    /// From 0, without gaps, subcommands included: an index for arrays of what is counted for each command.
    member _.Id = id

    member _.Row = row
    member _.Body = row.Body

    /// The container of a subcommand, else null.
    member _.Parent = parent

    /// The subcommands by name, of a container; else empty.
    member val Subcommands: Command<'handler>[] = [||] with get, set

    /// The name as replies give it: small letters, `container|subcommand`.
    member val FullName =
        match usage.Parent with
        | None -> usage.Name
        | Some container -> $"{container}|{usage.Name}"

    /// The name, of a subcommand without its container, in small letters.
    member val NameBytes = Encoding.ASCII.GetBytes usage.Name

    /// The usage line as documentation shows it.
    member _.Usage = usage.Text

    /// How many arguments, names included: exactly, or if negative, at least its opposite.
    member val Arity = if row.Arity = 0 then usage.Arity else row.Arity

    member val Flags =
        if KeySpecs.areMovable specs then
            row.Flags ||| CommandFlags.MovableKeys
        else
            row.Flags

    member val Categories = Derived.categories row
    member val Parameters = Derived.withSince row.History located

    /// The index of the first key (0 if there is none) and of the last (negative from the end), and the step between.
    member _.FirstKey = firstKey
    member _.LastKey = lastKey
    member _.KeyStep = keyStep

    member val KeySpecs = Array.ofList specs

    /// Whether any argument is a key.
    member val HasKeys = specs |> List.exists (fun spec -> not (spec.Flags.HasFlag KeyFlags.NotKey))

    member this.Has(flag: CommandFlags) =
        this.Flags &&& flag <> CommandFlags.None

    /// Whether so many arguments, names included, fit the arity.
    member this.Accepts(count: int) =
        if this.Arity >= 0 then
            count = this.Arity
        else
            count >= -this.Arity

    /// Finds the keys of a call and what is done to them. False if the arguments make no sense, such as a number of keys
    /// that are not there; `found` is then of no use.
    member this.CollectKeys(arguments: Arguments, found: KeyPositions) : bool =
        found.Count <- 0

        match row.FindKeys with
        | ValueSome find -> find arguments found
        | ValueNone ->
            let fits = KeySpecs.collect (this.KeySpecs, arguments, found)

            match row.VariableFlags with
            | ValueSome flagsOf when fits -> found.OverrideFlags(flagsOf arguments)
            | _ -> ()

            fits
