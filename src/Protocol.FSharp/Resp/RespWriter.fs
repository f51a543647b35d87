namespace RedisClone.Protocol

open System
open System.Text

module private Fixed =
    let nullBulk = "$-1\r\n"B
    let nullArray = "*-1\r\n"B
    let nullValue = "_\r\n"B
    let yes = "#t\r\n"B
    let no = "#f\r\n"B
    let ok = "+OK\r\n"B

module private Framing =
    /// The most bytes of a type byte, a number and CRLF.
    [<Literal>]
    let HeaderLengthMax = 23

    /// The most bytes around the content of a bulk string.
    [<Literal>]
    let BulkOverhead = 25

    /// Writes CRLF at `position`, and returns the position behind it.
    let inline endLine (target: Span<byte>) (position: int) : int =
        target[position + 1] <- '\n'B
        target[position] <- '\r'B
        position + 2

    /// Writes a type byte, a number and CRLF at the start of `target`, and returns their length.
    let header (target: Span<byte>, mark: byte, count: int64) : int =
        if uint64 count < 10UL then
            target[3] <- '\n'B
            target[2] <- '\r'B
            target[1] <- byte count + '0'B
            target[0] <- mark
            4
        elif uint64 count < 100UL then
            let tens = int count / 10
            target[4] <- '\n'B
            target[3] <- '\r'B
            target[2] <- byte (int count - 10 * tens) + '0'B
            target[1] <- byte tens + '0'B
            target[0] <- mark
            5
        else
            target[0] <- mark
            endLine target (Numbers.writeInt64 (target.Slice 1, count) + 1)

