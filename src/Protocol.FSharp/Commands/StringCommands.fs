/// The commands on strings: https://redis.io/docs/latest/commands/?group=string
module RedisClone.Protocol.StringCommands

open System

// ---- shapes

/// Stores a value as SET does, and says so in the log, whatever the command was.
let private logSet
    (call: Call)
    (key: ReadOnlySpan<byte>)
    (value: ReadOnlySpan<byte>)
    (deadline: int64)
    (keepsTtl: bool)
    =
    let journal = call.Journal
    let hasDeadline = deadline <> Page.NoDeadline && not keepsTtl

    journal.Begin(
        3
        + (if hasDeadline then 2
           elif keepsTtl then 1
           else 0)
    )

    journal.Add "SET"
    journal.Add key
    journal.Add value

    if hasDeadline then
        journal.Add "PXAT"
        journal.Add deadline
    elif keepsTtl then
        journal.Add "KEEPTTL"

    Outcome.Rewritten

let private logDelete (call: Call) (key: ReadOnlySpan<byte>) =
    call.Journal.Begin 2
    call.Journal.Add "DEL"
    call.Journal.Add key
    Outcome.Rewritten

let private tooLong (call: Call) (length: int64) =
    length > call.Limits.StringLengthMax || length > int64 Bytes.lengthMax

/// The whole number that a string holds; 0 for a missing key. Writes the error if it holds none.
let private readNumber (call: Call) (key: ReadOnlySpan<byte>) (entry: byref<Entry>) (number: byref<int64>) : bool =
    match call.FindString(key, &entry) with
    | Lookup.Missing ->
        number <- 0L
        true
    | Lookup.Found ->
        let valid = Numbers.tryParseInt64 (entry.Value, &number)

        if not valid then
            call.Reply.Error Errors.notInteger

        valid
    | _ -> false

/// The part of a string between two inclusive indexes, counted from the end if negative; false if it is empty.
let private tryRange (length: int64) (first: byref<int64>) (last: byref<int64>) : bool =
    if first < 0L && last < 0L && first > last then
        false
    else
        if first < 0L then
            first <- max 0L (length + first)

        if last < 0L then
            last <- max 0L (length + last)

        last <- min last (length - 1L)
        length > 0L && first <= last

// ---- reads

let get (call: Call) =
    let mutable entry = Entry()

    match call.ReadString(call.Take(), &entry) with
    | Lookup.Found -> call.Reply.Bulk entry.Value
    | Lookup.Missing -> call.Reply.Null()
    | _ -> ()

    Outcome.Unchanged

let mget (call: Call) =
    let mutable entry = Entry()
    let count = call.Remaining
    call.Reply.Array count

    for key in 0 .. count - 1 do
        call.FetchAhead(key, 1)

        if call.Read(call.Take(), &entry) && Kinds.isString entry.Kind then
            call.Reply.Bulk entry.Value
        else
            call.Reply.Null()

    Outcome.Unchanged

let strlen (call: Call) =
    let mutable entry = Entry()

    match call.ReadString(call.Take(), &entry) with
    | Lookup.Found -> call.Reply.Integer(int64 entry.Value.Length)
    | Lookup.Missing -> call.Reply.Integer 0L
    | _ -> ()

    Outcome.Unchanged

