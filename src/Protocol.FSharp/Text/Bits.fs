namespace RedisClone.Protocol

open System
open System.Numerics
open System.Runtime.InteropServices

/// Strings as arrays of bits. Bit 0 is the highest of the first byte.
[<RequireQualifiedAccess>]
module Bits =
    /// How many bits of some bytes are set.
    let count (bytes: ReadOnlySpan<byte>) : int64 =
        let words = MemoryMarshal.Cast<byte, uint64> bytes
        let mutable total = 0L

        for i in 0 .. words.Length - 1 do
            total <- total + int64 (BitOperations.PopCount words[i])

        for i in words.Length * 8 .. bytes.Length - 1 do
            total <- total + int64 (BitOperations.PopCount(uint32 bytes[i]))

        total

    /// How many bits are set from one to another, both counted. There must be such bits.
    let countBetween (bytes: ReadOnlySpan<byte>) (first: int64) (last: int64) : int64 =
        let from = int (first >>> 3)
        let upTo = int (last >>> 3)
        let before = uint32 bytes[from] &&& ~~~(0xFFu >>> int (first &&& 7L))
        let behind = uint32 bytes[upTo] &&& (0x7Fu >>> int (last &&& 7L))

        count (bytes.Slice(from, upTo - from + 1))
        - int64 (BitOperations.PopCount before)
        - int64 (BitOperations.PopCount behind)

    let get (bytes: ReadOnlySpan<byte>) (index: int64) : bool =
        let at = index >>> 3

        at < int64 bytes.Length
        && (bytes[int at] >>> (7 - int (index &&& 7L))) &&& 1uy = 1uy

    let set (bytes: Span<byte>) (index: int64) (bit: bool) =
        let mask = 0x80uy >>> int (index &&& 7L)
        let target = &bytes[int (index >>> 3)]
        target <- if bit then target ||| mask else target &&& ~~~mask

    /// The first bit of a kind from one to another, both counted; -1 if there is none. There must be such bits.
    let find (bytes: ReadOnlySpan<byte>) (first: int64) (last: int64) (bit: bool) : int64 =
        // Bytes that are not all of the other kind, with those bits of the other kind that lie before the first.
        let other = if bit then 0uy else 0xFFuy
        let from = int (first >>> 3)
        let rest = bytes.Slice(from, int (last >>> 3) - from + 1)
        let head = 0xFFuy >>> int (first &&& 7L)
        let start = (rest[0] ^^^ other) &&& head

        let at =
            if start <> 0uy then 0
            elif rest.Length = 1 then -1
            else rest.Slice(1).IndexOfAnyExcept other + 1

        if at < 0 || (at = 0 && start = 0uy) then
            -1L
        else
            let found = if at = 0 then start else rest[at] ^^^ other

            let index =
                int64 (from + at) * 8L
                + int64 (BitOperations.LeadingZeroCount(uint32 found) - 24)

            if index > last then -1L else index

    /// A number of up to 64 bits, the highest first; bits beyond the bytes are 0.
    let getField (bytes: ReadOnlySpan<byte>) (index: int64) (bits: int) : uint64 =
        let from = index >>> 3
        let skipped = int (index &&& 7L)
        let beyond = skipped + bits - 64
        let mutable window = 0UL

        for i in 0L .. 7L do
            let at = from + i

            let next =
                if at < int64 bytes.Length then
                    uint64 bytes[int at]
                else
                    0UL

            window <- (window <<< 8) ||| next

        let field = (window <<< skipped) >>> (64 - bits)

        if beyond > 0 && from + 8L < int64 bytes.Length then
            field ||| (uint64 bytes[int from + 8] >>> (8 - beyond))
        else
            field

    /// Writes the lowest bits of a number; the bytes must reach that far.
    let setField (bytes: Span<byte>) (index: int64) (bits: int) (value: uint64) =
        for i in 0 .. bits - 1 do
            set bytes (index + int64 i) ((value >>> (bits - 1 - i)) &&& 1UL = 1UL)

    /// Applies an operation of vectors and of bytes to a target and a source of the same length.
    let inline private fold
        (target: Span<byte>)
        (source: ReadOnlySpan<byte>)
        ([<InlineIfLambda>] onVectors: Vector<byte> -> Vector<byte> -> Vector<byte>)
        ([<InlineIfLambda>] onBytes: byte -> byte -> byte)
        =
        let targets = MemoryMarshal.Cast<byte, Vector<byte>> target
        let sources = MemoryMarshal.Cast<byte, Vector<byte>> source

        for i in 0 .. targets.Length - 1 do
            targets[i] <- onVectors targets[i] sources[i]

        for i in targets.Length * Vector<byte>.Count .. target.Length - 1 do
            target[i] <- onBytes target[i] source[i]

    let andWith (target: Span<byte>) (source: ReadOnlySpan<byte>) =
        fold target source (fun a b -> a &&& b) (fun a b -> a &&& b)

    let orWith (target: Span<byte>) (source: ReadOnlySpan<byte>) =
        fold target source (fun a b -> a ||| b) (fun a b -> a ||| b)

    let xorWith (target: Span<byte>) (source: ReadOnlySpan<byte>) =
        fold target source (fun a b -> a ^^^ b) (fun a b -> a ^^^ b)

    /// Takes the bits away that the source has.
    let without (target: Span<byte>) (source: ReadOnlySpan<byte>) =
        fold target source (fun a b -> Vector.AndNot(a, b)) (fun a b -> a &&& ~~~b)

    /// Leaves the bits that the source has and the target has not.
    let butOf (target: Span<byte>) (source: ReadOnlySpan<byte>) =
        fold target source (fun a b -> Vector.AndNot(b, a)) (fun a b -> b &&& ~~~a)

    let invert (target: Span<byte>) =
        for i in 0 .. target.Length - 1 do
            target[i] <- ~~~target[i]
