/// The counted tree by position, against a list.
module RedisClone.Protocol.Tests.Collections.CountedTreeTests

open System
open System.Collections.Generic
open FsCheck.FSharp
open global.FsCheck.Xunit
open global.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests

/// Places are thousandths of the way from the first item to the last.
type Operation =
    | Insert of place: int * items: int * length: int
    | Append of items: int * length: int
    | Prepend of items: int * length: int
    | Replace of place: int * length: int
    | Remove of place: int
    | RemoveRange of place: int * thousandths: int
    | Freeze

type Operations =
    static member Operation() =
        let place =
            Gen.frequency [ 6, Gen.choose (0, 1000); 1, Gen.constant 0; 1, Gen.constant 1000 ]

        let length =
            Gen.frequency
                [
                    6, Gen.choose (0, 30)
                    2, Gen.choose (250, 260)
                    2, Gen.choose (800, LeafPage.InlineMax)
                    1, Gen.choose (LeafPage.InlineMax, 3000)
                ]

        let many = Gen.frequency [ 3, Gen.choose (1, 3); 2, Gen.choose (1, 200) ]

        Gen.frequency
            [
                4, Gen.map3 (fun p n l -> Insert(p, n, l)) place many length
                2, Gen.map2 (fun n l -> Append(n, l)) many length
                2, Gen.map2 (fun n l -> Prepend(n, l)) many length
                3, Gen.map2 (fun p l -> Replace(p, l)) place length
                4, Gen.map Remove place
                2, Gen.map2 (fun p t -> RemoveRange(p, t)) place (Gen.choose (0, 500))
                2, Gen.constant Freeze
            ]
        |> Arb.fromGen

let itemOf (number: int) (length: int) : byte[] =
    Array.init length (fun i -> byte (number >>> (8 * (i % 4))))

/// A tree, the list that it should be, and every earlier version with what it should hold.
type Run() =
    let owner = TreeShape.newOwner ()
    let versions = List<struct (CountedTree * byte[][])>()
    let mutable step = 0
    let model = List<byte[]>()
    let mutable tree = CountedTree(owner, false)

    let indexAt place upTo = int (int64 place * int64 upTo / 1000L)

    let fresh length =
        step <- step + 1
        itemOf step length

    let insert (index: int) (item: byte[]) =
        tree.Insert(index, ReadOnlySpan item)
        model.Insert(index, item)

    member _.Owner = owner
    member _.Tree = tree
    member _.Model = model
    member _.Versions = versions

    member _.Do(operation: Operation) =
        match operation with
        | Insert(place, items, length) ->
            let index = indexAt place model.Count

            for _ in 1..items do
                insert index (fresh length)
        | Append(items, length) ->
            for _ in 1..items do
                insert model.Count (fresh length)
        | Prepend(items, length) ->
            for _ in 1..items do
                insert 0 (fresh length)
        | Replace(place, length) when model.Count > 0 ->
            let index = indexAt place (model.Count - 1)
            let item = fresh length
            tree.Replace(index, ReadOnlySpan item)
            model[index] <- item
        | Remove place when model.Count > 0 ->
            let index = indexAt place (model.Count - 1)
            tree.RemoveAt index
            model.RemoveAt index
        | RemoveRange(place, thousandths) ->
            let index = indexAt place model.Count
            let removed = min (model.Count - index) (indexAt thousandths model.Count)
            tree.RemoveRange(index, removed)
            model.RemoveRange(index, removed)
        | Freeze ->
            versions.Add(struct (tree, model.ToArray()))
            owner.Advance()
            tree <- tree.Edit owner
        | _ -> ()

