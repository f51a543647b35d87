/// Strings as arrays of bits: https://redis.io/docs/latest/commands/?group=bitmap
module RedisClone.Protocol.BitmapCommands

open System

// ---- shapes

/// What BITCOUNT and BITPOS look at.
[<Struct>]
type private Range =
    {
        Start: int64
        End: int64
        /// Whether the two count bits, not bytes.
        InBits: bool
    }

let private whole =
    {
        Start = 0L
        End = -1L
        InBits = false
    }

/// Takes the unit of a range, which is the last argument if it is there.
let private takeUnit (call: Call) (inBits: byref<bool>) : bool =
    if call.Remaining = 0 || (call.Remaining = 1 && call.TakeWord "BYTE") then
        true
    elif call.Remaining = 1 && call.TakeWord "BIT" then
        inBits <- true
        true
    else
        call.Reply.Error Errors.syntax
        false

/// The range in bits of a string of so many bytes; false if there is nothing in it. Ends below zero count from behind.
let private toBits (range: Range) (length: int) (first: byref<int64>) (last: byref<int64>) : bool =
    let total = if range.InBits then int64 length * 8L else int64 length

    let fromStart (index: int64) =
        if index < 0L then max 0L (total + index) else index

    let start = fromStart range.Start
    let finish = min (fromStart range.End) (total - 1L)
    first <- if range.InBits then start else start * 8L
    last <- if range.InBits then finish else finish * 8L + 7L
    start <= finish

/// Takes an offset in bits: a number, or where `fieldBits` is not 0, `#` and a number of fields of so many bits.
let internal takeOffset (call: Call) (fieldBits: int) (offset: byref<int64>) : bool =
    let text = call.Take()
    let inFields = fieldBits > 0 && text.Length > 0 && text[0] = '#'B
    let mutable number = 0L

    let valid =
        Numbers.tryParseInt64 ((if inFields then text.Slice 1 else text), &number)
        && number >= 0L
        && number
           <= (if inFields then
                   Int64.MaxValue / int64 fieldBits
               else
                   Int64.MaxValue)

    offset <- if inFields then number * int64 fieldBits else number

    if not valid || offset >>> 3 >= call.Limits.StringLengthMax then
        call.Reply.Error Errors.bitOffset
        false
    else
        true

// ---- reads

let getbit (call: Call) =
    let mutable entry = Entry()
    let mutable offset = 0L
    let key = call.Take()

    if takeOffset call 0 &offset then
        match call.ReadString(key, &entry) with
        | Lookup.Found -> call.Reply.Integer(if Bits.get entry.Value offset then 1L else 0L)
        | Lookup.Missing -> call.Reply.Integer 0L
        | _ -> ()

    Outcome.Unchanged

let private count (call: Call) (key: ReadOnlySpan<byte>) (range: Range) =
    let mutable entry = Entry()
    let mutable first = 0L
    let mutable last = 0L

    match call.ReadString(key, &entry) with
    | Lookup.WrongType -> ()
    | Lookup.Found when
        // Both from behind and in the wrong order is nothing, even where the beginning of the string cuts them off.
        not (range.Start < 0L && range.End < 0L && range.Start > range.End)
        && toBits range entry.Value.Length &first &last
        ->
        call.Reply.Integer(Bits.countBetween entry.Value first last)
    | _ -> call.Reply.Integer 0L

let bitcount (call: Call) =
    let mutable start = 0L
    let mutable finish = 0L
    let mutable inBits = false
    let key = call.Take()

    if call.Remaining = 0 then
        count call key whole
    elif call.Remaining = 1 || call.Remaining > 3 then
        call.Reply.Error Errors.syntax
    elif call.TakeInteger &start && call.TakeInteger &finish && takeUnit call &inBits then
        count
            call
            key
            {
                Start = start
                End = finish
                InBits = inBits
            }

    Outcome.Unchanged

let private position (call: Call) (key: ReadOnlySpan<byte>) (bit: bool) (range: Range) (hasEnd: bool) =
    let mutable entry = Entry()
    let mutable first = 0L
    let mutable last = 0L

    match call.ReadString(key, &entry) with
    | Lookup.WrongType -> ()
    | Lookup.Missing -> call.Reply.Integer(if bit then -1L else 0L)
    | _ when not (toBits range entry.Value.Length &first &last) -> call.Reply.Integer -1L
    | _ ->
        match Bits.find entry.Value first last bit with
        // A string without a stated end goes on with zeros.
        | -1L when not bit && not hasEnd -> call.Reply.Integer(int64 entry.Value.Length * 8L)
        | found -> call.Reply.Integer found

let bitpos (call: Call) =
    let mutable bit = 0L
    let mutable start = 0L
    let mutable finish = -1L
    let mutable inBits = false
    let key = call.Take()

    if not (call.TakeInteger &bit) then
        ()
    elif bit <> 0L && bit <> 1L then
        call.Reply.Error Errors.bitArgument
    elif call.Remaining > 3 then
        call.Reply.Error Errors.syntax
    else
        let hasEnd = call.Remaining > 1

        if
            (call.Remaining = 0 || call.TakeInteger &start)
            && (not hasEnd || call.TakeInteger &finish)
            && takeUnit call &inBits
        then
            position
                call
                key
                (bit = 1L)
                {
                    Start = start
                    End = finish
                    InBits = inBits
                }
                hasEnd

    Outcome.Unchanged

// ---- writes

let setbit (call: Call) =
    let mutable entry = Entry()
    let mutable offset = 0L
    let key = call.Take()

    if not (takeOffset call 0 &offset) then
        Outcome.Unchanged
    else
        let text = call.Take()

        if text.Length <> 1 || (text[0] <> '0'B && text[0] <> '1'B) then
            call.Fail Errors.bitNotBinary
        else
            let bit = text[0] = '1'B

            match call.FindString(key, &entry) with
            | Lookup.WrongType -> Outcome.Unchanged
            | found ->
                let length = if found = Lookup.Found then entry.Value.Length else 0
                let needed = int (offset >>> 3) + 1
                let old = found = Lookup.Found && Bits.get entry.Value offset
                call.Reply.Integer(if old then 1L else 0L)

                if old = bit && needed <= length && entry.Kind = Kind.RawString then
                    Outcome.Unchanged
                else
                    // Redis calls the encoding `raw` from now on, even when the bit is what it was.
                    Bits.set (call.EditString(&entry, key, max length needed)) offset bit

                    if old <> bit || needed > length then
                        call.Changed(EventClass.String, "setbit", key)

                    Outcome.AsReceived

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Bitmap
        [
            command
                "BITCOUNT key [index: start end [index_unit: BYTE | BIT]]"
                [ ReadOnly ]
                (since "2.6.0")
                "Counts the bits of a string that are set."
                bitcount
            |> complexity "O(N), N being the bytes looked at"
            |> history "7.0.0" "The unit of the range: `BYTE` or `BIT`."
            command
                "BITPOS key bit [index: start [end_index: end [index_unit: BYTE | BIT]]]"
                [ ReadOnly ]
                (since "2.8.7")
                "Returns where the first bit is that is set, or not set."
                bitpos
            |> complexity "O(N), N being the bytes looked at"
            |> history "7.0.0" "The unit of the range: `BYTE` or `BIT`."
            command "GETBIT key offset" [ ReadOnly; Fast ] (since "2.2.0") "Returns one bit of a string." getbit
            command
                "SETBIT key offset value:integer"
                [ Write; DenyOom ]
                (since "2.2.0")
                "Sets one bit of a string, and returns what it was."
                setbit
            |> keys [ readsAndUpdates ]
        ]
