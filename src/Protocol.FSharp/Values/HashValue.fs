namespace RedisClone.Protocol

open System
open System.Buffers.Binary

// A hash: fields and their values
// --------------------------------
// A small hash is packed into one run of bytes, which lies in the key's record or, beyond a kilobyte, in a blob:
//
//      | count 2 | field length 1 or 3 | value length 1 or 3 | field | value | field length | ...
//
// A length below 255 takes a byte, a longer one 255 and two bytes. Finding a field is a walk along the run, which for a
// few dozen fields is faster than hashing and takes a third of the memory.
//
// A hash with more than `PackedFieldsMax` fields or `PackedBytesMax` bytes is a `PageTable` of its own, a record a
// field. It does not go back when it shrinks. A record has room for a deadline, so a field that is to expire makes its
// hash a table too.
//
// What OBJECT ENCODING says follows Redis' limits, not these: see `Kind.LargeHash`.

/// Where the bytes of a field's value are; good until the hash is next written to.
[<Struct>]
type HashCell =
    {
        Data: byte[]
        Offset: int
        Length: int
    }

    member this.Span = ReadOnlySpan<byte>(this.Data, this.Offset, this.Length)

/// Goes along the fields of a hash. The hash must not be written to meanwhile.
[<Struct; NoEquality; NoComparison>]
type HashFields =
    val mutable private data: byte[]
    val mutable private position: int
    val mutable private left: int
    val mutable private walk: Walk
    val mutable private entry: Entry
    val mutable private fieldLength: int
    val mutable private valueLength: int

    /// The fields of a packed hash that begins at `start`.
    new(data: byte[], start: int) =
        {
            data = data
            position = start + 2
            left = int (BinaryPrimitives.ReadUInt16LittleEndian(ReadOnlySpan<byte>(data, start, 2)))
            walk = Walk()
            entry = Entry()
            fieldLength = 0
            valueLength = 0
        }

    new(table: PageTable) =
        {
            data = null
            position = 0
            left = 0
            walk = table.Walk()
            entry = Entry()
            fieldLength = 0
            valueLength = 0
        }

    member private this.TakeLength() =
        let first = int this.data[this.position]

        if first < 255 then
            this.position <- this.position + 1
            first
        else
            this.position <- this.position + 3
            int (BinaryPrimitives.ReadUInt16LittleEndian(ReadOnlySpan<byte>(this.data, this.position - 2, 2)))

    /// Goes to the next field; false at the end.
    member this.Next() : bool =
        if isNull this.data then
            this.walk.Next &this.entry
        elif this.left = 0 then
            false
        else
            this.position <- this.position + this.fieldLength + this.valueLength
            this.left <- this.left - 1
            this.fieldLength <- this.TakeLength()
            this.valueLength <- this.TakeLength()
            true

    member this.Field: ReadOnlySpan<byte> =
        if isNull this.data then
            this.entry.Key
        else
            ReadOnlySpan<byte>(this.data, this.position, this.fieldLength)

    member this.Value: ReadOnlySpan<byte> =
        if isNull this.data then
            this.entry.Value
        else
            ReadOnlySpan<byte>(this.data, this.position + this.fieldLength, this.valueLength)

    /// Of a packed hash: the index of the first byte of the field, and of the first byte behind its value.
    member internal this.FieldAt = this.position
    member internal this.EndsAt = this.position + this.fieldLength + this.valueLength

    member internal this.Cell =
        {
            Data = this.data
            Offset = this.position + this.fieldLength
            Length = this.valueLength
        }

