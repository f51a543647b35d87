/// A set in all its forms against a dictionary.
module RedisClone.Protocol.Tests.Values.SetValueTests

open System
open System.Collections.Generic
open FsCheck.FSharp
open FsCheck.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests.Evaluation
open Xunit

type Operation =
    | Add of int list
    | AddMany of first: int * count: int
    | Remove of int list
    | RemoveMany of first: int * count: int
    /// Replaces the set by what an operation of several sets makes of it and of itself.
    | StoreAnew
    | Freeze

/// The member with a number: whole numbers, words, and some as long as limits are.
let private memberOf (number: int) =
    match number with
    | 0 -> ""
    | 1 -> String('m', 20)
    | 2 -> String('m', 21)
    | 3 -> String('m', 254)
    | 4 -> String('m', 255)
    | 5 -> String('m', 600)
    | 6 -> "007"
    | 7 -> "-9223372036854775808"
    | 8 -> String('m', 2000)
    | _ -> $"{number}"

let private isInteger (text: string) =
    let parsed, number = Int64.TryParse text
    parsed && string number = text

type Operations =
    static member Operation() =
        let number = Gen.frequency [ 20, Gen.choose (9, 160); 1, Gen.choose (0, 8) ]
        let count = Gen.choose (1, 150)

        let some =
            Gen.choose (1, 4) |> Gen.bind (fun count -> Gen.listOfLength count number)

        Gen.frequency
            [
                9, Gen.map Add some
                2, Gen.map2 (fun first count -> AddMany(first, count)) number count
                6, Gen.map Remove some
                1, Gen.map2 (fun first count -> RemoveMany(first, count)) number count
                1, Gen.constant StoreAnew
                2, Gen.constant Freeze
            ]
        |> Arb.fromGen

// Few, so that tests get beyond.
let private intsetEntriesMax = 90
let private listpackEntriesMax = 60
let private listpackValueMax = 20

/// A set under a key, beside a model of its members and of what Redis 7.2 calls it.
type private Model(key: string) =
    let evaluator = Evaluator()
    let mutable members = Set.empty<string>
    let mutable kind = Kind.Set
    let frozen = List<struct (FrozenKeyspace * Set<string> * Kind)>()

    do
        evaluator.Call.Limits.SetIntsetEntriesMax <- int64 intsetEntriesMax
        evaluator.Call.Limits.SetListpackEntriesMax <- int64 listpackEntriesMax
        evaluator.Call.Limits.SetListpackValueMax <- int64 listpackValueMax

    let fits (count: int) (text: string) =
        count <= listpackEntriesMax && text.Length <= listpackValueMax

    let addOne (text: string) =
        let isNew = not (members.Contains text)
        members <- members.Add text

        if isNew then
            kind <-
                match kind with
                | Kind.IntSet when isInteger text ->
                    if members.Count > intsetEntriesMax then
                        Kind.LargeSet
                    else
                        kind
                | Kind.LargeSet -> kind
                | _ -> if fits members.Count text then Kind.Set else Kind.LargeSet

        isNew

    member _.Members = members
    member _.Kind = kind
    member _.Frozen = frozen
    member _.Evaluator = evaluator

    member _.Find(entry: byref<Entry>) =
        evaluator.Keyspace.Databases[0].Table.Find(ReadOnlySpan(Bytes.ofString key), &entry)

    member _.Add(texts: string list) =
        if members.IsEmpty then
            kind <-
                if isInteger texts.Head && texts.Length <= intsetEntriesMax then
                    Kind.IntSet
                elif texts.Length <= listpackEntriesMax then
                    Kind.Set
                else
                    Kind.LargeSet

        let before = kind
        let added = texts |> List.filter addOne |> List.length

        // Redis makes room for what a command brings before it looks at it.
        if
            added > 0
            && ((before = Kind.IntSet && texts.Length > intsetEntriesMax)
                || (before = Kind.Set && texts.Length > listpackEntriesMax))
        then
            kind <- Kind.LargeSet

        Assert.Equal(Reply.Integer(int64 added), evaluator.Run(Array.ofList ("SADD" :: key :: texts)))

    member _.Remove(texts: string list) =
        let left = Set.difference members (set texts)

        Assert.Equal(
            Reply.Integer(int64 (members.Count - left.Count)),
            evaluator.Run(Array.ofList ("SREM" :: key :: texts))
        )

        members <- left

    member _.StoreAnew() =
        let size = Reply.Integer(int64 members.Count)
        Assert.Equal(size, evaluator.Run("SUNIONSTORE", key, key, "none"))

        if members.Count > 0 then
            kind <-
                if Seq.forall isInteger members && members.Count <= intsetEntriesMax then
                    Kind.IntSet
                elif Seq.forall (fits members.Count) members then
                    Kind.Set
                else
                    Kind.LargeSet

    member this.Do(operation: Operation) =
        match operation with
        | Add numbers -> this.Add(List.map memberOf numbers)
        | AddMany(first, count) -> this.Add(List.map memberOf [ first .. first + count - 1 ])
        | Remove numbers -> this.Remove(List.map memberOf numbers)
        | RemoveMany(first, count) -> this.Remove(List.map memberOf [ first .. first + count - 1 ])
        | StoreAnew -> this.StoreAnew()
        | Freeze -> frozen.Add(struct (evaluator.Keyspace.Freeze(), members, kind))

