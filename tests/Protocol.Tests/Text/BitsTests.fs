/// Strings of bits against lists of them.
module RedisClone.Protocol.Tests.Text.BitsTests

open System
open FsCheck.FSharp
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open Xunit

/// Bytes with long stretches of one kind of bit, and a place in them.
type Place =
    { Bytes: byte[]; First: int; Last: int }

type Places =
    static member Place() =
        gen {
            let! stretches =
                Gen.choose (1, 5)
                |> Gen.bind (fun count ->
                    Gen.listOfLength count (Gen.zip (Gen.elements [ 0; 255; 255; 0; 5; 160 ]) (Gen.choose (1, 20))))

            let bytes =
                [|
                    for value, length in stretches do
                        yield! Array.replicate length (byte value)
                |]

            let! first = Gen.choose (0, bytes.Length * 8 - 1)
            let! last = Gen.choose (first, bytes.Length * 8 - 1)

            return
                {
                    Bytes = bytes
                    First = first
                    Last = last
                }
        }
        |> Arb.fromGen

type BitLawAttribute() as this =
    inherit RepeatablePropertyAttribute()

    do
        this.Arbitrary <- [| typeof<Places> |]
        this.MaxTest <- 500 * LongRun.times

/// The bits of some bytes, one by one.
let private bitsOf (bytes: byte[]) =
    [
        for value in bytes do
            for shift in 7..-1..0 -> (value >>> shift) &&& 1uy = 1uy
    ]

[<BitLaw>]
let ``bits are counted and found one by one`` (place: Place) =
    let bits = bitsOf place.Bytes
    let part = bits[place.First .. place.Last]
    let number = part |> List.filter id |> List.length

    Assert.Equal(
        int64 number,
        Bits.countBetween (ReadOnlySpan<byte> place.Bytes) (int64 place.First) (int64 place.Last)
    )

    Assert.Equal(int64 (bits |> List.filter id |> List.length), Bits.count (ReadOnlySpan<byte> place.Bytes))

    for kind in [ false; true ] do
        let expected =
            match List.tryFindIndex ((=) kind) part with
            | Some index -> int64 (place.First + index)
            | None -> -1L

        Assert.Equal(expected, Bits.find (ReadOnlySpan<byte> place.Bytes) (int64 place.First) (int64 place.Last) kind)

[<BitLaw>]
let ``a field is the bits that it is made of, and writing one leaves the others`` (place: Place) (value: uint64) =
    let width = min 64 (place.Last - place.First + 1)
    let bits = bitsOf place.Bytes

    let number =
        List.fold
            (fun number bit -> (number <<< 1) ||| (if bit then 1UL else 0UL))
            0UL
            bits[place.First .. place.First + width - 1]

    Assert.Equal(number, Bits.getField (ReadOnlySpan<byte> place.Bytes) (int64 place.First) width)
    let copy = Array.copy place.Bytes
    Bits.setField (Span<byte> copy) (int64 place.First) width value

    let written =
        bits
        |> List.mapi (fun i bit ->
            if i < place.First || i >= place.First + width then
                bit
            else
                (value >>> (width - 1 - (i - place.First))) &&& 1UL = 1UL)

    Assert.Equal<bool list>(written, bitsOf copy)

[<Fact>]
let ``a field that reaches beyond the bytes goes on with zeros`` () =
    let bytes = [| 0xFFuy; 0xFFuy |]

    let field index bits =
        Bits.getField (ReadOnlySpan<byte> bytes) index bits

    Assert.Equal(0xFF00UL, field 8L 16)
    Assert.Equal(0UL, field 16L 64)
    Assert.Equal(0x8000000000000000UL, field 15L 64)
    Assert.Equal(0UL, field 4_000_000_000L 8)

[<BitLaw>]
let ``strings are combined bit by bit`` (first: Place) (second: Place) =
    let length = min first.Bytes.Length second.Bytes.Length
    let left = Array.truncate length first.Bytes
    let right = Array.truncate length second.Bytes

    let check (expected: byte -> byte -> byte) (actual: byte[]) =
        Assert.Equal<byte>(Array.map2 expected left right, actual)

    let target = Array.copy left
    Bits.andWith (Span<byte> target) (ReadOnlySpan<byte> right)
    check (&&&) target
    left.CopyTo(target, 0)
    Bits.orWith (Span<byte> target) (ReadOnlySpan<byte> right)
    check (|||) target
    left.CopyTo(target, 0)
    Bits.xorWith (Span<byte> target) (ReadOnlySpan<byte> right)
    check (^^^) target
    left.CopyTo(target, 0)
    Bits.without (Span<byte> target) (ReadOnlySpan<byte> right)
    check (fun a b -> a &&& ~~~b) target
    left.CopyTo(target, 0)
    Bits.butOf (Span<byte> target) (ReadOnlySpan<byte> right)
    check (fun a b -> b &&& ~~~a) target
    left.CopyTo(target, 0)
    Bits.invert (Span<byte> target)
    check (fun a _ -> ~~~a) target
