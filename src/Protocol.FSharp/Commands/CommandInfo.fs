namespace RedisClone.Protocol

open System

/// COMMAND, COMMAND INFO, COUNT, LIST, GETKEYS and GETKEYSANDFLAGS, in the shapes of Redis 7.0, RESP2 and RESP3.
///
/// The functions take the whole command as received, whose arity has been checked, and write the reply.
/// See https://redis.io/docs/latest/commands/command/
[<RequireQualifiedAccess>]
module CommandInfo =

    let private statuses (writer: RespWriter) (prefix: string) (words: string list) =
        writer.Set words.Length

        for word in words do
            writer.Simple(prefix + word)

    /// A map of one of the two parts of a key specification: its type, and a map of what there is to say.
    let private searchPart
        (writer: RespWriter)
        (kind: string)
        (integers: (string * int) list)
        (words: (string * string) list)
        =
        writer.Map 2
        writer.BulkText "type"
        writer.BulkText kind
        writer.BulkText "spec"
        writer.Map(words.Length + integers.Length)

        for name, word in words do
            writer.BulkText name
            writer.BulkText word

        for name, value in integers do
            writer.BulkText name
            writer.Integer(int64 value)

    let private keySpec (writer: RespWriter) (spec: KeySpec) =
        writer.Map 3
        writer.BulkText "flags"
        statuses writer "" (CommandWords.ofKeyFlags spec.Flags)
        writer.BulkText "begin_search"

        match spec.Begin with
        | BeginSearch.Index index -> searchPart writer "index" [ "index", index ] []
        | BeginSearch.Keyword(word, startFrom) ->
            searchPart writer "keyword" [ "startfrom", startFrom ] [ "keyword", word ]
        | BeginSearch.Unknown -> searchPart writer "unknown" [] []

        writer.BulkText "find_keys"

        match spec.Find with
        | FindKeys.Range(last, step, limit) ->
            searchPart writer "range" [ "lastkey", last; "keystep", step; "limit", limit ] []
        | FindKeys.KeyNum(keyNumIndex, firstKey, step) ->
            searchPart writer "keynum" [ "keynumidx", keyNumIndex; "firstkey", firstKey; "keystep", step ] []
        | FindKeys.Unknown -> searchPart writer "unknown" [] []

    /// What COMMAND tells of one command: ten things, the last being the same of its subcommands.
    let rec private write (writer: RespWriter) (command: Command<'handler>) =
        writer.Array 10
        writer.BulkText command.FullName
        writer.Integer(int64 command.Arity)
        statuses writer "" (CommandWords.ofFlags command.Flags)
        writer.Integer(int64 command.FirstKey)
        writer.Integer(int64 command.LastKey)
        writer.Integer(int64 command.KeyStep)
        statuses writer "@" (CommandWords.ofCategories command.Categories)
        writer.Set command.Row.Tips.Length

        for tip in command.Row.Tips do
            writer.BulkText tip

        writer.Set command.KeySpecs.Length

        for spec in command.KeySpecs do
            keySpec writer spec

        writer.Set command.Subcommands.Length

        for subcommand in command.Subcommands do
            write writer subcommand

    /// COMMAND
    let all (table: CommandTable<'handler>) (writer: RespWriter) =
        writer.Array table.TopLevel.Length

        for command in table.TopLevel do
            write writer command

    /// COMMAND COUNT
    let count (table: CommandTable<'handler>) (writer: RespWriter) =
        writer.Integer(int64 table.TopLevel.Length)

    /// COMMAND INFO [command-name ...]
    let info (table: CommandTable<'handler>) (arguments: Arguments) (writer: RespWriter) =
        if arguments.Count = 2 then
            all table writer
        else
            writer.Array(arguments.Count - 2)

            for i in 2 .. arguments.Count - 1 do
                match table.FindFull arguments[i] with
                | null -> writer.Null()
                | command -> write writer command

    let private writeNames (writer: RespWriter) (commands: Command<'handler>[]) =
        writer.Array commands.Length

        for command in commands do
            writer.BulkText command.FullName

    let private inCategory (table: CommandTable<'handler>) (name: string) =
        let named =
            CommandWords.categories
            |> Array.tryFind (fun struct (_, word) -> word.Equals(name, StringComparison.OrdinalIgnoreCase))

        match named with
        | None -> [||]
        | Some(struct (category, _)) ->
            table.Commands
            |> Array.filter (fun command -> command.Categories.HasFlag category)

    let private matching (table: CommandTable<'handler>) (pattern: byte[]) =
        table.Commands
        |> Array.filter (fun command ->
            Glob.isMatch (ReadOnlySpan pattern, ReadOnlySpan(Bytes.ofString command.FullName), true))

    /// COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN pattern]
    let list (table: CommandTable<'handler>) (arguments: Arguments) (writer: RespWriter) =
        if arguments.Count = 2 then
            writeNames writer table.Commands
        elif arguments.Count <> 5 || not (Bytes.isWord "FILTERBY" arguments[2]) then
            writer.Error Errors.syntax
        elif Bytes.isWord "ACLCAT" arguments[3] then
            writeNames writer (inCategory table (Bytes.toString arguments[4]))
        elif Bytes.isWord "PATTERN" arguments[3] then
            writeNames writer (matching table (arguments[4].ToArray()))
        elif Bytes.isWord "MODULE" arguments[3] then
            writer.Array 0 // no module brings commands
        else
            writer.Error Errors.syntax

    /// The command that is the argument of COMMAND GETKEYS: all from the third argument on.
    let private inner (arguments: Arguments) : Arguments =
        Arguments.OfArrays [| for i in 2 .. arguments.Count - 1 -> arguments[i].ToArray() |]

    let private keysOf (table: CommandTable<'handler>) (arguments: Arguments) (writer: RespWriter) writeKey =
        let called = inner arguments
        let mutable command: Command<'handler> | null = null
        let lookup = table.Lookup(called, &command)
        let found = KeyPositions()

        match command with
        | command when lookup <> CommandLookup.Found || isNull command -> writer.Error Errors.commandInvalid
        | command when not command.HasKeys -> writer.Error Errors.commandWithoutKeys
        | command when not (command.Accepts called.Count) -> writer.Error Errors.commandArity
        | command when command.CollectKeys(called, found) && found.Count > 0 ->
            writer.Array found.Count

            for i in 0 .. found.Count - 1 do
                writeKey called found i
        | command when command.Has CommandFlags.NoMandatoryKeys -> writer.Array 0
        | _ -> writer.Error Errors.commandArguments

    /// COMMAND GETKEYS command arg [arg ...]
    let getKeys (table: CommandTable<'handler>) (arguments: Arguments) (writer: RespWriter) =
        keysOf table arguments writer (fun called found i -> writer.Bulk called[found.Position i])

    /// COMMAND GETKEYSANDFLAGS command arg [arg ...]
    let getKeysAndFlags (table: CommandTable<'handler>) (arguments: Arguments) (writer: RespWriter) =
        keysOf table arguments writer (fun called found i ->
            writer.Array 2
            writer.Bulk called[found.Position i]
            statuses writer "" (CommandWords.ofKeyFlags (found.Flags i)))
