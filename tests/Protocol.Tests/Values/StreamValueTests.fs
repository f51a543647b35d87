/// A stream of small blocks, its groups and what trimming does with both, against lists; and ids by themselves.
module RedisClone.Protocol.Tests.Values.StreamValueTests

open System
open System.Collections.Generic
open FsCheck.FSharp
open FsCheck.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open RedisClone.Protocol.Tests.Evaluation
open Xunit

type Trim =
    {
        ByLength: bool
        Threshold: int
        IsApproximate: bool
        References: string
    }

type Operation =
    /// So many entries; the number says which fields they have.
    | Add of count: int * shape: int
    | Delete of int list
    | Trim of Trim
    | Read of group: int * count: int
    | Acknowledge of group: int * int list
    | Freeze

[<Literal>]
let private BlockEntries = 5

let private groups = [| "g"; "h" |]

type Operations =
    static member Operation() =
        let id = Gen.choose (1, 60)
        let ids = Gen.choose (1, 6) |> Gen.bind (fun count -> Gen.listOfLength count id)
        let group = Gen.choose (0, groups.Length - 1)

        let trim =
            gen {
                let! byLength = Gen.elements [ true; false ]
                let! threshold = Gen.choose (0, 40)
                let! isApproximate = Gen.elements [ true; false ]
                let! references = Gen.elements [ ""; "KEEPREF"; "DELREF"; "ACKED" ]

                return
                    {
                        ByLength = byLength
                        Threshold = threshold
                        IsApproximate = isApproximate
                        References = references
                    }
            }

        Gen.frequency
            [
                6, Gen.map2 (fun count shape -> Add(count, shape)) (Gen.choose (1, 12)) (Gen.choose (0, 4))
                3, Gen.map Delete ids
                3, Gen.map Trim trim
                4, Gen.map2 (fun group count -> Read(group, count)) group (Gen.choose (1, 9))
                3, Gen.map2 (fun group ids -> Acknowledge(group, ids)) group ids
                1, Gen.constant Freeze
            ]
        |> Arb.fromGen

/// The fields and values of an entry.
let private pairsOf (shape: int) (id: int) =
    match shape with
    | 0 -> [ "a"; string id ]
    | 1 -> [ "a"; "x"; "b"; string (-id) ]
    | 2 -> [ ""; "" ]
    | 3 -> [ "a"; String('v', 300) ]
    | _ -> [ "b"; "x"; "a"; "y" ]

let private textOf (reply: Reply) =
    match reply with
    | Reply.Bulk bytes -> Bytes.toString (ReadOnlySpan bytes)
    | other -> failwith $"{other} is no text"

let private itemsOf (reply: Reply) =
    match reply with
    | Reply.Array items -> items
    | other -> failwith $"{other} is no list"

let private item (index: int) (reply: Reply) = (itemsOf reply)[index]

let private idOf (reply: Reply) = int ((textOf reply).Split('-')[0])

let private entriesOf (reply: Reply) =
    [
        for entry in itemsOf reply do
            let parts = itemsOf entry
            idOf parts[0], [ for part in itemsOf parts[1] -> textOf part ]
    ]

/// The entries of a table without a server, both ways.
let private walk (table: PageTable) (isReverse: bool) =
    let mutable entry = Entry()

    if table.Find(ReadOnlySpan(Bytes.ofString "s"), &entry) then
        let mutable cursor =
            StreamCursor(StreamValue.dataOf &entry, StreamIds.min, StreamIds.max, isReverse)

        let found = List<int * string list>()

        while cursor.Next() do
            let parts = List<string>()

            for _ in 1 .. cursor.Fields do
                cursor.NextField()
                parts.Add(Bytes.toString cursor.Field)
                parts.Add(Bytes.toString cursor.Value)

            found.Add((int cursor.Id.Ms, List.ofSeq parts))

        List.ofSeq found
    else
        []

