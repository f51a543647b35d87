namespace RedisClone.Protocol

open System
open Microsoft.FSharp.NativeInterop
open System.Runtime.CompilerServices

// A stream
// --------
// Entries come at the end and go at the beginning, and are looked for by id. They lie in blocks of up to a hundred, see
// `StreamBlock`: full blocks in a `CountedTree` by their first id, the last one in a buffer of its own, where adding an
// entry is adding bytes. When it is full it is copied into the tree, at its exact length, and the buffer serves again.
//
//      StreamData ─ blocks ─► | block 0-1 … | block 17-3 … | block 90-0 … |
//                 ─ tail ───► | block 120-0 entry entry …      (room)
//                 ─ groups ─► sorted by name, see `StreamGroup`
//
// A stream is an object beside the page from its first entry on. It is a version: `Edit` gives the one that may be
// written to in the owner's epoch, which has copied the tail and shares everything else.
//
// Redis' blocks end where these do, since approximate trimming shows where that is.

/// A stream: its blocks, its groups and what it remembers of entries that have gone.
[<Sealed; AllowNullLiteral>]
type StreamData(owner: Owner) =
    let epoch = owner.Epoch
    let mutable blocks: CountedTree = null
    let mutable tail = Blob(owner.Epoch, Array.Empty(), 0)
    let mutable groups: StreamGroup[] = Array.Empty()
    let mutable groupCount = 0

    /// The objects that every stream has.
    static let ownBytes = 260L

    let account = Account ownBytes

    let resizeTail (length: int) =
        let before = tail.Capacity
        tail.Resize length
        account.Add(int64 (tail.Capacity - before))

    /// The index of a group; where it would be, inverted, if there is none.
    let search (name: ReadOnlySpan<byte>) : int =
        let mutable low = 0
        let mutable high = groupCount
        let mutable found = -1

        while found < 0 && low < high do
            let middle = (low + high) >>> 1
            let compared = name.SequenceCompareTo(ReadOnlySpan<byte> groups[middle].Name)

            if compared = 0 then found <- middle
            elif compared < 0 then high <- middle
            else low <- middle + 1

        if found >= 0 then found else ~~~low

    let fullBlocks () =
        if isNull blocks then 0 else blocks.Count

    member _.Owner = owner

    /// The number of entries.
    member val Length = 0 with get, set

    /// The greatest id that an entry ever had.
    member val LastId = StreamIds.min with get, set

    /// The greatest id of an entry that was deleted by its id.
    member val MaxDeletedId = StreamIds.min with get, set

    /// How many entries were ever added.
    member val EntriesAdded = 0L with get, set

    /// The stream itself when its owner may write to it, else a version to go on with.
    member this.Edit(editor: Owner) : StreamData =
        if obj.ReferenceEquals(editor, owner) && epoch = editor.Epoch then
            this
        else
            let copy = StreamData editor
            copy.Length <- this.Length
            copy.LastId <- this.LastId
            copy.MaxDeletedId <- this.MaxDeletedId
            copy.EntriesAdded <- this.EntriesAdded
            copy.Take(blocks, tail, groups, groupCount)
            copy

    member private this.Take(full: CountedTree, last: Blob, all: StreamGroup[], count: int) =
        blocks <- if isNull full then null else full.Edit owner
        tail <- Blob.OfSpan(owner.Epoch, last.Span)
        groups <- Array.sub all 0 count
        groupCount <- count
        account.Add(int64 (tail.Capacity + 8 * groups.Length))

        if not (isNull blocks) then
            account.Attach blocks.Account

        for index in 0 .. count - 1 do
            account.Attach groups[index].Account

    // ---- blocks

    member _.BlockCount = fullBlocks () + (if tail.Length > 0 then 1 else 0)

    member _.Block(index: int) : ReadOnlySpan<byte> =
        if index < fullBlocks () then
            blocks.Item index
        else
            tail.Span

    member private _.EditBlock(index: int) : Span<byte> =
        if index < fullBlocks () then
            blocks.EditItem index
        else
            tail.Writable

    member private _.RemoveBlock(index: int) =
        if index < fullBlocks () then
            blocks.RemoveAt index
        else
            resizeTail 0

    /// The index of the block where an id is, if it is anywhere.
    member _.BlockOf(id: StreamId) : int =
        if tail.Length > 0 && not (StreamIds.less id (StreamIds.readKey tail.Span)) then
            fullBlocks ()
        elif isNull blocks then
            0
        else
            let key = Span<byte>(NativePtr.toVoidPtr (NativePtr.stackalloc<byte> 16), 16)
            StreamIds.writeKey key id
            let mutable index = 0

            if blocks.FindPrefix(Span.op_Implicit key, &index) then
                index
            else
                max 0 (index - 1)

    // ---- entries

    /// Adds an entry, whose id must be greater than `LastId`. Its fields and values are arguments from `first` on. The
    /// scratch is overwritten.
    member this.Append(limits: Limits, scratch: RespWriter, id: StreamId, args: Arguments, first: int, pairs: int) =
        let mutable bytes = 0L

        for i in 0 .. 2 * pairs - 1 do
            bytes <- bytes + int64 args[first + i].Length

        if
            tail.Length > 0
            && StreamBlock.isFull tail.Span bytes limits.StreamNodeBytesMax limits.StreamNodeEntriesMax
        then
            if isNull blocks then
                blocks <- CountedTree(owner, true)
                account.Attach blocks.Account

            blocks.Insert(blocks.Count, tail.Span)
            resizeTail 0

            // One huge entry must not leave a huge buffer behind.
            if tail.Capacity > 2 * StreamBlock.BytesMax then
                account.Add -(int64 tail.Capacity)
                tail <- Blob(owner.Epoch, Array.Empty(), 0)

        scratch.Truncate 0

        if tail.Length = 0 then
            StreamBlock.writeHead scratch id args first pairs
            resizeTail scratch.Length
            scratch.Written.CopyTo tail.Writable
            scratch.Truncate 0

        let listpack = StreamBlock.writeEntry scratch tail.Span id args first pairs
        let before = tail.Length
        resizeTail (before + scratch.Length)
        scratch.Written.CopyTo(tail.Writable.Slice before)
        StreamBlock.noteAdded tail.Writable listpack
        this.Length <- this.Length + 1
        this.LastId <- id
        this.EntriesAdded <- this.EntriesAdded + 1L

    member this.Contains(id: StreamId) : bool =
        this.BlockCount > 0 && StreamBlock.find (this.Block(this.BlockOf id)) id >= 0

    /// Deletes an entry; false if there is none.
    member this.Delete(id: StreamId) : bool =
        let index = if this.BlockCount = 0 then -1 else this.BlockOf id

        let flagsAt =
            if index < 0 then
                -1
            else
                StreamBlock.find (this.Block index) id

        if flagsAt >= 0 then
            if StreamBlock.live (this.Block index) = 1 then
                this.RemoveBlock index
            else
                StreamBlock.markDeleted (this.EditBlock index) flagsAt

            this.Length <- this.Length - 1

        flagsAt >= 0

    /// Marks the first entries of the first block, up to one that is to stay.
    member private this.TrimFirstBlock(lengthMax: int64, least: StreamId) : int64 =
        let block = this.EditBlock 0
        let view: ReadOnlySpan<byte> = Span.op_Implicit block
        let origin = StreamIds.readKey view
        let mutable at = StreamBlock.firstEntry view
        let mutable flagsAt = 0
        let mutable id = StreamIds.min
        let mutable deleted = 0L
        let mutable more = true

        while more && at < block.Length do
            let behind = StreamBlock.readEntry (view, origin, &at, &flagsAt, &id)

            if view[flagsAt] &&& StreamBlock.Deleted = 0uy then
                more <-
                    if lengthMax >= 0L then
                        int64 this.Length > lengthMax
                    else
                        StreamIds.less id least

                if more then
                    StreamBlock.markDeleted block flagsAt
                    this.Length <- this.Length - 1
                    deleted <- deleted + 1L

            at <- behind

        deleted

    /// Deletes entries from the beginning while there are more than `lengthMax`, or where that is negative, while their
    /// ids are less than `least`; how many. Approximately: whole blocks only, and no more entries than `limit`, where that is not 0.
    member this.Trim(lengthMax: int64, least: StreamId, approximately: bool, limit: int64) : int64 =
        let mutable deleted = 0L
        let mutable more = true

        while more && int64 this.Length > lengthMax && this.BlockCount > 0 do
            let block = this.Block 0
            let live = int64 (StreamBlock.live block)

            if limit > 0L && deleted + live > limit then
                more <- false
            elif
                if lengthMax >= 0L then
                    int64 this.Length - live >= lengthMax
                else
                    StreamIds.less (StreamBlock.lastId block) least
            then
                this.RemoveBlock 0
                this.Length <- this.Length - int live
                deleted <- deleted + live
            else
                more <- false

                if not approximately then
                    deleted <- deleted + this.TrimFirstBlock(lengthMax, least)

        deleted

    // ---- groups

    member _.GroupCount = groupCount

    /// A group by its rank among the names, for reading.
    member _.Group(index: int) : StreamGroup = groups[index]

    /// The group at an index, for writing.
    member _.OwnGroup(index: int) : StreamGroup =
        let found = groups[index]

        let edited = if found.Epoch = owner.Epoch then found else found.Edit()

        if not (obj.ReferenceEquals(edited, found)) then
            account.Detach found.Account
            account.Attach edited.Account

        groups[index] <- edited
        edited

    /// The index of a group; -1 if there is none of that name.
    member _.FindGroup(name: ReadOnlySpan<byte>) : int = max -1 (search name)

    /// Adds a group, whose name must be new.
    member _.AddGroup(group: StreamGroup) =
        let index = ~~~(search (ReadOnlySpan<byte> group.Name))

        if groupCount = groups.Length then
            account.Add(8L * int64 (max 1 groupCount))
            Array.Resize(&groups, max 1 (2 * groupCount))

        Array.Copy(groups, index, groups, index + 1, groupCount - index)
        groups[index] <- group
        account.Attach group.Account
        groupCount <- groupCount + 1

    member _.RemoveGroup(index: int) =
        account.Detach groups[index].Account
        groupCount <- groupCount - 1
        Array.Copy(groups, index + 1, groups, index, groupCount - index)
        groups[groupCount] <- null

    // ---- the whole

    /// The memory of the stream, in bytes.
    member _.Account = account

    interface IAccounted with
        member _.CountIn(whole: Account) = whole.Attach account
        member _.CountOut(whole: Account) = whole.Detach account

        member _.Recount() =
            let mutable bytes = ownBytes + int64 (tail.Capacity + 8 * groups.Length)

            if not (isNull blocks) then
                bytes <- bytes + blocks.Recount()

            for index in 0 .. groupCount - 1 do
                bytes <- bytes + groups[index].Recount true

            bytes

    /// Another stream with the same content.
    member this.CopyFor(other: Owner) : StreamData =
        let copy = StreamData other
        copy.Length <- this.Length
        copy.LastId <- this.LastId
        copy.MaxDeletedId <- this.MaxDeletedId
        copy.EntriesAdded <- this.EntriesAdded
        let mutable full: CountedTree = null

        if not (isNull blocks) then
            full <- CountedTree(other, true)
            let mutable cursor = blocks.CursorAt 0

            while cursor.Next() do
                full.Insert(full.Count, cursor.Item)

        copy.Take(full, tail, Array.Empty(), 0)

        for index in 0 .. groupCount - 1 do
            copy.AddGroup(groups[index].CopyFor other)

        copy

