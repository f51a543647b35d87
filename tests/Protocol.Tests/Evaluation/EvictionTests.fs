/// Which keys make room for others.
module RedisClone.Protocol.Tests.Evaluation.EvictionTests

open System
open RedisClone.Protocol
open Xunit

let private policies =
    [
        EvictionPolicy.AllKeysLru
        EvictionPolicy.AllKeysLfu
        EvictionPolicy.AllKeysRandom
        EvictionPolicy.VolatileLru
        EvictionPolicy.VolatileLfu
        EvictionPolicy.VolatileRandom
        EvictionPolicy.VolatileTtl
    ]

/// An evaluator under a policy, and what evicts for it.
let private make (policy: EvictionPolicy) (seed: uint64) =
    let evaluator = Evaluator(seed, seed)
    evaluator.Call.Limits.EvictionPolicy <- policy
    evaluator.Call.Seed <- seed
    evaluator, Eviction evaluator.Call

let private exists (evaluator: Evaluator) (key: string) =
    evaluator.Run("EXISTS", key) = Reply.Integer 1L

[<Law(100)>]
let ``whatever is evicted, the log tells and the count stays`` (Steps steps) (choice: int) =
    let evaluator, eviction = make policies[(choice &&& 0xFFFF) % policies.Length] 7UL
    evaluator.DoAll steps |> ignore
    let mutable more = true

    while more do
        let keys () =
            Array.sumBy (fun (database: Database) -> database.Table.Count) evaluator.Keyspace.Databases

        let before = keys ()
        evaluator.TakeJournal() |> ignore
        more <- eviction.Next()
        Assert.Equal((if more then before - 1 else before), keys ())
        Assert.Equal(more, evaluator.TakeJournal().Length > 0)
        Assert.Equal(evaluator.Keyspace.Recount(), evaluator.Keyspace.MemoryBytes)

    // What is left the policy does not allow to go.
    for database in evaluator.Keyspace.Databases do
        if Policies.isVolatile evaluator.Call.Limits.EvictionPolicy then
            Assert.Equal(0, database.Table.DeadlineCount)
        else
            Assert.Equal(0, database.Table.Count)

[<Fact>]
let ``under noeviction nothing goes`` () =
    let evaluator, eviction = make EvictionPolicy.NoEviction 1UL
    evaluator.Run("SET", "k", "v") |> ignore
    Assert.False(eviction.Next())

[<Fact>]
let ``what was used long ago goes far sooner than what was used lately`` () =
    for policy in [ EvictionPolicy.AllKeysLru; EvictionPolicy.VolatileLru ] do
        for seed in 1UL .. 5UL do
            let evaluator, eviction = make policy seed

            for key in 1..4000 do
                evaluator.Run("SET", $"k{key}", "v", "EX", "100000") |> ignore

                if key % 10 = 0 then
                    evaluator.Do(Advance 1_000L) |> ignore

            for _ in 1..2000 do
                Assert.True(eviction.Next())

            let left first last =
                List.length (List.filter (fun key -> exists evaluator $"k{key}") [ first..last ])

            // Of the older half nearly all have gone, of the newest quarter hardly any.
            Assert.InRange(left 1 2000, 0, 400)
            Assert.InRange(left 3001 4000, 950, 1000)

[<Fact>]
let ``what is used seldom goes far sooner than what is used often`` () =
    for policy in [ EvictionPolicy.AllKeysLfu; EvictionPolicy.VolatileLfu ] do
        for seed in 1UL .. 5UL do
            let evaluator, eviction = make policy seed

            for key in 1..1000 do
                evaluator.Run("SET", $"k{key}", "v", "EX", "100000") |> ignore

            for _ in 1..30 do
                for key in 1..200 do
                    evaluator.Run("GET", $"k{key}") |> ignore

            for _ in 1..500 do
                Assert.True(eviction.Next())

            let left =
                List.length (List.filter (fun key -> exists evaluator $"k{key}") [ 1..200 ])

            Assert.InRange(left, 195, 200)

[<Fact>]
let ``what ends first goes first`` () =
    for seed in 1UL .. 5UL do
        let evaluator, eviction = make EvictionPolicy.VolatileTtl seed

        for key in 1..2000 do
            evaluator.Run("SET", $"k{key}", "v", "EX", string (1000 + key)) |> ignore
            evaluator.Run("SET", $"stays{key}", "v") |> ignore

        for _ in 1..1000 do
            Assert.True(eviction.Next())

        let left first last =
            List.length (List.filter (fun key -> exists evaluator $"k{key}") [ first..last ])

        Assert.InRange(left 1 500, 0, 25)
        Assert.InRange(left 1501 2000, 495, 500)
        Assert.True(List.forall (fun key -> exists evaluator $"stays{key}") [ 1..2000 ])