type private Model() =
    let evaluator = Evaluator()
    let entries = List<int * string list>()
    let pending = groups |> Array.map (fun _ -> SortedSet<int>())
    let last = groups |> Array.map (fun _ -> 0)
    let frozen = List<FrozenKeyspace * (int * string list) list>()
    let mutable next = 1
    do evaluator.Call.Limits.StreamNodeEntriesMax <- int64 BlockEntries

    let run (words: string list) = evaluator.Run(Array.ofList words)

    do
        for group in groups do
            run [ "XGROUP"; "CREATE"; "s"; group; "0"; "MKSTREAM" ] |> ignore

    let isReferenced id =
        Seq.exists2 (fun (pending: SortedSet<int>) last -> id > last || pending.Contains id) pending last

    let remove id =
        entries.RemoveAll(fun (other, _) -> other = id) |> ignore

    /// The ids that exact trimming takes.
    let victims (trim: Trim) =
        let all = [ for id, _ in entries -> id ]

        if trim.References = "ACKED" then
            let free = all |> List.filter (isReferenced >> not)

            if trim.ByLength then
                List.truncate (max 0 (all.Length - trim.Threshold)) free
            else
                free |> List.filter (fun id -> id < trim.Threshold)
        elif trim.ByLength then
            List.truncate (max 0 (all.Length - trim.Threshold)) all
        else
            all |> List.filter (fun id -> id < trim.Threshold)

    let found () =
        walk (evaluator.Keyspace.Databases[0].Table) false

    let trim (given: Trim) =
        let before = [ for id, _ in entries -> id ]
        let exact = victims given

        let reply =
            run (
                [ "XTRIM"; "s"; (if given.ByLength then "MAXLEN" else "MINID") ]
                @ [ (if given.IsApproximate then "~" else "="); string given.Threshold ]
                @ [
                    if given.References <> "" then
                        given.References
                ]
            )

        let left = [ for id, _ in found () -> id ]
        let gone = List.except left before
        Assert.Equal(Reply.Integer(int64 gone.Length), reply)

        if not given.IsApproximate then
            Assert.Equal<int list>(exact, gone)
        elif given.References = "ACKED" then
            Assert.True(Set.isSubset (set gone) (set exact), $"%A{gone} of %A{exact}")
        else
            // From the beginning, and all but a part of a block.
            Assert.Equal<int list>(List.truncate gone.Length exact, gone)
            Assert.True(exact.Length - gone.Length < BlockEntries, $"{gone.Length} of {exact.Length}")

        for id in gone do
            remove id

            if given.References = "DELREF" then
                for ids in pending do
                    ids.Remove id |> ignore

    member _.Do(operation: Operation) =
        match operation with
        | Add(count, shape) ->
            for _ in 1..count do
                let pairs = pairsOf shape next
                Assert.Equal(next, idOf (run ([ "XADD"; "s"; string next ] @ pairs)))
                entries.Add((next, pairs))
                next <- next + 1
        | Delete ids ->
            let there =
                set ids |> Set.filter (fun id -> entries.Exists(fun (other, _) -> other = id))

            Assert.Equal(Reply.Integer(int64 there.Count), run ([ "XDEL"; "s" ] @ List.map string ids))
            Set.iter remove there
        | Trim given -> trim given
        | Read(group, count) ->
            let expected =
                [
                    for id, pairs in entries do
                        if id > last[group] then
                            id, pairs
                ]
                |> List.truncate count

            match
                run
                    [
                        "XREADGROUP"
                        "GROUP"
                        groups[group]
                        "c"
                        "COUNT"
                        string count
                        "STREAMS"
                        "s"
                        ">"
                    ]
            with
            | Reply.NullArray -> Assert.Empty expected
            | reply ->
                Assert.Equal<(int * string list) list>(expected, entriesOf (item 1 (item 0 reply)))

                for id, _ in expected do
                    last[group] <- id
                    pending[group].Add id |> ignore
        | Acknowledge(group, ids) ->
            let there = set ids |> Set.filter pending[group].Contains

            Assert.Equal(Reply.Integer(int64 there.Count), run ([ "XACK"; "s"; groups[group] ] @ List.map string ids))

            Set.iter (pending[group].Remove >> ignore) there
        | Freeze -> frozen.Add((evaluator.Keyspace.Freeze(), List.ofSeq entries))

    member _.Check() =
        let expected = List.ofSeq entries
        let table = evaluator.Keyspace.Databases[0].Table
        Assert.Equal<(int * string list) list>(expected, walk table false)
        Assert.Equal<(int * string list) list>(List.rev expected, walk table true)
        Assert.Equal(Reply.Integer(int64 expected.Length), run [ "XLEN"; "s" ])

        for from, until in [ 7, 23; 11, 11; 30, 12 ] do
            Assert.Equal<(int * string list) list>(
                expected |> List.filter (fun (id, _) -> id >= from && id <= until),
                entriesOf (run [ "XRANGE"; "s"; string from; string until ])
            )

        for group in 0 .. groups.Length - 1 do
            let found = run [ "XPENDING"; "s"; groups[group]; "-"; "+"; "1000" ]
            Assert.Equal<int list>(List.ofSeq pending[group], [ for one in itemsOf found -> idOf (item 0 one) ])

    member _.CheckFrozen() =
        for kept, expected in frozen do
            Assert.Equal<(int * string list) list>(expected, walk (Keyspace(kept).Databases[0].Table) false)

[<Properties(Arbitrary = [| typeof<Operations> |], MaxTest = 400, EndSize = 40)>]
module Laws =

    [<RepeatableProperty>]
    let ``a stream is a list, its groups are sets, and trimming takes from the beginning what it is told to``
        (operations: Operation list)
        =
        let model = Model()

        for operation in operations do
            model.Do operation
            model.Check()

        model.CheckFrozen()

[<RepeatableProperty(MaxTest = 1000)>]
let ``ids are read as they are written, and their keys have their order``
    (a: uint64)
    (b: uint64)
    (c: uint64)
    (near: bool)
    =
    let one = StreamId(a, b)
    let other = StreamId((if near then a else c), (if near then c else b))
    let text: byte[] = Array.zeroCreate StreamIds.TextLengthMax
    let length = StreamIds.write (Span<byte> text) one
    let mutable read = StreamIds.min
    Assert.True(StreamIds.tryParse (ReadOnlySpan(text, 0, length), 0UL, &read))
    Assert.True(StreamIds.same one read)
    let key: byte[] = Array.zeroCreate StreamIds.KeyBytes
    let otherKey: byte[] = Array.zeroCreate StreamIds.KeyBytes
    StreamIds.writeKey (Span<byte> key) one
    StreamIds.writeKey (Span<byte> otherKey) other
    Assert.True(StreamIds.same one (StreamIds.readKey (ReadOnlySpan key)))
    Assert.Equal(StreamIds.less one other, ReadOnlySpan(key).SequenceCompareTo(ReadOnlySpan otherKey) < 0)

[<Theory>]
[<InlineData(0UL, 0UL)>]
[<InlineData(5UL, UInt64.MaxValue)>]
[<InlineData(UInt64.MaxValue, 7UL)>]
[<InlineData(41UL, 41UL)>]
let ``the next id has this one before it, and nothing lies between`` (ms: uint64) (seq: uint64) =
    let id = StreamId(ms, seq)
    let next = StreamIds.next id
    Assert.True(StreamIds.less id next)
    Assert.True(StreamIds.same id (StreamIds.previous next))
    Assert.True(next.Seq = seq + 1UL && next.Ms = ms || next.Seq = 0UL && next.Ms = ms + 1UL)
