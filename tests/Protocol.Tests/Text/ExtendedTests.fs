module RedisClone.Protocol.Tests.ExtendedTests

open System
open System.Numerics
open FsCheck.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open RedisClone.Protocol.Tests.FloatTexts
open Xunit

let private parse (text: string) =
    let mutable value = Extended.zero

    if Extended.tryParse ((Bytes.ofString text).AsSpan(), &value) then
        ValueSome value
    else
        ValueNone

let private print (value: Extended) =
    let target = Array.zeroCreate<byte> Extended.LengthMax
    let length = Extended.write (target.AsSpan(), value)
    Bytes.toString (target.AsSpan(0, length))

let private read (text: string) = (parse text).Value

/// The key's text after INCRBYFLOAT, or the error. No text is a key that does not exist.
let private increment (stored: string voption) (by: string) : Result<string, string> =
    match parse (ValueOption.defaultValue "0" stored), parse by with
    | ValueSome before, ValueSome step ->
        let sum = Extended.add before step

        if Extended.isNaN sum || Extended.isInfinite sum then
            Result.Error Errors.notFinite
        else
            Result.Ok(print sum)
    | _ -> Result.Error Errors.notFloat

[<Theory>]
[<InlineData("0.1", "0.2", "0.3")>]
[<InlineData("10.50", "0.1", "10.6")>]
[<InlineData("5.0e3", "2.0e2", "5200")>]
[<InlineData("1e22", "1", "10000000000000000000000")>]
[<InlineData("1e19", "1", "10000000000000000001")>]
[<InlineData("18446744073709551616", "1", "18446744073709551616")>]
[<InlineData("18446744073709551616", "1.5", "18446744073709551618")>]
[<InlineData("18446744073709551616", "-0.5", "18446744073709551616")>]
[<InlineData("18446744073709551616", "-0.75", "18446744073709551615")>]
[<InlineData("0x8000000000000000", "0x8000000000000001p-64", "9223372036854775809")>]
[<InlineData("0x8000000000000002", "-0x8000000000000001p-64", "9223372036854775809")>]
[<InlineData("3", "-3", "0")>]
[<InlineData("-0", "-0", "0")>]
[<InlineData("-1e-30", "0", "0")>]
[<InlineData("-6e-18", "0", "-0.00000000000000001")>]
[<InlineData("0x1p-18", "0", "0.00000381469726562")>]
[<InlineData("0x3p-18", "0", "0.00001144409179688")>]
let ``sums are those of long double`` (a: string, b: string, expected: string) =
    Assert.Equal(expected, print (Extended.add (read a) (read b)))

[<Theory>]
[<InlineData("1e5000")>]
[<InlineData("-1e4933")>]
[<InlineData("1e-5000")>]
[<InlineData("nan")>]
[<InlineData("")>]
[<InlineData(" 1")>]
[<InlineData("1x")>]
let ``what is no extended number is refused`` (text: string) = Assert.Equal(ValueNone, parse text)

[<Fact>]
let ``infinities add up to an infinity or to NaN`` () =
    let up, down, one = read "inf", read "-infinity", read "1"
    Assert.True(Extended.isInfinite (Extended.add up one))
    Assert.True(Extended.isInfinite (Extended.add one down))
    Assert.True(Extended.isNaN (Extended.add up down))
    Assert.True(Extended.isNaN (Extended.add (Extended.add up down) one))
    Assert.False(Extended.isNaN (Extended.add up up))
    Assert.Equal("-inf", print down)
    Assert.Equal("nan", print (Extended.add up down))
    let largest = read "0x1.fffffffffffffffep16383"
    Assert.False(Extended.isInfinite largest)
    Assert.True(Extended.isInfinite (Extended.add largest largest))

[<Fact>]
let ``the largest number fills the room for a text`` () =
    Assert.Equal(Extended.LengthMax, (print (read "-0x1.fffffffffffffffep16383")).Length)

[<Fact>]
let ``texts are read up to the longest`` () =
    Assert.Equal("7", print (read (String('0', Extended.TextLengthMax - 1) + "7")))
    Assert.Equal(ValueNone, parse (String('0', Extended.TextLengthMax) + "7"))

[<RepeatableProperty>]
let ``any 64-bit number is held exactly`` (seed: uint64) =
    let mutable random = SplitMix64 seed
    let value = int64 (random.Next()) >>> int (random.Below 64UL)

    print (Extended.ofInt64 value) = string value
    && parse (string value) = ValueSome(Extended.ofInt64 value)

[<RepeatableProperty(Arbitrary = [| typeof<Arbitraries> |])>]
let ``the order of two summands does not matter`` (FloatText a) (FloatText b) =
    match parse a, parse b with
    | ValueSome a, ValueSome b -> Extended.add a b = Extended.add b a
    | _ -> true

[<RepeatableProperty(Arbitrary = [| typeof<Arbitraries> |])>]
let ``zero changes nothing`` (FloatText text) =
    match parse text with
    | ValueSome value when value.Significand <> 0UL -> Extended.add value Extended.zero = value
    | _ -> true

[<RepeatableProperty(MaxTest = 1000)>]
let ``a number times a power of two prints its exact digits`` (significand: uint64) (power: uint16) =
    let exponent = int power % 16300
    let value = read $"0x{significand:X}p{exponent}"
    print value = (BigInteger significand * BigInteger.Pow(BigInteger 2, exponent)).ToString()

[<Collection("oracle")>]
type ExtendedAgainstOracle(oracle: Oracle) =
    let key, text = Bytes.ofString "number", Bytes.ofString

    let ask (first: byte[][]) (steps: string list) =
        let commands =
            [
                [| text "DEL"; key |]
                first
                for step in steps do
                    [| text "INCRBYFLOAT"; key; text step |]
            ]

        List.skip 2 (oracle.Pipeline commands)

    let predict (stored: string voption) (steps: string list) =
        let folder stored by =
            match increment stored by with
            | Result.Ok sum -> OracleReply.Bulk(text sum), ValueSome sum
            | Result.Error error -> OracleReply.Error error, stored

        fst (List.mapFold folder stored steps)

    [<OracleProperty(Arbitrary = [| typeof<Arbitraries> |], MaxTest = 400, EndSize = 20)>]
    member _.``sequences of INCRBYFLOAT answer as a real server does``(steps: FloatText list) =
        let steps = [ for FloatText step in steps -> step ]
        ask [| text "PING" |] steps = predict ValueNone steps

    [<OracleProperty(Arbitrary = [| typeof<Arbitraries> |], MaxTest = 500)>]
    member _.``any stored text and increment answer as a real server does``(FloatText stored, FloatText step) =
        ask [| text "SET"; key; text stored |] [ step ] = predict (ValueSome stored) [ step ]

    [<OracleProperty(MaxTest = 500)>]
    member _.``close magnitudes add, cancel and round as on a real server``(seed: uint64) =
        let mutable random = SplitMix64 seed

        let steps =
            [
                for _ in 1..10 do
                    // Sparse bits make sums that are nearly half way between two numbers.
                    let significand =
                        if random.Below 2UL = 0UL then
                            random.Next() >>> int (random.Below 64UL)
                        else
                            (1UL <<< 63) ||| (random.Below 2UL <<< 62) ||| random.Below 4UL

                    let sign = if random.Below 2UL = 0UL then "" else "-"
                    $"{sign}0x{significand:X}p{int (random.Below 140UL) - 70}"
            ]

        ask [| text "PING" |] steps = predict ValueNone steps
