/// Whatever the arguments, a command gives one reply and leaves the databases in order.
module RedisClone.Protocol.Tests.Evaluation.TotalityTests

open System
open RedisClone.Protocol
open Xunit

// That a reply is one whole reply in the protocol version asked for is what `Evaluator` checks of every command.

[<Law(150)>]
let ``any arguments that the arity allows give one reply`` (Steps steps) (Nonsense requests) (resp3: bool) =
    let live = Evaluator(Protocol = if resp3 then 3 else 2)
    let replica = Replayer()

    for effect in live.DoAll steps do
        replica.Replay effect.Journal

    for request in requests do
        let effect = live.Do(Request request)
        replica.Replay effect.Journal

    // Without encodings: SORT turns a sorted set into a large one, which is not logged.
    Contents.expectSame (Contents.values live.Contents) (Contents.values replica.Contents)

[<Fact>]
let ``any number of arguments that the arity allows gives one reply`` () =
    for protocol in 2..3 do
        for command in Generators.evaluated do
            let live = Evaluator(Protocol = protocol)
            live.Run("HSET", "h", "f", "1") |> ignore
            live.Run("SET", "s", "1") |> ignore

            for count in 1..20 do
                if command.Accepts count then
                    for key in [ "h"; "s"; "none" ] do
                        let names = command.FullName.Split '|'
                        let words = Array.append names (Array.create (max 0 (count - names.Length)) key)
                        live.Run words |> ignore

[<Fact>]
let ``a reply that is too long to be kept is not produced to its end`` () =
    let live = Evaluator()
    live.Run("HSET", "packed", "f", "v") |> ignore

    for number in 1..100 do
        live.Run("HSET", "table", $"{number}", "v") |> ignore

    for key in [ "packed"; "table" ] do
        Assert.Equal(Reply.Error "the reply is too long", live.Run("HRANDFIELD", key, $"{-Int32.MaxValue}"))

[<Fact>]
let ``a string does not get longer than the limit`` () =
    let live = Evaluator()
    let tooLong = Reply.Error Errors.stringTooLong
    let length = Reply.Integer Generators.StringLengthMax
    Assert.Equal(length, live.Run("SETRANGE", "s", $"{Generators.StringLengthMax - 1L}", "x"))
    Assert.Equal(tooLong, live.Run("APPEND", "s", "x"))
    Assert.Equal(tooLong, live.Run("SETRANGE", "s", $"{Generators.StringLengthMax}", "x"))
    Assert.Equal(tooLong, live.Run("SETRANGE", "s", $"{Int64.MaxValue}", "x"))
    Assert.Equal(length, live.Run("STRLEN", "s"))
