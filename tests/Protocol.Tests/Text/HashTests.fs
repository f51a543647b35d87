module RedisClone.Protocol.Tests.HashTests

open System
open FsCheck.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open Xunit

let private hash (seed: uint64) (bytes: byte[]) =
    let secret = Hash.secretOfSeed seed
    Hash.ofBytes (&secret, bytes.AsSpan())

[<RepeatableProperty>]
let ``equal bytes have equal hashes wherever they are`` (seed: uint64) (before: byte[]) (bytes: byte[]) =
    let secret = Hash.secretOfSeed seed
    let shifted = Array.append before bytes
    Hash.ofBytes (&secret, shifted.AsSpan before.Length) = hash seed bytes

[<RepeatableProperty>]
let ``another secret gives another hash`` (bytes: byte[]) = hash 1UL bytes <> hash 2UL bytes

[<Fact>]
let ``every bit of every byte counts, at all lengths`` () =
    for length in 1..100 do
        let bytes = Array.init length byte
        let whole = hash 7UL bytes

        for bit in 0 .. length * 8 - 1 do
            bytes[bit / 8] <- bytes[bit / 8] ^^^ (1uy <<< bit % 8)
            Assert.NotEqual(whole, hash 7UL bytes)
            bytes[bit / 8] <- bytes[bit / 8] ^^^ (1uy <<< bit % 8)

[<Fact>]
let ``the length counts even where all bytes are zero`` () =
    let hashes = [ for length in 0..100 -> hash 7UL (Array.zeroCreate length) ]
    Assert.Equal(101, (set hashes).Count)

/// Numbered keys must spread evenly over both the upper and the lower bits: those choose segment, slot and tag.
[<Theory>]
[<InlineData(0, 7)>]
[<InlineData(54, 7)>]
[<InlineData(0, 16)>]
[<InlineData(54, 16)>]
[<InlineData(0, 40)>]
[<InlineData(54, 40)>]
let ``numbered keys spread evenly over the buckets of ten bits`` (shift: int, length: int) =
    let keys, buckets = 200_000, 1024
    let counts = Array.zeroCreate<int> buckets

    for i in 1..keys do
        let bucket =
            int (hash 42UL (Bytes.ofString ((string i).PadLeft(length, '0'))) >>> shift)
            &&& (buckets - 1)

        counts[bucket] <- counts[bucket] + 1

    let expected = double keys / double buckets

    let chiSquare =
        counts |> Array.sumBy (fun count -> (double count - expected) ** 2.0 / expected)
    // 1023 degrees of freedom: mean 1023, standard deviation 45.
    Assert.InRange(chiSquare, 1023.0 - 5.0 * 45.2, 1023.0 + 5.0 * 45.2)