/// Reading and writing the hash that an entry of the keyspace holds.
[<RequireQualifiedAccess>]
module HashValue =
    [<Literal>]
    let private PackedFieldsMax = 64

    [<Literal>]
    let private PackedBytesMax = 4096

    let private emptyPacked: byte[] = [| 0uy; 0uy |]

    let private lengthBytes (length: int) = if length < 255 then 1 else 3

    let private pairBytes (field: ReadOnlySpan<byte>) (value: ReadOnlySpan<byte>) =
        lengthBytes field.Length
        + lengthBytes value.Length
        + field.Length
        + value.Length

    let private writeLength (writer: RespWriter) (length: int) =
        let target = writer.Reserve 3

        if length < 255 then
            target[0] <- byte length
            writer.Advance 1
        else
            target[0] <- 255uy
            BinaryPrimitives.WriteUInt16LittleEndian(target.Slice 1, uint16 length)
            writer.Advance 3

    let private writePair (writer: RespWriter) (field: ReadOnlySpan<byte>) (value: ReadOnlySpan<byte>) =
        writeLength writer field.Length
        writeLength writer value.Length
        writer.Raw field
        writer.Raw value

    /// The table of a hash that has one, else null.
    let tableOf (entry: byref<Entry>) : PageTable =
        match entry.Object with
        | :? PageTable as table -> table
        | _ -> null

    /// The fields of a hash, in no order that means anything.
    let fields (entry: byref<Entry>) : HashFields =
        match entry.Object with
        | null -> HashFields(entry.Page, Page.valueAt entry.Page entry.Record)
        | :? PageTable as table -> HashFields table
        | object -> HashFields((object :?> Blob).Data, 0)

    /// The number of fields.
    let count (entry: byref<Entry>) : int =
        match entry.Object with
        | :? PageTable as table -> table.Count
        | _ -> int (BinaryPrimitives.ReadUInt16LittleEndian entry.Value)

    /// Looks a field up.
    let tryFind (entry: byref<Entry>, field: ReadOnlySpan<byte>, cell: byref<HashCell>) : bool =
        match entry.Object with
        | :? PageTable as table ->
            let mutable inner = Entry()
            let found = table.Find(field, &inner)

            if found then
                cell <-
                    match inner.Object with
                    | :? Blob as blob ->
                        {
                            Data = blob.Data
                            Offset = 0
                            Length = blob.Length
                        }
                    | _ ->
                        {
                            Data = inner.Page
                            Offset = Page.valueAt inner.Page inner.Record
                            Length = Page.valueLength inner.Page inner.Record
                        }

            found
        | _ ->
            let mutable walk = fields &entry
            let mutable found = false

            while not found && walk.Next() do
                if walk.Field.SequenceEqual field then
                    found <- true
                    cell <- walk.Cell

            found

    /// Whether Redis would still call a hash a listpack after this pair was added.
    let private fitsListpack (limits: Limits) (count: int) (field: ReadOnlySpan<byte>) (value: ReadOnlySpan<byte>) =
        int64 count <= limits.HashListpackEntriesMax
        && int64 field.Length <= limits.HashListpackValueMax
        && int64 value.Length <= limits.HashListpackValueMax

    /// The table of the hash, made editable.
    let private ownTable (call: Call) (entry: byref<Entry>) (table: PageTable) =
        let edited = table.Edit call.Keyspace.Owner

        if not (obj.ReferenceEquals(edited, table)) then
            call.Table.SetObject(&entry, edited)

        edited

    let private setInTable (table: PageTable) (field: ReadOnlySpan<byte>) (value: ReadOnlySpan<byte>) : bool =
        let mutable inner = Entry()
        let isNew = not (table.Find(field, &inner))
        table.Store(&inner, field, Kind.String, value, null, Page.NoDeadline, 0)
        isNew

    /// Turns a packed hash into a table.
    let private unpack (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) : PageTable =
        let table = PageTable call.Keyspace.Owner
        let mutable walk = fields &entry

        while walk.Next() do
            setInTable table walk.Field walk.Value |> ignore

        call.StoreObject(&entry, key, entry.Kind, table, entry.Deadline)
        table

    /// Puts other bytes in the place of `removed` bytes of a packed hash, `offset` bytes from its start. The new bytes
    /// are what the scratch holds from `bytesAt` on; in front of them the scratch may be overwritten.
    let private splice (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) offset removed (countChange: int) =
        // The scratch holds the new bytes; what goes around them is added behind.
        let scratch = call.Scratch
        let inserted = scratch.Length
        let old = entry.Value
        let total = old.Length - removed + inserted
        let count = BinaryPrimitives.ReadUInt16LittleEndian old

        match entry.Object with
        | :? Blob ->
            let blob = call.Table.WritableBlob &entry
            let tail = blob.Length - offset - removed

            if total > blob.Length then
                blob.Resize total

            Buffer.BlockCopy(blob.Data, offset + removed, blob.Data, offset + inserted, tail)
            scratch.Written.CopyTo(Span<byte>(blob.Data, offset, inserted))
            blob.Resize total
            BinaryPrimitives.WriteUInt16LittleEndian(blob.Writable, uint16 (int count + countChange))
        | _ ->
            scratch.Raw(old.Slice(0, offset))
            scratch.Raw(scratch.Written.Slice(0, inserted))
            scratch.Raw(old.Slice(offset + removed))
            let target = Span<byte>(scratch.Buffer, inserted, total)
            BinaryPrimitives.WriteUInt16LittleEndian(target, uint16 (int count + countChange))
            call.Store(&entry, key, entry.Kind, Span.op_Implicit target, entry.Deadline)

    let private setPacked
        (call: Call)
        (entry: byref<Entry>)
        (key: ReadOnlySpan<byte>)
        field
        (value: ReadOnlySpan<byte>)
        =
        let mutable walk = fields &entry
        let start = walk.FieldAt - 2
        let mutable found = false

        while not found && walk.Next() do
            found <- walk.Field.SequenceEqual field

        if found && walk.Value.Length = value.Length then
            let offset = walk.Cell.Offset - start
            value.CopyTo(call.Table.WritableValue(&entry).Slice offset)
        else
            let removed = if found then pairBytes walk.Field walk.Value else 0
            let offset = (if found then walk.EndsAt - removed else walk.EndsAt) - start
            call.Scratch.Truncate 0
            writePair call.Scratch field value
            splice call &entry key offset removed (if found then 0 else 1)

        not found

    /// Makes the key an empty hash; it must get a field before the command ends.
    let create (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) =
        call.Store(&entry, key, Kind.Hash, ReadOnlySpan<byte> emptyPacked, Page.NoDeadline)

    /// Makes a missing key a hash of `pairs` fields and values, the arguments from the cursor on. False, with nothing
    /// done, when they do not make a packed hash of so many fields.
    let tryCreateOf (call: Call, entry: byref<Entry>, key: ReadOnlySpan<byte>, pairs: int) : bool =
        let scratch = call.Scratch
        scratch.Truncate 0
        scratch.Raw(ReadOnlySpan<byte> emptyPacked)
        let mutable fits = pairs <= PackedFieldsMax
        let mutable kind = Kind.Hash
        let mutable pair = 0

        while fits && pair < pairs do
            let field = call.Ahead(2 * pair)
            let value = call.Ahead(2 * pair + 1)
            fits <- int64 scratch.Length + int64 (pairBytes field value) <= int64 PackedBytesMax

            if fits then
                BinaryPrimitives.WriteUInt16LittleEndian(Span<byte> scratch.Buffer, uint16 pair)
                let mutable walk = HashFields(scratch.Buffer, 0)

                while fits && walk.Next() do
                    fits <- not (walk.Field.SequenceEqual field)

                writePair scratch field value

                if not (fitsListpack call.Limits pairs field value) then
                    kind <- Kind.LargeHash

            pair <- pair + 1

        if fits then
            BinaryPrimitives.WriteUInt16LittleEndian(Span<byte> scratch.Buffer, uint16 pairs)
            call.Store(&entry, key, kind, scratch.Written, Page.NoDeadline)

        fits

    /// Sets a field; true if it is new. `value` may not be a view into the hash.
    let set
        (call: Call, entry: byref<Entry>, key: ReadOnlySpan<byte>, field: ReadOnlySpan<byte>, value: ReadOnlySpan<byte>)
        : bool =
        let isNew =
            match tableOf &entry with
            | null ->
                let packed = entry.Value.Length + pairBytes field value

                if count &entry >= PackedFieldsMax || packed > PackedBytesMax then
                    setInTable (unpack call &entry key) field value
                else
                    setPacked call &entry key field value
            | table -> setInTable (ownTable call &entry table) field value

        if
            entry.Kind = Kind.Hash
            && not (fitsListpack call.Limits (count &entry) field value)
        then
            call.Table.SetKind(&entry, Kind.LargeHash)

        isNew

    /// Removes a field; false if there is none. The key stays even when its last field goes.
    let remove (call: Call, entry: byref<Entry>, key: ReadOnlySpan<byte>, field: ReadOnlySpan<byte>) : bool =
        match tableOf &entry with
        | null ->
            let mutable walk = fields &entry
            let start = walk.FieldAt - 2
            let mutable found = false

            while not found && walk.Next() do
                found <- walk.Field.SequenceEqual field

            if found then
                let removed = pairBytes walk.Field walk.Value
                call.Scratch.Truncate 0
                splice call &entry key (walk.EndsAt - removed - start) removed -1

            found
        | table ->
            let mutable inner = Entry()
            let found = table.Find(field, &inner)

            if found then
                let owned = ownTable call &entry table
                owned.Find(field, &inner) |> ignore
                owned.Remove &inner

            found
