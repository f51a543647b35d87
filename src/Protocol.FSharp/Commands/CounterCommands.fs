/// The commands that count in strings: https://redis.io/docs/latest/commands/?group=string
module RedisClone.Protocol.CounterCommands

open System

/// The whole number that a string holds; 0 for a missing key. Writes the error if it holds none.
let private readNumber (call: Call) (key: ReadOnlySpan<byte>) (entry: byref<Entry>) (number: byref<int64>) : bool =
    match call.FindString(key, &entry) with
    | Lookup.Missing ->
        number <- 0L
        true
    | Lookup.Found ->
        let valid = Numbers.tryParseInt64 (entry.Value, &number)

        if not valid then
            call.Reply.Error Errors.notInteger

        valid
    | _ -> false

let private storeNumber
    (call: Call)
    (entry: byref<Entry>)
    (key: ReadOnlySpan<byte>)
    (kind: Kind)
    (text: ReadOnlySpan<byte>)
    =
    let deadline = if entry.Exists then entry.Deadline else Page.NoDeadline
    call.Store(&entry, key, kind, text, deadline)

let private add (call: Call) (key: ReadOnlySpan<byte>) (increment: int64) =
    let mutable entry = Entry()
    let mutable number = 0L

    if not (readNumber call key &entry &number) then
        Outcome.Unchanged
    else
        let sum = number + increment

        // The sum has the sign that neither summand has.
        if (number ^^^ sum) &&& (increment ^^^ sum) < 0L then
            call.Fail Errors.overflow
        else
            storeNumber call &entry key Kind.String (call.TextOf sum)
            call.Changed(EventClass.String, "incrby", key)
            call.Reply.Integer sum
            Outcome.AsReceived

let incr (call: Call) = add call (call.Take()) 1L
let decr (call: Call) = add call (call.Take()) -1L

let incrby (call: Call) =
    let mutable increment = 0L
    let key = call.Take()

    if call.TakeInteger &increment then
        add call key increment
    else
        Outcome.Unchanged

let decrby (call: Call) =
    let mutable decrement = 0L
    let key = call.Take()

    if not (call.TakeInteger &decrement) then
        Outcome.Unchanged
    elif decrement = Int64.MinValue then
        call.Fail Errors.decrementOverflow
    else
        add call key -decrement

let incrbyfloat (call: Call) =
    let mutable entry = Entry()
    let mutable number = Extended.zero
    let mutable increment = Extended.zero
    let key = call.Take()

    match call.FindString(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | found when
        (found = Lookup.Found && not (Extended.tryParse (entry.Value, &number)))
        || not (Extended.tryParse (call.Take(), &increment))
        ->
        call.Fail Errors.notFloat
    | _ ->
        let sum = Extended.add number increment

        if Extended.isNaN sum || Extended.isInfinite sum then
            call.Fail Errors.notFinite
        else
            let text = call.TextOf sum
            storeNumber call &entry key Kind.TextString text
            call.Changed(EventClass.String, "incrbyfloat", key)
            call.Reply.Bulk text
            Logged.set call key text Page.NoDeadline true

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.String
        [
            command "DECR key" [ Write; DenyOom; Fast ] (since "1.0.0") "Takes one from a whole number." decr
            |> keys [ readsAndUpdates ]
            command
                "DECRBY key decrement"
                [ Write; DenyOom; Fast ]
                (since "1.0.0")
                "Takes an amount from a whole number."
                decrby
            |> keys [ readsAndUpdates ]
            command "INCR key" [ Write; DenyOom; Fast ] (since "1.0.0") "Adds one to a whole number." incr
            |> keys [ readsAndUpdates ]
            command
                "INCRBY key increment"
                [ Write; DenyOom; Fast ]
                (since "1.0.0")
                "Adds an amount to a whole number."
                incrby
            |> keys [ readsAndUpdates ]
            command
                "INCRBYFLOAT key increment:double"
                [ Write; DenyOom; Fast ]
                (since "2.6.0")
                "Adds an amount to a decimal number."
                incrbyfloat
            |> keys [ readsAndUpdates ]
        ]
