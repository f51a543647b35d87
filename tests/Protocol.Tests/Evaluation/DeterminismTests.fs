/// Evaluation is a function of the commands, the clock and the seeds, and of nothing else.
module RedisClone.Protocol.Tests.Evaluation.DeterminismTests

open System
open System.Globalization
open RedisClone.Protocol
open Xunit

/// What the seed of the hashes decides about.
let private byHash = [ Freedom.Order; Freedom.Chance; Freedom.Cursor ]

let private expectSame (expected: Evaluator * Effect list) (actual: Evaluator * Effect list) =
    for wanted, got in List.zip (snd expected) (snd actual) do
        Normalisation.expectSameAnswers [] wanted got
        Normalisation.expectSameJournal wanted got

    Assert.Equal<byte>((fst expected).Digest(), (fst actual).Digest())

let private run (steps: Step list) =
    let evaluator = Evaluator(Protocol = 3)
    evaluator, evaluator.DoAll steps

[<Law(200)>]
let ``the same twice gives the same`` (Steps steps) = expectSame (run steps) (run steps)

[<Law(200)>]
let ``another seed of the hashes changes order and chance only`` (Steps steps) (hashSeed: uint64) (resp3: bool) =
    // Chance decides which of the keys that are due are stumbled upon, so none may lie about.
    let protocol = if resp3 then 3 else 2
    let one = Evaluator(1UL, 2UL, IsEager = true, Protocol = protocol)
    let other = Evaluator(hashSeed, 2UL, IsEager = true, Protocol = protocol)
    // What SPOP draws depends on the order in a table, and then so does all that follows.
    let isDrawn (request: Request) =
        request.Words.Head.Equals("SPOP", StringComparison.OrdinalIgnoreCase)

    let steps =
        steps
        |> List.filter (fun step ->
            match step with
            | Request request -> not (isDrawn request)
            | Batch requests -> not (List.exists isDrawn requests)
            | _ -> true)

    let expected = one.DoAll steps
    let actual = other.DoAll steps

    for wanted, got in List.zip expected actual do
        Normalisation.expectSameAnswers byHash wanted got

    Assert.Equal<(int * string list) list>(Normalisation.journal expected, Normalisation.journal actual)
    Contents.expectSame one.Contents other.Contents
    Assert.Equal<byte>(one.Digest(), other.Digest())

/// Cultures with a decimal comma, with other capitals, with other digits and signs.
let private cultures = [ "de-DE"; "tr-TR"; "ar-SA"; "sv-SE" ]

let private inCulture (name: string) (action: unit -> 'result) : 'result =
    let before = CultureInfo.CurrentCulture

    try
        CultureInfo.CurrentCulture <- CultureInfo name
        action ()
    finally
        CultureInfo.CurrentCulture <- before

[<Law(25)>]
let ``another culture changes nothing`` (Steps steps) =
    let expected = run steps

    for name in cultures do
        expectSame expected (inCulture name (fun () -> run steps))

[<Fact>]
let ``names and options are read without case in every culture`` () =
    let lines =
        [
            "mset a inside b inventions i 1"
            "incr i"
            "set i 5 ifeq 2"
            "getex i persist"
            "lcs a b idx minmatchlen 2"
            "lcs a b idx withmatchlen"
            "hset h field i"
            "hrandfield h 1 withvalues"
            "hincrby h j 1"
            "object idletime i"
            "incrbyfloat i 1.5"
            "hincrbyfloat h j 1.5"
            "expire i 10 lt"
            "scan 0 type string"
        ]

    let replies () =
        let evaluator = Evaluator()
        [ for line in lines -> evaluator.Run(line.Split ' ') ]

    let expected = replies ()
    Assert.All(expected, (fun reply -> Assert.False(reply.IsError)))

    for name in cultures do
        Assert.Equal<Reply list>(expected, inCulture name replies)

[<Fact>]
let ``the cultures of the test are strange ones`` () =
    Assert.Equal("1,5", (1.5).ToString(CultureInfo "de-DE"))
    Assert.NotEqual<string>("I", "i".ToUpper(CultureInfo "tr-TR"))
    Assert.NotEqual<string>("-1", (-1).ToString(CultureInfo "sv-SE"))

[<Fact>]
let ``another seed of chance draws other fields`` () =
    let drawn (seed: uint64) =
        let evaluator = Evaluator(1UL, seed)

        for number in 1..50 do
            evaluator.Run("HSET", "h", $"{number}", "") |> ignore

        [ for _ in 1..10 -> evaluator.Run("HRANDFIELD", "h") ]

    Assert.Equal<Reply list>(drawn 1UL, drawn 1UL)
    Assert.NotEqual<Reply list>(drawn 1UL, drawn 2UL)
