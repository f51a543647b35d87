namespace RedisClone.Protocol

open System
open System.Buffers.Binary
open System.Runtime.InteropServices

// A sorted set: members and their scores, in the order of scores, and of members where scores are equal
// -------------------------------------------------------------------------------------------------------
// A small one is packed into one run of bytes (see `Packed`), in order:
//
//      | count 2 | score 8 | length 1 or 3 | member | length 1 or 3 | score 8 | ...
//
// The length stands on both sides, so that a run can be read backwards; the last byte of a long one is 255 again.
//
// One with more than `PackedMembersMax` members or `Packed.BytesMax` bytes is a `ScoreTable`: a table that knows the
// score of each member, and a counted tree that has them in order. An item of the tree is the eight bytes of the score,
// made to sort as bytes, and then the member. It does not go back when it shrinks.
//
// Zero has a sign that is shown and that orders nothing: the tree's bytes leave it out, the table and the run keep it.
// Redis' listpacks do not keep it, so a set that Redis would call a listpack loses it here too.
//
// Everything about ranges is two indices: how many members come before a bound is found once for each, and what is
// between is gone along with a cursor.

/// Scores as eight bytes that sort as the scores do.
[<RequireQualifiedAccess>]
module ScoreOrder =
    [<Literal>]
    let Length = 8

    /// What zero becomes, with either sign.
    [<Literal>]
    let Zero = 0x8000000000000000UL

    let ofScore (score: double) : uint64 =
        let bits =
            if score = 0.0 then
                0L
            else
                BitConverter.DoubleToInt64Bits score

        if bits < 0L then ~~~(uint64 bits) else uint64 bits ^^^ Zero

    let toScore (order: uint64) : double =
        if order >= Zero then
            BitConverter.UInt64BitsToDouble(order ^^^ Zero)
        else
            BitConverter.UInt64BitsToDouble(~~~order)

/// A large sorted set.
[<Sealed; AllowNullLiteral>]
type ScoreTable(members: PageTable, order: CountedTree) =
    /// The members; the value of each is the eight bytes of its score.
    member _.Members = members

    /// The members behind the bytes of their scores, in order.
    member _.Order = order

    /// The table itself when the owner may edit it, else one to go on with that shares everything.
    member this.Edit(owner: Owner) : ScoreTable =
        let ownMembers = members.Edit owner
        let ownOrder = order.Edit owner

        if obj.ReferenceEquals(ownMembers, members) && obj.ReferenceEquals(ownOrder, order) then
            this
        else
            ScoreTable(ownMembers, ownOrder)

    /// The memory of both, in bytes.
    member _.MemoryBytes = members.Account.Bytes + order.Account.Bytes

    interface IAccounted with
        member _.CountIn(whole: Account) =
            whole.Attach members.Account
            whole.Attach order.Account

        member _.CountOut(whole: Account) =
            whole.Detach members.Account
            whole.Detach order.Account

        member _.Recount() = members.Recount() + order.Recount()

    static member Score(entry: byref<Entry>) : double =
        BinaryPrimitives.ReadDoubleLittleEndian entry.Value

/// A sorted set to be read; good until the keyspace is next written to.
[<Struct; NoEquality; NoComparison>]
type SortedSetView =
    {
        /// Null when the members are packed.
        Large: ScoreTable
        /// The array of the packed members, where the run begins, and where it ends.
        Data: byte[]
        Start: int
        End: int
        Count: int
    }

