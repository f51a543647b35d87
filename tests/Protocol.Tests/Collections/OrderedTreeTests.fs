/// The counted tree by order, against a sorted set.
module RedisClone.Protocol.Tests.Collections.OrderedTreeTests

open System
open System.Collections.Generic
open FsCheck.FSharp
open global.FsCheck.Xunit
open global.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests

type Operation =
    | Add of byte[]
    | AddMany of prefix: byte[] * count: int
    | Remove of byte[]
    | RemoveAt of place: int
    | RemoveRange of place: int * thousandths: int
    | Freeze

/// Few different beginnings, so that items differ early, late or by nothing but their length.
let private key =
    let beginning =
        Gen.elements
            [
                Array.empty
                Array.zeroCreate 9
                Array.create 9 255uy
                Bytes.ofString "12345678"
                Bytes.ofString "123456789:member:"
                Array.create 300 7uy
            ]

    let ending =
        Gen.frequency
            [
                5, Gen.map (fun n -> Bytes.ofString (string n)) (Gen.choose (0, 400))
                2, Gen.map (fun n -> Array.zeroCreate n) (Gen.choose (0, 5))
                1, Gen.map (fun n -> Array.create n 9uy) (Gen.choose (990, 1100))
            ]

    Gen.map2 Array.append beginning ending

type Operations =
    static member Operation() =
        // Now and then enough for two levels of nodes.
        let many = Gen.frequency [ 5, Gen.choose (1, 300); 1, Gen.choose (2_000, 4_000) ]

        Gen.frequency
            [
                8, Gen.map Add key
                2, Gen.map2 (fun p n -> AddMany(p, n)) key many
                5, Gen.map Remove key
                3, Gen.map RemoveAt (Gen.choose (0, 999))
                1, Gen.map2 (fun p t -> RemoveRange(p, t)) (Gen.choose (0, 999)) (Gen.choose (0, 300))
                1, Gen.constant Freeze
            ]
        |> Arb.fromGen

/// Runs operations on a tree and on a sorted set; gives both and every earlier version with what it should hold.
let run (operations: Operation list) =
    let owner = TreeShape.newOwner ()
    let mutable tree = CountedTree(owner, true)
    let model = SortedSet<byte[]> TreeShape.byBytes
    let versions = List<struct (CountedTree * byte[][])>()

    let add item =
        Assert.Equal(model.Add item, tree.Add(ReadOnlySpan item))

    for operation in operations do
        match operation with
        | Add item -> add item
        | AddMany(prefix, count) ->
            for number in 1..count do
                add (Array.append prefix (Bytes.ofString (string (number * 7919 % 10_007))))
        | Remove item -> Assert.Equal(model.Remove item, tree.Remove(ReadOnlySpan item))
        | RemoveAt place when model.Count > 0 ->
            let index = place * model.Count / 1000
            model.Remove(tree.Item(index).ToArray()) |> ignore
            tree.RemoveAt index
        | RemoveRange(place, thousandths) ->
            let index = place * model.Count / 1000
            let removed = min (model.Count - index) (thousandths * model.Count / 1000)

            for item in Seq.toArray (Seq.take removed (Seq.skip index model)) do
                model.Remove item |> ignore

            tree.RemoveRange(index, removed)
        | Freeze ->
            versions.Add(struct (tree, Seq.toArray model))
            owner.Advance()
            tree <- tree.Edit owner
        | _ -> ()

        TreeShape.check tree true

    tree, model, versions

type Keys =
    static member Key() = Arb.fromGen key

[<Properties(Arbitrary = [| typeof<Operations>; typeof<Keys> |], MaxTest = 80, EndSize = 60)>]
module Laws =

    [<RepeatableProperty>]
    let ``an ordered tree holds what a sorted set holds, and is sound after every step`` (operations: Operation list) =
        let tree, model, _ = run operations
        TreeShape.same model (TreeShape.items tree)
        TreeShape.same model (TreeShape.itemsBackward tree)

    [<RepeatableProperty>]
    let ``the lower bound of a key is how many items are less`` (operations: Operation list) (keys: byte[] list) =
        let tree, model, _ = run operations

        for key in Seq.append keys (Seq.truncate 50 model) do
            let expected =
                model
                |> Seq.filter (fun item -> TreeShape.byBytes.Compare(item, key) < 0)
                |> Seq.length

            let mutable index = -1
            Assert.Equal(expected, tree.LowerBound(ReadOnlySpan key))
            Assert.Equal(model.Contains key, tree.Find(ReadOnlySpan key, &index))
            Assert.Equal(expected, index)

    [<RepeatableProperty>]
    let ``an item is found by what it begins with`` (operations: Operation list) (keys: byte[] list) =
        let tree, model, _ = run operations

        let beginnings =
            model
            |> Seq.truncate 50
            |> Seq.map (fun item -> Array.truncate (item.Length / 2) item)

        for key in Seq.append keys beginnings do
            let expected =
                model |> Seq.exists (fun item -> item.AsSpan().StartsWith(ReadOnlySpan key))

            let mutable index = -1
            Assert.Equal(expected, tree.FindPrefix(ReadOnlySpan key, &index))
            Assert.Equal(tree.LowerBound(ReadOnlySpan key), index)

    [<RepeatableProperty>]
    let ``an earlier version of an ordered tree reads as it did`` (operations: Operation list) =
        let _, _, versions = run operations

        for struct (version, items) in versions do
            TreeShape.check version true
            TreeShape.same items (TreeShape.items version)

let private scoreItem (number: int) : byte[] =
    let item = Array.create 24 (byte 'm')
    Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(Span item, int64 number * 0x1234567L)
    item

[<Fact>]
let ``sorted input fills the pages, random input fills them well`` () =
    let count = 200_000
    let numbers = Array.init count id

    for isSorted, most in [ true, 1.25; false, 1.6 ] do
        if not isSorted then
            Random(5).Shuffle numbers

        let tree = CountedTree(TreeShape.newOwner (), true)

        for number in numbers do
            tree.Add(ReadOnlySpan(scoreItem number)) |> ignore

        TreeShape.check tree true
        Assert.InRange(float tree.Account.Bytes / float (count * 24), 1.0, most)

[<Fact>]
let ``adding and removing in order allocates nothing in the steady state`` () =
    let count = 20_000
    let items = Array.init (2 * count) scoreItem
    let tree = CountedTree(TreeShape.newOwner (), true)
    Random(5).Shuffle items

    for number in 0 .. count - 1 do
        tree.Add(ReadOnlySpan items[number]) |> ignore

    let mutable index = 0

    let round () =
        for number in 0 .. count - 1 do
            tree.Remove(ReadOnlySpan items[number]) |> ignore
            tree.Add(ReadOnlySpan items[number + count]) |> ignore

        for number in 0 .. count - 1 do
            tree.Remove(ReadOnlySpan items[number + count]) |> ignore
            tree.Add(ReadOnlySpan items[number]) |> ignore
            tree.Find(ReadOnlySpan items[number], &index) |> ignore

    Assert.Equal(0L, TreeShape.allocatedBy round)
