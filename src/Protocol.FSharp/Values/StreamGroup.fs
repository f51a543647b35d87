namespace RedisClone.Protocol

#nowarn "3391"

open System
open System.Buffers.Binary
open Microsoft.FSharp.NativeInterop

// Consumer groups
// ---------------
// A group knows up to which entry it has delivered, its consumers, and the entries that were delivered and not yet
// acknowledged: those that are pending. These are in a tree by id; an item is
//
//      | id 16 | 0 | consumer 4 | time of delivery 8 | number of deliveries 8 |
//
// A consumer is named in it by its place in the group's table. Every consumer has the ids that are pending for it in a
// tree of its own, so that what one of them asks does not look at what the others have. Consumers are listed by name, as
// groups are in a stream.
//
// Groups and consumers carry the epoch they were made in, see `Owner`; a stream gives out those that may be written to.

/// A consumer of a group.
[<Sealed; AllowNullLiteral>]
type StreamConsumer(epoch: int64, name: byte[]) =
    member _.Epoch = epoch
    member _.Name = name

    /// When it last tried to get entries, in milliseconds since the Unix epoch.
    member val SeenTime = 0L with get, set

    /// When it last got some; -1 for never.
    member val ActiveTime = -1L with get, set

    /// The ids that are pending for it, in order; null as long as there were none.
    member val Pending: CountedTree = null with get, set

    member this.PendingCount = if isNull this.Pending then 0 else this.Pending.Count

/// An entry that was delivered and not yet acknowledged.
[<Struct; NoEquality; NoComparison>]
type PendingEntry =
    {
        Id: StreamId
        Consumer: int
        DeliveryTime: int64
        DeliveryCount: int64
    }

