namespace RedisClone.Protocol

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics

// A page: up to 64 records in one array of bytes
// -----------------------------------------------
//
//      0          40            104                232
//      | header   | 64 tags     | 64 slots         | records ...        | free |
//                   one byte      two bytes each     packed, any order
//
// A record sits in a slot. Its tag is one byte of its hash (0 = the slot is empty), its slot the offset of the record.
// A look-up compares all 64 tags with one vector instruction and then, nearly always, one key.
//
//      record:  flags+kind 1 | stamp 3 | key length 1 or 2 | value length 1 or 2 | deadline 0 or 8 | key | value
//
// What does not fit a page hangs beside it, in an array of 64 references that exists only where it is needed: long
// values (`Blob`), collections too large to be packed, long keys (`LongKey`).
//
// The stamp (when the key was last used) and `Earliest` are notes about a record, not part of the value: they are
// written in place even in a page that a snapshot shares, and no reader of a snapshot looks at them.

/// What a record's value is. The types of Redis, twice where OBJECT ENCODING must remember what the value once was.
type Kind =
    | String = 0uy
    /// A string that was edited, so Redis calls its encoding `raw` however short it is.
    | RawString = 1uy
    /// A string that Redis keeps as text even if it reads as a whole number: what INCRBYFLOAT leaves.
    | TextString = 2uy
    | Hash = 3uy
    /// A hash that outgrew the limits of a listpack once, so Redis calls its encoding `hashtable`.
    | LargeHash = 4uy
    /// A set of whole numbers only, as long as Redis would keep it an intset.
    | IntSet = 5uy
    | Set = 6uy
    /// A set that outgrew the limits of a listpack once.
    | LargeSet = 7uy
    | List = 8uy
    /// A list that Redis keeps as a quicklist.
    | LargeList = 9uy
    | SortedSet = 10uy
    /// A sorted set that outgrew the limits of a listpack once.
    | LargeSortedSet = 11uy
    | Stream = 12uy
    /// Hashes of which fields have had deadlines of their own: as `Hash` and `LargeHash`, but always a table.
    | ExpiringHash = 13uy
    | LargeExpiringHash = 14uy

/// A value whose parts have deadlines of their own.
[<AllowNullLiteral>]
type IHasDeadlines =
    /// No deadline of a part is earlier than this, in milliseconds.
    abstract EarliestDeadline: int64

[<Struct; StructLayout(LayoutKind.Sequential, Pack = 1)>]
type PageHeader =
    /// The epoch of the owner that may edit the page in place.
    val mutable Epoch: int64
    /// No deadline in the page is earlier than this, in milliseconds.
    val mutable Earliest: int64
    /// One bit a slot: is there a record?
    val mutable Occupied: uint64
    /// Where the free room begins.
    val mutable End: int
    /// Bytes of the records that are in use; what lies between is garbage.
    val mutable Live: int
    val mutable Count: int16
    /// How many bits of the hash all records of the page have in common.
    val mutable Depth: int16
    val mutable Spare: int

/// A key too long for a page, with the value's object if it has one.
[<Sealed; AllowNullLiteral>]
type LongKey(key: byte[], value: obj) =
    member _.Key = key
    member _.Value = value

    /// The memory of the key, in bytes.
    member _.KeyBytes = Sizeof.array key.Length 1 + 32L

