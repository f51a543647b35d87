namespace RedisClone.Protocol

open System
open System.Collections.Generic

// Reading replies, as they arrive: the client's side.
//
// A reply is a tree, written as its parts in order, each a line and perhaps a body. Every part that is whole is taken at
// once and the caller may drop its bytes, so a reply of any length needs a buffer only for its longest part. The tree
// under construction is a stack of aggregates that still lack items. Nothing is reserved for items that are announced.
//
// Not read: the streamed strings and aggregates of RESP3 (`$?`, `*?`), which no Redis sends.

/// What `ReplyReader.Read` found.
type ReplyStatus =
    /// The reply has not arrived whole.
    | Incomplete = 0
    | Reply = 1
    /// Bytes that are no reply, or one beyond the limits. There is no way to go on.
    | Error = 2

/// How much a server may send. One object may serve any number of readers.
[<Sealed; AllowNullLiteral>]
type ReplyLimits() =
    /// How deep aggregates may be nested: an array in an array is 2 deep. Consumers of replies recurse.
    member val DepthMax = 128 with get, set

    /// The longest bulk string, in bytes.
    member val BulkBytesMax = 512 * 1024 * 1024 with get, set

    /// The longest line, in bytes without its end: simple strings, errors, numbers.
    member val LineBytesMax = 1024 * 1024 with get, set

    /// The longest reply, in bytes of protocol. In memory the smallest items take some twenty times as much.
    member val ReplyBytesMax = 1L <<< 30 with get, set

module private Spelled =
    let nan = "nan"B
    let negativeNan = "-nan"B

/// What became of one part of a reply.
type private Part =
    | Missing = 0
    /// A value without items, or an aggregate that is whole.
    | Value = 1
    /// An aggregate whose items come next.
    | Opened = 2
    | Failed = 3

/// An aggregate whose items are coming in.
[<Sealed>]
type private Aggregate(mark: byte, itemsExpected: int64) =
    let items = List<Reply>()

    member _.Add(item: Reply) = items.Add item
    member _.IsWhole = int64 items.Count = itemsExpected

    /// The items as pairs, from the first up to `count` items.
    member private _.Pairs(count: int) : struct (Reply * Reply)[] =
        Array.init (count / 2) (fun i -> struct (items[2 * i], items[2 * i + 1]))

    member this.ToReply() : Reply =
        match mark with
        | '%'B -> Reply.Map(this.Pairs items.Count)
        | '~'B -> Reply.Set(items.ToArray())
        | '>'B -> Reply.Push(items.ToArray())
        | '|'B -> Reply.Attribute(this.Pairs(items.Count - 1), items[items.Count - 1])
        | _ -> Reply.Array(items.ToArray())

