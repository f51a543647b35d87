/// Texts that are, or nearly are, floating point numbers, chosen to be hard to read: ties between two neighbours, the
/// limits of formats, long digits, odd spellings, and damaged ones.
module RedisClone.Protocol.Tests.FloatTexts

open System
open System.Numerics
open FsCheck
open FsCheck.FSharp

/// One such text.
type FloatText =
    | FloatText of string

    override this.ToString() =
        let (FloatText text) = this
        text

let private digits (lengthMin: int) (lengthMax: int) =
    Gen.choose (lengthMin, lengthMax)
    |> Gen.bind (fun length -> Gen.listOfLength length (Gen.elements [ '0' .. '9' ]))
    |> Gen.map (fun chars -> String(Array.ofList chars))

let private sign = Gen.elements [ ""; ""; ""; "-"; "-"; "+" ]

let private mantissa (lengthMax: int) =
    Gen.oneof
        [
            digits 1 lengthMax
            Gen.map2 (fun whole fraction -> $"{whole}.{fraction}") (digits 1 lengthMax) (digits 0 lengthMax)
            Gen.map (fun fraction -> $".{fraction}") (digits 1 lengthMax)
            Gen.map2 (fun zeros rest -> "0." + String('0', zeros) + rest) (Gen.choose (0, 30)) (digits 1 lengthMax)
        ]

/// Exponents: small, around the limits of doubles and of extended numbers, anywhere between, and absurd.
let private exponent =
    Gen.frequency
        [
            6, Gen.choose (-25, 25)
            2, Gen.choose (-340, 320)
            1, Gen.choose (-330, -300)
            1, Gen.choose (300, 312)
            1, Gen.choose (4900, 4935)
            1, Gen.choose (-4975, -4930)
            1, Gen.choose (-5200, 5200)
            1, Gen.elements [ 2000000000; -2000000000; 0 ]
        ]

let private scientific =
    Gen.map3
        (fun text mark power -> $"{text}{mark}{power}")
        (mantissa 20)
        (Gen.elements [ "e"; "E"; "e"; "e" ])
        exponent

let private hexadecimal =
    let hex lengthMin lengthMax =
        Gen.choose (lengthMin, lengthMax)
        |> Gen.bind (fun length -> Gen.listOfLength length (Gen.elements (List.ofSeq "0123456789abcdefABCDEF08")))
        |> Gen.map (fun chars -> String(Array.ofList chars))

    let power =
        Gen.frequency
            [
                6, Gen.map string (Gen.choose (-70, 70))
                2, Gen.map string (Gen.choose (-1150, 1030))
                2, Gen.map string (Gen.choose (-16520, 16400))
                1, Gen.elements [ "99999999999999999999"; "-99999999999999999999"; "+0"; "" ]
            ]

    gen {
        let! mark = Gen.elements [ "0x"; "0X" ]
        let! whole = hex 0 40

        let! fraction =
            Gen.oneof [ Gen.constant ""; Gen.map (fun text -> "." + text) (hex 0 40) ]

        let! exponent = Gen.oneof [ Gen.constant ""; Gen.map (fun text -> "p" + text) power ]
        return mark + whole + fraction + exponent
    }

/// The exact decimal digits of a number half way between two of `precision` bits, or next to it.
let private nearTie =
    gen {
        let! precision = Gen.elements [ 53; 64 ]
        let! bits = Gen.choose64 (0L, Int64.MaxValue)

        let significand =
            (BigInteger.One <<< (precision - 1)) ||| (BigInteger bits >>> (64 - precision))

        let! power = Gen.frequency [ 4, Gen.choose (-90, 90); 1, Gen.choose (-1130, 980) ]
        let odd = significand * BigInteger 2 + BigInteger.One

        let exact, exponent =
            if power >= 0 then
                odd * BigInteger.Pow(BigInteger 2, power), 0
            else
                odd * BigInteger.Pow(BigInteger 5, -power), power

        let! zeros = Gen.choose (1, 900)
        let scale = BigInteger.Pow(BigInteger 10, zeros)
        let! side = Gen.choose (-1, 1)

        return
            if side = 0 then
                $"{exact}e{exponent}"
            else
                $"{exact * scale + BigInteger side}e{exponent - zeros}"
    }

