namespace RedisClone.Protocol

open System
open System.Numerics

/// Memory sizes as redis.conf writes them: `1024`, `100b`, `64k`, `64kb`, `1gb`, without case.
[<RequireQualifiedAccess>]
module Sizes =

    /// The most digits a size may have, leading zeros included.
    [<Literal>]
    let DigitsMax = 127

    /// How many bytes a unit stands for: `k`, `m` and `g` count by 1000, `kb`, `mb` and `gb` by 1024. 0 if it is no unit.
    let private bytesOfUnit (unit: ReadOnlySpan<byte>) : uint64 =
        if unit.IsEmpty || Bytes.isWord "b" unit then 1UL
        elif Bytes.isWord "k" unit then 1000UL
        elif Bytes.isWord "kb" unit then 1UL <<< 10
        elif Bytes.isWord "m" unit then 1_000_000UL
        elif Bytes.isWord "mb" unit then 1UL <<< 20
        elif Bytes.isWord "g" unit then 1_000_000_000UL
        elif Bytes.isWord "gb" unit then 1UL <<< 30
        else 0UL

    /// Reads a size that takes all of `text`, in bytes. No digits are zero, and more than 64 bits of them are the largest
    /// number, as Redis has it; false for signs, spaces, fractions, unknown units, and more than `DigitsMax` digits.
    /// Where a unit takes the size beyond 64 bits Redis wraps around (`17179869184gb` means no limit at all): here, false.
    let tryParse (text: ReadOnlySpan<byte>, sizeBytes: byref<uint64>) : bool =
        let unitStart =
            match text.IndexOfAnyExceptInRange('0'B, '9'B) with
            | -1 -> text.Length
            | index -> index

        let mutable count = UInt128.Zero

        if unitStart <= DigitsMax then
            for i in 0 .. unitStart - 1 do
                let next = count * UInt128.op_Implicit 10uy + UInt128.op_Implicit (text[i] - '0'B)
                count <- UInt128.Min(next, UInt128.op_Implicit UInt64.MaxValue)

        let unit = bytesOfUnit (text.Slice unitStart)
        let size = count * UInt128.op_Implicit unit
        let fits = size <= UInt128.op_Implicit UInt64.MaxValue
        sizeBytes <- if fits then uint64 size else UInt64.MaxValue
        fits && unit > 0UL && unitStart <= DigitsMax
