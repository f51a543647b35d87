namespace RedisClone.Protocol

open System
open System.Buffers.Binary

// A list
// ------
// A small list is packed into one run of bytes, which lies in the key's record or, beyond a kilobyte, in a blob:
//
//      | count 2 | length 1 or 3 | element | length 1 or 3 | element | ...
//
// A length below 255 takes a byte, a longer one 255 and two bytes. Reaching an element is a walk along the run.
//
// A list with more than `PackedItemsMax` elements or `PackedBytesMax` bytes is a `CountedTree` by position, inside a
// `ListTree`. It does not go back when it shrinks.
//
// What OBJECT ENCODING says follows Redis' limits, not these: a list is a listpack as long as that would have at most
// so many bytes (or elements), then a quicklist, and a listpack again when it has shrunk to half of the limit. So the
// bytes that the elements would take in a listpack are counted along. Of a tree they are not known while they do not
// matter: right after many elements went at once and many are left.

/// A list that outgrew one run of bytes.
[<Sealed; AllowNullLiteral>]
type ListTree(tree: CountedTree, listpackBytes: int64) =
    member _.Tree = tree

    /// What the elements take in a listpack, in bytes; -1 while that is more than any listpack may have.
    member val ListpackBytes = listpackBytes with get, set

    /// The list itself when the owner may write to it, else a version to go on with.
    member this.Edit(owner: Owner) : ListTree =
        let edited = tree.Edit owner

        if obj.ReferenceEquals(edited, tree) then
            this
        else
            ListTree(edited, this.ListpackBytes)

    interface IAccounted with
        member _.CountIn(whole: Account) = whole.Attach tree.Account
        member _.CountOut(whole: Account) = whole.Detach tree.Account
        member _.Recount() = tree.Recount()

/// Stands between two elements of a list, which must not be written to meanwhile.
[<Struct; NoEquality; NoComparison>]
type ListCursor =
    val private isTree: bool
    val mutable private tree: TreeCursor
    val private data: byte[]
    /// Where the first element of a packed list begins, with its length, and where the one on the right does.
    val private first: int
    val mutable private right: int
    val private count: int
    val mutable private gap: int
    val mutable private current: int
    val mutable private start: int
    val mutable private length: int

    new(list: ListTree, index: int) =
        {
            isTree = true
            tree = list.Tree.CursorAt index
            data = null
            first = 0
            right = 0
            count = 0
            gap = 0
            current = 0
            start = 0
            length = 0
        }

    /// Stands before the first element of a packed list that begins at `start`.
    new(data: byte[], start: int) =
        {
            isTree = false
            tree = TreeCursor()
            data = data
            first = start + 2
            right = start + 2
            count = int (BinaryPrimitives.ReadUInt16LittleEndian(ReadOnlySpan<byte>(data, start, 2)))
            gap = 0
            current = -1
            start = 0
            length = 0
        }

    /// Steps over the element on the right, which becomes the current one; false at the end.
    member this.Next() : bool =
        if this.isTree then
            this.tree.Next()
        elif this.gap >= this.count then
            false
        else
            let short = int this.data[this.right]

            if short < 255 then
                this.length <- short
                this.start <- this.right + 1
            else
                this.length <-
                    int (BinaryPrimitives.ReadUInt16LittleEndian(ReadOnlySpan<byte>(this.data, this.right + 1, 2)))

                this.start <- this.right + 3

            this.right <- this.start + this.length
            this.current <- this.gap
            this.gap <- this.gap + 1
            true

    /// Of a packed list: stands before the element at an index.
    member internal this.Seek(index: int) =
        if index < this.gap then
            this.right <- this.first
            this.gap <- 0

        while this.gap < index do
            this.Next() |> ignore

    /// Steps over the element on the left, which becomes the current one; false at the beginning.
    member this.Previous() : bool =
        if this.isTree then
            this.tree.Previous()
        elif this.gap <= 0 then
            false
        else
            // There is no way back along a packed list, but it is short.
            let index = this.gap - 1
            this.Seek index
            let right = this.right
            this.Next() |> ignore
            this.gap <- index
            this.right <- right
            true

    /// The element that was stepped over last.
    member this.Item: ReadOnlySpan<byte> =
        if this.isTree then
            this.tree.Item
        else
            ReadOnlySpan<byte>(this.data, this.start, this.length)

    /// Its index.
    member this.Index = if this.isTree then this.tree.Index else this.current

    /// Of a packed list: how far behind its start the element on the right begins, with its length.
    member internal this.Offset = this.right - this.first + 2

