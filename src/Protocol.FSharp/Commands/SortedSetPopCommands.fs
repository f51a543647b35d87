/// Taking members from the ends of sorted sets, and drawing them at random: ZPOPMIN, ZPOPMAX, ZMPOP, ZRANDMEMBER.
module RedisClone.Protocol.SortedSetPopCommands

open System
open System.Collections.Generic

// ---- pops

/// How a reply shows what was popped.
type PopShape =
    /// A member and its score, one after the other.
    | Flat = 0
    /// The same; in RESP3 each pair is a list of its own.
    | Pairs = 1
    /// Each pair is a list of its own.
    | Nested = 2
    /// As `Flat`, but as part of a list that is begun already.
    | Bare = 3

/// Takes up to `count` members, at least one, from an end of the sorted set that an entry found, and writes them with
/// their scores as one list. Removes the key with the last member. Deterministic, so the command may be logged as it was
/// received.
let pop (call: Call) (key: ReadOnlySpan<byte>) (entry: byref<Entry>) (isMax: bool) (count: int) (shape: PopShape) =
    let set = SortedSetValue.view &entry
    let popped = min count set.Count

    let isNested =
        shape = PopShape.Nested || (shape = PopShape.Pairs && call.Reply.Protocol >= 3)

    let mutable cursor = SortedSetValue.cursorAt set (if isMax then set.Count else 0)

    if shape <> PopShape.Bare then
        call.Reply.Array(if isNested then popped else 2 * popped)

    for _ in 1..popped do
        if isMax then
            cursor.Previous() |> ignore
        else
            cursor.Next() |> ignore

        if isNested then
            call.Reply.Array 2

        call.Reply.Bulk cursor.Member
        call.Reply.Double cursor.Score

    call.Changed(EventClass.SortedSet, (if isMax then "zpopmax" else "zpopmin"), key)

    if popped = set.Count then
        Elements.drop call key &entry
    elif isMax then
        SortedSetValue.removeRange (call, &entry, key, set.Count - popped, set.Count)
    else
        SortedSetValue.removeRange (call, &entry, key, 0, popped)

let private popEnd (call: Call) (isMax: bool) =
    let mutable entry = Entry()
    let mutable count = 1L
    let key = call.Take()
    let hasCount = call.Remaining > 0

    if call.Remaining > 1 then
        call.Fail Errors.syntax
    elif hasCount && not (call.TakeInteger(&count, Errors.notPositive)) then
        Outcome.Unchanged
    elif count < 0L then
        call.Fail Errors.notPositive
    else
        match call.FindSortedSet(key, &entry) with
        | Lookup.WrongType -> Outcome.Unchanged
        | found when found = Lookup.Missing || count = 0L ->
            call.Reply.Array 0
            Outcome.Unchanged
        | _ ->
            let shape = if hasCount then PopShape.Pairs else PopShape.Flat
            pop call key &entry isMax (int (min count (int64 Int32.MaxValue))) shape
            Outcome.AsReceived

let zpopmin call = popEnd call false
let zpopmax call = popEnd call true

/// Takes `MIN` or `MAX`, and `COUNT count`, which end the commands that pop from several sets; writes the error if they
/// make no sense.
let takeWhere (call: Call) (isMax: byref<bool>) (count: byref<int64>) : bool =
    let mutable valid = true
    let mutable hasCount = false
    isMax <- call.TakeWord "MAX"
    count <- 1L

    if not isMax && not (call.TakeWord "MIN") then
        valid <- false
        call.Reply.Error Errors.syntax

    while valid && call.Remaining > 0 do
        if not hasCount && call.Remaining > 1 && call.TakeWord "COUNT" then
            hasCount <- true
            valid <- Numbers.tryParseInt64 (call.Take(), &count) && count > 0L

            if not valid then
                call.Reply.Error Errors.countNotPositive
        else
            valid <- false
            call.Reply.Error Errors.syntax

    valid

let zmpop (call: Call) =
    let mutable entry = Entry()
    let mutable first = 0
    let mutable keys = 0
    let mutable count = 1L
    let mutable isMax = false
    let mutable index = 0

    if
        not (WaitedKeys.takeKeys call &first &keys)
        || not (takeWhere call &isMax &count)
    then
        Outcome.Unchanged
    else
        match WaitedKeys.findFirst call Kinds.isSortedSet first keys &entry &index with
        | Search.Found ->
            let key = call.Args[index]
            call.Reply.Array 2
            call.Reply.Bulk key
            pop call key &entry isMax (int (min count (int64 Int32.MaxValue))) PopShape.Nested
            Outcome.AsReceived
        | Search.Nothing ->
            call.Reply.NullArray()
            Outcome.Unchanged
        | _ -> Outcome.Unchanged

