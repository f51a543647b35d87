namespace RedisClone.Protocol

open System
open System.Buffers.Binary
open System.Collections.Generic
open System.Numerics
open System.Runtime.InteropServices
open System.Text

/// What a look-up of a received command finds.
type CommandLookup =
    | Found = 0
    | UnknownCommand = 1
    /// The container is known, and the subcommand is not.
    | UnknownSubcommand = 2

module private NameHash =

    /// How many slots there are for each name, at least.
    let slotsPerName = 4

    /// A hash of a name without case: of its first and last eight bytes, its length, and a number that keeps the names
    /// of different containers apart.
    ///
    /// Case is folded by setting the bit in which capitals and small letters differ. That may take other bytes for each
    /// other as well, so names must still be compared in earnest.
    let ofName (space: int, name: ReadOnlySpan<byte>) : uint64 =
        let length = name.Length
        let mutable first = 0UL
        let mutable last = 0UL

        if length >= 8 then
            first <- BinaryPrimitives.ReadUInt64LittleEndian name
            last <- BinaryPrimitives.ReadUInt64LittleEndian(name.Slice(length - 8))
        elif length >= 4 then
            first <- uint64 (BinaryPrimitives.ReadUInt32LittleEndian name)
            last <- uint64 (BinaryPrimitives.ReadUInt32LittleEndian(name.Slice(length - 4)))
        elif length > 0 then
            first <- uint64 name[0] ||| (uint64 name[length >>> 1] <<< 8)
            last <- uint64 name[length - 1]

        let folded =
            ((first ||| 0x2020202020202020UL) * 0x9E3779B97F4A7C15UL)
            ^^^ BitOperations.RotateLeft((last ||| 0x2020202020202020UL) * 0xC2B2AE3D27D4EB4FUL, 29)
            ^^^ (uint64 (space * 64 + length) * 0xD6E8FEB86659FD93UL)

        folded ^^^ (folded >>> 32)

module private TableBuilder =

    /// Commands in the order of their rows, subcommands after all others, each with its index as its number.
    let commandsOf (rows: Row<'handler> seq) : Command<'handler>[] =
        let commands = List<Command<'handler>>()
        let containers = Dictionary<string, Command<'handler>>()
        let read = [| for row in rows -> struct (row, Usage.parse row.Usage) |]

        for struct (row, usage) in read do
            if usage.Parent.IsNone then
                let command = Command<'handler>(commands.Count, row, usage, null)
                commands.Add command

                if not (containers.TryAdd(usage.Name, command)) then
                    invalidArg (nameof rows) $"{usage.Name} is there twice"

        for struct (row, usage) in read do
            match usage.Parent with
            | None -> ()
            | Some parent ->
                match containers.TryGetValue parent with
                | true, container ->
                    let command = Command<'handler>(commands.Count, row, usage, container)

                    if
                        container.Subcommands
                        |> Array.exists (fun other -> other.FullName = command.FullName)
                    then
                        invalidArg (nameof rows) $"{command.FullName} is there twice"

                    commands.Add command
                    container.Subcommands <- Array.append container.Subcommands [| command |]
                | _ -> invalidArg (nameof rows) $"{parent} of {row.Usage} is missing"

        commands.ToArray()

/// All commands, found by name without case in a few nanoseconds and without allocation: open addressing, few slots of
/// which are taken. Made once, from rows; it never changes. Rows that contradict each other throw ArgumentException.
[<Sealed; AllowNullLiteral>]
type CommandTable<'handler>(rows: Row<'handler> seq) =
    let commands = TableBuilder.commandsOf rows
    let topLevel = commands |> Array.filter (fun command -> isNull command.Parent)

    // A slot holds the index of a command plus one; 0 is free.
    let slots: int[] =
        Array.zeroCreate (int (BitOperations.RoundUpToPowerOf2(uint32 (NameHash.slotsPerName * (commands.Length + 1)))))

    let mask = slots.Length - 1

    /// Commands without a container have number 0 for it, others its index plus one.
    let spaceOf (container: Command<'handler> | null) =
        match container with
        | null -> 0
        | container -> container.Id + 1

    do
        for command in commands do
            let hash = NameHash.ofName (spaceOf command.Parent, ReadOnlySpan command.NameBytes)
            let mutable slot = int hash &&& mask

            while slots[slot] <> 0 do
                slot <- (slot + 1) &&& mask

            slots[slot] <- command.Id + 1

    member private _.Search(container: Command<'handler> | null, name: ReadOnlySpan<byte>) : Command<'handler> | null =
        let mutable slot = int (NameHash.ofName (spaceOf container, name)) &&& mask
        let mutable found: Command<'handler> | null = null
        let mutable searching = true

        while searching do
            match slots[slot] with
            | 0 -> searching <- false
            | number ->
                let candidate = commands[number - 1]

                if
                    obj.ReferenceEquals(candidate.Parent, container)
                    && Ascii.EqualsIgnoreCase(name, ReadOnlySpan<byte> candidate.NameBytes)
                then
                    found <- candidate
                    searching <- false
                else
                    slot <- (slot + 1) &&& mask

        found

    /// Every command and subcommand; the index is the command's Id.
    member _.Commands = commands

    /// The commands that are not subcommands.
    member _.TopLevel = topLevel

    /// The command of this name, or null.
    member this.Find(name: ReadOnlySpan<byte>) : Command<'handler> | null = this.Search(null, name)

    /// The command or subcommand of a name as replies give it, such as `get` or `client|kill`, or null.
    member this.FindFull(name: ReadOnlySpan<byte>) : Command<'handler> | null =
        match name.IndexOf '|'B with
        | -1 -> this.Search(null, name)
        | bar ->
            match this.Search(null, name.Slice(0, bar)) with
            | null -> null
            | container -> this.Search(container, name.Slice(bar + 1))

    /// Finds what `arguments` call. A container that is called alone is found itself; with an unknown subcommand,
    /// `command` is the container.
    member this.Lookup(arguments: Arguments, [<Out>] command: byref<Command<'handler> | null>) : CommandLookup =
        match this.Search(null, arguments[0]) with
        | null ->
            command <- null
            CommandLookup.UnknownCommand
        | found when found.Subcommands.Length = 0 || arguments.Count = 1 ->
            command <- found
            CommandLookup.Found
        | container ->
            match this.Search(container, arguments[1]) with
            | null ->
                command <- container
                CommandLookup.UnknownSubcommand
            | subcommand ->
                command <- subcommand
                CommandLookup.Found
