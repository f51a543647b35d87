namespace RedisClone.Protocol

open System
open System.Buffers.Binary

// Reading commands, as they arrive.
//
// A command is a multibulk
//
//     *3 CRLF  $3 CRLF SET CRLF  $3 CRLF key CRLF  $5 CRLF value CRLF
//     ^start                                       ^position (say)
//
// or an inline command, one line of words with quotes. The bytes come in pieces that end anywhere, and between two
// pieces the caller may have moved what it holds: so everything the reader remembers (arguments found, `position` of the
// next thing to read, `scanned` for the part of a line whose end has not come, the length of the bulk at hand) is
// relative to the first byte of the command, and no byte is looked at twice, however small the pieces.
//
// What a client sends decides about memory only by bytes that have arrived: a header that announces a million arguments
// reserves nothing. The verdict on some bytes never depends on how they were cut.
//
// Peculiarities of Redis are kept, since clients may rest on them: lines of a multibulk end at CR plus one byte that is
// not looked at; the two bytes behind a bulk are not looked at either; numbers must be canonical; `*0` and negative
// counts are no command at all. One is not: Redis waits for ever after a NUL in a line, here it is a byte like others.

/// What `RespReader.Read` found.
type ReadStatus =
    /// The command has not arrived whole.
    | Incomplete = 0
    /// A command; it has no arguments when it was `*0` or a blank line, which are to be skipped.
    | Command = 1
    /// Bytes that are no command. There is no way to go on: the caller sends the error and closes.
    | Error = 2

/// The commonest lines: `*n` and `$n` with few digits, whole in the buffer, read at a look and without asking for limits.
[<RequireQualifiedAccess>]
module private ShortLine =
    /// `?n\r\n` as a little-endian number, without the digit.
    [<Literal>]
    let OneDigitMask = 0xFFFF00FFu

    [<Literal>]
    let OneDigitCount = 0x0A0D002Au

    [<Literal>]
    let OneDigitBulk = 0x0A0D0024u

    [<Literal>]
    let CrLf = 0x0A0Dus

    /// The most arguments that are read so.
    [<Literal>]
    let CountMax = 9

    /// The longest argument whose length is read so, in bytes.
    [<Literal>]
    let BulkMax = 9999L

    /// The longest line that is read so, in bytes without its end.
    [<Literal>]
    let LengthMax = 5

    /// Reads `$`, two to four digits and CRLF at the start of `bytes`, which are at least six. Returns how many bytes that
    /// took, or 0 if there is anything else.
    let readBulkLength (bytes: ReadOnlySpan<byte>, length: byref<int>) : int =
        let mutable value = 0
        let mutable at = 1
        let mutable digit = uint bytes[1] - uint '0'B

        // A leading zero is for the careful way to refuse.
        if bytes[0] = '$'B && digit - 1u <= 8u then
            while digit <= 9u && at < LengthMax do
                value <- value * 10 + int digit
                at <- at + 1
                digit <- uint bytes[at] - uint '0'B

            if bytes[at] = '\r'B && at + 1 < bytes.Length && bytes[at + 1] = '\n'B then
                length <- value
                at + 2
            else
                0
        else
            0

