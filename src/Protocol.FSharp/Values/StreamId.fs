namespace RedisClone.Protocol

open System
open System.Buffers.Binary

/// The id of an entry of a stream: a time in milliseconds, and a number that tells entries of one millisecond apart.
[<Struct; NoEquality; NoComparison>]
type StreamId(ms: uint64, seq: uint64) =
    member _.Ms = ms
    member _.Seq = seq
    member _.IsZero = ms = 0UL && seq = 0UL
    member _.IsMax = ms = UInt64.MaxValue && seq = UInt64.MaxValue

/// Comparing, reading and writing ids.
[<RequireQualifiedAccess>]
module StreamIds =
    /// The bytes of an id as a key that has the order of ids.
    [<Literal>]
    let KeyBytes = 16

    /// The most characters of an id.
    [<Literal>]
    let TextLengthMax = 41

    let min = StreamId(0UL, 0UL)
    let max = StreamId(UInt64.MaxValue, UInt64.MaxValue)

    let less (a: StreamId) (b: StreamId) =
        a.Ms < b.Ms || (a.Ms = b.Ms && a.Seq < b.Seq)

    let same (a: StreamId) (b: StreamId) = a.Ms = b.Ms && a.Seq = b.Seq

    /// The id right behind another, which may not be the last there is.
    let next (id: StreamId) =
        if id.Seq = UInt64.MaxValue then
            StreamId(id.Ms + 1UL, 0UL)
        else
            StreamId(id.Ms, id.Seq + 1UL)

    /// The id right before another, which may not be the first there is.
    let previous (id: StreamId) =
        if id.Seq = 0UL then
            StreamId(id.Ms - 1UL, UInt64.MaxValue)
        else
            StreamId(id.Ms, id.Seq - 1UL)

    let writeKey (target: Span<byte>) (id: StreamId) =
        BinaryPrimitives.WriteUInt64BigEndian(target, id.Ms)
        BinaryPrimitives.WriteUInt64BigEndian(target.Slice 8, id.Seq)

    let readKey (source: ReadOnlySpan<byte>) =
        StreamId(BinaryPrimitives.ReadUInt64BigEndian source, BinaryPrimitives.ReadUInt64BigEndian(source.Slice 8))

    // ---- text

    /// The longest text of an id that is looked at.
    [<Literal>]
    let private TextRead = 127

    let private isSpace (character: byte) =
        character = ' 'B || (character >= 9uy && character <= 13uy)

    /// Reads one of the two numbers, with what the C library allows in front of one: spaces, a plus, and zeros.
    let private tryParsePart (text: ReadOnlySpan<byte>, value: byref<uint64>) : bool =
        let mutable number = 0UL
        let mutable i = 0

        while i < text.Length && isSpace text[i] do
            i <- i + 1

        if i < text.Length && text[i] = '+'B then
            i <- i + 1

        let mutable valid = i < text.Length && text.Length <= TextRead

        while valid && i < text.Length do
            let digit = uint64 text[i] - uint64 '0'B

            if digit > 9UL || number > (UInt64.MaxValue - digit) / 10UL then
                valid <- false
            else
                number <- number * 10UL + digit
                i <- i + 1

        value <- number
        valid

    /// Reads `ms-seq`, or `ms` with a number given for what is missing.
    let tryParse (text: ReadOnlySpan<byte>, missing: uint64, id: byref<StreamId>) : bool =
        let mutable ms = 0UL
        let mutable seq = missing
        let dash = text.IndexOf '-'B

        let valid =
            if dash < 0 then
                tryParsePart (text, &ms)
            else
                tryParsePart (text.Slice(0, dash), &ms)
                && tryParsePart (text.Slice(dash + 1), &seq)

        if valid then
            id <- StreamId(ms, seq)

        valid

    /// Reads the `ms` of `ms-*`.
    let tryParseOpen (text: ReadOnlySpan<byte>, ms: byref<uint64>) : bool =
        text.Length > 2
        && text[text.Length - 1] = '*'B
        && text[text.Length - 2] = '-'B
        && tryParsePart (text.Slice(0, text.Length - 2), &ms)

    let private writePart (target: Span<byte>) (value: uint64) : int =
        let mutable written = 0
        value.TryFormat(target, &written, ReadOnlySpan<char>.Empty, null) |> ignore
        written

    /// Writes `ms-seq` at the start of the target; its length.
    let write (target: Span<byte>) (id: StreamId) : int =
        let ms = writePart target id.Ms
        target[ms] <- '-'B
        ms + 1 + writePart (target.Slice(ms + 1)) id.Seq

    /// Makes the writer hold the text of an id and nothing else.
    let textInto (writer: RespWriter) (id: StreamId) : ReadOnlySpan<byte> =
        writer.Truncate 0
        writer.Advance(write (writer.Reserve TextLengthMax) id)
        writer.Written
