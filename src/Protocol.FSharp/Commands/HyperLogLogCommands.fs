/// Counting different elements: https://redis.io/docs/latest/commands/?group=hyperloglog
module RedisClone.Protocol.HyperLogLogCommands

open System
open System.Text

// ---- shapes

/// Whether what a look-up of a string found is a HyperLogLog, or nothing; writes the error if it is neither.
let private isOne (call: Call) (found: Lookup) (entry: byref<Entry>) : bool =
    match found with
    | Lookup.Found when not (HyperLogLog.isValid entry.Value) ->
        call.Reply.Error Errors.notHyperLogLog
        false
    | found -> found <> Lookup.WrongType

/// Takes the bytes of a HyperLogLog into the scratch, or makes an empty one there.
let private load (call: Call) (entry: byref<Entry>) (exists: bool) =
    if exists then
        call.Scratch.Truncate 0
        call.Scratch.Raw entry.Value
    else
        HyperLogLog.create call.Scratch

/// Stores what the scratch holds.
let private save (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) (exists: bool) =
    let bytes = call.Scratch.Written

    if exists && not (isNull entry.Object) && bytes.Length > Page.InlineValueMax then
        let blob = call.Table.WritableBlob &entry
        call.Table.Resize(blob, bytes.Length)
        bytes.CopyTo blob.Writable
        call.Table.SetKind(&entry, Kind.RawString)
    else
        let deadline = if exists then entry.Deadline else Page.NoDeadline
        call.Store(&entry, key, Kind.RawString, bytes, deadline)

let private scratchBytes (call: Call) =
    Span<byte>(call.Scratch.Buffer, 0, call.Scratch.Length)

/// Raises registers to what the keys from the cursor on hold; false, with the error written, if one is none of these.
let private mergeKeys (call: Call) (registers: byte[]) (anyDense: byref<bool>) : bool =
    let mutable entry = Entry()
    let mutable valid = true

    while valid && call.Remaining > 0 do
        let found = call.ReadString(call.Take(), &entry)
        valid <- isOne call found &entry

        if valid && found = Lookup.Found then
            anyDense <- anyDense || HyperLogLog.isDense entry.Value
            valid <- HyperLogLog.mergeInto (Span<byte> registers) entry.Value

            if not valid then
                call.Reply.Error Errors.corruptHyperLogLog

    valid

// ---- writes

/// Adds elements to a dense one in place; true if that changed anything.
let private addDense (call: Call) (bytes: Span<byte>) : bool =
    let mutable changed = false
    let mutable register = 0

    while call.Remaining > 0 do
        let value = HyperLogLog.locate (call.Take()) &register
        changed <- HyperLogLog.raiseDense bytes register value || changed

    if changed then
        HyperLogLog.invalidate bytes

    changed

/// Adds elements to the one in the scratch.
let private addAll (call: Call) : HyperLogLog.Raised =
    let mutable result = HyperLogLog.Raised.Unchanged
    let mutable register = 0

    while result <> HyperLogLog.Raised.Corrupt && call.Remaining > 0 do
        let value = HyperLogLog.locate (call.Take()) &register

        match HyperLogLog.raise call.Scratch register value call.Limits.HllSparseBytesMax with
        | HyperLogLog.Raised.Unchanged -> ()
        | other -> result <- other

    result

let private addSparse (call: Call) (key: ReadOnlySpan<byte>) (entry: byref<Entry>) (exists: bool) : HyperLogLog.Raised =
    load call &entry exists
    let result = addAll call

    if
        result = HyperLogLog.Raised.Changed
        || (result = HyperLogLog.Raised.Unchanged && not exists)
    then
        HyperLogLog.invalidate (scratchBytes call)
        save call &entry key exists
        HyperLogLog.Raised.Changed
    else
        result