/// How much a client may send. One object may serve any number of readers, and may be changed at any time. Limits that
/// are too small to tell a client from an attacker are raised to the least: 9 arguments, 9999 bytes, lines of 5.
[<Sealed; AllowNullLiteral>]
type RespLimits() =
    let mutable bulkBytesMax = 512L * 1024L * 1024L
    let mutable lineBytesMax = 64 * 1024
    let mutable argumentsMax = Int32.MaxValue
    let mutable commandBytesMax = 1 <<< 30
    let mutable unauthenticatedArgumentsMax = 10
    let mutable unauthenticatedBulkBytesMax = 16384L

    /// The longest argument, in bytes (`proto-max-bulk-len`).
    member _.BulkBytesMax
        with get () = bulkBytesMax
        and set (value: int64) = bulkBytesMax <- max value ShortLine.BulkMax

    /// The longest inline command, and the longest header in a multibulk, in bytes without the end of the line.
    member _.LineBytesMax
        with get () = lineBytesMax
        and set (value: int) = lineBytesMax <- max value ShortLine.LengthMax

    /// The most arguments of a command. Redis sets no other limit than that of its counter.
    member _.ArgumentsMax
        with get () = argumentsMax
        and set (value: int) = argumentsMax <- max value ShortLine.CountMax

    /// The longest command in all, in bytes of protocol (`client-query-buffer-limit`); no longer than an array can be.
    member _.CommandBytesMax
        with get () = commandBytesMax
        and set (value: int) = commandBytesMax <- min value Bytes.lengthMax

    /// The most arguments of a command by a client who still has to authenticate.
    member _.UnauthenticatedArgumentsMax
        with get () = unauthenticatedArgumentsMax
        and set (value: int) = unauthenticatedArgumentsMax <- max value ShortLine.CountMax

    /// The longest argument by a client who still has to authenticate, in bytes.
    member _.UnauthenticatedBulkBytesMax
        with get () = unauthenticatedBulkBytesMax
        and set (value: int64) = unauthenticatedBulkBytesMax <- max value ShortLine.BulkMax

/// Where a reader stands in a command.
type private Stage =
    | Between = 0
    | Count = 1
    | Arguments = 2
    | Inline = 3
    | Failed = 4

