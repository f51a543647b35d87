namespace RedisClone.Protocol

open System

/// How the commands on sorted sets show members.
[<RequireQualifiedAccess>]
module SortedSetReplies =
    /// Announces so many members, with or without their scores: with them, RESP3 clients get pairs, others a flat list.
    let header (call: Call) (count: int) (withScores: bool) =
        call.Reply.Array(
            if withScores && call.Reply.Protocol < 3 then
                2 * count
            else
                count
        )

    /// Writes a member, and its score if that is wanted.
    let item (call: Call) (m: ReadOnlySpan<byte>) (score: double) (withScores: bool) =
        if withScores && call.Reply.Protocol >= 3 then
            call.Reply.Array 2

        call.Reply.Bulk m

        if withScores then
            call.Reply.Double score

    let private current (call: Call) (cursor: byref<SortedSetCursor>) (withScores: bool) =
        item call cursor.Member (if withScores then cursor.Score else 0.0) withScores

    /// Writes the members from one index up to, not including, another; in reverse from the last of them on.
    let range (call: Call) (set: SortedSetView) (first: int) (last: int) (reverse: bool) (withScores: bool) =
        header call (last - first) withScores
        let mutable cursor = SortedSetValue.cursorAt set (if reverse then last else first)
        let mutable left = last - first

        while left > 0 && not call.Reply.IsOverflown do
            left <- left - 1

            if reverse then
                cursor.Previous() |> ignore
            else
                cursor.Next() |> ignore

            current call &cursor withScores
