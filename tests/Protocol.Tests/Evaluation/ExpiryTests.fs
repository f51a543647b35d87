/// Keys that are due: when they go, what is logged, and what may be seen of them until then.
module RedisClone.Protocol.Tests.Evaluation.ExpiryTests

open System
open RedisClone.Protocol
open Xunit

[<Law(300)>]
let ``removing what is due removes exactly that, and logs a DEL or HDEL for each``
    (Steps steps)
    (FsCheck.NonNegativeInt most)
    =
    let live = Evaluator()
    live.DoAll steps |> ignore
    live.Do(Advance 1_500L) |> ignore
    let before = live.Contents
    let due = Contents.due live.Call.Now before
    live.Journal.LoggedDatabase <- -1
    let effect = live.Do(ExpireDue most)
    let removed = min most due.Count
    Assert.Equal(Reply.Integer(int64 removed), effect.Answers.Head.Reply)

    let deleted =
        Log.commands effect.Journal
        |> List.map (fun (database, words) ->
            match words with
            | [ "DEL"; key ] -> database, key, None
            | [ "HDEL"; key; field ] -> database, key, Some field
            | other -> failwith $"%A{other} is logged")

    Assert.Equal(removed, deleted.Length)
    Assert.Equal(removed, (set deleted).Count)
    Assert.True(Set.isSubset (set deleted) due)
    Contents.expectSame (Contents.without (set deleted) before) live.Contents

[<Law(100)>]
let ``a key that is due is never seen`` (Steps steps) (resp3: bool) =
    let protocol = if resp3 then 3 else 2
    let lazy' = Evaluator(Protocol = protocol)
    let eager = Evaluator(Protocol = protocol, IsEager = true)
    let taken = [ Freedom.Order; Freedom.Chance; Freedom.Cursor; Freedom.Count ]

    let commandsOnly =
        steps
        |> List.filter (fun step ->
            match step with
            | ExpireDue _ -> false
            | _ -> true)

    for step in commandsOnly do
        Normalisation.expectSameAnswers taken (eager.Do step) (lazy'.Do step)

    for evaluator in [ lazy'; eager ] do
        evaluator.Do(ExpireDue Int32.MaxValue) |> ignore

    Contents.expectSame eager.Contents lazy'.Contents

[<Law(100)>]
let ``nothing expires while a log is loaded`` (Steps steps) (Steps later) =
    let live = Evaluator()
    live.DoAll steps |> ignore
    live.Call.Loading <- true
    live.Call.Now <- live.Call.Now + 100_000L
    let before = live.Contents
    let due = Contents.due live.Call.Now before

    for step in later do
        match step with
        | Request request when Evaluator.IsReadOnly request.Arguments -> Assert.Empty((live.Do step).Journal)
        | Select _ -> live.Do step |> ignore
        | _ -> ()

    Contents.expectSame before live.Contents

    for database, key, field in due do
        live.SelectDatabase database
        Assert.Equal(Reply.Integer 1L, live.Run("EXISTS", key))

        match field with
        | Some field -> Assert.Equal(Reply.Integer 1L, live.Run("HEXISTS", key, field))
        | None -> ()

/// A read-only look at a key, by the name of the command.
let private looks =
    [
        [ "GET"; "k" ]
        [ "TYPE"; "k" ]
        [ "TTL"; "k" ]
        [ "EXISTS"; "k" ]
        [ "STRLEN"; "k" ]
        [ "RANDOMKEY" ]
        [ "OBJECT"; "ENCODING"; "k" ]
    ]

[<Fact>]
let ``a look at a key in the millisecond of its deadline removes it and logs that`` () =
    for look in looks do
        let live = Evaluator()
        live.Run("SET", "k", "v", "PX", "10") |> ignore
        live.Do(Advance 9L) |> ignore
        live.Run(Array.ofList look) |> ignore
        Assert.Equal(1, live.Contents[0].Count)
        live.Do(Advance 1L) |> ignore
        live.Journal.LoggedDatabase <- -1
        let effect = live.Do(Request { Words = look })
        Assert.Equal<(int * string list) list>([ 0, [ "DEL"; "k" ] ], Log.commands effect.Journal)
        Assert.Empty live.Contents[0]

[<Fact>]
let ``a key that is due and goes in the midst of a command does not disturb the others`` () =
    // Removing the long string repacks its page and merges it with another; which keys share a page, the seed decides.
    for hashSeed in 1UL .. 60UL do
        for words in [ [| "LCS"; "due"; "stays" |]; [| "LCS"; "stays"; "due" |] ] do
            let live = Evaluator(hashSeed, 2UL)
            let keys = [| for number in 1..90 -> $"k{number}" |]
            live.Run("SET", "due", String('v', 600), "PX", "1") |> ignore
            live.Run("SET", "stays", "v") |> ignore

            for key in keys do
                live.Run("SET", key, String('v', 60)) |> ignore

            live.Run(Array.append [| "DEL" |] keys[23..]) |> ignore
            live.Do(Advance 1L) |> ignore
            Assert.Equal(Reply.Bulk [||], live.Run words)
