/// Strings as arrays of numbers of any width: https://redis.io/docs/latest/commands/bitfield/
module RedisClone.Protocol.BitfieldCommands

open System

// ---- shapes

[<RequireQualifiedAccess>]
type private Action =
    | Get
    | Set
    | Increment
    /// Says what the next ones do when a number does not fit.
    | Overflow

[<RequireQualifiedAccess>]
type private Overflow =
    | Wrap
    | Saturate
    | Fail

/// One operation on the string.
[<Struct>]
type private Step =
    {
        Action: Action
        Overflow: Overflow
        Signed: bool
        Bits: int
        Offset: int64
        /// What is to be stored, or added.
        Operand: int64
    }

// ---- reading the arguments

let private takeOverflow (call: Call) (overflow: byref<Overflow>) : bool =
    if call.TakeWord "WRAP" then
        overflow <- Overflow.Wrap
        true
    elif call.TakeWord "SAT" then
        overflow <- Overflow.Saturate
        true
    elif call.TakeWord "FAIL" then
        overflow <- Overflow.Fail
        true
    else
        call.Reply.Error Errors.bitfieldOverflow
        false

/// Takes a type such as `i16`: up to 64 bits with a sign, up to 63 without.
let private takeType (call: Call) (signed: byref<bool>) (bits: byref<int>) : bool =
    let text = call.Take()
    let mutable number = 0L
    signed <- text.Length > 0 && text[0] = 'i'B

    let valid =
        text.Length > 0
        && (signed || text[0] = 'u'B)
        && Numbers.tryParseInt64 (text.Slice 1, &number)
        && number >= 1L
        && number <= (if signed then 64L else 63L)

    bits <- int number

    if not valid then
        call.Reply.Error Errors.bitfieldType

    valid

/// Takes one operation; false, with the error written, if it makes no sense. `overflow` is what the last OVERFLOW said.
let private take (call: Call) (overflow: byref<Overflow>) (step: byref<Step>) : bool =
    let mutable signed = false
    let mutable bits = 0
    let mutable offset = 0L
    let mutable operand = 0L
    let mutable action = Action.Overflow
    let behind = call.Remaining - 1

    let known =
        if behind >= 2 && call.TakeWord "GET" then
            action <- Action.Get
            true
        elif behind >= 3 && call.TakeWord "SET" then
            action <- Action.Set
            true
        elif behind >= 3 && call.TakeWord "INCRBY" then
            action <- Action.Increment
            true
        else
            behind >= 1 && call.TakeWord "OVERFLOW"

    let valid =
        if not known then
            call.Reply.Error Errors.syntax
            false
        elif action = Action.Overflow then
            takeOverflow call &overflow
        else
            takeType call &signed &bits
            && BitmapCommands.takeOffset call bits &offset
            && (action = Action.Get || call.TakeInteger &operand)

    step <-
        {
            Action = action
            Overflow = overflow
            Signed = signed
            Bits = bits
            Offset = offset
            Operand = operand
        }

    valid

// ---- numbers of any width

let private most (step: Step inref) : int64 =
    Int64.MaxValue >>> (64 - step.Bits - (if step.Signed then 0 else 1))

let private least (step: Step inref) : int64 =
    if step.Signed then -(most &step) - 1L else 0L

/// The number that some bits are.
let private valueOf (step: Step inref) (field: uint64) : int64 =
    if step.Signed then
        int64 (field <<< (64 - step.Bits)) >>> (64 - step.Bits)
    else
        int64 field

/// Whether a step comes to more than the field holds (1), to less (-1), or to what fits (0).
let private excess (step: Step inref) (old: int64) : int =
    let low = least &step
    let high = most &step
    let operand = step.Operand

    if step.Action = Action.Increment then
        if operand > 0L && old > high - operand then
            1
        elif operand < 0L && step.Signed && old < low - operand then
            -1
        elif operand < 0L && not step.Signed && old + operand < 0L then
            -1
        else
            0
    // What is stored without a sign is read without one, so that what is below zero is very large.
    elif operand > high || (operand < 0L && not step.Signed) then
        1
    elif operand < low then
        -1
    else
        0

/// The bits that a step leaves in a field, and whether it does at all.
let private outcomeOf (step: Step inref) (old: int64) (field: byref<uint64>) : bool =
    let excess = excess &step old

    let stored =
        if excess = 0 || step.Overflow <> Overflow.Saturate then
            if step.Action = Action.Increment then
                old + step.Operand
            else
                step.Operand
        elif excess > 0 then
            most &step
        else
            least &step

    field <- uint64 stored &&& (UInt64.MaxValue >>> (64 - step.Bits))
    excess = 0 || step.Overflow <> Overflow.Fail

// ---- carrying them out

