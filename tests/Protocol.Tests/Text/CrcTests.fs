module RedisClone.Protocol.Tests.CrcTests

open System
open System.Buffers.Binary
open FsCheck.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open Xunit

let private crc64 (bytes: byte[]) = Crc.crc64 (0UL, bytes.AsSpan())

/// The definition of a reflected CRC: one bit at a time.
let private bitwise (polynomial: uint64) (bytes: byte[]) =
    let mutable crc = 0UL

    for value in bytes do
        crc <- crc ^^^ uint64 value

        for _ in 1..8 do
            crc <-
                if crc &&& 1UL = 1UL then
                    (crc >>> 1) ^^^ polynomial
                else
                    crc >>> 1

    crc

[<Fact>]
let ``the nine digits have the published checksum`` () =
    Assert.Equal(0xE9C6D914C4B8D9CAUL, crc64 "123456789"B)

[<Fact>]
let ``nothing has checksum zero`` () = Assert.Equal(0UL, crc64 [||])

[<RepeatableProperty>]
let ``a checksum is what its polynomial says`` (bytes: byte[]) =
    crc64 bytes = bitwise 0x95AC9329AC4BC9B5UL bytes

[<RepeatableProperty>]
let ``a checksum can be taken in pieces`` (a: byte[]) (b: byte[]) =
    Crc.crc64 (crc64 a, b.AsSpan()) = crc64 (Array.append a b)

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
