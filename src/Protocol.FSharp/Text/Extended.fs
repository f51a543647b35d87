namespace RedisClone.Protocol

open System
open System.Globalization
open System.Numerics
open Microsoft.FSharp.NativeInterop

/// An 80-bit extended precision number, the `long double` of x86: a sign, 15 bits of exponent and 64 of significand.
///
/// INCRBYFLOAT and HINCRBYFLOAT compute with `long double`, and its digits show: 0.1 + 0.2 is 0.3, and 1e19 + 1 is
/// 10000000000000000001. A double or a decimal would give other digits, and so would the `long double` of another
/// machine; computing the bits here makes the answer the same everywhere.
///
/// The value is `Significand * 2^(max 1 Biased - 16446)`, where `Biased` is the lower 15 bits of `SignAndExponent` and
/// the sign its top bit. The leading bit of the significand is stored, not implied. `Biased = 0x7FFF` is infinity, or
/// NaN if the lower 63 bits are not zero.
[<Struct; NoComparison>]
type Extended =
    {
        SignAndExponent: uint16
        Significand: uint64
    }

/// Reads, adds and prints `long double` numbers. Every operation rounds to nearest, ties to even.
///
/// Not here: subtraction, multiplication, division, comparison. Redis needs none of them.
[<RequireQualifiedAccess>]
module Extended =

    /// The longest text Redis reads as a `long double`.
    [<Literal>]
    let TextLengthMax = 5119

    /// The most bytes `write` writes: a sign and the digits of the largest number.
    [<Literal>]
    let LengthMax = 4934

    [<Literal>]
    let private Precision = 64

    /// The exponent of the last bit of the numbers nearest to zero.
    [<Literal>]
    let private UnitMin = -16445L

    [<Literal>]
    let private BiasedMax = 0x7FFF

    /// Bits that an addition works with below those of the larger operand.
    [<Literal>]
    let private GuardBits = 62

    let private nanText = "nan"B
    let private infinityText = "inf"B
    let private tenToThe17 = 100_000_000_000_000_000UL

    /// 5^0 to 5^27, the powers below 2^63.
    let private powersOfFive: uint64[] =
        Array.init 28 (fun power -> uint64 (BigInteger.Pow(BigInteger 5, power)))

    let inline private pack (negative: bool) (biased: int) (significand: uint64) =
        {
            SignAndExponent = uint16 biased ||| (if negative then 0x8000us else 0us)
            Significand = significand
        }

    let inline private biased (value: Extended) =
        int (value.SignAndExponent &&& 0x7FFFus)

    let inline private isNegative (value: Extended) = value.SignAndExponent >= 0x8000us

    let private infinity negative =
        pack negative BiasedMax 0x8000000000000000UL

    let private nan = pack true BiasedMax 0xC000000000000000UL

    /// Zero, where a key or field that does not exist starts.
    let zero = pack false 0 0UL

    let isNaN (value: Extended) : bool =
        biased value = BiasedMax && (value.Significand <<< 1) <> 0UL

    let isInfinite (value: Extended) : bool =
        biased value = BiasedMax && (value.Significand <<< 1) = 0UL

    /// `significand * 2^exponent`, and a little more if `sticky`, as the nearest number.
    let private ofBits (negative: bool) (significand: UInt128) (exponent: int64) (sticky: bool) : Extended =
        if significand = UInt128.Zero then
            pack negative 0 0UL
        else
            let mutable unit = 0L

            let kept =
                FloatText.round (significand, exponent, sticky, Precision, UnitMin, &unit)

            let normal = kept >= 0x8000000000000000UL

            if normal && unit + 16446L >= int64 BiasedMax then
                infinity negative
            else
                pack negative (if normal then int (unit + 16446L) else 0) kept

    /// The number itself; none is lost.
    let ofInt64 (value: int64) : Extended =
        let magnitude = if value < 0L then 0UL - uint64 value else uint64 value
        ofBits (value < 0L) (UInt128.op_Implicit magnitude) 0L false

    /// The number itself; none is lost.
    let ofDouble (value: double) : Extended =
        let bits = BitConverter.DoubleToUInt64Bits value
        let exponent = int (bits >>> 52) &&& 0x7FF
        let fraction = bits &&& 0xFFFFFFFFFFFFFUL
        let negative = Double.IsNegative value

        if Double.IsNaN value then
            nan
        elif exponent = 0x7FF then
            infinity negative
        elif exponent = 0 then
            ofBits negative (UInt128.op_Implicit fraction) -1074L false
        else
            ofBits negative (UInt128.op_Implicit (fraction ||| 0x10000000000000UL)) (int64 exponent - 1075L) false

    /// The upper bits of a number of any length, and whether others were not zero.
    let private ofBigBits (negative: bool) (significand: BigInteger) (exponent: int64) (sticky: bool) : Extended =
        let shift = max 0L (significand.GetBitLength() - 128L)
        let upper = significand >>> int shift
        let lost = shift > 0L && (upper <<< int shift) <> significand
        ofBits negative (BigInteger.op_Explicit upper: UInt128) (exponent + shift) (sticky || lost)

    /// A number from decimal digits that the quick way cannot take.
    let private ofDigits (text: ReadOnlySpan<byte>, parts: FloatParts inref) : Extended =
        let digits = Span<byte>(Array.zeroCreate<byte> TextLengthMax)
        let mutable exponent = 0L
        let count = FloatText.copyDigits (text, &parts, digits, &exponent)
        let magnitude = exponent + int64 count

        if magnitude > 4940L then
            infinity parts.Negative
        elif magnitude < -4960L then
            pack parts.Negative 0 0UL
        else
            let significand =
                BigInteger.Parse(
                    Bytes.toString (digits.Slice(0, count)),
                    NumberStyles.None,
                    NumberFormatInfo.InvariantInfo
                )

            let power = BigInteger.Pow(BigInteger 10, int (abs exponent))

            if exponent >= 0L then
                ofBigBits parts.Negative (significand * power) 0L false
            else
                // Two bits more than the precision, and whether anything remains, decide every rounding.
                let needed =
                    int64 Precision + 2L + power.GetBitLength() - significand.GetBitLength()

                let shift = max 0L needed
                let mutable rest = BigInteger.Zero
                let quotient = BigInteger.DivRem(significand <<< int shift, power, &rest)
                ofBigBits parts.Negative quotient -shift (not rest.IsZero)

    /// `significand * 10^exponent` with at most 27 zeros: `5^exponent` fits a word, and the rest is a shift.
    let private ofSmallDecimal (negative: bool) (significand: uint64) (exponent: int) : Extended =
        let power = UInt128.op_Implicit powersOfFive[abs exponent]

        if exponent >= 0 then
            ofBits negative (UInt128.op_Implicit significand * power) (int64 exponent) false
        else
            let zeros = BitOperations.LeadingZeroCount significand
            let dividend = UInt128.op_Implicit (significand <<< zeros) <<< 64
            let quotient = dividend / power
            let isRest = quotient * power <> dividend
            ofBits negative quotient (int64 (exponent - 64 - zeros)) isRest

    /// Reads a number that takes all of `text`: decimal or hexadecimal, with or without a point and an exponent, or `inf`
    /// or `infinity` without case. False for anything Redis refuses: spaces, trailing bytes, `nan`, more bytes than
    /// `TextLengthMax`, and what is too large for the format or too small to be more than zero.
    let tryParse (text: ReadOnlySpan<byte>, value: byref<Extended>) : bool =
        let mutable parts = FloatParts()

        if text.Length <= TextLengthMax then
            FloatText.scan (text, &parts)

        value <-
            match parts.Kind with
            | FloatKind.Infinite -> infinity parts.Negative
            | FloatKind.Refused -> zero
            | _ when parts.Count = 0 -> pack parts.Negative 0 0UL
            | FloatKind.Hexadecimal -> ofBits parts.Negative parts.Bits parts.Exponent parts.Truncated
            | _ when not parts.Truncated && abs parts.Exponent <= 27L ->
                ofSmallDecimal parts.Negative parts.Significand (int parts.Exponent)
            | _ -> ofDigits (text, &parts)

        match parts.Kind with
        | FloatKind.Refused -> false
        | FloatKind.Infinite -> true
        | _ -> parts.Count = 0 || (value.Significand <> 0UL && not (isInfinite value))

    /// The exponent of the last bit of a finite number.
    let inline private unitOf (value: Extended) = int64 (max 1 (biased value)) - 16446L

    let private addFinite (larger: Extended) (smaller: Extended) : Extended =
        let exponent = unitOf larger - int64 GuardBits
        let distance = unitOf larger - unitOf smaller
        let upper = UInt128.op_Implicit larger.Significand <<< GuardBits
        let lower = UInt128.op_Implicit smaller.Significand <<< GuardBits

        let aligned =
            if distance > 127L then
                UInt128.Zero
            else
                lower >>> int distance

        // Bits can only be lost when the larger operand is normal, so its sum or difference keeps enough of them.
        let lost =
            if distance > 127L then
                lower <> UInt128.Zero
            else
                (aligned <<< int distance) <> lower

        if isNegative larger = isNegative smaller then
            ofBits (isNegative larger) (upper + aligned) exponent lost
        elif aligned > upper then
            ofBits (isNegative smaller) (aligned - upper) exponent false
        else
            // What was lost takes one more away and gives back less than one: sticky again.
            let borrow = if lost then UInt128.One else UInt128.Zero
            let rest = upper - aligned - borrow
            ofBits (isNegative larger && rest <> UInt128.Zero) rest exponent lost

    /// The sum, rounded. Infinity if it is too large; NaN for infinities of opposite signs.
    let add (a: Extended) (b: Extended) : Extended =
        if isNaN a || isNaN b then
            nan
        elif isInfinite a then
            (if isInfinite b && a <> b then nan else a)
        elif isInfinite b then
            b
        elif unitOf a >= unitOf b then
            addFinite a b
        else
            addFinite b a

    let private billion = 1_000_000_000UL

    /// Writes `significand * 2^exponent`, neither less than zero, and returns the length.
    let private writeWhole (target: Span<byte>) (significand: uint64) (exponent: int) : int =
        // Nine decimal digits each, the least significant first, doubled until the exponent is used up.
        let room = LengthMax / 9 + 1

        let limbs =
            Span<uint32>(NativePtr.toVoidPtr (NativePtr.stackalloc<uint32> room), room)

        limbs[0] <- uint32 (significand % billion)
        let mutable count = 1
        let mutable carry = significand / billion

        while carry > 0UL do
            limbs[count] <- uint32 (carry % billion)
            carry <- carry / billion
            count <- count + 1

        let mutable left = exponent

        while left > 0 do
            let step = min left 32

            for i in 0 .. count - 1 do
                let shifted = (uint64 limbs[i] <<< step) + carry
                carry <- shifted / billion
                limbs[i] <- uint32 (shifted - carry * billion)

            while carry > 0UL do
                limbs[count] <- uint32 (carry % billion)
                carry <- carry / billion
                count <- count + 1

            left <- left - step

        let mutable written = Numbers.writeInt64 (target, int64 limbs[count - 1])

        for i in count - 2 .. -1 .. 0 do
            let mutable digits = limbs[i]

            for place in 8..-1..0 do
                target[written + place] <- '0'B + byte (digits % 10u)
                digits <- digits / 10u

            written <- written + 9

        written

    /// Writes a number of `10^-17` without the zeros at the end, and without a point if none follows it.
    let private writeScaled (target: Span<byte>) (scaled: UInt128) : int =
        let whole = scaled / UInt128.op_Implicit tenToThe17
        let mutable fraction = uint64 (scaled - whole * UInt128.op_Implicit tenToThe17)
        let mutable length = Numbers.writeInt64 (target, int64 whole)

        if fraction > 0UL then
            target[length] <- '.'B
            let mutable last = 0

            for place in 17..-1..1 do
                let digit = byte (fraction % 10UL)
                target[length + place] <- '0'B + digit
                fraction <- fraction / 10UL

                if last = 0 && digit <> 0uy then
                    last <- place

            length <- length + 1 + last

        length

    /// The magnitude as a multiple of 10^-17, rounded; its exponent is less than 0.
    let private scaledOf (value: Extended) : UInt128 =
        let exact = UInt128.op_Implicit value.Significand * UInt128.op_Implicit tenToThe17
        let shift = int -(unitOf value)

        // 64 bits and the 57 of 10^17 make 121; with one more behind the point it is less than half of one.
        if shift > 122 then
            UInt128.Zero
        else
            let quotient = exact >>> shift
            let rest = exact - (quotient <<< shift)
            let half = UInt128.One <<< (shift - 1)
            let up = rest > half || (rest = half && UInt128.IsOddInteger quotient)
            if up then quotient + UInt128.One else quotient

    /// Writes a number as INCRBYFLOAT does: `%.17f` without the zeros at the end, `0` for what rounds to zero, `inf`, `-inf`
    /// or `nan`. Returns how many bytes that took. `target` must hold `LengthMax` bytes.
    let write (target: Span<byte>, value: Extended) : int =
        let sign = if isNegative value then 1 else 0

        if isNaN value then
            nanText.AsSpan().CopyTo target
            3
        else
            if sign = 1 then
                target[0] <- '-'B

            let body = target.Slice sign

            if isInfinite value then
                infinityText.AsSpan().CopyTo body
                sign + 3
            elif unitOf value >= 0L then
                sign + writeWhole body value.Significand (int (unitOf value))
            else
                let scaled = scaledOf value

                if scaled = UInt128.Zero then
                    target[0] <- '0'B
                    1
                else
                    sign + writeScaled body scaled
