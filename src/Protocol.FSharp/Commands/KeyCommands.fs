/// The commands on keys of any type: https://redis.io/docs/latest/commands/?group=generic
module RedisClone.Protocol.KeyCommands

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

/// A copy of the object that holds a value; null for null.
let private copyObject (call: Call) (object: obj) : obj =
    let owner = call.Keyspace.Owner

    match object with
    | null -> null
    | :? Blob as blob -> Blob.OfSpan(owner.Epoch, blob.Span)
    | other ->
        let copy = PageTable owner
        let mutable walk = (other :?> PageTable).Walk()
        let mutable field = Entry()
        let mutable target = Entry()

        while walk.Next &field do
            copy.Find(field.Key, &target) |> ignore
            copy.Store(&target, field.Key, field.Kind, field.Value, null, field.Deadline, field.Stamp)

        copy

/// Stores a held value under a key of the selected database, over what the entry found.
let private store (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) (held: Held) =
    call.Table.Store(&entry, key, held.Kind, call.Scratch.Written, held.Object, held.Deadline, held.Stamp)

let private logDelete (call: Call) (key: ReadOnlySpan<byte>) =
    call.Journal.Begin 2
    call.Journal.Add "DEL"
    call.Journal.Add key
    Outcome.Rewritten

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

// ---- reads

let exists (call: Call) =
    let mutable entry = Entry()
    let mutable existing = 0L

    while call.Remaining > 0 do
        if call.Peek(call.Take(), &entry) then
            existing <- existing + 1L

    call.Reply.Integer existing
    Outcome.Unchanged

let touch (call: Call) =
    let mutable entry = Entry()
    let mutable existing = 0L

    while call.Remaining > 0 do
        if call.Peek(call.Take(), &entry) then
            // This is what it is for, whatever CLIENT NO-TOUCH says.
            entry.Stamp <- call.Clock
            existing <- existing + 1L

    call.Reply.Integer existing
    Outcome.Unchanged

let typeOf (call: Call) =
    let mutable entry = Entry()

    call.Reply.Simple(
        if call.Peek(call.Take(), &entry) then
            Kinds.typeName entry.Kind
        else
            "none"
    )

    Outcome.Unchanged

/// How TTL and its kin tell a deadline: as what is left or as a time, in seconds or milliseconds.
let private tellDeadline (call: Call) (unit: TimeUnit) =
    let mutable entry = Entry()

    if not (call.Peek(call.Take(), &entry)) then
        call.Reply.Integer -2L
    elif entry.Deadline = Page.NoDeadline then
        call.Reply.Integer -1L
    else
        let milliseconds =
            if unit.Absolute then
                entry.Deadline
            else
                max 0L (entry.Deadline - call.Now)

        call.Reply.Integer(
            if unit.Milliseconds then
                milliseconds
            else
                (milliseconds + 500L) / 1000L
        )

    Outcome.Unchanged

let ttl call = tellDeadline call Deadlines.seconds

let pttl call =
    tellDeadline call Deadlines.milliseconds

let expiretime call = tellDeadline call Deadlines.unixSeconds

let pexpiretime call =
    tellDeadline call Deadlines.unixMilliseconds

let randomkey (call: Call) =
    let mutable entry = Entry()
    let mutable searching = true

    while searching && call.FindRandom(call.Table, &entry) do
        if call.IsDue &entry then
            call.Expire &entry
        else
            searching <- false

    if searching then
        call.Reply.Null()
    else
        call.Reply.Bulk entry.Key

    Outcome.Unchanged

let keysOf (call: Call) =
    let pattern = call.Take()
    let mutable walk = call.Table.Walk()
    let mutable entry = Entry()
    let mutable count = 0
    let all = Glob.isAll pattern
    let start = call.Reply.Length

    while walk.Next &entry do
        if (all || Glob.isMatch (pattern, entry.Key, false)) && not (call.IsDue &entry) then
            call.Reply.Bulk entry.Key
            count <- count + 1

    call.Reply.InsertArray(start, count)
    Outcome.Unchanged

