/// The commands on lists that look for elements: https://redis.io/docs/latest/commands/?group=list
module RedisClone.Protocol.ListSearchCommands

open System

// ---- shapes

/// Steps to the next element, or from the right to the one before.
let private step (fromRight: bool) (cursor: byref<ListCursor>) : bool =
    if fromRight then cursor.Previous() else cursor.Next()

/// A cursor at the end where a search begins.
let private searchFrom (fromRight: bool) (entry: byref<Entry>) : ListCursor =
    ListValue.cursorAt (&entry, (if fromRight then ListValue.count &entry else 0))

/// What LPOS looks for.
[<Struct>]
type private Search =
    {
        mutable Rank: int64
        /// -1: just one, and not as an array; 0: all.
        mutable Count: int64
        /// How many elements to look at, at the most; 0: all.
        mutable MaxLength: int64
    }

// ---- reads

/// Takes the options of LPOS; false with the error written.
let private takeSearch (call: Call) (search: byref<Search>) : bool =
    let mutable valid = true

    let mutable number = 0L

    while valid && call.Remaining > 0 do
        if call.Remaining > 1 && call.TakeWord "RANK" then
            valid <- call.TakeInteger &number
            search.Rank <- number

            if valid && number = 0L then
                call.Reply.Error Errors.rankZero
                valid <- false
        elif call.Remaining > 1 && call.TakeWord "COUNT" then
            valid <- call.TakeInteger(&number, Errors.countNegative)
            search.Count <- number

            if valid && number < 0L then
                call.Reply.Error Errors.countNegative
                valid <- false
        elif call.Remaining > 1 && call.TakeWord "MAXLEN" then
            valid <- call.TakeInteger(&number, Errors.maxlenNegative)
            search.MaxLength <- number

            if valid && number < 0L then
                call.Reply.Error Errors.maxlenNegative
                valid <- false
        else
            call.Reply.Error Errors.syntax
            valid <- false

    valid

/// Answers with the positions of what was looked for.
let private writePositions (call: Call) (entry: byref<Entry>) (element: ReadOnlySpan<byte>) (search: byref<Search>) =
    let fromRight = search.Rank < 0L
    // The least number has no opposite; Redis finds the first match from the right then.
    let rank = if search.Rank = Int64.MinValue then 1L else abs search.Rank
    let wanted = if search.Count < 0L then 1L else search.Count
    let start = call.Reply.Length
    let mutable cursor = searchFrom fromRight &entry
    let mutable seen = 0L
    let mutable matches = 0L
    let mutable found = 0L

    while (wanted = 0L || found < wanted)
          && (search.MaxLength = 0L || seen < search.MaxLength)
          && step fromRight &cursor do
        seen <- seen + 1L

        if cursor.Item.SequenceEqual element then
            matches <- matches + 1L

            if matches >= rank then
                found <- found + 1L
                call.Reply.Integer(int64 cursor.Index)

    if search.Count >= 0L then
        call.Reply.InsertArray(start, int found)
    elif found = 0L then
        call.Reply.Null()

let lpos (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let element = call.Take()

    let mutable search =
        {
            Rank = 1L
            Count = -1L
            MaxLength = 0L
        }

    if takeSearch call &search then
        match call.ReadList(key, &entry) with
        | Lookup.Found -> writePositions call &entry element &search
        | Lookup.Missing when search.Count >= 0L -> call.Reply.Array 0
        | Lookup.Missing -> call.Reply.Null()
        | _ -> ()

    Outcome.Unchanged

// ---- writes

let linsert (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let isBefore = call.TakeWord "BEFORE"

    if not isBefore && not (call.TakeWord "AFTER") then
        call.Fail Errors.syntax
    else
        match call.FindList(key, &entry) with
        | Lookup.WrongType -> Outcome.Unchanged
        | Lookup.Missing ->
            call.Reply.Integer 0L
            Outcome.Unchanged
        | _ ->
            let pivot = call.Take()
            let mutable cursor = searchFrom false &entry
            let mutable found = false

            while not found && cursor.Next() do
                found <- cursor.Item.SequenceEqual pivot

            if found then
                let index = if isBefore then cursor.Index else cursor.Index + 1
                ListValue.insert (call, &entry, key, index, call.Take())
                call.Changed(EventClass.List, "linsert", key)
                call.Reply.Integer(int64 (ListValue.count &entry))
                Outcome.AsReceived
            else
                call.Reply.Integer -1L
                Outcome.Unchanged

/// Removes up to `most` elements that are equal to one; neighbours go together. How many went.
let private removeEqual (call: Call) (entry: byref<Entry>) key (element: ReadOnlySpan<byte>) fromRight (most: int64) =
    let mutable removed = 0
    let mutable cursor = searchFrom fromRight &entry

    while int64 removed < most && step fromRight &cursor do
        if cursor.Item.SequenceEqual element then
            let start = cursor.Index
            let mutable length = 1

            while int64 (removed + length) < most
                  && step fromRight &cursor
                  && cursor.Item.SequenceEqual element do
                length <- length + 1

            let first = if fromRight then start - length + 1 else start
            ListValue.removeRange (call, &entry, key, first, length)
            removed <- removed + length
            // On either side, what has not been looked at begins here.
            cursor <- ListValue.cursorAt (&entry, first)

    removed

let lrem (call: Call) =
    let mutable entry = Entry()
    let mutable count = 0L
    let key = call.Take()

    if not (call.TakeInteger &count) then
        Outcome.Unchanged
    else
        match call.FindList(key, &entry) with
        | Lookup.WrongType -> Outcome.Unchanged
        | Lookup.Missing ->
            call.Reply.Integer 0L
            Outcome.Unchanged
        | _ ->
            let most =
                if count = 0L || count = Int64.MinValue then
                    Int64.MaxValue
                else
                    abs count

            let removed = removeEqual call &entry key (call.Take()) (count < 0L) most
            call.Reply.Integer(int64 removed)

            if removed = 0 then
                Outcome.Unchanged
            else
                call.Changed(EventClass.List, "lrem", key)
                Elements.dropIfEmpty call key &entry
                Outcome.AsReceived

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.List
        [
            command
                "LINSERT key <where: BEFORE | AFTER> pivot element"
                [ Write; DenyOom ]
                (since "2.2.0")
                "Inserts an element before or after the first one that is equal to another."
                linsert
            |> keys [ inserts ]
            |> complexity "O(N), N being the number of elements before the other"
            command
                "LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]"
                [ ReadOnly ]
                (since "6.0.6")
                "Returns the positions of elements that are equal to one."
                lpos
            |> complexity "O(N), N being the number of elements looked at"
            command "LREM key count element" [ Write ] (since "1.0.0") "Removes elements that are equal to one." lrem
            |> keys [ deletes ]
            |> complexity "O(N), N being the length of the list"
        ]
