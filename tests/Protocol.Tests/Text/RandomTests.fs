module RedisClone.Protocol.Tests.RandomTests

open FsCheck.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open Xunit

let private take (count: int) (generator: SplitMix64) =
    let mutable random = generator
    let numbers = Array.zeroCreate count

    for i in 0 .. count - 1 do
        numbers[i] <- random.Next()

    numbers

/// How far counts are from being equal, in standard deviations of the chi-square distribution.
let private deviation (counts: int[]) =
    let expected = double (Array.sum counts) / double counts.Length

    let chiSquare =
        counts |> Array.sumBy (fun count -> (double count - expected) ** 2.0 / expected)

    let freedom = double (counts.Length - 1)
    (chiSquare - freedom) / sqrt (2.0 * freedom)

[<Fact>]
let ``the numbers are those of SplitMix64`` () =
    let expected =
        [|
            6457827717110365317UL
            3203168211198807973UL
            9817491932198370423UL
            4593380528125082431UL
            16408922859458223821UL
        |]

    Assert.Equal<uint64[]>(expected, take 5 (SplitMix64 1234567UL))

[<RepeatableProperty>]
let ``the same seed gives the same numbers and another seed others`` (seed: uint64) (other: uint64) =
    take 10 (SplitMix64 seed) = take 10 (SplitMix64 seed)
    && (seed = other || take 10 (SplitMix64 seed) <> take 10 (SplitMix64 other))

[<RepeatableProperty(MaxTest = 1000)>]
let ``a number below a bound is below it`` (seed: uint64) =
    let mutable random = SplitMix64 seed
    let bound = (random.Next() >>> int (random.Below 64UL)) ||| 1UL
    random.Below bound < bound && random.Below 1UL = 0UL

[<Fact>]
let ``nothing is below zero`` () =
    Assert.Throws<System.ArgumentException>(fun () ->
        let mutable random = SplitMix64 1UL
        random.Below 0UL |> ignore)

[<Theory>]
[<InlineData(2)>]
[<InlineData(10)>]
[<InlineData(64)>]
[<InlineData(1000)>]
let ``all numbers below a bound are equally likely`` (bound: int) =
    let mutable random = SplitMix64 20260117UL
    let counts = Array.zeroCreate<int> bound

    for _ in 1 .. 100 * bound + 10_000 do
        let value = int (random.Below(uint64 bound))
        counts[value] <- counts[value] + 1

    Assert.InRange(deviation counts, -4.0, 4.0)

/// Scaling 2^64 draws to three quarters of that many results gives every third result two draws, unless draws are refused.
[<Fact>]
let ``a bound that 64 bits do not divide by makes no number likelier`` () =
    let mutable random = SplitMix64 20260117UL
    let counts = Array.zeroCreate<int> 3

    for _ in 1..30_000 do
        let value = int (random.Below(3UL <<< 62) % 3UL)
        counts[value] <- counts[value] + 1

    Assert.InRange(deviation counts, -4.0, 4.0)

[<RepeatableProperty>]
let ``a split generator and its origin share no numbers`` (seed: uint64) =
    let mutable random = SplitMix64 seed
    let mutable first = random.Split()
    let second = first.Split()
    let numbers = Array.concat [ take 500 random; take 500 first; take 500 second ]
    (set numbers).Count = 1500

[<Fact>]
let ``the first numbers of many split generators are evenly spread`` () =
    let mutable random = SplitMix64 20260117UL
    let counts = Array.zeroCreate<int> 256

    for _ in 1..50_000 do
        let mutable child = random.Split()
        let value = int (child.Next() >>> 56)
        counts[value] <- counts[value] + 1

    Assert.InRange(deviation counts, -4.0, 4.0)
