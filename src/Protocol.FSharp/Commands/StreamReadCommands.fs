/// XREAD: https://redis.io/docs/latest/commands/xread/
module RedisClone.Protocol.StreamReadCommands

open System

/// The id behind which a stream is to be read; the lookup says whether there is a stream. `isNamed` tells whether it was
/// named by a sign that stands for what is there now. A wrong id, or another type of value, is `WrongType` with the
/// error written; not for a key that the command has waited for.
let private resolve
    (call: Call)
    (request: byref<StreamReading.Request>)
    (index: int)
    (entry: byref<Entry>)
    (id: byref<StreamId>)
    (isNamed: byref<bool>)
    =
    let key = call.Args[request.First + index]
    let text = call.Args[request.First + request.Streams + index]
    let isLast = StreamReading.isChar text '$'
    let isTop = StreamReading.isChar text '+'
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
    elif StreamReading.isChar text '>' then
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
let private resolved (call: Call) (request: byref<StreamReading.Request>) : Arguments =
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
    let mutable request = StreamReading.nothing
    let mutable entry = Entry()
    let mutable id = StreamIds.min
    let mutable isNamed = false

    if not (StreamReading.takeOptions call false &request) then
        Outcome.Unchanged
    else
        let mutable valid = true
        let mutable ready = 0
        let mutable index = 0

        while valid && index < request.Streams do
            match resolve call &request index &entry &id &isNamed with
            | Lookup.WrongType -> valid <- false
            | Lookup.Found when StreamReading.hasBehind (StreamValue.dataOf &entry) id -> ready <- ready + 1
            | _ -> ()

            index <- index + 1

        if valid && ready = 0 && call.Noticed <> EventClass.None then
            // Redis looks for each key again before it gives up, and tells of that.
            for index in 0 .. request.Streams - 1 do
                call.Peek(call.Args[request.First + index], &entry) |> ignore

        if not valid then
            Outcome.Unchanged
        elif ready > 0 then
            StreamReading.beginStreams call ready

            for index in 0 .. request.Streams - 1 do
                match resolve call &request index &entry &id &isNamed with
                | Lookup.Found when StreamReading.hasBehind (StreamValue.dataOf &entry) id ->
                    StreamReading.beginStream call call.Args[request.First + index]
                    writeBehind call (StreamValue.dataOf &entry) id request.Count
                | _ -> ()

            Outcome.Unchanged
        elif request.IsBlocking then
            StreamReading.wait call &request (if call.MayWait then resolved call &request else null)
        else
            call.Reply.NullArray()
            Outcome.Unchanged

// ---- rows

open Rows

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
            |> findKeys (StreamReading.findStreams reads)
            |> complexity "O(N), N being the number of entries returned"
        ]
