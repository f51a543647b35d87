/// XREAD and XREADGROUP, which can wait: https://redis.io/docs/latest/commands/xreadgroup/
///
/// Both go over their streams twice: first to see what is wrong, and which streams have something to give; then to give
/// it. XREAD waits for entries behind an id. Where that is given as `$`, the last id there is, the command waits with
/// that id in its place, since by the time when it is evaluated again `$` would be another.
module RedisClone.Protocol.StreamReadCommands

open System

/// What was asked for, besides the streams.
[<Struct; NoEquality; NoComparison>]
type private Request =
    {
        /// At most so many entries of each stream; 0 for all.
        mutable Count: int64
        mutable IsBlocking: bool
        mutable BlockMs: int64
        /// The index of the argument that names the group; 0 without one.
        mutable Group: int
        mutable NoAck: bool
        /// The index of the first key, and how many keys there are.
        mutable First: int
        mutable Streams: int
    }

let private isChar (text: ReadOnlySpan<byte>) (wanted: char) =
    text.Length = 1 && text[0] = byte wanted

// ---- options

let private takeBlock (call: Call) (request: byref<Request>) : bool =
    let mutable ms = 0L

    if not (call.TakeInteger(&ms, Errors.timeoutNotInteger)) then
        false
    elif ms < 0L then
        call.Reply.Error Errors.timeoutNegative
        false
    else
        request.IsBlocking <- true
        request.BlockMs <- ms
        true

/// Takes all arguments up to the streams; false with the error written.
let private takeOptions (call: Call) (isGroup: bool) (request: byref<Request>) : bool =
    let mutable valid = true

    while valid && request.First = 0 do
        if call.Remaining > 1 && call.TakeWord "COUNT" then
            let mutable count = 0L
            valid <- call.TakeInteger &count
            request.Count <- max 0L count
        elif call.Remaining > 1 && call.TakeWord "BLOCK" then
            valid <- takeBlock call &request
        elif call.Remaining > 1 && call.TakeWord "STREAMS" then
            request.First <- call.Position
            request.Streams <- call.Remaining / 2

            if call.Remaining % 2 <> 0 then
                call.Reply.Error Errors.unbalancedStreams
                valid <- false
        elif call.Remaining > 2 && call.TakeWord "GROUP" then
            request.Group <- call.Position
            call.Skip 2

            if not isGroup then
                call.Reply.Error Errors.groupOutsideXreadgroup
                valid <- false
        elif call.TakeWord "NOACK" then
            request.NoAck <- true

            if not isGroup then
                call.Reply.Error Errors.noackOutsideXreadgroup
                valid <- false
        else
            call.Reply.Error Errors.syntax
            valid <- false

    if valid && isGroup && request.Group = 0 then
        call.Reply.Error Errors.groupMissing
        valid <- false

    valid

/// Begins the entries of one stream.
let private beginStream (call: Call) (key: ReadOnlySpan<byte>) =
    if call.Reply.Protocol < 3 then
        call.Reply.Array 2

    call.Reply.Bulk key

let private beginStreams (call: Call) (streams: int) =
    if call.Reply.Protocol < 3 then
        call.Reply.Array streams
    else
        call.Reply.Map streams

let private hasBehind (stream: StreamData) (id: StreamId) =
    stream.Length > 0
    && StreamIds.less id stream.LastId
    && StreamIds.less id (StreamValue.lastEntryId stream)

/// Has the command wait until `deadline`, with its arguments or others.
let private wait (call: Call) (request: byref<Request>) (arguments: Arguments) =
    let outcome =
        call.WaitFor(request.First, request.Streams, call.DeadlineIn request.BlockMs)

    if not (isNull call.Waiting) then
        call.Waiting.Arguments <- arguments

    outcome

let private nothing: Request =
    {
        Count = 0L
        IsBlocking = false
        BlockMs = 0L
        Group = 0
        NoAck = false
        First = 0
        Streams = 0
    }

// ---- XREAD

