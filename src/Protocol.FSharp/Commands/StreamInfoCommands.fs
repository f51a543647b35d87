/// XINFO, what there is to know of a stream: https://redis.io/docs/latest/commands/xinfo/
module RedisClone.Protocol.StreamInfoCommands

open System

/// How many entries XINFO STREAM FULL shows unless told otherwise.
[<Literal>]
let private ShownEntries = 10L

let private text (call: Call) (name: string) (value: ReadOnlySpan<byte>) =
    call.Reply.BulkText name
    call.Reply.Bulk value

let private number (call: Call) (name: string) (value: int64) =
    call.Reply.BulkText name
    call.Reply.Integer value

/// A number, unless it is the one that stands for what is not known.
let private numberOrNull (call: Call) (name: string) (value: int64) (unknown: int64) =
    call.Reply.BulkText name

    if value = unknown then
        call.Reply.Null()
    else
        call.Reply.Integer value

let private id (call: Call) (name: string) (value: StreamId) =
    call.Reply.BulkText name
    StreamOptions.writeId call value

// ---- XINFO STREAM

let private entryAt (call: Call) (name: string) (stream: StreamData) (isLast: bool) =
    call.Reply.BulkText name
    let mutable cursor = StreamCursor(stream, StreamIds.min, StreamIds.max, isLast)

    if cursor.Next() then
        StreamOptions.writeEntry call &cursor
    else
        call.Reply.Null()

/// The first seven facts, which both forms begin with.
let private head (call: Call) (stream: StreamData) =
    number call "length" (int64 stream.Length)
    number call "radix-tree-keys" (int64 stream.BlockCount)
    number call "radix-tree-nodes" (int64 (StreamValue.radixNodes stream))
    id call "last-generated-id" stream.LastId
    id call "max-deleted-entry-id" stream.MaxDeletedId
    number call "entries-added" stream.EntriesAdded
    id call "recorded-first-entry-id" (StreamValue.firstId stream)

let private brief (call: Call) (stream: StreamData) =
    call.Reply.Map 10
    head call stream
    number call "groups" (int64 stream.GroupCount)
    entryAt call "first-entry" stream false
    entryAt call "last-entry" stream true

let private isWithin (shown: int) (count: int64) = count = 0L || int64 shown < count

let private fullConsumer (call: Call) (group: StreamGroup) (consumer: StreamConsumer) (count: int64) =
    let reply = call.Reply
    reply.Map 5
    text call "name" (ReadOnlySpan<byte> consumer.Name)
    number call "seen-time" consumer.SeenTime
    number call "active-time" consumer.ActiveTime
    number call "pel-count" (int64 consumer.PendingCount)
    reply.BulkText "pending"
    let position = reply.Length
    let mutable shown = 0
    let mutable index = 0

    while isWithin shown count && shown < consumer.PendingCount && not reply.IsOverflown do
        let pendingId = StreamIds.readKey (consumer.Pending.Item shown)
        shown <- shown + 1

        if group.FindPending(pendingId, &index) then
            let pending = group.PendingAt index
            reply.Array 3
            StreamOptions.writeId call pendingId
            reply.Integer pending.DeliveryTime
            reply.Integer pending.DeliveryCount

    reply.InsertArray(position, shown)

let private fullGroup (call: Call) (stream: StreamData) (group: StreamGroup) (count: int64) =
    let reply = call.Reply
    reply.Map 7
    text call "name" (ReadOnlySpan<byte> group.Name)
    id call "last-delivered-id" group.LastId
    numberOrNull call "entries-read" group.EntriesRead -1L
    numberOrNull call "lag" (StreamValue.lag stream group) StreamValue.UnknownLag
    number call "pel-count" (int64 group.PendingCount)
    reply.BulkText "pending"
    let position = reply.Length
    let mutable shown = 0

    while isWithin shown count && shown < group.PendingCount && not reply.IsOverflown do
        let pending = group.PendingAt shown
        shown <- shown + 1
        reply.Array 4
        StreamOptions.writeId call pending.Id
        reply.Bulk(ReadOnlySpan<byte> (group.Consumer pending.Consumer).Name)
        reply.Integer pending.DeliveryTime
        reply.Integer pending.DeliveryCount

    reply.InsertArray(position, shown)
    reply.BulkText "consumers"
    reply.Array group.ConsumerCount

    for rank in 0 .. group.ConsumerCount - 1 do
        fullConsumer call group (group.Consumer(group.SlotAt rank)) count

