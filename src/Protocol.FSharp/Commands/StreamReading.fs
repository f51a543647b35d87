/// XREAD and XREADGROUP, which can wait: https://redis.io/docs/latest/commands/xreadgroup/
///
/// Both go over their streams twice: first to see what is wrong, and which streams have something to give; then to give
/// it. XREAD waits for entries behind an id. Where that is given as `$`, the last id there is, the command waits with
/// that id in its place, since by the time when it is evaluated again `$` would be another.
module RedisClone.Protocol.StreamReading

open System

/// What was asked for, besides the streams.
[<Struct; NoEquality; NoComparison>]
type internal Request =
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

let internal isChar (text: ReadOnlySpan<byte>) (wanted: char) =
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
let internal takeOptions (call: Call) (isGroup: bool) (request: byref<Request>) : bool =
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
let internal beginStream (call: Call) (key: ReadOnlySpan<byte>) =
    if call.Reply.Protocol < 3 then
        call.Reply.Array 2

    call.Reply.Bulk key

let internal beginStreams (call: Call) (streams: int) =
    if call.Reply.Protocol < 3 then
        call.Reply.Array streams
    else
        call.Reply.Map streams

let internal hasBehind (stream: StreamData) (id: StreamId) =
    stream.Length > 0
    && StreamIds.less id stream.LastId
    && StreamIds.less id (StreamValue.lastEntryId stream)

/// Has the command wait until `deadline`, with its arguments or others.
let internal wait (call: Call) (request: byref<Request>) (arguments: Arguments) =
    let outcome =
        call.WaitFor(request.First, request.Streams, call.DeadlineIn request.BlockMs)

    if not (isNull call.Waiting) then
        call.Waiting.Arguments <- arguments

    outcome

let internal nothing: Request =
    {
        Count = 0L
        IsBlocking = false
        BlockMs = 0L
        Group = 0
        NoAck = false
        First = 0
        Streams = 0
    }

// ---- keys

/// The keys, where the handler finds them: options have values that may look like the word before the keys.
let internal findStreams (flags: KeyFlags) (arguments: Arguments) (found: KeyPositions) : bool =
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
