namespace RedisClone.Protocol

open System
open System.Collections.Generic
open System.Numerics

// The page table: a persistent hash table at the speed of a mutable one
// ----------------------------------------------------------------------
// Extendible hashing in two levels. The top bits of a hash choose a segment in the root, the next bits a page in the
// segment's directory, and the page is searched with one vector instruction (`Page`).
//
//      root (2^r entries)  -->  segment (2^s entries)  -->  page (up to 64 records)
//
// A page knows how many leading bits its records share (its depth); when that is less than the directory resolves,
// neighbouring directory entries name the same page. A full page is split by the next bit of the hash. When the
// directory of its segment is too coarse for that it doubles; when the directory has reached its limit the segment is
// split, and when the root is too coarse for that the root doubles. So nothing is ever rehashed as a whole: the longest
// step of an insert is copying one directory.
//
// The records of a page are exactly those whose hashes begin with its prefix, and prefixes are ordered. That makes a
// SCAN cursor stateless and exact: it is the prefix where the next page begins. Splitting a page ahead of or behind the
// cursor moves no record across it, and merging two pages can only bring back records that were already returned.
//
// Snapshots are explained in `Owner`. Pages, segments and the root are each copied on the first write in a new epoch.

/// One directory: pages by the hash bits after the first `PrefixBits`.
[<Sealed; AllowNullLiteral>]
type Segment(epoch: int64, prefixBits: int, depth: int, pages: byte[][], references: obj[][]) =
    /// The most bits a directory resolves before the segment is split.
    static member DepthMax = 9

    member _.Epoch = epoch
    member _.PrefixBits = prefixBits
    member _.Depth = depth
    member _.Pages = pages

    /// The references beside each page, where it has any; null when no page of the segment has any.
    member val References = references with get, set

    /// No deadline in the segment is earlier than this.
    member val Earliest = Page.NoDeadline with get, set

    /// How many pages need all the bits that the directory resolves. At none it can be halved.
    member val DeepPages = 0 with get, set

    member this.CountDeepPages() =
        let mutable deep = 0

        for page in pages do
            if int (Page.header page).Depth = prefixBits + depth then
                deep <- deep + 1

        this.DeepPages <- deep

    /// The memory of the directory, without what it names, in bytes.
    member this.MemoryBytes =
        let directory = Sizeof.array pages.Length 8

        if isNull this.References then
            directory + 72L
        else
            2L * directory + 72L

    member inline this.IndexOf(hash: uint64) : int =
        int (((hash <<< this.PrefixBits) >>> 1) >>> (63 - this.Depth))

    member this.Copy(epoch: int64) =
        let references =
            if isNull this.References then
                null
            else
                Array.copy this.References

        Segment(
            epoch,
            prefixBits,
            depth,
            Array.copy pages,
            references,
            Earliest = this.Earliest,
            DeepPages = this.DeepPages
        )

/// Where a look-up ended: the record that was found, or the place where it would be. Good until the table is next
/// written to.
[<Struct; NoEquality; NoComparison>]
type Entry =
    val mutable internal Segment: Segment
    val mutable internal Index: int
    val mutable internal Hash: uint64
    val mutable internal Page: byte[]
    val mutable internal References: obj[]
    val mutable internal Slot: int
    val mutable internal Record: int

    /// Whether there is a record.
    member this.Exists = this.Slot >= 0

    member this.Kind = Page.kind this.Page this.Record

    /// The time in milliseconds at which the record ends; `Page.NoDeadline` if it does not.
    member this.Deadline = Page.deadline this.Page this.Record

    /// 24 bits that belong to whoever tracks the use of keys.
    member this.Stamp
        with get () = Page.stamp this.Page this.Record
        and set (value: int) = Page.setStamp this.Page this.Record value

    member this.Key: ReadOnlySpan<byte> =
        if Page.flags this.Page this.Record &&& Page.KeyOutside <> 0uy then
            ReadOnlySpan<byte>((this.References[this.Slot] :?> LongKey).Key)
        else
            ReadOnlySpan<byte>(this.Page, Page.keyAt this.Page this.Record, Page.keyLength this.Page this.Record)

    /// The object that holds the value, or null when the value is bytes in the page.
    member this.Object: obj =
        let flags = Page.flags this.Page this.Record

        if flags &&& Page.ValueOutside = 0uy then
            null
        elif flags &&& Page.KeyOutside = 0uy then
            this.References[this.Slot]
        else
            (this.References[this.Slot] :?> LongKey).Value

    /// The bytes of the value; empty when an object other than `Blob` holds it.
    member this.Value: ReadOnlySpan<byte> =
        if Page.flags this.Page this.Record &&& Page.ValueOutside = 0uy then
            ReadOnlySpan<byte>(this.Page, Page.valueAt this.Page this.Record, Page.valueLength this.Page this.Record)
        else
            match this.Object with
            | :? Blob as blob -> blob.Span
            | _ -> ReadOnlySpan<byte>.Empty

    /// Goes to the record in a slot of the page.
    member this.Pick(slot: int) =
        this.Slot <- slot
        this.Record <- Page.recordAt this.Page slot

    /// Bytes of memory of the record itself, without what hangs beside the page.
    member this.RecordBytes = Page.recordLength this.Page this.Record + 3

