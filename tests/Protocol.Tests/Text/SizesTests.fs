module RedisClone.Protocol.Tests.SizesTests

open System
open Xunit
open FsCheck
open FsCheck.FSharp
open RedisClone.Protocol

let private parse (text: string) =
    let mutable size = 0UL

    if Sizes.tryParse ((Bytes.ofString text).AsSpan(), &size) then
        ValueSome size
    else
        ValueNone

[<Theory>]
[<InlineData("", 0UL)>]
[<InlineData("0", 0UL)>]
[<InlineData("007", 7UL)>]
[<InlineData("5b", 5UL)>]
[<InlineData("1k", 1000UL)>]
[<InlineData("1kb", 1024UL)>]
[<InlineData("100mb", 104857600UL)>]
[<InlineData("2M", 2000000UL)>]
[<InlineData("1gB", 1073741824UL)>]
[<InlineData("1G", 1000000000UL)>]
[<InlineData("18446744073709551615", 18446744073709551615UL)>]
[<InlineData("99999999999999999999999", 18446744073709551615UL)>]
[<InlineData("17179869183gb", 18446744072635809792UL)>]
let ``sizes are read with their units`` (text: string, expected: uint64) =
    Assert.Equal(ValueSome expected, parse text)

[<Theory>]
[<InlineData("-1")>]
[<InlineData("+1")>]
[<InlineData(" 1")>]
[<InlineData("1 kb")>]
[<InlineData("1.5k")>]
[<InlineData("1t")>]
[<InlineData("1kbb")>]
[<InlineData("5%")>]
[<InlineData("1\000")>]
let ``what is no size is refused`` (text: string) = Assert.Equal(ValueNone, parse text)

[<Theory>]
[<InlineData("17179869184gb")>]
[<InlineData("18446744073709551615k")>]
[<InlineData("99999999999999999999999gb")>]
let ``a size beyond 64 bits is refused instead of wrapped around`` (text: string) = Assert.Equal(ValueNone, parse text)

[<Fact>]
let ``the number of digits is limited`` () =
    Assert.Equal(ValueSome 1024UL, parse (String('0', Sizes.DigitsMax - 1) + "1kb"))
    Assert.Equal(ValueNone, parse (String('0', Sizes.DigitsMax) + "1"))

/// Digits and a unit that stay below 64 bits together, or digits without a unit, or either with one byte too many.
let private sizeTexts =
    let digits (lengthMax: int) =
        Gen.choose (0, lengthMax)
        |> Gen.bind (fun length -> Gen.listOfLength length (Gen.elements [ '0' .. '9' ]))
        |> Gen.map (fun chars -> String(Array.ofList chars))

    let withUnit =
        Gen.map2
            (fun number unit -> number + unit)
            (digits 9)
            (Gen.elements [ "b"; "B"; "k"; "Kb"; "m"; "mB"; "g"; "GB"; "t"; "kk"; "%"; "x" ])

    let misplaced =
        Gen.map3
            (fun (text: string) (at: int) (extra: string) -> text.Insert(at % (text.Length + 1), extra))
            withUnit
            (Gen.choose (0, 20))
            (Gen.elements [ "-"; "+"; " "; "."; "k"; "b"; "\t" ])

    Gen.frequency [ 4, withUnit; 3, digits 25; 1, digits 130; 2, misplaced ]

type SizeTexts =
    static member Texts() : Arbitrary<string> = Arb.fromGen sizeTexts

[<Collection("oracle")>]
type SizesAgainstOracle(oracle: Oracle) =

    [<OracleProperty(Arbitrary = [| typeof<SizeTexts> |], MaxTest = 500)>]
    member _.``sizes are read as a real server reads its configuration``(text: string) =
        let name = "auto-aof-rewrite-min-size"
        let reply = oracle.Call("CONFIG", "SET", name, text)
        let stored = oracle.Call("CONFIG", "GET", name)

        match parse text with
        | ValueSome size when size <= uint64 Int64.MaxValue ->
            let expected =
                [ name; string size ] |> List.map (Bytes.ofString >> OracleReply.Bulk)

            reply = OracleReply.Simple "OK" && stored = OracleReply.Array expected
        | _ -> reply.IsError