/// Reads replies from a buffer that fills up. Never throws, whatever the bytes.
[<Sealed; AllowNullLiteral>]
type ReplyReader(limits: ReplyLimits) =
    let unfinished = Stack<Aggregate>()
    // The reply, or the part of it, that was read last.
    let mutable value = Reply.Null
    let mutable isFailed = false
    let mutable errorText = ""
    // Bytes of this reply that previous parts took.
    let mutable replyBytes = 0L
    // Of the part at hand: where it starts, and up to where its line has no end.
    let mutable position = 0
    let mutable scanned = 0
    // The type and length of a bulk whose header has been read; the length is negative otherwise.
    let mutable bulkMark = 0uy
    let mutable bulkLength = -1
    let mutable neededBytes = 0

    let fail (text: string) =
        errorText <- text
        isFailed <- true
        Part.Failed

    let valueIs (reply: Reply) =
        value <- reply
        Part.Value

    let malformed (what: string) = fail $"malformed {what}"

    /// Opens an aggregate of `count` items.
    let openAggregate (mark: byte) (count: int64) =
        if unfinished.Count >= limits.DepthMax then
            fail "reply nested too deep"
        else
            let aggregate = Aggregate(mark, count)

            if aggregate.IsWhole then
                valueIs (aggregate.ToReply())
            else
                unfinished.Push aggregate
                Part.Opened

    let readDouble (text: ReadOnlySpan<byte>) =
        let mutable number = 0.0

        if text.SequenceEqual(Spelled.nan) || text.SequenceEqual(Spelled.negativeNan) then
            valueIs (Reply.Double Double.NaN)
        elif Numbers.tryParseDouble (text, &number) then
            valueIs (Reply.Double number)
        else
            malformed "double"

    /// Interprets one line, without its end.
    let readLine (line: ReadOnlySpan<byte>) =
        let mark = line[0]
        let text = line.Slice 1
        let mutable count = 0L

        match mark with
        | '+'B -> valueIs (Reply.Simple(Bytes.toString text))
        | '-'B -> valueIs (Reply.Error(Bytes.toString text))
        | '_'B ->
            if text.Length = 0 then
                valueIs Reply.Null
            else
                malformed "null"
        | '#'B ->
            if text.Length = 1 && text[0] = 't'B then
                valueIs (Reply.Boolean true)
            elif text.Length = 1 && text[0] = 'f'B then
                valueIs (Reply.Boolean false)
            else
                malformed "boolean"
        | ','B -> readDouble text
        | '('B ->
            let digits =
                if text.Length > 0 && (text[0] = '-'B || text[0] = '+'B) then
                    text.Slice 1
                else
                    text

            if digits.Length > 0 && not (digits.ContainsAnyExceptInRange('0'B, '9'B)) then
                valueIs (Reply.BigNumber(Bytes.toString text))
            else
                malformed "big number"
        | ':'B
        | '$'B
        | '!'B
        | '='B
        | '*'B
        | '~'B
        | '>'B
        | '%'B
        | '|'B ->
            if not (Numbers.tryParseInt64 (text, &count)) then
                malformed "number"
            elif mark = ':'B then
                valueIs (Reply.Integer count)
            elif count = -1L && mark = '$'B then
                valueIs Reply.Null
            elif count = -1L && mark = '*'B then
                valueIs Reply.NullArray
            elif count < 0L || count > int64 Int32.MaxValue then
                malformed "length"
            else
                match mark with
                | '*'B
                | '~'B
                | '>'B -> openAggregate mark count
                | '%'B -> openAggregate mark (2L * count)
                | '|'B -> openAggregate mark (2L * count + 1L)
                | _ ->
                    bulkMark <- mark
                    bulkLength <- int count

                    if bulkLength > limits.BulkBytesMax then
                        fail "bulk string too long"
                    elif replyBytes + int64 line.Length + count + 4L > limits.ReplyBytesMax then
                        fail "reply too long"
                    else
                        Part.Opened
        | other -> fail $"unknown type of reply '{char other}'"

    /// Takes the body of a bulk, once it is whole.
    let readBody (rest: ReadOnlySpan<byte>) =
        if rest.Length - 2 < bulkLength then
            // A body and its end are no longer than the longest array.
            neededBytes <- min (bulkLength + 2) Bytes.lengthMax
            Part.Missing
        elif rest[bulkLength] <> '\r'B || rest[bulkLength + 1] <> '\n'B then
            malformed "end of a bulk string"
        else
            let body = rest.Slice(0, bulkLength)
            position <- position + bulkLength + 2
            replyBytes <- replyBytes + int64 bulkLength + 2L
            bulkLength <- -1

            match bulkMark with
            | '$'B -> valueIs (Reply.Bulk(body.ToArray()))
            | '!'B -> valueIs (Reply.Error(Bytes.toString body))
            | _ ->
                if body.Length >= 4 && body[3] = ':'B then
                    valueIs (Reply.Verbatim(Bytes.toString (body.Slice(0, 3)), body.Slice(4).ToArray()))
                else
                    malformed "verbatim string"

    /// Takes the next part, if it is whole.
    let readPart (bytes: ReadOnlySpan<byte>) =
        let rest = bytes.Slice position

        if bulkLength >= 0 then
            readBody rest
        else
            let window = int (min (int64 rest.Length) (int64 limits.LineBytesMax + 1L))

            let found =
                if scanned < window then
                    rest.Slice(scanned, window - scanned).IndexOf '\r'B
                else
                    -1

            let lineEnd = scanned + found

            if found < 0 then
                scanned <- max scanned window

                if window > limits.LineBytesMax then
                    fail "line too long"
                else
                    Part.Missing
            elif lineEnd + 1 >= rest.Length then
                scanned <- lineEnd
                Part.Missing
            elif rest[lineEnd + 1] <> '\n'B || lineEnd = 0 then
                malformed "line"
            elif replyBytes + int64 lineEnd + 2L > limits.ReplyBytesMax then
                fail "reply too long"
            else
                let part = readLine (rest.Slice(0, lineEnd))
                position <- position + lineEnd + 2
                replyBytes <- replyBytes + int64 lineEnd + 2L
                scanned <- 0
                part

    /// Adds the value read last to the aggregate that waits for it, and so on upwards; true when the reply is whole.
    let fold () =
        let mutable isWhole = true

        while isWhole && unfinished.Count > 0 do
            let aggregate = unfinished.Peek()
            aggregate.Add value
            isWhole <- aggregate.IsWhole

            if isWhole then
                value <- aggregate.ToReply()
                unfinished.Pop() |> ignore

        isWhole

    /// After `Reply`: the reply.
    member _.Value = value

    /// After any call of `Read`: how many bytes from `start` are done with; the next call starts behind them.
    member _.Consumed = position

    /// After `Incomplete`: the bytes, from behind those consumed, that must be there before it is worth reading on; 0 when
    /// that is not known.
    member _.NeededBytes = neededBytes

    /// After `Error`: what is wrong, for a log.
    member _.ErrorText = errorText

    /// Reads on in the reply at hand, from bytes that follow those consumed so far.
    member _.Read(buffer: byte[], start: int, endExclusive: int) : ReplyStatus =
        let bytes = ReadOnlySpan<byte>(buffer, start, endExclusive - start)
        position <- 0
        neededBytes <- 0
        let mutable isReply = false
        let mutable part = if isFailed then Part.Failed else Part.Opened

        while part = Part.Opened do
            part <- readPart bytes

            if part = Part.Value then
                isReply <- fold ()

                if not isReply then
                    part <- Part.Opened

        if isReply then
            replyBytes <- 0L
            ReplyStatus.Reply
        elif part = Part.Missing then
            ReplyStatus.Incomplete
        else
            ReplyStatus.Error

    /// Forgets the reply at hand and any error, for a new connection.
    member _.Reset() =
        unfinished.Clear()
        value <- Reply.Null
        isFailed <- false
        errorText <- ""
        replyBytes <- 0L
        position <- 0
        scanned <- 0
        bulkLength <- -1
        neededBytes <- 0
