namespace RedisClone.Protocol

open System

/// What a floating point text is, as far as it can be said without rounding.
type internal FloatKind =
    /// Not a number that Redis accepts: trailing bytes, no digits, a leading space, `nan`.
    | Refused = 0
    | Decimal = 1
    | Hexadecimal = 2
    | Infinite = 3

/// The parts of a floating point text. Both meanings of "value" below leave out the sign.
[<Struct; NoEquality; NoComparison>]
type internal FloatParts =
    val mutable Kind: FloatKind
    val mutable Negative: bool
    /// Decimal: the first `FloatText.DigitsMax` significant digits; the value is `Significand * 10^Exponent`, and more if `Truncated`.
    val mutable Significand: uint64
    /// Hexadecimal: the first `FloatText.NibblesMax` significant digits; the value is `Bits * 2^Exponent`, and more if `Truncated`.
    val mutable Bits: UInt128
    val mutable Exponent: int64
    /// How many significant digits `Significand` or `Bits` holds.
    val mutable Count: int
    /// Whether a digit that is not zero follows those.
    val mutable Truncated: bool
    /// Where the first significant digit is in the text, and where the digits end.
    val mutable First: int
    val mutable End: int

/// The grammar of C's `strtod` as Redis lets it through: the whole text, without leading space.
///
/// Reading a float is two steps. This file does the first for every precision: sign, `inf`, decimal or hexadecimal
/// digits, exponent. The second, rounding to a format, is in `Numbers` (64 bits) and `Extended` (80 bits), with `round`.
[<RequireQualifiedAccess>]
module internal FloatText =

    /// As many decimal digits as always fit in 64 bits.
    [<Literal>]
    let DigitsMax = 19

    /// As many hexadecimal digits as leave room in 128 bits.
    [<Literal>]
    let NibblesMax = 31

    /// Explicit exponents stop growing here. No text is long enough for its digits to make up for it.
    [<Literal>]
    let ExponentMax = 1_000_000_000_000L

    let inline private isDigit (value: byte) = value - '0'B <= 9uy

    /// The value of a hexadecimal digit, or 255.
    let inline private nibble (value: byte) =
        let lower = value ||| 0x20uy

        if isDigit value then value - '0'B
        elif lower >= 'a'B && lower <= 'f'B then lower - 'a'B + 10uy
        else 255uy

    /// Reads `[+-]digits` from `at` to the end of the text; false if there is anything else.
    let private tryExponent (text: ReadOnlySpan<byte>, at: int, exponent: byref<int64>) : bool =
        let negative = at < text.Length && text[at] = '-'B
        let signed = at < text.Length && (negative || text[at] = '+'B)
        let mutable i = if signed then at + 1 else at
        let mutable valid = i < text.Length
        let mutable magnitude = 0L

        while valid && i < text.Length do
            if isDigit text[i] then
                magnitude <- min ExponentMax (magnitude * 10L + int64 (text[i] - '0'B))
                i <- i + 1
            else
                valid <- false

        exponent <- if negative then -magnitude else magnitude
        valid

    /// The digits of a number, from `at`, then its exponent. Digits count `weight` towards the exponent (1 for decimal
    /// digits, 4 for hexadecimal ones).
    let private scanDigits (text: ReadOnlySpan<byte>, at: int, parts: byref<FloatParts>) =
        let hexadecimal = (parts.Kind = FloatKind.Hexadecimal)
        let radix = if hexadecimal then 16uy else 10uy
        let weight = if hexadecimal then 4L else 1L
        let countMax = if hexadecimal then NibblesMax else DigitsMax
        let mutable i = at
        let mutable inDigits = true
        let mutable anyDigit = false
        let mutable afterPoint = false

        while inDigits && i < text.Length do
            let digit = nibble text[i]

            if digit < radix then
                anyDigit <- true

                if digit = 0uy && parts.Count = 0 then
                    if afterPoint then
                        parts.Exponent <- parts.Exponent - weight
                elif parts.Count < countMax then
                    if parts.Count = 0 then
                        parts.First <- i

                    parts.Count <- parts.Count + 1

                    if hexadecimal then
                        parts.Bits <- (parts.Bits <<< 4) ||| UInt128.op_Implicit digit
                    else
                        parts.Significand <- parts.Significand * 10UL + uint64 digit

                    if afterPoint then
                        parts.Exponent <- parts.Exponent - weight
                else
                    if digit <> 0uy then
                        parts.Truncated <- true

                    if not afterPoint then
                        parts.Exponent <- parts.Exponent + weight

                i <- i + 1
            elif text[i] = '.'B && not afterPoint then
                afterPoint <- true
                i <- i + 1
            else
                inDigits <- false

        parts.End <- i

        if not anyDigit then
            parts.Kind <- FloatKind.Refused
        elif i < text.Length then
            let mark = if hexadecimal then 'p'B else 'e'B
            let mutable stated = 0L

            if (text[i] ||| 0x20uy) = mark && tryExponent (text, i + 1, &stated) then
                parts.Exponent <- parts.Exponent + stated
            else
                parts.Kind <- FloatKind.Refused

    /// Takes a text apart. `parts` must be fresh.
    let scan (text: ReadOnlySpan<byte>, parts: byref<FloatParts>) : unit =
        parts.Negative <- text.Length > 0 && text[0] = '-'B

        let at =
            if parts.Negative || (text.Length > 0 && text[0] = '+'B) then
                1
            else
                0

        let rest = text.Slice at

        if rest.Length > 0 && (isDigit rest[0] || rest[0] = '.'B) then
            if rest.Length > 2 && rest[0] = '0'B && (rest[1] ||| 0x20uy) = 'x'B then
                parts.Kind <- FloatKind.Hexadecimal
                scanDigits (text, at + 2, &parts)
            else
                parts.Kind <- FloatKind.Decimal
                scanDigits (text, at, &parts)
        elif Bytes.isWord "infinity" rest || Bytes.isWord "inf" rest then
            parts.Kind <- FloatKind.Infinite
        else
            parts.Kind <- FloatKind.Refused

    /// Copies up to `target.Length` significant decimal digits and returns how many; `exponent` becomes that of the last.
    /// If more follow that are not all zero, the last one copied is not zero.
    let copyDigits
        (text: ReadOnlySpan<byte>, parts: FloatParts inref, target: Span<byte>, exponent: byref<int64>)
        : int =
        let mutable count = 0
        let mutable lost = false

        for i in parts.First .. parts.End - 1 do
            let digit = text[i]

            if digit <> '.'B then
                if count < target.Length then
                    target[count] <- digit
                    count <- count + 1
                elif digit <> '0'B then
                    lost <- true

        // So far beyond the precision, all that matters is that what is not a tie does not look like one.
        if lost && target[count - 1] = '0'B then
            target[count - 1] <- '1'B

        exponent <- parts.Exponent + int64 (parts.Count - count)
        count

    /// Rounds `significand * 2^exponent` (and a little more if `sticky`) to nearest, ties to even.
    ///
    /// The result is the returned number times `2^unit`, has at most `precision` bits, and all of them unless `unit` is
    /// `unitMin`. `sticky` needs a significand of more than `precision` bits.
    let round
        (significand: UInt128, exponent: int64, sticky: bool, precision: int, unitMin: int64, unit: byref<int64>)
        : uint64 =
        let length = 128 - int (UInt128.LeadingZeroCount significand)
        unit <- max (exponent + int64 (length - precision)) unitMin
        let shift = unit - exponent

        if shift <= 0L then
            uint64 (significand <<< int -shift)
        elif shift > int64 length then
            0UL
        else
            let kept =
                if shift = 128L then
                    0UL
                else
                    uint64 (significand >>> int shift)

            let half = UInt128.One <<< int (shift - 1L)
            let rest = significand &&& ((half - UInt128.One) ||| half)
            let up = rest > half || (rest = half && (sticky || (kept &&& 1UL) = 1UL))

            if not up then
                kept
            elif kept = UInt64.MaxValue then
                unit <- unit + 1L
                0x8000000000000000UL
            else
                kept + 1UL
