namespace RedisClone.Protocol

open System
open System.Buffers.Binary

/// The secret that makes hashes of keys unpredictable to clients, so that nobody can choose keys that collide.
[<Struct>]
type HashSecret =
    {
        First: uint64
        Second: uint64
        Third: uint64
    }

/// A fast keyed 64-bit hash of byte strings: multiply-and-fold over 16 bytes at a time, every multiplicand mixed with a
/// secret part (with public constants a client could choose bytes that make a factor zero and so collide at will).
[<RequireQualifiedAccess>]
module Hash =

    let inline private fold (a: uint64) (b: uint64) : uint64 =
        let mutable low = 0UL
        let high = Math.BigMul(a, b, &low)
        high ^^^ low

    /// Spreads a seed over a secret. Any seed will do for tests; a server takes an unpredictable one.
    let secretOfSeed (seed: uint64) : HashSecret =
        let spread (x: uint64) =
            fold (x ^^^ 0x9E3779B97F4A7C15UL) 0xD6E8FEB86659FD93UL ^^^ x

        {
            First = spread (seed + 1UL) ||| 1UL
            Second = spread (seed + 0x5851F42D4C957F2DUL) ||| 1UL
            Third = spread (seed ^^^ 0x14057B7EF767814FUL) ||| 1UL
        }

    let inline private word (bytes: ReadOnlySpan<byte>) at =
        BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice at)

    /// The first up to eight bytes as one number; the length goes in elsewhere, so padding cannot collide.
    let inline private shortWord (bytes: ReadOnlySpan<byte>) =
        if bytes.Length >= 4 then
            uint64 (BinaryPrimitives.ReadUInt32LittleEndian bytes)
            ||| (uint64 (BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(bytes.Length - 4)))
                 <<< 32)
        elif bytes.Length > 0 then
            uint64 bytes[0]
            ||| (uint64 bytes[bytes.Length >>> 1] <<< 8)
            ||| (uint64 bytes[bytes.Length - 1] <<< 16)
        else
            0UL

    /// The hash of the bytes under the secret. All 64 bits are usable.
    let ofBytes (secret: HashSecret inref, bytes: ReadOnlySpan<byte>) : uint64 =
        let length = bytes.Length

        if length <= 8 then
            let mixed =
                fold (shortWord bytes ^^^ secret.First) (uint64 length ^^^ secret.Second)

            fold (mixed ^^^ secret.Third) (secret.First + uint64 length)
        elif length <= 16 then
            let mixed =
                fold (word bytes 0 ^^^ secret.First) (word bytes (length - 8) ^^^ secret.Second)

            fold (mixed ^^^ secret.Third) (secret.First + uint64 length)
        else
            let mutable state = secret.Third ^^^ uint64 length
            let mutable at = 0

            while at + 16 < length do
                state <- fold (word bytes at ^^^ secret.First ^^^ state) (word bytes (at + 8) ^^^ secret.Second)
                at <- at + 16

            // The last sixteen bytes, overlapping what went before.
            let mixed =
                fold (word bytes (length - 16) ^^^ secret.Second ^^^ state) (word bytes (length - 8) ^^^ secret.First)

            fold (mixed ^^^ secret.Third) (secret.First + uint64 length)