/// Reads all arguments. The number of steps that answer, or -1 with the error written; `reach` is how many bytes a
/// string must have that is written to, or 0 if nothing is.
let private check (call: Call) (reach: byref<int64>) : int =
    let mutable overflow = Overflow.Wrap
    let mutable step = Unchecked.defaultof<Step>
    let mutable answers = 0

    while answers >= 0 && call.Remaining > 0 do
        if not (take call &overflow &step) then
            answers <- -1
        elif step.Action <> Action.Overflow then
            answers <- answers + 1

            if step.Action <> Action.Get then
                reach <- max reach ((step.Offset + int64 step.Bits + 7L) >>> 3)

    answers

let private answerGet (call: Call) (step: Step inref) (bytes: ReadOnlySpan<byte>) =
    call.Reply.Integer(valueOf &step (Bits.getField bytes step.Offset step.Bits))

/// Carries a step that writes out; true if that changed anything.
let private write (call: Call) (step: Step inref) (bytes: Span<byte>) : bool =
    let field = Bits.getField (Span.op_Implicit bytes) step.Offset step.Bits
    let old = valueOf &step field
    let mutable changed = 0UL

    if outcomeOf &step old &changed then
        Bits.setField bytes step.Offset step.Bits changed

        call.Reply.Integer(
            if step.Action = Action.Set then
                old
            else
                valueOf &step changed
        )

        changed <> field
    else
        call.Reply.Null()
        false

/// Carries out all steps, of which none writes.
let private readAll (call: Call) (key: ReadOnlySpan<byte>) (answers: int) =
    let mutable entry = Entry()
    let mutable overflow = Overflow.Wrap
    let mutable step = Unchecked.defaultof<Step>

    match call.ReadString(key, &entry) with
    | Lookup.WrongType -> ()
    | found ->
        call.Reply.Array answers

        while call.Remaining > 0 do
            take call &overflow &step |> ignore

            if step.Action = Action.Get then
                answerGet
                    call
                    &step
                    (if found = Lookup.Found then
                         entry.Value
                     else
                         ReadOnlySpan<byte>.Empty)

    Outcome.Unchanged

/// Carries out all steps on a string that is long enough for them.
let private writeAll (call: Call) (key: ReadOnlySpan<byte>) (answers: int) (reach: int) =
    let mutable entry = Entry()
    let mutable overflow = Overflow.Wrap
    let mutable step = Unchecked.defaultof<Step>

    match call.FindString(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | found ->
        let length = if found = Lookup.Found then entry.Value.Length else 0
        let bytes = call.EditString(&entry, key, max length reach)
        let mutable changed = reach > length
        call.Reply.Array answers

        while call.Remaining > 0 do
            take call &overflow &step |> ignore

            match step.Action with
            | Action.Get -> answerGet call &step (Span.op_Implicit bytes)
            | Action.Overflow -> ()
            | _ -> changed <- write call &step bytes || changed

        if changed then
            call.Changed(EventClass.String, "setbit", key)

        // Even where all is as it was, Redis calls the encoding `raw` from now on.
        Outcome.AsReceived

let private run (call: Call) (mayWrite: bool) =
    let key = call.Take()
    let first = call.Args.Count - call.Remaining
    let mutable reach = 0L

    match check call &reach with
    | -1 -> Outcome.Unchanged
    | answers ->
        call.Rewind first

        if reach = 0L then
            readAll call key answers
        elif not mayWrite then
            call.Fail Errors.bitfieldReadOnly
        elif reach > call.Limits.StringLengthMax then
            call.Fail Errors.bitOffset
        else
            writeAll call key answers (int reach)

let bitfield call = run call true
let bitfieldRo call = run call false

/// Whether all of a BITFIELD only reads.
let private flagsOf (arguments: Arguments) : KeyFlags =
    let mutable i = 2
    let mutable onlyReads = true

    while onlyReads && i < arguments.Count do
        let behind = arguments.Count - i - 1

        if behind >= 2 && Bytes.isWord "GET" arguments[i] then
            i <- i + 3
        elif behind >= 1 && Bytes.isWord "OVERFLOW" arguments[i] then
            i <- i + 2
        else
            onlyReads <- false

    if onlyReads then Rows.reads else Rows.readsAndUpdates

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Bitmap
        [
            command
                "BITFIELD key [<operation: GET encoding offset | <write: [OVERFLOW <WRAP | SAT | FAIL>] <write_operation: SET encoding offset value:integer | INCRBY encoding offset increment>>> ...]"
                [ Write; DenyOom ]
                (since "3.2.0")
                "Reads and writes numbers of any width in a string."
                bitfield
            |> complexity "O(1) for each operation"
            |> keys [ readsAndUpdates ||| KeyFlags.VariableFlags ]
            |> variableFlags flagsOf
            command
                "BITFIELD_RO key [GET encoding offset:integer ...]"
                [ ReadOnly; Fast ]
                (since "6.0.0")
                "Reads numbers of any width in a string."
                bitfieldRo
            |> complexity "O(1) for each operation"
        ]
