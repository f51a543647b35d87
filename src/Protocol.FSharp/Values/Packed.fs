namespace RedisClone.Protocol

open System
open System.Buffers.Binary

/// What small collections have in common: elements packed into one run of bytes, which lies in the key's record or,
/// beyond a kilobyte, in a blob.
///
///      | count 2 | element | element | ...
///
/// An element is made of lengths and of the bytes that they measure; a length below 255 takes a byte, a longer one 255
/// and two bytes. Large collections are tables.
[<RequireQualifiedAccess>]
module internal Packed =
    /// The bytes of the count at the start of a run.
    [<Literal>]
    let HeadBytes = 2

    /// A run may not get longer than this.
    [<Literal>]
    let BytesMax = 4096

    /// A run without elements.
    let empty: byte[] = [| 0uy; 0uy |]

    /// How many bytes a length takes.
    let lengthBytes (length: int) = if length < 255 then 1 else 3

    /// Reads the length at `position`, which is then behind it.
    let inline takeLength (data: byte[], position: byref<int>) : int =
        let first = int data[position]

        if first < 255 then
            position <- position + 1
            first
        else
            position <- position + 3
            int (BinaryPrimitives.ReadUInt16LittleEndian(ReadOnlySpan<byte>(data, position - 2, 2)))

    let writeLength (writer: RespWriter) (length: int) =
        let target = writer.Reserve 3

        if length < 255 then
            target[0] <- byte length
            writer.Advance 1
        else
            target[0] <- 255uy
            BinaryPrimitives.WriteUInt16LittleEndian(target.Slice 1, uint16 length)
            writer.Advance 3

    /// The array that holds the run of an entry, and where it begins there.
    let dataOf (entry: byref<Entry>, start: byref<int>) : byte[] =
        match entry.Object with
        | null ->
            start <- Page.valueAt entry.Page entry.Record
            entry.Page
        | object ->
            start <- 0
            (object :?> Blob).Data

    /// How many elements the run has that begins at `start`.
    let countAt (data: byte[]) (start: int) : int =
        int (BinaryPrimitives.ReadUInt16LittleEndian(ReadOnlySpan<byte>(data, start, HeadBytes)))

    /// Changes the count of a run.
    let setCount (run: Span<byte>) (count: int) =
        BinaryPrimitives.WriteUInt16LittleEndian(run, uint16 count)

    /// The table of a collection that has one, else null.
    let tableOf (entry: byref<Entry>) : PageTable =
        match entry.Object with
        | :? PageTable as table -> table
        | _ -> null

    /// How many elements a collection has, in either form.
    let count (entry: byref<Entry>) : int =
        match entry.Object with
        | :? PageTable as table -> table.Count
        | _ -> int (BinaryPrimitives.ReadUInt16LittleEndian entry.Value)

    /// The table of a collection, made editable.
    let ownTable (call: Call) (entry: byref<Entry>) (table: PageTable) : PageTable =
        let edited = table.Edit call.Keyspace.Owner

        if not (obj.ReferenceEquals(edited, table)) then
            call.Table.SetObject(&entry, edited)

        edited

    /// Puts what the scratch of the call holds in the place of `removed` bytes of a run, `offset` bytes from its start.
    /// The scratch is overwritten.
    let splice (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) offset removed (countChange: int) =
        let scratch = call.Scratch
        let inserted = scratch.Length
        let old = entry.Value
        let total = old.Length - removed + inserted
        let count = int (BinaryPrimitives.ReadUInt16LittleEndian old) + countChange

        match entry.Object with
        | :? Blob ->
            let blob = call.Table.WritableBlob &entry
            let tail = blob.Length - offset - removed

            if total > blob.Length then
                call.Table.Resize(blob, total)

            Buffer.BlockCopy(blob.Data, offset + removed, blob.Data, offset + inserted, tail)
            scratch.Written.CopyTo(Span<byte>(blob.Data, offset, inserted))
            call.Table.Resize(blob, total)
            setCount blob.Writable count
        | _ ->
            // The scratch holds the new bytes; what goes around them is added behind.
            scratch.Raw(old.Slice(0, offset))
            scratch.Raw(scratch.Written.Slice(0, inserted))
            scratch.Raw(old.Slice(offset + removed))
            let target = Span<byte>(scratch.Buffer, inserted, total)
            setCount target count
            call.Store(&entry, key, entry.Kind, Span.op_Implicit target, entry.Deadline)
