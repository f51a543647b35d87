namespace RedisClone.Protocol

open System
open System.Buffers.Binary

/// The checksum that Redis puts behind its files. It can be taken piecewise: the result for one piece is the `seed` for the next, 0 at the start.
[<RequireQualifiedAccess>]
module Crc =

    /// The polynomial of CRC-64 Jones, 0xAD93D23594C935A9, with its bits reversed.
    [<Literal>]
    let private Polynomial = 0x95AC9329AC4BC9B5UL

    /// Eight tables of 256: entry `b` of table `k` is what byte `b` contributes after `k` more bytes.
    let private table: uint64[] =
        let entries = Array.zeroCreate 2048

        for value in 0..255 do
            let mutable crc = uint64 value

            for _ in 1..8 do
                crc <- (crc >>> 1) ^^^ (if crc &&& 1UL = 1UL then Polynomial else 0UL)

            entries[value] <- crc

        for i in 256..2047 do
            let before = entries[i - 256]
            entries[i] <- entries[int (byte before)] ^^^ (before >>> 8)

        entries

    let inline private entry (k: int) (value: uint64) = table[(k <<< 8) + int (byte value)]

    /// CRC-64 Jones, reflected, as RDB files and DUMP end with.
    let crc64 (seed: uint64, bytes: ReadOnlySpan<byte>) : uint64 =
        let mutable crc = seed
        let mutable at = 0

        while bytes.Length - at >= 8 do
            let word = crc ^^^ BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice at)

            crc <-
                entry 7 word
                ^^^ entry 6 (word >>> 8)
                ^^^ entry 5 (word >>> 16)
                ^^^ entry 4 (word >>> 24)
                ^^^ entry 3 (word >>> 32)
                ^^^ entry 2 (word >>> 40)
                ^^^ entry 1 (word >>> 48)
                ^^^ entry 0 (word >>> 56)

            at <- at + 8

        while at < bytes.Length do
            crc <- entry 0 (crc ^^^ uint64 bytes[at]) ^^^ (crc >>> 8)
            at <- at + 1

        crc
