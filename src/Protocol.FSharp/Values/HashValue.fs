namespace RedisClone.Protocol

open System

// A hash: fields and their values
// --------------------------------
// A small hash is packed into one run of bytes (see `Packed`):
//
//      | count 2 | field length 1 or 3 | value length 1 or 3 | field | value | field length | ...
//
// Finding a field is a walk along the run, which for a few dozen fields is faster than hashing and takes a third of the
// memory.
//
// A hash with more than `PackedFieldsMax` fields or `Packed.BytesMax` bytes is a `PageTable` of its own, a record a
// field. It does not go back when it shrinks. A record has room for a deadline, so a field that is to expire makes its
// hash a table too; its kind then says so (`Kind.ExpiringHash`), and the key's page takes note of the earliest deadline
// of a field, so that due fields are found as due keys are.
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
            position = start + Packed.HeadBytes
            left = Packed.countAt data start
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

    /// Goes to the next field; false at the end.
    member this.Next() : bool =
        if isNull this.data then
            this.walk.Next &this.entry
        elif this.left = 0 then
            false
        else
            this.position <- this.position + this.fieldLength + this.valueLength
            this.left <- this.left - 1
            this.fieldLength <- Packed.takeLength (this.data, &this.position)
            this.valueLength <- Packed.takeLength (this.data, &this.position)
            true

    member this.Field: ReadOnlySpan<byte> =
        if isNull this.data then
            this.entry.Key
        else
            ReadOnlySpan<byte>(this.data, this.position, this.fieldLength)

    /// The millisecond at which the field ends; `Page.NoDeadline` if it does not.
    member this.Deadline: int64 =
        if isNull this.data then
            this.entry.Deadline
        else
            Page.NoDeadline

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

    let private pairBytes (field: ReadOnlySpan<byte>) (value: ReadOnlySpan<byte>) =
        Packed.lengthBytes field.Length
        + Packed.lengthBytes value.Length
        + field.Length
        + value.Length

    let private writePair (writer: RespWriter) (field: ReadOnlySpan<byte>) (value: ReadOnlySpan<byte>) =
        Packed.writeLength writer field.Length
        Packed.writeLength writer value.Length
        writer.Raw field
        writer.Raw value

    /// The table of a hash that has one, else null.
    let tableOf (entry: byref<Entry>) : PageTable = Packed.tableOf &entry

    /// The fields of a hash, in no order that means anything.
    let fields (entry: byref<Entry>) : HashFields =
        match Packed.tableOf &entry with
        | null ->
            let mutable start = 0
            let data = Packed.dataOf (&entry, &start)
            HashFields(data, start)
        | table -> HashFields table

    /// The number of fields.
    let count (entry: byref<Entry>) : int = Packed.count &entry

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

    let private setInTable (table: PageTable) (field: ReadOnlySpan<byte>) (value: ReadOnlySpan<byte>) keepsDeadline =
        let mutable inner = Entry()
        let isNew = not (table.Find(field, &inner))

        let deadline =
            if isNew || not keepsDeadline then
                Page.NoDeadline
            else
                inner.Deadline

        table.Store(&inner, field, Kind.String, value, null, deadline, 0)
        isNew

    /// Turns a packed hash into a table.
    let private unpack (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) : PageTable =
        let table = PageTable call.Keyspace.Owner
        let mutable walk = fields &entry

        while walk.Next() do
            setInTable table walk.Field walk.Value false |> ignore

        call.StoreObject(&entry, key, entry.Kind, table, entry.Deadline)
        table

    let private setPacked
        (call: Call)
        (entry: byref<Entry>)
        (key: ReadOnlySpan<byte>)
        field
        (value: ReadOnlySpan<byte>)
        =
        let mutable walk = fields &entry
        let start = walk.FieldAt - Packed.HeadBytes
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
            Packed.splice call &entry key offset removed (if found then 0 else 1)

        not found

    /// Makes the key an empty hash; it must get a field before the command ends.
    let create (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) =
        call.Store(&entry, key, Kind.Hash, ReadOnlySpan<byte> Packed.empty, Page.NoDeadline)

    /// Makes a missing key a hash of `pairs` fields and values, the arguments from the cursor on. False, with nothing
    /// done, when they do not make a packed hash of so many fields.
    let tryCreateOf (call: Call, entry: byref<Entry>, key: ReadOnlySpan<byte>, pairs: int) : bool =
        let scratch = call.Scratch
        scratch.Truncate 0
        scratch.Raw(ReadOnlySpan<byte> Packed.empty)
        let mutable fits = pairs <= PackedFieldsMax
        let mutable kind = Kind.Hash
        let mutable pair = 0

        while fits && pair < pairs do
            let field = call.Ahead(2 * pair)
            let value = call.Ahead(2 * pair + 1)
            fits <- int64 scratch.Length + int64 (pairBytes field value) <= int64 Packed.BytesMax

            if fits then
                Packed.setCount (Span<byte> scratch.Buffer) pair
                let mutable walk = HashFields(scratch.Buffer, 0)

                while fits && walk.Next() do
                    fits <- not (walk.Field.SequenceEqual field)

                writePair scratch field value

                if not (fitsListpack call.Limits pairs field value) then
                    kind <- Kind.LargeHash

            pair <- pair + 1

        if fits then
            Packed.setCount (Span<byte> scratch.Buffer) pairs
            call.Store(&entry, key, kind, scratch.Written, Page.NoDeadline)

        fits

    let private setWith
        (
            call: Call,
            entry: byref<Entry>,
            key: ReadOnlySpan<byte>,
            field: ReadOnlySpan<byte>,
            value: ReadOnlySpan<byte>,
            keepsDeadline: bool
        ) : bool =
        let isNew =
            match tableOf &entry with
            | null ->
                let packed = entry.Value.Length + pairBytes field value

                if count &entry >= PackedFieldsMax || packed > Packed.BytesMax then
                    setInTable (unpack call &entry key) field value keepsDeadline
                else
                    setPacked call &entry key field value
            | table -> setInTable (Packed.ownTable call &entry table) field value keepsDeadline

        if
            (entry.Kind = Kind.Hash || entry.Kind = Kind.ExpiringHash)
            && not (fitsListpack call.Limits (count &entry) field value)
        then
            call.Table.SetKind(
                &entry,
                (if entry.Kind = Kind.Hash then
                     Kind.LargeHash
                 else
                     Kind.LargeExpiringHash)
            )

        isNew

    /// Sets a field, which then has no deadline; true if it is new. `value` may not be a view into the hash.
    let set
        (call: Call, entry: byref<Entry>, key: ReadOnlySpan<byte>, field: ReadOnlySpan<byte>, value: ReadOnlySpan<byte>)
        : bool =
        setWith (call, &entry, key, field, value, false)

    /// Sets a field, which keeps its deadline if it has one; true if it is new. `value` may not be a view into the hash.
    let replace
        (call: Call, entry: byref<Entry>, key: ReadOnlySpan<byte>, field: ReadOnlySpan<byte>, value: ReadOnlySpan<byte>)
        : bool =
        setWith (call, &entry, key, field, value, true)

    /// The deadline of a field, `Page.NoDeadline` if it has none; false if there is no such field.
    let tryFindDeadline (entry: byref<Entry>, field: ReadOnlySpan<byte>, deadline: byref<int64>) : bool =
        let mutable cell = Unchecked.defaultof<HashCell>

        match tableOf &entry with
        | null ->
            deadline <- Page.NoDeadline
            tryFind (&entry, field, &cell)
        | table ->
            let mutable inner = Entry()
            let found = table.Find(field, &inner)

            if found then
                deadline <- inner.Deadline

            found

    /// Gives a field that exists a deadline, or takes it away with `Page.NoDeadline`.
    let setDeadline (call: Call, entry: byref<Entry>, key: ReadOnlySpan<byte>, field: ReadOnlySpan<byte>, deadline) =
        let table =
            match tableOf &entry with
            | null -> unpack call &entry key
            | table -> Packed.ownTable call &entry table

        let mutable inner = Entry()
        table.Find(field, &inner) |> ignore
        table.SetDeadline(&inner, deadline)

        if not (Kinds.isExpiringHash entry.Kind) then
            call.Table.SetKind(
                &entry,
                (if entry.Kind = Kind.Hash then
                     Kind.ExpiringHash
                 else
                     Kind.LargeExpiringHash)
            )

        if deadline <> Page.NoDeadline then
            call.Table.NoteDeadline(&entry, deadline)

    /// Removes a field; false if there is none. The key stays even when its last field goes.
    let remove (call: Call, entry: byref<Entry>, key: ReadOnlySpan<byte>, field: ReadOnlySpan<byte>) : bool =
        match tableOf &entry with
        | null ->
            let mutable walk = fields &entry
            let start = walk.FieldAt - Packed.HeadBytes
            let mutable found = false

            while not found && walk.Next() do
                found <- walk.Field.SequenceEqual field

            if found then
                let removed = pairBytes walk.Field walk.Value
                call.Scratch.Truncate 0
                Packed.splice call &entry key (walk.EndsAt - removed - start) removed -1

            found
        | table ->
            let mutable inner = Entry()
            let found = table.Find(field, &inner)

            if found then
                let owned = Packed.ownTable call &entry table
                owned.Find(field, &inner) |> ignore
                owned.Remove &inner

            found
