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
