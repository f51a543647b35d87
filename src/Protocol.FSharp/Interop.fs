namespace RedisClone.Protocol.Interop

open System
open System.Runtime.InteropServices
open RedisClone.Protocol

/// A command of the table, as the host sees it.
[<Sealed; AllowNullLiteral>]
type HostCommand internal (command: Command<Handler>) =
    let handler =
        match command.Body with
        | Body.Handler handler -> handler
        | _ -> fun _ -> invalidOp $"the host carries out '{command.FullName}'"

    let names = if isNull (box command.Parent) then 1 else 2

    member internal _.Command = command

    /// From 0, without gaps: an index for arrays of what is kept for each command.
    member _.Id = command.Id

    /// The name as replies give it: small letters, `container|subcommand`.
    member val FullName = command.FullName
    member val Flags = command.Flags

    member this.Has(flag: CommandFlags) =
        this.Flags &&& flag <> CommandFlags.None

    /// Whether so many arguments, names included, fit the arity.
    member _.Accepts(count: int) = command.Accepts count

    /// Whether the host carries the command out. A container is carried out by nobody.
    member val IsHosted =
        match command.Body with
        | Body.Host -> true
        | _ -> false

    /// Whether only its subcommands do something.
    member val IsContainer =
        match command.Body with
        | Body.Container -> true
        | _ -> false

    member _.HasSubcommands = command.Subcommands.Length > 0

    /// Whether it is one of the subcommands of another command.
    member _.IsSubcommand = not (isNull (box command.Parent))

    /// The categories that access rules name it by.
    member val Categories = command.Categories

    /// Whether any argument may be a key.
    member val HasKeys = command.HasKeys

    /// Finds the keys of a call and what is done to them. False if the arguments make no sense; `found` then has the keys
    /// that could be made out all the same.
    member _.CollectKeys(arguments: Arguments, found: KeyPositions) : bool = command.CollectKeys(arguments, found)

    /// Evaluates the command, which must not be hosted, with the arguments that the call holds.
    member _.Run(call: Call) = Evaluate.run call names handler

/// The commands of a server.
[<Sealed>]
type CommandSet() =
    let table = Commands.makeTable ()
    let commands = Array.map HostCommand table.Commands

    member _.Count = commands.Length
    member _.All = ReadOnlySpan<HostCommand>(commands)

    /// Finds what the arguments call. Of an unknown subcommand, `command` is its container.
    member _.Lookup(arguments: Arguments, [<Out>] command: byref<HostCommand>) : CommandLookup =
        let mutable found = Unchecked.defaultof<Command<Handler>>
        let result = table.Lookup(arguments, &found)

        command <-
            if result = CommandLookup.UnknownCommand then
                null
            else
                commands[found.Id]

        result

    /// The command with a full name such as `client|kill`. Raises `ArgumentException` if there is none.
    member _.Find(fullName: string) : HostCommand =
        match table.FindFull(ReadOnlySpan(Bytes.ofString fullName)) with
        | null -> invalidArg (nameof fullName) $"there is no command '{fullName}'"
        | found -> commands[found.Id]

    /// The command with a full name, in any case, such as `client|kill`; null if there is none.
    member _.TryFind(fullName: ReadOnlySpan<byte>) : HostCommand =
        match table.FindFull fullName with
        | null -> null
        | found -> commands[found.Id]

    /// The page of the reference that lists all commands, as Markdown.
    member _.Page() : string =
        CommandsPage.ofTable table "dotnet cake --target Docs"

    /// Writes what HELP of a container answers. `command` is its HELP subcommand.
    member _.WriteHelp(command: HostCommand, reply: RespWriter) =
        CommandDocs.help command.Command.Parent reply

/// Evaluation beyond single commands.
[<AbstractClass; Sealed>]
type Evaluation =
    /// Removes up to `most` keys that are due, and returns how many it removed.
    static member ExpireDue(call: Call, most: int) : int = Evaluate.expireDue call most