type private ScanVisitor(call: Call, options: ScanOptions) =
    /// How many keys were written.
    member val Written = 0 with get, set

    interface IEntryVisitor with
        member this.Visit(entry: byref<Entry>) =
            if
                not (call.IsDue &entry)
                && ScanOptions.fits call options entry.Key
                && (options.Type = 0
                    || Bytes.isWord (Kinds.typeName entry.Kind) call.Args[options.Type])
            then
                call.Reply.Bulk entry.Key
                this.Written <- this.Written + 1

let scan (call: Call) =
    let mutable options = Unchecked.defaultof<ScanOptions>

    if ScanOptions.takeCursor call &options && ScanOptions.takeRest call true &options then
        let visitor = ScanVisitor(call, options)
        let start = call.Reply.Length
        let next = call.Table.Scan(options.Cursor, options.Count, visitor)
        ScanOptions.finish call start next visitor.Written

    Outcome.Unchanged

// ---- OBJECT

/// The name of the encoding that Redis would have chosen for the value.
let encodingOf (entry: byref<Entry>) : string =
    let mutable number = 0L

    match entry.Kind with
    | Kind.Hash -> "listpack"
    | Kind.LargeHash -> "hashtable"
    | Kind.RawString -> "raw"
    | Kind.String when Numbers.tryParseInt64 (entry.Value, &number) -> "int"
    | _ when entry.Value.Length <= 44 -> "embstr"
    | _ -> "raw"

let objectEncoding (call: Call) =
    let mutable entry = Entry()

    if call.Peek(call.Take(), &entry) then
        call.Reply.BulkText(encodingOf &entry)
    else
        call.Reply.Null()

    Outcome.Unchanged

let objectIdletime (call: Call) =
    let mutable entry = Entry()

    if call.Peek(call.Take(), &entry) then
        call.Reply.Integer(int64 ((call.Clock - entry.Stamp) &&& 0xFFFFFF))
    else
        call.Reply.Null()

    Outcome.Unchanged

let objectFreq (call: Call) =
    let mutable entry = Entry()

    if call.Peek(call.Take(), &entry) then
        call.Fail Errors.frequencyWithoutLfu
    else
        call.Reply.Null()
        Outcome.Unchanged

let objectRefcount (call: Call) =
    let mutable entry = Entry()
    let mutable number = 0L

    if not (call.Peek(call.Take(), &entry)) then
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
        | :? Blob as blob -> int64 blob.Capacity + 56L
        | object ->
            let mutable walk = (object :?> PageTable).Walk()
            let mutable field = Entry()
            let mutable bytes = 512L

            while walk.Next &field do
                bytes <- bytes + int64 field.RecordBytes + overhead

                match field.Object with
                | :? Blob as blob -> bytes <- bytes + int64 blob.Capacity + 56L
                | _ -> ()

            bytes

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

// ---- removing

let private delete (call: Call) =
    let mutable entry = Entry()
    let mutable removed = 0L

    while call.Remaining > 0 do
        let key = call.Take()

        if call.Find(key, &entry) then
            call.Table.Remove &entry
            call.Changed(EventClass.Generic, "del", key)
            removed <- removed + 1L

    call.Reply.Integer removed

    if removed > 0L then
        Outcome.AsReceived
    else
        Outcome.Unchanged

let del call = delete call
let unlink call = delete call

// ---- deadlines

[<Flags>]
type private ExpireOptions =
    | None = 0
    | IfNone = 1
    | IfAny = 2
    | IfLater = 4
    | IfEarlier = 8