[<Properties(Arbitrary = [| typeof<Operations> |], MaxTest = 100, EndSize = 60)>]
module Laws =

    [<RepeatableProperty>]
    let ``a tree is the list that the same operations make, and sound after every step`` (operations: Operation list) =
        let run = Run()

        for operation in operations do
            run.Do operation
            TreeShape.check run.Tree false

        TreeShape.same run.Model (TreeShape.items run.Tree)
        TreeShape.same run.Model (TreeShape.itemsBackward run.Tree)

    [<RepeatableProperty>]
    let ``every item is found at its index`` (operations: Operation list) =
        let run = Run()
        List.iter run.Do operations

        for index in 0 .. run.Model.Count - 1 do
            Assert.True(run.Tree.Item(index).SequenceEqual(ReadOnlySpan run.Model[index]))

    [<RepeatableProperty>]
    let ``an earlier version reads as it did`` (operations: Operation list) =
        let run = Run()
        List.iter run.Do operations

        for struct (version, items) in run.Versions do
            TreeShape.check version false
            TreeShape.same items (TreeShape.items version)

    [<RepeatableProperty>]
    let ``two trees that go on from one version go separate ways`` (before: Operation list) (after: Operation list) =
        let run = Run()
        List.iter run.Do before
        run.Do Freeze
        let struct (version, items) = run.Versions[run.Versions.Count - 1]
        let fork = version.Edit(run.Owner.Fork())
        let forked = List items
        let mark = Array.create 20 255uy

        for operation in after do
            run.Do operation
            let middle = forked.Count / 2
            fork.Insert(middle, ReadOnlySpan mark)
            forked.Insert(middle, mark)
            fork.RemoveAt 0
            forked.RemoveAt 0
            TreeShape.check fork false

        TreeShape.same run.Model (TreeShape.items run.Tree)
        TreeShape.same forked (TreeShape.items fork)
        TreeShape.same items (TreeShape.items version)

    [<RepeatableProperty>]
    let ``a cursor steps both ways from any place`` (operations: Operation list) (steps: bool list) (place: int) =
        let run = Run()
        List.iter run.Do operations
        let mutable gap = abs (place % (run.Model.Count + 1))
        let mutable cursor = run.Tree.CursorAt gap

        for forward in steps do
            if forward then
                Assert.Equal(gap < run.Model.Count, cursor.Next())

                if gap < run.Model.Count then
                    Assert.Equal<byte[]>(run.Model[gap], cursor.Item.ToArray())
                    gap <- gap + 1
            else
                Assert.Equal(gap > 0, cursor.Previous())

                if gap > 0 then
                    gap <- gap - 1
                    Assert.Equal<byte[]>(run.Model[gap], cursor.Item.ToArray())

let private treeOf (items: int) (length: int) =
    let tree = CountedTree(TreeShape.newOwner (), false)

    for number in 1..items do
        tree.Insert(tree.Count, ReadOnlySpan(itemOf number length))

    tree

[<Fact>]
let ``a tree that is read-only cannot be written to`` () =
    let owner = TreeShape.newOwner ()
    let tree = CountedTree(owner, false)
    owner.Advance()

    Assert.Throws<InvalidOperationException>(fun () -> tree.Insert(0, ReadOnlySpan(itemOf 1 1)))
    |> ignore

[<Fact>]
let ``appending and prepending fill the pages`` () =
    let items = 300_000

    for atEnd in [ true; false ] do
        let tree = CountedTree(TreeShape.newOwner (), false)
        let item = itemOf 5 16

        for _ in 1..items do
            tree.Insert((if atEnd then tree.Count else 0), ReadOnlySpan item)

        TreeShape.check tree false
        Assert.InRange(tree.Account.Bytes, 1L, int64 items * (16L + 1L) * 103L / 100L)

[<Fact>]
let ``a tree that shrinks gives its memory back`` () =
    let items = 100_000
    let tree = treeOf items 20
    let random = Random 3

    while tree.Count > items / 100 do
        tree.RemoveAt(random.Next tree.Count)

    TreeShape.check tree false
    Assert.InRange(tree.Account.Bytes, 1L, int64 items / 100L * 23L * 4L)
    tree.RemoveRange(1, tree.Count - 2)
    TreeShape.check tree false
    Assert.Equal(1, tree.Root.Level)
    Assert.Equal(2, tree.Count)

[<Fact>]
let ``removing nearly everything at once leaves a sound tree`` () =
    for keptAtLeft in [ 0; 1; 700 ] do
        for keptAtRight in [ 0; 1; 700 ] do
            let tree = treeOf 400_000 8
            tree.RemoveRange(keptAtLeft, tree.Count - keptAtLeft - keptAtRight)
            TreeShape.check tree false
            Assert.Equal(keptAtLeft + keptAtRight, (TreeShape.items tree).Count)

[<Fact>]
let ``a queue allocates nothing in the steady state`` () =
    let tree = treeOf 50_000 16
    let item = itemOf 5 16

    let round () =
        for _ in 1..50_000 do
            tree.Insert(tree.Count, ReadOnlySpan item)
            tree.RemoveAt 0

        for _ in 1..50_000 do
            tree.Insert(0, ReadOnlySpan item)
            tree.RemoveAt(tree.Count - 1)

    Assert.Equal(0L, TreeShape.allocatedBy round)

[<Fact>]
let ``writing in the middle allocates nothing in the steady state`` () =
    let tree = treeOf 20_000 16
    let short = itemOf 5 3
    let long = itemOf 5 30

    let round () =
        let mutable random = SplitMix64(5UL)

        for _ in 1..20_000 do
            let count = uint64 tree.Count
            tree.Insert(int (random.Below count), ReadOnlySpan long)
            tree.Replace(int (random.Below count), ReadOnlySpan short)
            tree.RemoveAt(int (random.Below count))

        let mutable cursor = tree.CursorAt 0

        while cursor.Next() do
            ()

    Assert.Equal(0L, TreeShape.allocatedBy round)