/// The id behind which a stream is to be read; the lookup says whether there is a stream. `isNamed` tells whether it was
/// named by a sign that stands for what is there now. A wrong id, or another type of value, is `WrongType` with the
/// error written; not for a key that the command has waited for.
let private resolve
    (call: Call)
    (request: byref<Request>)
    (index: int)
    (entry: byref<Entry>)
    (id: byref<StreamId>)
    (isNamed: byref<bool>)
    =
    let key = call.Args[request.First + index]
    let text = call.Args[request.First + request.Streams + index]
    let isLast = isChar text '$'
    let isTop = isChar text '+'
    isNamed <- isLast || isTop

    let lookup =
        if isNull call.ReadyKey then
            call.ReadStream(key, &entry)
        elif call.Peek(key, &entry) && Kinds.isStream entry.Kind then
            Lookup.Found
        else
            // Whoever waits goes on waiting while the key has another type.
            Lookup.Missing

    if lookup = Lookup.WrongType then
        lookup
    elif isChar text '>' then
        call.Reply.Error Errors.newIdOutsideXreadgroup
        Lookup.WrongType
    elif not isNamed then
        if StreamOptions.parseId call text 0UL &id then
            lookup
        else
            Lookup.WrongType
    else
        id <- StreamIds.min

        if lookup = Lookup.Found then
            let stream = StreamValue.dataOf &entry
            let top = StreamValue.lastEntryId stream

            id <-
                if isTop && not top.IsZero then
                    StreamIds.previous top
                else
                    stream.LastId

        lookup

/// The arguments with an id in the place of each sign that stands for what is there now.
let private resolved (call: Call) (request: byref<Request>) : Arguments =
    let mutable entry = Entry()
    let mutable id = StreamIds.min
    let mutable isNamed = false
    let mutable anyNamed = false
    let parts = Array.init call.Args.Count (fun _ -> null)

    for i in 0 .. parts.Length - 1 do
        parts[i] <- call.Args[i].ToArray()

    for index in 0 .. request.Streams - 1 do
        resolve call &request index &entry &id &isNamed |> ignore

        if isNamed then
            anyNamed <- true
            parts[request.First + request.Streams + index] <- (StreamIds.textInto call.NumberText id).ToArray()

    if anyNamed then Arguments.OfArrays parts else null

let private writeBehind (call: Call) (stream: StreamData) (id: StreamId) (count: int64) =
    let reply = call.Reply
    let position = reply.Length
    let mutable cursor = StreamCursor(stream, StreamIds.next id, StreamIds.max, false)
    let mutable found = 0

    while (count = 0L || int64 found < count) && not reply.IsOverflown && cursor.Next() do
        StreamOptions.writeEntry call &cursor
        found <- found + 1

    reply.InsertArray(position, found)

let xread (call: Call) =
    let mutable request = nothing
    let mutable entry = Entry()
    let mutable id = StreamIds.min
    let mutable isNamed = false

    if not (takeOptions call false &request) then
        Outcome.Unchanged
    else
        let mutable valid = true
        let mutable ready = 0
        let mutable index = 0

        while valid && index < request.Streams do
            match resolve call &request index &entry &id &isNamed with
            | Lookup.WrongType -> valid <- false
            | Lookup.Found when hasBehind (StreamValue.dataOf &entry) id -> ready <- ready + 1
            | _ -> ()

            index <- index + 1

        if valid && ready = 0 && call.Noticed <> EventClass.None then
            // Redis looks for each key again before it gives up, and tells of that.
            for index in 0 .. request.Streams - 1 do
                call.Peek(call.Args[request.First + index], &entry) |> ignore

        if not valid then
            Outcome.Unchanged
        elif ready > 0 then
            beginStreams call ready

            for index in 0 .. request.Streams - 1 do
                match resolve call &request index &entry &id &isNamed with
                | Lookup.Found when hasBehind (StreamValue.dataOf &entry) id ->
                    beginStream call call.Args[request.First + index]
                    writeBehind call (StreamValue.dataOf &entry) id request.Count
                | _ -> ()

            Outcome.Unchanged
        elif request.IsBlocking then
            wait call &request (if call.MayWait then resolved call &request else null)
        else
            call.Reply.NullArray()
            Outcome.Unchanged

// ---- XREADGROUP

/// Whether the id asks for what the group has not had: `>`, or the last id there is.
let private isNew (text: ReadOnlySpan<byte>) : bool =
    let mutable id = StreamIds.min
    isChar text '>' || (StreamIds.tryParse (text, 0UL, &id) && id.IsMax)

let private beginClaim
    (call: Call)
    (key: ReadOnlySpan<byte>)
    (group: StreamGroup)
    (consumer: ReadOnlySpan<byte>)
    (more: int)
    =
    let journal = call.Journal
    journal.Begin(5 + more)
    journal.Add "XCLAIM"
    journal.Add key
    journal.Add(ReadOnlySpan<byte> group.Name)
    journal.Add consumer
    journal.Add 0L

