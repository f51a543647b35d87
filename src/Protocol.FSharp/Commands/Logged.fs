namespace RedisClone.Protocol

open System

/// What handlers write to the journal in place of commands that depend on the clock or on conditions.
[<RequireQualifiedAccess>]
module Logged =
    /// A value was stored as SET does it.
    let set (call: Call) (key: ReadOnlySpan<byte>) (value: ReadOnlySpan<byte>) (deadline: int64) (keepsTtl: bool) =
        let journal = call.Journal
        let hasDeadline = deadline <> Page.NoDeadline && not keepsTtl

        journal.Begin(
            3
            + (if hasDeadline then 2
               elif keepsTtl then 1
               else 0)
        )

        journal.Add "SET"
        journal.Add key
        journal.Add value

        if hasDeadline then
            journal.Add "PXAT"
            journal.Add deadline
        elif keepsTtl then
            journal.Add "KEEPTTL"

        Outcome.Rewritten

    /// A key was removed.
    let delete (call: Call) (key: ReadOnlySpan<byte>) =
        call.Journal.Begin 2
        call.Journal.Add "DEL"
        call.Journal.Add key
        Outcome.Rewritten

    /// A key was given a deadline.
    let deadline (call: Call) (key: ReadOnlySpan<byte>) (deadline: int64) =
        call.Journal.Begin 3
        call.Journal.Add "PEXPIREAT"
        call.Journal.Add key
        call.Journal.Add deadline
        Outcome.Rewritten

    /// A field of a hash was set; it has no deadline then.
    let field (call: Call) (key: ReadOnlySpan<byte>) (field: ReadOnlySpan<byte>) (value: ReadOnlySpan<byte>) =
        call.Journal.Begin 4
        call.Journal.Add "HSET"
        call.Journal.Add key
        call.Journal.Add field
        call.Journal.Add value

    /// A field of a hash was given a deadline or, with `Page.NoDeadline`, lost it.
    let fieldDeadline (call: Call) (key: ReadOnlySpan<byte>) (field: ReadOnlySpan<byte>) (deadline: int64) =
        let journal = call.Journal
        let has = deadline <> Page.NoDeadline
        journal.Begin(if has then 6 else 5)
        journal.Add(if has then "HPEXPIREAT" else "HPERSIST")
        journal.Add key

        if has then
            journal.Add deadline

        journal.Add "FIELDS"
        journal.Add "1"
        journal.Add field
