/// The memory of the data is counted where it changes; these laws count it anew.
module RedisClone.Protocol.Tests.Evaluation.MemoryTests

open System
open RedisClone.Protocol
open Xunit

let private expectCounted (evaluator: Evaluator) =
    Assert.Equal(evaluator.Keyspace.Recount(), evaluator.Keyspace.MemoryBytes)

[<Law(300)>]
let ``the memory that is counted is that of the data`` (Steps steps) =
    let evaluator = Evaluator()

    for step in steps do
        evaluator.Do step |> ignore
        expectCounted evaluator

[<Law(100)>]
let ``a freeze after every command does not break the count`` (Steps steps) =
    let evaluator = Evaluator(Freezes = true)

    for step in steps do
        evaluator.Do step |> ignore
        expectCounted evaluator

[<Law(100)>]
let ``a batch that is rolled back gives its memory back`` (Steps steps) (Steps batch) (Steps later) =
    let evaluator = Evaluator()
    evaluator.DoAll steps |> ignore
    let before = evaluator.Keyspace.MemoryBytes

    evaluator.DoInVain(
        List.collect
            (function
            | Request request -> [ request ]
            | Batch requests -> requests
            | _ -> [])
            batch
    )

    Assert.Equal(before, evaluator.Keyspace.MemoryBytes)

    for step in later do
        evaluator.Do step |> ignore
        expectCounted evaluator

[<Law(50)>]
let ``a fork and its origin count for themselves`` (Steps steps) (Steps left) (Steps right) =
    let origin = Evaluator()
    origin.DoAll steps |> ignore
    let fork = origin.GoOnFrom(origin.Keyspace.Freeze())

    for turn in 0 .. max left.Length right.Length - 1 do
        if turn < left.Length then
            origin.Do left[turn] |> ignore

        if turn < right.Length then
            fork.Do right[turn] |> ignore

        expectCounted origin
        expectCounted fork

/// Makes keys of every type, small and large ones.
let private load (evaluator: Evaluator) (keys: int) =
    for key in 1..keys do
        let text = String('v', key * 37 % 3000)
        evaluator.Run("SET", $"string{key}", text) |> ignore
        evaluator.Run("APPEND", $"string{key}", text) |> ignore
        evaluator.Run("SET", String('k', 600) + string key, text) |> ignore

        for part in 1 .. key % 90 do
            evaluator.Run("HSET", $"hash{key}", $"field{part}", text) |> ignore
            evaluator.Run("SADD", $"set{key}", $"member{part}{text}") |> ignore
            evaluator.Run("RPUSH", $"list{key}", text) |> ignore

            evaluator.Run("ZADD", $"sorted{key}", string part, $"member{part}{text}")
            |> ignore

            evaluator.Run("XADD", $"stream{key}", $"{part}-1", "field", text) |> ignore

        evaluator.Run("XGROUP", "CREATE", $"stream{key}", "group", "0", "MKSTREAM")
        |> ignore

        evaluator.Run("XREADGROUP", "GROUP", "group", $"consumer{key}", "STREAMS", $"stream{key}", ">")
        |> ignore

[<Fact>]
let ``after everything was deleted the memory is what it was`` () =
    let evaluator = Evaluator()
    let start = evaluator.Keyspace.MemoryBytes
    load evaluator 60
    expectCounted evaluator
    Assert.True(evaluator.Keyspace.MemoryBytes > 1_000_000L)

    match evaluator.Run("KEYS", "*") with
    | Reply.Array keys ->
        for key in keys do
            match key with
            | Reply.Bulk name -> evaluator.Run("DEL", Bytes.toString name) |> ignore
            | other -> failwith $"{other} is no key"
    | other -> failwith $"{other} are no keys"

    Assert.Equal(Reply.Integer 0L, evaluator.Run "DBSIZE")
    expectCounted evaluator
    // One page without records may have room for some, and references.
    Assert.InRange(evaluator.Keyspace.MemoryBytes, start, start + 2048L)
    load evaluator 10
    evaluator.Run "FLUSHALL" |> ignore
    Assert.Equal(start, evaluator.Keyspace.MemoryBytes)

[<Fact>]
let ``the memory of a fresh load is the bytes of the data and some more`` () =
    for length, most in [ 10, 3.5; 200, 1.7; 5000, 1.2 ] do
        let evaluator = Evaluator()

        for key in 1..20_000 do
            evaluator.Run("SET", $"key:{key}", String('x', length)) |> ignore

        let perKey = float evaluator.Keyspace.MemoryBytes / 20_000.0
        Assert.InRange(perKey / float (length + 9), 1.0, most * float (length + 40) / float (length + 9))
