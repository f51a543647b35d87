/// Commands on the connection and on whole databases that need nothing of the host.
module RedisClone.Protocol.ServerCommands

open System

let ping (call: Call) =
    if call.Remaining > 1 then
        call.Fail(Errors.wrongArity "ping")
    else
        if call.Remaining = 0 then call.Reply.Simple "PONG" else call.Reply.Bulk(call.Take())
        Outcome.Unchanged

let echo (call: Call) =
    call.Reply.Bulk(call.Take())
    Outcome.Unchanged

let dbsize (call: Call) =
    call.Reply.Integer(int64 call.Table.Count)
    Outcome.Unchanged

/// FLUSHALL and FLUSHDB may say when memory is to be freed. Here that is always later, by the garbage collector, and no
/// caller ever waits for it.
let private takesFlushMode (call: Call) : bool =
    let valid =
        call.Remaining = 0
        || (call.Remaining = 1 && (call.TakeWord "ASYNC" || call.TakeWord "SYNC"))

    if not valid then
        call.Reply.Error Errors.syntax

    valid

let private clear (call: Call) (index: int) =
    call.ChangedDatabase(index, "flushdb")
    call.Changes <- call.Changes + int64 (call.Keyspace.Clear index)

let flushdb (call: Call) =
    if takesFlushMode call then
        clear call call.Database.Index
        call.Reply.Ok()
        Outcome.AsReceived
    else
        Outcome.Unchanged

let flushall (call: Call) =
    if takesFlushMode call then
        for index in 0 .. call.Keyspace.Databases.Length - 1 do
            clear call index

        call.Reply.Ok()
        Outcome.AsReceived
    else
        Outcome.Unchanged

let swapdb (call: Call) =
    let mutable first = 0L
    let mutable second = 0L
    let count = int64 call.Keyspace.Databases.Length

    if
        not (call.TakeInteger(&first, Errors.invalidFirstDatabase))
        || not (call.TakeInteger(&second, Errors.invalidSecondDatabase))
    then
        Outcome.Unchanged
    elif first < 0L || first >= count || second < 0L || second >= count then
        call.Fail Errors.databaseOutOfRange
    else
        call.Keyspace.Swap(int first, int second)

        if first <> second then
            call.ChangedDatabase(int first, "swapdb")
            call.ChangedDatabase(int second, "swapdb")

        call.Changes <- call.Changes + 1L
        call.Reply.Ok()
        Outcome.AsReceived