// ---- chance

let private writeAt (call: Call) (set: SortedSetView) (index: int) (withScores: bool) =
    let mutable cursor = SortedSetValue.cursorAt set index
    cursor.Next() |> ignore
    SortedSetReplies.item call cursor.Member (if withScores then cursor.Score else 0.0) withScores

/// Writes so many different members, each choice of them equally likely: goes along all of them and takes one with the
/// chance that it is among those still wanted.
let private writeDistinct (call: Call) (set: SortedSetView) (wanted: int) (withScores: bool) =
    let mutable cursor = SortedSetValue.cursorAt set 0
    let mutable left = set.Count
    let mutable wanted = wanted

    while wanted > 0 && cursor.Next() do
        if call.RandomBelow(uint64 left) < uint64 wanted then
            wanted <- wanted - 1
            SortedSetReplies.item call cursor.Member (if withScores then cursor.Score else 0.0) withScores

        left <- left - 1

/// The same where few of many are wanted: draws until enough different ones were drawn.
let private writeFewDistinct (call: Call) (set: SortedSetView) (wanted: int) (withScores: bool) =
    let drawn = HashSet<int>(wanted)

    while drawn.Count < wanted do
        let index = int (call.RandomBelow(uint64 set.Count))

        if drawn.Add index then
            writeAt call set index withScores

let private randomMembers (call: Call) (set: SortedSetView) (count: int64) (withScores: bool) =
    if count < 0L then
        let mutable left = int -count
        SortedSetReplies.header call left withScores

        // The count may be in the thousands of millions, but a reply that is dropped need not be written to its end.
        while left > 0 && not call.Reply.IsOverflown do
            left <- left - 1
            writeAt call set (int (call.RandomBelow(uint64 set.Count))) withScores
    else
        let number = int (min count (int64 set.Count))
        SortedSetReplies.header call number withScores

        if isNull set.Large || number > set.Count / 3 then
            writeDistinct call set number withScores
        else
            writeFewDistinct call set number withScores

let zrandmember (call: Call) =
    let mutable entry = Entry()
    let mutable count = 0L
    let key = call.Take()
    let hasCount = call.Remaining > 0

    if hasCount && not (call.TakeInteger(&count, -Int64.MaxValue, Int64.MaxValue)) then
        Outcome.Unchanged
    else
        let withScores = call.TakeWord "WITHSCORES"

        if call.Remaining > 0 then
            call.Fail Errors.syntax
        elif withScores && abs count > Int64.MaxValue / 2L then
            call.Fail Errors.outOfRange
        else
            match call.ReadSortedSet(key, &entry) with
            | Lookup.Found when count < -(int64 Int32.MaxValue / 2L) ->
                // More than any reply can hold.
                call.Reply.Error Errors.outOfRange
            | Lookup.Found when hasCount -> randomMembers call (SortedSetValue.view &entry) count withScores
            | Lookup.Found ->
                let set = SortedSetValue.view &entry
                writeAt call set (int (call.RandomBelow(uint64 set.Count))) false
            | Lookup.Missing when hasCount -> call.Reply.Array 0
            | Lookup.Missing -> call.Reply.Null()
            | _ -> ()

            Outcome.Unchanged

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.SortedSet
        [
            command
                "ZMPOP numkeys key [key ...] <MIN | MAX> [COUNT count]"
                [ Write ]
                (since "7.0.0")
                "Takes the lowest or highest members of the first sorted set that has any."
                zmpop
            |> complexity "O(K + M * log N), K being the keys given, M the members taken and N those of the set"
            |> keys [ takes ]
            command
                "ZPOPMAX key [count]"
                [ Write; Fast ]
                (since "5.0.0")
                "Takes the members with the highest scores."
                zpopmax
            |> complexity "O(M * log N), M being the members taken and N those of the set"
            |> keys [ takes ]
            command
                "ZPOPMIN key [count]"
                [ Write; Fast ]
                (since "5.0.0")
                "Takes the members with the lowest scores."
                zpopmin
            |> complexity "O(M * log N), M being the members taken and N those of the set"
            |> keys [ takes ]
            command
                "ZRANDMEMBER key [options: count [WITHSCORES]]"
                [ ReadOnly ]
                (since "6.2.0")
                "Returns members chosen at random."
                zrandmember
            |> complexity "O(N), N being the number of members returned"
            |> tips [ nondeterministic ]
        ]
