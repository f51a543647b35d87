/// HyperLogLogs: byte for byte those of a real server, and estimates that are near the truth.
namespace RedisClone.Protocol.Tests.Values

open System
open FsCheck.FSharp
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open RedisClone.Protocol.Tests.Evaluation
open Xunit

type HllStep =
    /// Adds so many elements from a number on.
    | Add of key: string * first: int * count: int
    | Count of keys: string list
    | Merge of keys: string list
    | SparseBytesMax of bytes: int
    /// Overwrites a byte.
    | Spoil of key: string * at: int * value: int
    | Dense of key: string
    | Remove of key: string

type HllSteps =
    static member HllStep() =
        let key = Gen.elements [ "p"; "q"; "r" ]

        let several =
            Gen.choose (1, 3) |> Gen.bind (fun count -> Gen.listOfLength count key)

        Gen.frequency
            [
                12,
                Gen.map3
                    (fun key first count -> Add(key, first, count))
                    key
                    (Gen.choose (0, 30_000))
                    (Gen.frequency [ 6, Gen.choose (0, 5); 3, Gen.choose (5, 200); 1, Gen.choose (200, 4_000) ])
                4, Gen.map Count several
                3, Gen.map Merge several
                2, Gen.map SparseBytesMax (Gen.elements [ 0; 20; 40; 100; 500; 3_000; 20_000 ])
                1, Gen.map3 (fun key at value -> Spoil(key, at, value)) key (Gen.choose (0, 60)) (Gen.choose (0, 255))
                1, Gen.map Dense key
                2, Gen.map Remove key
            ]
        |> Arb.fromGen

type HllLawAttribute(cases: int) as this =
    inherit RepeatablePropertyAttribute()

    do
        this.Arbitrary <- [| typeof<HllSteps> |]
        this.MaxTest <- cases * LongRun.times

[<Collection("oracle")>]
type HyperLogLogTests(oracle: Oracle) =
    let elements first count =
        [ for number in first .. first + count - 1 -> $"element:{number}" ]

    let commandOf (step: HllStep) =
        match step with
        | Add(key, first, count) -> "PFADD" :: key :: elements first count
        | Count keys -> "PFCOUNT" :: keys
        | Merge keys -> "PFMERGE" :: keys
        | SparseBytesMax bytes -> [ "CONFIG"; "SET"; "hll-sparse-max-bytes"; $"{bytes}" ]
        | Spoil(key, at, value) -> [ "SETRANGE"; key; $"{at}"; string (char value) ]
        | Dense key -> [ "PFDEBUG"; "TODENSE"; key ]
        | Remove key -> [ "DEL"; key ]

    let textOf (reply: OracleReply) =
        match reply with
        | OracleReply.Integer number -> string number
        | OracleReply.Bulk bytes -> Bytes.toString (ReadOnlySpan bytes)
        | OracleReply.Simple text
        | OracleReply.Error text -> text
        | OracleReply.Null -> "nothing"
        | other -> failwith $"%A{other}"

    let ourTextOf (reply: Reply) =
        match reply with
        | Reply.Integer number -> string number
        | Reply.Bulk bytes -> Bytes.toString (ReadOnlySpan bytes)
        | Reply.Simple text
        | Reply.Error text -> text
        | Reply.Null -> "nothing"
        | other -> failwith $"%A{other}"

    [<OracleFact>]
    member _.``what is stored is what a real server stores, byte for byte``() =
        let play (steps: HllStep list) =
            let evaluator = Evaluator()
            oracle.Call "FLUSHALL" |> ignore
            oracle.Call("CONFIG", "SET", "hll-sparse-max-bytes", "3000") |> ignore

            for step in steps do
                let words = Array.ofList (commandOf step)
                let expected = textOf (oracle.Call words)

                let actual =
                    match step with
                    | SparseBytesMax bytes ->
                        evaluator.Call.Limits.HllSparseBytesMax <- int64 bytes
                        "OK"
                    | _ -> ourTextOf (evaluator.Run words)

                if expected <> actual then
                    failwith $"%A{step} answers %A{actual} instead of %A{expected}"

                // An error leaves here what was there; a real server may have added some of the elements by then.
                if expected.StartsWith "INVALIDOBJ" then
                    oracle.Call "FLUSHALL" |> ignore
                    evaluator.Run "FLUSHALL" |> ignore

                for key in [ "p"; "q"; "r" ] do
                    let expected = textOf (oracle.Call("GET", key))
                    let actual = ourTextOf (evaluator.Run("GET", key))

                    if expected <> actual then
                        failwith $"after %A{step} %A{key} is %A{actual} instead of %A{expected}"

        let cases =
            Arb.toGen (HllSteps.HllStep())
            |> Gen.listOf
            |> Gen.sampleWithSeed (FsCheck.Rnd 2011UL) 40 (150 * LongRun.times)

        for steps in cases do
            play steps

    [<HllLaw(60)>]
    member _.``estimates are near the truth, however elements came in``(steps: HllStep list) =
        let evaluator = Evaluator()
        let mutable truth = Map.empty<string, Set<string>>

        let known key =
            Map.tryFind key truth |> Option.defaultValue Set.empty

        for step in steps do
            match step with
            | Spoil _ -> ()
            | SparseBytesMax bytes -> evaluator.Call.Limits.HllSparseBytesMax <- int64 bytes
            | _ ->
                let reply = evaluator.Run(Array.ofList (commandOf step))

                match step with
                | Add(key, first, count) -> truth <- truth.Add(key, Set.union (known key) (set (elements first count)))
                | Merge keys -> truth <- truth.Add(keys.Head, keys |> List.map known |> Set.unionMany)
                | Remove key -> truth <- truth.Remove key
                | Count keys ->
                    let expected = (keys |> List.map known |> Set.unionMany).Count

                    match reply with
                    // Six standard errors.
                    | Reply.Integer number ->
                        Assert.InRange(float number, float expected * 0.95 - 1.0, float expected * 1.05 + 1.0)
                    | other -> failwith $"%A{other}"
                | _ -> ()

    [<HllLaw(60)>]
    member _.``sparse and dense registers hold the same``(steps: HllStep list) =
        let sparse = Evaluator()
        let dense = Evaluator()
        sparse.Call.Limits.HllSparseBytesMax <- 100_000L
        dense.Call.Limits.HllSparseBytesMax <- 0L

        for step in steps do
            match step with
            | Spoil _
            | SparseBytesMax _
            | Dense _ -> ()
            | _ ->
                let words = Array.ofList (commandOf step)
                Assert.Equal(sparse.Run words, dense.Run words)

        for key in [ "p"; "q"; "r" ] do
            Assert.Equal(sparse.Run("PFDEBUG", "GETREG", key), dense.Run("PFDEBUG", "GETREG", key))
