/// A sorted set in all its forms against a dictionary that is sorted anew each time.
module RedisClone.Protocol.Tests.Values.SortedSetValueTests

open System
open System.Collections.Generic
open FsCheck.FSharp
open FsCheck.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open RedisClone.Protocol.Tests.Evaluation
open Xunit

type Operation =
    | Add of (double * int) list
    | AddMany of first: int * count: int * scores: int
    | Increment of double * int
    | Remove of int list
    | RemoveRanks of first: int * last: int
    | Pop of isMax: bool * count: int
    /// Replaces the set by what ZUNIONSTORE makes of it and of itself.
    | StoreAnew
    | Freeze

/// The member with a number: most are short, some as long as limits are.
let private memberOf (number: int) =
    match number with
    | 0 -> ""
    | 1 -> String('m', 254)
    | 2 -> String('m', 255)
    | 3 -> String('m', 600)
    | 4 -> String('m', 2000)
    | _ -> $"{number}"

type Operations =
    static member Operation() =
        let number = Gen.frequency [ 20, Gen.choose (5, 200); 1, Gen.choose (0, 4) ]

        let score =
            Gen.elements
                [
                    0.0
                    -0.0
                    1.0
                    -1.0
                    2.5
                    -2.5
                    1e300
                    -1e300
                    5e-324
                    -5e-324
                    infinity
                    -infinity
                ]

        let some =
            Gen.choose (1, 4)
            |> Gen.bind (fun count -> Gen.listOfLength count (Gen.zip score number))

        let rank = Gen.choose (-5, 160)

        Gen.frequency
            [
                9, Gen.map Add some
                2,
                Gen.map3
                    (fun first count scores -> AddMany(first, count, scores))
                    number
                    (Gen.choose (1, 150))
                    (Gen.choose (1, 9))
                3, Gen.map2 (fun score number -> Increment(score, number)) (Gen.elements [ 1.0; -0.5; 0.1 ]) number
                4, Gen.map (List.map snd >> Remove) some
                1, Gen.map2 (fun first last -> RemoveRanks(first, last)) rank rank
                1, Gen.map2 (fun isMax count -> Pop(isMax, count)) (Gen.elements [ true; false ]) (Gen.choose (1, 30))
                1, Gen.constant StoreAnew
                2, Gen.constant Freeze
            ]
        |> Arb.fromGen

let private textOf (reply: Reply) =
    match reply with
    | Reply.Bulk bytes -> Bytes.toString (ReadOnlySpan bytes)
    | other -> failwith $"{other} is no text"

let private numberOf (reply: Reply) =
    match textOf reply with
    | "inf" -> infinity
    | "-inf" -> -infinity
    | text -> Double.Parse(text, Globalization.CultureInfo.InvariantCulture)

let private pairsOf (reply: Reply) =
    match reply with
    | Reply.Array items ->
        items
        |> Array.chunkBySize 2
        |> Array.map (fun pair -> textOf pair[0], numberOf pair[1])
    | other -> failwith $"{other} is no list"

let private shown (score: double) =
    score.ToString("R", Globalization.CultureInfo.InvariantCulture).Replace("∞", "inf").Replace("Infinity", "inf")

let private ordered (model: Dictionary<string, double>) =
    [| for pair in model -> pair.Key, pair.Value |]
    |> Array.sortWith (fun (name, score) (other, otherScore) ->
        let order = compare score otherScore

        if order <> 0 then
            order
        else
            String.CompareOrdinal(name, other))

let private apply (evaluator: Evaluator) (model: Dictionary<string, double>) (operation: Operation) =
    let run (words: string list) =
        evaluator.Run(Array.ofList words) |> ignore

    let add (pairs: (double * int) list) =
        run (
            [ "ZADD"; "z" ]
            @ List.collect (fun (score, number) -> [ shown score; memberOf number ]) pairs
        )

        for score, number in pairs do
            model[memberOf number] <- score

    match operation with
    | Add pairs -> add pairs
    | AddMany(first, count, scores) -> add [ for i in 0 .. count - 1 -> double (i % scores), first + i ]
    | Increment(by, number) ->
        let name = memberOf number
        run [ "ZINCRBY"; "z"; shown by; name ]
        model[name] <- (if model.ContainsKey name then model[name] else 0.0) + by
    | Remove numbers ->
        run ([ "ZREM"; "z" ] @ List.map memberOf numbers)

        for number in numbers do
            model.Remove(memberOf number) |> ignore
    | RemoveRanks(first, last) ->
        let names = Array.map fst (ordered model)
        run [ "ZREMRANGEBYRANK"; "z"; $"{first}"; $"{last}" ]
        let start = max 0 (if first < 0 then first + names.Length else first)
        let stop = if last < 0 then last + names.Length else last

        for i in start .. min stop (names.Length - 1) do
            model.Remove names[i] |> ignore
    | Pop(isMax, count) ->
        let all = ordered model
        let all = if isMax then Array.rev all else all

        let popped =
            evaluator.Run((if isMax then "ZPOPMAX" else "ZPOPMIN"), "z", $"{count}")

        Assert.Equal<(string * double)[]>(Array.truncate count all, pairsOf popped)

        for name, _ in Array.truncate count all do
            model.Remove name |> ignore
    | StoreAnew -> run [ "ZUNIONSTORE"; "z"; "2"; "z"; "z"; "AGGREGATE"; "MIN" ]
    | Freeze -> evaluator.Keyspace.Freeze() |> ignore

