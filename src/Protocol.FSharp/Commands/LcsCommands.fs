/// The longest common subsequence of two strings: https://redis.io/docs/latest/commands/lcs/
module RedisClone.Protocol.LcsCommands

open System

/// The lengths of the longest common subsequences of all prefixes of `a` and `b`, row by row.
let private lcsTable (a: ReadOnlySpan<byte>) (b: ReadOnlySpan<byte>) : int[] =
    let width = b.Length + 1
    let table = Array.zeroCreate ((a.Length + 1) * width)

    for i in 1 .. a.Length do
        for j in 1 .. b.Length do
            table[i * width + j] <-
                if a[i - 1] = b[j - 1] then
                    table[(i - 1) * width + j - 1] + 1
                else
                    max table[(i - 1) * width + j] table[i * width + j - 1]

    table

[<Struct>]
type private LcsOptions =
    {
        Length: bool
        Indexes: bool
        MatchMin: int64
        WithLengths: bool
    }

let private takeLcsOptions (call: Call) (options: byref<LcsOptions>) : bool =
    let mutable valid = true

    while valid && call.Remaining > 0 do
        if call.TakeWord "IDX" then
            options <- { options with Indexes = true }
        elif call.TakeWord "LEN" then
            options <- { options with Length = true }
        elif call.TakeWord "WITHMATCHLEN" then
            options <- { options with WithLengths = true }
        elif call.Remaining > 1 && call.TakeWord "MINMATCHLEN" then
            let mutable length = 0L
            valid <- call.TakeInteger &length

            options <-
                { options with
                    MatchMin = max 0L length
                }
        else
            valid <- false
            call.Reply.Error Errors.syntax

    if valid && options.Length && options.Indexes then
        valid <- false
        call.Reply.Error Errors.lcsLengthAndIndexes

    valid

/// Writes one run of matching bytes: its ranges in both strings, and its length if wanted.
let private writeLcsMatch (call: Call) (options: LcsOptions) (aFirst: int) (bFirst: int) (length: int) =
    let reply = call.Reply
    reply.Array(if options.WithLengths then 3 else 2)
    reply.Array 2
    reply.Integer(int64 aFirst)
    reply.Integer(int64 (aFirst + length - 1))
    reply.Array 2
    reply.Integer(int64 bFirst)
    reply.Integer(int64 (bFirst + length - 1))

    if options.WithLengths then
        reply.Integer(int64 length)

let private writeLcs (call: Call) (options: LcsOptions) (a: ReadOnlySpan<byte>) (b: ReadOnlySpan<byte>) =
    let table = lcsTable a b
    let width = b.Length + 1
    let total = table[table.Length - 1]

    if options.Length then
        call.Reply.Integer(int64 total)
    else
        let common: byte[] = Array.zeroCreate total
        let mutable i = a.Length
        let mutable j = b.Length
        let mutable left = total
        let mutable runLength = 0
        let mutable matches = 0

        if options.Indexes then
            call.Reply.Map 2
            call.Reply.BulkText "matches"

        let start = call.Reply.Length

        // From the ends of both strings back to their starts; a run is written when it ends.
        while i > 0 && j > 0 do
            if a[i - 1] = b[j - 1] then
                left <- left - 1
                common[left] <- a[i - 1]
                runLength <- runLength + 1
                i <- i - 1
                j <- j - 1
            else if table[(i - 1) * width + j] > table[i * width + j - 1] then
                i <- i - 1
            else
                j <- j - 1

            let runEnds = i = 0 || j = 0 || a[i - 1] <> b[j - 1]

            if runLength > 0 && runEnds then
                if options.Indexes && int64 runLength >= options.MatchMin then
                    writeLcsMatch call options i j runLength
                    matches <- matches + 1

                runLength <- 0

        if options.Indexes then
            call.Reply.InsertArray(start, matches)
            call.Reply.BulkText "len"
            call.Reply.Integer(int64 total)
        else
            call.Reply.Bulk(ReadOnlySpan<byte> common)

let lcs (call: Call) =
    let mutable first = Entry()
    let mutable second = Entry()
    let a = call.Take()
    let b = call.Take()

    let mutable options =
        {
            Length = false
            Indexes = false
            MatchMin = 0L
            WithLengths = false
        }

    // A key that is due goes when it is looked up, and that may move the other: at the second look neither is due.
    call.Locate(b, &second) |> ignore
    let hasFirst = call.Read(a, &first)
    let hasSecond = call.Read(b, &second)

    if
        (hasFirst && not (Kinds.isString first.Kind))
        || (hasSecond && not (Kinds.isString second.Kind))
    then
        call.Fail Errors.lcsNotStrings
    elif not (takeLcsOptions call &options) then
        Outcome.Unchanged
    else
        let empty = ReadOnlySpan<byte>.Empty
        let aValue = if hasFirst then first.Value else empty
        let bValue = if hasSecond then second.Value else empty
        let cells = int64 (aValue.Length + 1) * int64 (bValue.Length + 1)

        if cells * 4L > min call.Limits.StringLengthMax (int64 Bytes.lengthMax) then
            call.Fail Errors.lcsTooLong
        else
            writeLcs call options aValue bValue
            Outcome.Unchanged

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.String
        [
            command
                "LCS key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]"
                [ ReadOnly ]
                (since "7.0.0")
                "Finds the longest common subsequence of two strings."
                lcs
            |> complexity "O(N*M), N and M being the lengths of the strings"
        ]
