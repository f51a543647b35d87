namespace RedisClone.Protocol

/// COMMAND DOCS, and the HELP of containers: what people and redis-cli read, in the shapes of Redis 7.0.
///
/// See https://redis.io/docs/latest/commands/command-docs/
[<RequireQualifiedAccess>]
module CommandDocs =

    /// Writes a map whose size is the number of entries that there are: each a name and what writes its value.
    let private map (writer: RespWriter) (entries: (string * (unit -> unit)) list) =
        writer.Map entries.Length

        for name, writeValue in entries do
            writer.BulkText name
            writeValue ()

    let private statuses (writer: RespWriter) (words: string list) () =
        writer.Set words.Length

        for word in words do
            writer.Simple word

    let private text (writer: RespWriter) (value: string) () = writer.BulkText value

    let rec private parameters (writer: RespWriter) (all: Parameter list) () =
        writer.Array all.Length

        for parameter in all do
            writeParameter writer parameter

    and private writeParameter (writer: RespWriter) (parameter: Parameter) =
        let flags =
            [
                if parameter.Optional then
                    "optional"
                if parameter.Multiple then
                    "multiple"
                if parameter.MultipleToken then
                    "multiple_token"
            ]

        map
            writer
            [
                "name", text writer parameter.Name
                "type", text writer (CommandWords.ofParameterType parameter.Type)
                if parameter.KeySpec >= 0 then
                    "key_spec_index", (fun () -> writer.Integer(int64 parameter.KeySpec))
                match parameter.Token with
                | Some token -> "token", text writer token
                | None -> ()
                match parameter.Since with
                | Some version -> "since", text writer version
                | None -> ()
                if not flags.IsEmpty then
                    "flags", statuses writer flags
                if not parameter.Parts.IsEmpty then
                    "arguments", parameters writer parameter.Parts
            ]

    let private history (writer: RespWriter) (entries: (string * string) list) () =
        writer.Set entries.Length

        for version, change in entries do
            writer.Array 2
            writer.BulkText version
            writer.BulkText change

    let rec private write (writer: RespWriter) (command: Command<'handler>) =
        let row = command.Row
        let (Since since) = row.Since

        let docFlags =
            [
                if row.Deprecated.IsSome then
                    "deprecated"
                if row.IsSystem then
                    "syscmd"
            ]

        writer.BulkText command.FullName

        map
            writer
            [
                "summary", text writer row.Summary
                "since", text writer since
                "group", text writer (CommandWords.ofGroup row.Group)
                "complexity", text writer row.Complexity
                if not docFlags.IsEmpty then
                    "doc_flags", statuses writer docFlags
                match row.Deprecated with
                | ValueSome(version, replacement) ->
                    "deprecated_since", text writer version
                    "replaced_by", text writer replacement
                | ValueNone -> ()
                if not row.History.IsEmpty then
                    "history", history writer row.History
                if not command.Parameters.IsEmpty then
                    "arguments", parameters writer command.Parameters
                if command.Subcommands.Length > 0 then
                    "subcommands", subcommands writer command.Subcommands
            ]

    and private subcommands (writer: RespWriter) (all: Command<'handler>[]) () =
        writer.Map all.Length

        for subcommand in all do
            write writer subcommand

    /// COMMAND DOCS [command-name [command-name ...]]: names that nothing has are left out, and none is told twice.
    let docs (table: CommandTable<'handler>) (arguments: Arguments) (writer: RespWriter) =
        let asked =
            if arguments.Count = 2 then
                table.TopLevel
            else
                [|
                    for i in 2 .. arguments.Count - 1 do
                        match table.FindFull arguments[i] with
                        | null -> ()
                        | command -> command
                |]
                |> Array.distinctBy _.Id

        writer.Map asked.Length

        for command in asked do
            write writer command

    /// The reply to HELP of a container: its subcommands, a line for the usage of each and one for what it does.
    let help (container: Command<'handler>) (writer: RespWriter) =
        let name = container.FullName.ToUpperInvariant()
        writer.Array(1 + 2 * container.Subcommands.Length)
        writer.Simple $"{name} <subcommand> [arg ...]. The subcommands:"

        for subcommand in container.Subcommands do
            writer.Simple(subcommand.Usage.Substring(name.Length + 1))
            writer.Simple $"    {subcommand.Row.Summary}"