/// Stands between two members of a sorted set, which must not be written to meanwhile.
[<Struct; NoEquality; NoComparison>]
type SortedSetCursor =
    val private large: ScoreTable
    val private data: byte[]
    val private first: int
    val private last: int
    val mutable private tree: TreeCursor
    /// Of a packed set: where the cursor stands, where the current member is, and how long it is.
    val mutable private gap: int
    val mutable private memberAt: int
    val mutable private length: int

    /// Stands before the member at an index of a large set, or at the start of a packed one.
    internal new(set: SortedSetView, index: int) =
        {
            large = set.Large
            data = set.Data
            first = set.Start + Packed.HeadBytes
            last = set.End
            tree =
                if isNull set.Large then
                    Unchecked.defaultof<TreeCursor>
                else
                    set.Large.Order.CursorAt index
            gap = set.Start + Packed.HeadBytes
            memberAt = 0
            length = 0
        }

    /// Goes to an index of a packed set, from the end that is nearer.
    member internal this.Skip(index: int, count: int) =
        if index <= count / 2 then
            for _ in 1..index do
                this.Next() |> ignore
        else
            this.gap <- this.last

            for _ in index + 1 .. count do
                this.Previous() |> ignore

    /// Steps over the member on the right, which becomes the current one; false at the end.
    member this.Next() : bool =
        if not (isNull this.large) then
            this.tree.Next()
        elif this.gap >= this.last then
            false
        else
            let mutable position = this.gap + ScoreOrder.Length
            this.length <- Packed.takeLength (this.data, &position)
            this.memberAt <- position
            this.gap <- position + this.length + Packed.lengthBytes this.length
            true

    /// Steps over the member on the left, which becomes the current one; false at the beginning.
    member this.Previous() : bool =
        if not (isNull this.large) then
            this.tree.Previous()
        elif this.gap <= this.first then
            false
        else
            let lastByte = int this.data[this.gap - 1]

            this.length <-
                if lastByte < 255 then
                    lastByte
                else
                    int (BinaryPrimitives.ReadUInt16LittleEndian(ReadOnlySpan<byte>(this.data, this.gap - 3, 2)))

            let lengthBytes = Packed.lengthBytes this.length
            this.memberAt <- this.gap - lengthBytes - this.length
            this.gap <- this.memberAt - lengthBytes - ScoreOrder.Length
            true

    member this.Member: ReadOnlySpan<byte> =
        if isNull this.large then
            ReadOnlySpan<byte>(this.data, this.memberAt, this.length)
        else
            this.tree.Item.Slice ScoreOrder.Length

    member this.Score: double =
        if isNull this.large then
            BinaryPrimitives.ReadDoubleLittleEndian(ReadOnlySpan<byte>(this.data, this.ElementAt, 8))
        else
            match BinaryPrimitives.ReadUInt64BigEndian this.tree.Item with
            | ScoreOrder.Zero ->
                let mutable entry = Entry()
                this.large.Members.Find(this.Member, &entry) |> ignore
                ScoreTable.Score &entry
            | order -> ScoreOrder.toScore order

    /// Of a packed set: where the current member is in its array.
    member internal this.MemberAt = this.memberAt

    /// Of a packed set: where the element of the current member begins, and where the one behind it does.
    member internal this.ElementAt =
        this.memberAt - Packed.lengthBytes this.length - ScoreOrder.Length

    member internal this.ElementEnd =
        this.memberAt + this.length + Packed.lengthBytes this.length

/// What adding a member came to.
type Addition =
    /// A condition was not met.
    | Refused = 0
    | Added = 1
    /// The member has another score now.
    | Moved = 2
    /// The member had the score already.
    | Same = 3
    /// The sum is no number.
    | NotNumber = 4

/// The conditions of ZADD.
[<Flags>]
type AddRule =
    | None = 0
    /// The score is added to the one there is.
    | Increment = 1
    | OnlyNew = 2
    | OnlyOld = 4
    | OnlyGreater = 8
    | OnlyLess = 16

