/// The commands on the entries of streams: https://redis.io/docs/latest/commands/?group=stream
module RedisClone.Protocol.StreamCommands

open System

// ---- reads

let xlen (call: Call) =
    let mutable entry = Entry()

    match call.ReadStream(call.Take(), &entry) with
    | Lookup.WrongType -> ()
    | Lookup.Missing -> call.Reply.Integer 0L
    | _ -> call.Reply.Integer(int64 (StreamValue.dataOf &entry).Length)

    Outcome.Unchanged

/// XRANGE and XREVRANGE.
let private range (call: Call) (isReverse: bool) =
    let mutable entry = Entry()
    let mutable from = StreamIds.min
    let mutable until = StreamIds.min
    let mutable count = -1L
    let key = call.Take()
    let first = call.Take()
    let second = call.Take()

    let mutable valid =
        if isReverse then
            StreamOptions.parseRange call second first &from &until
        else
            StreamOptions.parseRange call first second &from &until

    while valid && call.Remaining > 0 do
        if call.Remaining > 1 && call.TakeWord "COUNT" then
            valid <- call.TakeInteger &count
            count <- max 0L count
        else
            call.Reply.Error Errors.syntax
            valid <- false

    if valid then
        match call.ReadStream(key, &entry) with
        | Lookup.WrongType -> ()
        | Lookup.Missing -> call.Reply.Array 0
        | _ when count = 0L -> call.Reply.NullArray()
        | _ ->
            let reply = call.Reply
            let position = reply.Length
            let mutable cursor = StreamCursor(StreamValue.dataOf &entry, from, until, isReverse)
            let mutable found = 0

            while (count < 0L || int64 found < count) && not reply.IsOverflown && cursor.Next() do
                StreamOptions.writeEntry call &cursor
                found <- found + 1

            reply.InsertArray(position, found)

    Outcome.Unchanged

let xrange (call: Call) = range call false
let xrevrange (call: Call) = range call true

// ---- writes

/// How the id of an entry to be added was given.
type private GivenId =
    | Whole = 0
    /// The number within the millisecond follows from what is there.
    | OpenNumber = 1
    /// So does the time, from the clock.
    | Open = 2

/// The id of an entry to be added; the least there is if there is none left.
let private chooseId (call: Call) (given: GivenId) (wanted: StreamId) (last: StreamId) : StreamId =
    let now = uint64 call.Now

    match given with
    | GivenId.Whole -> wanted
    | GivenId.Open when now > last.Ms -> StreamId(now, 0UL)
    | GivenId.Open -> StreamIds.next last
    | _ when wanted.Ms = last.Ms && last.Seq < UInt64.MaxValue -> StreamIds.next last
    | _ when wanted.Ms = last.Ms -> StreamIds.min
    | _ -> wanted

/// Logs an entry that was added, with its id, and what of the stream is left.
let private logAdded
    (call: Call)
    (key: ReadOnlySpan<byte>)
    (stream: StreamData)
    (id: StreamId)
    first
    pairs
    (trimmed: bool)
    =
    let journal = call.Journal

    if journal.Enabled then
        journal.Begin(3 + 2 * pairs + (if trimmed then 3 else 0))
        journal.Add "XADD"
        journal.Add key

        if trimmed then
            journal.Add "MAXLEN"
            journal.Add "="
            journal.Add(int64 stream.Length)

        StreamOptions.logId call id

        for i in 0 .. 2 * pairs - 1 do
            journal.Add call.Args[first + i]

