/// The commands on several strings at once: https://redis.io/docs/latest/commands/?group=string
module RedisClone.Protocol.MultiStringCommands

open System

// ---- reads

let mget (call: Call) =
    let mutable entry = Entry()
    let count = call.Remaining
    call.Reply.Array count

    for key in 0 .. count - 1 do
        call.FetchAhead(key, 1)

        if call.Read(call.Take(), &entry) && Kinds.isString entry.Kind then
            call.Reply.Bulk entry.Value
        else
            call.Reply.Null()

    Outcome.Unchanged

// ---- writes

/// Stores all pairs from the cursor on.
let private setPairs (call: Call) (pairs: int) (deadline: int64) (keepsTtl: bool) =
    let mutable entry = Entry()

    for pair in 0 .. pairs - 1 do
        call.FetchAhead(pair, 2)
        let key = call.Take()
        let found = call.Find(key, &entry)
        let kept = if keepsTtl && found then entry.Deadline else deadline
        call.Store(&entry, key, Kind.String, call.Take(), kept)
        call.Changed(EventClass.String, "set", key)

/// How many of the keys from the cursor on exist, with a value after each; the cursor stays.
let private countExisting (call: Call) (pairs: int) =
    let mutable entry = Entry()
    let mutable existing = 0

    for pair in 0 .. pairs - 1 do
        if call.Find(call.Ahead(2 * pair), &entry) then
            existing <- existing + 1

    existing

let mset (call: Call) =
    if call.Remaining % 2 <> 0 then
        call.Fail(Errors.wrongArity "mset")
    else
        setPairs call (call.Remaining / 2) Page.NoDeadline false
        call.Reply.Ok()
        Outcome.AsReceived

let msetnx (call: Call) =
    let pairs = call.Remaining / 2

    if call.Remaining % 2 <> 0 then
        call.Fail(Errors.wrongArity "msetnx")
    elif countExisting call pairs > 0 then
        call.Reply.Integer 0L
        Outcome.Unchanged
    else
        setPairs call pairs Page.NoDeadline false
        call.Reply.Integer 1L
        Outcome.AsReceived

let private msetexOptions =
    StringOptionNames.Existence ||| StringOptionNames.KeepTtl

let msetex (call: Call) =
    let mutable numkeys = 0L

    if
        not (Numbers.tryParseInt64 (call.Take(), &numkeys))
        || numkeys <= 0L
        || numkeys > int64 Int32.MaxValue
    then
        call.Fail Errors.invalidNumkeys
    elif numkeys * 2L > int64 call.Remaining then
        call.Fail(Errors.wrongArity "msetex")
    else
        let pairs = int numkeys
        let mutable options = StringOptions()
        let mutable deadline = Page.NoDeadline
        call.Skip(2 * pairs)

        if
            not (StringOptions.take call msetexOptions &options)
            || not (StringOptions.deadline call "msetex" &options &deadline)
        then
            Outcome.Unchanged
        else
            call.Rewind 1
            call.Skip 1
            let existing = countExisting call pairs

            if
                (options.Condition = Condition.IfMissing && existing > 0)
                || (options.Condition = Condition.IfExists && existing < pairs)
            then
                call.Reply.Integer 0L
                Outcome.Unchanged
            else
                setPairs call pairs deadline options.KeepsTtl
                call.Reply.Integer 1L
                call.Rewind 1
                call.Skip 1

                // As SETs, which every version of Redis knows.
                for _ in 1..pairs do
                    let key = call.Take()
                    Logged.set call key (call.Take()) deadline options.KeepsTtl |> ignore

                Outcome.Rewritten

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.String
        [
            command "MGET key [key ...]" [ ReadOnly; Fast ] (since "1.0.0") "Returns several strings." mget
            |> complexity "O(N), N being the number of keys"
            |> tips [ "request_policy:multi_shard" ]
            command
                "MSET key value [key value ...]"
                [ Write; DenyOom ]
                (since "1.0.1")
                "Sets several strings at once."
                mset
            |> complexity "O(N), N being the number of keys"
            |> keys [ overwrites ]
            |> tips [ "request_policy:multi_shard"; "response_policy:all_succeeded" ]
            command
                "MSETEX numkeys key value [key value ...] [NX | XX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]"
                [ Write; DenyOom ]
                (since "8.4.0")
                "Sets several strings at once, under one condition and with one expiry."
                msetex
            |> complexity "O(N), N being the number of keys"
            |> keys [ overwrites ]
            command
                "MSETNX key value [key value ...]"
                [ Write; DenyOom ]
                (since "1.0.1")
                "Sets several strings at once if none of the keys exists."
                msetnx
            |> complexity "O(N), N being the number of keys"
            |> keys [ creates ]
            |> tips [ "request_policy:multi_shard"; "response_policy:agg_min" ]
        ]