/// Reading and writing the bytes of a page. No decisions here: those are `PageTable`'s.
[<RequireQualifiedAccess>]
module Page =
    [<Literal>]
    let Slots = 64

    [<Literal>]
    let TagsAt = 40

    [<Literal>]
    let SlotsAt = 104

    [<Literal>]
    let RecordsAt = 232

    /// Longer keys hang beside the page.
    [<Literal>]
    let InlineKeyMax = 512

    /// Longer values hang beside the page.
    [<Literal>]
    let InlineValueMax = 1024

    /// "No deadline": later than any.
    [<Literal>]
    let NoDeadline = Int64.MaxValue

    [<Literal>]
    let HasDeadline = 0x10uy

    /// Lengths take two bytes each.
    [<Literal>]
    let Wide = 0x20uy

    [<Literal>]
    let KeyOutside = 0x40uy

    [<Literal>]
    let ValueOutside = 0x80uy

    let inline private at (page: byte[]) (offset: int) : byref<byte> =
        &Unsafe.Add(&MemoryMarshal.GetArrayDataReference page, offset)

    let inline header (page: byte[]) : byref<PageHeader> =
        &Unsafe.As<byte, PageHeader>(&MemoryMarshal.GetArrayDataReference page)

    let inline private readUInt16 (page: byte[]) offset =
        int (Unsafe.ReadUnaligned<uint16>(&at page offset))

    let inline private writeUInt16 (page: byte[]) offset (value: int) =
        Unsafe.WriteUnaligned<uint16>(&at page offset, uint16 value)

    let tagOf (hash: uint64) : byte =
        let low = byte hash
        if low = 0uy then 1uy else low

    /// One bit for each slot whose tag is `tag`.
    let matches (page: byte[]) (tag: byte) : uint64 =
        let tags = &at page TagsAt

        if Vector512.IsHardwareAccelerated then
            Vector512.Equals(Vector512.LoadUnsafe(&tags), Vector512.Create tag).ExtractMostSignificantBits()
        elif Vector256.IsHardwareAccelerated then
            let wanted = Vector256.Create tag

            let low =
                Vector256.Equals(Vector256.LoadUnsafe(&tags), wanted).ExtractMostSignificantBits()

            let high =
                Vector256.Equals(Vector256.LoadUnsafe(&tags, 32un), wanted).ExtractMostSignificantBits()

            uint64 low ||| (uint64 high <<< 32)
        else
            let wanted = Vector128.Create tag
            let mutable mask = 0UL

            for part in 0..3 do
                let bits =
                    Vector128
                        .Equals(Vector128.LoadUnsafe(&tags, unativeint (part * 16)), wanted)
                        .ExtractMostSignificantBits()

                mask <- mask ||| (uint64 bits <<< (part * 16))

            mask

    let recordAt (page: byte[]) (slot: int) : int = readUInt16 page (SlotsAt + slot * 2)

    let setSlot (page: byte[]) (slot: int) (tag: byte) (record: int) =
        (at page (TagsAt + slot)) <- tag
        writeUInt16 page (SlotsAt + slot * 2) record

    let tagAt (page: byte[]) (slot: int) : byte = at page (TagsAt + slot)
    let flags (page: byte[]) (record: int) : byte = at page record

    let setFlags (page: byte[]) (record: int) (value: byte) = (at page record) <- value

    let kind (page: byte[]) (record: int) : Kind =
        LanguagePrimitives.EnumOfValue(flags page record &&& 0x0Fuy)

    /// 24 bits.
    let stamp (page: byte[]) (record: int) : int =
        int (at page (record + 1))
        ||| (int (at page (record + 2)) <<< 8)
        ||| (int (at page (record + 3)) <<< 16)

    let setStamp (page: byte[]) (record: int) (value: int) =
        (at page (record + 1)) <- byte value
        (at page (record + 2)) <- byte (value >>> 8)
        (at page (record + 3)) <- byte (value >>> 16)

    let keyLength (page: byte[]) (record: int) : int =
        if flags page record &&& Wide <> 0uy then
            readUInt16 page (record + 4)
        else
            int (at page (record + 4))

    let valueLength (page: byte[]) (record: int) : int =
        if flags page record &&& Wide <> 0uy then
            readUInt16 page (record + 6)
        else
            int (at page (record + 5))

    let inline private fixedLength (flags: byte) =
        6
        + (if flags &&& Wide <> 0uy then 2 else 0)
        + (if flags &&& HasDeadline <> 0uy then 8 else 0)

    let private deadlineAt (flags: byte) (record: int) =
        record + (if flags &&& Wide <> 0uy then 8 else 6)

    let keyAt (page: byte[]) (record: int) : int =
        record + fixedLength (flags page record)

    let valueAt (page: byte[]) (record: int) : int =
        keyAt page record + keyLength page record

    let lengthFor (flags: byte) (keyLength: int) (valueLength: int) : int =
        fixedLength flags + keyLength + valueLength

    let recordLength (page: byte[]) (record: int) : int =
        lengthFor (flags page record) (keyLength page record) (valueLength page record)

    let deadline (page: byte[]) (record: int) : int64 =
        let flags = flags page record

        if flags &&& HasDeadline = 0uy then
            NoDeadline
        else
            Unsafe.ReadUnaligned<int64>(&at page (deadlineAt flags record))

    let setDeadline (page: byte[]) (record: int) (value: int64) =
        Unsafe.WriteUnaligned<int64>(&at page (deadlineAt (flags page record) record), value)

    /// Writes all of a record but its key and value.
    let writeFixed (page: byte[]) record (flags: byte) stamp keyLength valueLength (deadline: int64) =
        setFlags page record flags
        setStamp page record stamp

        if flags &&& Wide <> 0uy then
            writeUInt16 page (record + 4) keyLength
            writeUInt16 page (record + 6) valueLength
        else
            (at page (record + 4)) <- byte keyLength
            (at page (record + 5)) <- byte valueLength

        if flags &&& HasDeadline <> 0uy then
            setDeadline page record deadline

    let setValueLength (page: byte[]) record (length: int) =
        if flags page record &&& Wide <> 0uy then
            writeUInt16 page (record + 6) length
        else
            (at page (record + 5)) <- byte length

    /// Whether the record in a slot has this key.
    let hasKey (page: byte[]) (references: obj[]) (slot: int) (key: ReadOnlySpan<byte>) : bool =
        let record = recordAt page slot
        let flags = flags page record

        if flags &&& KeyOutside <> 0uy then
            key.SequenceEqual(ReadOnlySpan<byte>((references[slot] :?> LongKey).Key))
        else
            let length = keyLength page record

            length = key.Length
            && key.SequenceEqual(MemoryMarshal.CreateReadOnlySpan(&at page (record + fixedLength flags), length))

    /// Makes an empty page out of an array.
    let clear (page: byte[]) (epoch: int64) (depth: int) =
        let header = &header page
        header.Epoch <- epoch
        header.Earliest <- NoDeadline
        header.Occupied <- 0UL
        header.End <- RecordsAt
        header.Live <- 0
        header.Count <- 0s
        header.Depth <- int16 depth
        header.Spare <- 0
        Span<byte>(page, TagsAt, Slots).Clear()

    /// A slot without a record; the page must have one.
    let freeSlot (page: byte[]) : int =
        BitOperations.TrailingZeroCount(~~~(header page).Occupied)

    /// Takes note of `length` bytes of a record in a slot, at the end of what is used.
    let place (page: byte[]) (slot: int) (tag: byte) (length: int) : int =
        let header = &header page
        let record = header.End
        header.End <- record + length
        header.Live <- header.Live + length

        if header.Occupied &&& (1UL <<< slot) = 0UL then
            header.Occupied <- header.Occupied ||| (1UL <<< slot)
            header.Count <- header.Count + 1s

        setSlot page slot tag record
        record

    /// Copies a record with its slot into another page that has room.
    let copyRecord (source: byte[]) (slot: int) (target: byte[]) (targetSlot: int) =
        let record = recordAt source slot
        let length = recordLength source record
        let placed = place target targetSlot (tagAt source slot) length
        Buffer.BlockCopy(source, record, target, placed, length)

    /// Takes the record out of a slot. Its bytes become garbage.
    let remove (page: byte[]) (slot: int) =
        let header = &header page
        header.Live <- header.Live - recordLength page (recordAt page slot)
        header.Occupied <- header.Occupied &&& ~~~(1UL <<< slot)
        header.Count <- header.Count - 1s
        (at page (TagsAt + slot)) <- 0uy

    /// One bit for each slot whose record has a deadline.
    let slotsWithDeadline (page: byte[]) : uint64 =
        let mutable found = 0UL
        let mutable slots = (header page).Occupied

        while slots <> 0UL do
            let slot = BitOperations.TrailingZeroCount slots
            slots <- slots &&& (slots - 1UL)

            if flags page (recordAt page slot) &&& HasDeadline <> 0uy then
                found <- found ||| (1UL <<< slot)

        found

    /// The deadline of the record in a slot or, if that is earlier, of the parts of its value.
    let earliestIn (page: byte[]) (references: obj[]) (slot: int) : int64 =
        let record = recordAt page slot
        let own = deadline page record

        if kind page record < Kind.ExpiringHash then
            own
        else
            let value =
                match references[slot] with
                | :? LongKey as key -> key.Value
                | value -> value

            min own (value :?> IHasDeadlines).EarliestDeadline

    /// The earliest deadline of the records there are, and of the parts of their values.
    let earliestOf (page: byte[]) (references: obj[]) : int64 =
        let mutable earliest = NoDeadline
        let mutable slots = (header page).Occupied

        while slots <> 0UL do
            let slot = BitOperations.TrailingZeroCount slots
            slots <- slots &&& (slots - 1UL)
            earliest <- min earliest (earliestIn page references slot)

        earliest
