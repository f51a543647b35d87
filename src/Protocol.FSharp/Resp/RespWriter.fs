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

/// Writes replies into a buffer that grows, in RESP2 or RESP3.
///
/// One method a type; a type that RESP2 lacks is written as what Redis sends a RESP2 client instead. The writer trusts
/// its caller to announce lengths truthfully.
[<Sealed; AllowNullLiteral>]
type RespWriter(initialCapacity: int) =
    let mutable buffer: byte[] = GC.AllocateUninitializedArray<byte> initialCapacity
    let mutable length = 0

    let grow (needed: int) =
        if needed > Bytes.lengthMax - length then
            raise (OutOfMemoryException "a reply is longer than any buffer")

        let larger =
            GC.AllocateUninitializedArray<byte>(Bytes.grownCapacity buffer.Length (length + needed))

        Buffer.BlockCopy(buffer, 0, larger, 0, length)
        buffer <- larger

    /// 2 or 3: the protocol version of the client that the replies are for.
    member val Protocol = 2 with get, set

    /// The bytes written are the first `Length` of these.
    member _.Buffer = buffer

    member _.Length = length

    member _.Written = ReadOnlySpan<byte>(buffer, 0, length)

    /// Forgets what was written, from `position` on.
    member _.Truncate(position: int) = length <- position

    /// Room for `count` more bytes, to be filled and then taken with `Advance`.
    member _.Reserve(count: int) : Span<byte> =
        if buffer.Length - length < count then
            grow count

        Span<byte>(buffer, length, buffer.Length - length)

    member _.Advance(count: int) = length <- length + count

    /// Bytes as they are.
    member this.Raw(bytes: ReadOnlySpan<byte>) =
        bytes.CopyTo(this.Reserve bytes.Length)
        length <- length + bytes.Length

    /// A type byte, a number and CRLF.
    member this.Header(mark: byte, count: int64) =
        let target = this.Reserve(Numbers.Int64LengthMax + 3)
        target[0] <- mark

        if uint64 count < 10UL then
            target[1] <- byte count + '0'B
            target[2] <- '\r'B
            target[3] <- '\n'B
            length <- length + 4
        else
            let digits = Numbers.writeInt64 (target.Slice 1, count)
            target[digits + 1] <- '\r'B
            target[digits + 2] <- '\n'B
            length <- length + digits + 3

    member private this.Line(mark: byte, text: string) =
        let target = this.Reserve(text.Length + 3)
        target[0] <- mark
        Encoding.Latin1.GetBytes(text.AsSpan(), target.Slice 1) |> ignore
        target[text.Length + 1] <- '\r'B
        target[text.Length + 2] <- '\n'B
        length <- length + text.Length + 3

    /// `+text`. The text must not hold CR or LF.
    member this.Simple(text: string) = this.Line('+'B, text)

    /// `-text`. The text starts with a code word such as ERR; CR and LF in it become spaces.
    member this.Error(text: string) =
        this.Line('-'B, text.Replace('\r', ' ').Replace('\n', ' '))

    member this.Integer(value: int64) = this.Header(':'B, value)

    /// `$length` and the bytes.
    member this.Bulk(bytes: ReadOnlySpan<byte>) =
        this.Header('$'B, int64 bytes.Length)
        let target = this.Reserve(bytes.Length + 2)
        bytes.CopyTo target
        target[bytes.Length] <- '\r'B
        target[bytes.Length + 1] <- '\n'B
        length <- length + bytes.Length + 2

    /// A bulk string of Latin-1 text.
    member this.BulkText(text: string) =
        this.Header('$'B, int64 text.Length)
        let target = this.Reserve(text.Length + 2)
        Encoding.Latin1.GetBytes(text.AsSpan(), target) |> ignore
        target[text.Length] <- '\r'B
        target[text.Length + 1] <- '\n'B
        length <- length + text.Length + 2

    /// A whole number as a bulk string.
    member this.BulkInteger(value: int64) =
        this.Header('$'B, int64 (Numbers.digitsOfInt64 value))
        let target = this.Reserve(Numbers.Int64LengthMax + 2)
        let digits = Numbers.writeInt64 (target, value)
        target[digits] <- '\r'B
        target[digits + 1] <- '\n'B
        length <- length + digits + 2

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

    member this.Boolean(value: bool) =
        if this.Protocol >= 3 then
            this.Raw(if value then Fixed.yes else Fixed.no)
        else
            this.Integer(if value then 1L else 0L)

    member this.Ok() = this.Raw(Fixed.ok)

    /// Puts an array header before what was written since `position`, for lists whose length is known only at their end.
    member this.InsertArray(position: int, count: int) =
        let body = length - position
        let header = Numbers.digitsOfInt64 (int64 count) + 3
        let _ = this.Reserve header
        Buffer.BlockCopy(buffer, position, buffer, position + header, body)
        length <- position
        this.Array count
        length <- length + body