let private endClaim (call: Call) (deliveries: int64) =
    let journal = call.Journal
    journal.Add "TIME"
    journal.Add call.Now
    journal.Add "RETRYCOUNT"
    journal.Add deliveries
    journal.Add "FORCE"
    journal.Add "JUSTID"

/// Logs that entries were delivered for the first time, and how far the group is now.
let private logDelivered
    (call: Call)
    key
    (stream: StreamData)
    (group: StreamGroup)
    consumer
    (from: StreamId)
    count
    noAck
    =
    let journal = call.Journal

    if journal.Enabled then
        if not noAck then
            beginClaim call key group consumer (count + 6)
            let mutable cursor = StreamCursor(stream, from, StreamIds.max, false)
            let mutable left = count

            while left > 0 && cursor.Next() do
                StreamOptions.logId call cursor.Id
                left <- left - 1

            endClaim call 1L

        journal.Begin 7
        journal.Add "XGROUP"
        journal.Add "SETID"
        journal.Add key
        journal.Add(ReadOnlySpan<byte> group.Name)
        StreamOptions.logId call group.LastId
        journal.Add "ENTRIESREAD"
        journal.Add group.EntriesRead

/// Takes note that a group goes on to an entry.
let private advance (stream: StreamData) (group: StreamGroup) (id: StreamId) =
    if group.EntriesRead >= 0L && not (StreamValue.hasTombstonesFrom stream id) then
        group.EntriesRead <- group.EntriesRead + 1L
    elif stream.EntriesAdded > 0L then
        group.EntriesRead <- StreamValue.entriesUpTo stream id

    group.LastId <- id

/// Delivers to a consumer what the group has not had yet; how many entries.
let private deliver
    (call: Call)
    key
    (stream: StreamData)
    (group: StreamGroup)
    (slot: int)
    (request: byref<Request>)
    : int =
    let reply = call.Reply
    let position = reply.Length
    let from = StreamIds.next group.LastId
    let mutable cursor = StreamCursor(stream, from, StreamIds.max, false)
    let mutable found = 0

    while (request.Count = 0L || int64 found < request.Count) && cursor.Next() do
        let id = cursor.Id
        StreamOptions.writeEntry call &cursor
        found <- found + 1
        advance stream group id

        if not request.NoAck then
            let delivered: PendingEntry =
                {
                    Id = id
                    Consumer = slot
                    DeliveryTime = call.Now
                    DeliveryCount = 1L
                }

            let mutable index = 0

            // It may be pending still, if the group was set back.
            if group.FindPending(id, &index) then
                group.SetPending(index, delivered)
            else
                group.AddPending delivered

    reply.InsertArray(position, found)

    if found > 0 then
        logDelivered call key stream group call.Args[request.Group + 1] from found request.NoAck

    found

/// Delivers again what is pending for a consumer, from behind an id on; how many entries changed.
let private deliverAgain
    (call: Call)
    key
    (stream: StreamData)
    (group: StreamGroup)
    (slot: int)
    (id: StreamId)
    (count: int64)
    =
    let reply = call.Reply
    let position = reply.Length
    let pending = group.Consumer(slot).Pending
    let mutable written = 0
    let mutable changed = 0

    if not (isNull pending) then
        let mutable index = group.PendingBeforeOf(slot, StreamIds.next id)

        while (count = 0L || int64 written < count) && index < pending.Count do
            let next = StreamIds.readKey (pending.Item index)
            index <- index + 1
            written <- written + 1

            if StreamOptions.tryWriteEntry call stream next then
                let mutable at = 0

                if group.FindPending(next, &at) then
                    let before = group.PendingAt at

                    let after =
                        { before with
                            DeliveryTime = call.Now
                            DeliveryCount = before.DeliveryCount + 1L
                        }

                    group.SetPending(at, after)
                    changed <- changed + 1
                    beginClaim call key group (ReadOnlySpan<byte> (group.Consumer slot).Name) 7
                    StreamOptions.logId call next
                    endClaim call after.DeliveryCount
            else
                reply.Array 2
                StreamOptions.writeId call next
                reply.NullArray()

    reply.InsertArray(position, written)
    changed

/// Whether a stream and its group are there and the id makes sense; false with the error written.
let private check (call: Call) (request: byref<Request>) (index: int) : bool =
    let mutable entry = Entry()
    let mutable id = StreamIds.min
    let key = call.Args[request.First + index]
    let text = call.Args[request.First + request.Streams + index]
    let name = call.Args[request.Group]

    match call.ReadStream(key, &entry) with
    | Lookup.WrongType -> false
    | lookup ->
        let rank =
            if lookup = Lookup.Found then
                (StreamValue.dataOf &entry).FindGroup name
            else
                -1

        if rank < 0 then
            call.Reply.Error(Errors.noGroupToRead (key, name))
            false
        elif isChar text '$' then
            call.Reply.Error Errors.lastIdInXreadgroup
            false
        else
            isNew text || StreamOptions.parseId call text 0UL &id