/// The limits themselves: largest, smallest, half of the smallest, powers of two at which spacing changes.
let private special =
    Gen.elements
        [
            "inf"
            "-inf"
            "+INF"
            "infinity"
            "-Infinity"
            "infinit"
            "nan"
            "-nan"
            "nan(1)"
            ""
            "."
            "-"
            "+"
            "e5"
            ".e5"
            "1e"
            "1e+"
            "0x"
            "0x."
            "0x.p1"
            "0x1p"
            "-0"
            "0"
            "0e99999999999999999999"
            "1e99999999999999999999"
            "1e-99999999999999999999"
            " 1"
            "1 "
            "1\000"
            "1_0"
            "1,5"
            "1.7976931348623157e308"
            "1.7976931348623158e308"
            "1.7976931348623159e308"
            "0x1.fffffffffffff7p1023"
            "0x1.fffffffffffff8p1023"
            "2.2250738585072011e-308"
            "2.2250738585072014e-308"
            "4.9406564584124654e-324"
            "2.4703282292062327e-324"
            "2.4703282292062328e-324"
            "0x1p-1074"
            "0x1p-1075"
            "0x1.0000001p-1075"
            "1.18973149535723176502e4932"
            "1.18973149535723176506e4932"
            "1.18973149535723176509e4932"
            "0x1.fffffffffffffffep16383"
            "0x1.fffffffffffffffefp16383"
            "0x1.ffffffffffffffffp16383"
            "3.36210314311209350626e-4932"
            "3.6e-4951"
            "1.82e-4951"
            "1.83e-4951"
            "0x1p-16445"
            "0x1p-16446"
            "0x1.00000001p-16446"
            "9223372036854775807"
            "-9223372036854775808"
            "18446744073709551615"
            "18446744073709551616"
            "36893488147419103233"
            "9007199254740993"
            "99999999999999999.5"
            "0.000000000000000005"
            "0.0000000000000000050000000000001"
            "0x1p-18"
            "0x3p-18"
        ]

/// Much longer than any precision needs, up to and over the limit of what Redis reads as `long double`.
let private long =
    Gen.oneof
        [
            Gen.map (fun zeros -> String('0', zeros) + "17") (Gen.choose (5100, 5130))
            Gen.map (fun nines -> String('9', nines) + "e-4000") (Gen.choose (300, 5110))
            Gen.map (fun zeros -> "0." + String('0', zeros) + $"123e{zeros}") (Gen.choose (300, 5000))
            Gen.map (fun zeros -> "123" + String('0', zeros) + $"e-{zeros}") (Gen.choose (300, 5000))
            digits 300 800
            mantissa 300
        ]

let private plain =
    Gen.frequency
        [
            4, Gen.map string (Gen.choose (-1000000, 1000000))
            2, Gen.map string (Gen.choose64 (Int64.MinValue, Int64.MaxValue))
            6, mantissa 20
            6, scientific
            3, hexadecimal
            4, nearTie
            3, special
            1, long
        ]

let private damaged =
    Gen.map3
        (fun (text: string) (at: int) (extra: string) -> text.Insert(at % (text.Length + 1), extra))
        (Gen.oneof [ mantissa 5; scientific; hexadecimal ])
        (Gen.choose (0, 50))
        (Gen.elements [ " "; "-"; "+"; "."; "e"; "x"; "p"; "\000"; "\n"; "f"; "0"; "\255"; "inf" ])

let private text =
    Gen.frequency
        [
            9, Gen.map2 (fun mark (body: string) -> if body.StartsWith '-' then body else mark + body) sign plain
            1, damaged
        ]

/// Smaller texts: without one of the bytes.
let private shrink (FloatText text) =
    seq {
        if text.Length > 64 then
            yield FloatText(text.Remove(text.Length / 2))
            yield FloatText(text.Substring(text.Length / 2))
        else
            for i in 0 .. text.Length - 1 do
                yield FloatText(text.Remove(i, 1))
    }

type Arbitraries =
    static member FloatTexts() : Arbitrary<FloatText> =
        Arb.fromGenShrink (Gen.map FloatText text, shrink)