let getrange (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let mutable first = 0L
    let mutable last = 0L

    if call.TakeInteger &first && call.TakeInteger &last then
        match call.ReadString(key, &entry) with
        | Lookup.Found when tryRange (int64 entry.Value.Length) &first &last ->
            call.Reply.Bulk(entry.Value.Slice(int first, int (last - first + 1L)))
        | Lookup.WrongType -> ()
        | _ -> call.Reply.Bulk ReadOnlySpan<byte>.Empty

    Outcome.Unchanged

/// The old name of GETRANGE.
let substr call = getrange call

// ---- longest common subsequence

/// The lengths of the longest common subsequences of all prefixes of `a` and `b`, row by row.
let private lcsTable (a: ReadOnlySpan<byte>) (b: ReadOnlySpan<byte>) : int[] =
    let width = b.Length + 1
    let table = Array.zeroCreate ((a.Length + 1) * width)

    for i in 1 .. a.Length do
        for j in 1 .. b.Length do
            table[i * width + j] <-
                if a[i - 1] = b[j - 1] then
                    table[(i - 1) * width + j - 1] + 1
                else
                    max table[(i - 1) * width + j] table[i * width + j - 1]

    table

[<Struct>]
type private LcsOptions =
    {
        Length: bool
        Indexes: bool
        MatchMin: int64
        WithLengths: bool
    }

let private takeLcsOptions (call: Call) (options: byref<LcsOptions>) : bool =
    let mutable valid = true

    while valid && call.Remaining > 0 do
        if call.TakeWord "IDX" then
            options <- { options with Indexes = true }
        elif call.TakeWord "LEN" then
            options <- { options with Length = true }
        elif call.TakeWord "WITHMATCHLEN" then
            options <- { options with WithLengths = true }
        elif call.Remaining > 1 && call.TakeWord "MINMATCHLEN" then
            let mutable length = 0L
            valid <- call.TakeInteger &length

            options <-
                { options with
                    MatchMin = max 0L length
                }
        else
            valid <- false
            call.Reply.Error Errors.syntax

    if valid && options.Length && options.Indexes then
        valid <- false
        call.Reply.Error Errors.lcsLengthAndIndexes

    valid

/// Writes one run of matching bytes: its ranges in both strings, and its length if wanted.
let private writeLcsMatch (call: Call) (options: LcsOptions) (aFirst: int) (bFirst: int) (length: int) =
    let reply = call.Reply
    reply.Array(if options.WithLengths then 3 else 2)
    reply.Array 2
    reply.Integer(int64 aFirst)
    reply.Integer(int64 (aFirst + length - 1))
    reply.Array 2
    reply.Integer(int64 bFirst)
    reply.Integer(int64 (bFirst + length - 1))

    if options.WithLengths then
        reply.Integer(int64 length)

let private writeLcs (call: Call) (options: LcsOptions) (a: ReadOnlySpan<byte>) (b: ReadOnlySpan<byte>) =
    let table = lcsTable a b
    let width = b.Length + 1
    let total = table[table.Length - 1]

    if options.Length then
        call.Reply.Integer(int64 total)
    else
        let common: byte[] = Array.zeroCreate total
        let mutable i = a.Length
        let mutable j = b.Length
        let mutable left = total
        let mutable runLength = 0
        let mutable matches = 0

        if options.Indexes then
            call.Reply.Map 2
            call.Reply.BulkText "matches"

        let start = call.Reply.Length

        // From the ends of both strings back to their starts; a run is written when it ends.
        while i > 0 && j > 0 do
            if a[i - 1] = b[j - 1] then
                left <- left - 1
                common[left] <- a[i - 1]
                runLength <- runLength + 1
                i <- i - 1
                j <- j - 1
            else if table[(i - 1) * width + j] > table[i * width + j - 1] then
                i <- i - 1
            else
                j <- j - 1

            let runEnds = i = 0 || j = 0 || a[i - 1] <> b[j - 1]

            if runLength > 0 && runEnds then
                if options.Indexes && int64 runLength >= options.MatchMin then
                    writeLcsMatch call options i j runLength
                    matches <- matches + 1

                runLength <- 0

        if options.Indexes then
            call.Reply.InsertArray(start, matches)
            call.Reply.BulkText "len"
            call.Reply.Integer(int64 total)
        else
            call.Reply.Bulk(ReadOnlySpan<byte> common)

let lcs (call: Call) =
    let mutable first = Entry()
    let mutable second = Entry()
    let a = call.Take()
    let b = call.Take()

    let mutable options =
        {
            Length = false
            Indexes = false
            MatchMin = 0L
            WithLengths = false
        }

    // A key that is due goes when it is looked up, and that may move the other: at the second look neither is due.
    call.Locate(b, &second) |> ignore
    let hasFirst = call.Read(a, &first)
    let hasSecond = call.Read(b, &second)

    if
        (hasFirst && not (Kinds.isString first.Kind))
        || (hasSecond && not (Kinds.isString second.Kind))
    then
        call.Fail Errors.lcsNotStrings
    elif not (takeLcsOptions call &options) then
        Outcome.Unchanged
    else
        let empty = ReadOnlySpan<byte>.Empty
        let aValue = if hasFirst then first.Value else empty
        let bValue = if hasSecond then second.Value else empty
        let cells = int64 (aValue.Length + 1) * int64 (bValue.Length + 1)

        if cells * 4L > min call.Limits.StringLengthMax (int64 Bytes.lengthMax) then
            call.Fail Errors.lcsTooLong
        else
            writeLcs call options aValue bValue
            Outcome.Unchanged

// ---- SET and its kin

type private Condition =
    | Always = 0
    | IfMissing = 1
    | IfExists = 2
    | IfEqual = 3

let set (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let value = call.Take()
    let mutable condition = Condition.Always
    let mutable comparison = ReadOnlySpan<byte>.Empty
    let mutable returnsOld = false
    let mutable keepsTtl = false
    let mutable hasTime = false
    let mutable unit = Deadlines.seconds
    let mutable time = ReadOnlySpan<byte>.Empty
    let mutable valid = true

    while valid && call.Remaining > 0 do
        if condition = Condition.Always && call.TakeWord "NX" then
            condition <- Condition.IfMissing
        elif condition = Condition.Always && call.TakeWord "XX" then
            condition <- Condition.IfExists
        elif condition = Condition.IfMissing && call.TakeWord "NX" then
            ()
        elif condition = Condition.IfExists && call.TakeWord "XX" then
            ()
        elif condition = Condition.Always && call.Remaining > 1 && call.TakeWord "IFEQ" then
            condition <- Condition.IfEqual
            comparison <- call.Take()
        elif call.TakeWord "GET" then
            returnsOld <- true
        elif not hasTime && call.TakeWord "KEEPTTL" then
            keepsTtl <- true
        elif not keepsTtl && call.Remaining > 1 && Deadlines.takeUnit call hasTime &unit then
            hasTime <- true
            time <- call.Take()
        else
            valid <- false

    let mutable deadline = Page.NoDeadline

    if not valid then
        call.Fail Errors.syntax
    elif hasTime && not (Deadlines.ofOption call unit time "set" &deadline) then
        Outcome.Unchanged
    else
        let found =
            if returnsOld then
                call.Read(key, &entry)
            else
                call.Find(key, &entry)

        let isString = found && Kinds.isString entry.Kind

        if found && not isString && (returnsOld || condition = Condition.IfEqual) then
            call.Fail Errors.wrongType
        else
            let holds =
                match condition with
                | Condition.IfMissing -> not found
                | Condition.IfExists -> found
                | Condition.IfEqual -> isString && entry.Value.SequenceEqual comparison
                | _ -> true

            if returnsOld && isString then call.Reply.Bulk entry.Value
            elif returnsOld || not holds then call.Reply.Null()
            else call.Reply.Ok()

            if not holds then
                Outcome.Unchanged
            else
                let kept = if keepsTtl && found then entry.Deadline else deadline
                call.Store(&entry, key, Kind.String, value, kept)
                call.Changed(EventClass.String, "set", key)

                if hasTime then
                    call.Notify(EventClass.Generic, "expire", key)

                if call.Args.Count = 3 then
                    Outcome.AsReceived
                else
                    logSet call key value deadline keepsTtl

let private setWithTime (unit: TimeUnit) (name: string) (call: Call) =
    let mutable entry = Entry()
    let mutable deadline = 0L
    let key = call.Take()
    let time = call.Take()

    if not (Deadlines.ofOption call unit time name &deadline) then
        Outcome.Unchanged
    else
        let value = call.Take()
        call.Find(key, &entry) |> ignore
        call.Store(&entry, key, Kind.String, value, deadline)
        call.Changed(EventClass.String, "set", key)
        call.Notify(EventClass.Generic, "expire", key)
        call.Reply.Ok()
        logSet call key value deadline false

let setex call =
    setWithTime Deadlines.seconds "setex" call

let psetex call =
    setWithTime Deadlines.milliseconds "psetex" call

let setnx (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()

    if call.Find(key, &entry) then
        call.Reply.Integer 0L
        Outcome.Unchanged
    else
        call.Store(&entry, key, Kind.String, call.Take(), Page.NoDeadline)
        call.Changed(EventClass.String, "set", key)
        call.Reply.Integer 1L
        Outcome.AsReceived

let getset (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let value = call.Take()

    match call.ReadString(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | found ->
        if found = Lookup.Found then
            call.Reply.Bulk entry.Value
        else
            call.Reply.Null()

        call.Store(&entry, key, Kind.String, value, Page.NoDeadline)
        call.Changed(EventClass.String, "set", key)
        logSet call key value Page.NoDeadline false

let getdel (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()

    match call.ReadString(key, &entry) with
    | Lookup.Found ->
        call.Reply.Bulk entry.Value
        call.Table.Remove &entry
        call.Changed(EventClass.Generic, "del", key)
        logDelete call key
    | Lookup.Missing ->
        call.Reply.Null()
        Outcome.Unchanged
    | _ -> Outcome.Unchanged

let delifeq (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()

    match call.FindString(key, &entry) with
    | Lookup.Found when entry.Value.SequenceEqual(call.Take()) ->
        call.Table.Remove &entry
        call.Changed(EventClass.Generic, "del", key)
        call.Reply.Integer 1L
        logDelete call key
    | Lookup.WrongType -> Outcome.Unchanged
    | _ ->
        call.Reply.Integer 0L
        Outcome.Unchanged

let getex (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let mutable persists = false
    let mutable hasTime = false
    let mutable unit = Deadlines.seconds
    let mutable time = ReadOnlySpan<byte>.Empty
    let mutable valid = true

    while valid && call.Remaining > 0 do
        if not hasTime && call.TakeWord "PERSIST" then
            persists <- true
        elif not persists && call.Remaining > 1 && Deadlines.takeUnit call hasTime &unit then
            hasTime <- true
            time <- call.Take()
        else
            valid <- false

    let mutable deadline = Page.NoDeadline

    if not valid then
        call.Fail Errors.syntax
    else
        match call.ReadString(key, &entry) with
        | Lookup.Missing ->
            call.Reply.Null()
            Outcome.Unchanged
        | Lookup.WrongType -> Outcome.Unchanged
        | _ when hasTime && not (Deadlines.ofOption call unit time "getex" &deadline) -> Outcome.Unchanged
        | _ ->
            call.Reply.Bulk entry.Value

            if hasTime && deadline <= call.Now && not call.Loading then
                call.Table.Remove &entry
                call.Changed(EventClass.Generic, "del", key)
                logDelete call key
            elif hasTime then
                call.Table.SetDeadline(&entry, deadline)
                call.Changed(EventClass.Generic, "expire", key)
                call.Journal.Begin 3
                call.Journal.Add "PEXPIREAT"
                call.Journal.Add key
                call.Journal.Add deadline
                Outcome.Rewritten
            elif persists && entry.Deadline <> Page.NoDeadline then
                call.Table.SetDeadline(&entry, Page.NoDeadline)
                call.Changed(EventClass.Generic, "persist", key)
                call.Journal.Begin 2
                call.Journal.Add "PERSIST"
                call.Journal.Add key
                Outcome.Rewritten
            else
                Outcome.Unchanged

// ---- several keys at once

/// Stores all pairs from the cursor on.
let private setPairs (call: Call) (pairs: int) (deadline: int64) (keepsTtl: bool) =
    let mutable entry = Entry()

    for pair in 0 .. pairs - 1 do
        call.FetchAhead(pair, 2)
        let key = call.Take()
        let found = call.Find(key, &entry)
        let kept = if keepsTtl && found then entry.Deadline else deadline
        call.Store(&entry, key, Kind.String, call.Take(), kept)
        call.Changed(EventClass.String, "set", key)

/// How many of the keys from the cursor on exist, with a value after each; the cursor stays.
let private countExisting (call: Call) (pairs: int) =
    let mutable entry = Entry()
    let mutable existing = 0

    for pair in 0 .. pairs - 1 do
        if call.Find(call.Ahead(2 * pair), &entry) then
            existing <- existing + 1

    existing

let mset (call: Call) =
    if call.Remaining % 2 <> 0 then
        call.Fail(Errors.wrongArity "mset")
    else
        setPairs call (call.Remaining / 2) Page.NoDeadline false
        call.Reply.Ok()
        Outcome.AsReceived

let msetnx (call: Call) =
    let pairs = call.Remaining / 2

    if call.Remaining % 2 <> 0 then
        call.Fail(Errors.wrongArity "msetnx")
    elif countExisting call pairs > 0 then
        call.Reply.Integer 0L
        Outcome.Unchanged
    else
        setPairs call pairs Page.NoDeadline false
        call.Reply.Integer 1L
        Outcome.AsReceived

let msetex (call: Call) =
    let mutable numkeys = 0L

    if
        not (Numbers.tryParseInt64 (call.Take(), &numkeys))
        || numkeys <= 0L
        || numkeys > int64 Int32.MaxValue
    then
        call.Fail Errors.invalidNumkeys
    elif numkeys * 2L > int64 call.Remaining then
        call.Fail(Errors.wrongArity "msetex")
    else
        let pairs = int numkeys
        let mutable condition = Condition.Always
        let mutable keepsTtl = false
        let mutable hasTime = false
        let mutable unit = Deadlines.seconds
        let mutable time = ReadOnlySpan<byte>.Empty
        let mutable valid = true
        call.Skip(2 * pairs)

        while valid && call.Remaining > 0 do
            if condition = Condition.Always && call.TakeWord "NX" then
                condition <- Condition.IfMissing
            elif condition = Condition.Always && call.TakeWord "XX" then
                condition <- Condition.IfExists
            elif not hasTime && not keepsTtl && call.TakeWord "KEEPTTL" then
                keepsTtl <- true
            elif not keepsTtl && call.Remaining > 1 && Deadlines.takeUnit call hasTime &unit then
                hasTime <- true
                time <- call.Take()
            else
                valid <- false

        let mutable deadline = Page.NoDeadline

        if not valid then
            call.Fail Errors.syntax
        elif hasTime && not (Deadlines.ofOption call unit time "msetex" &deadline) then
            Outcome.Unchanged
        else
            call.Rewind 1
            call.Skip 1
            let existing = countExisting call pairs

            if
                (condition = Condition.IfMissing && existing > 0)
                || (condition = Condition.IfExists && existing < pairs)
            then
                call.Reply.Integer 0L
                Outcome.Unchanged
            else
                setPairs call pairs deadline keepsTtl
                call.Reply.Integer 1L
                call.Rewind 1
                call.Skip 1

                // As SETs, which every version of Redis knows.
                for _ in 1..pairs do
                    let key = call.Take()
                    logSet call key (call.Take()) deadline keepsTtl |> ignore

                Outcome.Rewritten

// ---- edits

let append (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let suffix = call.Take()

    match call.FindString(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | Lookup.Missing ->
        call.Store(&entry, key, Kind.String, suffix, Page.NoDeadline)
        call.Changed(EventClass.String, "append", key)
        call.Reply.Integer(int64 suffix.Length)
        Outcome.AsReceived
    | _ ->
        let length = entry.Value.Length
        let total = int64 length + int64 suffix.Length

        if tooLong call total then
            call.Fail Errors.stringTooLong
        else
            suffix.CopyTo(call.EditString(&entry, key, int total).Slice length)
            call.Changed(EventClass.String, "append", key)
            call.Reply.Integer total
            Outcome.AsReceived

let setrange (call: Call) =
    let mutable entry = Entry()
    let mutable offset = 0L
    let key = call.Take()

    if not (call.TakeInteger &offset) then
        Outcome.Unchanged
    elif offset < 0L then
        call.Fail Errors.offsetOutOfRange
    else
        let part = call.Take()

        match call.FindString(key, &entry) with
        | Lookup.WrongType -> Outcome.Unchanged
        | found ->
            let length = if found = Lookup.Found then entry.Value.Length else 0

            if part.Length = 0 then
                call.Reply.Integer(int64 length)
                Outcome.Unchanged
            elif offset > int64 Bytes.lengthMax || tooLong call (offset + int64 part.Length) then
                call.Fail Errors.stringTooLong
            else
                let total = max length (int offset + part.Length)
                part.CopyTo(call.EditString(&entry, key, total).Slice(int offset))
                call.Changed(EventClass.String, "setrange", key)
                call.Reply.Integer(int64 total)
                Outcome.AsReceived

// ---- counters

let private storeNumber
    (call: Call)
    (entry: byref<Entry>)
    (key: ReadOnlySpan<byte>)
    (kind: Kind)
    (text: ReadOnlySpan<byte>)
    =
    let deadline = if entry.Exists then entry.Deadline else Page.NoDeadline
    call.Store(&entry, key, kind, text, deadline)

let private add (call: Call) (key: ReadOnlySpan<byte>) (increment: int64) =
    let mutable entry = Entry()
    let mutable number = 0L

    if not (readNumber call key &entry &number) then
        Outcome.Unchanged
    else
        let sum = number + increment

        // The sum has the sign that neither summand has.
        if (number ^^^ sum) &&& (increment ^^^ sum) < 0L then
            call.Fail Errors.overflow
        else
            storeNumber call &entry key Kind.String (call.TextOf sum)
            call.Changed(EventClass.String, "incrby", key)
            call.Reply.Integer sum
            Outcome.AsReceived

let incr (call: Call) = add call (call.Take()) 1L
let decr (call: Call) = add call (call.Take()) -1L

let incrby (call: Call) =
    let mutable increment = 0L
    let key = call.Take()

    if call.TakeInteger &increment then
        add call key increment
    else
        Outcome.Unchanged

let decrby (call: Call) =
    let mutable decrement = 0L
    let key = call.Take()

    if not (call.TakeInteger &decrement) then
        Outcome.Unchanged
    elif decrement = Int64.MinValue then
        call.Fail Errors.decrementOverflow
    else
        add call key -decrement

let incrbyfloat (call: Call) =
    let mutable entry = Entry()
    let mutable number = Extended.zero
    let mutable increment = Extended.zero
    let key = call.Take()

    match call.FindString(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | found when
        (found = Lookup.Found && not (Extended.tryParse (entry.Value, &number)))
        || not (Extended.tryParse (call.Take(), &increment))
        ->
        call.Fail Errors.notFloat
    | _ ->
        let sum = Extended.add number increment

        if Extended.isNaN sum || Extended.isInfinite sum then
            call.Fail Errors.notFinite
        else
            let text = call.TextOf sum
            storeNumber call &entry key Kind.TextString text
            call.Changed(EventClass.String, "incrbyfloat", key)
            call.Reply.Bulk text
            logSet call key text Page.NoDeadline true

// ---- rows

open Rows

/// SET reads its key only with GET.
let private setKeyFlags (arguments: Arguments) : KeyFlags =
    let mutable readsOld = false

    for i in 3 .. arguments.Count - 1 do
        readsOld <- readsOld || Bytes.isWord "GET" arguments[i]

    if readsOld then readsAndUpdates else overwrites

let rows: Row<Handler> list =
    family
        Group.String
        [
            command
                "APPEND key value"
                [ Write; DenyOom; Fast ]
                (since "2.0.0")
                "Adds bytes to the end of a string."
                append
            |> keys [ inserts ]
            command "DECR key" [ Write; DenyOom; Fast ] (since "1.0.0") "Takes one from a whole number." decr
            |> keys [ readsAndUpdates ]
            command
                "DECRBY key decrement"
                [ Write; DenyOom; Fast ]
                (since "1.0.0")
                "Takes an amount from a whole number."
                decrby
            |> keys [ readsAndUpdates ]
            command
                "DELIFEQ key comparison-value"
                [ Write; Fast ]
                (since "9.0.0")
                "Removes a string if it has the given value."
                delifeq
            |> keys [ takes ]
            command "GET key" [ ReadOnly; Fast ] (since "1.0.0") "Returns a string." get
            command "GETDEL key" [ Write; Fast ] (since "6.2.0") "Returns a string and removes it." getdel
            |> keys [ takes ]
            command
                "GETEX key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]"
                [ Write; Fast ]
                (since "6.2.0")
                "Returns a string and changes when it expires."
                getex
            |> keys [ readsAndUpdates ]
            command "GETRANGE key start end" [ ReadOnly ] (since "2.4.0") "Returns a part of a string." getrange
            |> complexity "O(N), N being the bytes returned"
            command
                "GETSET key value"
                [ Write; DenyOom; Fast ]
                (since "1.0.0")
                "Sets a string and returns the one before."
                getset
            |> keys [ readsAndUpdates ]
            |> deprecated "6.2.0" "`SET` with `GET`"
            command "INCR key" [ Write; DenyOom; Fast ] (since "1.0.0") "Adds one to a whole number." incr
            |> keys [ readsAndUpdates ]
            command
                "INCRBY key increment"
                [ Write; DenyOom; Fast ]
                (since "1.0.0")
                "Adds an amount to a whole number."
                incrby
            |> keys [ readsAndUpdates ]
            command
                "INCRBYFLOAT key increment:double"
                [ Write; DenyOom; Fast ]
                (since "2.6.0")
                "Adds an amount to a decimal number."
                incrbyfloat
            |> keys [ readsAndUpdates ]
            command
                "LCS key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]"
                [ ReadOnly ]
                (since "7.0.0")
                "Finds the longest common subsequence of two strings."
                lcs
            |> complexity "O(N*M), N and M being the lengths of the strings"
            command "MGET key [key ...]" [ ReadOnly; Fast ] (since "1.0.0") "Returns several strings." mget
            |> complexity "O(N), N being the number of keys"
            |> tips [ "request_policy:multi_shard" ]
            command
                "MSET key value [key value ...]"
                [ Write; DenyOom ]
                (since "1.0.1")
                "Sets several strings at once."
                mset
            |> complexity "O(N), N being the number of keys"
            |> keys [ overwrites ]
            |> tips [ "request_policy:multi_shard"; "response_policy:all_succeeded" ]
            command
                "MSETEX numkeys key value [key value ...] [NX | XX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]"
                [ Write; DenyOom ]
                (since "8.4.0")
                "Sets several strings at once, under one condition and with one expiry."
                msetex
            |> complexity "O(N), N being the number of keys"
            |> keys [ overwrites ]
            command
                "MSETNX key value [key value ...]"
                [ Write; DenyOom ]
                (since "1.0.1")
                "Sets several strings at once if none of the keys exists."
                msetnx
            |> complexity "O(N), N being the number of keys"
            |> keys [ creates ]
            |> tips [ "request_policy:multi_shard"; "response_policy:agg_min" ]
            command
                "PSETEX key milliseconds value"
                [ Write; DenyOom ]
                (since "2.6.0")
                "Sets a string that expires after some milliseconds."
                psetex
            |> keys [ overwrites ]
            command
                "SET key value [NX | XX | IFEQ comparison-value] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]"
                [ Write; DenyOom ]
                (since "1.0.0")
                "Sets a string."
                set
            |> keys [ readsAndUpdates ||| KeyFlags.VariableFlags ]
            |> variableFlags setKeyFlags
            |> history "2.6.12" "Conditions and expiry: `NX`, `XX`, `EX`, `PX`."
            |> history "6.0.0" "`KEEPTTL`."
            |> history "6.2.0" "`GET`, `EXAT`, `PXAT`."
            |> history "7.0.0" "NX and GET go together."
            |> history "8.1.0" "`IFEQ`."
            command
                "SETEX key seconds value"
                [ Write; DenyOom ]
                (since "2.0.0")
                "Sets a string that expires after some seconds."
                setex
            |> keys [ overwrites ]
            command
                "SETNX key value"
                [ Write; DenyOom; Fast ]
                (since "1.0.0")
                "Sets a string if the key does not exist."
                setnx
            |> keys [ creates ]
            command
                "SETRANGE key offset value"
                [ Write; DenyOom ]
                (since "2.2.0")
                "Overwrites a part of a string."
                setrange
            |> complexity "O(N), N being the bytes written, and zeros before them"
            command "STRLEN key" [ ReadOnly; Fast ] (since "2.2.0") "Returns the length of a string in bytes." strlen
            |> keys [ inspects ]
            command "SUBSTR key start end" [ ReadOnly ] (since "1.0.0") "Returns a part of a string." substr
            |> complexity "O(N), N being the bytes returned"
            |> deprecated "2.0.0" "`GETRANGE`"
        ]