/// Writes replies into a buffer that grows, in RESP2 or RESP3.
///
/// One method a type; a type that RESP2 lacks is written as what Redis sends a RESP2 client instead. The writer trusts
/// its caller to announce lengths truthfully. A value costs one look at the room that is left, and no allocation unless
/// the buffer has to grow.
[<Sealed; AllowNullLiteral>]
type RespWriter(initialCapacity: int) =
    let mutable buffer: byte[] = GC.AllocateUninitializedArray<byte> initialCapacity
    let mutable length = 0
    let mutable isOverflown = false

    /// 2 or 3: the protocol version of the client that the replies are for.
    member val Protocol = 2 with get, set

    /// The most bytes to hold; no more than fit into one array.
    member val LengthMax = Bytes.lengthMax with get, set

    /// What happens when `LengthMax`, or the memory there is, does not suffice. False: OutOfMemoryException. True: all that was written and
    /// whatever else is written is dropped until `Reset`, and `IsOverflown` says so; thus no command is broken off half
    /// done, and the owner ends the connection when the command has been carried out.
    member val DropsOverflow = false with get, set

    /// Whether there was more than `LengthMax`, so that the bytes written are worthless.
    member _.IsOverflown = isOverflown

    /// The bytes written are the first `Length` of these.
    member _.Buffer = buffer

    member _.Length = length

    member _.Written = ReadOnlySpan<byte>(buffer, 0, length)

    /// Forgets what was written, from `position` on.
    member _.Truncate(position: int) =
        if not isOverflown then
            length <- position

    /// Forgets everything, and gives back a buffer that has become longer than `capacityMax`.
    member _.Reset(capacityMax: int) =
        length <- 0
        isOverflown <- false

        if buffer.Length > capacityMax then
            buffer <- GC.AllocateUninitializedArray<byte>(min initialCapacity capacityMax)

    /// A buffer for so many bytes and some more; null when they are to be dropped.
    member private this.Allocate(needed: int) : byte[] =
        let capacity =
            min (Bytes.grownCapacity buffer.Length needed) (max needed this.LengthMax)

        try
            GC.AllocateUninitializedArray<byte> capacity
        with :? OutOfMemoryException when this.DropsOverflow ->
            null

    /// Makes room for `count` more bytes; false when they are to be dropped.
    member private this.Grow(count: int) : bool =
        if isOverflown then
            false
        else
            let fits = uint count <= uint (max 0 (min this.LengthMax Bytes.lengthMax - length))

            if not fits && not this.DropsOverflow then
                raise (OutOfMemoryException "a reply is longer than any buffer")

            let larger = if fits then this.Allocate(length + count) else null

            if isNull larger then
                isOverflown <- true
                length <- 0
                buffer <- Array.Empty()
                false
            else
                Buffer.BlockCopy(buffer, 0, larger, 0, length)
                buffer <- larger
                true

    member private this.HasRoom(count: int) : bool =
        uint (buffer.Length - length) >= uint count || this.Grow count

    member private _.Rest: Span<byte> = Span<byte>(buffer, length, buffer.Length - length)

    /// Room for `count` more bytes, to be filled and then taken with `Advance`.
    member this.Reserve(count: int) : Span<byte> =
        if this.HasRoom count then
            this.Rest
        else
            Span<byte>(Array.zeroCreate count)

    member _.Advance(count: int) =
        if not isOverflown then
            length <- length + count

    /// Bytes as they are.
    member this.Raw(bytes: ReadOnlySpan<byte>) =
        if this.HasRoom bytes.Length then
            bytes.CopyTo this.Rest
            length <- length + bytes.Length

    /// A type byte, a number and CRLF.
    member this.Header(mark: byte, count: int64) =
        if this.HasRoom Framing.HeaderLengthMax then
            length <- length + Framing.header (this.Rest, mark, count)

    member private this.Line(mark: byte, text: string) =
        let content =
            if text.AsSpan().ContainsAny('\r', '\n') then
                text.Replace('\r', ' ').Replace('\n', ' ')
            else
                text

        if this.HasRoom(content.Length + 3) then
            let target = this.Rest
            target[0] <- mark
            let written = Encoding.Latin1.GetBytes(content.AsSpan(), target.Slice 1)
            length <- length + Framing.endLine target (written + 1)

    /// `+text`. CR and LF in it become spaces.
    member this.Simple(text: string) = this.Line('+'B, text)

    /// `-text`. The text starts with a code word such as ERR; CR and LF in it become spaces.
    member this.Error(text: string) = this.Line('-'B, text)

    member this.Integer(value: int64) = this.Header(':'B, value)

    /// `$length` and the bytes.
    member this.Bulk(bytes: ReadOnlySpan<byte>) =
        if this.HasRoom(bytes.Length + Framing.BulkOverhead) then
            let target = this.Rest
            let first = Framing.header (target, '$'B, int64 bytes.Length)
            bytes.CopyTo(target.Slice first)
            length <- length + Framing.endLine target (first + bytes.Length)

    /// A bulk string of Latin-1 text.
    member this.BulkText(text: string) =
        if this.HasRoom(text.Length + Framing.BulkOverhead) then
            let target = this.Rest
            let first = Framing.header (target, '$'B, int64 text.Length)
            let written = Encoding.Latin1.GetBytes(text.AsSpan(), target.Slice first)
            length <- length + Framing.endLine target (first + written)

    /// A whole number as a bulk string.
    member this.BulkInteger(value: int64) =
        if this.HasRoom(Numbers.Int64LengthMax + Framing.BulkOverhead) then
            let target = this.Rest
            let first = Framing.header (target, '$'B, int64 (Numbers.digitsOfInt64 value))
            let written = Numbers.writeInt64 (target.Slice first, value)
            length <- length + Framing.endLine target (first + written)

    /// No value: `$-1` in RESP2, `_` in RESP3.
    member this.Null() =
        this.Raw(
            if this.Protocol >= 3 then
                Fixed.nullValue
            else
                Fixed.nullBulk
        )

    /// No list of values: `*-1` in RESP2, `_` in RESP3.
    member this.NullArray() =
        this.Raw(
            if this.Protocol >= 3 then
                Fixed.nullValue
            else
                Fixed.nullArray
        )

    member this.Ok() = this.Raw(Fixed.ok)

    /// `#t` or `#f`; in RESP2 1 or 0.
    member this.Boolean(value: bool) =
        if this.Protocol >= 3 then
            this.Raw(if value then Fixed.yes else Fixed.no)
        else
            this.Integer(if value then 1L else 0L)

    /// A double as Redis prints scores; in RESP2 a bulk string. What is no number has no sign either.
    member this.Double(number: double) =
        let value =
            if Double.IsNaN number then
                Double.CopySign(number, 1.0)
            else
                number

        if this.HasRoom(Numbers.DoubleLengthMax + Framing.BulkOverhead) then
            let target = this.Rest

            if this.Protocol >= 3 then
                target[0] <- ','B
                let written = Numbers.writeDouble (target.Slice 1, value)
                length <- length + Framing.endLine target (written + 1)
            else
                this.BulkDouble value

    /// A double as Redis prints scores, as a bulk string.
    member this.BulkDouble(value: double) =
        if this.HasRoom(Numbers.DoubleLengthMax + Framing.BulkOverhead) then
            let target = this.Rest
            // Numbers of ten and more bytes have a header of five bytes, the others one of four.
            let written = Numbers.writeDouble (target.Slice 5, value)
            let first = Framing.header (target, '$'B, int64 written)

            if first < 5 then
                target.Slice(5, written).CopyTo(target.Slice first)

            length <- length + Framing.endLine target (first + written)

    /// A number of more than 64 bits, given by its text; in RESP2 a bulk string.
    member this.LongDouble(text: ReadOnlySpan<byte>) =
        if this.Protocol < 3 then
            this.Bulk text
        elif this.HasRoom(text.Length + 3) then
            let target = this.Rest
            target[0] <- ','B
            text.CopyTo(target.Slice 1)
            length <- length + Framing.endLine target (text.Length + 1)

    /// A whole number of any size, given by its digits; in RESP2 a bulk string.
    member this.BigNumber(digits: ReadOnlySpan<byte>) =
        if this.Protocol >= 3 then
            if this.HasRoom(digits.Length + 3) then
                let target = this.Rest
                target[0] <- '('B
                digits.CopyTo(target.Slice 1)
                length <- length + Framing.endLine target (digits.Length + 1)
        else
            this.Bulk digits

    /// A text for people, with a format of three letters such as `txt`; in RESP2 a bulk string without the format.
    member this.Verbatim(format: string, text: ReadOnlySpan<byte>) =
        if this.Protocol >= 3 then
            if this.HasRoom(text.Length + 4 + Framing.BulkOverhead) then
                let target = this.Rest
                let first = Framing.header (target, '='B, int64 text.Length + 4L)
                Encoding.Latin1.GetBytes(format.AsSpan(0, 3), target.Slice first) |> ignore
                target[first + 3] <- ':'B
                text.CopyTo(target.Slice(first + 4))
                length <- length + Framing.endLine target (first + 4 + text.Length)
        else
            this.Bulk text

    /// The header of an array; `count` values follow.
    member this.Array(count: int) = this.Header('*'B, int64 count)

    /// The header of a map; `count` pairs follow. RESP2 clients get a flat array.
    member this.Map(count: int) =
        if this.Protocol >= 3 then
            this.Header('%'B, int64 count)
        else
            this.Header('*'B, 2L * int64 count)

    /// The header of a set; `count` values follow.
    member this.Set(count: int) =
        this.Header((if this.Protocol >= 3 then '~'B else '*'B), int64 count)

    /// The header of an out-of-band message; `count` values follow.
    member this.Push(count: int) =
        this.Header((if this.Protocol >= 3 then '>'B else '*'B), int64 count)

    /// The header of attributes of the reply that comes next. True: `count` pairs follow, and then the reply itself.
    /// False: RESP2 has no attributes, so only the reply follows.
    member this.Attribute(count: int) : bool =
        if this.Protocol >= 3 then
            this.Header('|'B, int64 count)

        this.Protocol >= 3

    member private this.InsertHeader(mark: byte, position: int, count: int) =
        let header = Numbers.digitsOfInt64 (int64 count) + 3

        if this.HasRoom header then
            let bodyLength = length - position
            Buffer.BlockCopy(buffer, position, buffer, position + header, bodyLength)

            Framing.header (Span<byte>(buffer, position, header), mark, int64 count)
            |> ignore

            length <- length + header

    /// Puts an array header before what was written since `position`, for lists whose length is known only at their end.
    member this.InsertArray(position: int, count: int) =
        this.InsertHeader('*'B, position, count)

    /// The same with the header of a set.
    member this.InsertSet(position: int, count: int) =
        this.InsertHeader((if this.Protocol >= 3 then '~'B else '*'B), position, count)

    /// The same with the header of a map; RESP2 clients get that of an array of as many pairs.
    member this.InsertPairs(position: int, count: int) =
        this.InsertHeader((if this.Protocol >= 3 then '%'B else '*'B), position, count)

    /// Puts bytes before what was written since `position`.
    member this.Insert(position: int, bytes: ReadOnlySpan<byte>) =
        if bytes.Length > 0 && this.HasRoom bytes.Length then
            let bodyLength = length - position
            Buffer.BlockCopy(buffer, position, buffer, position + bytes.Length, bodyLength)
            bytes.CopyTo(Span<byte>(buffer, position, bytes.Length))
            length <- length + bytes.Length
