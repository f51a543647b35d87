/// The commands on one set: https://redis.io/docs/latest/commands/?group=set
module RedisClone.Protocol.SetCommands

open System

// ---- shapes

/// Shows members of SSCAN that fit the pattern.
type private ScanVisitor(call: Call, options: ScanOptions) =
    /// How many members were written.
    member val Written = 0 with get, set

    member this.Show(m: ReadOnlySpan<byte>) =
        if ScanOptions.fits call options m then
            call.Reply.Bulk m
            this.Written <- this.Written + 1

    interface IEntryVisitor with
        member this.Visit(entry: byref<Entry>) = this.Show entry.Key

// ---- reads

let scard (call: Call) =
    let mutable entry = Entry()

    match call.ReadSet(call.Take(), &entry) with
    | Lookup.Found -> call.Reply.Integer(int64 (SetValue.count &entry))
    | Lookup.WrongType -> ()
    | _ -> call.Reply.Integer 0L

    Outcome.Unchanged

let sismember (call: Call) =
    let mutable entry = Entry()

    match call.ReadSet(call.Take(), &entry) with
    | Lookup.Found -> call.Reply.Integer(if SetValue.contains &entry (call.Take()) then 1L else 0L)
    | Lookup.WrongType -> ()
    | _ -> call.Reply.Integer 0L

    Outcome.Unchanged

let smismember (call: Call) =
    let mutable entry = Entry()

    match call.ReadSet(call.Take(), &entry) with
    | Lookup.WrongType -> ()
    | found ->
        call.Reply.Array call.Remaining

        while call.Remaining > 0 do
            let m = call.Take()

            call.Reply.Integer(
                if found = Lookup.Found && SetValue.contains &entry m then
                    1L
                else
                    0L
            )

    Outcome.Unchanged

let smembers (call: Call) =
    let mutable entry = Entry()

    match call.ReadSet(call.Take(), &entry) with
    | Lookup.Found -> SetValue.writeAll (call.Reply, SetValue.view &entry)
    | Lookup.WrongType -> ()
    | _ -> call.Reply.Set 0

    Outcome.Unchanged

let sscan (call: Call) =
    let mutable entry = Entry()
    let mutable options = Unchecked.defaultof<ScanOptions>
    let key = call.Take()

    if
        ScanOptions.takeCursor call &options
        && ScanOptions.takeFor call (call.ReadSet(key, &entry)) false &options
    then
        let visitor = ScanVisitor(call, options)
        let start = call.Reply.Length

        let next =
            match SetValue.tableOf &entry with
            | null ->
                let mutable members = SetValue.members &entry

                while members.Next() do
                    visitor.Show members.Member

                0UL
            | table -> table.Scan(options.Cursor, options.Count, visitor)

        ScanOptions.finish call start next visitor.Written

    Outcome.Unchanged

// ---- writes

/// Adds all members from the cursor on to a key that does not exist.
let private addNew (call: Call) (key: ReadOnlySpan<byte>) (entry: byref<Entry>) : int =
    let announced = call.Remaining
    let startsWithInteger = SetValue.isInteger (call.Ahead 0)
    let mutable builder = SetBuilder(call, announced)

    while call.Remaining > 0 do
        builder.Add(call.Take()) |> ignore

    builder.StoreNew(&entry, key, announced, startsWithInteger)
    builder.Count

/// Adds all members from the cursor on to a set.
let private addMore (call: Call) (key: ReadOnlySpan<byte>) (entry: byref<Entry>) : int =
    let announced = call.Remaining
    let mutable added = 0

    while call.Remaining > 0 do
        if SetValue.add (call, &entry, key, call.Take()) then
            added <- added + 1

    if added > 0 then
        SetValue.announce (call, &entry, announced)

    added

let sadd (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()

    match call.FindSet(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | found ->
        let added =
            if found = Lookup.Missing then
                addNew call key &entry
            else
                addMore call key &entry

        call.Reply.Integer(int64 added)

        if added > 0 then
            call.Changed(EventClass.Set, "sadd", key)
            Outcome.AsReceived
        else
            Outcome.Unchanged

let srem (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    Elements.removeNamed call (call.FindSet(key, &entry)) key &entry EventClass.Set "srem"

/// Takes a member that is there from one set to another, which may be missing.
let private moveMember (call: Call) (source: ReadOnlySpan<byte>) (target: ReadOnlySpan<byte>) =
    let mutable entry = Entry()
    let m = call.Take()
    call.Table.Find(source, &entry) |> ignore

    if not (SetValue.remove (call, &entry, source, m)) then
        call.Reply.Integer 0L
        Outcome.Unchanged
    else
        call.Changed(EventClass.Set, "srem", source)
        Elements.dropIfEmpty call source &entry

        let isNew =
            if call.Table.Find(target, &entry) then
                SetValue.add (call, &entry, target, m)
            else
                let mutable builder = SetBuilder(call, 1)
                let added = builder.Add m
                builder.StoreNew(&entry, target, 1, SetValue.isInteger m)
                added

        if isNew then
            call.Changed(EventClass.Set, "sadd", target)

        call.Reply.Integer 1L
        Outcome.AsReceived

let smove (call: Call) =
    let mutable entry = Entry()
    let source = call.Take()
    let target = call.Take()

    match call.FindSet(source, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | Lookup.Missing ->
        call.Reply.Integer 0L
        Outcome.Unchanged
    | _ when call.FindSet(target, &entry) = Lookup.WrongType -> Outcome.Unchanged
    | _ when source.SequenceEqual target ->
        call.Reply.Integer(if SetValue.contains &entry (call.Take()) then 1L else 0L)
        Outcome.Unchanged
    | _ -> moveMember call source target

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Set
        [
            command
                "SADD key member [member ...]"
                [ Write; DenyOom; Fast ]
                (since "1.0.0")
                "Adds members to a set."
                sadd
            |> complexity "O(N), N being the number of members given"
            |> keys [ inserts ]
            |> history "2.4.0" "Several members at once."
            command "SCARD key" [ ReadOnly; Fast ] (since "1.0.0") "Returns the number of members." scard
            |> keys [ inspects ]
            command
                "SISMEMBER key member"
                [ ReadOnly; Fast ]
                (since "1.0.0")
                "Tells whether a set has a member."
                sismember
            |> keys [ inspects ]
            command "SMEMBERS key" [ ReadOnly ] (since "1.0.0") "Returns all members." smembers
            |> complexity "O(N), N being the number of members"
            |> tips [ nondeterministicOrder ]
            command
                "SMISMEMBER key member [member ...]"
                [ ReadOnly; Fast ]
                (since "6.2.0")
                "Tells which of several members a set has."
                smismember
            |> complexity "O(N), N being the number of members given"
            command
                "SMOVE source destination member"
                [ Write; Fast ]
                (since "1.0.0")
                "Moves a member from one set to another."
                smove
            |> keys [ takes; inserts ]
            command "SREM key member [member ...]" [ Write; Fast ] (since "1.0.0") "Removes members of a set." srem
            |> complexity "O(N), N being the number of members given"
            |> keys [ deletes ]
            |> history "2.4.0" "Several members at once."
            command
                "SSCAN key cursor [MATCH pattern] [COUNT count]"
                [ ReadOnly ]
                (since "2.8.0")
                "Goes through the members of a set, some at a time."
                sscan
            |> complexity "O(1) a call, O(N) for all N members"
            |> tips [ nondeterministic ]
        ]