[<Fact>]
let ``random eviction prefers no key`` () =
    for policy in [ EvictionPolicy.AllKeysRandom; EvictionPolicy.VolatileRandom ] do
        let evaluator, eviction = make policy 3UL

        for key in 1..4000 do
            evaluator.Run("SET", $"k{key}", "v", "EX", "1000") |> ignore
            evaluator.Do(Advance 10L) |> ignore

        for _ in 1..2000 do
            Assert.True(eviction.Next())

        let older =
            List.length (List.filter (fun key -> exists evaluator $"k{key}") [ 1..2000 ])

        Assert.InRange(older, 900, 1100)

[<Fact>]
let ``the few keys with a deadline are found among many without`` () =
    for policy in List.filter Policies.isVolatile policies do
        let evaluator, eviction = make policy 5UL

        for key in 1..20_000 do
            evaluator.Run("SET", $"k{key}", "v") |> ignore

        for key in 1..20 do
            evaluator.Run("EXPIRE", $"k{key * 100}", "1000") |> ignore

        for _ in 1..20 do
            Assert.True(eviction.Next())

        Assert.False(eviction.Next())
        Assert.Equal(Reply.Integer 19_980L, evaluator.Run "DBSIZE")

[<Fact>]
let ``evicting keys gives their memory back soon`` () =
    let evaluator, eviction = make EvictionPolicy.AllKeysLru 1UL

    for key in 1..20_000 do
        evaluator.Run("SET", $"key:{key}", "value of a key") |> ignore

    let before = evaluator.Keyspace.MemoryBytes

    for _ in 1..5_000 do
        eviction.Next() |> ignore

    // A quarter of the keys; at least half of that in memory.
    Assert.InRange(float evaluator.Keyspace.MemoryBytes / float before, 0.6, 0.88)

[<Fact>]
let ``the same seed evicts the same keys`` () =
    for policy in policies do
        let run () =
            let evaluator, eviction = make policy 11UL

            for key in 1..500 do
                evaluator.Run("SET", $"k{key}", "v", "EX", string (100 + key * 7 % 50))
                |> ignore

                evaluator.Do(Advance 700L) |> ignore

            evaluator.TakeJournal() |> ignore

            for _ in 1..200 do
                eviction.Next() |> ignore

            evaluator.TakeJournal()

        Assert.Equal<byte>(run (), run ())

[<Fact>]
let ``a key that was used since it was looked at is let go`` () =
    let evaluator, eviction = make EvictionPolicy.AllKeysLru 2UL
    evaluator.Call.Limits.EvictionSamples <- 16L

    for key in 1..16 do
        evaluator.Run("SET", $"k{key}", "v") |> ignore
        evaluator.Do(Advance 1_000L) |> ignore

    Assert.True(eviction.Next())
    Assert.False(exists evaluator "k1")
    evaluator.Run("GET", "k2") |> ignore
    Assert.True(eviction.Next())
    Assert.True(exists evaluator "k2")
    Assert.False(exists evaluator "k3")

[<Fact>]
let ``the counter of uses grows slowly and shrinks by the minute`` () =
    let evaluator, _ = make EvictionPolicy.AllKeysLfu 1UL
    evaluator.Run("SET", "k", "v") |> ignore
    Assert.Equal(Reply.Integer 5L, evaluator.Run("OBJECT", "FREQ", "k"))

    for _ in 1..1000 do
        evaluator.Run("GET", "k") |> ignore

    match evaluator.Run("OBJECT", "FREQ", "k") with
    | Reply.Integer counter ->
        // Redis documents 18 for a thousand uses.
        Assert.InRange(counter, 13L, 24L)
        evaluator.Do(Advance 240_000L) |> ignore
        Assert.Equal(Reply.Integer(counter - 4L), evaluator.Run("OBJECT", "FREQ", "k"))
        evaluator.Do(Advance 24_000_000L) |> ignore
        Assert.Equal(Reply.Integer 0L, evaluator.Run("OBJECT", "FREQ", "k"))
    | other -> failwith $"{other} is no counter"