let private full (call: Call) (stream: StreamData) (count: int64) =
    let reply = call.Reply
    reply.Map 9
    head call stream
    reply.BulkText "entries"
    let position = reply.Length
    let mutable cursor = StreamCursor(stream, StreamIds.min, StreamIds.max, false)
    let mutable shown = 0

    while isWithin shown count && not reply.IsOverflown && cursor.Next() do
        StreamOptions.writeEntry call &cursor
        shown <- shown + 1

    reply.InsertArray(position, shown)
    reply.BulkText "groups"
    reply.Array stream.GroupCount

    for rank in 0 .. stream.GroupCount - 1 do
        fullGroup call stream (stream.Group rank) count

/// Takes FULL and its COUNT, which are left; false with the error written.
let private takeFull (call: Call) (count: byref<int64>) : bool =
    let isKnown =
        call.TakeWord "FULL"
        && (call.Remaining = 0 || (call.Remaining = 2 && call.TakeWord "COUNT"))

    if not isKnown then
        call.Reply.Error(Errors.unknownSubcommandOrArity ("XINFO", call.Args[1]))
        false
    elif call.Remaining = 0 then
        true
    else
        let valid = call.TakeInteger &count

        if count < 0L then
            count <- ShownEntries

        valid

let xinfoStream (call: Call) =
    let mutable entry = Entry()
    let mutable count = ShownEntries

    match call.ReadStream(call.Take(), &entry) with
    | Lookup.WrongType -> ()
    | Lookup.Missing -> call.Reply.Error Errors.noSuchKey
    | _ when call.Remaining = 0 -> brief call (StreamValue.dataOf &entry)
    | _ ->
        if takeFull call &count then
            full call (StreamValue.dataOf &entry) count

    Outcome.Unchanged

// ---- XINFO GROUPS and CONSUMERS

let xinfoGroups (call: Call) =
    let mutable entry = Entry()

    match call.ReadStream(call.Take(), &entry) with
    | Lookup.WrongType -> ()
    | Lookup.Missing -> call.Reply.Error Errors.noSuchKey
    | _ ->
        let stream = StreamValue.dataOf &entry
        call.Reply.Array stream.GroupCount

        for rank in 0 .. stream.GroupCount - 1 do
            let group = stream.Group rank
            call.Reply.Map 6
            text call "name" (ReadOnlySpan<byte> group.Name)
            number call "consumers" (int64 group.ConsumerCount)
            number call "pending" (int64 group.PendingCount)
            id call "last-delivered-id" group.LastId
            numberOrNull call "entries-read" group.EntriesRead -1L
            numberOrNull call "lag" (StreamValue.lag stream group) StreamValue.UnknownLag

    Outcome.Unchanged

let xinfoConsumers (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let name = call.Take()

    match call.ReadStream(key, &entry) with
    | Lookup.WrongType -> ()
    | Lookup.Missing -> call.Reply.Error Errors.noSuchKey
    | _ ->
        let stream = StreamValue.dataOf &entry
        let rank = stream.FindGroup name

        if rank < 0 then
            call.Reply.Error(Errors.noGroupOfKey (key, name))
        else
            let group = stream.Group rank
            call.Reply.Array group.ConsumerCount

            for index in 0 .. group.ConsumerCount - 1 do
                let consumer = group.Consumer(group.SlotAt index)
                call.Reply.Map 4
                text call "name" (ReadOnlySpan<byte> consumer.Name)
                number call "pending" (int64 consumer.PendingCount)
                number call "idle" (max 0L (call.Now - consumer.SeenTime))

                number
                    call
                    "inactive"
                    (if consumer.ActiveTime < 0L then
                         -1L
                     else
                         max 0L (call.Now - consumer.ActiveTime))

    Outcome.Unchanged

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Stream
        [
            container "XINFO" (since "5.0.0") "Tells about streams, groups and consumers."
            command
                "XINFO CONSUMERS key groupname"
                [ ReadOnly ]
                (since "5.0.0")
                "Returns the consumers of a group."
                xinfoConsumers
            |> tips [ nondeterministic ]
            |> history "7.2.0" "The field `inactive`."
            command "XINFO GROUPS key" [ ReadOnly ] (since "5.0.0") "Returns the groups of a stream." xinfoGroups
            |> history "7.0.0" "The fields `entries-read` and `lag`."
            hosted "XINFO HELP" [ Loading; Stale ] (since "5.0.0") "Lists the subcommands."
            command
                "XINFO STREAM key [full-block: FULL [COUNT count]]"
                [ ReadOnly ]
                (since "5.0.0")
                "Returns what there is to know of a stream."
                xinfoStream
            |> history "6.0.0" "The option `FULL`."
            |> history
                "7.0.0"
                "The fields `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag`."
            |> history "7.2.0" "The field `active-time` of consumers."
        ]
