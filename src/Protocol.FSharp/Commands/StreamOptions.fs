namespace RedisClone.Protocol

open System

/// How a stream is to be trimmed.
type StreamTrim =
    | None = 0
    | MaxLength = 1
    | MinId = 2

/// What becomes of the references that groups have to an entry that is to be deleted.
type References =
    | Keep = 0
    | Delete = 1
    /// The entry stays as long as there are any.
    | Acknowledged = 2

/// The options of XADD before the id, and of XTRIM.
[<Struct; NoEquality; NoComparison>]
type StreamTrimOptions =
    {
        mutable Trim: StreamTrim
        mutable MaxLength: int64
        mutable MinId: StreamId
        mutable IsApproximate: bool
        /// At most so many entries go at once; 0 for all.
        mutable Limit: int64
        mutable HasLimit: bool
        mutable MakesNoStream: bool
        mutable References: References
        mutable HasReferences: bool
    }

/// What the commands on streams have in common: ids and options read, entries written.
[<RequireQualifiedAccess>]
module StreamOptions =
    /// How many blocks approximate trimming looks at, at the most, unless told otherwise.
    [<Literal>]
    let private LimitBlocks = 100L

    [<Literal>]
    let private LimitMax = 1000000L

    /// The same where blocks have no limit.
    [<Literal>]
    let private LimitWithoutBlocks = 10000L

    /// Reads an id with a number given for what is missing; false with the error written.
    let parseId (call: Call) (text: ReadOnlySpan<byte>) (missing: uint64) (id: byref<StreamId>) : bool =
        let valid = StreamIds.tryParse (text, missing, &id)

        if not valid then
            call.Reply.Error Errors.invalidStreamId

        valid

    /// Reads an end of a range: an id, `-` or `+`, with `(` before an id that is left out.
    let parseBound
        (call: Call)
        (text: ReadOnlySpan<byte>)
        (missing: uint64)
        (id: byref<StreamId>)
        (excluded: byref<bool>)
        =
        excluded <- text.Length > 1 && text[0] = '('B

        if excluded then
            parseId call (text.Slice 1) missing &id
        elif text.Length = 1 && text[0] = '-'B then
            id <- StreamIds.min
            true
        elif text.Length = 1 && text[0] = '+'B then
            id <- StreamIds.max
            true
        else
            parseId call text missing &id

    /// Reads both ends of a range.
    let parseRange
        (call: Call)
        (start: ReadOnlySpan<byte>)
        (stop: ReadOnlySpan<byte>)
        (from: byref<StreamId>)
        (until: byref<StreamId>)
        : bool =
        let mutable excluded = false

        if not (parseBound call start 0UL &from &excluded) then
            false
        elif excluded && from.IsMax then
            call.Reply.Error Errors.invalidRangeStart
            false
        else
            if excluded then
                from <- StreamIds.next from

            if not (parseBound call stop UInt64.MaxValue &until &excluded) then
                false
            elif excluded && until.IsZero then
                call.Reply.Error Errors.invalidRangeEnd
                false
            else
                if excluded then
                    until <- StreamIds.previous until

                true

    /// Takes the word that says what becomes of references; false if there is none.
    let takeReferences (call: Call) (references: byref<References>) : bool =
        if call.TakeWord "KEEPREF" then
            references <- References.Keep
            true
        elif call.TakeWord "DELREF" then
            references <- References.Delete
            true
        elif call.TakeWord "ACKED" then
            references <- References.Acknowledged
            true
        else
            false

    // ---- trimming

    let private takeThreshold (call: Call) (trim: StreamTrim) (options: byref<StreamTrimOptions>) : bool =
        if options.Trim <> StreamTrim.None then
            call.Reply.Error Errors.trimTwice
            false
        else
            options.Trim <- trim

            if call.Remaining > 1 then
                let sign = call.Ahead 0

                if sign.Length = 1 && (sign[0] = '~'B || sign[0] = '='B) then
                    options.IsApproximate <- sign[0] = '~'B
                    call.Skip 1

            let mutable number = 0L
            let mutable id = StreamIds.min

            if trim = StreamTrim.MinId then
                let valid = parseId call (call.Take()) 0UL &id
                options.MinId <- id
                valid
            elif not (call.TakeInteger &number) then
                false
            elif number < 0L then
                call.Reply.Error Errors.maxLengthNegative
                false
            else
                options.MaxLength <- number
                true

    let private takeLimit (call: Call) (options: byref<StreamTrimOptions>) : bool =
        let mutable number = 0L

        if not (call.TakeInteger &number) then
            false
        elif number < 0L then
            call.Reply.Error Errors.streamLimitNegative
            false
        else
            options.Limit <- number
            options.HasLimit <- true
            true

    /// Takes the options; for XADD up to the id, for XTRIM all that is left. False with the error written.
    let takeTrim (call: Call) (isAdd: bool) (options: byref<StreamTrimOptions>) : bool =
        let mutable valid = true
        let mutable more = true
        let mutable references = References.Keep

        while valid && more && call.Remaining > 0 do
            if call.Remaining > 1 && call.TakeWord "MAXLEN" then
                valid <- takeThreshold call StreamTrim.MaxLength &options
            elif call.Remaining > 1 && call.TakeWord "MINID" then
                valid <- takeThreshold call StreamTrim.MinId &options
            elif call.Remaining > 1 && call.TakeWord "LIMIT" then
                valid <- takeLimit call &options
            elif isAdd && call.TakeWord "NOMKSTREAM" then
                options.MakesNoStream <- true
            elif not options.HasReferences && takeReferences call &references then
                options.References <- references
                options.HasReferences <- true
            elif isAdd then
                more <- false
            else
                call.Reply.Error Errors.syntax
                valid <- false

        valid

    /// Whether the options make sense together; false with the error written.
    let checkTrim (call: Call) (isAdd: bool) (options: byref<StreamTrimOptions>) : bool =
        let error =
            if options.HasLimit && options.Trim = StreamTrim.None then
                Errors.limitWithoutTrim
            elif not isAdd && options.Trim = StreamTrim.None then
                Errors.trimMissing
            elif options.HasLimit && not options.IsApproximate then
                Errors.limitOfExactTrim
            else
                null

        if not (isNull error) then
            call.Reply.Error error
        elif options.IsApproximate && not options.HasLimit then
            let entries = call.Limits.StreamNodeEntriesMax
            // Written so that no setting overflows.
            options.Limit <-
                if entries <= 0L then
                    LimitWithoutBlocks
                else
                    min LimitMax (LimitBlocks * min entries LimitMax)

        isNull error

    /// Trims a stream; how many entries went.
    let trim (stream: StreamData) (options: byref<StreamTrimOptions>) : int64 =
        let lengthMax =
            if options.Trim = StreamTrim.MaxLength then
                options.MaxLength
            else
                -1L

        if options.Trim = StreamTrim.None then
            0L
        else
            stream.Trim(lengthMax, options.MinId, options.IsApproximate, options.Limit)

    // ---- replies

    let writeId (call: Call) (id: StreamId) =
        call.Reply.Bulk(StreamIds.textInto call.NumberText id)

    /// Answers with an entry: its id, and its fields and values.
    let writeEntry (call: Call) (cursor: byref<StreamCursor>) =
        let reply = call.Reply
        reply.Array 2
        writeId call cursor.Id
        reply.Array(2 * cursor.Fields)
        let mutable left = cursor.Fields

        while left > 0 do
            cursor.NextField()
            reply.Bulk cursor.Field
            reply.Bulk cursor.Value
            left <- left - 1

    /// Answers with the entry of an id; false, with nothing written, if there is none.
    let tryWriteEntry (call: Call) (stream: StreamData) (id: StreamId) : bool =
        let mutable cursor = StreamCursor(stream, id, id, false)
        let found = cursor.Next()

        if found then
            writeEntry call &cursor

        found

    // ---- the log

    let logId (call: Call) (id: StreamId) =
        call.Journal.Add(StreamIds.textInto call.NumberText id)

    /// Logs how many entries trimming has left.
    let logLength (call: Call) (key: ReadOnlySpan<byte>) (stream: StreamData) =
        let journal = call.Journal
        journal.Begin 5
        journal.Add "XTRIM"
        journal.Add key
        journal.Add "MAXLEN"
        journal.Add "="
        journal.Add(int64 stream.Length)

    /// Makes a consumer, and logs that; its place in the group.
    let makeConsumer (call: Call) (key: ReadOnlySpan<byte>) (group: StreamGroup) (name: ReadOnlySpan<byte>) : int =
        let slot = group.AddConsumer(name, call.Now)
        let journal = call.Journal
        journal.Begin 5
        journal.Add "XGROUP"
        journal.Add "CREATECONSUMER"
        journal.Add key
        journal.Add(ReadOnlySpan<byte> group.Name)
        journal.Add name
        call.ChangedQuietly(EventClass.Stream, "xgroup-createconsumer", key)
        slot

    /// The consumer of a name; made if it is not there.
    let consumerOf
        (call: Call)
        (key: ReadOnlySpan<byte>)
        (group: StreamGroup)
        (name: ReadOnlySpan<byte>)
        (changes: byref<bool>)
        =
        let found = group.FindConsumer name

        if found >= 0 then
            (group.OwnConsumer found).SeenTime <- call.Now
            found
        else
            changes <- true
            makeConsumer call key group name

    /// Finds a group for reading; -1, with the error written, if it is not there.
    let findGroup (call: Call) (key: ReadOnlySpan<byte>) (name: ReadOnlySpan<byte>) (entry: byref<Entry>) : int =
        let lookup = call.ReadStream(key, &entry)

        if lookup = Lookup.WrongType then
            -1
        else
            let rank =
                if lookup = Lookup.Found then
                    (StreamValue.dataOf &entry).FindGroup name
                else
                    -1

            if rank < 0 then
                call.Reply.Error(Errors.noGroup (key, name))

            rank