/// Reading and writing the sorted set that an entry of the keyspace holds.
[<RequireQualifiedAccess>]
module SortedSetValue =
    /// A packed set has no more members than this.
    [<Literal>]
    let PackedMembersMax = 128

    let internal elementBytes (length: int) =
        ScoreOrder.Length + length + 2 * Packed.lengthBytes length

    let internal writeElement (writer: RespWriter) (score: double) (m: ReadOnlySpan<byte>) =
        BinaryPrimitives.WriteDoubleLittleEndian(writer.Reserve ScoreOrder.Length, score)
        writer.Advance ScoreOrder.Length
        Packed.writeLength writer m.Length
        writer.Raw m

        if m.Length < 255 then
            Packed.writeLength writer m.Length
        else
            let target = writer.Reserve 3
            BinaryPrimitives.WriteUInt16LittleEndian(target, uint16 m.Length)
            target[2] <- 255uy
            writer.Advance 3

    /// The large set of an entry that has one, else null.
    let largeOf (entry: byref<Entry>) : ScoreTable =
        match entry.Object with
        | :? ScoreTable as large -> large
        | _ -> null

    /// A run of packed members, to be read.
    let internal viewOfRun (data: byte[]) (start: int) (bytes: int) : SortedSetView =
        {
            Large = null
            Data = data
            Start = start
            End = start + bytes
            Count = Packed.countAt data start
        }

    let internal viewOfLarge (large: ScoreTable) : SortedSetView =
        {
            Large = large
            Data = null
            Start = 0
            End = 0
            Count = large.Members.Count
        }

    /// The sorted set of an entry, to be read.
    let view (entry: byref<Entry>) : SortedSetView =
        match largeOf &entry with
        | null ->
            let mutable start = 0
            let data = Packed.dataOf (&entry, &start)
            viewOfRun data start entry.Value.Length
        | large -> viewOfLarge large

    let emptyView: SortedSetView = viewOfRun Packed.empty 0 Packed.HeadBytes

    /// Stands before the member at an index; at the count, behind the last.
    let cursorAt (set: SortedSetView) (index: int) : SortedSetCursor =
        let mutable cursor = SortedSetCursor(set, index)

        if isNull set.Large then
            cursor.Skip(index, set.Count)

        cursor

    /// The number of members.
    let count (entry: byref<Entry>) : int =
        match largeOf &entry with
        | null -> int (BinaryPrimitives.ReadUInt16LittleEndian entry.Value)
        | large -> large.Members.Count

    /// Whether a set has a member, and its score.
    let tryScore (set: SortedSetView inref, m: ReadOnlySpan<byte>, score: byref<double>) : bool =
        if isNull set.Large then
            let mutable cursor = SortedSetCursor(set, 0)
            let mutable found = false

            while not found && cursor.Next() do
                found <- cursor.Member.SequenceEqual m

            if found then
                score <- cursor.Score

            found
        else
            let mutable entry = Entry()
            let found = set.Large.Members.Find(m, &entry)

            if found then
                score <- ScoreTable.Score &entry

            found

    /// How many members have a score less than this; or, with `orEqual`, not more than it.
    let countBelow (set: SortedSetView inref, score: double, orEqual: bool) : int =
        if isNull set.Large then
            let mutable cursor = SortedSetCursor(set, 0)
            let mutable below = 0

            while cursor.Next() && (cursor.Score < score || (orEqual && cursor.Score = score)) do
                below <- below + 1

            below
        else
            let mutable order = ScoreOrder.ofScore score + (if orEqual then 1UL else 0UL)
            order <- BinaryPrimitives.ReverseEndianness order

            set.Large.Order.LowerBound(MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(&order, 1)))

    /// The bytes of a score and a member as an item of the tree; good until the writer is next written to.
    let internal itemOf (writer: RespWriter) (score: double) (m: ReadOnlySpan<byte>) : ReadOnlySpan<byte> =
        writer.Truncate 0
        BinaryPrimitives.WriteUInt64BigEndian(writer.Reserve ScoreOrder.Length, ScoreOrder.ofScore score)
        writer.Advance ScoreOrder.Length
        writer.Raw m
        writer.Written

    /// The index of a member with its score.
    let rankOf (set: SortedSetView inref, call: Call, score: double, m: ReadOnlySpan<byte>) : int =
        if isNull set.Large then
            let mutable cursor = SortedSetCursor(set, 0)
            let mutable rank = -1
            let mutable found = false

            while not found && cursor.Next() do
                rank <- rank + 1
                found <- cursor.Member.SequenceEqual m

            rank
        else
            set.Large.Order.LowerBound(itemOf call.Scratch score m)

    /// Whether Redis would keep so many members, one of them of this length, as a listpack.
    let internal fitsListpack (limits: Limits) (count: int) (length: int) =
        int64 count <= limits.SortedSetListpackEntriesMax
        && int64 length <= limits.SortedSetListpackValueMax

    /// A score as it is kept in a set of this kind.
    let internal kept (kind: Kind) (score: double) =
        if kind = Kind.SortedSet && score = 0.0 then 0.0 else score

    let internal addNewToTable (members: PageTable) (inner: byref<Entry>) (m: ReadOnlySpan<byte>) (score: double) =
        let mutable bits = score

        members.Store(
            &inner,
            m,
            Kind.String,
            MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(&bits, 1)),
            null,
            Page.NoDeadline,
            0
        )

    /// Makes a large set of `members` members that a cursor goes along, each with its score.
    let internal buildLarge (call: Call) (cursor: SortedSetCursor) (members: int) (kind: Kind) : ScoreTable =
        let owner = call.Keyspace.Owner
        let large = ScoreTable(PageTable owner, CountedTree(owner, true))
        let mutable cursor = cursor
        let mutable inner = Entry()

        for _ in 1..members do
            cursor.Next() |> ignore
            let score = kept kind cursor.Score
            large.Members.Find(cursor.Member, &inner) |> ignore
            addNewToTable large.Members &inner cursor.Member score
            large.Order.Add(itemOf call.NumberText score cursor.Member) |> ignore

        large

    /// Makes a key an empty sorted set, of the kind that Redis makes for this first member.
    let create (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) (first: ReadOnlySpan<byte>) =
        let kind =
            if fitsListpack call.Limits 1 first.Length then
                Kind.SortedSet
            else
                Kind.LargeSortedSet

        call.Store(&entry, key, kind, ReadOnlySpan<byte> Packed.empty, Page.NoDeadline)

    /// The large set of an entry, made editable.
    let private own (call: Call) (entry: byref<Entry>) (large: ScoreTable) : ScoreTable =
        let edited = large.Edit call.Keyspace.Owner

        if not (obj.ReferenceEquals(edited, large)) then
            call.Table.SetObject(&entry, edited)

        edited

    /// Decides what becomes of a member with a score, and computes its new one. `old` is its score now, if it `exists`.
    let private decide (rule: AddRule) (exists: bool) (old: double) (score: byref<double>) : Addition =
        if not exists then
            if rule &&& AddRule.OnlyOld <> AddRule.None then
                Addition.Refused
            else
                Addition.Added
        elif rule &&& AddRule.OnlyNew <> AddRule.None then
            Addition.Refused
        else
            if rule &&& AddRule.Increment <> AddRule.None then
                score <- old + score

            if Double.IsNaN score then
                Addition.NotNumber
            elif
                (rule &&& AddRule.OnlyGreater <> AddRule.None && score <= old)
                || (rule &&& AddRule.OnlyLess <> AddRule.None && score >= old)
            then
                Addition.Refused
            elif score = old then
                Addition.Same
            else
                Addition.Moved

    /// Takes `bytes` bytes out of a run, `offset` from its start, with so many members.
    let private cut (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) offset bytes (members: int) =
        call.Scratch.Truncate 0
        Packed.splice call &entry key offset bytes -members

    /// Puts a member where it belongs in a run that does not have it.
    let private insertPacked
        (call: Call)
        (entry: byref<Entry>)
        (key: ReadOnlySpan<byte>)
        (m: ReadOnlySpan<byte>)
        (score: double)
        =
        let set = view &entry
        let mutable cursor = SortedSetCursor(set, 0)
        let mutable offset = Packed.HeadBytes

        while cursor.Next()
              && (cursor.Score < score
                  || (cursor.Score = score && Bytes.compare (cursor.Member, m) < 0)) do
            offset <- cursor.ElementEnd - set.Start

        call.Scratch.Truncate 0
        writeElement call.Scratch score m
        Packed.splice call &entry key offset 0 1

    /// Whether a member of a run may get another score without leaving its place.
    let private staysInPlace
        (set: SortedSetView inref)
        (cursor: SortedSetCursor)
        (score: double)
        (m: ReadOnlySpan<byte>)
        =
        let mutable behind = cursor
        let mutable before = cursor
        before.Previous() |> ignore

        let isBefore =
            not (before.Previous())
            || before.Score < score
            || (before.Score = score && Bytes.compare (before.Member, m) < 0)

        isBefore
        && (not (behind.Next())
            || score < behind.Score
            || (score = behind.Score && Bytes.compare (m, behind.Member) < 0))

    let private addPacked
        (call: Call)
        (entry: byref<Entry>)
        (key: ReadOnlySpan<byte>)
        (m: ReadOnlySpan<byte>)
        (rule: AddRule)
        (score: byref<double>)
        : Addition =
        let set = view &entry
        let mutable cursor = SortedSetCursor(set, 0)
        let mutable found = false

        while not found && cursor.Next() do
            found <- cursor.Member.SequenceEqual m

        let old = if found then cursor.Score else 0.0
        let addition = decide rule found old &score

        match addition with
        | Addition.Moved when staysInPlace &set cursor score m ->
            let offset = cursor.ElementAt - set.Start

            BinaryPrimitives.WriteDoubleLittleEndian(
                call.Table.WritableValue(&entry).Slice offset,
                kept entry.Kind score
            )
        | Addition.Moved ->
            cut call &entry key (cursor.ElementAt - set.Start) (cursor.ElementEnd - cursor.ElementAt) 1
            insertPacked call &entry key m (kept entry.Kind score)
        | _ -> ()

        addition

    let private addLarge
        (call: Call)
        (large: ScoreTable)
        (kind: Kind)
        (m: ReadOnlySpan<byte>)
        (rule: AddRule)
        (score: byref<double>)
        : Addition =
        let mutable inner = Entry()
        let found = large.Members.Find(m, &inner)
        let old = if found then ScoreTable.Score &inner else 0.0
        let addition = decide rule found old &score

        match addition with
        | Addition.Added ->
            let score = kept kind score
            addNewToTable large.Members &inner m score
            large.Order.Add(itemOf call.Scratch score m) |> ignore
        | Addition.Moved ->
            let score = kept kind score
            BinaryPrimitives.WriteDoubleLittleEndian(large.Members.WritableValue(&inner), score)
            large.Order.Remove(itemOf call.Scratch old m) |> ignore
            large.Order.Add(itemOf call.Scratch score m) |> ignore
        | _ -> ()

        addition

    /// Adds a member, or gives it another score, as far as the rule allows; `score` becomes its score then. The member
    /// may not be a view into the set.
    let add
        (
            call: Call,
            entry: byref<Entry>,
            key: ReadOnlySpan<byte>,
            m: ReadOnlySpan<byte>,
            rule: AddRule,
            score: byref<double>
        ) : Addition =
        match largeOf &entry with
        | null ->
            let addition = addPacked call &entry key m rule &score

            if addition = Addition.Added then
                let members = count &entry + 1

                if entry.Kind = Kind.SortedSet && not (fitsListpack call.Limits members m.Length) then
                    call.Table.SetKind(&entry, Kind.LargeSortedSet)

                if
                    members > PackedMembersMax
                    || entry.Value.Length + elementBytes m.Length > Packed.BytesMax
                then
                    let large =
                        buildLarge call (SortedSetCursor(view &entry, 0)) (members - 1) entry.Kind

                    call.StoreObject(&entry, key, entry.Kind, large, entry.Deadline)
                    addLarge call large entry.Kind m AddRule.None &score |> ignore
                else
                    insertPacked call &entry key m (kept entry.Kind score)

            addition
        | large ->
            let large = own call &entry large

            if
                entry.Kind = Kind.SortedSet
                && not (fitsListpack call.Limits (large.Members.Count + 1) m.Length)
            then
                // The limits allow more than a run holds, and the next new member goes beyond them.
                let mutable unused = 0.0
                let set = viewOfLarge large

                if not (tryScore (&set, m, &unused)) && rule &&& AddRule.OnlyOld = AddRule.None then
                    call.Table.SetKind(&entry, Kind.LargeSortedSet)

            addLarge call large entry.Kind m rule &score

    /// Removes a member; false if there is none. The key stays even when its last member goes.
    let remove (call: Call, entry: byref<Entry>, key: ReadOnlySpan<byte>, m: ReadOnlySpan<byte>) : bool =
        match largeOf &entry with
        | null ->
            let set = view &entry
            let mutable cursor = SortedSetCursor(set, 0)
            let mutable found = false

            while not found && cursor.Next() do
                found <- cursor.Member.SequenceEqual m

            if found then
                cut call &entry key (cursor.ElementAt - set.Start) (cursor.ElementEnd - cursor.ElementAt) 1

            found
        | large ->
            let mutable inner = Entry()
            let found = large.Members.Find(m, &inner)

            if found then
                let owned = own call &entry large
                owned.Members.Find(m, &inner) |> ignore
                let score = ScoreTable.Score &inner
                owned.Members.Remove &inner
                owned.Order.Remove(itemOf call.Scratch score m) |> ignore

            found

    /// Removes the members from one index up to, not including, another. The key stays even when all members go.
    let removeRange (call: Call, entry: byref<Entry>, key: ReadOnlySpan<byte>, first: int, last: int) =
        if first < last then
            match largeOf &entry with
            | null ->
                let set = view &entry
                let mutable cursor = cursorAt set first
                cursor.Next() |> ignore
                let offset = cursor.ElementAt - set.Start

                for _ in first + 1 .. last - 1 do
                    cursor.Next() |> ignore

                cut call &entry key offset (cursor.ElementEnd - set.Start - offset) (last - first)
            | large ->
                let owned = own call &entry large
                let mutable cursor = owned.Order.CursorAt first
                let mutable inner = Entry()

                for _ in first .. last - 1 do
                    cursor.Next() |> ignore

                    if owned.Members.Find(cursor.Item.Slice ScoreOrder.Length, &inner) then
                        owned.Members.Remove &inner

                if last - first = 1 then
                    owned.Order.RemoveAt first
                else
                    owned.Order.RemoveRange(first, last - first)

    /// Stores a new sorted set of the members that a cursor goes along, over what the entry found. `longest` is the
    /// length of the longest, and `bytes` is that of all together. The cursor may go along what the key held.
    let storeSorted
        (
            call: Call,
            entry: byref<Entry>,
            key: ReadOnlySpan<byte>,
            cursor: SortedSetCursor,
            members: int,
            longest: int,
            bytes: int64
        ) =
        let kind =
            if fitsListpack call.Limits members longest then
                Kind.SortedSet
            else
                Kind.LargeSortedSet

        let overhead = ScoreOrder.Length + (if longest < 255 then 2 else 6)

        if
            members > PackedMembersMax
            || bytes + int64 (members * overhead) > int64 (Packed.BytesMax - Packed.HeadBytes)
        then
            call.StoreObject(&entry, key, kind, buildLarge call cursor members kind, Page.NoDeadline)
        else
            let mutable cursor = cursor
            let run = call.NumberText
            run.Truncate 0
            run.Raw(ReadOnlySpan<byte> Packed.empty)

            for _ in 1..members do
                cursor.Next() |> ignore
                writeElement run (kept kind cursor.Score) cursor.Member

            Packed.setCount (Span<byte>(run.Buffer, 0, Packed.HeadBytes)) members
            call.Store(&entry, key, kind, run.Written, Page.NoDeadline)