/// Goes along the entries of a stream between two ids, both included. The stream must not be written to meanwhile.
[<Struct; IsByRefLike; NoEquality; NoComparison>]
type StreamCursor =
    val private stream: StreamData
    val private from: StreamId
    val private until: StreamId
    val private isReverse: bool
    val mutable private block: ReadOnlySpan<byte>
    val mutable private blockIndex: int
    val mutable private origin: StreamId
    val mutable private at: int
    /// Backwards: where the entries of the block begin, and how many of them are left.
    val mutable private starts: int[]
    val mutable private startsLeft: int
    val mutable private id: StreamId
    val mutable private fields: int
    /// Where the next name is: among those of the block, or in the entry.
    val mutable private nameAt: int
    val mutable private valueAt: int
    val mutable private hasOwnFields: bool
    val mutable private nameStart: int
    val mutable private nameLength: int
    val mutable private valueStart: int
    val mutable private valueLength: int

    /// From `from` up to `until`, or backwards from `until` down to `from`.
    new(stream: StreamData, from: StreamId, until: StreamId, isReverse: bool) =
        {
            stream = stream
            from = from
            until = until
            isReverse = isReverse
            block = ReadOnlySpan<byte>.Empty
            blockIndex =
                (if stream.BlockCount = 0 then 0
                 elif isReverse then stream.BlockOf until + 1
                 else stream.BlockOf from - 1)
            origin = StreamId(0UL, 0UL)
            at = 0
            starts = null
            startsLeft = 0
            id = StreamId(0UL, 0UL)
            fields = 0
            nameAt = 0
            valueAt = 0
            hasOwnFields = false
            nameStart = 0
            nameLength = 0
            valueStart = 0
            valueLength = 0
        }

    member private this.Load(index: int) =
        this.blockIndex <- index
        this.block <- this.stream.Block index
        this.origin <- StreamIds.readKey this.block
        this.at <- StreamBlock.firstEntry this.block

    /// Notes where the entries of the block begin.
    member private this.NoteStarts() =
        let needed = StreamBlock.live this.block + StreamBlock.deleted this.block

        if isNull this.starts || this.starts.Length < needed then
            this.starts <- Array.zeroCreate needed

        this.startsLeft <- 0
        let mutable at = this.at

        while at < this.block.Length do
            this.starts[this.startsLeft] <- at
            this.startsLeft <- this.startsLeft + 1
            let length = int (StreamBlock.readVarint (this.block, &at))
            at <- at + length

    /// Reads the entry at a position; false if it is deleted.
    member private this.Read(start: int) : bool =
        let mutable at = start
        let mutable flagsAt = 0
        let mutable id = StreamIds.min
        let behind = StreamBlock.readEntry (this.block, this.origin, &at, &flagsAt, &id)
        let flags = this.block[flagsAt]
        this.id <- id
        this.hasOwnFields <- flags &&& StreamBlock.SameFields = 0uy

        if this.hasOwnFields then
            this.fields <- int (StreamBlock.readVarint (this.block, &at))
        else
            let mutable nameAt = StreamBlock.HeadBytes
            this.fields <- int (StreamBlock.readVarint (this.block, &nameAt))
            this.nameAt <- nameAt

        this.valueAt <- at
        this.at <- behind
        flags &&& StreamBlock.Deleted = 0uy

    member private this.NextForwards() : bool =
        let mutable found = false
        let mutable more = true

        while more do
            if this.at < this.block.Length then
                if this.Read this.at && not (StreamIds.less this.id this.from) then
                    found <- not (StreamIds.less this.until this.id)
                    more <- false
            elif this.blockIndex + 1 < this.stream.BlockCount then
                this.Load(this.blockIndex + 1)
            else
                more <- false

        found

    member private this.NextBackwards() : bool =
        let mutable found = false
        let mutable more = true

        while more do
            if this.startsLeft > 0 then
                this.startsLeft <- this.startsLeft - 1

                if
                    this.Read this.starts[this.startsLeft]
                    && not (StreamIds.less this.until this.id)
                then
                    found <- not (StreamIds.less this.id this.from)
                    more <- false
            elif this.blockIndex > 0 then
                this.Load(this.blockIndex - 1)
                this.NoteStarts()
            else
                more <- false

        found

    /// Steps to the next entry; false when there is none. Then the cursor must not be asked again.
    member this.Next() : bool =
        if this.isReverse then
            this.NextBackwards()
        else
            this.NextForwards()

    member this.Id = this.id

    /// How many fields the entry has.
    member this.Fields = this.fields

    /// Steps to the next field of the entry; there must be one.
    member this.NextField() =
        let mutable at = this.valueAt

        if this.hasOwnFields then
            this.nameLength <- int (StreamBlock.readVarint (this.block, &at))
            this.nameStart <- at
            at <- at + this.nameLength
        else
            let mutable nameAt = this.nameAt
            this.nameLength <- int (StreamBlock.readVarint (this.block, &nameAt))
            this.nameStart <- nameAt
            this.nameAt <- nameAt + this.nameLength

        this.valueLength <- int (StreamBlock.readVarint (this.block, &at))
        this.valueStart <- at
        this.valueAt <- at + this.valueLength

    member this.Field: ReadOnlySpan<byte> =
        this.block.Slice(this.nameStart, this.nameLength)

    member this.Value: ReadOnlySpan<byte> =
        this.block.Slice(this.valueStart, this.valueLength)

