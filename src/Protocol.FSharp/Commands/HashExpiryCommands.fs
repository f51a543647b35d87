/// The commands on the deadlines of fields: https://redis.io/docs/latest/commands/?group=hash
///
/// What is logged are deadlines since the Unix epoch, a field at a time, and HDEL for what went at once.
module RedisClone.Protocol.HashExpiryCommands

open System

// ---- shapes

/// What a command tells of a field that does not exist.
[<Literal>]
let private NoField = -2L

/// Takes FIELDS, the number of fields and checks that as many follow, of which each takes `step` arguments; false with
/// the error written. The cursor is then at the first.
let private takeFields (call: Call) (step: int) : bool =
    let mutable count = 0L

    if not (call.TakeWord "FIELDS") then
        call.Reply.Error Errors.fieldsMissing
        false
    elif
        call.Remaining > 0
        && not (call.TakeInteger(&count, Errors.numFieldsNotPositive))
    then
        false
    elif count <= 0L then
        call.Reply.Error Errors.numFieldsNotPositive
        false
    elif count > int64 Int32.MaxValue || count * int64 step <> int64 call.Remaining then
        call.Reply.Error Errors.numFieldsMismatch
        false
    else
        true

/// Finds the deadline of a field; false if there is no such field.
let private findDeadline (entry: byref<Entry>) (field: ReadOnlySpan<byte>) (deadline: byref<int64>) : bool =
    entry.Exists && HashValue.tryFindDeadline (&entry, field, &deadline)

/// Answers with what `tell` makes of the deadline of each field.
let private tellEach (call: Call) (unit: TimeUnit) =
    let mutable entry = Entry()
    let mutable deadline = 0L

    if call.ReadHash(call.Take(), &entry) <> Lookup.WrongType && takeFields call 1 then
        call.Reply.Array call.Remaining

        while call.Remaining > 0 do
            if not (findDeadline &entry (call.Take()) &deadline) then
                call.Reply.Integer NoField
            elif deadline = Page.NoDeadline then
                call.Reply.Integer -1L
            else
                let milliseconds = if unit.Absolute then deadline else deadline - call.Now

                call.Reply.Integer(
                    if unit.Milliseconds then
                        milliseconds
                    else
                        (milliseconds + 999L) / 1000L
                )

    Outcome.Unchanged

let private logDelete (call: Call) (key: ReadOnlySpan<byte>) (field: ReadOnlySpan<byte>) =
    call.Journal.Begin 3
    call.Journal.Add "HDEL"
    call.Journal.Add key
    call.Journal.Add field

/// Gives a field a deadline, or removes it when that is over, and logs it.
let private expireField (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) (field: ReadOnlySpan<byte>) at =
    if at <= call.Now && not call.Loading then
        HashValue.remove (call, &entry, key, field) |> ignore
        logDelete call key field
    else
        HashValue.setDeadline (call, &entry, key, field, at)
        Logged.fieldDeadline call key field at

/// Takes note of what happened to fields, if anything did, and removes a hash that has none left.
let private finish (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) (changed: bool) (event: string) =
    if changed then
        call.Changed(EventClass.Hash, event, key)
        Elements.dropIfEmpty call key &entry
        Outcome.Rewritten
    else
        Outcome.Unchanged

// ---- reads

let httl call = tellEach call Deadlines.seconds
let hpttl call = tellEach call Deadlines.milliseconds
let hexpiretime call = tellEach call Deadlines.unixSeconds

let hpexpiretime call =
    tellEach call Deadlines.unixMilliseconds

// ---- writes

/// When HEXPIRE and its kin set a deadline.
type private ExpireCondition =
    | Always = 0
    | IfNone = 1
    | IfAny = 2
    | IfLater = 3
    | IfEarlier = 4

let private takeCondition (call: Call) : ExpireCondition =
    if call.TakeWord "NX" then ExpireCondition.IfNone
    elif call.TakeWord "XX" then ExpireCondition.IfAny
    elif call.TakeWord "GT" then ExpireCondition.IfLater
    elif call.TakeWord "LT" then ExpireCondition.IfEarlier
    else ExpireCondition.Always