let private takeExpireOptions (call: Call) (options: byref<ExpireOptions>) : bool =
    let mutable valid = true

    while valid && call.Remaining > 0 do
        if call.TakeWord "NX" then
            options <- options ||| ExpireOptions.IfNone
        elif call.TakeWord "XX" then
            options <- options ||| ExpireOptions.IfAny
        elif call.TakeWord "GT" then
            options <- options ||| ExpireOptions.IfLater
        elif call.TakeWord "LT" then
            options <- options ||| ExpireOptions.IfEarlier
        else
            valid <- false
            call.Reply.Error(Errors.unsupportedOption (call.Take()))

    let later = ExpireOptions.IfLater ||| ExpireOptions.IfEarlier

    if not valid then
        false
    elif
        (options &&& ExpireOptions.IfNone <> ExpireOptions.None)
        && options <> ExpireOptions.IfNone
    then
        call.Reply.Error Errors.expireNxWithOther
        false
    elif options &&& later = later then
        call.Reply.Error Errors.expireGtAndLt
        false
    else
        true

/// Whether a deadline may take the place of the present one. No deadline counts as later than any.
let private allows (options: ExpireOptions) (present: int64) (deadline: int64) =
    not (
        (options &&& ExpireOptions.IfNone <> ExpireOptions.None)
        && present <> Page.NoDeadline
    )
    && not (
        (options &&& ExpireOptions.IfAny <> ExpireOptions.None)
        && present = Page.NoDeadline
    )
    && not ((options &&& ExpireOptions.IfLater <> ExpireOptions.None) && deadline <= present)
    && not (
        (options &&& ExpireOptions.IfEarlier <> ExpireOptions.None)
        && deadline >= present
    )

let private expireWith (unit: TimeUnit) (name: string) (call: Call) =
    let mutable entry = Entry()
    let mutable options = ExpireOptions.None
    let mutable number = 0L
    let mutable deadline = 0L
    let key = call.Take()
    let time = call.Take()

    if not (takeExpireOptions call &options) then
        Outcome.Unchanged
    elif not (Numbers.tryParseInt64 (time, &number)) then
        call.Fail Errors.notInteger
    elif not (Deadlines.ofNumber call.Now unit number &deadline) then
        call.Fail(Errors.invalidExpire name)
    elif not (call.Find(key, &entry)) || not (allows options entry.Deadline deadline) then
        call.Reply.Integer 0L
        Outcome.Unchanged
    elif deadline <= call.Now && not call.Loading then
        call.Table.Remove &entry
        call.Changed(EventClass.Generic, "del", key)
        call.Reply.Integer 1L
        logDelete call key
    else
        call.Table.SetDeadline(&entry, deadline)
        call.Changed(EventClass.Generic, "expire", key)
        call.Reply.Integer 1L
        call.Journal.Begin 3
        call.Journal.Add "PEXPIREAT"
        call.Journal.Add key
        call.Journal.Add deadline
        Outcome.Rewritten

let expire call =
    expireWith Deadlines.seconds "expire" call

let pexpire call =
    expireWith Deadlines.milliseconds "pexpire" call

let expireat call =
    expireWith Deadlines.unixSeconds "expireat" call

let pexpireat call =
    expireWith Deadlines.unixMilliseconds "pexpireat" call

