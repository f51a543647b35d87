namespace RedisClone.Protocol

open System
open System.Runtime.CompilerServices
open System.Runtime.InteropServices

// A leaf page that is searched by position: items in a row
// ---------------------------------------------------------
//
//      0        24           40            56                                     length
//      | header | 16 firsts | 16 counts | free | item item item ... item | free |
//                                                start                     end
//
// A slot for each item would cost two bytes; a list of short elements is better off without. The items lie in the order
// of their positions, one behind the other. So that finding one is not a walk from the first, the page is divided into
// regions of 256 bytes, and for each it is known how many items begin in it and where the first of them does: an item is
// found by adding up counts, from the end that is nearer, and a walk within its region.
//
// There is free room at both ends: adding and removing at either end moves nothing and changes one region. In the middle
// half of a page is moved and the regions are found out anew, which a list rarely asks for.

[<Struct; StructLayout(LayoutKind.Sequential, Pack = 1)>]
type LeafHeader =
    /// The epoch of the owner that may edit the page in place.
    val mutable Epoch: int64
    val mutable Count: int
    /// Where the free room behind the items begins.
    val mutable End: int
    /// Bytes of the items that are in use.
    val mutable Live: int
    /// Searched by order: so many first bytes are the same in all items. By position: the regions where an item begins, a
    /// bit each.
    val mutable Skip: int16
    /// A slot has 2 to the power of this bytes; 0 when the page has no slots.
    val mutable SlotShift: int16

/// An item as it is written in any leaf.
[<RequireQualifiedAccess>]
module LeafItem =
    /// In place of a short length: two bytes of length follow.
    [<Literal>]
    let Medium = 254uy

    /// In place of a short length: the number of a reference follows.
    [<Literal>]
    let Long = 255uy

    let inline at (page: byte[]) (offset: int) : byref<byte> =
        &Unsafe.Add(&MemoryMarshal.GetArrayDataReference page, offset)

    let inline header (page: byte[]) : byref<LeafHeader> =
        &Unsafe.As<byte, LeafHeader>(&MemoryMarshal.GetArrayDataReference page)

    let inline readUInt16 (page: byte[]) offset =
        int (Unsafe.ReadUnaligned<uint16>(&at page offset))

    let inline writeUInt16 (page: byte[]) offset (value: int) =
        Unsafe.WriteUnaligned<uint16>(&at page offset, uint16 value)

    /// The bytes that the item at an offset takes.
    let bytesAt (page: byte[]) (offset: int) : int =
        let first = at page offset

        if first < Medium then 1 + int first
        elif first = Long then 3
        else 3 + readUInt16 page (offset + 1)