let private add (call: Call) (key: ReadOnlySpan<byte>) (given: GivenId) wanted (options: byref<StreamTrimOptions>) =
    let mutable entry = Entry()
    let first = call.Position
    let pairs = call.Remaining / 2

    match call.FindStream(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | Lookup.Missing when options.MakesNoStream ->
        call.Reply.Null()
        Outcome.Unchanged
    | lookup ->
        let last =
            if lookup = Lookup.Found then
                (StreamValue.dataOf &entry).LastId
            else
                StreamIds.min

        let id = chooseId call given wanted last

        if last.IsMax then
            call.Fail Errors.streamExhausted
        elif not (StreamIds.less last id) then
            call.Fail Errors.streamIdTooSmall
        else
            let stream =
                if lookup = Lookup.Found then
                    StreamValue.own call &entry
                else
                    StreamValue.create call &entry key

            stream.Append(call.Limits, call.Scratch, id, call.Args, first, pairs)
            StreamOptions.writeId call id
            call.Changed(EventClass.Stream, "xadd", key)

            // Trimming that is told what becomes of references logs itself.
            let keeps = options.References = References.Keep

            if not keeps then
                logAdded call key stream id first pairs false

            let trimmed =
                if keeps then
                    StreamOptions.trim stream &options
                else
                    StreamReferences.trim call key stream &options

            if trimmed > 0L then
                call.Notify(EventClass.Stream, "xtrim", key)

            if given <> GivenId.Open && not options.IsApproximate && not options.HasReferences then
                Outcome.AsReceived
            else
                if keeps then
                    logAdded call key stream id first pairs (options.Trim <> StreamTrim.None)

                Outcome.Rewritten

let private noTrim: StreamTrimOptions =
    {
        Trim = StreamTrim.None
        MaxLength = 0L
        MinId = StreamIds.min
        IsApproximate = false
        Limit = 0L
        HasLimit = false
        MakesNoStream = false
        References = References.Keep
        HasReferences = false
    }

let xadd (call: Call) =
    let mutable options = noTrim
    let mutable id = StreamIds.min
    let mutable ms = 0UL
    let mutable given = GivenId.Whole
    let key = call.Take()

    if not (StreamOptions.takeTrim call true &options) then
        Outcome.Unchanged
    elif call.Remaining = 0 then
        call.Fail(Errors.wrongArity "xadd")
    else
        let text = call.Take()

        let valid =
            if text.Length = 1 && text[0] = '*'B then
                given <- GivenId.Open
                true
            elif StreamIds.tryParseOpen (text, &ms) then
                given <- GivenId.OpenNumber
                id <- StreamId(ms, 0UL)
                true
            else
                StreamOptions.parseId call text 0UL &id

        if not valid || not (StreamOptions.checkTrim call true &options) then
            Outcome.Unchanged
        elif call.Remaining = 0 || call.Remaining % 2 <> 0 then
            call.Fail(Errors.wrongArity "xadd")
        elif given = GivenId.Whole && id.IsZero then
            call.Fail Errors.streamIdZero
        else
            add call key given id &options

let xtrim (call: Call) =
    let mutable entry = Entry()
    let mutable options = noTrim
    let key = call.Take()

    if
        not (StreamOptions.takeTrim call false &options)
        || not (StreamOptions.checkTrim call false &options)
    then
        Outcome.Unchanged
    else
        match call.FindStream(key, &entry) with
        | Lookup.WrongType -> Outcome.Unchanged
        | Lookup.Missing ->
            call.Reply.Integer 0L
            Outcome.Unchanged
        | _ ->
            let stream = StreamValue.own call &entry
            let keeps = options.References = References.Keep

            let trimmed =
                if keeps then
                    StreamOptions.trim stream &options
                else
                    StreamReferences.trim call key stream &options

            call.Reply.Integer trimmed

            if trimmed = 0L then
                Outcome.Unchanged
            else
                call.Changed(EventClass.Stream, "xtrim", key)

                if not options.IsApproximate && not options.HasReferences then
                    Outcome.AsReceived
                else
                    if keeps then
                        StreamOptions.logLength call key stream

                    Outcome.Rewritten

/// Whether all arguments that are left are ids; else the error is written.
let areIds (call: Call) : bool =
    let mutable id = StreamIds.min
    let mutable valid = true
    let mutable ahead = 0

    while valid && ahead < call.Remaining do
        valid <- StreamOptions.parseId call (call.Ahead ahead) 0UL &id
        ahead <- ahead + 1

    valid

let xdel (call: Call) =
    let mutable entry = Entry()
    let mutable id = StreamIds.min
    let key = call.Take()

    match call.FindStream(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | Lookup.Missing ->
        call.Reply.Integer 0L
        Outcome.Unchanged
    | _ when not (areIds call) -> Outcome.Unchanged
    | _ ->
        let stream = StreamValue.own call &entry
        let mutable deleted = 0L

        while call.Remaining > 0 do
            StreamOptions.parseId call (call.Take()) 0UL &id |> ignore

            if stream.Delete id then
                deleted <- deleted + 1L

                if StreamIds.less stream.MaxDeletedId id then
                    stream.MaxDeletedId <- id

        call.Reply.Integer deleted

        if deleted = 0L then
            Outcome.Unchanged
        else
            call.Changed(EventClass.Stream, "xdel", key)
            Outcome.AsReceived

/// Takes the options of XSETID; -1 and the least id where they are missing. False with the error written.
let private takeCounters
    (call: Call)
    (id: StreamId)
    (added: byref<int64>)
    (maxDeleted: byref<StreamId>)
    (hasDeleted: byref<bool>)
    =
    let mutable valid = true

    while valid && call.Remaining > 0 do
        if call.Remaining > 1 && call.TakeWord "ENTRIESADDED" then
            valid <- call.TakeInteger &added

            if valid && added < 0L then
                call.Reply.Error Errors.entriesAddedNegative
                valid <- false
        elif call.Remaining > 1 && call.TakeWord "MAXDELETEDID" then
            valid <- StreamOptions.parseId call (call.Take()) 0UL &maxDeleted
            hasDeleted <- true

            if valid && StreamIds.less id maxDeleted then
                call.Reply.Error Errors.setIdBelowGivenDeleted
                valid <- false
        else
            call.Reply.Error Errors.syntax
            valid <- false

    valid

let xsetid (call: Call) =
    let mutable entry = Entry()
    let mutable id = StreamIds.min
    let mutable added = -1L
    let mutable maxDeleted = StreamIds.min
    let mutable hasDeleted = false
    let key = call.Take()

    if
        not (StreamOptions.parseId call (call.Take()) 0UL &id)
        || not (takeCounters call id &added &maxDeleted &hasDeleted)
    then
        Outcome.Unchanged
    else
        match call.FindStream(key, &entry) with
        | Lookup.WrongType -> Outcome.Unchanged
        | Lookup.Missing -> call.Fail Errors.noSuchKey
        | _ ->
            let found = StreamValue.dataOf &entry

            if found.Length > 0 && StreamIds.less id (StreamValue.lastEntryId found) then
                call.Fail Errors.setIdBelowTop
            elif found.Length > 0 && added >= 0L && added < int64 found.Length then
                call.Fail Errors.entriesAddedBelowLength
            else
                let stream = StreamValue.own call &entry
                stream.LastId <- id

                if added >= 0L then
                    stream.EntriesAdded <- added

                if hasDeleted && not maxDeleted.IsZero then
                    stream.MaxDeletedId <- maxDeleted

                call.Reply.Ok()
                call.ChangedQuietly(EventClass.Stream, "xsetid", key)
                Outcome.AsReceived

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Stream
        [
            command
                "XADD key [NOMKSTREAM] [condition: KEEPREF | DELREF | ACKED] [trim: <strategy: MAXLEN | MINID> [operator: equal: = | approximately: ~] threshold [LIMIT count]] <id_or_auto: auto_id: * | id> field value [field value ...]"
                [ Write; DenyOom; Fast ]
                (since "5.0.0")
                "Adds an entry to a stream."
                xadd
            |> complexity "O(1) for the entry, O(N) for trimming, N being the number of entries that go"
            |> history "6.2.0" "The option `NOMKSTREAM`, trimming by `MINID`, and the option `LIMIT`."
            |> history "7.0.0" "Ids of the form `<ms>-*`."
            |> history "8.2.0" "`KEEPREF`, `DELREF` and `ACKED`."
            |> tips [ nondeterministic ]
            command
                "XDEL key id [id ...]"
                [ Write; Fast ]
                (since "5.0.0")
                "Deletes entries of a stream by their ids."
                xdel
            |> keys [ deletes ]
            command "XLEN key" [ ReadOnly; Fast ] (since "5.0.0") "Returns the number of entries of a stream." xlen
            |> keys [ inspects ]
            command
                "XRANGE key start:string end:string [COUNT count]"
                [ ReadOnly ]
                (since "5.0.0")
                "Returns the entries of a stream between two ids."
                xrange
            |> complexity "O(N), N being the number of entries returned"
            |> history "6.2.0" "Ends that are left out."
            command
                "XREVRANGE key end:string start:string [COUNT count]"
                [ ReadOnly ]
                (since "5.0.0")
                "Returns the entries of a stream between two ids, the last one first."
                xrevrange
            |> complexity "O(N), N being the number of entries returned"
            |> history "6.2.0" "Ends that are left out."
            command
                "XSETID key last-id [ENTRIESADDED entries_added:integer] [MAXDELETEDID max_deleted_entry_id]"
                [ Write; DenyOom; Fast ]
                (since "5.0.0")
                "Sets the last id of a stream. For servers that copy one."
                xsetid
            |> history "7.0.0" "The options `ENTRIESADDED` and `MAXDELETEDID`."
            command
                "XTRIM key <trim: <strategy: MAXLEN | MINID> [operator: equal: = | approximately: ~] threshold [LIMIT count]> [condition: KEEPREF | DELREF | ACKED]"
                [ Write ]
                (since "5.0.0")
                "Deletes entries from the beginning of a stream."
                xtrim
            |> keys [ deletes ]
            |> complexity "O(N), N being the number of entries that go"
            |> history "6.2.0" "Trimming by `MINID`, and the option `LIMIT`."
            |> history "8.2.0" "`KEEPREF`, `DELREF` and `ACKED`."
            |> tips [ nondeterministic ]
        ]
