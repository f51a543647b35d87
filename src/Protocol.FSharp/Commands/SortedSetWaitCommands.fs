/// The commands that wait for members of sorted sets: https://redis.io/docs/latest/commands/?group=sorted-set
///
/// As with lists (`ListWaitCommands`), what is logged is the command without B.
module RedisClone.Protocol.SortedSetWaitCommands

open System
open RedisClone.Protocol.SortedSetPopCommands

/// Takes members of the sorted set under an argument, and logs that.
let private take (call: Call) (index: int) (entry: byref<Entry>) (isMax: bool) (count: int64) (shape: PopShape) =
    let key = call.Args[index]
    let count = int (min count (int64 Int32.MaxValue))
    pop call key &entry isMax count shape
    call.Journal.Begin 3
    call.Journal.Add(if isMax then "ZPOPMAX" else "ZPOPMIN")
    call.Journal.Add key
    call.Journal.Add(int64 count)
    Outcome.Rewritten

/// BZPOPMIN and BZPOPMAX: keys, and then how long to wait.
let private popFirst (call: Call) (isMax: bool) =
    let mutable entry = Entry()
    let mutable deadline = 0L
    let mutable index = 0
    let keys = call.Args.Count - 2

    if not (call.TimeoutOf(call.Args[keys + 1], &deadline)) then
        Outcome.Unchanged
    else
        match WaitedKeys.findFirst call Kinds.isSortedSet 1 keys &entry &index with
        | Search.Found ->
            call.Reply.Array 3
            call.Reply.Bulk call.Args[index]
            take call index &entry isMax 1L PopShape.Bare
        | Search.Nothing -> call.WaitFor(1, keys, deadline)
        | _ -> Outcome.Unchanged

let bzpopmin (call: Call) = popFirst call false
let bzpopmax (call: Call) = popFirst call true

let bzmpop (call: Call) =
    let mutable entry = Entry()
    let mutable deadline = 0L
    let mutable first = 0
    let mutable keys = 0
    let mutable count = 1L
    let mutable isMax = false
    let mutable index = 0

    if
        not (call.TimeoutOf(call.Take(), &deadline))
        || not (WaitedKeys.takeKeys call &first &keys)
        || not (takeWhere call &isMax &count)
    then
        Outcome.Unchanged
    else
        match WaitedKeys.findFirst call Kinds.isSortedSet first keys &entry &index with
        | Search.Found ->
            call.Reply.Array 2
            call.Reply.Bulk call.Args[index]
            take call index &entry isMax count PopShape.Nested
        | Search.Nothing -> call.WaitFor(first, keys, deadline)
        | _ -> Outcome.Unchanged

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.SortedSet
        [
            command
                "BZMPOP timeout:double numkeys key [key ...] <where: MIN | MAX> [COUNT count]"
                [ Write; Blocking ]
                (since "7.0.0")
                "Takes the lowest or highest members of the first sorted set that has any, and waits if none has."
                bzmpop
            |> keys [ takes ]
            |> complexity "O(K + M * log N), K being the keys given, M the members taken and N those of the set"
            command
                "BZPOPMAX key [key ...] timeout:double"
                [ Write; NoScript; Blocking; Fast ]
                (since "5.0.0")
                "Takes the member with the highest score of the first sorted set that has any, and waits if none has."
                bzpopmax
            |> keys [ takes ]
            |> complexity "O(log N), N being the members of the set"
            |> history "6.0.0" "The timeout is a decimal number, until then whole seconds."
            command
                "BZPOPMIN key [key ...] timeout:double"
                [ Write; NoScript; Blocking; Fast ]
                (since "5.0.0")
                "Takes the member with the lowest score of the first sorted set that has any, and waits if none has."
                bzpopmin
            |> keys [ takes ]
            |> complexity "O(log N), N being the members of the set"
            |> history "6.0.0" "The timeout is a decimal number, until then whole seconds."
        ]
