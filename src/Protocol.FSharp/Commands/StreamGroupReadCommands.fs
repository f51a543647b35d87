/// XREADGROUP: https://redis.io/docs/latest/commands/xreadgroup/
module RedisClone.Protocol.StreamGroupReadCommands

open System

/// Whether the id asks for what the group has not had: `>`, or the last id there is.
let private isNew (text: ReadOnlySpan<byte>) : bool =
    let mutable id = StreamIds.min

    StreamReading.isChar text '>'
    || (StreamIds.tryParse (text, 0UL, &id) && id.IsMax)

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
    (request: byref<StreamReading.Request>)
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
let private check (call: Call) (request: byref<StreamReading.Request>) (index: int) : bool =
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
        elif StreamReading.isChar text '$' then
            call.Reply.Error Errors.lastIdInXreadgroup
            false
        else
            isNew text || StreamOptions.parseId call text 0UL &id

/// Gives what one stream has, if anything, and then adds one to `given`; whether anything changed.
let private give (call: Call) (request: byref<StreamReading.Request>) (index: int) (given: byref<int>) : bool =
    let mutable entry = Entry()
    let mutable id = StreamIds.min
    let mutable changes = false
    let key = call.Args[request.First + index]
    let text = call.Args[request.First + request.Streams + index]
    call.Find(key, &entry) |> ignore
    let stream = StreamValue.own call &entry
    let group = stream.OwnGroup(stream.FindGroup call.Args[request.Group])

    let slot =
        StreamOptions.consumerOf call key group call.Args[request.Group + 1] &changes

    if isNew text then
        // A stream that is named twice has nothing new the second time.
        if StreamReading.hasBehind stream group.LastId then
            given <- given + 1
            StreamReading.beginStream call key
            (group.OwnConsumer slot).ActiveTime <- call.Now
            deliver call key stream group slot &request |> ignore
            call.Changes <- call.Changes + 1L
            changes <- true
    else
        StreamIds.tryParse (text, 0UL, &id) |> ignore
        given <- given + 1
        StreamReading.beginStream call key
        (group.OwnConsumer slot).ActiveTime <- call.Now

        if deliverAgain call key stream group slot id request.Count > 0 then
            call.Changes <- call.Changes + 1L
            changes <- true

    changes

let xreadgroup (call: Call) =
    let mutable request = StreamReading.nothing

    if not (StreamReading.takeOptions call true &request) then
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
                StreamReading.wait call &request null |> ignore
            else
                call.Reply.NullArray()

            if changes then Outcome.Rewritten else Outcome.Unchanged

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Stream
        [
            command
                "XREADGROUP <GROUP group consumer> [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS <streams: key [key ...] id [id ...]>"
                [ Write; Blocking ]
                (since "5.0.0")
                "Returns entries that a group has not read yet, or those that are pending for a consumer."
                xreadgroup
            |> keys [ reads ]
            |> findKeys (StreamReading.findStreams reads)
            |> complexity "O(N), N being the number of entries returned"
        ]