let private membersOf (entry: byref<Entry>) =
    let mutable walk = SetValue.members &entry
    let found = List<string>()

    while walk.Next() do
        found.Add(Bytes.toString walk.Member)

    found

let private assertHolds (members: Set<string>) (kind: Kind) (entry: byref<Entry>) =
    let found = membersOf &entry
    Assert.Equal(members.Count, SetValue.count &entry)
    Assert.Equal(members.Count, found.Count)
    Assert.Equal<Set<string>>(members, set found)
    Assert.Equal(kind, entry.Kind)

let private assertFinds (members: Set<string>) (entry: byref<Entry>) =
    for number in 0..320 do
        let text = memberOf number
        Assert.Equal(members.Contains text, SetValue.contains &entry (ReadOnlySpan(Bytes.ofString text)))

type SetLawAttribute(cases: int) as this =
    inherit LawAttribute(cases)
    do this.Arbitrary <- [| typeof<Operations> |]

/// Keys in the record and beside the page.
let private keyOf (isLong: bool) =
    if isLong then String('k', 600) else "k"

[<SetLaw(500)>]
let ``a set holds what a model holds, and is called what Redis calls it``
    (operations: Operation list)
    (hasLongKey: bool)
    =
    let model = Model(keyOf hasLongKey)
    let mutable entry = Entry()

    for operation in operations do
        model.Do operation
        Assert.Equal(model.Members.Count > 0, model.Find &entry)

        if model.Members.Count > 0 then
            assertHolds model.Members model.Kind &entry

    if model.Find &entry then
        assertFinds model.Members &entry

[<SetLaw(300)>]
let ``a frozen set holds what it held`` (operations: Operation list) (hasLongKey: bool) =
    let model = Model(keyOf hasLongKey)

    for operation in operations do
        model.Do operation
        model.Do Freeze

    for struct (frozen, members, kind) in model.Frozen do
        let mutable entry = Entry()
        let mutable walk = frozen.Tables[0].Walk()
        Assert.Equal(members.Count > 0, walk.Next &entry)

        if members.Count > 0 then
            assertHolds members kind &entry

/// Sets of several sizes, so that packed ones and tables meet.
type Sets = Sets of Set<int> list

type SetLists =
    static member Sets() =
        let one =
            Gen.choose (0, 300)
            |> Gen.bind (fun size -> Gen.listOfLength size (Gen.choose (0, 330)))
            |> Gen.map set

        Gen.choose (1, 4)
        |> Gen.bind (fun count -> Gen.listOfLength count one)
        |> Gen.map Sets
        |> Arb.fromGen

