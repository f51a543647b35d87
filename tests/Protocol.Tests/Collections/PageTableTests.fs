module RedisClone.Protocol.Tests.Collections.PageTableTests

open System
open System.Collections.Generic
open FsCheck.FSharp
open global.FsCheck.Xunit
open global.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests

type Content =
    {
        Kind: Kind
        Value: string
        Deadline: int64
    }

type Operation =
    | Store of key: int * valueLength: int * deadline: int64 option
    | Remove of key: int
    | SetDeadline of key: int * deadline: int64 option
    | Freeze

type Operations =
    static member Operation() =
        let key = Gen.frequency [ 8, Gen.choose (0, 40); 3, Gen.choose (0, 3000) ]

        let length =
            Gen.frequency [ 6, Gen.choose (0, 30); 2, Gen.choose (200, 300); 1, Gen.choose (1000, 1100) ]

        let deadline = Gen.optionOf (Gen.map int64 (Gen.choose (1, 1000)))

        Gen.frequency
            [
                10, Gen.map3 (fun k l d -> Store(k, l, d)) key length deadline
                5, Gen.map Remove key
                3, Gen.map2 (fun k d -> SetDeadline(k, d)) key deadline
                1, Gen.constant Freeze
            ]
        |> Arb.fromGen

/// Keys of all shapes: short, longer than a byte counts, and too long for a page.
let keyOf (number: int) =
    let padding =
        match number % 17 with
        | 0 -> 300
        | 1 -> 700
        | 2 -> 0
        | rest -> rest

    Bytes.ofString $"{number}:" |> Array.append (Array.create padding 'k'B)

let valueOf (number: int) (length: int) =
    String.init length (fun i -> string (char (int 'a' + (number + i) % 26)))

let contentOf (entry: byref<Entry>) =
    {
        Kind = entry.Kind
        Value = Bytes.toString entry.Value
        Deadline = entry.Deadline
    }

let contentsOf (walk: Walk) =
    let mutable walk = walk
    let found = Dictionary<string, Content>()
    let mutable entry = Entry()

    while walk.Next &entry do
        found.Add(Bytes.toString entry.Key, contentOf &entry)

    found

let same (expected: Dictionary<string, Content>) (actual: Dictionary<string, Content>) =
    expected.Count = actual.Count
    && expected
       |> Seq.forall (fun pair -> actual.ContainsKey pair.Key && actual[pair.Key] = pair.Value)

let newTable () =
    let owner = Owner(EpochSource(), Hash.secretOfSeed 7UL)
    owner, PageTable owner

let store (table: PageTable) (key: byte[]) (kind: Kind) (value: string) deadline =
    let mutable entry = Entry()
    table.Find(ReadOnlySpan key, &entry) |> ignore
    table.Store(&entry, ReadOnlySpan key, kind, ReadOnlySpan(Bytes.ofString value), null, deadline, 5)

let remove (table: PageTable) (key: byte[]) =
    let mutable entry = Entry()

    if table.Find(ReadOnlySpan key, &entry) then
        table.Remove &entry

/// Runs the operations against a table and against a dictionary; gives both and every snapshot with what it should hold.
let run (operations: Operation list) =
    let owner, table = newTable ()
    let model = Dictionary<string, Content>()
    let snapshots = List<struct (FrozenTable * Dictionary<string, Content>)>()
    let mutable step = 0
    let mutable entry = Entry()

    for operation in operations do
        step <- step + 1

        match operation with
        | Store(number, length, deadline) ->
            let key = keyOf number
            let value = valueOf step length
            let deadline = defaultArg deadline Page.NoDeadline
            let kind = if step % 2 = 0 then Kind.String else Kind.RawString
            store table key kind value deadline

            model[Bytes.toString (ReadOnlySpan key)] <-
                {
                    Kind = kind
                    Value = value
                    Deadline = deadline
                }
        | Remove number ->
            remove table (keyOf number)
            model.Remove(Bytes.toString (ReadOnlySpan(keyOf number))) |> ignore
        | SetDeadline(number, deadline) ->
            let key = keyOf number

            if table.Find(ReadOnlySpan key, &entry) then
                let deadline = defaultArg deadline Page.NoDeadline
                table.SetDeadline(&entry, deadline)
                let name = Bytes.toString (ReadOnlySpan key)

                model[name] <- { model[name] with Deadline = deadline }
        | Freeze ->
            snapshots.Add(struct (table.Freeze(), Dictionary model))
            owner.Advance()

    owner, table, model, snapshots

