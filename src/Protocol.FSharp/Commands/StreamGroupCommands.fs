/// The commands that make and change consumer groups: https://redis.io/docs/latest/commands/?group=stream
module RedisClone.Protocol.StreamGroupCommands

open System

// ---- shapes

/// Finds the stream and the group that the next two arguments name; true with both, or false with the error written.
let private findGroup (call: Call) (entry: byref<Entry>) (rank: byref<int>) : bool =
    let key = call.Take()
    let name = call.Take()

    match call.FindStream(key, &entry) with
    | Lookup.WrongType -> false
    | Lookup.Missing ->
        call.Reply.Error Errors.groupOfMissingKey
        false
    | _ ->
        rank <- (StreamValue.dataOf &entry).FindGroup name

        if rank < 0 then
            call.Reply.Error(Errors.noGroupOfKey (key, name))

        rank >= 0

/// The id that a group begins behind: one that is given, or the last of the stream for `$`. The ends of ranges are ids
/// for SETID only.
let private parseStart
    (call: Call)
    (text: ReadOnlySpan<byte>)
    (takesEnds: bool)
    (last: StreamId)
    (id: byref<StreamId>)
    : bool =
    let mutable excluded = false

    if text.Length = 1 && text[0] = '$'B then
        id <- last
        true
    elif takesEnds && text.Length = 1 then
        StreamOptions.parseBound call text 0UL &id &excluded
    else
        StreamOptions.parseId call text 0UL &id

/// Takes ENTRIESREAD, and where it is allowed MKSTREAM; false with the error written.
let private takeOptions (call: Call) (subcommand: string) (makes: byref<bool>) (entriesRead: byref<int64>) : bool =
    let mutable valid = true

    while valid && call.Remaining > 0 do
        if subcommand = "create" && call.TakeWord "MKSTREAM" then
            makes <- true
        elif call.Remaining > 1 && call.TakeWord "ENTRIESREAD" then
            valid <- call.TakeInteger &entriesRead

            if valid && entriesRead < -1L then
                call.Reply.Error Errors.entriesReadNegative
                valid <- false
        else
            call.Reply.Error(Errors.unknownSubcommandOrArity ("XGROUP", call.Args[1]))
            valid <- false

    valid

// ---- XGROUP

let xgroupCreate (call: Call) =
    let mutable entry = Entry()
    let mutable id = StreamIds.min
    let mutable makes = false
    let mutable entriesRead = -1L
    let key = call.Take()
    let name = call.Take()
    let start = call.Take()

    if not (takeOptions call "create" &makes &entriesRead) then
        Outcome.Unchanged
    else
        match call.FindStream(key, &entry) with
        | Lookup.WrongType -> Outcome.Unchanged
        | Lookup.Missing when not makes -> call.Fail Errors.groupOfMissingKey
        | lookup ->
            let isThere = lookup = Lookup.Found

            let last =
                if isThere then
                    (StreamValue.dataOf &entry).LastId
                else
                    StreamIds.min

            // No option may be given twice, which is found out this late.
            if call.Args.Count > 8 then
                call.Fail(Errors.unknownSubcommandOrArity ("XGROUP", call.Args[1]))
            elif not (parseStart call start false last &id) then
                Outcome.Unchanged
            elif isThere && (StreamValue.dataOf &entry).FindGroup name >= 0 then
                call.Fail Errors.groupExists
            else
                let stream =
                    if isThere then
                        StreamValue.own call &entry
                    else
                        StreamValue.create call &entry key

                let group = StreamGroup(call.Keyspace.Owner, name.ToArray())
                group.LastId <- id
                group.EntriesRead <- entriesRead
                stream.AddGroup group
                call.Reply.Ok()

                if isThere then
                    call.ChangedQuietly(EventClass.Stream, "xgroup-create", key)
                else
                    call.Changed(EventClass.Stream, "xgroup-create", key)

                Outcome.AsReceived