/// The items of a page that is searched by position.
[<RequireQualifiedAccess>]
module LeafRun =
    [<Literal>]
    let private RegionShift = 8

    [<Literal>]
    let private FirstsAt = 24

    [<Literal>]
    let private CountsAt = 40

    [<Literal>]
    let ItemsAt = 56

    /// Where the first item begins.
    let start (page: byte[]) : int =
        let header = &LeafItem.header page
        header.End - header.Live

    let inline private hasItems (page: byte[]) (region: int) =
        (int (LeafItem.header page).Skip >>> region) &&& 1 <> 0

    /// How many items begin in a region. A byte holds one less: there can be 256.
    let inline private itemsIn (page: byte[]) (region: int) =
        if hasItems page region then
            int (LeafItem.at page (CountsAt + region)) + 1
        else
            0

    /// Where the item at an index begins; at the count, where the last ends.
    let offsetOf (page: byte[]) (index: int) : int =
        let header = &LeafItem.header page

        if index = header.Count then
            header.End
        elif index = 0 then
            header.End - header.Live
        else
            let mutable region = 0
            let mutable before = 0

            if index * 2 < header.Count then
                region <- (header.End - header.Live) >>> RegionShift
                before <- index
                let mutable items = itemsIn page region

                while before >= items do
                    before <- before - items
                    region <- region + 1
                    items <- itemsIn page region
            else
                region <- (header.End - 1) >>> RegionShift
                let mutable behind = header.Count - index
                let mutable items = itemsIn page region

                while behind > items do
                    behind <- behind - items
                    region <- region - 1
                    items <- itemsIn page region

                before <- items - behind

            let mutable offset =
                (region <<< RegionShift) + int (LeafItem.at page (FirstsAt + region))

            while before > 0 do
                offset <- offset + LeafItem.bytesAt page offset
                before <- before - 1

            offset

    /// Takes note of one more item that begins at an offset, before or behind those of its region.
    let private note (page: byte[]) (offset: int) (isFirst: bool) =
        let region = offset >>> RegionShift
        let count = &LeafItem.at page (CountsAt + region)
        let first = &LeafItem.at page (FirstsAt + region)

        if hasItems page region then
            count <- count + 1uy

            if isFirst then
                first <- byte offset
        else
            let header = &LeafItem.header page
            header.Skip <- int16 (int header.Skip ||| (1 <<< region))
            count <- 0uy
            first <- byte offset

    /// Takes note that the first or last item goes, which begins at an offset and ends at another.
    let private forget (page: byte[]) (offset: int) (behind: int) (isFirst: bool) =
        let region = offset >>> RegionShift
        let count = &LeafItem.at page (CountsAt + region)

        if count = 0uy then
            let header = &LeafItem.header page
            header.Skip <- int16 (int header.Skip &&& ~~~(1 <<< region))
        else
            count <- count - 1uy

            if isFirst then
                (LeafItem.at page (FirstsAt + region)) <- byte behind

    /// Finds out anew what begins in which region.
    let private index (page: byte[]) =
        let header = &LeafItem.header page
        header.Skip <- 0s
        let mutable offset = header.End - header.Live

        while offset < header.End do
            note page offset false
            offset <- offset + LeafItem.bytesAt page offset

    /// Whether an item of so many bytes can be put before the one at an index.
    let hasRoom (page: byte[]) (index: int) (length: int) : bool =
        let header = &LeafItem.header page
        let isRoomBehind = header.End + length <= page.Length
        let isRoomBefore = start page - length >= ItemsAt

        (isRoomBehind && index > 0)
        || (isRoomBefore && index < header.Count)
        || (header.Count = 0 && (isRoomBehind || isRoomBefore))

    /// Changes the bytes of the item at an offset from `old` to `length` by moving what is on one of its sides; where it is
    /// then. There must be room.
    let private stretch (page: byte[]) (offset: int) (old: int) (length: int) : int =
        let header = &LeafItem.header page
        let more = length - old
        let mutable moved = offset

        if header.End + more <= page.Length then
            let behind = offset + old
            Buffer.BlockCopy(page, behind, page, behind + more, header.End - behind)
            header.End <- header.End + more
        else
            let start = start page
            Buffer.BlockCopy(page, start, page, start - more, offset - start)
            moved <- offset - more

        header.Live <- header.Live + more

        // As an item of that length has it, for whoever walks along.
        if length <= int LeafItem.Medium then
            (LeafItem.at page moved) <- byte (length - 1)
        else
            (LeafItem.at page moved) <- LeafItem.Medium
            LeafItem.writeUInt16 page (moved + 1) (length - 3)

        index page
        moved

    /// Makes room for an item of so many bytes before the one at an index; where it is to be written. There must be room.
    let place (page: byte[]) (index: int) (length: int) : int =
        let header = &LeafItem.header page
        let count = header.Count

        if index = count && header.End + length <= page.Length then
            let offset = header.End
            header.End <- offset + length
            header.Live <- header.Live + length
            header.Count <- count + 1
            note page offset false
            offset
        elif index = 0 && start page - length >= ItemsAt then
            header.Live <- header.Live + length
            header.Count <- count + 1
            let offset = start page
            note page offset true
            offset
        else
            let offset = offsetOf page index
            header.Count <- count + 1
            stretch page offset 0 length

    /// Gives the item at an offset another length; where it is to be written, or -1, with nothing changed, when there is
    /// no room.
    let tryResize (page: byte[]) (offset: int) (length: int) : int =
        let header = &LeafItem.header page
        let old = LeafItem.bytesAt page offset
        let more = length - old

        if more = 0 then
            offset
        elif header.End + more <= page.Length || start page - more >= ItemsAt then
            stretch page offset old length
        else
            -1

    /// Removes some items from the one at the index on.
    let remove (page: byte[]) (first: int) (count: int) =
        let header = &LeafItem.header page
        let left = header.Count - count
        let from = offsetOf page first

        if left = 0 then
            header.End <- ItemsAt
            header.Live <- 0
            header.Skip <- 0s
        elif first = 0 || first = left then
            let isFirst = (first = 0)
            let mutable offset = from

            for _ in 1..count do
                let behind = offset + LeafItem.bytesAt page offset
                forget page offset behind isFirst
                offset <- behind

            header.Live <- header.Live - (offset - from)

            if not isFirst then
                header.End <- from
        else
            let behind = offsetOf page (first + count)
            Buffer.BlockCopy(page, behind, page, from, header.End - behind)
            header.End <- header.End - (behind - from)
            header.Live <- header.Live - (behind - from)

        header.Count <- left

        if left > 0 && first > 0 && first < left then
            index page

    /// Adds some items of a page, from an index on, at the end of another one that has room there.
    let append (source: byte[]) (from: int) (count: int) (target: byte[]) =
        let first = offsetOf source from
        let bytes = offsetOf source (from + count) - first
        let header = &LeafItem.header target
        let mutable offset = header.End
        Buffer.BlockCopy(source, first, target, offset, bytes)
        header.End <- header.End + bytes
        header.Live <- header.Live + bytes
        header.Count <- header.Count + count

        while offset < header.End do
            note target offset false
            offset <- offset + LeafItem.bytesAt target offset
