/// A hash in all its forms against a dictionary.
module RedisClone.Protocol.Tests.Values.HashValueTests

open System
open System.Collections.Generic
open FsCheck.FSharp
open FsCheck.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests.Evaluation
open Xunit

type Operation =
    | Set of field: int * valueLength: int
    /// Sets fields from a number on.
    | SetMany of first: int * count: int
    | Remove of field: int
    | RemoveMany of first: int * count: int
    | Freeze

/// The field with a number: some are as long as limits are.
let private fieldOf (number: int) =
    match number with
    | 0 -> ""
    | 1 -> String('f', 64)
    | 2 -> String('f', 65)
    | 3 -> String('f', 254)
    | 4 -> String('f', 255)
    | 5 -> String('f', 600)
    | _ -> $"{number}"

type Operations =
    static member Operation() =
        let field = Gen.frequency [ 9, Gen.choose (6, 90); 1, Gen.choose (0, 5) ]
        let count = Gen.choose (1, 70)

        let length =
            Gen.frequency
                [
                    8, Gen.choose (0, 12)
                    1, Gen.elements [ 63; 64; 65; 253; 254; 255; 256; 1000; 1024; 1025; 4000; 4096; 5000 ]
                ]

        Gen.frequency
            [
                9, Gen.map2 (fun field length -> Set(field, length)) field length
                1, Gen.map2 (fun first count -> SetMany(first, count)) field count
                6, Gen.map Remove field
                1, Gen.map2 (fun first count -> RemoveMany(first, count)) field count
                2, Gen.constant Freeze
            ]
        |> Arb.fromGen

/// Fields that OBJECT ENCODING still calls a listpack; few, so that tests get beyond.
let private listpackEntriesMax = 80

let private listpackValueMax = 64

/// A hash under a key, beside a dictionary that should hold the same.
type private Hash(key: string) =
    let key = Bytes.ofString key

    let limits =
        Limits(HashListpackEntriesMax = int64 listpackEntriesMax, HashListpackValueMax = int64 listpackValueMax)

    let keyspace = Keyspace(3UL, 1)
    let call = Call(keyspace, Journal(RespWriter 16), limits)
    let model = Dictionary<string, string>()
    let frozen = List<struct (FrozenKeyspace * Dictionary<string, string> * Kind)>()
    // Whether it outgrew the limits of a listpack since it was made.
    let mutable isLarge = false

    member _.Model = model
    member _.Frozen = frozen
    member _.ModelKind = if isLarge then Kind.LargeHash else Kind.Hash

    member _.Find(entry: byref<Entry>) =
        call.Table.Find(ReadOnlySpan key, &entry)

    member this.Set(number: int, value: string) =
        let mutable entry = Entry()
        let field = fieldOf number

        if not (this.Find &entry) then
            HashValue.create call &entry (ReadOnlySpan key)

        let isNew =
            HashValue.set (
                call,
                &entry,
                ReadOnlySpan key,
                ReadOnlySpan(Bytes.ofString field),
                ReadOnlySpan(Bytes.ofString value)
            )

        Assert.Equal(not (model.ContainsKey field), isNew)
        model[field] <- value

        isLarge <-
            isLarge
            || model.Count > listpackEntriesMax
            || max field.Length value.Length > listpackValueMax

    member this.Remove(number: int) =
        let mutable entry = Entry()
        let field = fieldOf number

        if this.Find &entry then
            let removed =
                HashValue.remove (call, &entry, ReadOnlySpan key, ReadOnlySpan(Bytes.ofString field))

            Assert.Equal(model.Remove field, removed)

            if HashValue.count &entry = 0 then
                call.Table.Remove &entry
                isLarge <- false

    member this.Freeze() =
        frozen.Add(struct (keyspace.Freeze(), Dictionary<string, string> model, this.ModelKind))

    member this.Do(operation: Operation) =
        match operation with
        | Set(field, length) -> this.Set(field, String(char (int 'a' + length % 26), length))
        | SetMany(first, count) ->
            for number in first .. first + count - 1 do
                this.Set(number, "some")
        | Remove field -> this.Remove field
        | RemoveMany(first, count) ->
            for number in first .. first + count - 1 do
                this.Remove number
        | Freeze -> this.Freeze()

let private fieldsOf (entry: byref<Entry>) =
    let mutable walk = HashValue.fields &entry
    let found = List<struct (string * string)>()

    while walk.Next() do
        found.Add(struct (Bytes.toString walk.Field, Bytes.toString walk.Value))

    found

let private assertHolds (model: Dictionary<string, string>) (kind: Kind) (entry: byref<Entry>) =
    let fields = fieldsOf &entry
    Assert.Equal(model.Count, HashValue.count &entry)
    Assert.Equal(model.Count, fields.Count)
    Assert.Equal(kind, entry.Kind)

    for struct (field, value) in fields do
        Assert.Equal<string>(model[field], value)