let persist (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()

    if call.Find(key, &entry) && entry.Deadline <> Page.NoDeadline then
        call.Table.SetDeadline(&entry, Page.NoDeadline)
        call.Changed(EventClass.Generic, "persist", key)
        call.Reply.Integer 1L
        Outcome.AsReceived
    else
        call.Reply.Integer 0L
        Outcome.Unchanged

// ---- names

/// Moves a value to another key; `reply` says what follows.
let private renameTo (call: Call) (key: ReadOnlySpan<byte>) (target: ReadOnlySpan<byte>) (entry: byref<Entry>) =
    let held = hold call &entry
    call.Table.Remove &entry
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

/// What proxies do with a command over keys of several shards.
let private multiShardSum =
    [ "request_policy:multi_shard"; "response_policy:agg_sum" ]

/// The four commands that set an expiry got their conditions together.
let private withConditions row =
    row |> history "7.0.0" "Conditions: `NX`, `XX`, `GT`, `LT`."

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
            command "DEL key [key ...]" [ Write ] (since "1.0.0") "Removes keys." del
            |> complexity "O(N), N being the number of keys and of the elements they hold"
            |> keys [ removes ]
            |> tips multiShardSum
            command
                "EXISTS key [key ...]"
                [ ReadOnly; Fast ]
                (since "1.0.0")
                "Counts how many of the keys exist."
                exists
            |> complexity "O(N), N being the number of keys"
            |> keys [ inspects ]
            |> history "3.0.3" "Several keys at once."
            |> tips multiShardSum
            command
                "EXPIRE key seconds [NX | XX | GT | LT]"
                [ Write; Fast ]
                (since "1.0.0")
                "Lets a key expire after some seconds."
                expire
            |> withConditions
            command
                "EXPIREAT key unix-time-seconds [NX | XX | GT | LT]"
                [ Write; Fast ]
                (since "1.2.0")
                "Lets a key expire at a time in seconds."
                expireat
            |> withConditions
            command
                "EXPIRETIME key"
                [ ReadOnly; Fast ]
                (since "7.0.0")
                "Returns when a key expires, in seconds."
                expiretime
            command "KEYS pattern" [ ReadOnly ] (since "1.0.0") "Returns all keys that match a pattern." keysOf
            |> complexity "O(N), N being the number of keys there are"
            |> categories AclCategories.Dangerous
            |> tips [ "request_policy:all_shards"; nondeterministicOrder ]
            command "MOVE key db" [ Write; Fast ] (since "1.0.0") "Moves a key to another database." move
            |> keys [ readsAndUpdates ]
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
            command "PERSIST key" [ Write; Fast ] (since "2.2.0") "Takes the expiry off a key." persist
            command
                "PEXPIRE key milliseconds [NX | XX | GT | LT]"
                [ Write; Fast ]
                (since "2.6.0")
                "Lets a key expire after some milliseconds."
                pexpire
            |> withConditions
            command
                "PEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT]"
                [ Write; Fast ]
                (since "2.6.0")
                "Lets a key expire at a time in milliseconds."
                pexpireat
            |> withConditions
            command
                "PEXPIRETIME key"
                [ ReadOnly; Fast ]
                (since "7.0.0")
                "Returns when a key expires, in milliseconds."
                pexpiretime
            command "PTTL key" [ ReadOnly; Fast ] (since "2.6.0") "Returns how many milliseconds a key has left." pttl
            |> history "2.8.0" "-2 for a key that does not exist."
            |> tips [ nondeterministic ]
            command "RANDOMKEY" [ ReadOnly ] (since "1.0.0") "Returns a key chosen at random." randomkey
            |> tips [ "request_policy:all_shards"; nondeterministic ]
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
            command
                "SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]"
                [ ReadOnly ]
                (since "2.8.0")
                "Goes through the keys, some at a time."
                scan
            |> complexity "O(1) a call, O(N) for all N keys"
            |> history "6.0.0" "`TYPE`."
            |> tips [ nondeterministic; "request_policy:special" ]
            command
                "TOUCH key [key ...]"
                [ ReadOnly; Fast ]
                (since "3.2.1")
                "Counts keys as used, and how many of them exist."
                touch
            |> complexity "O(N), N being the number of keys"
            |> keys [ inspects ]
            |> tips multiShardSum
            command "TTL key" [ ReadOnly; Fast ] (since "1.0.0") "Returns how many seconds a key has left." ttl
            |> history "2.8.0" "-2 for a key that does not exist."
            |> tips [ nondeterministic ]
            command "TYPE key" [ ReadOnly; Fast ] (since "1.0.0") "Returns the type of a value." typeOf
            |> keys [ inspects ]
            command
                "UNLINK key [key ...]"
                [ Write; Fast ]
                (since "4.0.0")
                "Removes keys, and frees their values later."
                unlink
            |> complexity "O(N), N being the number of keys"
            |> keys [ removes ]
            |> tips multiShardSum
        ]