/// Reading and writing the stream that an entry of the keyspace holds.
[<RequireQualifiedAccess>]
module StreamValue =
    /// The stream of an entry, for reading.
    let dataOf (entry: byref<Entry>) : StreamData = entry.Object :?> StreamData

    /// The stream of an entry, for writing.
    let own (call: Call) (entry: byref<Entry>) : StreamData =
        let found = dataOf &entry
        let edited = found.Edit call.Keyspace.Owner

        if not (obj.ReferenceEquals(edited, found)) then
            call.Table.SetObject(&entry, edited)

        edited

    /// Makes the key an empty stream.
    let create (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) : StreamData =
        let stream = StreamData call.Keyspace.Owner
        call.StoreObject(&entry, key, Kind.Stream, stream, Page.NoDeadline)
        stream

    /// The id of the first entry; the least there is if the stream is empty.
    let firstId (stream: StreamData) : StreamId =
        let mutable cursor = StreamCursor(stream, StreamIds.min, StreamIds.max, false)
        if cursor.Next() then cursor.Id else StreamIds.min

    /// The id of the last entry that is there; the least there is if the stream is empty.
    let lastEntryId (stream: StreamData) : StreamId =
        let mutable cursor = StreamCursor(stream, StreamIds.min, StreamIds.max, true)
        if cursor.Next() then cursor.Id else StreamIds.min

    // ---- how far a group is

    /// Whether an entry was deleted by its id at or behind this one, so that counting entries does not tell.
    let hasTombstonesFrom (stream: StreamData) (id: StreamId) : bool =
        stream.Length > 0
        && not stream.MaxDeletedId.IsZero
        && not (StreamIds.less stream.MaxDeletedId id)
        && not (StreamIds.less stream.MaxDeletedId (firstId stream))

    /// How many entries were added up to an id; -1 when that is not known.
    let entriesUpTo (stream: StreamData) (id: StreamId) : int64 =
        if stream.EntriesAdded = 0L then
            0L
        elif stream.Length = 0 && not (StreamIds.less stream.LastId id) then
            stream.EntriesAdded
        elif StreamIds.same id stream.LastId then
            stream.EntriesAdded
        elif StreamIds.less stream.LastId id then
            -1L
        else
            let first = firstId stream

            let isDense = stream.MaxDeletedId.IsZero || StreamIds.less stream.MaxDeletedId first

            if isDense && StreamIds.less id first then
                stream.EntriesAdded - int64 stream.Length
            elif isDense && StreamIds.same id first then
                stream.EntriesAdded - int64 stream.Length + 1L
            else
                -1L

    /// Stands for a lag that is not known. Any other number can be one, since XGROUP sets counters to anything.
    [<Literal>]
    let UnknownLag = Int64.MinValue

    /// How many entries a group has yet to read; `UnknownLag` when that is not known.
    let lag (stream: StreamData) (group: StreamGroup) : int64 =
        if stream.EntriesAdded = 0L then
            0L
        elif group.EntriesRead >= 0L && not (hasTombstonesFrom stream group.LastId) then
            stream.EntriesAdded - group.EntriesRead
        else
            let read = entriesUpTo stream group.LastId
            if read < 0L then UnknownLag else stream.EntriesAdded - read

    // ---- the shape that Redis would have

    /// How many nodes a radix tree has whose keys are the first ids of the blocks. Chains of bytes without branches are
    /// one node, and so is a branch; a key ends in an empty node.
    let radixNodes (stream: StreamData) : int =
        let count = stream.BlockCount
        let mutable nodes = if count = 0 then 1 else count
        // The depths of the branches on the way to the key before, and whether a chain is above each.
        let depths: int[] = Array.zeroCreate 17
        let mutable open' = 0

        // A key alone is a chain and its end.
        if count > 0 then
            let previous: byte[] = Array.zeroCreate 16
            stream.Block(0).Slice(0, 16).CopyTo(Span<byte> previous)

            // Each branch has a chain above it unless it is right below another branch or at the root; each key has one
            // below its last branch unless that is at the last byte. Keys are seen in order.
            let mutable lowest = -1

            for index in 1 .. count - 1 do
                let key = stream.Block(index).Slice(0, 16)
                let common = key.CommonPrefixLength(ReadOnlySpan<byte> previous)

                // The key before ends: below its deepest branch.
                let deepest = max lowest common

                if deepest < 15 then
                    nodes <- nodes + 1

                // Branches deeper than where the two part are complete.
                while open' > 0 && depths[open' - 1] > common do
                    let above = if open' > 1 then max depths[open' - 2] common else common

                    if depths[open' - 1] > above + 1 then
                        nodes <- nodes + 1

                    nodes <- nodes + 1
                    open' <- open' - 1

                if open' = 0 || depths[open' - 1] < common then
                    depths[open'] <- common
                    open' <- open' + 1

                lowest <- common
                key.CopyTo(Span<byte> previous)

            if lowest < 15 then
                nodes <- nodes + 1

            while open' > 0 do
                let above = if open' > 1 then depths[open' - 2] else -1

                if depths[open' - 1] > above + 1 then
                    nodes <- nodes + 1

                nodes <- nodes + 1
                open' <- open' - 1

        nodes