/// Reads commands from a buffer that fills up. One reader serves one connection for life, and allocates nothing once it
/// is warm. It never throws, whatever the bytes.
[<Sealed; AllowNullLiteral>]
type RespReader(limits: RespLimits) =
    let mutable arguments = Arguments()
    let unquoter = InlineReader()
    let mutable stage = Stage.Between
    // The arguments that are still to come.
    let mutable remaining = 0
    // The length of the argument at hand, or -1 while its header has not been read.
    let mutable bulkLength = -1
    // Where to go on reading.
    let mutable position = 0
    // From `position` up to here there is no end of the line.
    let mutable scanned = 0
    // Whether every line so far ended with CRLF.
    let mutable isCanonical = true
    let mutable neededBytes = 0
    let mutable errorText = ""

    let fail (text: string) =
        errorText <- text
        stage <- Stage.Failed
        ReadStatus.Error

    let finish (buffer: byte[], start: int, rawLength: int, isMultibulk: bool) =
        arguments.Buffer <- buffer
        arguments.Start <- start
        arguments.RawLength <- rawLength
        arguments.IsMultibulk <- isMultibulk
        stage <- Stage.Between
        ReadStatus.Command

    /// Looks for the end of the line at `position`: its index, -1 when it has not come, -2 when the line is too long.
    let findLineEnd (bytes: ReadOnlySpan<byte>, mark: byte) =
        let windowEnd =
            int (min (int64 bytes.Length) (int64 position + int64 limits.LineBytesMax + 1L))

        let from = max scanned position

        let found =
            if from < windowEnd then
                bytes.Slice(from, windowEnd - from).IndexOf mark
            else
                -1

        if found >= 0 then
            scanned <- from + found
            scanned
        else
            scanned <- max from windowEnd

            if windowEnd - position > limits.LineBytesMax then
                -2
            else
                -1

    /// Reads the line at `position`: a type byte, a number, CR and one byte more. The line must be whole even to be
    /// refused. Command: the number is in `value`, or `isNumber` is false; the caller moves on to `nextLine`.
    let readNumber (bytes: ReadOnlySpan<byte>, tooLong: string, value: byref<int64>, isNumber: byref<bool>) =
        let lineEnd = findLineEnd (bytes, '\r'B)

        if lineEnd = -2 then
            fail tooLong
        elif lineEnd < 0 || lineEnd + 1 >= bytes.Length then
            ReadStatus.Incomplete
        else
            // An empty line has not even a type byte.
            let text = bytes.Slice(min (position + 1) lineEnd, max 0 (lineEnd - position - 1))
            isNumber <- Numbers.tryParseInt64 (text, &value)
            isCanonical <- isCanonical && bytes[lineEnd + 1] = '\n'B
            ReadStatus.Command

    let nextLine () =
        position <- scanned + 2
        scanned <- position

    /// Reads the header of a multibulk, whatever its form.
    let readCount (bytes: ReadOnlySpan<byte>, isAuthenticated: bool) =
        let mutable count = 0L
        let mutable isNumber = false
        let status = readNumber (bytes, Errors.tooBigMultibulkHeader, &count, &isNumber)

        if status <> ReadStatus.Command then
            status
        elif not isNumber || count > int64 limits.ArgumentsMax then
            fail Errors.invalidMultibulkLength
        elif not isAuthenticated && count > int64 limits.UnauthenticatedArgumentsMax then
            fail Errors.unauthenticatedMultibulkLength
        else
            nextLine ()
            remaining <- int (max count 0L)
            stage <- Stage.Arguments
            ReadStatus.Command

    /// Reads the header of the argument at `position`, whatever its form, into `bulkLength`.
    let readBulkLength (bytes: ReadOnlySpan<byte>, isAuthenticated: bool) =
        let mutable count = 0L
        let mutable isNumber = false
        let status = readNumber (bytes, Errors.tooBigBulkHeader, &count, &isNumber)

        if status <> ReadStatus.Command then
            status
        elif bytes[position] <> '$'B then
            fail (Errors.expectedBulk bytes[position])
        elif not isNumber || count < 0L || count > limits.BulkBytesMax then
            fail Errors.invalidBulkLength
        elif not isAuthenticated && count > limits.UnauthenticatedBulkBytesMax then
            fail Errors.unauthenticatedBulkLength
        elif count > int64 limits.CommandBytesMax then
            fail Errors.tooBigCommand
        else
            nextLine ()
            bulkLength <- int count
            ReadStatus.Command

    /// The loop that all traffic goes through: reads arguments as long as they are there.
    let readArguments (bytes: ReadOnlySpan<byte>, isAuthenticated: bool) =
        let commandBytesMax = limits.CommandBytesMax
        let mutable at = position
        let mutable left = remaining
        let mutable bulk = bulkLength
        let mutable status = ReadStatus.Command

        while left > 0 && status = ReadStatus.Command do
            if bulk < 0 then
                // No argument takes less than six bytes, so asking for six misses none that is whole.
                let line =
                    if bytes.Length - at >= 6 then
                        BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice at)
                    else
                        0u

                let digit = ((line >>> 8) &&& 0xFFu) - uint32 '0'B

                if (line &&& ShortLine.OneDigitMask) = ShortLine.OneDigitBulk && digit <= 9u then
                    bulk <- int digit
                    at <- at + 4
                else
                    let taken =
                        if line = 0u then
                            0
                        else
                            ShortLine.readBulkLength (bytes.Slice at, &bulk)

                    if taken > 0 then
                        at <- at + taken
                    else
                        position <- at
                        bulkLength <- -1
                        status <- readBulkLength (bytes, isAuthenticated)
                        at <- position
                        bulk <- bulkLength

            if status = ReadStatus.Command then
                if bulk > commandBytesMax - 2 - at then
                    status <- fail Errors.tooBigCommand
                elif bulk > bytes.Length - 2 - at then
                    neededBytes <- at + bulk + 2
                    status <- ReadStatus.Incomplete
                else
                    let after = at + bulk
                    arguments.Add(at, bulk)

                    if BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice after) <> ShortLine.CrLf then
                        isCanonical <- false

                    at <- after + 2
                    bulk <- -1
                    left <- left - 1

        position <- at
        remaining <- left
        bulkLength <- bulk
        status

    /// Reads the one line of an inline command.
    let readInline (buffer: byte[], start: int, bytes: ReadOnlySpan<byte>) =
        let lineEnd = findLineEnd (bytes, '\n'B)

        if lineEnd = -2 then
            fail Errors.tooBigInline
        elif lineEnd < 0 then
            ReadStatus.Incomplete
        else
            position <- lineEnd + 1

            let textEnd =
                if lineEnd > 0 && bytes[lineEnd - 1] = '\r'B then
                    lineEnd - 1
                else
                    lineEnd

            let line = bytes.Slice(0, textEnd)

            if InlineReader.AddPlainWords(line, arguments) then
                finish (buffer, start, position, false)
            else
                arguments.Clear()
                let unquoted = unquoter.AddQuotedWords(line, arguments)

                if unquoted < 0 then
                    fail Errors.unbalancedQuotes
                else
                    finish (unquoter.Scratch, 0, unquoted, false)

    /// Readies the reader for the command that starts with the first of `bytes`.
    let beginCommand (bytes: ReadOnlySpan<byte>) =
        arguments.Clear()
        unquoter.Trim()
        position <- 0
        scanned <- 0
        bulkLength <- -1
        isCanonical <- true

        let line =
            if bytes.Length >= 4 then
                BinaryPrimitives.ReadUInt32LittleEndian bytes
            else
                0u

        let count = ((line >>> 8) &&& 0xFFu) - uint32 '0'B

        if (line &&& ShortLine.OneDigitMask) = ShortLine.OneDigitCount && count <= 9u then
            remaining <- int count
            position <- 4
            stage <- Stage.Arguments
        elif bytes[0] = '*'B then
            stage <- Stage.Count
        else
            stage <- Stage.Inline

    /// The arguments of the command that was read last, until the next call of `Read`. Between two commands others may
    /// be put in their place, for the next command: so a caller keeps several commands of one buffer at a time.
    member _.Arguments
        with get () = arguments
        and set (value: Arguments) = arguments <- value

    /// Forgets what was read of a command that has not come whole; its bytes will be offered again.
    member _.Restart() =
        stage <- Stage.Between
        position <- 0
        neededBytes <- 0

    /// After a command: the bytes it took from `start`, so that the next one starts there.
    member _.Consumed = position

    /// The bytes, from the first of the command at hand, that must be there before it is worth reading on; 0 when that
    /// is not known. Never more than `RespLimits.CommandBytesMax`.
    member _.NeededBytes = neededBytes

    /// After an error: what to send before closing.
    member _.ErrorText = errorText

    /// Whether the client has authenticated, or need not: others are held to tighter limits.
    member val IsAuthenticated = true with get, set

    /// Reads on in the command that starts at `buffer[start]`, whose bytes end before `endExclusive`. After `Incomplete`
    /// the same bytes must be there in the next call, at any place, with more behind them.
    member this.Read(buffer: byte[], start: int, endExclusive: int) : ReadStatus =
        let bytes = ReadOnlySpan<byte>(buffer, start, endExclusive - start)
        let mutable status = ReadStatus.Incomplete
        neededBytes <- 0

        if stage = Stage.Between && bytes.Length > 0 then
            beginCommand bytes

        if stage = Stage.Count then
            status <- readCount (bytes, this.IsAuthenticated)

        if stage = Stage.Arguments then
            status <- readArguments (bytes, this.IsAuthenticated)

            if status = ReadStatus.Command then
                status <- finish (buffer, start, position, isCanonical)
        elif stage = Stage.Inline then
            status <- readInline (buffer, start, bytes)
        elif stage = Stage.Failed then
            status <- ReadStatus.Error

        status

    /// Forgets the command at hand and any error, for a new connection.
    member this.Reset() =
        arguments.Clear()
        unquoter.Trim()
        arguments.Buffer <- Array.Empty()
        stage <- Stage.Between
        position <- 0
        neededBytes <- 0
        errorText <- ""
        this.IsAuthenticated <- true
