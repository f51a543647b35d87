/// Deleting entries of a stream with a view to the groups that refer to them: what XDELEX and XACKDEL are told by KEEPREF,
/// DELREF and ACKED, and XADD and XTRIM too. All of it is logged as XACK, XDEL and XTRIM MAXLEN, which say what happened
/// and which every version of Redis knows.
module RedisClone.Protocol.StreamReferences

open System

/// Whether a group has yet to read or to acknowledge an entry.
let private isReferenced (stream: StreamData) (id: StreamId) : bool =
    let mutable found = false
    let mutable index = 0

    for rank in 0 .. stream.GroupCount - 1 do
        let group = stream.Group rank
        found <- found || StreamIds.less group.LastId id || group.FindPending(id, &index)

    found

let private logOne (call: Call) (command: string) (key: ReadOnlySpan<byte>) (group: byte[]) (id: StreamId) =
    let journal = call.Journal
    journal.Begin(if isNull group then 3 else 4)
    journal.Add command
    journal.Add key

    if not (isNull group) then
        journal.Add(ReadOnlySpan<byte> group)

    StreamOptions.logId call id

/// Takes an entry off what is pending in a group, and logs that; false if it is not pending.
let acknowledge (call: Call) (key: ReadOnlySpan<byte>) (stream: StreamData) (rank: int) (id: StreamId) : bool =
    let mutable index = 0
    let found = (stream.Group rank).FindPending(id, &index)

    if found then
        let group = stream.OwnGroup rank
        group.RemovePending index
        logOne call "XACK" key group.Name id
        call.Changes <- call.Changes + 1L

    found

/// Deletes an entry as far as its references allow, and logs that: 1 if it is gone, 2 if it stays, -1 if there is none.
let deleteOne (call: Call) (key: ReadOnlySpan<byte>) (stream: StreamData) (references: References) (id: StreamId) =
    if references = References.Delete then
        for rank in 0 .. stream.GroupCount - 1 do
            acknowledge call key stream rank id |> ignore

    if not (stream.Contains id) then
        -1L
    elif references = References.Acknowledged && isReferenced stream id then
        2L
    else
        stream.Delete id |> ignore

        if StreamIds.less stream.MaxDeletedId id then
            stream.MaxDeletedId <- id

        logOne call "XDEL" key null id
        1L

// ---- trimming

/// Whether entries are to go from the beginning because of how many there are; else because of their ids.
let private byLength (options: StreamTrimOptions) = options.Trim = StreamTrim.MaxLength

/// Whether a block may go as a whole, were `gone` entries less in the stream.
let private mayGo (stream: StreamData) (options: StreamTrimOptions) (block: int) (gone: int64) : bool =
    let bytes = stream.Block block

    if byLength options then
        int64 stream.Length - gone - int64 (StreamBlock.live bytes) >= options.MaxLength
    else
        StreamIds.less (StreamBlock.lastId bytes) options.MinId

/// Whether an entry may go by itself, were `gone` entries less in the stream.
let private mayGoAlone (stream: StreamData) (options: StreamTrimOptions) (id: StreamId) (gone: int64) : bool =
    if byLength options then
        int64 stream.Length - gone > options.MaxLength
    else
        StreamIds.less id options.MinId

/// How many entries `StreamOptions.trim` would take.
let private countToTrim (stream: StreamData) (options: StreamTrimOptions) : int64 =
    let mutable gone = 0L

    if options.IsApproximate then
        let mutable block = 0

        while block < stream.BlockCount && mayGo stream options block gone do
            let live = int64 (StreamBlock.live (stream.Block block))

            if options.Limit > 0L && gone + live > options.Limit then
                block <- stream.BlockCount
            else
                gone <- gone + live
                block <- block + 1
    else
        let mutable cursor = StreamCursor(stream, StreamIds.min, StreamIds.max, false)

        while cursor.Next() && mayGoAlone stream options cursor.Id gone do
            gone <- gone + 1L

    gone

/// Trims a stream, and takes what goes off what is pending.
let private trimReferenced (call: Call) key (stream: StreamData) (options: byref<StreamTrimOptions>) : int64 =
    let mutable left = countToTrim stream options
    let mutable cursor = StreamCursor(stream, StreamIds.min, StreamIds.max, false)

    while left > 0L && cursor.Next() do
        left <- left - 1L

        for rank in 0 .. stream.GroupCount - 1 do
            acknowledge call key stream rank cursor.Id |> ignore

    let trimmed = StreamOptions.trim stream &options

    if trimmed > 0L then
        StreamOptions.logLength call key stream

    trimmed

/// The first entry from an id on; false if there is none.
let private tryFirst (stream: StreamData) (from: StreamId) (id: byref<StreamId>) : bool =
    let mutable cursor = StreamCursor(stream, from, StreamIds.max, false)
    let found = cursor.Next()

    if found then
        id <- cursor.Id

    found

/// Deletes the entries of a block that nobody refers to, from an id up to another; how many.
let private deleteRange call key (stream: StreamData) (first: StreamId) (last: StreamId) : int64 =
    let mutable deleted = 0L
    let mutable id = first
    let mutable more = true

    while more && tryFirst stream id &id && not (StreamIds.less last id) do
        if deleteOne call key stream References.Acknowledged id = 1L then
            deleted <- deleted + 1L

        more <- StreamIds.less id last

        if more then
            id <- StreamIds.next id

    deleted

/// Whether no group refers to any entry of a block.
let private isFree (stream: StreamData) (block: int) : bool =
    let bytes = stream.Block block

    let mutable cursor =
        StreamCursor(stream, StreamIds.readKey bytes, StreamBlock.lastId bytes, false)

    let mutable free = true

    while free && cursor.Next() do
        free <- not (isReferenced stream cursor.Id)

    free

/// Deletes whole blocks that nobody refers to; others stay, and count for the limit.
let private trimFreeBlocks call key (stream: StreamData) (options: StreamTrimOptions) : int64 =
    let mutable deleted = 0L
    let mutable seen = 0L
    let mutable block = 0

    while block < stream.BlockCount && mayGo stream options block 0L do
        let bytes = stream.Block block
        seen <- seen + int64 (StreamBlock.live bytes)

        if options.Limit > 0L && seen > options.Limit then
            block <- stream.BlockCount
        elif isFree stream block then
            deleted <-
                deleted
                + deleteRange call key stream (StreamIds.readKey bytes) (StreamBlock.lastId bytes)
        else
            block <- block + 1

    deleted

/// Deletes entries from the beginning, but none that a group has yet to read or to acknowledge.
let private trimFree (call: Call) key (stream: StreamData) (options: StreamTrimOptions) : int64 =
    if options.IsApproximate then
        trimFreeBlocks call key stream options
    else
        let mutable deleted = 0L
        let mutable id = StreamIds.min
        let mutable more = true

        while more && tryFirst stream id &id && mayGoAlone stream options id 0L do
            if deleteOne call key stream References.Acknowledged id = 1L then
                deleted <- deleted + 1L

            more <- not id.IsMax

            if more then
                id <- StreamIds.next id

        deleted

/// Trims a stream as DELREF or ACKED tell, and logs that; how many entries went.
let trim (call: Call) (key: ReadOnlySpan<byte>) (stream: StreamData) (options: byref<StreamTrimOptions>) : int64 =
    if options.Trim = StreamTrim.None then
        0L
    elif options.References = References.Delete then
        trimReferenced call key stream &options
    else
        trimFree call key stream options
