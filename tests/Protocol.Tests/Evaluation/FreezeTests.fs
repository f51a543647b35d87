/// Editing in place cannot be observed: not by who evaluates, and not by who holds an earlier version.
module RedisClone.Protocol.Tests.Evaluation.FreezeTests

open System
open RedisClone.Protocol
open Xunit

/// What evaluation in place and evaluation of fresh copies may answer differently.
let private whereCopied = [ Freedom.Memory ]

/// What two live versions that grew out of one may answer differently.
let private whereShared = [ Freedom.Memory; Freedom.Use ]

[<Law(400)>]
let ``evaluating in place equals evaluating with a freeze after every command`` (Steps steps) (resp3: bool) =
    let protocol = if resp3 then 3 else 2
    let inPlace = Evaluator(Protocol = protocol)
    let pure' = Evaluator(Protocol = protocol, Freezes = true)

    for step in steps do
        let expected = pure'.Do step
        let actual = inPlace.Do step
        Normalisation.expectSameAnswers whereCopied expected actual
        Normalisation.expectSameJournal expected actual
        Contents.expectSame pure'.Contents inPlace.Contents

    Assert.Equal<byte>(pure'.Digest(), inPlace.Digest())

[<Law(100)>]
let ``a frozen version reads the same for ever`` (Steps steps) =
    let live = Evaluator()

    let versions =
        [
            for step in steps do
                let contents = live.Contents
                let frozen = live.Keyspace.Freeze()
                frozen, contents, Digest.ofKeyspace frozen
                live.Do step |> ignore
        ]

    for frozen, contents, digest in versions do
        Contents.expectSame contents (Contents.ofFrozen frozen)
        Assert.Equal<byte>(digest, Digest.ofKeyspace frozen)

[<Law(200)>]
let ``a frozen version stays while the live one is edited in place`` (Steps steps) (Steps later) =
    let live = Evaluator()
    live.DoAll steps |> ignore
    let contents = live.Contents
    let frozen = live.Keyspace.Freeze()
    let digest = Digest.ofKeyspace frozen
    live.DoAll later |> ignore
    Contents.expectSame contents (Contents.ofFrozen frozen)
    Assert.Equal<byte>(digest, Digest.ofKeyspace frozen)

/// An evaluator of its own, in the state that `steps` lead to.
let private alone (steps: Step list) =
    let made = Evaluator()
    made.DoAll steps |> ignore
    made.Keyspace.Freeze() |> ignore
    made

let private expectSame (expected: Evaluator) (actual: Evaluator) (step: Step) =
    let wanted = expected.Do step
    let got = actual.Do step
    Normalisation.expectSameAnswers whereShared wanted got
    Normalisation.expectSameJournal wanted got
    Contents.expectSame expected.Contents actual.Contents

[<Law(100)>]
let ``a fork and its origin go separate ways`` (Steps steps) (Steps left) (Steps right) =
    let origin = Evaluator()
    origin.DoAll steps |> ignore
    let frozen = origin.Keyspace.Freeze()
    let digest = Digest.ofKeyspace frozen
    let fork = origin.GoOnFrom frozen
    let asOrigin = alone steps
    let asFork = alone steps

    for evaluator in [ origin; fork; asOrigin; asFork ] do
        evaluator.Journal.LoggedDatabase <- -1

    // Turn about, so that each writes beside what the other has just written.
    for turn in 0 .. max left.Length right.Length - 1 do
        if turn < left.Length then
            expectSame asOrigin origin left[turn]

        if turn < right.Length then
            expectSame asFork fork right[turn]

    Assert.Equal<byte>(digest, Digest.ofKeyspace frozen)
    Assert.Equal<byte>(asOrigin.Digest(), origin.Digest())
    Assert.Equal<byte>(asFork.Digest(), fork.Digest())

[<Law(200)>]
let ``a batch that is rolled back leaves no trace`` (Steps steps) (Steps batch) (Steps later) =
    let live = Evaluator()
    live.DoAll steps |> ignore
    let contents = live.Contents

    live.DoInVain(
        List.collect
            (function
            | Request request -> [ request ]
            | Batch requests -> requests
            | _ -> [])
            batch
    )

    Assert.Equal(0, live.Journal.Writer.Length)
    Contents.expectSame contents live.Contents
    let untouched = alone steps

    for step in later do
        expectSame untouched live step

    Assert.Equal<byte>(untouched.Digest(), live.Digest())

[<Fact>]
let ``pages that merge, and pages that are used again, leave a frozen version alone`` () =
    // Which keys share a page, the seed decides.
    for hashSeed in 1UL .. 40UL do
        let live = Evaluator(hashSeed, 2UL)

        let set numbers length =
            for number in numbers do
                live.Run("SET", $"k{number}", String('v', length)) |> ignore

        let delete numbers =
            for number in numbers do
                live.Run("DEL", $"k{number}") |> ignore

        set [ 1..80 ] 20
        delete [ 27..80 ]
        let contents = live.Contents
        let frozen = live.Keyspace.Freeze()
        // Two pages become one; what was theirs must not be written over now.
        delete [ 1..6 ]
        set [ 100..160 ] 10
        Contents.expectSame contents (Contents.ofFrozen frozen)