/// Looks every field up, and some that are not there.
let private assertFinds (model: Dictionary<string, string>) (entry: byref<Entry>) =
    let mutable cell = Unchecked.defaultof<HashCell>

    for number in 0..170 do
        let field = fieldOf number
        let found = HashValue.tryFind (&entry, ReadOnlySpan(Bytes.ofString field), &cell)
        Assert.Equal(model.ContainsKey field, found)

        if found then
            Assert.Equal<string>(model[field], Bytes.toString cell.Span)

let private assertInOrder (hash: Hash) =
    let mutable entry = Entry()
    Assert.Equal(hash.Model.Count > 0, hash.Find &entry)

    if hash.Model.Count > 0 then
        assertHolds hash.Model hash.ModelKind &entry

type HashLawAttribute(cases: int) as this =
    inherit LawAttribute(cases)
    do this.Arbitrary <- [| typeof<Operations> |]

/// Keys in the record and beside the page.
let private keyOf (isLong: bool) =
    if isLong then String('k', 600) else "k"

[<HashLaw(500)>]
let ``a hash holds what a dictionary holds`` (operations: Operation list) (hasLongKey: bool) =
    let hash = Hash(keyOf hasLongKey)
    let mutable entry = Entry()

    for operation in operations do
        hash.Do operation
        assertInOrder hash

    if hash.Find &entry then
        assertFinds hash.Model &entry

[<HashLaw(300)>]
let ``a frozen hash holds what it held`` (operations: Operation list) (hasLongKey: bool) =
    let hash = Hash(keyOf hasLongKey)

    for operation in operations do
        hash.Do operation
        hash.Freeze()

    for struct (frozen, model, kind) in hash.Frozen do
        let mutable entry = Entry()
        let mutable walk = frozen.Tables[0].Walk()
        Assert.Equal(model.Count > 0, walk.Next &entry)

        if model.Count > 0 then
            assertHolds model kind &entry

/// How the hash lies: in its record, packed beside the page, or as a table.
let private formOf (hash: Hash) =
    let mutable entry = Entry()
    Assert.True(hash.Find &entry)

    match entry.Object with
    | null -> "record"
    | :? Blob -> "blob"
    | _ -> "table"

[<Fact>]
let ``a hash lies in its record up to a kilobyte, then in a blob, and beyond 64 fields or 4 KiB in a table`` () =
    for freezes in [ false; true ] do
        let few = Hash "few"
        let many = Hash "many"

        let set (hash: Hash) number length expected =
            hash.Set(number, String('v', length))

            if freezes then
                hash.Freeze()

            Assert.Equal<string>(expected, formOf hash)
            assertInOrder hash

        // Two bytes of count, four of lengths, two of the field, and the value.
        set few 10 1016 "record"
        set few 10 1017 "blob"
        set few 11 10 "blob"
        set few 12 3000 "blob"
        set few 13 100 "table"
        set few 12 0 "table"

        for number in 10..73 do
            set many number 4 "record"

        set many 74 4 "table"

        for number in 11..74 do
            many.Remove number

        Assert.Equal<string>("table", formOf many)
        assertInOrder many

[<Fact>]
let ``a hash that was called a hashtable once is called so until it is gone`` () =
    let evaluator = Evaluator()

    let encoding () =
        evaluator.Run("OBJECT", "ENCODING", "h")

    let named (name: string) = Reply.Bulk(Bytes.ofString name)
    evaluator.Run("HSET", "h", "f", String('v', 64)) |> ignore
    Assert.Equal(named "listpack", encoding ())
    evaluator.Run("HSET", "h", "g", String('v', 65)) |> ignore
    Assert.Equal(named "hashtable", encoding ())
    evaluator.Run("HDEL", "h", "g") |> ignore
    Assert.Equal(named "hashtable", encoding ())
    evaluator.Keyspace.Freeze() |> ignore
    evaluator.Run("HSET", "h", "f", "short") |> ignore
    evaluator.Run("RENAME", "h", "i") |> ignore
    evaluator.Run("COPY", "i", "h") |> ignore
    Assert.Equal(named "hashtable", encoding ())
    evaluator.Run("HDEL", "h", "f") |> ignore
    evaluator.Run("HSET", "h", "f", "") |> ignore
    Assert.Equal(named "listpack", encoding ())

[<Fact>]
let ``a hash of 512 fields is called a listpack, one of 513 a hashtable`` () =
    let evaluator = Evaluator()

    for number in 1..512 do
        evaluator.Run("HSET", "h", $"{number}", "") |> ignore

    Assert.Equal(Reply.Bulk(Bytes.ofString "listpack"), evaluator.Run("OBJECT", "ENCODING", "h"))
    evaluator.Run("HSET", "h", "512", "again") |> ignore
    Assert.Equal(Reply.Bulk(Bytes.ofString "listpack"), evaluator.Run("OBJECT", "ENCODING", "h"))
    evaluator.Run("HSET", "h", "513", "") |> ignore
    Assert.Equal(Reply.Bulk(Bytes.ofString "hashtable"), evaluator.Run("OBJECT", "ENCODING", "h"))