[<Properties(Arbitrary = [| typeof<Operations> |], MaxTest = 200, EndSize = 2000)>]
module Laws =

    [<RepeatableProperty>]
    let ``a table holds what a dictionary holds`` (operations: Operation list) =
        let _, table, model, _ = run operations
        let deadlines = model.Values |> Seq.filter (fun c -> c.Deadline <> Page.NoDeadline)

        same model (contentsOf (table.Walk()))
        && table.Count = model.Count
        && table.DeadlineCount = Seq.length deadlines

    [<RepeatableProperty>]
    let ``a snapshot reads as it did when it was taken`` (operations: Operation list) =
        let _, _, _, snapshots = run operations

        snapshots
        |> Seq.forall (fun (struct (frozen, model)) -> same model (contentsOf (frozen.Walk())))

    [<RepeatableProperty>]
    let ``every key is found, and no other`` (operations: Operation list) =
        let _, table, model, _ = run operations
        let mutable entry = Entry()
        let mutable right = true

        for number in 0..3000 do
            let key = keyOf number
            let found = table.Find(ReadOnlySpan key, &entry)
            right <- right && found = model.ContainsKey(Bytes.toString (ReadOnlySpan key))

        right

    [<RepeatableProperty>]
    let ``due records are found exactly, and the earliest deadline is never late`` (operations: Operation list) =
        let _, table, model, _ = run operations
        let mutable right = true
        let mutable entry = Entry()

        for now in [ 0L; 250L; 500L; 1000L ] do
            let due =
                model
                |> Seq.filter (fun p -> p.Value.Deadline <= now)
                |> Seq.map (_.Key)
                |> Set.ofSeq

            let mutable removed = Set.empty

            while table.FindDue(now, &entry) do
                right <- right && table.Earliest <= now
                removed <- removed.Add(Bytes.toString entry.Key)
                table.Remove &entry

            right <- right && removed = due

            for key in due do
                model.Remove key |> ignore

        right && same model (contentsOf (table.Walk()))

    [<RepeatableProperty>]
    let ``a fork and its origin go separate ways`` (operations: Operation list) (later: Operation list) =
        let owner, table, model, _ = run operations
        let frozen = table.Freeze()
        owner.Advance()
        let fork = PageTable.OfFrozen(owner.Fork(), frozen)

        for operation in later do
            match operation with
            | Store(number, length, _) -> store fork (keyOf number) Kind.String (valueOf 0 length) Page.NoDeadline
            | Remove number ->
                remove fork (keyOf number)
                store table (keyOf number) Kind.String "origin" Page.NoDeadline
            | _ -> ()

        let forked = contentsOf (fork.Walk())

        same model (contentsOf (frozen.Walk()))
        && forked.Values |> Seq.forall (fun content -> content.Value <> "origin")

type private Collector(found: HashSet<string>) =
    interface IEntryVisitor with
        member _.Visit(entry: byref<Entry>) =
            found.Add(Bytes.toString entry.Key) |> ignore

let private plainKey (number: int) = Bytes.ofString $"key:{number}"

[<RepeatableProperty(MaxTest = 30)>]
let ``a scan sees every key that is there all the time while the table grows and shrinks`` (seed: int) =
    let _, table = newTable ()
    let random = Random seed

    for number in 0..999 do
        store table (plainKey number) Kind.String "" Page.NoDeadline

    let seen = HashSet<string>()
    let mutable cursor = 0UL
    let mutable first = true
    let mutable extra = 1000

    while first || cursor <> 0UL do
        first <- false
        cursor <- table.Scan(cursor, 10, Collector seen)

        for _ in 1 .. random.Next 300 do
            if random.Next 3 > 0 then
                store table (plainKey extra) Kind.String "" Page.NoDeadline
                extra <- extra + 1
            else
                remove table (plainKey (random.Next(1000, 1000 + extra)))

        if random.Next 10 = 0 then
            for number in 1000..extra do
                remove table (plainKey number)

    Seq.forall (fun number -> seen.Contains $"key:{number}") (seq { 0..999 })

[<Fact>]
let ``a table grows to many segments and shrinks again to one page`` () =
    let _, table = newTable ()
    let count = 200_000
    let mutable entry = Entry()

    for number in 0 .. count - 1 do
        store table (plainKey number) Kind.String "value" Page.NoDeadline

    Assert.Equal(count, table.Count)

    for number in 0 .. count - 1 do
        Assert.True(table.Find(ReadOnlySpan(plainKey number), &entry))

    for number in 1 .. count - 1 do
        remove table (plainKey number)

    Assert.Equal(1, table.Count)
    Assert.True(table.Find(ReadOnlySpan(plainKey 0), &entry))
    Assert.Equal(0UL, table.Scan(0UL, 64, Collector(HashSet())))

[<Fact>]
let ``a random record is any of them with the same chance`` () =
    let _, table = newTable ()
    let count = 300

    for number in 0 .. count - 1 do
        store table (plainKey number) Kind.String "" Page.NoDeadline

    let drawn = Dictionary<string, int>()
    let mutable random = SplitMix64(42UL)
    let mutable entry = Entry()
    let draws = 60_000

    for _ in 1..draws do
        Assert.True(table.FindRandom(&random, &entry))
        let key = Bytes.toString entry.Key
        drawn[key] <- 1 + drawn.GetValueOrDefault key

    let expected = float draws / float count

    let chiSquare =
        Seq.sumBy (fun n -> (float n - expected) ** 2.0 / expected) drawn.Values
    // 299 degrees of freedom: the mean is 299, the standard deviation 24.5.
    Assert.Equal(count, drawn.Count)
    Assert.InRange(chiSquare, 299.0 - 5.0 * 24.5, 299.0 + 5.0 * 24.5)

[<Fact>]
let ``overwriting with values of the same length allocates nothing`` () =
    let _, table = newTable ()
    let keys = Array.init 1000 plainKey

    for key in keys do
        store table key Kind.String "0123456789abcdef" Page.NoDeadline

    let value = Bytes.ofString "fedcba9876543210"
    let mutable entry = Entry()

    let overwrite () =
        for key in keys do
            table.Find(ReadOnlySpan key, &entry) |> ignore
            table.Store(&entry, ReadOnlySpan key, Kind.String, ReadOnlySpan value, null, Page.NoDeadline, 1)

    overwrite ()
    let before = GC.GetAllocatedBytesForCurrentThread()
    overwrite ()
    Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread())