/// The consumer that asks; made if it is not there.
let private consumerOf (call: Call) (request: byref<Request>) key (group: StreamGroup) (changes: byref<bool>) : int =
    let name = call.Args[request.Group + 1]
    let found = group.FindConsumer name

    if found >= 0 then
        (group.OwnConsumer found).SeenTime <- call.Now
        found
    else
        changes <- true
        StreamOptions.makeConsumer call key group name

/// Gives what one stream has, if anything, and then adds one to `given`; whether anything changed.
let private give (call: Call) (request: byref<Request>) (index: int) (given: byref<int>) : bool =
    let mutable entry = Entry()
    let mutable id = StreamIds.min
    let mutable changes = false
    let key = call.Args[request.First + index]
    let text = call.Args[request.First + request.Streams + index]
    call.Find(key, &entry) |> ignore
    let stream = StreamValue.own call &entry
    let group = stream.OwnGroup(stream.FindGroup call.Args[request.Group])
    let slot = consumerOf call &request key group &changes

    if isNew text then
        // A stream that is named twice has nothing new the second time.
        if hasBehind stream group.LastId then
            given <- given + 1
            beginStream call key
            (group.OwnConsumer slot).ActiveTime <- call.Now
            deliver call key stream group slot &request |> ignore
            call.Changes <- call.Changes + 1L
            changes <- true
    else
        StreamIds.tryParse (text, 0UL, &id) |> ignore
        given <- given + 1
        beginStream call key
        (group.OwnConsumer slot).ActiveTime <- call.Now

        if deliverAgain call key stream group slot id request.Count > 0 then
            call.Changes <- call.Changes + 1L
            changes <- true

    changes

let xreadgroup (call: Call) =
    let mutable request = nothing

    if not (takeOptions call true &request) then
        Outcome.Unchanged
    else
        let mutable valid = true
        let mutable index = 0

        while valid && index < request.Streams do
            valid <- check call &request index
            index <- index + 1

        if not valid then
            Outcome.Unchanged
        else
            let position = call.Reply.Length
            let mutable given = 0
            let mutable changes = false

            for index in 0 .. request.Streams - 1 do
                let changed = give call &request index &given
                changes <- changes || changed

            if given > 0 then
                call.Reply.InsertPairs(position, given)
            elif request.IsBlocking then
                wait call &request null |> ignore
            else
                call.Reply.NullArray()

            if changes then Outcome.Rewritten else Outcome.Unchanged

// ---- rows

open Rows

/// The keys, where the handler finds them: options have values that may look like the word before the keys.
let private findStreams (flags: KeyFlags) (arguments: Arguments) (found: KeyPositions) : bool =
    let mutable first = 0
    let mutable i = 1

    while first = 0 && i < arguments.Count do
        let argument = arguments[i]

        if Bytes.isWord "STREAMS" argument then
            first <- i + 1
        elif Bytes.isWord "GROUP" argument then
            i <- i + 3
        elif Bytes.isWord "COUNT" argument || Bytes.isWord "BLOCK" argument then
            i <- i + 2
        else
            i <- i + 1

    // An id that is missing is told of by the handler.
    let keys = if first = 0 then 0 else (arguments.Count - first) / 2

    for key in first .. first + keys - 1 do
        found.Add(key, flags)

    keys > 0

let rows: Row<Handler> list =
    family
        Group.Stream
        [
            command
                "XREAD [COUNT count] [BLOCK milliseconds] STREAMS <streams: key [key ...] id [id ...]>"
                [ ReadOnly; Blocking ]
                (since "5.0.0")
                "Returns the entries of streams behind some ids, and waits for them if it must."
                xread
            |> findKeys (findStreams reads)
            |> complexity "O(N), N being the number of entries returned"
            command
                "XREADGROUP <GROUP group consumer> [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS <streams: key [key ...] id [id ...]>"
                [ Write; Blocking ]
                (since "5.0.0")
                "Returns entries that a group has not read yet, or those that are pending for a consumer."
                xreadgroup
            |> keys [ reads ]
            |> findKeys (findStreams reads)
            |> complexity "O(N), N being the number of entries returned"
        ]
