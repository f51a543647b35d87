module RedisClone.Protocol.Tests.CrcTests

open System
open System.Buffers.Binary
open FsCheck.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open Xunit

let private crc64 (bytes: byte[]) = Crc.crc64 (0UL, bytes.AsSpan())
let private crc32c (bytes: byte[]) = Crc.crc32c (0u, bytes.AsSpan())

/// The definition of a reflected CRC: one bit at a time.
let inline private bitwise polynomial one start (bytes: byte[]) widen =
    let mutable crc = start

    for value in bytes do
        crc <- crc ^^^ widen value

        for _ in 1..8 do
            crc <-
                if crc &&& one = one then
                    (crc >>> 1) ^^^ polynomial
                else
                    crc >>> 1

    crc

[<Fact>]
let ``the nine digits have the published checksums`` () =
    Assert.Equal(0xE9C6D914C4B8D9CAUL, crc64 "123456789"B)
    Assert.Equal(0xE3069283u, crc32c "123456789"B)

[<Fact>]
let ``nothing has checksum zero`` () =
    Assert.Equal(0UL, crc64 [||])
    Assert.Equal(0u, crc32c [||])

[<RepeatableProperty>]
let ``checksums are what their polynomials say`` (bytes: byte[]) =
    crc64 bytes = bitwise 0x95AC9329AC4BC9B5UL 1UL 0UL bytes uint64
    && crc32c bytes = ~~~(bitwise 0x82F63B78u 1u 0xFFFFFFFFu bytes uint32)

[<RepeatableProperty>]
let ``a checksum can be taken in pieces`` (a: byte[]) (b: byte[]) =
    let whole = Array.append a b

    Crc.crc64 (crc64 a, b.AsSpan()) = crc64 whole
    && Crc.crc32c (crc32c a, b.AsSpan()) = crc32c whole

[<Collection("oracle")>]
type CrcAgainstOracle(oracle: Oracle) =
    [<OracleProperty>]
    member _.``DUMP ends with the checksum of what is before``(value: byte[]) =
        let key = Bytes.ofString "dumped"

        let replies =
            oracle.Pipeline [ [| Bytes.ofString "SET"; key; value |]; [| Bytes.ofString "DUMP"; key |] ]

        match replies with
        | [ _; OracleReply.Bulk dump ] ->
            let body = dump.Length - 8
            Crc.crc64 (0UL, dump.AsSpan(0, body)) = BinaryPrimitives.ReadUInt64LittleEndian(ReadOnlySpan(dump, body, 8))
        | _ -> false