/// Walks over all records of one version of a table, in hash order. The version must not be written to meanwhile.
[<Struct; NoEquality; NoComparison>]
type Walk =
    val private root: Segment[]
    val mutable private rootIndex: int
    val mutable private pageIndex: int
    val mutable private slots: uint64
    val mutable private page: byte[]
    val mutable private references: obj[]

    internal new(root: Segment[]) =
        {
            root = root
            rootIndex = 0
            pageIndex = 0
            slots = 0UL
            page = null
            references = null
        }

    member private this.NextPage() : bool =
        if this.rootIndex >= this.root.Length then
            false
        else
            let segment = this.root[this.rootIndex]

            if this.pageIndex >= segment.Pages.Length then
                // Neighbouring entries of the root may name the same segment.
                while this.rootIndex < this.root.Length
                      && obj.ReferenceEquals(this.root[this.rootIndex], segment) do
                    this.rootIndex <- this.rootIndex + 1

                this.pageIndex <- 0
                this.NextPage()
            else
                this.page <- segment.Pages[this.pageIndex]

                this.references <-
                    if isNull segment.References then
                        null
                    else
                        segment.References[this.pageIndex]

                let header = &Page.header this.page
                this.slots <- header.Occupied
                this.pageIndex <- this.pageIndex + (1 <<< (segment.PrefixBits + segment.Depth - int header.Depth))
                true

    /// Goes to the next record; false at the end.
    member this.Next(entry: byref<Entry>) : bool =
        let mutable more = true

        while more && this.slots = 0UL do
            more <- this.NextPage()

        if more then
            entry.Slot <- BitOperations.TrailingZeroCount this.slots
            this.slots <- this.slots &&& (this.slots - 1UL)
            entry.Page <- this.page
            entry.References <- this.references
            entry.Record <- Page.recordAt this.page entry.Slot

        more

/// A version of a table that nothing will ever change. Safe to read from any thread.
[<Sealed>]
type FrozenTable internal (root: Segment[], rootBits: int, count: int, deadlines: int, bytes: int64) =
    member internal _.Bytes = bytes
    member internal _.Root = root
    member internal _.RootBits = rootBits
    member _.Count = count
    member _.DeadlineCount = deadlines
    member _.Walk() = Walk(root)