/// A consumer group.
[<Sealed; AllowNullLiteral>]
type StreamGroup(owner: Owner, name: byte[]) =
    /// The bytes of an item of what is pending.
    static let itemBytes = 37

    let epoch = owner.Epoch
    let mutable consumers: StreamConsumer[] = Array.Empty()
    let mutable order: int[] = Array.Empty()
    let mutable count = 0
    let mutable pending: CountedTree = null

    /// The objects that every group has, and every consumer.
    static let ownBytes = 200L

    static let consumerBytes (consumer: StreamConsumer) = 140L + int64 consumer.Name.Length

    let account = Account(ownBytes + int64 name.Length)

    static let readItem (item: ReadOnlySpan<byte>) : PendingEntry =
        {
            Id = StreamIds.readKey item
            Consumer = BinaryPrimitives.ReadInt32LittleEndian(item.Slice 17)
            DeliveryTime = BinaryPrimitives.ReadInt64LittleEndian(item.Slice 21)
            DeliveryCount = BinaryPrimitives.ReadInt64LittleEndian(item.Slice 29)
        }

    static let writeItem (item: Span<byte>) (entry: PendingEntry) =
        StreamIds.writeKey item entry.Id
        item[16] <- 0uy
        BinaryPrimitives.WriteInt32LittleEndian(item.Slice 17, entry.Consumer)
        BinaryPrimitives.WriteInt64LittleEndian(item.Slice 21, entry.DeliveryTime)
        BinaryPrimitives.WriteInt64LittleEndian(item.Slice 29, entry.DeliveryCount)

    let own (slot: int) : StreamConsumer =
        let found = consumers[slot]

        if found.Epoch = owner.Epoch then
            found
        else
            let copy = StreamConsumer(owner.Epoch, found.Name)
            copy.SeenTime <- found.SeenTime
            copy.ActiveTime <- found.ActiveTime

            copy.Pending <-
                if isNull found.Pending then
                    null
                else
                    found.Pending.Edit owner

            if not (isNull found.Pending) then
                account.Detach found.Pending.Account
                account.Attach copy.Pending.Account

            consumers[slot] <- copy
            copy

    let addTo (slot: int) (id: StreamId) =
        let key = Span<byte>(NativePtr.toVoidPtr (NativePtr.stackalloc<byte> 16), 16)
        StreamIds.writeKey key id
        let consumer = own slot

        if isNull consumer.Pending then
            consumer.Pending <- CountedTree(owner, true)
            account.Attach consumer.Pending.Account

        consumer.Pending.Add(Span.op_Implicit key) |> ignore

    let removeFrom (slot: int) (id: StreamId) =
        let key = Span<byte>(NativePtr.toVoidPtr (NativePtr.stackalloc<byte> 16), 16)
        StreamIds.writeKey key id
        (own slot).Pending.Remove(Span.op_Implicit key) |> ignore

    member _.Epoch = epoch
    member _.Name = name

    /// The last entry that was delivered.
    member val LastId = StreamIds.min with get, set

    /// How many entries the group has read, those that were deleted counted in; -1 when that is not known.
    member val EntriesRead = -1L with get, set

    /// The same group for the owner to write to.
    member this.Edit() : StreamGroup =
        if epoch = owner.Epoch then
            this
        else
            let copy = StreamGroup(owner, name)
            copy.LastId <- this.LastId
            copy.EntriesRead <- this.EntriesRead
            copy.Take(Array.copy consumers, Array.copy order, count, pending)
            copy

    member private this.Take(slots: StreamConsumer[], sorted: int[], number: int, items: CountedTree) =
        consumers <- slots
        order <- sorted
        count <- number
        pending <- if isNull items then null else items.Edit owner
        account.Add(this.Recount(false) - account.Bytes)

        if not (isNull pending) then
            account.Attach pending.Account

        for slot in consumers do
            if not (isNull slot) && not (isNull slot.Pending) then
                account.Attach slot.Pending.Account

    // ---- consumers

    member _.ConsumerCount = count

    /// The place of a consumer, by its rank among the names.
    member _.SlotAt(rank: int) = order[rank]

    /// The consumer at a place, for reading.
    member _.Consumer(slot: int) = consumers[slot]

    /// The consumer at a place, for writing.
    member _.OwnConsumer(slot: int) = own slot

    /// The place of a consumer; -1 if there is none of that name.
    member _.FindConsumer(wanted: ReadOnlySpan<byte>) : int =
        let mutable low = 0
        let mutable high = count
        let mutable found = -1

        while found < 0 && low < high do
            let middle = (low + high) >>> 1

            let compared =
                wanted.SequenceCompareTo(ReadOnlySpan<byte> consumers[order[middle]].Name)

            if compared = 0 then found <- order[middle]
            elif compared < 0 then high <- middle
            else low <- middle + 1

        found

    /// Makes a consumer, whose name must be new, at the place that is the result.
    member _.AddConsumer(wanted: ReadOnlySpan<byte>, now: int64) : int =
        let consumer = StreamConsumer(owner.Epoch, wanted.ToArray())
        consumer.SeenTime <- now
        let mutable rank = 0
        let mutable high = count

        while rank < high do
            let middle = (rank + high) >>> 1

            if wanted.SequenceCompareTo(ReadOnlySpan<byte> consumers[order[middle]].Name) < 0 then
                high <- middle
            else
                rank <- middle + 1

        // Places that became free are used again.
        let mutable slot = count

        if slot < consumers.Length && not (isNull consumers[slot]) then
            slot <- Array.IndexOf(consumers, null)

        if slot < 0 || slot = consumers.Length then
            slot <- consumers.Length
            let capacity = max 1 (2 * consumers.Length)
            account.Add(8L * int64 (capacity - consumers.Length))
            Array.Resize(&consumers, capacity)

        if count = order.Length then
            account.Add(4L * int64 (max 1 count))
            Array.Resize(&order, max 1 (2 * count))

        Array.Copy(order, rank, order, rank + 1, count - rank)
        order[rank] <- slot
        count <- count + 1
        consumers[slot] <- consumer
        account.Add(consumerBytes consumer)
        slot

    /// Removes a consumer with all that is pending for it; how much that was.
    member this.RemoveConsumer(slot: int) : int =
        let consumer = consumers[slot]
        let removed = consumer.PendingCount

        for index in 0 .. removed - 1 do
            let mutable at = 0

            if pending.FindPrefix(consumer.Pending.Item index, &at) then
                pending.RemoveAt at

        let rank = Array.IndexOf(order, slot, 0, count)
        Array.Copy(order, rank + 1, order, rank, count - rank - 1)
        count <- count - 1
        consumers[slot] <- null
        account.Add -(consumerBytes consumer)

        if not (isNull consumer.Pending) then
            account.Detach consumer.Pending.Account

        removed

    // ---- what is pending

    member _.PendingCount = if isNull pending then 0 else pending.Count

    member _.PendingAt(index: int) : PendingEntry = readItem (pending.Item index)

    /// How many pending ids are less than this one.
    member _.PendingBefore(id: StreamId) : int =
        if isNull pending then
            0
        else
            let key = Span<byte>(NativePtr.toVoidPtr (NativePtr.stackalloc<byte> 16), 16)
            StreamIds.writeKey key id
            pending.LowerBound(Span.op_Implicit key)

    /// How many ids that are pending for a consumer are less than this one.
    member _.PendingBeforeOf(slot: int, id: StreamId) : int =
        let own = consumers[slot].Pending

        if isNull own then
            0
        else
            let key = Span<byte>(NativePtr.toVoidPtr (NativePtr.stackalloc<byte> 16), 16)
            StreamIds.writeKey key id
            own.LowerBound(Span.op_Implicit key)

    /// The index of an id among those that are pending.
    member _.FindPending(id: StreamId, index: byref<int>) : bool =
        if isNull pending then
            false
        else
            let key = Span<byte>(NativePtr.toVoidPtr (NativePtr.stackalloc<byte> 16), 16)
            StreamIds.writeKey key id
            pending.FindPrefix(Span.op_Implicit key, &index)

    /// Takes note that an entry was delivered which is not pending so far.
    member _.AddPending(entry: PendingEntry) =
        if isNull pending then
            pending <- CountedTree(owner, true)
            account.Attach pending.Account

        let item = Span<byte>(NativePtr.toVoidPtr (NativePtr.stackalloc<byte> 37), 37)
        writeItem item entry
        pending.Add(Span.op_Implicit item) |> ignore
        addTo entry.Consumer entry.Id

    /// Changes to whom, when and how often the pending entry at an index was delivered. Its id stays.
    member _.SetPending(index: int, entry: PendingEntry) =
        let before = readItem (pending.Item index)

        if before.Consumer <> entry.Consumer then
            removeFrom before.Consumer entry.Id
            addTo entry.Consumer entry.Id

        let item = pending.EditItem index
        writeItem (item.Slice(0, itemBytes)) entry

    member _.RemovePending(index: int) =
        let entry = readItem (pending.Item index)
        removeFrom entry.Consumer entry.Id
        pending.RemoveAt index

    /// The memory of the group, in bytes.
    member _.Account = account

    /// Counts the memory anew, with or without the trees, in bytes.
    member _.Recount(withTrees: bool) : int64 =
        let treeBytes (tree: CountedTree) =
            if withTrees && not (isNull tree) then
                tree.Recount()
            else
                0L

        let mutable bytes =
            ownBytes
            + int64 (name.Length + 8 * consumers.Length + 4 * order.Length)
            + treeBytes pending

        for rank in 0 .. count - 1 do
            let consumer = consumers[order[rank]]
            bytes <- bytes + consumerBytes consumer + treeBytes consumer.Pending

        bytes

    /// A group of another stream with the same content.
    member this.CopyFor(other: Owner) : StreamGroup =
        let copy = StreamGroup(other, name)
        copy.LastId <- this.LastId
        copy.EntriesRead <- this.EntriesRead
        let places: int[] = Array.zeroCreate consumers.Length

        for rank in 0 .. count - 1 do
            let consumer = consumers[order[rank]]
            let slot = copy.AddConsumer(ReadOnlySpan<byte> consumer.Name, consumer.SeenTime)
            copy.OwnConsumer(slot).ActiveTime <- consumer.ActiveTime
            places[order[rank]] <- slot

        for index in 0 .. this.PendingCount - 1 do
            let entry = readItem (pending.Item index)

            copy.AddPending
                { entry with
                    Consumer = places[entry.Consumer]
                }

        copy
