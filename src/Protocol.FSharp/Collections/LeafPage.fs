namespace RedisClone.Protocol

open System
open System.Buffers.Binary
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices

// A leaf page: items in an order, in one array of bytes
// ------------------------------------------------------
//
//      0        24                                            length
//      | header | items, in any order ... | free | ... slot 2, slot 1, slot 0 |
//
// That is a page searched by order; one searched by position has no slots, see `LeafRun`. Slots are in the order of the items and hold their offsets. So inserting moves a few bytes for each item behind, never
// the items, and a search has something to jump on. Items and slots grow towards each other.
//
//      item:  length 1 or 3 | bytes            up to 253 bytes, up to 1000
//             255 | number 2                   longer: a blob in the references beside the page
//      slot:  offset 2 | hint 2
//
// Neighbours in an order begin alike. The header says how many bytes all items of the page have in common (`Skip`, or
// fewer), and the hint of an item is the two bytes that follow those. A binary search compares the common bytes once and
// then hints, which lie side by side, and looks at items only where hints are equal: a search in a page that is not in
// the processor's cache waits for memory half as often.
//
// An item that is removed leaves its bytes behind as garbage until the page is packed anew. What is decided about pages
// (when to pack, split and merge) is `CountedTree`'s.

/// Reading and writing the bytes of a leaf. An index is from 0 up to the count.
[<RequireQualifiedAccess>]
module LeafPage =
    /// Pages do not get longer than this, in bytes. Measured with a million members of 24 bytes in a sorted set: pages of
    /// 2 KiB take more memory and time; pages of 8 KiB are a little faster, and cost twice as much to copy after a
    /// snapshot.
    [<Literal>]
    let BytesMax = 4096

    [<Literal>]
    let ItemsAt = 24

    /// Longer items hang beside the page. At most a quarter of a page, so that halves of a full page have room.
    [<Literal>]
    let InlineMax = 1000

    [<Literal>]
    let private Medium = LeafItem.Medium

    [<Literal>]
    let private Long = LeafItem.Long

    let inline private at (page: byte[]) (offset: int) : byref<byte> = &LeafItem.at page offset

    let inline header (page: byte[]) : byref<LeafHeader> = &LeafItem.header page

    let inline private readUInt16 (page: byte[]) offset = LeafItem.readUInt16 page offset

    let inline private writeUInt16 (page: byte[]) offset (value: int) = LeafItem.writeUInt16 page offset value

    /// The shift of the slots of a page searched by position, which has none, and of one searched by order.
    [<Literal>]
    let NoSlots = 0

    [<Literal>]
    let HintSlots = 2

    let inline private isRun (page: byte[]) = (header page).SlotShift = 0s

    let inline private slotAt (page: byte[]) (index: int) =
        page.Length - ((index + 1) <<< HintSlots)

    /// The bytes of a slot.
    let slotBytes (page: byte[]) : int =
        if isRun page then 0 else 1 <<< HintSlots

    /// Where an item begins; at the count of a page with slots, anywhere.
    let offsetOf (page: byte[]) (index: int) : int =
        if isRun page then
            LeafRun.offsetOf page index
        elif index < (header page).Count then
            readUInt16 page (slotAt page index)
        else
            0

    /// Where the item begins that follows the one at an index and an offset.
    let offsetBehind (page: byte[]) (index: int) (offset: int) : int =
        if isRun page then
            offset + LeafItem.bytesAt page offset
        elif index + 1 < (header page).Count then
            readUInt16 page (slotAt page (index + 1))
        else
            0

    /// Where items may begin.
    let itemsAt (slotShift: int) : int =
        if slotShift = NoSlots then LeafRun.ItemsAt else ItemsAt

    /// The bytes that an item of this length takes in a page, without its slot.
    let encodedLength (length: int) : int =
        if length < int Medium then length + 1
        elif length <= InlineMax then length + 3
        else 3

    let private encodedLengthAt (page: byte[]) (offset: int) : int = LeafItem.bytesAt page offset

    /// The bytes of the item at an offset; good until the page is next written to.
    let itemAt (page: byte[]) (references: Blob[]) (offset: int) : ReadOnlySpan<byte> =
        match at page offset with
        | Long -> references[readUInt16 page (offset + 1)].Span
        | Medium -> ReadOnlySpan<byte>(page, offset + 3, readUInt16 page (offset + 1))
        | length -> ReadOnlySpan<byte>(page, offset + 1, int length)

    /// The bytes of an item; good until the page is next written to.
    let item (page: byte[]) (references: Blob[]) (index: int) : ReadOnlySpan<byte> =
        itemAt page references (offsetOf page index)

    /// The bytes of an item of a page of one's own, for editing in place. What its order depends on must stay.
    let editItem (page: byte[]) (references: Blob[]) (index: int) : Span<byte> =
        let offset = offsetOf page index

        match at page offset with
        | Long ->
            let number = readUInt16 page (offset + 1)
            let epoch = (header page).Epoch

            if references[number].Epoch <> epoch then
                references[number] <- Blob.OfSpan(epoch, references[number].Span)

            references[number].Writable
        | Medium -> Span<byte>(page, offset + 3, readUInt16 page (offset + 1))
        | length -> Span<byte>(page, offset + 1, int length)

    /// The first eight bytes as a number that has the order of the bytes; what is missing counts as zeros.
    let prefixOf (bytes: ReadOnlySpan<byte>) : uint64 =
        if bytes.Length >= 8 then
            BinaryPrimitives.ReadUInt64BigEndian bytes
        else
            let mutable prefix = 0UL

            for i in 0 .. bytes.Length - 1 do
                prefix <- prefix ||| (uint64 bytes[i] <<< (56 - 8 * i))

            prefix

    let prefixAt (page: byte[]) (references: Blob[]) (index: int) : uint64 =
        let offset = offsetOf page index
        let first = at page offset

        if first >= 8uy && first < Medium then
            let prefix = Unsafe.ReadUnaligned<uint64>(&at page (offset + 1))

            if BitConverter.IsLittleEndian then
                BinaryPrimitives.ReverseEndianness prefix
            else
                prefix
        else
            prefixOf (item page references index)

    /// The hint of an item or a key: two bytes behind the common ones, as a number that has the order of the bytes.
    let private hintOf (bytes: ReadOnlySpan<byte>) (skip: int) : int =
        if bytes.Length >= skip + 2 then
            (int bytes[skip] <<< 8) ||| int bytes[skip + 1]
        elif bytes.Length > skip then
            int bytes[skip] <<< 8
        else
            0

    let private setHint (page: byte[]) (references: Blob[]) (index: int) =
        let hint = hintOf (item page references index) (int (header page).Skip)
        writeUInt16 page (slotAt page index + 2) hint

    /// Finds out anew what the items of a page searched by order have in common, and sets their hints.
    let indexHints (page: byte[]) (references: Blob[]) =
        let header = &header page

        if int header.SlotShift = HintSlots && header.Count > 0 then
            let first = item page references 0
            let last = item page references (header.Count - 1)
            header.Skip <- int16 (min InlineMax (first.CommonPrefixLength last))

            for i in 0 .. header.Count - 1 do
                setHint page references i

    /// How many items of a page searched by order are less than the key.
    let lowerBound (page: byte[]) (references: Blob[]) (key: ReadOnlySpan<byte>) : int =
        let header = &header page
        let skip = int header.Skip

        let order =
            if skip = 0 || header.Count = 0 then
                0
            else
                let common = (item page references 0).Slice(0, skip)
                key.Slice(0, min skip key.Length).SequenceCompareTo common

        if order < 0 then
            0
        elif order > 0 then
            header.Count
        else
            let wanted = hintOf key skip
            let mutable low = 0
            let mutable high = header.Count

            while low < high do
                let middle = (low + high) >>> 1
                let hint = readUInt16 page (slotAt page middle + 2)

                if
                    hint < wanted
                    || (hint = wanted && (item page references middle).SequenceCompareTo key < 0)
                then
                    low <- middle + 1
                else
                    high <- middle

            low

    /// The length of the array for a page that needs so many bytes. Few lengths, so that arrays serve again.
    let lengthFor (bytes: int) : int =
        if bytes <= 1024 then
            max 256 (int (BitOperations.RoundUpToPowerOf2(uint32 bytes)))
        elif bytes <= 2048 then
            (bytes + 511) &&& ~~~511
        else
            min BytesMax ((bytes + 1023) &&& ~~~1023)

    /// Makes an empty page out of an array.
    let clear (page: byte[]) (epoch: int64) (slotShift: int) =
        let header = &header page
        header.Epoch <- epoch
        header.Count <- 0
        header.End <- itemsAt slotShift
        header.Live <- 0
        header.Skip <- 0s
        header.SlotShift <- int16 slotShift

    /// Of an empty page: how much of its room is to be before the first item, when it is searched by position.
    let leaveBefore (page: byte[]) (bytes: int) =
        if isRun page then
            (header page).End <- LeafRun.ItemsAt + bytes

    /// The bytes of slots that so many items have.
    let inline private slotsOf (page: byte[]) (count: int) =
        if isRun page then 0 else count <<< HintSlots

    /// The bytes that items and slots need.
    let used (page: byte[]) : int =
        let header = &header page
        header.Live + slotsOf page header.Count

    /// Whether one more item fits before the one at an index as the page is.
    let hasRoom (page: byte[]) (index: int) (encodedLength: int) : bool =
        if isRun page then
            LeafRun.hasRoom page index encodedLength
        else
            let header = &header page
            header.End + encodedLength + ((header.Count + 1) <<< HintSlots) <= page.Length

    /// Notes `length` bytes at the end of what is used as the item at an index; where they begin.
    let private placeInSlot (page: byte[]) (index: int) (length: int) : int =
        let header = &header page
        let offset = header.End
        let behind = header.Count - index
        header.End <- offset + length
        header.Live <- header.Live + length
        header.Count <- header.Count + 1

        if behind > 0 then
            let last = slotAt page (header.Count - 1)
            Buffer.BlockCopy(page, last + (1 <<< HintSlots), page, last, behind <<< HintSlots)

        writeUInt16 page (slotAt page index) offset
        offset

    let private place (page: byte[]) (index: int) (length: int) : int =
        if isRun page then
            LeafRun.place page index length
        else
            placeInSlot page index length

    let private writeItem (page: byte[]) (offset: int) (item: ReadOnlySpan<byte>) =
        let length = item.Length

        if length < int Medium then
            (at page offset) <- byte length
            item.CopyTo(Span<byte>(page, offset + 1, length))
        else
            (at page offset) <- Medium
            writeUInt16 page (offset + 1) length
            item.CopyTo(Span<byte>(page, offset + 3, length))

    /// Puts a blob into the references; its number.
    let private hold (references: byref<Blob[]>) (blob: Blob) : int =
        let free =
            if isNull references then
                -1
            else
                Array.IndexOf(references, null)

        if free >= 0 then
            references[free] <- blob
            free
        else
            let count = if isNull references then 0 else references.Length
            let grown = Array.zeroCreate (max 4 (count * 2))

            if count > 0 then
                Array.blit references 0 grown 0 count

            grown[count] <- blob
            references <- grown
            count

    let private writeLong (page: byte[]) (offset: int) (number: int) =
        (at page offset) <- Long
        writeUInt16 page (offset + 1) number

    /// Whether an item begins with what the item at the index and all others have in common.
    let private commonWith (page: byte[]) (references: Blob[]) (index: int) (item': ReadOnlySpan<byte>) : bool =
        item'.StartsWith((item page references index).Slice(0, int (header page).Skip))

    /// Inserts an item before the one at the index. There must be room.
    let insert (page: byte[]) (references: byref<Blob[]>) (index: int) (item: ReadOnlySpan<byte>) =
        let offset = place page index (encodedLength item.Length)

        if item.Length <= InlineMax then
            writeItem page offset item
        else
            writeLong page offset (hold &references (Blob.OfSpan((header page).Epoch, item)))

        let header = &header page

        if int header.SlotShift = HintSlots then
            // Between two items there is nothing that has less in common with them.
            if header.Count = 1 then
                header.Skip <- int16 (min InlineMax item.Length)
                setHint page references 0
            elif
                (index = 0 || index = header.Count - 1)
                && not (commonWith page references (if index = 0 then 1 else 0) item)
            then
                indexHints page references
            else
                setHint page references index

    let private forget (page: byte[]) (references: Blob[]) (offset: int) =
        if at page offset = Long then
            references[readUInt16 page (offset + 1)] <- null

    /// Removes some items from the one at the index on.
    let remove (page: byte[]) (references: Blob[]) (index: int) (count: int) =
        let header = &header page
        let mutable offset = offsetOf page index
        let mutable bytes = 0

        for removed in index .. index + count - 1 do
            bytes <- bytes + encodedLengthAt page offset
            forget page references offset
            offset <- offsetBehind page removed offset

        if isRun page then
            LeafRun.remove page index count
        else
            header.Live <- header.Live - bytes
            let behind = header.Count - index - count

            if behind > 0 then
                let last = slotAt page (header.Count - 1)
                Buffer.BlockCopy(page, last, page, last + (count <<< HintSlots), behind <<< HintSlots)

            header.Count <- header.Count - count

            if header.Count = 0 then
                header.End <- ItemsAt

    /// Makes the bytes of an item so many; where they are to be written, or -1, with nothing changed, when there is no room.
    let private resize (page: byte[]) (index: int) (offset: int) (length: int) : int =
        let header = &header page
        let old = encodedLengthAt page offset

        if isRun page then
            LeafRun.tryResize page offset length
        elif length <= old then
            header.Live <- header.Live + length - old
            offset
        elif header.End + length + (header.Count <<< HintSlots) > page.Length then
            -1
        else
            let target = header.End
            header.Live <- header.Live + length - old
            header.End <- target + length
            writeUInt16 page (slotAt page index) target
            target

    /// Puts other bytes in the place of an item; false, with nothing changed, when there is no room.
    let tryReplace (page: byte[]) (references: byref<Blob[]>) (index: int) (item: ReadOnlySpan<byte>) : bool =
        let offset = offsetOf page index
        let isLong = at page offset = Long
        let reference = if isLong then readUInt16 page (offset + 1) else 0
        let target = resize page index offset (encodedLength item.Length)

        if target >= 0 then
            if isLong then
                references[reference] <- null

            if item.Length <= InlineMax then
                writeItem page target item
            else
                writeLong page target (hold &references (Blob.OfSpan((header page).Epoch, item)))

            indexHints page references

        target >= 0

    /// Adds some items of a page, from an index on, at the end of another one that has room. The references of long
    /// items keep their numbers; the hints are to be set afterwards.
    let append (source: byte[]) (from: int) (count: int) (target: byte[]) =
        if isRun source then
            LeafRun.append source from count target
        else
            for index in from .. from + count - 1 do
                let offset = offsetOf source index
                let length = encodedLengthAt source offset
                let placed = place target (header target).Count length
                Buffer.BlockCopy(source, offset, target, placed, length)

    /// Gives the items of a page from an index on, which `append` brought from a page with other references, numbers in
    /// the references of their own page.
    let moveReferences (page: byte[]) (from: int) (old: Blob[]) (references: byref<Blob[]>) =
        if not (isNull old) then
            let mutable offset = offsetOf page from

            for index in from .. (header page).Count - 1 do
                if at page offset = Long then
                    let number = readUInt16 page (offset + 1)
                    writeLong page offset (hold &references old[number])

                offset <- offsetBehind page index offset

    /// How many items the first half of a page has, by bytes: at least one, and not all.
    let middle (page: byte[]) : int =
        let header = &header page
        let half = used page / 2
        let mutable offset = offsetOf page 0
        let mutable bytes = 0
        let mutable index = 0

        while bytes < half do
            bytes <- bytes + slotBytes page + encodedLengthAt page offset
            offset <- offsetBehind page index offset
            index <- index + 1

        max 1 (min index (header.Count - 1))

    /// The bytes that a run of items takes, with their slots.
    let usedBy (page: byte[]) (from: int) (count: int) : int =
        let mutable offset = offsetOf page from
        let mutable bytes = 0

        for index in from .. from + count - 1 do
            bytes <- bytes + slotBytes page + encodedLengthAt page offset
            offset <- offsetBehind page index offset

        bytes