type SetListLawAttribute(cases: int) as this =
    inherit LawAttribute(cases)
    do this.Arbitrary <- [| typeof<SetLists> |]

[<SetListLaw(300)>]
let ``intersections, unions and differences are those of sets`` (Sets sets) =
    let evaluator = Evaluator()
    let keys = sets |> List.mapi (fun i _ -> $"s{i}")

    for key, members in List.zip keys sets do
        if not members.IsEmpty then
            evaluator.Run(Array.ofList ("SADD" :: key :: [ for number in members -> $"m{number}" ]))
            |> ignore

    let told (words: string list) =
        match evaluator.Run(Array.ofList words) with
        | Reply.Array items ->
            let texts =
                [
                    for item in items ->
                        match item with
                        | Reply.Bulk bytes -> Bytes.toString (ReadOnlySpan bytes)
                        | other -> failwith $"%A{other} is no member"
                ]

            Assert.Equal(texts.Length, (set texts).Count)
            set texts
        | other -> failwith $"%A{other} is no array"

    for name, expected in
        [
            "SINTER", Set.intersectMany sets
            "SUNION", Set.unionMany sets
            "SDIFF", List.fold Set.difference sets.Head sets.Tail
        ] do
        let expected = Set.map (fun number -> $"m{number}") expected
        Assert.Equal<Set<string>>(expected, told (name :: keys))
        let stored = evaluator.Run(Array.ofList (name + "STORE" :: "target" :: keys))
        Assert.Equal(Reply.Integer(int64 expected.Count), stored)
        Assert.Equal<Set<string>>(expected, told [ "SMEMBERS"; "target" ])

    let shared = (Set.intersectMany sets).Count

    let count limit =
        evaluator.Run(Array.ofList ("SINTERCARD" :: $"{keys.Length}" :: keys @ [ "LIMIT"; $"{limit}" ]))

    Assert.Equal(Reply.Integer(int64 shared), count 0)
    Assert.Equal(Reply.Integer(int64 (min shared 3)), count 3)

/// How the set lies: in its record, packed beside the page, or as a table.
let private formOf (model: Model) =
    let mutable entry = Entry()
    Assert.True(model.Find &entry)

    match entry.Object with
    | null -> "record"
    | :? Blob -> "blob"
    | _ -> "table"

[<Fact>]
let ``a set lies in its record up to a kilobyte, then in a blob, and beyond 128 members or 4 KiB in a table`` () =
    for freezes in [ false; true ] do
        let few = Model "few"
        let many = Model "many"

        let add (model: Model) (text: string) expected =
            model.Add [ text ]

            if freezes then
                model.Do Freeze

            Assert.Equal<string>(expected, formOf model)

        // Two bytes of count, three of the length, and the member.
        add few (String('v', 1019)) "record"
        add few "" "blob"
        add few (String('w', 3000)) "blob"
        add few (String('x', 100)) "table"
        few.Remove [ String('w', 3000) ]
        Assert.Equal<string>("table", formOf few)

        for number in 1..128 do
            add many $"{number}" "record"

        add many "129" "table"

[<Fact>]
let ``a set that is made at once lies as one that is made step by step`` () =
    for count, expected in [ 1, "record"; 128, "record"; 129, "table" ] do
        let model = Model "k"
        model.Add [ for number in 1..count -> $"{number}" ]
        Assert.Equal<string>(expected, formOf model)

    let model = Model "k"
    model.Add [ for number in 1..4 -> string number + String('v', 1000) ]
    Assert.Equal<string>("blob", formOf model)
    model.Remove [ "1" + String('v', 1000) ]
    model.Remove [ for number in 2..4 -> string number + String('v', 1000) ]
    model.Add [ for number in 1..5 -> string number + String('v', 1000) ]
    Assert.Equal<string>("table", formOf model)