let private check (evaluator: Evaluator) (model: Dictionary<string, double>) =
    let all = ordered model
    Assert.Equal<(string * double)[]>(all, pairsOf (evaluator.Run("ZRANGE", "z", "0", "-1", "WITHSCORES")))
    Assert.Equal<(string * double)[]>(Array.rev all, pairsOf (evaluator.Run("ZREVRANGE", "z", "0", "-1", "WITHSCORES")))

    for i in 0 .. max 1 (all.Length / 5) .. all.Length - 1 do
        let name, score = all[i]
        Assert.Equal(Reply.Integer(int64 i), evaluator.Run("ZRANK", "z", name))
        Assert.Equal(score, numberOf (evaluator.Run("ZSCORE", "z", name)))

    for bound in [ -1.0; 0.0; 2.5; infinity ] do
        let below = all |> Array.filter (fun (_, score) -> score < bound)
        let upTo = all |> Array.filter (fun (_, score) -> score <= bound)
        Assert.Equal(Reply.Integer(int64 below.Length), evaluator.Run("ZCOUNT", "z", "-inf", "(" + shown bound))
        Assert.Equal(Reply.Integer(int64 upTo.Length), evaluator.Run("ZCOUNT", "z", "-inf", shown bound))

        Assert.Equal<(string * double)[]>(
            Array.skip upTo.Length all,
            pairsOf (evaluator.Run("ZRANGEBYSCORE", "z", "(" + shown bound, "inf", "WITHSCORES"))
        )

[<RepeatableProperty(MaxTest = 150, Arbitrary = [| typeof<Operations> |])>]
let ``a sorted set holds what a dictionary holds, in order`` (operations: Operation list) =
    let evaluator = Evaluator()
    let model = Dictionary<string, double>()

    for operation in operations do
        apply evaluator model operation
        check evaluator model

[<RepeatableProperty(MaxTest = 100, Arbitrary = [| typeof<Operations> |])>]
let ``a frozen sorted set holds what it held`` (before: Operation list) (after: Operation list) =
    let evaluator = Evaluator()
    let model = Dictionary<string, double>()
    List.iter (apply evaluator model) (AddMany(5, 140, 3) :: before)
    let contents = evaluator.Contents
    let frozen = evaluator.Keyspace.Freeze()
    List.iter (apply evaluator model) after
    Assert.Equal<Contents>(contents, Contents.ofFrozen frozen)

[<RepeatableProperty(MaxTest = 200)>]
let ``scores sort as their bytes do, and come back`` (first: double) (second: double) =
    if not (Double.IsNaN first) && not (Double.IsNaN second) then
        let order = compare (ScoreOrder.ofScore first) (ScoreOrder.ofScore second)
        Assert.Equal(compare first second, order)
        Assert.Equal(first, ScoreOrder.toScore (ScoreOrder.ofScore first))

[<Fact>]
let ``a set that was called a skiplist is called so until it is gone`` () =
    let evaluator = Evaluator()

    let encoding () =
        textOf (evaluator.Run("OBJECT", "ENCODING", "z"))

    evaluator.Run("ZADD", "z", "1", String('m', 64)) |> ignore
    Assert.Equal("listpack", encoding ())
    evaluator.Run("ZADD", "z", "1", String('m', 65)) |> ignore
    Assert.Equal("skiplist", encoding ())
    evaluator.Run("ZREM", "z", String('m', 65)) |> ignore
    Assert.Equal("skiplist", encoding ())
    evaluator.Run("ZUNIONSTORE", "z", "1", "z") |> ignore
    Assert.Equal("listpack", encoding ())

    for number in 1..127 do
        evaluator.Run("ZADD", "z", "1", $"{number}") |> ignore

    Assert.Equal("listpack", encoding ())
    evaluator.Run("ZADD", "z", "1", "one more") |> ignore
    Assert.Equal("skiplist", encoding ())