let pfadd (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let found = call.FindString(key, &entry)

    if not (isOne call found &entry) then
        Outcome.Unchanged
    else
        let exists = found = Lookup.Found

        let result =
            if exists && HyperLogLog.isDense entry.Value then
                if addDense call (call.Table.WritableValue &entry) then
                    HyperLogLog.Raised.Changed
                else
                    HyperLogLog.Raised.Unchanged
            else
                addSparse call key &entry exists

        match result with
        | HyperLogLog.Raised.Corrupt -> call.Fail Errors.corruptHyperLogLog
        | HyperLogLog.Raised.Changed ->
            call.Changed(EventClass.String, "pfadd", key)
            call.Reply.Integer 1L
            Outcome.AsReceived
        | _ ->
            call.Reply.Integer 0L
            Outcome.Unchanged

/// Counts one key, and keeps the estimate in its header.
let private countOne (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let found = call.ReadString(key, &entry)

    if not (isOne call found &entry) then
        Outcome.Unchanged
    elif found = Lookup.Missing then
        call.Reply.Integer 0L
        Outcome.Unchanged
    else
        match HyperLogLog.cached entry.Value with
        | -1L ->
            let registers: byte[] = Array.zeroCreate HyperLogLog.Registers

            if HyperLogLog.mergeInto (Span<byte> registers) entry.Value then
                let cardinality = HyperLogLog.estimate (ReadOnlySpan<byte> registers)
                HyperLogLog.setCached (call.Table.WritableValue &entry) cardinality
                call.Changed(EventClass.None, "pfcount", key)
                call.Reply.Integer cardinality
                // The header is part of what GET shows.
                Outcome.AsReceived
            else
                call.Fail Errors.corruptHyperLogLog
        | cardinality ->
            call.Reply.Integer cardinality
            Outcome.Unchanged

let pfcount (call: Call) =
    if call.Remaining = 1 then
        countOne call
    else
        let registers: byte[] = Array.zeroCreate HyperLogLog.Registers
        let mutable anyDense = false

        if mergeKeys call registers &anyDense then
            call.Reply.Integer(HyperLogLog.estimate (ReadOnlySpan<byte> registers))

        Outcome.Unchanged

/// Raises all registers of the one in the scratch.
let private raiseAll (call: Call) (registers: byte[]) : bool =
    let mutable valid = true
    let mutable i = 0

    while valid && i < registers.Length do
        if registers[i] > 0uy then
            valid <-
                HyperLogLog.raise call.Scratch i (int registers[i]) call.Limits.HllSparseBytesMax
                <> HyperLogLog.Raised.Corrupt

        i <- i + 1

    valid

let pfmerge (call: Call) =
    let mutable entry = Entry()
    let mutable anyDense = false
    let key = call.Ahead 0
    let registers: byte[] = Array.zeroCreate HyperLogLog.Registers

    // The destination is one of the sources.
    if not (mergeKeys call registers &anyDense) then
        Outcome.Unchanged
    else
        let exists = call.Find(key, &entry)
        load call &entry exists

        let valid =
            (not anyDense
             || HyperLogLog.isDense call.Scratch.Written
             || HyperLogLog.makeDense call.Scratch)
            && raiseAll call registers

        if not valid then
            call.Fail Errors.corruptHyperLogLog
        else
            HyperLogLog.invalidate (scratchBytes call)
            save call &entry key exists
            call.Changed(EventClass.String, "pfadd", key)
            call.Reply.Ok()
            Outcome.AsReceived

// ---- for those who develop servers

/// Makes a HyperLogLog dense; false, with the error written, if its runs make no sense.
let private makeDense (call: Call) (key: ReadOnlySpan<byte>) (entry: byref<Entry>) : bool =
    load call &entry true

    if HyperLogLog.makeDense call.Scratch then
        save call &entry key true
        call.Changed(EventClass.None, "pfdebug", key)
        true
    else
        call.Reply.Error Errors.corruptHyperLogLog
        false

let private showRegisters (call: Call) (key: ReadOnlySpan<byte>) (entry: byref<Entry>) =
    let wasDense = HyperLogLog.isDense entry.Value

    if wasDense || makeDense call key &entry then
        call.Reply.Array HyperLogLog.Registers

        for register in 0 .. HyperLogLog.Registers - 1 do
            call.Reply.Integer(int64 (HyperLogLog.getDense entry.Value register))

        if wasDense then Outcome.Unchanged else Outcome.AsReceived
    else
        Outcome.Unchanged

let private showRuns (call: Call) (entry: byref<Entry>) =
    let text = StringBuilder()

    if HyperLogLog.isDense entry.Value then
        call.Fail Errors.hyperLogLogNotSparse
    else
        HyperLogLog.describe entry.Value text
        call.Reply.BulkText(text.ToString().TrimEnd ' ')
        Outcome.Unchanged

let pfdebug (call: Call) =
    let mutable entry = Entry()
    let name = call.Take()
    let key = call.Take()
    let found = call.FindString(key, &entry)

    if found = Lookup.Missing then
        call.Fail Errors.noSuchSpecifiedKey
    elif not (isOne call found &entry) then
        Outcome.Unchanged
    elif Bytes.isWord "GETREG" name then
        showRegisters call key &entry
    elif Bytes.isWord "DECODE" name then
        showRuns call &entry
    elif Bytes.isWord "ENCODING" name then
        call.Reply.Simple(
            if HyperLogLog.isDense entry.Value then
                "dense"
            else
                "sparse"
        )

        Outcome.Unchanged
    elif not (Bytes.isWord "TODENSE" name) then
        call.Fail(Errors.unknownHyperLogLogSubcommand name)
    elif HyperLogLog.isDense entry.Value then
        call.Reply.Integer 0L
        Outcome.Unchanged
    elif makeDense call key &entry then
        call.Reply.Integer 1L
        Outcome.AsReceived
    else
        Outcome.Unchanged

/// Fills a dense and a sparse one with the same numbers, and sees that they agree with each other and with the truth.
let pfselftest (call: Call) =
    let elements = 50_000
    let registers: byte[] = Array.zeroCreate HyperLogLog.Registers
    let sparse = RespWriter 4096
    let dense = RespWriter HyperLogLog.DenseBytes
    let mutable register = 0
    let mutable fault: string = null
    HyperLogLog.create sparse
    HyperLogLog.create dense
    HyperLogLog.makeDense dense |> ignore

    for element in 1..elements do
        let value = HyperLogLog.locate (call.TextOf(int64 element)) &register
        HyperLogLog.raise sparse register value Int64.MaxValue |> ignore
        HyperLogLog.raise dense register value Int64.MaxValue |> ignore
        registers[register] <- max registers[register] (byte value)

    if not (HyperLogLog.isDense sparse.Written) then
        HyperLogLog.makeDense sparse |> ignore

    for register in 0 .. HyperLogLog.Registers - 1 do
        if
            HyperLogLog.getDense dense.Written register <> int registers[register]
            || HyperLogLog.getDense sparse.Written register <> int registers[register]
        then
            fault <- Errors.selfTestFailed $"register {register} does not hold what was put there"

    // Six standard errors.
    if abs (HyperLogLog.estimate (ReadOnlySpan<byte> registers) - int64 elements) > int64 elements * 5L / 100L then
        fault <- Errors.selfTestFailed "the estimate is too far from the truth"

    if isNull fault then
        call.Reply.Ok()
    else
        call.Reply.Error fault

    Outcome.Unchanged

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.HyperLogLog
        [
            command
                "PFADD key [element [element ...]]"
                [ Write; DenyOom; Fast ]
                (since "2.8.9")
                "Adds elements to a HyperLogLog."
                pfadd
            |> keys [ inserts ]
            command
                "PFCOUNT key [key ...]"
                [ ReadOnly; MayReplicate ]
                (since "2.8.9")
                "Estimates how many different elements there were."
                pfcount
            |> complexity "O(N), N being the number of keys"
            |> keys [ KeyFlags.RW ||| KeyFlags.Access ]
            command
                "PFDEBUG subcommand key"
                [ Write; DenyOom; Admin ]
                (since "2.8.9")
                "Shows and changes how a HyperLogLog is kept."
                pfdebug
            |> complexity "Depends on the subcommand"
            |> keys [ KeyFlags.RW ||| KeyFlags.Access ]
            |> system
            command
                "PFMERGE destkey [sourcekey [sourcekey ...]]"
                [ Write; DenyOom ]
                (since "2.8.9")
                "Merges HyperLogLogs into one."
                pfmerge
            |> complexity "O(N), N being the number of keys"
            |> keys [ KeyFlags.RW ||| KeyFlags.Access ||| KeyFlags.Insert; reads ]
            command "PFSELFTEST" [ Admin ] (since "2.8.9") "Tests the code of HyperLogLogs." pfselftest
            |> complexity "O(N), N being the number of elements that it counts"
            |> system
        ]
