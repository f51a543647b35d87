namespace RedisClone.Protocol

open System
open System.Buffers.Binary
open System.Runtime.InteropServices

// Making a sorted set out of members that come in any order
// ----------------------------------------------------------
// Members are collected with their scores, in a run while they are few and in a table when they are many, so that one
// that comes again is found. At the end they are sorted once, and the tree is filled from left to right, which makes full
// pages. The table becomes the set's own.
//
// Sorting is by score, as plain numbers; only where scores are equal are members compared: first eight bytes of each, as
// numbers too, behind those that all have in common, and whole members where even those are equal.

/// Where a member is, and its score.
[<Struct; NoEquality; NoComparison>]
type ScoredMember =
    {
        Data: byte[]
        At: int
        Length: int
        Score: double
    }

    member this.Member = ReadOnlySpan<byte>(this.Data, this.At, this.Length)

/// Puts members in the order of a sorted set.
[<RequireQualifiedAccess>]
module ScoredMembers =
    let private byMember =
        Comparison<ScoredMember>(fun first second -> Bytes.compare (first.Member, second.Member))

    /// How many first bytes all of these members have in common.
    let private commonLength (items: ScoredMember[]) (first: int) (last: int) : int =
        let mutable common = items[first].Length

        for i in first + 1 .. last - 1 do
            common <- min common (items[first].Member.CommonPrefixLength items[i].Member)

        common

    /// Sorts members of equal score, from one index up to, not including, another.
    let private sortEqual (items: ScoredMember[]) (keys: uint64[]) (first: int) (last: int) =
        let skip = commonLength items first last

        for i in first .. last - 1 do
            keys[i] <- LeafPage.prefixOf (items[i].Member.Slice skip)

        Array.Sort(keys, items, first, last - first)
        let mutable start = first

        for i in first + 1 .. last do
            if i = last || keys[i] <> keys[start] then
                if i - start > 1 then
                    MemoryExtensions.Sort(Span<ScoredMember>(items, start, i - start), byMember)

                start <- i

    /// Sorts by score, and by member where scores are equal.
    let sort (items: ScoredMember[]) =
        let keys = Array.zeroCreate<uint64> items.Length

        for i in 0 .. items.Length - 1 do
            keys[i] <- ScoreOrder.ofScore items[i].Score

        Array.Sort(keys, items)
        let mutable start = 0

        for i in 1 .. items.Length do
            if i = items.Length || keys[i] <> keys[start] then
                if i - start > 1 then
                    sortEqual items keys start i

                start <- i

/// How scores of a member that is in several sets become one.
[<RequireQualifiedAccess>]
type ScoreAggregate =
    | Sum
    | Min
    | Max

[<RequireQualifiedAccess>]
module ScoreAggregate =
    let combine (aggregate: ScoreAggregate) (score: double) (other: double) : double =
        match aggregate with
        | ScoreAggregate.Sum ->
            let sum = score + other
            // Infinities of opposite signs.
            if Double.IsNaN sum then 0.0 else sum
        | ScoreAggregate.Min -> if other < score then other else score
        | ScoreAggregate.Max -> if other > score then other else score

