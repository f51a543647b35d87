/// The commands that copy values, and move them to other names: https://redis.io/docs/latest/commands/?group=generic
module RedisClone.Protocol.KeyNameCommands

open System

// ---- shapes

/// A value taken out of its record, so that it can be stored elsewhere in the same table. Bytes are in the scratch of
/// the call.
[<Struct>]
type private Held =
    {
        Kind: Kind
        Object: obj
        Deadline: int64
        Stamp: int
    }

let private hold (call: Call) (entry: byref<Entry>) : Held =
    call.Scratch.Truncate 0

    if isNull entry.Object then
        call.Scratch.Raw entry.Value

    {
        Kind = entry.Kind
        Object = entry.Object
        Deadline = entry.Deadline
        Stamp = entry.Stamp
    }

let private copyTable (owner: Owner) (table: PageTable) : PageTable =
    let copy = PageTable owner
    let mutable walk = table.Walk()
    let mutable field = Entry()
    let mutable target = Entry()

    while walk.Next &field do
        copy.Find(field.Key, &target) |> ignore
        copy.Store(&target, field.Key, field.Kind, field.Value, null, field.Deadline, field.Stamp)

    copy

let private copyOrder (owner: Owner) (order: CountedTree) : CountedTree =
    let copy = CountedTree(owner, true)
    let mutable cursor = order.CursorAt 0

    while cursor.Next() do
        copy.Add cursor.Item |> ignore

    copy

/// A copy of the object that holds a value; null for null.
let private copyObject (call: Call) (object: obj) : obj =
    let owner = call.Keyspace.Owner

    match object with
    | null -> null
    | :? Blob as blob -> Blob.OfSpan(owner.Epoch, blob.Span)
    | :? ListTree as list -> ListValue.copyTree owner list
    | :? ScoreTable as large -> ScoreTable(copyTable owner large.Members, copyOrder owner large.Order)
    | :? StreamData as stream -> stream.CopyFor owner
    | other -> copyTable owner (other :?> PageTable)

/// Stores a held value under a key of the selected database, over what the entry found.
let private store (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) (held: Held) =
    call.Table.Store(&entry, key, held.Kind, call.Scratch.Written, held.Object, held.Deadline, held.Stamp)

/// Takes the number of a database, with a text of one's own for what is out of range.
let private takeDatabase (call: Call) (index: byref<int>) (outOfRange: string) : bool =
    let mutable number = 0L

    if not (call.TakeInteger(&number, int64 Int32.MinValue, int64 Int32.MaxValue)) then
        false
    elif number < 0L || number >= int64 call.Keyspace.Databases.Length then
        call.Reply.Error outOfRange
        false
    else
        index <- int number
        true

// ---- names

/// Moves a value to another key; `reply` says what follows.
let private renameTo (call: Call) (key: ReadOnlySpan<byte>) (target: ReadOnlySpan<byte>) (entry: byref<Entry>) =
    let held = hold call &entry
    call.Table.Remove &entry
    call.NoticeNew target
    call.Notify(EventClass.Generic, "rename_from", key)
    call.Find(target, &entry) |> ignore
    store call &entry target held
    call.Changed(EventClass.Generic, "rename_to", target)

let rename (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let target = call.Take()

    if not (call.Find(key, &entry)) then
        call.Fail Errors.noSuchKey
    else
        call.Reply.Ok()

        if key.SequenceEqual target then
            Outcome.Unchanged
        else
            renameTo call key target &entry
            Outcome.AsReceived

let renamenx (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let target = call.Take()

    if not (call.Find(key, &entry)) then
        call.Fail Errors.noSuchKey
    elif key.SequenceEqual target || call.Find(target, &entry) then
        call.Reply.Integer 0L
        Outcome.Unchanged
    else
        call.Find(key, &entry) |> ignore
        renameTo call key target &entry
        call.Reply.Integer 1L
        Outcome.AsReceived

let move (call: Call) =
    let mutable entry = Entry()
    let mutable index = 0
    let key = call.Take()
    let source = call.Database

    if not (takeDatabase call &index Errors.databaseOutOfRange) then
        Outcome.Unchanged
    elif index = source.Index then
        call.Fail Errors.sameObject
    elif not (call.Find(key, &entry)) then
        call.Reply.Integer 0L
        Outcome.Unchanged
    else
        let held = hold call &entry
        call.Database <- call.Keyspace.Databases[index]
        let mutable target = Entry()
        let taken = call.Find(key, &target)

        if not taken then
            call.NoticeNew key
            store call &target key held
            call.Changed(EventClass.Generic, "move_to", key)

        call.Database <- source

        if taken then
            call.Reply.Integer 0L
            Outcome.Unchanged
        else
            call.Table.Remove &entry
            call.Notify(EventClass.Generic, "move_from", key)
            call.Reply.Integer 1L
            Outcome.AsReceived

let copy (call: Call) =
    let mutable entry = Entry()
    let mutable target = Entry()
    let key = call.Take()
    let name = call.Take()
    let source = call.Database
    let mutable index = source.Index
    let mutable replaces = false
    let mutable valid = true

    while valid && call.Remaining > 0 do
        if call.TakeWord "REPLACE" then
            replaces <- true
        elif call.Remaining > 1 && call.TakeWord "DB" then
            valid <- takeDatabase call &index Errors.databaseOutOfRange
        else
            valid <- false
            call.Reply.Error Errors.syntax

    if not valid then
        Outcome.Unchanged
    elif index = source.Index && key.SequenceEqual name then
        call.Fail Errors.sameObject
    elif not (call.Find(key, &entry)) then
        call.Reply.Integer 0L
        Outcome.Unchanged
    else
        let held = hold call &entry
        call.Database <- call.Keyspace.Databases[index]
        let free = not (call.Find(name, &target)) || replaces

        if free then
            call.NoticeNew name

            store
                call
                &target
                name
                { held with
                    Object = copyObject call held.Object
                }

            call.Changed(EventClass.Generic, "copy_to", name)

        call.Database <- source
        call.Reply.Integer(if free then 1L else 0L)
        if free then Outcome.AsReceived else Outcome.Unchanged

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Generic
        [
            command
                "COPY source destination [DB destination-db] [REPLACE]"
                [ Write; DenyOom ]
                (since "6.2.0")
                "Copies a value to another key."
                copy
            |> complexity "O(1) for a string, O(N) for a collection of N elements"
            command "MOVE key db" [ Write; Fast ] (since "1.0.0") "Moves a key to another database." move
            |> keys [ readsAndUpdates ]
            command
                "RENAME key newkey"
                [ Write ]
                (since "1.0.0")
                "Gives a key another name, and replaces what had it."
                rename
            |> keys [ takes; overwrites ]
            command
                "RENAMENX key newkey"
                [ Write; Fast ]
                (since "1.0.0")
                "Gives a key another name if nothing has it."
                renamenx
            |> keys [ takes; creates ]
            |> history "3.2.0" "Both names may be the same."
        ]
