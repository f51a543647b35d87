namespace RedisClone.Protocol

open System
open System.Runtime.InteropServices
open System.Buffers.Text
open System.Globalization
open System.Numerics
open Microsoft.FSharp.NativeInterop

/// Numbers exactly as Redis reads and prints them, whatever the culture, without allocating.
///
/// Whole numbers: canonical decimal, no plus sign, no leading zeros, no spaces. Doubles: anything that C's `strtod`
/// reads except `nan`, and `%.17g`.
[<RequireQualifiedAccess>]
module Numbers =

    /// The most bytes a 64-bit number takes in decimal, with its sign.
    [<Literal>]
    let Int64LengthMax = 20

    /// Reads a number that takes all of `text`. False for anything Redis refuses: empty, `+1`, `01`, `-0`, ` 1`, overflow.
    let tryParseInt64 (text: ReadOnlySpan<byte>, [<Out>] value: byref<int64>) : bool =
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

    /// 10^0 to 10^19.
    let private powersOfTen: uint64[] =
        Array.init 20 (fun power -> uint64 (BigInteger.Pow(BigInteger 10, power)))

    /// How many bytes `writeInt64` writes.
    let digitsOfInt64 (value: int64) : int =
        let magnitude = if value < 0L then 0UL - uint64 value else uint64 value
        // 1233 / 4096 is a little more than log10 2: the guess is right or one too large.
        let guess = (64 - BitOperations.LeadingZeroCount(magnitude ||| 1UL)) * 1233 >>> 12
        let digits = if magnitude < powersOfTen[guess] then guess else guess + 1
        max digits 1 + (if value < 0L then 1 else 0)

    /// Writes a number in decimal and returns how many bytes that took; `Int64LengthMax` always suffice.
    let writeInt64 (target: Span<byte>, value: int64) : int =
        let mutable written = 0

        if not (Utf8Formatter.TryFormat(value, target, &written)) then
            invalidArg (nameof target) "too short for a 64-bit number"

        written

    /// The most bytes `writeDouble` writes.
    [<Literal>]
    let DoubleLengthMax = 24

    /// More significant digits than any number has that lies exactly between two doubles (767).
    [<Literal>]
    let private DoubleDigitsMax = 770

    /// The powers of ten that are doubles.
    let private exactPowersOfTen: double[] =
        Array.init 23 (fun power -> double (BigInteger.Pow(BigInteger 10, power)))

    /// A double from its parts: `significand * 2^exponent`, rounded. Infinity if it is too large.
    let private doubleOfBits (significand: UInt128, exponent: int64, sticky: bool) : double =
        let mutable unit = 0L
        let kept = FloatText.round (significand, exponent, sticky, 53, -1074L, &unit)

        if unit > 971L then
            Double.PositiveInfinity
        else
            // The leading bit, where there is one, adds one to the exponent; so does rounding up to a power of two.
            BitConverter.UInt64BitsToDouble((uint64 (unit + 1074L) <<< 52) + kept)

    /// A double from decimal digits that the quick way cannot take.
    let private doubleOfDigits (text: ReadOnlySpan<byte>, parts: FloatParts inref) : double =
        let room = DoubleDigitsMax + 1 + Int64LengthMax
        let digits = Span<byte>(NativePtr.toVoidPtr (NativePtr.stackalloc<byte> room), room)
        let mutable exponent = 0L

        let count =
            FloatText.copyDigits (text, &parts, digits.Slice(0, DoubleDigitsMax), &exponent)

        let magnitude = exponent + int64 count

        if magnitude > 310L then
            Double.PositiveInfinity
        elif magnitude < -330L then
            0.0
        else
            digits[count] <- 'e'B
            let mutable written = 0

            Utf8Formatter.TryFormat(exponent, digits.Slice(count + 1), &written) |> ignore

            Double.Parse(
                digits.Slice(0, count + 1 + written),
                NumberStyles.AllowExponent,
                NumberFormatInfo.InvariantInfo
            )

    /// Reads a double that takes all of `text`; `isExact` becomes false for what is too large for a double, and then
    /// infinite, or too small to be more than zero.
    let private tryParse (text: ReadOnlySpan<byte>, value: byref<double>, isExact: byref<bool>) : bool =
        let mutable parts = FloatParts()
        FloatText.scan (text, &parts)

        let magnitude =
            match parts.Kind with
            | FloatKind.Infinite -> Double.PositiveInfinity
            | FloatKind.Refused -> 0.0
            | _ when parts.Count = 0 -> 0.0
            | FloatKind.Hexadecimal -> doubleOfBits (parts.Bits, parts.Exponent, parts.Truncated)
            | _ when
                not parts.Truncated
                && parts.Significand <= (1UL <<< 53)
                && abs parts.Exponent <= 22L
                ->
                // Both operands are exact, so the one operation rounds correctly.
                if parts.Exponent < 0L then
                    double parts.Significand / exactPowersOfTen[int -parts.Exponent]
                else
                    double parts.Significand * exactPowersOfTen[int parts.Exponent]
            | _ -> doubleOfDigits (text, &parts)

        value <- if parts.Negative then -magnitude else magnitude

        isExact <-
            parts.Kind = FloatKind.Infinite
            || parts.Count = 0
            || (magnitude > 0.0 && Double.IsFinite magnitude)

        parts.Kind <> FloatKind.Refused

    /// Reads a double that takes all of `text`, as Redis reads scores and coordinates: decimal or hexadecimal, with or
    /// without a point and an exponent, or `inf` or `infinity` without case. Rounds correctly. False for anything Redis
    /// refuses: spaces, trailing bytes, `nan`, and what is too large for a double or too small to be more than zero.
    let tryParseDouble (text: ReadOnlySpan<byte>, value: byref<double>) : bool =
        let mutable isExact = false
        tryParse (text, &value, &isExact) && isExact

    /// The same where Redis takes what is too large for infinite, and what is too small for zero.
    let tryParseBound (text: ReadOnlySpan<byte>, value: byref<double>) : bool =
        let mutable isExact = false
        tryParse (text, &value, &isExact)

    /// Lays out 17 significant digits, the first of them worth `10^exponent`, as `%.17g` does. Returns the length.
    let private layOut (target: Span<byte>, digits: Span<byte>, exponent: int) : int =
        let mutable count = digits.Length

        while count > 1 && digits[count - 1] = '0'B do
            count <- count - 1

        if exponent >= -4 && exponent < 0 then
            let zeros = 1 - exponent
            target.Slice(0, zeros).Fill '0'B
            target[1] <- '.'B
            digits.Slice(0, count).CopyTo(target.Slice zeros)
            zeros + count
        elif exponent >= 0 && exponent < 17 then
            let whole = exponent + 1
            digits.Slice(0, whole).CopyTo target

            if count <= whole then
                whole
            else
                target[whole] <- '.'B
                digits.Slice(whole, count - whole).CopyTo(target.Slice(whole + 1))
                count + 1
        else
            target[0] <- digits[0]
            let mutable length = 1

            if count > 1 then
                target[1] <- '.'B
                digits.Slice(1, count - 1).CopyTo(target.Slice 2)
                length <- count + 1

            target[length] <- 'e'B
            target[length + 1] <- if exponent < 0 then '-'B else '+'B
            let power = abs exponent

            if power < 10 then
                target[length + 2] <- '0'B
                length + 3 + writeInt64 (target.Slice(length + 3), int64 power)
            else
                length + 2 + writeInt64 (target.Slice(length + 2), int64 power)

    /// Writes a double as Redis prints scores, `%.17g`: exactly, `-0`, `inf`, `-inf`, and `nan` or `-nan` by its sign bit.
    /// Returns how many bytes that took. `target` must hold `DoubleLengthMax` bytes.
    let writeDouble (target: Span<byte>, value: double) : int =
        let sign = if Double.IsNegative value then 1 else 0

        if sign = 1 then
            target[0] <- '-'B

        let body = target.Slice sign
        let magnitude = abs value

        if magnitude < 1e17 && magnitude = Math.Truncate magnitude then
            // Up to 17 digits are all there.
            sign + writeInt64 (body, int64 magnitude)
        elif not (Double.IsFinite value) then
            let isNaN = Double.IsNaN value
            body[0] <- if isNaN then 'n'B else 'i'B
            body[1] <- if isNaN then 'a'B else 'n'B
            body[2] <- if isNaN then 'n'B else 'f'B
            sign + 3
        else
            // d.dddddddddddddddde+xxx, all digits exact.
            let scratch = Span<byte>(NativePtr.toVoidPtr (NativePtr.stackalloc<byte> 32), 32)
            let mutable length = 0

            if not (magnitude.TryFormat(scratch, &length, "e16", NumberFormatInfo.InvariantInfo)) then
                invalidOp "a double takes more room than it can"

            let mutable exponent = 0

            for i in 20 .. length - 1 do
                exponent <- exponent * 10 + int (scratch[i] - '0'B)

            if scratch[19] = '-'B then
                exponent <- -exponent

            scratch[1] <- scratch[0]
            sign + layOut (body, scratch.Slice(1, 17), exponent)