/// A hash table from byte strings to records: bytes or an object, a kind, an optional deadline, a stamp.
[<Sealed; AllowNullLiteral>]
type PageTable
    private
    (
        owner: Owner,
        start: Segment[],
        startBits: int,
        startCount: int,
        startDeadlines: int,
        madeIn: int64,
        startBytes: int64
    ) =
    /// Pages split when they would become longer than this, in bytes.
    static let pageBytesMax = 16 * 1024

    /// From this mean length on, in bytes, records are long: a page has full size at once.
    static let longRecord = 128

    /// Two sibling pages merge when they hold no more records than this together.
    static let mergeCountMax = 24

    /// The references beside a page, in bytes.
    static let besideBytes = Sizeof.array Page.Slots 8

    let account = Account startBytes
    let mutable root = start
    let mutable rootBits = startBits
    let mutable rootEpoch = madeIn
    let mutable count = startCount
    let mutable deadlines = startDeadlines
    /// Where the search for due records goes on.
    let mutable dueHint = 0

    /// How much room for records a page gets that holds `count` of them, `live` bytes in all: three quarters of a full
    /// page, or a full one when that is too little or records are long. Sizes in between would save a few bytes, but leave
    /// the pinned heap with holes of many sizes, since pages fill up all at the same time: measured at ten million keys,
    /// twice the memory. An eighth is always to spare, so that values that change their length do not have the page
    /// packed each time.
    let roomFor (live: int) (count: int) =
        let mean = live / max 1 count
        let spare = live + live / 8
        let threeQuarters = mean * (Page.Slots * 3 / 4)

        let wanted =
            if threeQuarters >= spare && mean < longRecord then
                threeQuarters
            else
                mean * Page.Slots

        max spare (min (min wanted (2 * live)) (pageBytesMax - Page.RecordsAt))

    let rent (bytes: int) (depth: int) =
        let page = owner.Pool.Rent bytes
        Page.clear page owner.Epoch depth
        page

    let rootIndexOf (hash: uint64) = int ((hash >>> 1) >>> (63 - rootBits))

    let ownRoot () =
        if rootEpoch <> owner.Epoch then
            root <- Array.copy root
            rootEpoch <- owner.Epoch

    /// Puts a segment wherever the root names the one with the same prefix.
    let replaceSegment (hash: uint64) (segment: Segment) =
        ownRoot ()
        let span = 1 <<< (rootBits - segment.PrefixBits)
        let first = rootIndexOf hash &&& ~~~(span - 1)
        Array.fill root first span segment

    /// Puts a page, with its references, wherever the directory has entries for the page's prefix.
    let placePage (segment: Segment) (index: int) (page: byte[]) (references: obj[]) =
        let span = 1 <<< (segment.PrefixBits + segment.Depth - int (Page.header page).Depth)
        let first = index &&& ~~~(span - 1)
        Array.fill segment.Pages first span page

        if not (isNull segment.References) then
            Array.fill segment.References first span references
        elif not (isNull references) then
            segment.References <- Array.zeroCreate segment.Pages.Length
            account.Add(Sizeof.array segment.Pages.Length 8)
            Array.fill segment.References first span references

    /// Makes the segment and the page of an entry editable.
    let own (entry: byref<Entry>) =
        if entry.Segment.Epoch <> owner.Epoch then
            entry.Segment <- entry.Segment.Copy owner.Epoch
            replaceSegment entry.Hash entry.Segment

        if (Page.header entry.Page).Epoch <> owner.Epoch then
            let copy = owner.Pool.Rent entry.Page.Length
            Buffer.BlockCopy(entry.Page, 0, copy, 0, (Page.header entry.Page).End)
            let header = &Page.header copy
            header.Epoch <- owner.Epoch
            entry.Page <- copy

            if not (isNull entry.References) then
                entry.References <- Array.copy entry.References

            placePage entry.Segment entry.Index copy entry.References

    let rec countOut (value: obj) =
        match value with
        | null -> ()
        | :? Blob as blob -> account.Add -blob.MemoryBytes
        | :? LongKey as long ->
            account.Add -long.KeyBytes
            countOut long.Value
        | other -> (other :?> IAccounted).CountOut account

    let rec countIn (value: obj) =
        match value with
        | null -> ()
        | :? Blob as blob -> account.Add blob.MemoryBytes
        | :? LongKey as long ->
            account.Add long.KeyBytes
            countIn long.Value
        | other -> (other :?> IAccounted).CountIn account

    let setReference (entry: byref<Entry>) (value: obj) =
        if isNull entry.References then
            if not (isNull value) then
                entry.References <- Array.zeroCreate Page.Slots
                entry.References[entry.Slot] <- value
                account.Add besideBytes
                placePage entry.Segment entry.Index entry.Page entry.References
        else
            // In this order: a value may be in both.
            countOut entry.References[entry.Slot]
            entry.References[entry.Slot] <- value

        countIn value

    let setEarliest (entry: byref<Entry>) (deadline: int64) =
        let header = &Page.header entry.Page

        if deadline < header.Earliest then
            header.Earliest <- deadline

        if deadline < entry.Segment.Earliest then
            entry.Segment.Earliest <- deadline

    /// Moves the records of an owned page into an array with so much room for them.
    let repackInto (entry: byref<Entry>) (room: int) =
        let old = entry.Page
        let page = rent (Page.RecordsAt + room) (int (Page.header old).Depth)
        (Page.header page).Earliest <- (Page.header old).Earliest
        let mutable slots = (Page.header old).Occupied

        while slots <> 0UL do
            let slot = BitOperations.TrailingZeroCount slots
            slots <- slots &&& (slots - 1UL)
            Page.copyRecord old slot page slot

        entry.Page <- page
        placePage entry.Segment entry.Index page entry.References

        if entry.Slot >= 0 then
            entry.Record <- Page.recordAt page entry.Slot

        account.Add(int64 (page.Length - old.Length))
        owner.Pool.Return old

    /// Moves the records of an owned page into an array with room for them and for `added` bytes more.
    let repack (entry: byref<Entry>) (added: int) =
        let header = &Page.header entry.Page
        repackInto &entry (roomFor (header.Live + added) (int header.Count + sign added))

    let doubleSegment (hash: uint64) (segment: Segment) =
        let twice (array: 'item[]) =
            if isNull array then
                null
            else
                Array.init (array.Length * 2) (fun i -> array[i / 2])

        let doubled =
            Segment(
                owner.Epoch,
                segment.PrefixBits,
                segment.Depth + 1,
                twice segment.Pages,
                twice segment.References,
                Earliest = segment.Earliest
            )

        account.Add(doubled.MemoryBytes - segment.MemoryBytes)
        replaceSegment hash doubled

    let splitSegment (hash: uint64) (segment: Segment) =
        if segment.PrefixBits = rootBits then
            let old = root
            root <- Array.init (old.Length * 2) (fun i -> old[i / 2])
            account.Add(int64 old.Length * 8L)
            rootBits <- rootBits + 1
            rootEpoch <- owner.Epoch

        let half = segment.Pages.Length / 2

        let part first =
            let references =
                if isNull segment.References then
                    null
                else
                    Array.sub segment.References first half

            let pages = Array.sub segment.Pages first half

            let made =
                Segment(
                    owner.Epoch,
                    segment.PrefixBits + 1,
                    segment.Depth - 1,
                    pages,
                    references,
                    Earliest = segment.Earliest
                )

            made.CountDeepPages()
            account.Add made.MemoryBytes
            made

        account.Add -segment.MemoryBytes
        let bit = 1UL <<< (63 - segment.PrefixBits)
        replaceSegment (hash &&& ~~~bit) (part 0)
        replaceSegment (hash ||| bit) (part half)

    /// Splits an owned page by the next bit of its hashes.
    let rec splitPage (entry: byref<Entry>) =
        let segment = entry.Segment
        let depth = int (Page.header entry.Page).Depth

        if depth - segment.PrefixBits < segment.Depth then
            divide &entry
        else
            // 48 bits are what a cursor of SCAN holds. That 64 keys agree in so many bits of a keyed hash does not happen.
            if depth >= 48 then
                failwith "more than 64 keys have hashes with the same 48 bits"

            // A page that would be deeper than its whole segment allows: split the segment, keep its resolution.
            if segment.Depth = Segment.DepthMax then
                splitSegment entry.Hash segment
            else
                doubleSegment entry.Hash segment

            entry.Segment <- root[rootIndexOf entry.Hash]
            entry.Index <- entry.Segment.IndexOf entry.Hash
            splitPage &entry

    and divide (entry: byref<Entry>) =
        let old = entry.Page
        let depth = int (Page.header old).Depth
        let bit = 1UL <<< (63 - depth)
        let mutable upper = 0UL
        let mutable upperBytes = 0
        let mutable slots = (Page.header old).Occupied

        while slots <> 0UL do
            let slot = BitOperations.TrailingZeroCount slots
            slots <- slots &&& (slots - 1UL)
            entry.Slot <- slot
            entry.Record <- Page.recordAt old slot

            if owner.Hash entry.Key &&& bit <> 0UL then
                upper <- upper ||| (1UL <<< slot)
                upperBytes <- upperBytes + Page.recordLength old entry.Record

        let mutable first = entry.Index
        let span = 1 <<< (entry.Segment.PrefixBits + entry.Segment.Depth - depth)
        first <- first &&& ~~~(span - 1)

        // The array of the page serves one of the halves again: given back instead, millions of them would wait for the
        // collector at the times when all pages split.
        let source = owner.Pool.Rent old.Length
        Buffer.BlockCopy(old, 0, source, 0, (Page.header old).End)

        for side in 0..1 do
            let chosen =
                if side = 1 then
                    upper
                else
                    (Page.header source).Occupied &&& ~~~upper

            let page =
                if side = 0 then
                    Page.clear old owner.Epoch (depth + 1)
                    old
                else
                    rent (Page.RecordsAt + roomFor upperBytes (BitOperations.PopCount upper)) (depth + 1)

            let references: obj[] =
                if isNull entry.References then
                    null
                else
                    Array.zeroCreate Page.Slots

            let mutable used = false
            let mutable rest = chosen

            while rest <> 0UL do
                let slot = BitOperations.TrailingZeroCount rest
                rest <- rest &&& (rest - 1UL)
                Page.copyRecord source slot page slot

                if not (isNull references) && not (isNull entry.References[slot]) then
                    references[slot] <- entry.References[slot]
                    used <- true

            (Page.header page).Earliest <-
                if (Page.header source).Earliest = Page.NoDeadline then
                    Page.NoDeadline
                else
                    Page.earliestOf page references

            if side = 1 then
                account.Add(Sizeof.array page.Length 1)

            if used then
                account.Add besideBytes

            placePage entry.Segment (first + side * (span / 2)) page (if used then references else null)

        if not (isNull entry.References) then
            account.Add -besideBytes

        if span = 2 then
            entry.Segment.DeepPages <- entry.Segment.DeepPages + 2

        owner.Pool.Return source

    let locate (entry: byref<Entry>) =
        let segment = root[rootIndexOf entry.Hash]
        let index = segment.IndexOf entry.Hash
        entry.Segment <- segment
        entry.Index <- index
        entry.Page <- segment.Pages[index]

        entry.References <-
            if isNull segment.References then
                null
            else
                segment.References[index]

    /// Halves directories that no page needs any more, and then the root.
    let shrink (hash: uint64) (segment: Segment) =
        let mutable halved = segment

        while halved.Depth > 0 && halved.DeepPages = 0 do
            let half (array: 'item[]) =
                if isNull array then
                    null
                else
                    Array.init (array.Length / 2) (fun i -> array[i * 2])

            halved <-
                Segment(
                    owner.Epoch,
                    segment.PrefixBits,
                    halved.Depth - 1,
                    half halved.Pages,
                    half halved.References,
                    Earliest = segment.Earliest
                )

            halved.CountDeepPages()

        if not (obj.ReferenceEquals(halved, segment)) then
            account.Add(halved.MemoryBytes - segment.MemoryBytes)
            replaceSegment hash halved

    /// Makes one segment of two siblings that have a page each, so that the pages can merge.
    let joinSegments (entry: byref<Entry>) =
        let segment = entry.Segment
        let bit = 1UL <<< (64 - segment.PrefixBits)
        let sibling = root[rootIndexOf (entry.Hash ^^^ bit)]

        if
            sibling.PrefixBits = segment.PrefixBits
            && sibling.Depth = 0
            && int ((Page.header sibling.Pages[0]).Count + (Page.header entry.Page).Count)
               <= mergeCountMax
        then
            let lower = if entry.Hash &&& bit = 0UL then segment else sibling
            let upper = if entry.Hash &&& bit = 0UL then sibling else segment

            let beside (part: Segment) =
                if isNull part.References then null else part.References[0]

            let references =
                if isNull lower.References && isNull upper.References then
                    null
                else
                    [| beside lower; beside upper |]

            let joined =
                Segment(
                    owner.Epoch,
                    segment.PrefixBits - 1,
                    1,
                    [| lower.Pages[0]; upper.Pages[0] |],
                    references,
                    Earliest = min lower.Earliest upper.Earliest,
                    DeepPages = 2
                )

            account.Add(joined.MemoryBytes - lower.MemoryBytes - upper.MemoryBytes)
            replaceSegment entry.Hash joined

            if not (Array.exists (fun (other: Segment) -> other.PrefixBits = rootBits) root) then
                let old = root
                root <- Array.init (old.Length / 2) (fun i -> old[i * 2])
                account.Add(int64 old.Length * -4L)
                rootBits <- rootBits - 1

            locate &entry

    /// Joins an owned page with its sibling when together they are small.
    let merge (entry: byref<Entry>) =
        let count = int (Page.header entry.Page).Count

        if
            count <= mergeCountMax / 2
            && entry.Segment.Depth = 0
            && entry.Segment.PrefixBits > 0
        then
            joinSegments &entry

        let header = &Page.header entry.Page
        let segment = entry.Segment
        let depth = int header.Depth

        if count <= mergeCountMax / 2 && depth > segment.PrefixBits then
            let span = 1 <<< (segment.PrefixBits + segment.Depth - depth)
            let first = entry.Index &&& ~~~(span - 1)
            let siblingIndex = first ^^^ span
            let sibling = segment.Pages[siblingIndex]
            let other = &Page.header sibling

            if int other.Depth = depth && int (header.Count + other.Count) <= mergeCountMax then
                let siblingReferences =
                    if isNull segment.References then
                        null
                    else
                        segment.References[siblingIndex]

                let page =
                    rent
                        (Page.RecordsAt
                         + roomFor (header.Live + other.Live) (int (header.Count + other.Count)))
                        (depth - 1)

                (Page.header page).Earliest <- min header.Earliest other.Earliest
                let needsReferences = not (isNull entry.References && isNull siblingReferences)

                let references: obj[] =
                    if needsReferences then
                        Array.zeroCreate Page.Slots
                    else
                        null

                for side in 0..1 do
                    let source = if side = 0 then entry.Page else sibling
                    let beside = if side = 0 then entry.References else siblingReferences
                    let mutable slots = (Page.header source).Occupied

                    while slots <> 0UL do
                        let slot = BitOperations.TrailingZeroCount slots
                        slots <- slots &&& (slots - 1UL)
                        let target = Page.freeSlot page
                        Page.copyRecord source slot page target

                        if not (isNull beside) then
                            references[target] <- beside[slot]

                let siblingOwned = (other.Epoch = owner.Epoch)

                account.Add(
                    Sizeof.array page.Length 1
                    - Sizeof.array entry.Page.Length 1
                    - Sizeof.array sibling.Length 1
                )

                if needsReferences then
                    let arrays =
                        (if isNull entry.References then 0L else 1L)
                        + (if isNull siblingReferences then 0L else 1L)

                    account.Add(besideBytes * (1L - arrays))

                placePage segment first page references

                if span = 1 then
                    segment.DeepPages <- segment.DeepPages - 2
                    shrink entry.Hash segment

                owner.Pool.Return entry.Page

                if siblingOwned then
                    owner.Pool.Return sibling

    let rec insert (entry: byref<Entry>) (key: ReadOnlySpan<byte>) flags stamp keyLength valueLength deadline =
        let length = Page.lengthFor flags keyLength valueLength
        let header = &Page.header entry.Page
        let grown = header.Live + length

        if
            int header.Count = Page.Slots
            || (header.Count > 1s
                && Page.RecordsAt + grown > pageBytesMax
                && int header.Depth < 48)
        then
            splitPage &entry
            locate &entry
            insert &entry key flags stamp keyLength valueLength deadline
        else
            if header.End + length > entry.Page.Length then
                entry.Slot <- -1
                repack &entry length

            let slot = Page.freeSlot entry.Page
            entry.Slot <- slot
            entry.Record <- Page.place entry.Page slot (Page.tagOf entry.Hash) length
            Page.writeFixed entry.Page entry.Record flags stamp keyLength valueLength deadline

    new(owner: Owner) =
        let epoch = owner.Epoch
        let page = owner.Pool.Rent Page.RecordsAt
        Page.clear page epoch 0
        let segment = Segment(epoch, 0, 0, [| page |], null)

        PageTable(
            owner,
            [| segment |],
            0,
            0,
            0,
            epoch,
            PageTable.OwnBytes
            + Sizeof.array 1 8
            + segment.MemoryBytes
            + Sizeof.array page.Length 1
        )

    /// The objects that every table has.
    static member private OwnBytes = 150L

    /// The memory of the table and of all that it holds, in bytes.
    member _.Account = account

    /// The number of records, due ones included.
    member _.Count = count

    /// The number of records that have a deadline.
    member _.DeadlineCount = deadlines

    /// The epoch in which the root was last made one's own.
    member _.Epoch = rootEpoch

    /// This version, for ever. The owner must take a new epoch before the table is next written to.
    member _.Freeze() =
        FrozenTable(root, rootBits, count, deadlines, account.Bytes)

    /// A live table that goes on from a frozen one.
    static member OfFrozen(owner: Owner, frozen: FrozenTable) =
        PageTable(owner, frozen.Root, frozen.RootBits, frozen.Count, frozen.DeadlineCount, 0L, frozen.Bytes)

    /// The table itself when the owner may edit it, else a copy of it (the root only) that shares all pages.
    member this.Edit(editor: Owner) : PageTable =
        if obj.ReferenceEquals(editor, owner) && rootEpoch = editor.Epoch then
            this
        else
            PageTable(editor, Array.copy root, rootBits, count, deadlines, editor.Epoch, account.Bytes)

    member _.Walk() = Walk(root)

    member internal _.HashOf(key: ReadOnlySpan<byte>) = owner.Hash key

    /// The page where the keys with a hash are.
    member internal _.PageOf(hash: uint64) =
        let segment = root[rootIndexOf hash]
        segment.Pages[segment.IndexOf hash]

    /// Whether there is a record with a key, given with its hash.
    member internal this.Has(hash: uint64, key: ReadOnlySpan<byte>) : bool =
        let segment = root[rootIndexOf hash]
        let index = segment.IndexOf hash
        let page = segment.Pages[index]
        let mutable candidates = Page.matches page (Page.tagOf hash)
        let mutable found = false

        while candidates <> 0UL && not found do
            let slot = BitOperations.TrailingZeroCount candidates
            candidates <- candidates &&& (candidates - 1UL)

            let references =
                if isNull segment.References then
                    null
                else
                    segment.References[index]

            found <- Page.hasKey page references slot key

        found

    /// Looks a key up. The entry tells the record, or where it would be.
    member _.Find(key: ReadOnlySpan<byte>, entry: byref<Entry>) : bool =
        entry.Hash <- owner.Hash key
        locate &entry
        entry.Slot <- -1
        let mutable candidates = Page.matches entry.Page (Page.tagOf entry.Hash)

        while candidates <> 0UL do
            let slot = BitOperations.TrailingZeroCount candidates

            if Page.hasKey entry.Page entry.References slot key then
                entry.Slot <- slot
                entry.Record <- Page.recordAt entry.Page slot
                candidates <- 0UL
            else
                candidates <- candidates &&& (candidates - 1UL)

        entry.Slot >= 0

    /// Writes a record: over the one that `Find` found, or a new one where it found none. The value is `object`, or
    /// `value` when that is null; neither may be a view into this table.
    member _.Store
        (
            entry: byref<Entry>,
            key: ReadOnlySpan<byte>,
            kind: Kind,
            value: ReadOnlySpan<byte>,
            object: obj,
            deadline: int64,
            stamp: int
        ) =
        own &entry
        let keyOutside = key.Length > Page.InlineKeyMax
        let valueOutside = not (isNull object) || value.Length > Page.InlineValueMax
        let keyLength = if keyOutside then 0 else key.Length
        let valueLength = if valueOutside then 0 else value.Length

        let flags =
            byte kind
            ||| (if deadline <> Page.NoDeadline then
                     Page.HasDeadline
                 else
                     0uy)
            ||| (if keyLength > 255 || valueLength > 255 then
                     Page.Wide
                 else
                     0uy)
            ||| (if keyOutside then Page.KeyOutside else 0uy)
            ||| (if valueOutside then Page.ValueOutside else 0uy)

        if entry.Slot >= 0 then
            let page = entry.Page
            let oldFlags = Page.flags page entry.Record

            if oldFlags &&& Page.HasDeadline <> 0uy then
                deadlines <- deadlines - 1

            if
                (oldFlags ^^^ flags) &&& 0xF0uy = 0uy
                && valueLength <= Page.valueLength page entry.Record
            then
                let header = &Page.header page
                header.Live <- header.Live - Page.valueLength page entry.Record + valueLength
                Page.setFlags page entry.Record flags
                Page.setStamp page entry.Record stamp
                Page.setValueLength page entry.Record valueLength

                if deadline <> Page.NoDeadline then
                    Page.setDeadline page entry.Record deadline
            else
                Page.remove page entry.Slot
                setReference &entry null
                insert &entry key flags stamp keyLength valueLength deadline

                if not keyOutside then
                    key.CopyTo(Span<byte>(entry.Page, Page.keyAt entry.Page entry.Record, keyLength))
        else
            count <- count + 1
            insert &entry key flags stamp keyLength valueLength deadline

            if not keyOutside then
                key.CopyTo(Span<byte>(entry.Page, Page.keyAt entry.Page entry.Record, keyLength))

        if deadline <> Page.NoDeadline then
            deadlines <- deadlines + 1
            setEarliest &entry deadline

        if keyOutside || valueOutside then
            let held: obj =
                if not valueOutside then null
                elif isNull object then Blob.OfSpan(owner.Epoch, value)
                else object

            setReference &entry (if keyOutside then LongKey(key.ToArray(), held) else held)

            match held with
            | :? IHasDeadlines as parts when kind >= Kind.ExpiringHash -> setEarliest &entry parts.EarliestDeadline
            | _ -> ()

        if not valueOutside then
            value.CopyTo(Span<byte>(entry.Page, Page.valueAt entry.Page entry.Record, valueLength))

    /// The bytes of a value, for editing in place. Not for values that an object other than `Blob` holds.
    member this.WritableValue(entry: byref<Entry>) : Span<byte> =
        own &entry

        if Page.flags entry.Page entry.Record &&& Page.ValueOutside = 0uy then
            Span<byte>(entry.Page, Page.valueAt entry.Page entry.Record, Page.valueLength entry.Page entry.Record)
        else
            this.WritableBlob(&entry).Writable

    /// The blob that holds a value, made the owner's own.
    member this.WritableBlob(entry: byref<Entry>) : Blob =
        let blob = entry.Object :?> Blob

        if blob.Epoch = owner.Epoch then
            blob
        else
            let copy = Blob.OfSpan(owner.Epoch, blob.Span)
            this.SetObject(&entry, copy)
            copy

    /// Changes the length of a blob that `WritableBlob` gave; new bytes are zero.
    member _.Resize(blob: Blob, length: int) =
        let before = blob.Capacity
        blob.Resize length

        if blob.Capacity <> before then
            account.Add(int64 (blob.Capacity - before))

    /// Puts another object in the place of the one that holds the value.
    member _.SetObject(entry: byref<Entry>, object: obj) =
        own &entry

        if Page.flags entry.Page entry.Record &&& Page.KeyOutside <> 0uy then
            let key = (entry.References[entry.Slot] :?> LongKey).Key
            setReference &entry (LongKey(key, object))
        else
            setReference &entry object

    /// Changes the kind of a record, which keeps its value.
    member _.SetKind(entry: byref<Entry>, kind: Kind) =
        own &entry
        Page.setFlags entry.Page entry.Record ((Page.flags entry.Page entry.Record &&& 0xF0uy) ||| byte kind)

    /// Changes or, with `Page.NoDeadline`, takes away the deadline of a record.
    member _.SetDeadline(entry: byref<Entry>, deadline: int64) =
        own &entry
        let flags = Page.flags entry.Page entry.Record
        let had = flags &&& Page.HasDeadline <> 0uy
        let has = deadline <> Page.NoDeadline

        if had <> has then
            let newFlags = flags ^^^ Page.HasDeadline
            let keyLength = Page.keyLength entry.Page entry.Record
            let valueLength = Page.valueLength entry.Page entry.Record
            let length = Page.lengthFor newFlags keyLength valueLength

            if (Page.header entry.Page).End + length > entry.Page.Length then
                repack &entry length

            let page = entry.Page
            let old = entry.Record
            let stamp = Page.stamp page old
            let bytes = Page.keyAt page old
            Page.remove page entry.Slot
            entry.Record <- Page.place page entry.Slot (Page.tagOf entry.Hash) length
            Page.writeFixed page entry.Record newFlags stamp keyLength valueLength deadline
            Buffer.BlockCopy(page, bytes, page, Page.keyAt page entry.Record, keyLength + valueLength)
            deadlines <- deadlines + (if has then 1 else -1)
        elif has then
            Page.setDeadline entry.Page entry.Record deadline

        if has then
            setEarliest &entry deadline

    /// Takes note that a part of the value that `Find` found has a deadline.
    member _.NoteDeadline(entry: byref<Entry>, deadline: int64) =
        own &entry
        setEarliest &entry deadline

    /// Counts the memory anew, by looking at everything, in bytes.
    member _.Recount() : int64 =
        let seen = HashSet<obj>(HashIdentity.Reference)
        let mutable bytes = PageTable.OwnBytes + Sizeof.array root.Length 8

        let rec held (value: obj) =
            match value with
            | null -> 0L
            | :? Blob as blob -> blob.MemoryBytes
            | :? LongKey as long -> long.KeyBytes + held long.Value
            | other -> (other :?> IAccounted).Recount()

        for segment in root do
            if seen.Add segment then
                bytes <- bytes + segment.MemoryBytes

                for page in segment.Pages do
                    if seen.Add page then
                        bytes <- bytes + Sizeof.array page.Length 1

                if not (isNull segment.References) then
                    for beside in segment.References do
                        if not (isNull beside) && seen.Add beside then
                            bytes <- bytes + besideBytes

                            for value in beside do
                                bytes <- bytes + held value

        bytes

    /// Removes the record that `Find` found, and packs its page if that saves at least so many bytes: for who removes
    /// records to get memory back. Otherwise a page keeps its room until it is nearly empty.
    member this.RemoveAndPack(entry: byref<Entry>, least: int) =
        entry.Hash <- owner.Hash entry.Key
        this.Remove &entry
        locate &entry
        entry.Slot <- -1
        let header = &Page.header entry.Page
        let room = header.Live + header.Live / 8

        if PagePool.SizeFor(Page.RecordsAt + room) + least <= entry.Page.Length then
            own &entry
            repackInto &entry room

    /// Removes the record that `Find` found.
    member _.Remove(entry: byref<Entry>) =
        own &entry

        if Page.flags entry.Page entry.Record &&& Page.HasDeadline <> 0uy then
            deadlines <- deadlines - 1

        Page.remove entry.Page entry.Slot
        setReference &entry null
        entry.Slot <- -1
        count <- count - 1
        let header = &Page.header entry.Page

        if Page.RecordsAt + 4 * header.Live + PagePool.Step < entry.Page.Length then
            repack &entry 0

        merge &entry

    /// Finds a record whose deadline, or that of a part of its value, is at or before `now`; false when there is none.
    /// Pages without due records are not looked at: pages and segments know their earliest deadline. Where it is a part
    /// that was due, it may have gone: the value knows better when it has looked for it.
    member _.FindDue(now: int64, entry: byref<Entry>) : bool =
        let mutable found = false

        let mutable tried = 0

        while not found && tried < root.Length do
            let rootIndex = (dueHint + tried) &&& (root.Length - 1)
            let segment = root[rootIndex]

            if segment.Earliest <= now then
                let mutable earliest = Page.NoDeadline
                let mutable index = 0

                while not found && index < segment.Pages.Length do
                    let page = segment.Pages[index]
                    let header = &Page.header page

                    if header.Earliest <= now then
                        let mutable slots = header.Occupied

                        let references =
                            if isNull segment.References then
                                null
                            else
                                segment.References[index]

                        header.Earliest <- Page.earliestOf page references

                        while header.Earliest <= now && not found && slots <> 0UL do
                            let slot = BitOperations.TrailingZeroCount slots
                            slots <- slots &&& (slots - 1UL)

                            if Page.earliestIn page references slot <= now then
                                found <- true
                                entry.Segment <- segment
                                entry.Index <- index
                                entry.Page <- page

                                entry.References <- references
                                entry.Slot <- slot
                                entry.Record <- Page.recordAt page slot

                    earliest <- min earliest header.Earliest
                    index <- index + (1 <<< (segment.PrefixBits + segment.Depth - int header.Depth))

                if found then
                    entry.Hash <- owner.Hash entry.Key
                    dueHint <- rootIndex
                else
                    segment.Earliest <- earliest

            tried <- tried + 1

        found

    /// The earliest time at which a record may be due.
    member _.Earliest: int64 =
        let mutable earliest = Page.NoDeadline

        if deadlines > 0 then
            for segment in root do
                earliest <- min earliest segment.Earliest

        earliest

    /// A record chosen with equal probability for each. The table must not be empty.
    member _.FindRandom(random: SplitMix64 byref, entry: byref<Entry>) : bool =
        // Pages are chosen with a probability of 2^-depth. Accepting a page with 2^(depth - deepest), and a slot out of
        // 64 whether or not it is taken, gives each record the same chance.
        let mutable deepest = 0

        for segment in root do
            deepest <- max deepest (segment.PrefixBits + segment.Depth)

        let mutable found = false

        while count > 0 && not found do
            entry.Hash <- random.Next()
            locate &entry
            let header = &Page.header entry.Page
            let shallow = deepest - int header.Depth

            if random.Next() >>> (63 - shallow) >>> 1 = 0UL then
                let slot = int (random.Next() >>> 58)

                if header.Occupied &&& (1UL <<< slot) <> 0UL then
                    entry.Slot <- slot
                    entry.Record <- Page.recordAt entry.Page slot
                    found <- true

        found

    /// Finds a page with records, with `onlyDeadlines` one of whose records some have deadlines: the first from that of a
    /// hash on, around. `slots` are those of its records, or those with deadlines, for `Entry.Pick`. False if there is none.
    member _.FindPage(hash: uint64, onlyDeadlines: bool, entry: byref<Entry>, slots: byref<uint64>) : bool =
        let mutable rootIndex = rootIndexOf hash
        let mutable index = root[rootIndex].IndexOf hash
        let mutable visited = 0
        slots <- 0UL

        while slots = 0UL && visited <= root.Length do
            let segment = root[rootIndex]

            if not onlyDeadlines || segment.Earliest <> Page.NoDeadline then
                while slots = 0UL && index < segment.Pages.Length do
                    let page = segment.Pages[index]
                    let header = &Page.header page

                    if not onlyDeadlines then
                        slots <- header.Occupied
                    elif header.Earliest <> Page.NoDeadline then
                        slots <- Page.slotsWithDeadline page

                    if slots <> 0UL then
                        entry.Segment <- segment
                        entry.Index <- index
                        entry.Page <- page

                        entry.References <-
                            if isNull segment.References then
                                null
                            else
                                segment.References[index]
                    else
                        let span = 1 <<< (segment.PrefixBits + segment.Depth - int header.Depth)
                        index <- (index &&& ~~~(span - 1)) + span

            if slots = 0UL then
                rootIndex <- (rootIndex + 1) &&& (root.Length - 1)
                index <- 0
                visited <- visited + 1

        slots <> 0UL

    /// Visits whole pages from a cursor on (0 to begin) until at least `wanted` records were seen; `visit` must not
    /// write to the table. Returns the next cursor, 0 at the end. A record that is there during the whole scan is seen
    /// at least once, and more than once only if pages were merged meanwhile.
    member _.Scan(cursor: uint64, wanted: int, visit: IEntryVisitor) : uint64 =
        // The cursor is the prefix of the next page with its bits reversed, which makes it a small number.
        let reverse (bits: uint64) =
            let mutable result = 0UL
            let mutable rest = bits

            for _ in 0..63 do
                result <- (result <<< 1) ||| (rest &&& 1UL)
                rest <- rest >>> 1

            result

        let mutable hash = reverse cursor
        let mutable seen = 0
        let mutable finished = false
        let mutable entry = Entry()

        while not finished && seen < wanted do
            entry.Hash <- hash
            locate &entry
            let header = &Page.header entry.Page
            let mutable slots = header.Occupied
            seen <- seen + max 1 (int header.Count)

            while slots <> 0UL do
                entry.Slot <- BitOperations.TrailingZeroCount slots
                slots <- slots &&& (slots - 1UL)
                entry.Record <- Page.recordAt entry.Page entry.Slot
                visit.Visit &entry

            let depth = int header.Depth

            if depth = 0 then
                finished <- true
            else
                hash <- ((hash >>> (64 - depth)) + 1UL) <<< (64 - depth)
                finished <- (hash = 0UL)

        if finished then 0UL else reverse hash

    interface IAccounted with
        member _.CountIn(whole: Account) = whole.Attach account
        member _.CountOut(whole: Account) = whole.Detach account
        member this.Recount() = this.Recount()

    interface IHasDeadlines with
        member _.EarliestDeadline =
            let mutable earliest = Page.NoDeadline

            if deadlines > 0 then
                for segment in root do
                    earliest <- min earliest segment.Earliest

            earliest

/// What `PageTable.Scan` shows each record to.
and IEntryVisitor =
    abstract Visit: entry: byref<Entry> -> unit
