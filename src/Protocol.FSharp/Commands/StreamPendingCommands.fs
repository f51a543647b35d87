/// XPENDING: what was delivered and not acknowledged. https://redis.io/docs/latest/commands/xpending/
module RedisClone.Protocol.StreamPendingCommands

open System

let private summary (call: Call) (group: StreamGroup) =
    let reply = call.Reply
    reply.Array 4
    reply.Integer(int64 group.PendingCount)

    if group.PendingCount = 0 then
        reply.Null()
        reply.Null()
        reply.NullArray()
    else
        StreamOptions.writeId call (group.PendingAt 0).Id
        StreamOptions.writeId call (group.PendingAt(group.PendingCount - 1)).Id
        let position = reply.Length
        let mutable consumers = 0

        for rank in 0 .. group.ConsumerCount - 1 do
            let consumer = group.Consumer(group.SlotAt rank)

            if consumer.PendingCount > 0 then
                consumers <- consumers + 1
                reply.Array 2
                reply.Bulk(ReadOnlySpan<byte> consumer.Name)
                reply.BulkInteger(int64 consumer.PendingCount)

        reply.InsertArray(position, consumers)

/// What XPENDING with a range asks for.
[<Struct; NoEquality; NoComparison>]
type private PendingRange =
    {
        mutable From: StreamId
        mutable Until: StreamId
        mutable Count: int64
        mutable MinIdle: int64
    }

/// Writes one that is pending, unless it was delivered too recently.
let private writePending (call: Call) (group: StreamGroup) (range: byref<PendingRange>) (pending: PendingEntry) : bool =
    let idle = max 0L (call.Now - pending.DeliveryTime)
    let isWanted = idle >= range.MinIdle

    if isWanted then
        let reply = call.Reply
        reply.Array 4
        StreamOptions.writeId call pending.Id
        reply.Bulk(ReadOnlySpan<byte> (group.Consumer pending.Consumer).Name)
        reply.Integer idle
        reply.Integer pending.DeliveryCount

    isWanted

let private writeRange (call: Call) (group: StreamGroup) (slot: int) (range: byref<PendingRange>) =
    let reply = call.Reply
    let position = reply.Length
    let mutable written = 0L
    let mutable more = true

    if slot < 0 then
        let mutable index = group.PendingBefore range.From

        while more && written < range.Count && index < group.PendingCount do
            let pending = group.PendingAt index
            index <- index + 1

            if StreamIds.less range.Until pending.Id then
                more <- false
            elif writePending call group &range pending then
                written <- written + 1L
    else
        let ids = (group.Consumer slot).Pending
        let mutable index = group.PendingBeforeOf(slot, range.From)
        let mutable at = 0

        while more && written < range.Count && not (isNull ids) && index < ids.Count do
            let id = StreamIds.readKey (ids.Item index)
            index <- index + 1

            if StreamIds.less range.Until id then
                more <- false
            elif
                group.FindPending(id, &at)
                && writePending call group &range (group.PendingAt at)
            then
                written <- written + 1L

    reply.InsertArray(position, int written)

let xpending (call: Call) =
    let mutable entry = Entry()

    let mutable range: PendingRange =
        {
            From = StreamIds.min
            Until = StreamIds.max
            Count = 0L
            MinIdle = 0L
        }

    let mutable from = StreamIds.min
    let mutable until = StreamIds.min
    let mutable count = 0L
    let mutable idle = 0L
    let key = call.Take()
    let name = call.Take()
    let isSummary = call.Remaining = 0
    let mutable valid = true

    if not isSummary then
        if call.Remaining < 3 || call.Remaining > 6 then
            call.Reply.Error Errors.syntax
            valid <- false
        elif call.TakeWord "IDLE" then
            if not (call.TakeInteger &idle) then
                valid <- false
            elif call.Remaining < 3 then
                call.Reply.Error Errors.syntax
                valid <- false

        if valid then
            let start = call.Take()
            let stop = call.Take()

            valid <- call.TakeInteger &count && StreamOptions.parseRange call start stop &from &until

            range.From <- from
            range.Until <- until
            range.Count <- max 0L count
            range.MinIdle <- idle

    if valid then
        let rank = StreamOptions.findGroup call key name &entry

        if rank >= 0 then
            let group = (StreamValue.dataOf &entry).Group rank

            if isSummary then
                summary call group
            elif call.Remaining = 0 then
                writeRange call group -1 &range
            else
                let slot = group.FindConsumer(call.Take())

                if slot < 0 then
                    call.Reply.Array 0
                else
                    writeRange call group slot &range

    Outcome.Unchanged

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Stream
        [
            command
                "XPENDING key group [filters: [IDLE min-idle-time] start:string end:string count [consumer]]"
                [ ReadOnly ]
                (since "5.0.0")
                "Returns which entries are pending in a group."
                xpending
            |> complexity "O(N), N being the number of entries returned"
            |> history "6.2.0" "The option `IDLE`, and ends that are left out."
            |> tips [ nondeterministic ]
        ]
