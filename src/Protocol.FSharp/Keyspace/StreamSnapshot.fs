namespace RedisClone.Protocol

open System

/// The parts of a stream as commands.
[<RequireQualifiedAccess>]
module private StreamParts =
    /// The most ids in one XCLAIM.
    let idsMax = 64

    /// The most entries at once.
    let entriesMax = 64

    let writeId (writer: RespWriter) (room: RespWriter) (id: StreamId) = writer.Bulk(StreamIds.textInto room id)

    /// There is no command for an empty stream.
    let writeEmpty (writer: RespWriter) (key: ReadOnlySpan<byte>) =
        writer.Array 7
        writer.BulkText "XADD"
        writer.Bulk key
        writer.BulkText "MAXLEN"
        writer.BulkInteger 0L
        writer.BulkText "0-1"
        writer.BulkText "x"
        writer.BulkText "y"

    /// Writes some entries from an id on, which is then behind them.
    let writeEntries (writer: RespWriter) room (key: ReadOnlySpan<byte>) stream (from: byref<StreamId>) count =
        let mutable cursor = StreamCursor(stream, from, StreamIds.max, false)
        let mutable left = count

        while left > 0 && cursor.Next() do
            left <- left - 1
            writer.Array(3 + 2 * cursor.Fields)
            writer.BulkText "XADD"
            writer.Bulk key
            writeId writer room cursor.Id

            for _ in 1 .. cursor.Fields do
                cursor.NextField()
                writer.Bulk cursor.Field
                writer.Bulk cursor.Value

            if not cursor.Id.IsMax then
                from <- StreamIds.next cursor.Id

    let writeCounters (writer: RespWriter) (room: RespWriter) (key: ReadOnlySpan<byte>) (stream: StreamData) =
        // The id may have been set back behind one that was deleted; both at once is refused.
        let isSetBack = StreamIds.less stream.LastId stream.MaxDeletedId
        writer.Array 7
        writer.BulkText "XSETID"
        writer.Bulk key
        writeId writer room (if isSetBack then stream.MaxDeletedId else stream.LastId)
        writer.BulkText "ENTRIESADDED"
        writer.BulkInteger stream.EntriesAdded
        writer.BulkText "MAXDELETEDID"
        writeId writer room stream.MaxDeletedId

        if isSetBack then
            writer.Array 3
            writer.BulkText "XSETID"
            writer.Bulk key
            writeId writer room stream.LastId

    /// Writes some of what is pending from an index on, entries in a row that were delivered alike in one command; the
    /// index behind them.
    let writePending
        (writer: RespWriter)
        (room: RespWriter)
        (key: ReadOnlySpan<byte>)
        (group: StreamGroup)
        (index: int)
        =
        let first = group.PendingAt index
        let mutable behind = index + 1
        let mutable more = true

        while more && behind < group.PendingCount && behind - index < idsMax do
            let next = group.PendingAt behind

            more <-
                next.Consumer = first.Consumer
                && next.DeliveryTime = first.DeliveryTime
                && next.DeliveryCount = first.DeliveryCount

            if more then
                behind <- behind + 1

        writer.Array(5 + (behind - index) + 6)
        writer.BulkText "XCLAIM"
        writer.Bulk key
        writer.Bulk(ReadOnlySpan<byte> group.Name)
        writer.Bulk(ReadOnlySpan<byte> (group.Consumer first.Consumer).Name)
        writer.BulkInteger 0L

        for at in index .. behind - 1 do
            writeId writer room (group.PendingAt at).Id

        writer.BulkText "TIME"
        writer.BulkInteger first.DeliveryTime
        writer.BulkText "RETRYCOUNT"
        writer.BulkInteger first.DeliveryCount
        writer.BulkText "FORCE"
        writer.BulkText "JUSTID"
        behind

    let writeGroup (writer: RespWriter) (room: RespWriter) (key: ReadOnlySpan<byte>) (group: StreamGroup) =
        writer.Array 7
        writer.BulkText "XGROUP"
        writer.BulkText "CREATE"
        writer.Bulk key
        writer.Bulk(ReadOnlySpan<byte> group.Name)
        writeId writer room group.LastId
        writer.BulkText "ENTRIESREAD"
        writer.BulkInteger group.EntriesRead

        for rank in 0 .. group.ConsumerCount - 1 do
            writer.Array 5
            writer.BulkText "XGROUP"
            writer.BulkText "CREATECONSUMER"
            writer.Bulk key
            writer.Bulk(ReadOnlySpan<byte> group.Name)
            writer.Bulk(ReadOnlySpan<byte> (group.Consumer(group.SlotAt rank)).Name)

/// Writes a stream as the commands that make it again: its entries, its counters, its groups and what is pending there.
/// A long stream comes in several pieces.
[<Sealed; AllowNullLiteral>]
type internal StreamSnapshot(stream: StreamData) =
    let room = RespWriter StreamIds.TextLengthMax
    let mutable next = StreamIds.min
    let mutable entriesLeft = stream.Length
    let mutable isBegun = false
    let mutable group = -1
    let mutable pending = 0

    /// Writes the next piece; false when there is nothing left to write.
    member _.WriteNext(writer: RespWriter, key: ReadOnlySpan<byte>) : bool =
        if entriesLeft > 0 then
            let some = min entriesLeft StreamParts.entriesMax
            let mutable from = next
            StreamParts.writeEntries writer room key stream &from some
            next <- from
            entriesLeft <- entriesLeft - some
            isBegun <- true
            true
        elif not isBegun then
            StreamParts.writeEmpty writer key
            isBegun <- true
            true
        elif group < 0 then
            StreamParts.writeCounters writer room key stream
            group <- 0
            pending <- -1
            true
        elif group = stream.GroupCount then
            false
        else
            let present = stream.Group group

            if pending < 0 then
                StreamParts.writeGroup writer room key present
                pending <- 0
            elif pending < present.PendingCount then
                pending <- StreamParts.writePending writer room key present pending

            if pending = present.PendingCount then
                group <- group + 1
                pending <- -1

            true
