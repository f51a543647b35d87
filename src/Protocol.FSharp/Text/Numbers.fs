namespace RedisClone.Protocol

open System
open System.Buffers.Text

/// Whole numbers as Redis reads and prints them: canonical decimal, no plus sign, no leading zeros, no spaces.
[<RequireQualifiedAccess>]
module Numbers =

    /// The most bytes a 64-bit number takes in decimal, with its sign.
    [<Literal>]
    let Int64LengthMax = 20

    /// Reads a number that takes all of `text`. False for anything Redis refuses: empty, `+1`, `01`, `-0`, ` 1`, overflow.
    let tryParseInt64 (text: ReadOnlySpan<byte>, value: byref<int64>) : bool =
        let negative = text.Length > 0 && text[0] = '-'B
        let first = if negative then 1 else 0
        let digits = text.Length - first

        if digits < 1 || digits > 19 then
            false
        elif text[first] = '0'B then
            value <- 0L
            digits = 1 && not negative
        else
            // 19 digits fit in 64 unsigned bits, so the only overflow to look for is at the sign.
            let mutable magnitude = 0UL
            let mutable valid = true
            let mutable i = first

            while valid && i < text.Length do
                let digit = uint64 text[i] - uint64 '0'B

                if digit > 9UL then
                    valid <- false
                else
                    magnitude <- magnitude * 10UL + digit
                    i <- i + 1

            if not valid then
                false
            elif negative then
                value <- int64 (0UL - magnitude)
                magnitude <= 0x8000000000000000UL
            else
                value <- int64 magnitude
                magnitude <= 0x7FFFFFFFFFFFFFFFUL

    /// How many bytes `writeInt64` writes.
    let digitsOfInt64 (value: int64) : int =
        let mutable rest = if value < 0L then 0UL - uint64 value else uint64 value
        let mutable digits = if value < 0L then 2 else 1

        while rest >= 10UL do
            rest <- rest / 10UL
            digits <- digits + 1

        digits

    /// Writes a number in decimal and returns how many bytes that took. `target` must hold `Int64LengthMax` bytes.
    let writeInt64 (target: Span<byte>, value: int64) : int =
        let mutable written = 0

        if not (Utf8Formatter.TryFormat(value, target, &written)) then
            invalidArg (nameof target) "too short for a 64-bit number"

        written
