/// XCLAIM and XAUTOCLAIM: pending entries get another consumer. https://redis.io/docs/latest/commands/xclaim/
module RedisClone.Protocol.StreamClaimCommands

open System

/// How entries that are claimed are noted.
[<Struct; NoEquality; NoComparison>]
type private Claim =
    {
        mutable MinIdle: int64
        mutable DeliveryTime: int64
        /// -1: one more than before, unless only ids are asked for.
        mutable DeliveryCount: int64
        mutable Forces: bool
        mutable OnlyIds: bool
        mutable LastId: StreamId
    }

let private takeMinIdle (call: Call) (command: string) (claim: byref<Claim>) : bool =
    let mutable idle = 0L
    let valid = call.TakeInteger(&idle, Errors.minIdleTime command)
    claim.MinIdle <- max 0L idle
    valid

/// Logs what a pending entry is like now.
let private logClaimed (call: Call) (key: ReadOnlySpan<byte>) (group: StreamGroup) (pending: PendingEntry) =
    let journal = call.Journal
    journal.Begin 14
    journal.Add "XCLAIM"
    journal.Add key
    journal.Add(ReadOnlySpan<byte> group.Name)
    journal.Add(ReadOnlySpan<byte> (group.Consumer pending.Consumer).Name)
    journal.Add 0L
    StreamOptions.logId call pending.Id
    journal.Add "TIME"
    journal.Add pending.DeliveryTime
    journal.Add "RETRYCOUNT"
    journal.Add pending.DeliveryCount
    journal.Add "FORCE"
    journal.Add "JUSTID"
    journal.Add "LASTID"
    StreamOptions.logId call group.LastId

/// Takes off what is pending an entry that is no longer in the stream, and logs that.
let private forget (call: Call) (key: ReadOnlySpan<byte>) (group: StreamGroup) (index: int) (id: StreamId) =
    group.RemovePending index
    call.Changes <- call.Changes + 1L
    let journal = call.Journal
    journal.Begin 4
    journal.Add "XACK"
    journal.Add key
    journal.Add(ReadOnlySpan<byte> group.Name)
    StreamOptions.logId call id

/// Gives the pending entry at an index to a consumer, answers with it and logs that.
let private give
    (call: Call)
    key
    (stream: StreamData)
    (group: StreamGroup)
    (slot: int)
    (index: int)
    (claim: byref<Claim>)
    =
    let before = group.PendingAt index

    let after =
        { before with
            Consumer = slot
            DeliveryTime = claim.DeliveryTime
            DeliveryCount =
                if claim.DeliveryCount >= 0L then claim.DeliveryCount
                elif claim.OnlyIds then before.DeliveryCount
                else before.DeliveryCount + 1L
        }

    group.SetPending(index, after)
    (group.OwnConsumer slot).ActiveTime <- call.Now
    call.Changes <- call.Changes + 1L
    logClaimed call key group after

    if claim.OnlyIds || not (StreamOptions.tryWriteEntry call stream after.Id) then
        StreamOptions.writeId call after.Id

// ---- XCLAIM

/// Takes a number as the value of an option.
let private takeOption (call: Call) (option: string) (value: byref<int64>) =
    call.TakeInteger(&value, Errors.claimOption option)

/// Takes what follows the ids; false with the error written.
let private takeClaimOptions (call: Call) (claim: byref<Claim>) : bool =
    let mutable valid = true
    let mutable number = 0L
    let mutable id = StreamIds.min

    while valid && call.Remaining > 0 do
        if call.TakeWord "FORCE" then
            claim.Forces <- true
        elif call.TakeWord "JUSTID" then
            claim.OnlyIds <- true
        elif call.Remaining > 1 && call.TakeWord "IDLE" then
            valid <- takeOption call "IDLE" &number
            claim.DeliveryTime <- call.Now - max 0L number
        elif call.Remaining > 1 && call.TakeWord "TIME" then
            valid <- takeOption call "TIME" &number
            claim.DeliveryTime <- number
        elif call.Remaining > 1 && call.TakeWord "RETRYCOUNT" then
            valid <- takeOption call "RETRYCOUNT" &number
            claim.DeliveryCount <- number
        elif call.Remaining > 1 && call.TakeWord "LASTID" then
            valid <- StreamOptions.parseId call (call.Take()) 0UL &id
            claim.LastId <- id
        else
            call.Reply.Error(Errors.unknownClaimOption (call.Ahead 0))
            valid <- false

    valid