/// Reading and writing the list that an entry of the keyspace holds.
[<RequireQualifiedAccess>]
module ListValue =
    [<Literal>]
    let private PackedItemsMax = 128

    [<Literal>]
    let private PackedBytesMax = 2048

    /// The bytes of a listpack without elements.
    [<Literal>]
    let private EmptyListpackBytes = 7L

    /// With more elements a listpack is longer than half of any limit: each takes two bytes at least, and the widest
    /// limit is 64 KiB.
    [<Literal>]
    let private ListpackItemsMax = 16384

    let private emptyPacked: byte[] = [| 0uy; 0uy |]

    // ---- listpacks, for the name of the encoding

    /// The bytes that an element takes in a listpack: numbers as such, and behind each its length.
    let listpackBytesOf (item: ReadOnlySpan<byte>) : int64 =
        let mutable number = 0L

        let content =
            if item.Length <= Numbers.Int64LengthMax && Numbers.tryParseInt64 (item, &number) then
                let magnitude = if number < 0L then ~~~number else number

                if number >= 0L && number < 128L then 1
                elif magnitude < 4096L then 2
                elif magnitude < 32768L then 3
                elif magnitude < 8388608L then 4
                elif magnitude < 2147483648L then 5
                else 9
            elif item.Length < 64 then
                item.Length + 1
            elif item.Length < 4096 then
                item.Length + 2
            else
                item.Length + 5

        let lengthBehind =
            if content < 128 then 1
            elif content < 16384 then 2
            elif content < 2097152 then 3
            elif content < 268435456 then 4
            else 5

        int64 content + int64 lengthBehind

    let private listpackBytesMax (limits: Limits) : int64 =
        let setting = limits.ListListpackSize

        if setting < 0L then
            2048L <<< int (min 5L -setting)
        else
            8192L

    let private listpackItemsMax (limits: Limits) : int64 =
        let setting = limits.ListListpackSize
        if setting < 0L then Int64.MaxValue else setting

    // ---- reading

    /// The tree of a list that has one, else null.
    let treeOf (entry: byref<Entry>) : ListTree =
        match entry.Object with
        | :? ListTree as list -> list
        | _ -> null

    let private packedCursor (entry: byref<Entry>) : ListCursor =
        match entry.Object with
        | null -> ListCursor(entry.Page, Page.valueAt entry.Page entry.Record)
        | object -> ListCursor((object :?> Blob).Data, 0)

    /// The number of elements.
    let count (entry: byref<Entry>) : int =
        match entry.Object with
        | :? ListTree as list -> list.Tree.Count
        | _ -> int (BinaryPrimitives.ReadUInt16LittleEndian entry.Value)

    /// Stands before the element at an index; at the count, behind the last.
    let cursorAt (entry: byref<Entry>, index: int) : ListCursor =
        match treeOf &entry with
        | null ->
            let mutable cursor = packedCursor &entry
            cursor.Seek index
            cursor
        | list -> ListCursor(list, index)

    /// The bytes of the list as a listpack; -1 for more than matters.
    let private listpackBytes (entry: byref<Entry>) : int64 =
        match treeOf &entry with
        | null ->
            let mutable bytes = EmptyListpackBytes
            let mutable cursor = packedCursor &entry

            while cursor.Next() do
                bytes <- bytes + listpackBytesOf cursor.Item

            bytes
        | list -> list.ListpackBytes

    // ---- the name of the encoding

    /// To be told before elements are added: whether Redis would keep them in a listpack still.
    let private noteGrowth (call: Call) (entry: byref<Entry>) (addedItems: int) (addedBytes: int64) =
        if entry.Kind = Kind.List then
            let items = count &entry + addedItems
            let bytesMax = listpackBytesMax call.Limits
            // A packed list takes no more than this as a listpack.
            let most =
                int64 entry.Value.Length + 4L * int64 items + addedBytes + EmptyListpackBytes

            let fits =
                int64 items <= listpackItemsMax call.Limits
                && ((isNull (treeOf &entry) && most <= bytesMax)
                    || listpackBytes &entry + addedBytes <= bytesMax)

            if not fits then
                call.Table.SetKind(&entry, Kind.LargeList)

    /// To be told when elements went: whether Redis would go back to a listpack.
    let private noteShrinking (call: Call) (entry: byref<Entry>) =
        if
            entry.Kind = Kind.LargeList
            && int64 (count &entry) <= listpackItemsMax call.Limits / 2L
        then
            let bytes = listpackBytes &entry

            if bytes >= 0L && bytes <= listpackBytesMax call.Limits / 2L then
                call.Table.SetKind(&entry, Kind.List)

    // ---- writing

    let private packedBytes (item: ReadOnlySpan<byte>) =
        int64 item.Length + (if item.Length < 255 then 1L else 3L)

    let private writeItem (writer: RespWriter) (item: ReadOnlySpan<byte>) =
        let target = writer.Reserve 3

        if item.Length < 255 then
            target[0] <- byte item.Length
            writer.Advance 1
        else
            target[0] <- 255uy
            BinaryPrimitives.WriteUInt16LittleEndian(target.Slice 1, uint16 item.Length)
            writer.Advance 3

        writer.Raw item

    let private ownTree (call: Call) (entry: byref<Entry>) (list: ListTree) : ListTree =
        let edited = list.Edit call.Keyspace.Owner

        if not (obj.ReferenceEquals(edited, list)) then
            call.Table.SetObject(&entry, edited)

        edited

    /// Turns a packed list into a tree.
    let private unpack (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) : ListTree =
        let list = ListTree(CountedTree(call.Keyspace.Owner, false), listpackBytes &entry)

        let mutable cursor = packedCursor &entry

        while cursor.Next() do
            list.Tree.Insert(list.Tree.Count, cursor.Item)

        call.StoreObject(&entry, key, entry.Kind, list, entry.Deadline)
        list

    /// The tree of the list, made one's own; null when the list can stay packed with so much more.
    let private treeFor (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) items (bytes: int64) =
        match treeOf &entry with
        | null ->
            if
                count &entry + items > PackedItemsMax
                || int64 entry.Value.Length + bytes > int64 PackedBytesMax
            then
                unpack call &entry key
            else
                null
        | list -> ownTree call &entry list

    let private addBytes (list: ListTree) (bytes: int64) =
        if list.ListpackBytes >= 0L then
            list.ListpackBytes <- list.ListpackBytes + bytes

    let private insertInTree (list: ListTree) (index: int) (item: ReadOnlySpan<byte>) =
        list.Tree.Insert(index, item)
        addBytes list (listpackBytesOf item)

    /// Makes the key an empty list; it must get an element before the command ends.
    let create (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) =
        call.Store(&entry, key, Kind.List, ReadOnlySpan<byte> emptyPacked, Page.NoDeadline)

    /// Inserts an element before the one at an index; at the count, behind the last. `item` may not be a view into the
    /// list.
    let insert (call: Call, entry: byref<Entry>, key: ReadOnlySpan<byte>, index: int, item: ReadOnlySpan<byte>) =
        noteGrowth call &entry 1 (int64 item.Length)

        match treeFor call &entry key 1 (packedBytes item) with
        | null ->
            let mutable cursor = packedCursor &entry
            cursor.Seek index
            call.Scratch.Truncate 0
            writeItem call.Scratch item
            Packed.splice call &entry key cursor.Offset 0 1
        | list -> insertInTree list index item

    /// Adds the arguments that are left, one after another, at an end.
    let pushArguments (call: Call, entry: byref<Entry>, key: ReadOnlySpan<byte>, atLeft: bool) =
        let items = call.Remaining
        let mutable bytes = 0L
        let mutable packed = 0L

        for i in 0 .. items - 1 do
            let item = call.Ahead i
            bytes <- bytes + int64 item.Length
            packed <- packed + packedBytes item

        noteGrowth call &entry items bytes

        match treeFor call &entry key items packed with
        | null ->
            let scratch = call.Scratch
            scratch.Truncate 0

            for i in 0 .. items - 1 do
                writeItem scratch (call.Ahead(if atLeft then items - 1 - i else i))

            Packed.splice call &entry key (if atLeft then 2 else entry.Value.Length) 0 items
        | list ->
            for i in 0 .. items - 1 do
                insertInTree list (if atLeft then 0 else list.Tree.Count) (call.Ahead i)

        call.Skip items

    /// Puts another element in the place of the one at an index. `item` may not be a view into the list.
    let set (call: Call, entry: byref<Entry>, key: ReadOnlySpan<byte>, index: int, item: ReadOnlySpan<byte>) =
        noteGrowth call &entry 1 (int64 item.Length)

        match treeFor call &entry key 0 (packedBytes item) with
        | null ->
            let mutable cursor = packedCursor &entry
            cursor.Seek index
            let offset = cursor.Offset
            cursor.Next() |> ignore

            if cursor.Item.Length = item.Length then
                item.CopyTo(call.Table.WritableValue(&entry).Slice(cursor.Offset - item.Length))
            else
                let removed = cursor.Offset - offset
                call.Scratch.Truncate 0
                writeItem call.Scratch item
                Packed.splice call &entry key offset removed 0
        | list ->
            addBytes list (listpackBytesOf item - listpackBytesOf (list.Tree.Item index))
            list.Tree.Replace(index, item)

        noteShrinking call &entry

    /// What some elements take in a listpack.
    let private bytesOfRange (list: ListTree) (index: int) (items: int) : int64 =
        let mutable bytes = 0L
        let mutable cursor = list.Tree.CursorAt index

        for _ in 1..items do
            cursor.Next() |> ignore
            bytes <- bytes + listpackBytesOf cursor.Item

        bytes

    let private removeFromTree (list: ListTree) (index: int) (removed: int) =
        let kept = list.Tree.Count - removed

        if removed <= kept && removed <= ListpackItemsMax then
            addBytes list -(bytesOfRange list index removed)
        else
            list.ListpackBytes <- -1L

        if removed = 1 then
            list.Tree.RemoveAt index
        else
            list.Tree.RemoveRange(index, removed)

        if list.ListpackBytes < 0L && kept <= ListpackItemsMax then
            list.ListpackBytes <- EmptyListpackBytes + bytesOfRange list 0 kept

    /// Removes some elements from the one at an index on. The key stays even when its last element goes.
    let removeRange (call: Call, entry: byref<Entry>, key: ReadOnlySpan<byte>, index: int, removed: int) =
        match treeOf &entry with
        | null ->
            let mutable cursor = packedCursor &entry
            cursor.Seek index
            let offset = cursor.Offset
            cursor.Seek(index + removed)
            call.Scratch.Truncate 0
            Packed.splice call &entry key offset (cursor.Offset - offset) -removed
        | list -> removeFromTree (ownTree call &entry list) index removed

        noteShrinking call &entry

    /// The memory of a list that has a tree, in bytes.
    let treeBytes (list: ListTree) : int64 = list.Tree.Account.Bytes

    /// A list of one's own with the elements of a tree.
    let copyTree (owner: Owner) (list: ListTree) : ListTree =
        let copy = CountedTree(owner, false)
        let mutable cursor = list.Tree.CursorAt 0

        while cursor.Next() do
            copy.Insert(copy.Count, cursor.Item)

        ListTree(copy, list.ListpackBytes)
