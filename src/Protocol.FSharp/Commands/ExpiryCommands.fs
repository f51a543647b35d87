/// The commands on the deadlines of keys: https://redis.io/docs/latest/commands/?group=generic
module RedisClone.Protocol.ExpiryCommands

open System

// ---- reads

/// How TTL and its kin tell a deadline: as what is left or as a time, in seconds or milliseconds.
let private tellDeadline (call: Call) (unit: TimeUnit) =
    let mutable entry = Entry()

    if not (call.Peek(call.Take(), &entry)) then
        call.Reply.Integer -2L
    elif entry.Deadline = Page.NoDeadline then
        call.Reply.Integer -1L
    else
        let milliseconds =
            if unit.Absolute then
                entry.Deadline
            else
                max 0L (entry.Deadline - call.Now)

        call.Reply.Integer(
            if unit.Milliseconds then
                milliseconds
            else
                (milliseconds + 500L) / 1000L
        )

    Outcome.Unchanged

let ttl call = tellDeadline call Deadlines.seconds

let pttl call =
    tellDeadline call Deadlines.milliseconds

let expiretime call = tellDeadline call Deadlines.unixSeconds

let pexpiretime call =
    tellDeadline call Deadlines.unixMilliseconds

// ---- writes

[<Flags>]
type private ExpireOptions =
    | None = 0
    | IfNone = 1
    | IfAny = 2
    | IfLater = 4
    | IfEarlier = 8

let private takeExpireOptions (call: Call) (options: byref<ExpireOptions>) : bool =
    let mutable valid = true

    while valid && call.Remaining > 0 do
        if call.TakeWord "NX" then
            options <- options ||| ExpireOptions.IfNone
        elif call.TakeWord "XX" then
            options <- options ||| ExpireOptions.IfAny
        elif call.TakeWord "GT" then
            options <- options ||| ExpireOptions.IfLater
        elif call.TakeWord "LT" then
            options <- options ||| ExpireOptions.IfEarlier
        else
            valid <- false
            call.Reply.Error(Errors.unsupportedOption (call.Take()))

    let later = ExpireOptions.IfLater ||| ExpireOptions.IfEarlier

    if not valid then
        false
    elif
        (options &&& ExpireOptions.IfNone <> ExpireOptions.None)
        && options <> ExpireOptions.IfNone
    then
        call.Reply.Error Errors.expireNxWithOther
        false
    elif options &&& later = later then
        call.Reply.Error Errors.expireGtAndLt
        false
    else
        true

/// Whether a deadline may take the place of the present one. No deadline counts as later than any.
let private allows (options: ExpireOptions) (present: int64) (deadline: int64) =
    not (
        (options &&& ExpireOptions.IfNone <> ExpireOptions.None)
        && present <> Page.NoDeadline
    )
    && not (
        (options &&& ExpireOptions.IfAny <> ExpireOptions.None)
        && present = Page.NoDeadline
    )
    && not ((options &&& ExpireOptions.IfLater <> ExpireOptions.None) && deadline <= present)
    && not (
        (options &&& ExpireOptions.IfEarlier <> ExpireOptions.None)
        && deadline >= present
    )

let private expireWith (unit: TimeUnit) (name: string) (call: Call) =
    let mutable entry = Entry()
    let mutable options = ExpireOptions.None
    let mutable number = 0L
    let mutable deadline = 0L
    let key = call.Take()
    let time = call.Take()

    if not (takeExpireOptions call &options) then
        Outcome.Unchanged
    elif not (Numbers.tryParseInt64 (time, &number)) then
        call.Fail Errors.notInteger
    elif not (Deadlines.ofNumber call.Now unit number &deadline) then
        call.Fail(Errors.invalidExpire name)
    elif not (call.Find(key, &entry)) || not (allows options entry.Deadline deadline) then
        call.Reply.Integer 0L
        Outcome.Unchanged
    elif deadline <= call.Now && not call.Loading then
        call.Table.Remove &entry
        call.Changed(EventClass.Generic, "del", key)
        call.Reply.Integer 1L
        Logged.delete call key
    else
        call.Table.SetDeadline(&entry, deadline)
        call.Changed(EventClass.Generic, "expire", key)
        call.Reply.Integer 1L
        Logged.deadline call key deadline

let expire call =
    expireWith Deadlines.seconds "expire" call

let pexpire call =
    expireWith Deadlines.milliseconds "pexpire" call

let expireat call =
    expireWith Deadlines.unixSeconds "expireat" call

let pexpireat call =
    expireWith Deadlines.unixMilliseconds "pexpireat" call

let persist (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()

    if call.Find(key, &entry) && entry.Deadline <> Page.NoDeadline then
        call.Table.SetDeadline(&entry, Page.NoDeadline)
        call.Changed(EventClass.Generic, "persist", key)
        call.Reply.Integer 1L
        Outcome.AsReceived
    else
        call.Reply.Integer 0L
        Outcome.Unchanged

// ---- rows

open Rows

/// The four commands that set an expiry got their conditions together.
let private withConditions row =
    row |> history "7.0.0" "Conditions: `NX`, `XX`, `GT`, `LT`."

let rows: Row<Handler> list =
    family
        Group.Generic
        [
            command
                "EXPIRE key seconds [NX | XX | GT | LT]"
                [ Write; Fast ]
                (since "1.0.0")
                "Lets a key expire after some seconds."
                expire
            |> withConditions
            command
                "EXPIREAT key unix-time-seconds [NX | XX | GT | LT]"
                [ Write; Fast ]
                (since "1.2.0")
                "Lets a key expire at a time in seconds."
                expireat
            |> withConditions
            command
                "EXPIRETIME key"
                [ ReadOnly; Fast ]
                (since "7.0.0")
                "Returns when a key expires, in seconds."
                expiretime
            command "PERSIST key" [ Write; Fast ] (since "2.2.0") "Takes the expiry off a key." persist
            command
                "PEXPIRE key milliseconds [NX | XX | GT | LT]"
                [ Write; Fast ]
                (since "2.6.0")
                "Lets a key expire after some milliseconds."
                pexpire
            |> withConditions
            command
                "PEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT]"
                [ Write; Fast ]
                (since "2.6.0")
                "Lets a key expire at a time in milliseconds."
                pexpireat
            |> withConditions
            command
                "PEXPIRETIME key"
                [ ReadOnly; Fast ]
                (since "7.0.0")
                "Returns when a key expires, in milliseconds."
                pexpiretime
            command "PTTL key" [ ReadOnly; Fast ] (since "2.6.0") "Returns how many milliseconds a key has left." pttl
            |> history "2.8.0" "-2 for a key that does not exist."
            |> tips [ nondeterministic ]
            command "TTL key" [ ReadOnly; Fast ] (since "1.0.0") "Returns how many seconds a key has left." ttl
            |> history "2.8.0" "-2 for a key that does not exist."
            |> tips [ nondeterministic ]
        ]