/// Claims one entry if that is due; whether there is an answer.
let private claimOne
    (call: Call)
    key
    (stream: StreamData)
    (group: StreamGroup)
    (slot: int)
    (claim: byref<Claim>)
    (id: StreamId)
    =
    let mutable index = 0
    let mutable isPending = group.FindPending(id, &index)

    // A log says what was pending, even if the entry is gone by now.
    if not call.Loading && not (stream.Contains id) then
        if isPending then
            forget call key group index id

        false
    else
        let isNew = not isPending && claim.Forces

        if isNew then
            group.AddPending
                {
                    Id = id
                    Consumer = slot
                    DeliveryTime = claim.DeliveryTime
                    DeliveryCount = 1L
                }

            isPending <- group.FindPending(id, &index)

        let isDue =
            isPending
            && (isNew
                || claim.MinIdle = 0L
                || call.Now - (group.PendingAt index).DeliveryTime >= claim.MinIdle)

        if isDue then
            give call key stream group slot index &claim

        isDue

let private noClaim: Claim =
    {
        MinIdle = 0L
        DeliveryTime = -1L
        DeliveryCount = -1L
        Forces = false
        OnlyIds = false
        LastId = StreamIds.min
    }

let xclaim (call: Call) =
    let mutable entry = Entry()
    let mutable claim = noClaim
    let mutable id = StreamIds.min
    let key = call.Take()
    let rank = StreamOptions.findGroup call key (call.Take()) &entry

    if rank < 0 then
        Outcome.Unchanged
    else
        let consumer = call.Take()

        if not (takeMinIdle call "XCLAIM" &claim) then
            Outcome.Unchanged
        else
            let first = call.Position

            while call.Remaining > 0 && StreamIds.tryParse (call.Ahead 0, 0UL, &id) do
                call.Skip 1

            let behind = call.Position

            if not (takeClaimOptions call &claim) then
                Outcome.Unchanged
            else
                // A log was written by another clock.
                if claim.DeliveryTime < 0L || (claim.DeliveryTime > call.Now && not call.Loading) then
                    claim.DeliveryTime <- call.Now

                let before = call.Changes
                let mutable changes = false
                let stream = StreamValue.own call &entry
                let group = stream.OwnGroup rank

                if StreamIds.less group.LastId claim.LastId then
                    group.LastId <- claim.LastId
                    changes <- true
                    call.Changes <- call.Changes + 1L

                let slot = StreamOptions.consumerOf call key group consumer &changes
                let reply = call.Reply
                let position = reply.Length
                let mutable claimed = 0

                for i in first .. behind - 1 do
                    StreamIds.tryParse (call.Args[i], 0UL, &id) |> ignore

                    if claimOne call key stream group slot &claim id then
                        claimed <- claimed + 1

                reply.InsertArray(position, claimed)

                if changes && claimed = 0 && not claim.LastId.IsZero then
                    // Nobody was told of the last id.
                    let journal = call.Journal
                    journal.Begin 7
                    journal.Add "XGROUP"
                    journal.Add "SETID"
                    journal.Add key
                    journal.Add(ReadOnlySpan<byte> group.Name)
                    StreamOptions.logId call group.LastId
                    journal.Add "ENTRIESREAD"
                    journal.Add group.EntriesRead

                if changes || call.Changes <> before then
                    Outcome.Rewritten
                else
                    Outcome.Unchanged

// ---- XAUTOCLAIM

/// So many pending entries are looked at for each that may be claimed.
[<Literal>]
let private AttemptsEach = 10L

