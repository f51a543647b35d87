/// The commands on hashes: https://redis.io/docs/latest/commands/?group=hash
module RedisClone.Protocol.HashCommands

open System

// ---- shapes

/// Shows fields of HSCAN that fit the pattern.
type private ScanVisitor(call: Call, options: ScanOptions) =
    /// How many bulk strings were written.
    member val Written = 0 with get, set

    member this.Show(field: ReadOnlySpan<byte>, value: ReadOnlySpan<byte>) =
        if ScanOptions.fits call options field then
            call.Reply.Bulk field
            this.Written <- this.Written + 1

            if not options.HidesValues then
                call.Reply.Bulk value
                this.Written <- this.Written + 1

    interface IEntryVisitor with
        member this.Visit(entry: byref<Entry>) = this.Show(entry.Key, entry.Value)

// ---- reads

let hget (call: Call) =
    let mutable entry = Entry()
    let mutable cell = Unchecked.defaultof<HashCell>

    match call.ReadHash(call.Take(), &entry) with
    | Lookup.Found when HashValue.tryFind (&entry, call.Take(), &cell) -> call.Reply.Bulk cell.Span
    | Lookup.WrongType -> ()
    | _ -> call.Reply.Null()

    Outcome.Unchanged

let hmget (call: Call) =
    let mutable entry = Entry()
    let mutable cell = Unchecked.defaultof<HashCell>

    match call.ReadHash(call.Take(), &entry) with
    | Lookup.WrongType -> ()
    | found ->
        call.Reply.Array call.Remaining

        while call.Remaining > 0 do
            let field = call.Take()

            if found = Lookup.Found && HashValue.tryFind (&entry, field, &cell) then
                call.Reply.Bulk cell.Span
            else
                call.Reply.Null()

    Outcome.Unchanged

let hexists (call: Call) =
    let mutable entry = Entry()
    let mutable cell = Unchecked.defaultof<HashCell>

    match call.ReadHash(call.Take(), &entry) with
    | Lookup.Found when HashValue.tryFind (&entry, call.Take(), &cell) -> call.Reply.Integer 1L
    | Lookup.WrongType -> ()
    | _ -> call.Reply.Integer 0L

    Outcome.Unchanged

let hstrlen (call: Call) =
    let mutable entry = Entry()
    let mutable cell = Unchecked.defaultof<HashCell>

    match call.ReadHash(call.Take(), &entry) with
    | Lookup.Found when HashValue.tryFind (&entry, call.Take(), &cell) -> call.Reply.Integer(int64 cell.Length)
    | Lookup.WrongType -> ()
    | _ -> call.Reply.Integer 0L

    Outcome.Unchanged

let hlen (call: Call) =
    let mutable entry = Entry()

    match call.ReadHash(call.Take(), &entry) with
    | Lookup.Found -> call.Reply.Integer(int64 (HashValue.count &entry))
    | Lookup.WrongType -> ()
    | _ -> call.Reply.Integer 0L

    Outcome.Unchanged

let private all (call: Call) (part: HashPart) =
    let mutable entry = Entry()
    let isMap = part = (HashPart.Field ||| HashPart.Value)

    match call.ReadHash(call.Take(), &entry) with
    | Lookup.WrongType -> ()
    | found ->
        let count = if found = Lookup.Found then HashValue.count &entry else 0

        if isMap then
            call.Reply.Map count
        else
            call.Reply.Array count

        if count > 0 then
            let mutable fields = HashValue.fields &entry

            while fields.Next() do
                HashParts.write call.Reply part &fields

    Outcome.Unchanged

let hgetall call =
    all call (HashPart.Field ||| HashPart.Value)

let hkeys call = all call HashPart.Field
let hvals call = all call HashPart.Value

let hscan (call: Call) =
    let mutable entry = Entry()
    let mutable options = Unchecked.defaultof<ScanOptions>
    let key = call.Take()

    if
        ScanOptions.takeCursor call &options
        && ScanOptions.takeFor call (call.ReadHash(key, &entry)) true &options
    then
        let visitor = ScanVisitor(call, options)
        let start = call.Reply.Length

        let next =
            match HashValue.tableOf &entry with
            | null ->
                let mutable fields = HashValue.fields &entry

                while fields.Next() do
                    visitor.Show(fields.Field, fields.Value)

                0UL
            | table -> table.Scan(options.Cursor, options.Count, visitor)

        ScanOptions.finish call start next visitor.Written

    Outcome.Unchanged