let xgroupSetid (call: Call) =
    let mutable entry = Entry()
    let mutable rank = 0
    let mutable id = StreamIds.min
    let mutable makes = false
    let mutable entriesRead = -1L
    let key = call.Ahead 0
    let start = call.Ahead 2
    let position = call.Position
    call.Skip 3

    if not (takeOptions call "setid" &makes &entriesRead) then
        Outcome.Unchanged
    else
        call.Rewind position

        if not (findGroup call &entry &rank) then
            Outcome.Unchanged
        elif call.Args.Count > 7 then
            call.Fail(Errors.unknownSubcommandOrArity ("XGROUP", call.Args[1]))
        elif not (parseStart call start true (StreamValue.dataOf &entry).LastId &id) then
            Outcome.Unchanged
        else
            let group = (StreamValue.own call &entry).OwnGroup rank
            group.LastId <- id
            group.EntriesRead <- entriesRead
            call.Reply.Ok()
            call.ChangedQuietly(EventClass.Stream, "xgroup-setid", key)
            Outcome.AsReceived

let xgroupDestroy (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let name = call.Take()

    match call.FindStream(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | Lookup.Missing -> call.Fail Errors.groupOfMissingKey
    | _ ->
        let rank = (StreamValue.dataOf &entry).FindGroup name

        if rank < 0 then
            call.Reply.Integer 0L
            Outcome.Unchanged
        else
            (StreamValue.own call &entry).RemoveGroup rank
            call.Reply.Integer 1L
            call.ChangedQuietly(EventClass.Stream, "xgroup-destroy", key)
            Outcome.AsReceived

let xgroupCreateconsumer (call: Call) =
    let mutable entry = Entry()
    let mutable rank = 0
    let key = call.Ahead 0

    if not (findGroup call &entry &rank) then
        Outcome.Unchanged
    else
        let name = call.Take()

        if ((StreamValue.dataOf &entry).Group rank).FindConsumer name >= 0 then
            call.Reply.Integer 0L
            Outcome.Unchanged
        else
            let group = (StreamValue.own call &entry).OwnGroup rank
            group.AddConsumer(name, call.Now) |> ignore
            call.Reply.Integer 1L
            call.ChangedQuietly(EventClass.Stream, "xgroup-createconsumer", key)
            Outcome.AsReceived

let xgroupDelconsumer (call: Call) =
    let mutable entry = Entry()
    let mutable rank = 0
    let key = call.Ahead 0

    if not (findGroup call &entry &rank) then
        Outcome.Unchanged
    else
        let slot = ((StreamValue.dataOf &entry).Group rank).FindConsumer(call.Take())

        if slot < 0 then
            call.Reply.Integer 0L
            Outcome.Unchanged
        else
            let group = (StreamValue.own call &entry).OwnGroup rank
            call.Reply.Integer(int64 (group.RemoveConsumer slot))
            call.ChangedQuietly(EventClass.Stream, "xgroup-delconsumer", key)
            Outcome.AsReceived

// ---- acknowledging and deleting

let xack (call: Call) =
    let mutable entry = Entry()
    let mutable id = StreamIds.min
    let key = call.Take()
    let name = call.Take()

    match call.ReadStream(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | lookup ->
        let rank =
            if lookup = Lookup.Found then
                (StreamValue.dataOf &entry).FindGroup name
            else
                -1

        if rank < 0 then
            call.Reply.Integer 0L
            Outcome.Unchanged
        elif not (StreamCommands.areIds call) then
            Outcome.Unchanged
        else
            let group = (StreamValue.own call &entry).OwnGroup rank
            let mutable index = 0
            let mutable acknowledged = 0L

            while call.Remaining > 0 do
                StreamIds.tryParse (call.Take(), 0UL, &id) |> ignore

                if group.FindPending(id, &index) then
                    group.RemovePending index
                    acknowledged <- acknowledged + 1L

            call.Reply.Integer acknowledged
            call.Changes <- call.Changes + acknowledged

            if acknowledged > 0L then
                Outcome.AsReceived
            else
                Outcome.Unchanged

/// Takes the choice, IDS and the number of ids, which follow; false with the error written.
let private takeReferences (call: Call) (references: byref<References>) : bool =
    let mutable count = 0L

    StreamOptions.takeReferences call &references |> ignore

    if call.Remaining < 2 || not (call.TakeWord "IDS") then
        call.Reply.Error Errors.syntax
        false
    elif not (call.TakeInteger(&count, Errors.idCountNotPositive)) then
        false
    elif count <= 0L then
        call.Reply.Error Errors.idCountNotPositive
        false
    elif count <> int64 call.Remaining then
        call.Reply.Error Errors.idCountMismatch
        false
    else
        StreamCommands.areIds call

let private missing (call: Call) =
    call.Reply.Array call.Remaining

    for _ in 1 .. call.Remaining do
        call.Reply.Integer -1L

    Outcome.Unchanged

/// XDELEX, and with a group XACKDEL.
let private deleteAll (call: Call) (key: ReadOnlySpan<byte>) (group: ReadOnlySpan<byte>) (isAck: bool) =
    let mutable entry = Entry()
    let mutable references = References.Keep
    let mutable id = StreamIds.min

    if not (takeReferences call &references) then
        Outcome.Unchanged
    else
        match call.FindStream(key, &entry) with
        | Lookup.WrongType -> Outcome.Unchanged
        | Lookup.Missing -> missing call
        | _ when isAck && (StreamValue.dataOf &entry).FindGroup group < 0 -> missing call
        | _ ->
            let stream = StreamValue.own call &entry
            let before = call.Changes
            let mutable deleted = 0L
            call.Reply.Array call.Remaining

            while call.Remaining > 0 do
                StreamIds.tryParse (call.Take(), 0UL, &id) |> ignore

                let result =
                    if
                        isAck
                        && not (StreamReferences.acknowledge call key stream (stream.FindGroup group) id)
                    then
                        -1L
                    else
                        let result = StreamReferences.deleteOne call key stream references id
                        deleted <- deleted + (if result = 1L then 1L else 0L)
                        // Acknowledged it is, even if the entry was gone before.
                        if isAck then max 1L result else result

                call.Reply.Integer result

            if deleted > 0L then
                call.Changed(EventClass.Stream, "xdel", key)

            if call.Changes <> before then
                Outcome.Rewritten
            else
                Outcome.Unchanged

let xdelex (call: Call) =
    deleteAll call (call.Take()) ReadOnlySpan<byte>.Empty false

let xackdel (call: Call) =
    let key = call.Take()
    deleteAll call key (call.Take()) true

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Stream
        [
            command
                "XACK key group id [id ...]"
                [ Write; Fast ]
                (since "5.0.0")
                "Acknowledges entries that are pending in a group, and returns how many."
                xack
            |> complexity "O(1) for each id"
            command
                "XACKDEL key group [condition: KEEPREF | DELREF | ACKED] IDS <ids: numids:integer id [id ...]>"
                [ Write; Fast ]
                (since "8.2.0")
                "Acknowledges entries that are pending in a group, and deletes them."
                xackdel
            |> keys [ deletes ]
            |> complexity "O(1) for each id"
            command
                "XDELEX key [condition: KEEPREF | DELREF | ACKED] IDS <ids: numids:integer id [id ...]>"
                [ Write; Fast ]
                (since "8.2.0")
                "Deletes entries of a stream by their ids, and cares for the references that groups have to them."
                xdelex
            |> keys [ deletes ]
            |> complexity "O(1) for each id"
            container "XGROUP" (since "5.0.0") "Makes and changes consumer groups."
            command
                "XGROUP CREATE key groupname <id: id | new_id: $> [MKSTREAM] [ENTRIESREAD entries_read:integer]"
                [ Write; DenyOom ]
                (since "5.0.0")
                "Makes a consumer group."
                xgroupCreate
            |> keys [ inserts ]
            |> history "7.0.0" "The option `entries_read`."
            command
                "XGROUP CREATECONSUMER key groupname consumername"
                [ Write; DenyOom ]
                (since "6.2.0")
                "Makes a consumer of a group."
                xgroupCreateconsumer
            |> keys [ inserts ]
            command
                "XGROUP DELCONSUMER key groupname consumername"
                [ Write ]
                (since "5.0.0")
                "Removes a consumer of a group with all that is pending for it."
                xgroupDelconsumer
            |> keys [ deletes ]
            command "XGROUP DESTROY key groupname" [ Write ] (since "5.0.0") "Removes a consumer group." xgroupDestroy
            |> keys [ deletes ]
            |> complexity "O(N), N being the number of entries that are pending"
            hosted "XGROUP HELP" [ Loading; Stale ] (since "5.0.0") "Lists the subcommands."
            command
                "XGROUP SETID key groupname <id: id | new_id: $> [ENTRIESREAD entries_read:integer]"
                [ Write ]
                (since "5.0.0")
                "Sets the last id that a group has had."
                xgroupSetid
            |> history "7.0.0" "The option `entries_read`."
        ]
