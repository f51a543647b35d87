/// How values are kept: OBJECT and MEMORY USAGE.
module RedisClone.Protocol.ObjectCommands

open System

// ---- OBJECT

/// The name of the encoding that Redis would have chosen for the value.
let encodingOf (entry: byref<Entry>) : string =
    let mutable number = 0L

    match entry.Kind with
    | Kind.Hash -> "listpack"
    | Kind.LargeHash
    | Kind.LargeExpiringHash -> "hashtable"
    | Kind.ExpiringHash -> "listpackex"
    | Kind.IntSet -> "intset"
    | Kind.Set -> "listpack"
    | Kind.LargeSet -> "hashtable"
    | Kind.List -> "listpack"
    | Kind.LargeList -> "quicklist"
    | Kind.SortedSet -> "listpack"
    | Kind.LargeSortedSet -> "skiplist"
    | Kind.Stream -> "stream"
    | Kind.RawString -> "raw"
    | Kind.String when Numbers.tryParseInt64 (entry.Value, &number) -> "int"
    | _ when entry.Value.Length <= 44 -> "embstr"
    | _ -> "raw"

let objectEncoding (call: Call) =
    let mutable entry = Entry()

    if call.Inspect(call.Take(), &entry) then
        call.Reply.BulkText(encodingOf &entry)
    else
        call.Reply.Null()

    Outcome.Unchanged

let objectIdletime (call: Call) =
    let mutable entry = Entry()

    if not (call.Inspect(call.Take(), &entry)) then
        call.Reply.Null()
    elif Policies.countsUse call.Limits.EvictionPolicy then
        call.Reply.Error Errors.idleTimeUnderLfu
    else
        call.Reply.Integer(int64 ((call.Clock - entry.Stamp) &&& 0xFFFFFF))

    Outcome.Unchanged

let objectFreq (call: Call) =
    let mutable entry = Entry()

    if not (call.Inspect(call.Take(), &entry)) then
        call.Reply.Null()
    elif Policies.countsUse call.Limits.EvictionPolicy then
        call.Reply.Integer(int64 (Frequency.counterOf entry.Stamp call.Now call.Limits.LfuDecayMinutes))
    else
        call.Reply.Error Errors.frequencyWithoutLfu

    Outcome.Unchanged

let objectRefcount (call: Call) =
    let mutable entry = Entry()
    let mutable number = 0L

    if not (call.Inspect(call.Take(), &entry)) then
        call.Reply.Null()
    elif
        // Redis shares the objects of small numbers and never counts references to them.
        entry.Kind = Kind.String
        && Numbers.tryParseInt64 (entry.Value, &number)
        && number >= 0L
        && number < 10_000L
    then
        call.Reply.Integer(int64 Int32.MaxValue)
    else
        call.Reply.Integer 1L

    Outcome.Unchanged

// ---- memory

/// Bytes of memory that a record and all that hangs beside its page take. Pages are shared, so their overhead is
/// counted in equal parts.
let private memoryOf (table: PageTable) (entry: byref<Entry>) : int64 =
    let overhead = 8L

    let beside =
        match entry.Object with
        | null -> 0L
        | :? Blob as blob -> blob.MemoryBytes
        | :? ListTree as list -> ListValue.treeBytes list
        | :? ScoreTable as large -> large.MemoryBytes
        | :? StreamData as stream -> stream.Account.Bytes
        | object -> (object :?> PageTable).Account.Bytes

    let key =
        if entry.Key.Length > Page.InlineKeyMax then
            int64 entry.Key.Length + 48L
        else
            0L

    int64 entry.RecordBytes + overhead + beside + key

let memoryUsage (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let mutable samples = 0L
    let mutable valid = true

    while valid && call.Remaining > 0 do
        if call.Remaining > 1 && call.TakeWord "SAMPLES" then
            valid <- call.TakeInteger &samples

            if valid && samples < 0L then
                valid <- false
                call.Reply.Error Errors.syntax
        else
            valid <- false
            call.Reply.Error Errors.syntax

    if not valid then
        ()
    elif call.Locate(key, &entry) then
        call.Reply.Integer(memoryOf call.Table &entry)
    else
        call.Reply.Null()

    Outcome.Unchanged

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Generic
        [
            container "OBJECT" (since "2.2.3") "Tells how a value is kept."
            command "OBJECT ENCODING key" [ ReadOnly ] (since "2.2.3") "Returns the encoding of a value." objectEncoding
            |> keys [ inspects ]
            |> tips [ nondeterministic ]
            command
                "OBJECT FREQ key"
                [ ReadOnly ]
                (since "4.0.0")
                "Returns how often a key is used, on a logarithmic scale."
                objectFreq
            |> keys [ inspects ]
            |> tips [ nondeterministic ]
            hosted "OBJECT HELP" [ Loading; Stale ] (since "6.2.0") "Lists the subcommands."
            command
                "OBJECT IDLETIME key"
                [ ReadOnly ]
                (since "2.2.3")
                "Returns how many seconds a key has not been used."
                objectIdletime
            |> keys [ inspects ]
            |> tips [ nondeterministic ]
            command
                "OBJECT REFCOUNT key"
                [ ReadOnly ]
                (since "2.2.3")
                "Returns how many references to a value there are."
                objectRefcount
            |> keys [ inspects ]
            |> tips [ nondeterministic ]
        ]