let private claimFrom
    (call: Call)
    key
    (stream: StreamData)
    (group: StreamGroup)
    (slot: int)
    (claim: byref<Claim>)
    (start: StreamId)
    count
    =
    let reply = call.Reply
    let deleted = call.Scratch
    let position = reply.Length
    let mutable index = group.PendingBefore start
    let mutable attempts = count * AttemptsEach
    let mutable left = count
    let mutable claimed = 0
    let mutable gone = 0
    deleted.Truncate 0
    deleted.Protocol <- 2

    while attempts > 0L && left > 0L && index < group.PendingCount do
        attempts <- attempts - 1L
        let pending = group.PendingAt index

        if not (stream.Contains pending.Id) then
            deleted.Bulk(StreamIds.textInto call.NumberText pending.Id)
            forget call key group index pending.Id
            gone <- gone + 1
            left <- left - 1L
        elif claim.MinIdle > 0L && call.Now - pending.DeliveryTime < claim.MinIdle then
            index <- index + 1
        else
            give call key stream group slot index &claim
            claimed <- claimed + 1
            left <- left - 1L
            index <- index + 1

    let next =
        if index < group.PendingCount then
            (group.PendingAt index).Id
        else
            StreamIds.min

    reply.InsertArray(position, claimed)
    reply.Array gone
    reply.Raw deleted.Written
    // The cursor comes first.
    deleted.Truncate 0
    deleted.Bulk(StreamIds.textInto call.NumberText next)
    reply.Insert(position, deleted.Written)

let xautoclaim (call: Call) =
    let mutable entry = Entry()
    let mutable claim = noClaim
    let mutable start = StreamIds.min
    let mutable excluded = false
    let mutable count = 100L
    let key = call.Take()
    let name = call.Take()
    let consumer = call.Take()

    if not (takeMinIdle call "XAUTOCLAIM" &claim) then
        Outcome.Unchanged
    elif not (StreamOptions.parseBound call (call.Take()) 0UL &start &excluded) then
        Outcome.Unchanged
    elif excluded && start.IsMax then
        call.Fail Errors.invalidRangeStart
    else
        if excluded then
            start <- StreamIds.next start

        let mutable valid = true

        while valid && call.Remaining > 0 do
            if call.Remaining > 1 && call.TakeWord "COUNT" then
                valid <- call.TakeInteger(&count, Errors.claimCount)

                if valid && (count <= 0L || count > Int64.MaxValue / 64L) then
                    call.Reply.Error Errors.claimCount
                    valid <- false
            elif call.TakeWord "JUSTID" then
                claim.OnlyIds <- true
            else
                call.Reply.Error Errors.syntax
                valid <- false

        let rank =
            if valid then
                StreamOptions.findGroup call key name &entry
            else
                -1

        if rank < 0 then
            Outcome.Unchanged
        else
            let before = call.Changes
            let mutable changes = false
            let stream = StreamValue.own call &entry
            let group = stream.OwnGroup rank
            let slot = StreamOptions.consumerOf call key group consumer &changes
            claim.DeliveryTime <- call.Now
            call.Reply.Array 3
            claimFrom call key stream group slot &claim start count

            if changes || call.Changes <> before then
                Outcome.Rewritten
            else
                Outcome.Unchanged

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Stream
        [
            command
                "XAUTOCLAIM key group consumer min-idle-time:string start:string [COUNT count] [JUSTID]"
                [ Write; Fast ]
                (since "6.2.0")
                "Gives a consumer what has been pending for long, whoever had it."
                xautoclaim
            |> keys [ deletes ]
            |> complexity "O(1) if COUNT is small"
            |> history "7.0.0" "Tells which entries were deleted, and so are no longer pending."
            |> tips [ nondeterministic ]
            command
                "XCLAIM key group consumer min-idle-time:string id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID id]"
                [ Write; Fast ]
                (since "5.0.0")
                "Gives a consumer entries that are pending, whoever had them."
                xclaim
            |> complexity "O(log N), N being the number of entries that are pending"
            |> tips [ nondeterministic ]
        ]
