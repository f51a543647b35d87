/// What must be true of the nodes and leaves of a counted tree at any time.
module RedisClone.Protocol.Tests.Collections.TreeShape

open System
open System.Collections.Generic
open Xunit
open RedisClone.Protocol

/// Orders items as the tree does.
let byBytes =
    { new IComparer<byte[]> with
        member _.Compare(a, b) =
            Bytes.compare (ReadOnlySpan a, ReadOnlySpan b)
    }

/// A leaf says of itself what is in it.
let private checkLeaf (page: byte[]) (references: Blob[]) (isOrdered: bool) =
    let header = &LeafPage.header page
    let mutable live = 0
    let mutable longs = 0
    let mutable offset = LeafPage.offsetOf page 0

    for index in 0 .. header.Count - 1 do
        let item = LeafPage.item page references index
        live <- live + LeafPage.encodedLength item.Length
        Assert.Equal(offset, LeafPage.offsetOf page index)
        offset <- LeafPage.offsetBehind page index offset

        if item.Length > LeafPage.InlineMax then
            longs <- longs + 1

        if isOrdered then
            let common = (LeafPage.item page references 0).Slice(0, int header.Skip)

            if
                not (item.StartsWith common)
                || LeafPage.lowerBound page references item <> index
            then
                Assert.Fail $"item {index} of {header.Count} is not found, or does not begin as all others do"

    let held =
        if isNull references then
            0
        else
            references |> Seq.filter (isNull >> not) |> Seq.length

    Assert.Equal(live, header.Live)
    Assert.Equal(longs, held)

    Assert.InRange(
        header.End,
        LeafPage.itemsAt (int header.SlotShift) + live,
        page.Length - header.Count * LeafPage.slotBytes page
    )

let rec private checkNode (node: TreeNode) (isRoot: bool) (isOrdered: bool) : int * byte[] =
    Assert.InRange(node.Count, (if isRoot && node.Level > 1 then 2 else 1), TreeNode.Fanout)
    let mutable total = 0
    let mutable smallest: byte[] = null

    for child in 0 .. node.Count - 1 do
        let count, first =
            if node.Level > 1 then
                Assert.Equal(node.Level - 1, node.Nodes[child].Level)
                checkNode node.Nodes[child] false isOrdered
            else
                let page = node.Leaves[child]
                let references = node.ReferencesOf child
                checkLeaf page references isOrdered
                let count = (LeafPage.header page).Count
                Assert.True(count > 0 || (isRoot && node.Count = 1), "no leaf is empty")

                count,
                if count = 0 then
                    Array.empty
                else
                    (LeafPage.item page references 0).ToArray()

        Assert.Equal(count, node.Counts[child])

        Assert.Equal(LeafPage.prefixOf (ReadOnlySpan first), node.Prefixes[child])

        if isNull smallest then
            smallest <- first

        total <- total + count

    total, smallest

/// Fails if something is wrong with the shape of a tree.
let check (tree: CountedTree) (isOrdered: bool) =
    let total, _ = checkNode tree.Root true isOrdered
    Assert.Equal(tree.Count, total)

let rec leaves (node: TreeNode) : byte[] seq =
    if node.Level = 1 then
        Seq.take node.Count node.Leaves
    else
        node.Nodes |> Seq.take node.Count |> Seq.collect leaves

/// All items, walking forward.
let items (tree: CountedTree) : List<byte[]> =
    let found = List()
    let mutable cursor = tree.CursorAt 0

    while cursor.Next() do
        Assert.Equal(found.Count, cursor.Index)
        found.Add(cursor.Item.ToArray())

    found

/// All items, walking backward, in the order of the tree.
let itemsBackward (tree: CountedTree) : List<byte[]> =
    let found = List()
    let mutable cursor = tree.CursorAt tree.Count

    while cursor.Previous() do
        found.Add(cursor.Item.ToArray())

    found.Reverse()
    found

let same (expected: byte[] seq) (actual: byte[] seq) =
    let expected = Seq.toArray expected
    let actual = Seq.toArray actual
    Assert.Equal(expected.Length, actual.Length)

    for index in 0 .. expected.Length - 1 do
        if not (expected[index].AsSpan().SequenceEqual(ReadOnlySpan actual[index])) then
            Assert.Equal<byte[]>(expected[index], actual[index])

let newOwner () =
    Owner(EpochSource(), Hash.secretOfSeed 7UL)

/// The bytes that a round of writes allocates once it is warm: when the pool has an array for each leaf there is at the
/// most, which takes some rounds where the number of leaves goes up and down by chance.
let allocatedBy (round: unit -> unit) : int64 =
    let roundsMax = 100
    let mutable rounds = 0
    let mutable allocated = 1L

    while allocated > 0L && rounds < roundsMax do
        let before = GC.GetAllocatedBytesForCurrentThread()
        round ()
        allocated <- GC.GetAllocatedBytesForCurrentThread() - before
        rounds <- rounds + 1

    allocated