/// Whether a deadline may take the place of the present one. No deadline counts as later than any.
let private allows (condition: ExpireCondition) (present: int64) (deadline: int64) =
    match condition with
    | ExpireCondition.IfNone -> present = Page.NoDeadline
    | ExpireCondition.IfAny -> present <> Page.NoDeadline
    | ExpireCondition.IfLater -> present <> Page.NoDeadline && deadline > present
    | ExpireCondition.IfEarlier -> deadline < present
    | _ -> true

let private expireWith (unit: TimeUnit) (name: string) (call: Call) =
    let mutable entry = Entry()
    let mutable number = 0L
    let mutable deadline = 0L
    let key = call.Take()
    let lookup = call.FindHash(key, &entry)

    if lookup = Lookup.WrongType || not (call.TakeInteger &number) then
        Outcome.Unchanged
    elif number < 0L then
        call.Fail Errors.fieldExpireNegative
    elif
        not (Deadlines.ofNumber call.Now unit number &deadline)
        || deadline > Deadlines.FieldDeadlineMax
    then
        call.Fail(Errors.invalidExpire name)
    else
        let condition = takeCondition call

        if not (takeFields call 1) then
            Outcome.Unchanged
        else
            let isOver = deadline <= call.Now && not call.Loading
            let mutable changed = false
            let mutable present = 0L
            call.Reply.Array call.Remaining

            while call.Remaining > 0 do
                let field = call.Take()

                if not (findDeadline &entry field &present) then
                    call.Reply.Integer NoField
                elif not (allows condition present deadline) then
                    call.Reply.Integer 0L
                else
                    expireField call &entry key field deadline
                    call.Reply.Integer(if isOver then 2L else 1L)
                    changed <- true

            finish call &entry key changed (if isOver then "hdel" else "hexpire")

let hexpire call =
    expireWith Deadlines.seconds "hexpire" call

let hpexpire call =
    expireWith Deadlines.milliseconds "hpexpire" call

let hexpireat call =
    expireWith Deadlines.unixSeconds "hexpireat" call

let hpexpireat call =
    expireWith Deadlines.unixMilliseconds "hpexpireat" call

let hpersist (call: Call) =
    let mutable entry = Entry()
    let mutable present = 0L
    let key = call.Take()
    let lookup = call.FindHash(key, &entry)

    if lookup = Lookup.WrongType || not (takeFields call 1) then
        Outcome.Unchanged
    else
        let mutable changed = false
        call.Reply.Array call.Remaining

        while call.Remaining > 0 do
            let field = call.Take()

            if not (findDeadline &entry field &present) then
                call.Reply.Integer NoField
            elif present = Page.NoDeadline then
                call.Reply.Integer -1L
            else
                HashValue.setDeadline (call, &entry, key, field, Page.NoDeadline)
                call.Reply.Integer 1L
                changed <- true

        if changed then
            call.Changed(EventClass.Hash, "hpersist", key)
            Outcome.AsReceived
        else
            Outcome.Unchanged

/// Answers with the value of a field, null if there is none; whether there is one.
let private writeValue (call: Call) (entry: byref<Entry>) (field: ReadOnlySpan<byte>) : bool =
    let mutable cell = Unchecked.defaultof<HashCell>
    let found = entry.Exists && HashValue.tryFind (&entry, field, &cell)

    if found then
        call.Reply.Bulk cell.Span
    else
        call.Reply.Null()

    found