// ---- writes

/// Sets all pairs from the cursor on; the number of new fields, or -1 if the key has another type.
let private setPairs (call: Call) (key: ReadOnlySpan<byte>) : int =
    let mutable entry = Entry()
    let pairs = call.Remaining / 2

    let added =
        match call.FindHash(key, &entry) with
        | Lookup.WrongType -> -1
        | Lookup.Missing when HashValue.tryCreateOf (call, &entry, key, pairs) -> pairs
        | found ->
            if found = Lookup.Missing then
                HashValue.create call &entry key

            let mutable added = 0

            while call.Remaining > 0 do
                let field = call.Take()

                if HashValue.set (call, &entry, key, field, call.Take()) then
                    added <- added + 1

            added

    if added >= 0 then
        call.Changed(EventClass.Hash, "hset", key)

    added

let hset (call: Call) =
    let key = call.Take()

    if call.Remaining % 2 <> 0 then
        call.Fail(Errors.wrongArity "hset")
    else
        match setPairs call key with
        | -1 -> Outcome.Unchanged
        | added ->
            call.Reply.Integer(int64 added)
            Outcome.AsReceived

let hmset (call: Call) =
    let key = call.Take()

    if call.Remaining % 2 <> 0 then
        call.Fail(Errors.wrongArity "hmset")
    elif setPairs call key < 0 then
        Outcome.Unchanged
    else
        call.Reply.Ok()
        Outcome.AsReceived