/// A sorted set in the making. Packed in the scratch of the call while it is small, so nobody else may use the scratch
/// meanwhile.
[<Sealed>]
type SortedSetBuilder(call: Call) =
    let scratch = call.Scratch
    let mutable table: PageTable = null
    let mutable count = 0
    let mutable longest = 0
    let mutable bytes = 0L

    do
        scratch.Truncate 0
        scratch.Raw(ReadOnlySpan<byte> Packed.empty)

    let run () =
        SortedSetValue.viewOfRun scratch.Buffer 0 scratch.Length

    let unpack () =
        let mutable cursor = SortedSetCursor(run (), 0)
        let mutable inner = Entry()
        table <- PageTable call.Keyspace.Owner

        while cursor.Next() do
            table.Find(cursor.Member, &inner) |> ignore
            SortedSetValue.addNewToTable table &inner cursor.Member cursor.Score

    let itemsOfRun (items: ScoredMember[]) =
        let mutable cursor = SortedSetCursor(run (), 0)

        for i in 0 .. count - 1 do
            cursor.Next() |> ignore

            items[i] <-
                {
                    Data = scratch.Buffer
                    At = cursor.MemberAt
                    Length = cursor.Member.Length
                    Score = cursor.Score
                }

    let itemsOfTable (items: ScoredMember[]) =
        let mutable walk = table.Walk()
        let mutable inner = Entry()

        for i in 0 .. count - 1 do
            walk.Next &inner |> ignore
            let score = ScoreTable.Score &inner

            items[i] <-
                if inner.Key.Length > Page.InlineKeyMax then
                    let key = (inner.References[inner.Slot] :?> LongKey).Key

                    {
                        Data = key
                        At = 0
                        Length = key.Length
                        Score = score
                    }
                else
                    {
                        Data = inner.Page
                        At = Page.keyAt inner.Page inner.Record
                        Length = inner.Key.Length
                        Score = score
                    }

    /// The number of members.
    member _.Count = count

    /// Adds a member, or combines its score with the one it has. It may not be a view into the scratch.
    member _.Add(m: ReadOnlySpan<byte>, score: double, aggregate: ScoreAggregate) =
        let mutable isNew = true

        if isNull table then
            let mutable cursor = SortedSetCursor(run (), 0)

            while isNew && cursor.Next() do
                isNew <- not (cursor.Member.SequenceEqual m)

            if not isNew then
                BinaryPrimitives.WriteDoubleLittleEndian(
                    Span<byte>(scratch.Buffer, cursor.ElementAt, ScoreOrder.Length),
                    ScoreAggregate.combine aggregate cursor.Score score
                )
            elif
                count >= SortedSetValue.PackedMembersMax
                || scratch.Length + SortedSetValue.elementBytes m.Length > Packed.BytesMax
            then
                unpack ()
            else
                SortedSetValue.writeElement scratch score m
                Packed.setCount (Span<byte>(scratch.Buffer, 0, Packed.HeadBytes)) (count + 1)

        if not (isNull table) then
            let mutable inner = Entry()
            isNew <- not (table.Find(m, &inner))

            if isNew then
                SortedSetValue.addNewToTable table &inner m score
            else
                let combined = ScoreAggregate.combine aggregate (ScoreTable.Score &inner) score
                BinaryPrimitives.WriteDoubleLittleEndian(table.WritableValue &inner, combined)

        if isNew then
            count <- count + 1
            longest <- max longest m.Length
            bytes <- bytes + int64 m.Length

    /// All members in order; good until the next is added, or the set is stored.
    member _.Sorted() : ScoredMember[] =
        let items = Array.zeroCreate count

        if isNull table then
            itemsOfRun items
        else
            itemsOfTable items

        ScoredMembers.sort items
        items

    /// Stores the set, which must have members, over what the entry found.
    member this.Store(entry: byref<Entry>, key: ReadOnlySpan<byte>) =
        let items = this.Sorted()

        let kind =
            if SortedSetValue.fitsListpack call.Limits count longest then
                Kind.SortedSet
            else
                Kind.LargeSortedSet

        let item = call.NumberText
        item.Truncate 0

        if isNull table then
            item.Raw(ReadOnlySpan<byte> Packed.empty)

            for sorted in items do
                SortedSetValue.writeElement item (SortedSetValue.kept kind sorted.Score) sorted.Member

            Packed.setCount (Span<byte>(item.Buffer, 0, Packed.HeadBytes)) count
            call.Store(&entry, key, kind, item.Written, Page.NoDeadline)
        else
            let order = CountedTree(call.Keyspace.Owner, true)

            for sorted in items do
                order.Add(SortedSetValue.itemOf item sorted.Score sorted.Member) |> ignore

            call.StoreObject(&entry, key, kind, ScoreTable(table, order), Page.NoDeadline)