let hgetdel (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let lookup = call.FindHash(key, &entry)

    if lookup = Lookup.WrongType || not (takeFields call 1) then
        Outcome.Unchanged
    else
        let mutable changed = false
        call.Reply.Array call.Remaining

        while call.Remaining > 0 do
            let field = call.Take()

            if writeValue call &entry field then
                HashValue.remove (call, &entry, key, field) |> ignore
                logDelete call key field
                changed <- true

        finish call &entry key changed "hdel"

/// The options of HGETEX and HSETEX in front of FIELDS.
[<Struct; NoEquality; NoComparison>]
type private FieldOptions =
    val mutable HasTime: bool
    val mutable Unit: TimeUnit
    val mutable Deadline: int64
    /// PERSIST or KEEPTTL.
    val mutable Flag: bool
    val mutable IfMissing: bool
    val mutable IfExist: bool

/// Takes one option; false when the next argument is none. `flag` is PERSIST or KEEPTTL.
let private takeOption (call: Call) (flag: string) (conditions: bool) (options: byref<FieldOptions>) : bool =
    if conditions && not options.IfExist && call.TakeWord "FNX" then
        options.IfMissing <- true
        true
    elif conditions && not options.IfMissing && call.TakeWord "FXX" then
        options.IfExist <- true
        true
    elif not options.HasTime && call.TakeWord flag then
        options.Flag <- true
        true
    elif
        not options.Flag
        && not options.HasTime
        && call.Remaining > 1
        && Deadlines.takeUnit call false &options.Unit
    then
        options.HasTime <- true
        true
    else
        false

/// Takes the options and checks the deadline; false with the error written.
let private takeOptions (call: Call) (name: string) (flag: string) conditions (options: byref<FieldOptions>) : bool =
    let mutable valid = true

    while valid && takeOption call flag conditions &options do
        if options.HasTime && options.Deadline = 0L then
            valid <- Deadlines.ofOption call options.Unit (call.Take()) name &options.Deadline

            if valid && options.Deadline > Deadlines.FieldDeadlineMax then
                valid <- false
                call.Reply.Error(Errors.invalidExpire name)

    valid

let hgetex (call: Call) =
    let mutable entry = Entry()
    let mutable options = FieldOptions()
    let mutable present = 0L
    let key = call.Take()
    let lookup = call.FindHash(key, &entry)

    if
        lookup = Lookup.WrongType
        || not (takeOptions call "hgetex" "PERSIST" false &options)
        || not (takeFields call 1)
    then
        Outcome.Unchanged
    else
        let mutable changed = false
        call.Reply.Array call.Remaining

        while call.Remaining > 0 do
            let field = call.Take()

            if writeValue call &entry field then
                if options.HasTime then
                    expireField call &entry key field options.Deadline
                    changed <- true
                elif options.Flag then
                    HashValue.tryFindDeadline (&entry, field, &present) |> ignore

                    if present <> Page.NoDeadline then
                        HashValue.setDeadline (call, &entry, key, field, Page.NoDeadline)
                        Logged.fieldDeadline call key field Page.NoDeadline
                        changed <- true

        finish
            call
            &entry
            key
            changed
            (if options.Flag then "hpersist"
             elif options.Deadline <= call.Now then "hdel"
             else "hexpire")

/// Whether the fields of the pairs from the cursor on fit FNX and FXX: all of them are missing, or all are there.
let private conditionHolds (call: Call) (entry: byref<Entry>) (options: byref<FieldOptions>) : bool =
    let mutable holds = true

    if options.IfMissing || options.IfExist then
        let mutable cell = Unchecked.defaultof<HashCell>
        let mutable at = 0

        while holds && at < call.Remaining do
            let exists = entry.Exists && HashValue.tryFind (&entry, call.Ahead at, &cell)
            holds <- (exists = options.IfExist)
            at <- at + 2

    holds

let hsetex (call: Call) =
    let mutable entry = Entry()
    let mutable options = FieldOptions()
    let mutable present = 0L
    let key = call.Take()
    let lookup = call.FindHash(key, &entry)

    if
        lookup = Lookup.WrongType
        || not (takeOptions call "hsetex" "KEEPTTL" true &options)
        || not (takeFields call 2)
    then
        Outcome.Unchanged
    elif not (conditionHolds call &entry &options) then
        call.Reply.Integer 0L
        Outcome.Unchanged
    else
        if lookup = Lookup.Missing then
            HashValue.create call &entry key

        while call.Remaining > 0 do
            let field = call.Take()
            let value = call.Take()

            if options.Flag then
                HashValue.replace (call, &entry, key, field, value) |> ignore
            else
                HashValue.set (call, &entry, key, field, value) |> ignore

            Logged.field call key field value

            if options.HasTime then
                expireField call &entry key field options.Deadline
            elif options.Flag then
                HashValue.tryFindDeadline (&entry, field, &present) |> ignore

                if present <> Page.NoDeadline then
                    Logged.fieldDeadline call key field present

        call.Reply.Integer 1L
        finish call &entry key true "hset"

// ---- rows

open Rows

let private expireUsage (name: string) (time: string) =
    $"{name} key {time} [condition: NX | XX | GT | LT] FIELDS numfields:integer field [field ...]"

let private fieldsUsage (name: string) =
    $"{name} key FIELDS numfields:integer field [field ...]"

/// All of these take time by the number of fields.
let private row (usage: string) (flags: CommandFlags list) (version: string) (summary: string) (handler: Handler) =
    command usage flags (since version) summary handler
    |> complexity "O(N), N being the number of fields given"

let rows: Row<Handler> list =
    family
        Group.Hash
        [
            row
                (expireUsage "HEXPIRE" "seconds")
                [ Write; DenyOom; Fast ]
                "7.4.0"
                "Has fields of a hash end after some seconds."
                hexpire
            |> keys [ updates ]
            row
                (expireUsage "HEXPIREAT" "unix-time-seconds")
                [ Write; DenyOom; Fast ]
                "7.4.0"
                "Has fields of a hash end at a time in seconds."
                hexpireat
            |> keys [ updates ]
            row
                (fieldsUsage "HEXPIRETIME")
                [ ReadOnly; Fast ]
                "7.4.0"
                "Returns the times in seconds at which fields of a hash end."
                hexpiretime
            row (fieldsUsage "HGETDEL") [ Write; Fast ] "8.0.0" "Returns the values of fields and removes them." hgetdel
            |> keys [ takes ]
            row
                "HGETEX key [expiration: EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] FIELDS numfields:integer field [field ...]"
                [ Write; Fast ]
                "8.0.0"
                "Returns the values of fields, and sets or removes their deadlines."
                hgetex
            |> keys [ readsAndUpdates ]
            row (fieldsUsage "HPERSIST") [ Write; Fast ] "7.4.0" "Takes the deadlines of fields away." hpersist
            |> keys [ updates ]
            row
                (expireUsage "HPEXPIRE" "milliseconds")
                [ Write; DenyOom; Fast ]
                "7.4.0"
                "Has fields of a hash end after some milliseconds."
                hpexpire
            |> keys [ updates ]
            row
                (expireUsage "HPEXPIREAT" "unix-time-milliseconds")
                [ Write; DenyOom; Fast ]
                "7.4.0"
                "Has fields of a hash end at a time in milliseconds."
                hpexpireat
            |> keys [ updates ]
            row
                (fieldsUsage "HPEXPIRETIME")
                [ ReadOnly; Fast ]
                "7.4.0"
                "Returns the times in milliseconds at which fields of a hash end."
                hpexpiretime
            row
                (fieldsUsage "HPTTL")
                [ ReadOnly; Fast ]
                "7.4.0"
                "Returns how many milliseconds fields of a hash have left."
                hpttl
            |> tips [ nondeterministic ]
            row
                "HSETEX key [condition: FNX | FXX] [expiration: EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL] FIELDS numfields:integer field value [field value ...]"
                [ Write; DenyOom; Fast ]
                "8.0.0"
                "Sets fields of a hash, with their deadlines, on conditions."
                hsetex
            |> keys [ updates ]
            row
                (fieldsUsage "HTTL")
                [ ReadOnly; Fast ]
                "7.4.0"
                "Returns how many seconds fields of a hash have left."
                httl
            |> tips [ nondeterministic ]
        ]