let hsetnx (call: Call) =
    let mutable entry = Entry()
    let mutable cell = Unchecked.defaultof<HashCell>
    let key = call.Take()
    let field = call.Take()

    match call.FindHash(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | Lookup.Found when HashValue.tryFind (&entry, field, &cell) ->
        call.Reply.Integer 0L
        Outcome.Unchanged
    | found ->
        if found = Lookup.Missing then
            HashValue.create call &entry key

        HashValue.set (call, &entry, key, field, call.Take()) |> ignore
        call.Changed(EventClass.Hash, "hset", key)
        call.Reply.Integer 1L
        Outcome.AsReceived

let hdel (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    Elements.removeNamed call (call.FindHash(key, &entry)) key &entry EventClass.Hash "hdel"

/// Sets a field to the text of a sum, in a hash that is made if there is none.
let private storeSum
    (call: Call)
    (entry: byref<Entry>)
    (key: ReadOnlySpan<byte>)
    (field: ReadOnlySpan<byte>)
    (text: ReadOnlySpan<byte>)
    (event: string)
    =
    if not entry.Exists then
        HashValue.create call &entry key

    HashValue.replace (call, &entry, key, field, text) |> ignore
    call.Changed(EventClass.Hash, event, key)

let hincrby (call: Call) =
    let mutable entry = Entry()
    let mutable cell = Unchecked.defaultof<HashCell>
    let mutable number = 0L
    let mutable increment = 0L
    let key = call.Take()
    let field = call.Take()

    if not (call.TakeInteger &increment) then
        Outcome.Unchanged
    else
        match call.FindHash(key, &entry) with
        | Lookup.WrongType -> Outcome.Unchanged
        | Lookup.Found when
            HashValue.tryFind (&entry, field, &cell)
            && not (Numbers.tryParseInt64 (cell.Span, &number))
            ->
            call.Fail Errors.hashNotInteger
        | _ ->
            let sum = number + increment

            // The sum has the sign that neither summand has.
            if (number ^^^ sum) &&& (increment ^^^ sum) < 0L then
                call.Fail Errors.overflow
            else
                storeSum call &entry key field (call.TextOf sum) "hincrby"
                call.Reply.Integer sum
                Outcome.AsReceived

let hincrbyfloat (call: Call) =
    let mutable entry = Entry()
    let mutable cell = Unchecked.defaultof<HashCell>
    let mutable number = Extended.zero
    let mutable increment = Extended.zero
    let key = call.Take()
    let field = call.Take()

    if not (Extended.tryParse (call.Take(), &increment)) then
        call.Fail Errors.notFloat
    elif Extended.isNaN increment || Extended.isInfinite increment then
        call.Fail Errors.incrementNotFinite
    else
        match call.FindHash(key, &entry) with
        | Lookup.WrongType -> Outcome.Unchanged
        | Lookup.Found when
            HashValue.tryFind (&entry, field, &cell)
            && not (Extended.tryParse (cell.Span, &number))
            ->
            call.Fail Errors.hashNotFloat
        | _ ->
            let sum = Extended.add number increment

            if Extended.isNaN sum || Extended.isInfinite sum then
                call.Fail Errors.notFinite
            else
                let text = call.TextOf sum
                storeSum call &entry key field text "hincrbyfloat"
                call.Reply.Bulk text
                Logged.field call key field text
                let mutable deadline = Page.NoDeadline
                HashValue.tryFindDeadline (&entry, field, &deadline) |> ignore

                if deadline <> Page.NoDeadline then
                    Logged.fieldDeadline call key field deadline

                Outcome.Rewritten

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Hash
        [
            command "HDEL key field [field ...]" [ Write; Fast ] (since "2.0.0") "Removes fields of a hash." hdel
            |> complexity "O(N), N being the number of fields given"
            |> keys [ deletes ]
            |> history "2.4.0" "Several fields at once."
            command "HEXISTS key field" [ ReadOnly; Fast ] (since "2.0.0") "Tells whether a hash has a field." hexists
            |> keys [ inspects ]
            command "HGET key field" [ ReadOnly; Fast ] (since "2.0.0") "Returns the value of a field." hget
            command "HGETALL key" [ ReadOnly ] (since "2.0.0") "Returns all fields and their values." hgetall
            |> complexity "O(N), N being the number of fields"
            |> tips [ nondeterministicOrder ]
            command
                "HINCRBY key field increment"
                [ Write; DenyOom; Fast ]
                (since "2.0.0")
                "Adds to a whole number in a hash."
                hincrby
            |> keys [ readsAndUpdates ]
            command
                "HINCRBYFLOAT key field increment:double"
                [ Write; DenyOom; Fast ]
                (since "2.6.0")
                "Adds to a decimal number in a hash."
                hincrbyfloat
            |> keys [ readsAndUpdates ]
            command "HKEYS key" [ ReadOnly ] (since "2.0.0") "Returns all fields." hkeys
            |> complexity "O(N), N being the number of fields"
            |> tips [ nondeterministicOrder ]
            command "HLEN key" [ ReadOnly; Fast ] (since "2.0.0") "Returns the number of fields." hlen
            |> keys [ inspects ]
            command
                "HMGET key field [field ...]"
                [ ReadOnly; Fast ]
                (since "2.0.0")
                "Returns the values of several fields."
                hmget
            |> complexity "O(N), N being the number of fields given"
            command
                "HMSET key field value [field value ...]"
                [ Write; DenyOom; Fast ]
                (since "2.0.0")
                "Sets several fields."
                hmset
            |> complexity "O(N), N being the number of fields given"
            |> deprecated "4.0.0" "`HSET` with several fields"
            command
                "HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]"
                [ ReadOnly ]
                (since "2.8.0")
                "Goes through the fields of a hash, some at a time."
                hscan
            |> complexity "O(1) a call, O(N) for all N fields"
            |> history "7.4.0" "`NOVALUES`."
            |> tips [ nondeterministic ]
            command
                "HSET key field value [field value ...]"
                [ Write; DenyOom; Fast ]
                (since "2.0.0")
                "Sets fields of a hash."
                hset
            |> complexity "O(N), N being the number of fields given"
            |> history "4.0.0" "Several fields at once."
            command
                "HSETNX key field value"
                [ Write; DenyOom; Fast ]
                (since "2.0.0")
                "Sets a field if the hash does not have it."
                hsetnx
            |> keys [ inserts ]
            command
                "HSTRLEN key field"
                [ ReadOnly; Fast ]
                (since "3.2.0")
                "Returns the length of the value of a field in bytes."
                hstrlen
            |> keys [ inspects ]
            command "HVALS key" [ ReadOnly ] (since "2.0.0") "Returns all values." hvals
            |> complexity "O(N), N being the number of fields"
            |> tips [ nondeterministicOrder ]
        ]
