/// BITOP: https://redis.io/docs/latest/commands/bitop/
module RedisClone.Protocol.BitopCommands

open System

// ---- shapes

[<RequireQualifiedAccess>]
type private Operation =
    | And
    | Or
    | Xor
    | Not
    /// The bits of the first string that no other has.
    | Diff
    /// The bits of any other string that the first has not.
    | Diff1
    /// The bits of the first string that any other has.
    | AndOr
    /// The bits that exactly one string has.
    | One
    | Unknown

let private takeOperation (call: Call) =
    if call.TakeWord "AND" then Operation.And
    elif call.TakeWord "OR" then Operation.Or
    elif call.TakeWord "XOR" then Operation.Xor
    elif call.TakeWord "NOT" then Operation.Not
    elif call.TakeWord "DIFF" then Operation.Diff
    elif call.TakeWord "DIFF1" then Operation.Diff1
    elif call.TakeWord "ANDOR" then Operation.AndOr
    elif call.TakeWord "ONE" then Operation.One
    else Operation.Unknown

/// The string of a key ahead, which is a string if it exists; empty if not.
let private stringAt (call: Call) (offset: int) : ReadOnlySpan<byte> =
    let mutable entry = Entry()

    if call.Table.Find(call.Ahead offset, &entry) then
        entry.Value
    else
        ReadOnlySpan<byte>.Empty

// ---- the operations, into a result of zeros as long as the longest of the strings ahead

let private common (target: Span<byte>) (source: ReadOnlySpan<byte>) = target.Slice(0, source.Length)

let private orAll (call: Call) (first: int) (result: Span<byte>) =
    for i in first .. call.Remaining - 1 do
        let source = stringAt call i
        Bits.orWith (common result source) source

let private andAll (call: Call) (result: Span<byte>) =
    (stringAt call 0).CopyTo result

    for i in 1 .. call.Remaining - 1 do
        let source = stringAt call i
        Bits.andWith (common result source) source
        result.Slice(source.Length).Clear()

let private oneOf (call: Call) (result: Span<byte>) =
    let several: byte[] = Array.zeroCreate result.Length
    let both: byte[] = Array.zeroCreate result.Length

    for i in 0 .. call.Remaining - 1 do
        let source = stringAt call i
        let again = Span<byte>(both, 0, source.Length)
        source.CopyTo again
        Bits.andWith again (Span.op_Implicit (common result source))
        Bits.orWith (Span<byte>(several, 0, source.Length)) (Span.op_Implicit again)
        Bits.orWith (common result source) source

    Bits.without result (ReadOnlySpan<byte> several)

let private compute (call: Call) (operation: Operation) (result: Span<byte>) =
    let first = stringAt call 0

    match operation with
    | Operation.And -> andAll call result
    | Operation.Or -> orAll call 0 result
    | Operation.Xor ->
        for i in 0 .. call.Remaining - 1 do
            let source = stringAt call i
            Bits.xorWith (common result source) source
    | Operation.Not ->
        first.CopyTo result
        Bits.invert result
    | Operation.Diff ->
        orAll call 1 result
        Bits.butOf (common result first) first
        result.Slice(first.Length).Clear()
    | Operation.Diff1 ->
        orAll call 1 result
        Bits.without (common result first) first
    | Operation.AndOr ->
        orAll call 1 result
        Bits.andWith (common result first) first
        result.Slice(first.Length).Clear()
    | _ -> oneOf call result

// ---- writes

/// The length of the longest string ahead, or -1, with the error written, if one has another type.
let private longest (call: Call) : int =
    let mutable entry = Entry()
    let mutable length = 0
    let mutable i = 0

    while length >= 0 && i < call.Remaining do
        match call.ReadString(call.Ahead i, &entry) with
        | Lookup.WrongType -> length <- -1
        | Lookup.Found -> length <- max length entry.Value.Length
        | _ -> ()

        i <- i + 1

    length

let private store (call: Call) (operation: Operation) (target: ReadOnlySpan<byte>) =
    let mutable entry = Entry()

    match longest call with
    | -1 -> Outcome.Unchanged
    | 0 ->
        let exists = call.Locate(target, &entry)
        Elements.finishStore call target &entry exists 0 EventClass.String "set"
    | length ->
        let result: byte[] = Array.zeroCreate length
        compute call operation (Span<byte> result)
        call.Locate(target, &entry) |> ignore

        if length > Page.InlineValueMax then
            let blob = Blob(call.Keyspace.Owner.Epoch, result, length)
            call.StoreObject(&entry, target, Kind.RawString, blob, Page.NoDeadline)
        else
            call.Store(&entry, target, Kind.RawString, ReadOnlySpan<byte> result, Page.NoDeadline)

        call.Changed(EventClass.String, "set", target)
        call.Reply.Integer(int64 length)
        Outcome.AsReceived

let bitop (call: Call) =
    let name = call.Ahead 0
    let operation = takeOperation call

    if operation = Operation.Unknown then
        call.Fail Errors.syntax
    else
        let target = call.Take()

        match operation with
        | Operation.Not when call.Remaining > 1 -> call.Fail Errors.bitopNot
        | Operation.Diff
        | Operation.Diff1
        | Operation.AndOr when call.Remaining < 2 -> call.Fail(Errors.bitopFewKeys name)
        | _ -> store call operation target

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Bitmap
        [
            command
                "BITOP <operation: AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE> destkey key [key ...]"
                [ Write; DenyOom ]
                (since "2.6.0")
                "Combines strings bit by bit, and stores the result."
                bitop
            |> complexity "O(N), N being the bytes of all the strings"
            |> history "8.2.0" "`DIFF`, `DIFF1`, `ANDOR` and `ONE`."
        ]
