namespace RedisClone.Protocol

open System
open System.Buffers.Binary

// A block of a stream: entries in a row, in one run of bytes
// -----------------------------------------------------------
//
//      0          16  17     19        21               25
//      | first id | 0 | live | deleted | listpack bytes | fields | entry | entry | ...
//
//      fields:  count | length | name | length | name | ...
//      entry:   length of what follows | flags | ms | seq | values            the block's fields, in order
//                                                         | count | length | name | length | value | ...
//
// All numbers behind the head are varints: seven bits a byte, lowest first. `ms` counts from the first id; `seq` does too
// within the same millisecond, and else stands for itself. So an entry with one short value takes five bytes besides
// that. An entry that is deleted is marked, and goes with its block.
//
// `listpack bytes` is what Redis' own form of a block would take. It decides where Redis begins another block, and that
// can be seen: approximate trimming removes whole blocks.

/// The bytes of a block.
[<RequireQualifiedAccess>]
module StreamBlock =
    [<Literal>]
    let HeadBytes = 25

    [<Literal>]
    let private LiveAt = 17

    [<Literal>]
    let private DeletedAt = 19

    [<Literal>]
    let private ListpackAt = 21

    /// The most entries of a block, and its most bytes before an entry is added, whatever the settings say.
    [<Literal>]
    let EntriesMax = 65535

    [<Literal>]
    let BytesMax = 1048576

    [<Literal>]
    let Deleted = 1uy

    /// The entry has the fields of the block.
    [<Literal>]
    let SameFields = 2uy

    let live (block: ReadOnlySpan<byte>) =
        int (BinaryPrimitives.ReadUInt16LittleEndian(block.Slice LiveAt))

    let deleted (block: ReadOnlySpan<byte>) =
        int (BinaryPrimitives.ReadUInt16LittleEndian(block.Slice DeletedAt))

    let listpackBytes (block: ReadOnlySpan<byte>) =
        BinaryPrimitives.ReadInt32LittleEndian(block.Slice ListpackAt)

    // ---- varints

    let varintBytes (value: uint64) : int =
        let mutable bytes = 1
        let mutable rest = value >>> 7

        while rest > 0UL do
            bytes <- bytes + 1
            rest <- rest >>> 7

        bytes

    let writeVarint (writer: RespWriter) (value: uint64) =
        let target = writer.Reserve 10
        let mutable rest = value
        let mutable at = 0

        while rest >= 128UL do
            target[at] <- byte rest ||| 128uy
            rest <- rest >>> 7
            at <- at + 1

        target[at] <- byte rest
        writer.Advance(at + 1)

    /// Reads the number at a position, which is then behind it.
    let readVarint (source: ReadOnlySpan<byte>, at: byref<int>) : uint64 =
        let mutable value = 0UL
        let mutable shift = 0
        let mutable next = source[at]

        while next >= 128uy do
            value <- value ||| (uint64 (next &&& 127uy) <<< shift)
            shift <- shift + 7
            at <- at + 1
            next <- source[at]

        at <- at + 1
        value ||| (uint64 next <<< shift)

    /// Reads a length and steps over as many bytes, which are the result.
    let inline readBytes (source: ReadOnlySpan<byte>, at: byref<int>) : ReadOnlySpan<byte> =
        let length = int (readVarint (source, &at))
        let start = at
        at <- start + length
        source.Slice(start, length)

    let writeBytes (writer: RespWriter) (bytes: ReadOnlySpan<byte>) =
        writeVarint writer (uint64 bytes.Length)
        writer.Raw bytes

    // ---- what Redis would take

    /// The bytes of a number in a listpack, with the length behind it.
    let listpackNumber (value: int64) : int =
        let magnitude = if value < 0L then ~~~value else value

        if value >= 0L && value < 128L then 2
        elif magnitude < 4096L then 3
        elif magnitude < 32768L then 4
        elif magnitude < 8388608L then 5
        elif magnitude < 2147483648L then 6
        else 10

    let private setCounts (block: Span<byte>) (newLive: int) (newDeleted: int) (added: int) =
        let view = Span.op_Implicit block

        let change =
            listpackNumber (int64 newLive) - listpackNumber (int64 (live view))
            + listpackNumber (int64 newDeleted)
            - listpackNumber (int64 (deleted view))

        BinaryPrimitives.WriteInt32LittleEndian(block.Slice ListpackAt, listpackBytes view + change + added)
        BinaryPrimitives.WriteUInt16LittleEndian(block.Slice LiveAt, uint16 newLive)
        BinaryPrimitives.WriteUInt16LittleEndian(block.Slice DeletedAt, uint16 newDeleted)

    // ---- writing

    /// Writes the head of a block without entries, for entries with the fields of `args`: every second from `first`.
    let writeHead (writer: RespWriter) (id: StreamId) (args: Arguments) (first: int) (pairs: int) =
        let start = writer.Length
        let head = writer.Reserve HeadBytes
        head.Slice(0, HeadBytes).Clear()
        StreamIds.writeKey head id
        writer.Advance HeadBytes
        // Redis' head and end of a listpack; the numbers of entries, of deleted ones, and of fields; a zero.
        let mutable bytes = int64 (7 + 2 + 2 + listpackNumber (int64 pairs) + 2)
        writeVarint writer (uint64 pairs)

        for pair in 0 .. pairs - 1 do
            let field = args[first + 2 * pair]
            writeBytes writer field
            bytes <- bytes + ListValue.listpackBytesOf field

        let told = int (min bytes (int64 Int32.MaxValue / 2L))
        BinaryPrimitives.WriteInt32LittleEndian(Span<byte>(writer.Buffer, start + ListpackAt, 4), told)

    /// Whether the fields of a block are those of an entry to be added.
    let private hasFields (block: ReadOnlySpan<byte>) (args: Arguments) (first: int) (pairs: int) : bool =
        let mutable at = HeadBytes
        let mutable same = int (readVarint (block, &at)) = pairs
        let mutable pair = 0

        while same && pair < pairs do
            same <- readBytes(block, &at).SequenceEqual(args[first + 2 * pair])
            pair <- pair + 1

        same

    /// Writes an entry for a block: its fields and values are arguments from `first` on. What the entry would take in a
    /// listpack.
    let writeEntry
        (writer: RespWriter)
        (block: ReadOnlySpan<byte>)
        (id: StreamId)
        (args: Arguments)
        (first: int)
        (pairs: int)
        : int =
        let origin = StreamIds.readKey block
        let ms = id.Ms - origin.Ms
        let seq = if ms = 0UL then id.Seq - origin.Seq else id.Seq
        let same = hasFields block args first pairs
        // The number of elements that Redis puts at the end of an entry.
        let elements = if same then pairs + 3 else 2 * pairs + 4

        let mutable listpack =
            2L
            + int64 (listpackNumber (int64 ms))
            + int64 (listpackNumber (int64 (id.Seq - origin.Seq)))
            + int64 (listpackNumber (int64 elements))

        let mutable bytes = 1L + int64 (varintBytes ms + varintBytes seq)

        if not same then
            bytes <- bytes + int64 (varintBytes (uint64 pairs))
            listpack <- listpack + int64 (listpackNumber (int64 pairs))

        for pair in 0 .. pairs - 1 do
            let value = args[first + 2 * pair + 1]
            bytes <- bytes + int64 (varintBytes (uint64 value.Length) + value.Length)
            listpack <- listpack + ListValue.listpackBytesOf value

            if not same then
                let field = args[first + 2 * pair]
                bytes <- bytes + int64 (varintBytes (uint64 field.Length) + field.Length)
                listpack <- listpack + ListValue.listpackBytesOf field

        writeVarint writer (uint64 bytes)
        let flags = writer.Reserve 1
        flags[0] <- if same then SameFields else 0uy
        writer.Advance 1
        writeVarint writer ms
        writeVarint writer seq

        if not same then
            writeVarint writer (uint64 pairs)

        for pair in 0 .. pairs - 1 do
            if not same then
                writeBytes writer args[first + 2 * pair]

            writeBytes writer args[first + 2 * pair + 1]

        int (min listpack (int64 Int32.MaxValue / 4L))

    /// Takes note that an entry was put behind the others.
    let noteAdded (block: Span<byte>) (listpackBytes: int) =
        let view = Span.op_Implicit block
        setCounts block (live view + 1) (deleted view) listpackBytes

    /// Whether Redis would begin another block for an entry whose fields and values have so many bytes.
    let isFull (block: ReadOnlySpan<byte>) (added: int64) (bytesMax: int64) (entriesMax: int64) : bool =
        let entries = live block + deleted block

        let most =
            if bytesMax = 0L then
                int64 BytesMax
            else
                min bytesMax (int64 BytesMax)

        int64 (listpackBytes block) + added >= most
        || entries >= EntriesMax
        || (entriesMax > 0L && int64 entries >= entriesMax)

    // ---- reading

    /// Where the first entry begins.
    let firstEntry (block: ReadOnlySpan<byte>) : int =
        let mutable at = HeadBytes
        let mutable left = int (readVarint (block, &at))

        while left > 0 do
            let _ = readBytes (block, &at)
            left <- left - 1

        at

    /// Reads the start of an entry: where the next one is, its flags and id. `at` is then at what it holds, and
    /// `flagsAt` tells where the flags are.
    let readEntry
        (block: ReadOnlySpan<byte>, origin: StreamId, at: byref<int>, flagsAt: byref<int>, id: byref<StreamId>)
        : int =
        let length = int (readVarint (block, &at))
        let behind = at + length
        flagsAt <- at
        at <- at + 1
        let ms = readVarint (block, &at)
        let seq = readVarint (block, &at)
        id <- StreamId(origin.Ms + ms, (if ms = 0UL then origin.Seq + seq else seq))
        behind

    /// Looks for an entry that is not deleted; where its flags are, or -1.
    let find (block: ReadOnlySpan<byte>) (wanted: StreamId) : int =
        let origin = StreamIds.readKey block
        let mutable at = firstEntry block
        let mutable found = -1
        let mutable flagsAt = 0
        let mutable id = StreamIds.min

        while found < 0 && at < block.Length do
            let behind = readEntry (block, origin, &at, &flagsAt, &id)

            if StreamIds.same id wanted && block[flagsAt] &&& Deleted = 0uy then
                found <- flagsAt

            at <- if StreamIds.less wanted id then block.Length else behind

        found

    /// Marks the entry whose flags are there as deleted.
    let markDeleted (block: Span<byte>) (flagsAt: int) =
        let flags = block[flagsAt]
        block[flagsAt] <- flags ||| Deleted
        let view = Span.op_Implicit block
        setCounts block (live view - 1) (deleted view + 1) 0

    /// The id of the last entry that is not deleted; there must be one.
    let lastId (block: ReadOnlySpan<byte>) : StreamId =
        let origin = StreamIds.readKey block
        let mutable at = firstEntry block
        let mutable last = origin
        let mutable flagsAt = 0
        let mutable id = StreamIds.min

        while at < block.Length do
            let behind = readEntry (block, origin, &at, &flagsAt, &id)

            if block[flagsAt] &&& Deleted = 0uy then
                last <- id

            at <- behind

        last
