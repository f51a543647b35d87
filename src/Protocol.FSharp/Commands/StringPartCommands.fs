/// The commands on parts of strings, and on their lengths: https://redis.io/docs/latest/commands/?group=string
module RedisClone.Protocol.StringPartCommands

open System

// ---- shapes

let private tooLong (call: Call) (length: int64) =
    length > call.Limits.StringLengthMax || length > int64 Bytes.lengthMax

/// The part of a string between two inclusive indexes, counted from the end if negative; false if it is empty.
let private tryRange (length: int64) (first: byref<int64>) (last: byref<int64>) : bool =
    if first < 0L && last < 0L && first > last then
        false
    else
        if first < 0L then
            first <- max 0L (length + first)

        if last < 0L then
            last <- max 0L (length + last)

        last <- min last (length - 1L)
        length > 0L && first <= last

// ---- reads

let strlen (call: Call) =
    let mutable entry = Entry()

    match call.ReadString(call.Take(), &entry) with
    | Lookup.Found -> call.Reply.Integer(int64 entry.Value.Length)
    | Lookup.Missing -> call.Reply.Integer 0L
    | _ -> ()

    Outcome.Unchanged

let getrange (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let mutable first = 0L
    let mutable last = 0L

    if call.TakeInteger &first && call.TakeInteger &last then
        match call.ReadString(key, &entry) with
        | Lookup.Found when tryRange (int64 entry.Value.Length) &first &last ->
            call.Reply.Bulk(entry.Value.Slice(int first, int (last - first + 1L)))
        | Lookup.WrongType -> ()
        | _ -> call.Reply.Bulk ReadOnlySpan<byte>.Empty

    Outcome.Unchanged

/// The old name of GETRANGE.
let substr call = getrange call

// ---- edits

let append (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let suffix = call.Take()

    match call.FindString(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | Lookup.Missing ->
        call.Store(&entry, key, Kind.String, suffix, Page.NoDeadline)
        call.Changed(EventClass.String, "append", key)
        call.Reply.Integer(int64 suffix.Length)
        Outcome.AsReceived
    | _ ->
        let length = entry.Value.Length
        let total = int64 length + int64 suffix.Length

        if tooLong call total then
            call.Fail Errors.stringTooLong
        else
            suffix.CopyTo(call.EditString(&entry, key, int total).Slice length)
            call.Changed(EventClass.String, "append", key)
            call.Reply.Integer total
            Outcome.AsReceived

let setrange (call: Call) =
    let mutable entry = Entry()
    let mutable offset = 0L
    let key = call.Take()

    if not (call.TakeInteger &offset) then
        Outcome.Unchanged
    elif offset < 0L then
        call.Fail Errors.offsetOutOfRange
    else
        let part = call.Take()

        match call.FindString(key, &entry) with
        | Lookup.WrongType -> Outcome.Unchanged
        | found ->
            let length = if found = Lookup.Found then entry.Value.Length else 0

            if part.Length = 0 then
                call.Reply.Integer(int64 length)
                Outcome.Unchanged
            elif offset > int64 Bytes.lengthMax || tooLong call (offset + int64 part.Length) then
                call.Fail Errors.stringTooLong
            else
                let total = max length (int offset + part.Length)
                part.CopyTo(call.EditString(&entry, key, total).Slice(int offset))
                call.Changed(EventClass.String, "setrange", key)
                call.Reply.Integer(int64 total)
                Outcome.AsReceived

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.String
        [
            command
                "APPEND key value"
                [ Write; DenyOom; Fast ]
                (since "2.0.0")
                "Adds bytes to the end of a string."
                append
            |> keys [ inserts ]
            command "GETRANGE key start end" [ ReadOnly ] (since "2.4.0") "Returns a part of a string." getrange
            |> complexity "O(N), N being the bytes returned"
            command
                "SETRANGE key offset value"
                [ Write; DenyOom ]
                (since "2.2.0")
                "Overwrites a part of a string."
                setrange
            |> complexity "O(N), N being the bytes written, and zeros before them"
            command "STRLEN key" [ ReadOnly; Fast ] (since "2.2.0") "Returns the length of a string in bytes." strlen
            |> keys [ inspects ]
            command "SUBSTR key start end" [ ReadOnly ] (since "1.0.0") "Returns a part of a string." substr
            |> complexity "O(N), N being the bytes returned"
            |> deprecated "2.0.0" "`GETRANGE`"
        ]
