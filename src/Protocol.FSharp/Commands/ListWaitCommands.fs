/// The commands that wait for elements of lists: https://redis.io/docs/latest/commands/?group=list
///
/// Each tries to do what the command without B does, and waits if there is nothing to do it with. It is evaluated again
/// when a key it waits for has changed, and then looks at that key only. What is logged is the command without B.
module RedisClone.Protocol.ListWaitCommands

open System

// ---- writes

/// BLPOP and BRPOP: keys, and then how long to wait.
let private popFirst (call: Call) (from: ListEnd) =
    let mutable entry = Entry()
    let mutable deadline = 0L
    let mutable index = 0
    let keys = call.Args.Count - 2

    if not (call.TimeoutOf(call.Args[keys + 1], &deadline)) then
        Outcome.Unchanged
    else
        match WaitedKeys.findFirst call Kinds.isList 1 keys &entry &index with
        | Search.Found ->
            let key = call.Args[index]
            call.Reply.Array 2
            call.Reply.Bulk key
            ListPopCommands.popOne call &entry key from
            call.Journal.Begin 2
            call.Journal.Add(if from = ListEnd.Left then "LPOP" else "RPOP")
            call.Journal.Add key
            Outcome.Rewritten
        | Search.Nothing -> call.WaitFor(1, keys, deadline)
        | _ -> Outcome.Unchanged

let blpop (call: Call) = popFirst call ListEnd.Left
let brpop (call: Call) = popFirst call ListEnd.Right

/// BLMOVE and BRPOPLPUSH, once the ends are known; the last argument tells how long to wait.
let private move (call: Call) (from: ListEnd) (into: ListEnd) =
    let mutable entry = Entry()
    let mutable deadline = 0L
    let mutable index = 0

    if not (call.TimeoutOf(call.Args[call.Args.Count - 1], &deadline)) then
        Outcome.Unchanged
    else
        match WaitedKeys.findFirst call Kinds.isList 1 1 &entry &index with
        | Search.Found ->
            let source = call.Args[1]
            let destination = call.Args[2]

            match ListPopCommands.moveOne call &entry source destination from into with
            | Outcome.AsReceived ->
                call.Journal.Begin 5
                call.Journal.Add "LMOVE"
                call.Journal.Add source
                call.Journal.Add destination
                call.Journal.Add(ListEnds.word from)
                call.Journal.Add(ListEnds.word into)
                Outcome.Rewritten
            | outcome -> outcome
        | Search.Nothing when call.MayWait -> call.WaitFor(1, 1, deadline)
        | Search.Nothing ->
            call.Reply.Null()
            Outcome.Unchanged
        | _ -> Outcome.Unchanged

let blmove (call: Call) =
    let mutable from = ListEnd.Left
    let mutable into = ListEnd.Left
    call.Skip 2

    if ListEnds.take call &from && ListEnds.take call &into then
        move call from into
    else
        Outcome.Unchanged

let brpoplpush (call: Call) = move call ListEnd.Right ListEnd.Left

let blmpop (call: Call) =
    let mutable entry = Entry()
    let mutable deadline = 0L
    let mutable first = 0
    let mutable keys = 0
    let mutable count = 0L
    let mutable from = ListEnd.Left
    let mutable index = 0

    if
        not (call.TimeoutOf(call.Take(), &deadline))
        || not (WaitedKeys.takeKeys call &first &keys)
        || not (ListPopCommands.takeEndAndCount call &from &count)
    then
        Outcome.Unchanged
    else
        match WaitedKeys.findFirst call Kinds.isList first keys &entry &index with
        | Search.Found -> ListPopCommands.popNamed call &entry index from count
        | Search.Nothing -> call.WaitFor(first, keys, deadline)
        | _ -> Outcome.Unchanged

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.List
        [
            command
                "BLMOVE source destination <wherefrom: LEFT | RIGHT> <whereto: LEFT | RIGHT> timeout:double"
                [ Write; DenyOom; NoScript; Blocking ]
                (since "6.2.0")
                "Takes an element off an end of a list and adds it to an end of another, and waits if there is none."
                blmove
            |> keys [ takes; inserts ]
            command
                "BLMPOP timeout:double numkeys key [key ...] <where: LEFT | RIGHT> [COUNT count]"
                [ Write; Blocking ]
                (since "7.0.0")
                "Takes elements off an end of the first of several lists that has any, and waits if none has."
                blmpop
            |> keys [ takes ]
            |> complexity "O(N + M), N being the number of keys and M the number of elements returned"
            command
                "BLPOP key [key ...] timeout:double"
                [ Write; NoScript; Blocking ]
                (since "2.0.0")
                "Takes the first element of the first of several lists that has any, and waits if none has."
                blpop
            |> keys [ takes ]
            |> complexity "O(N), N being the number of keys"
            |> history "6.0.0" "The timeout is a decimal number, until then whole seconds."
            command
                "BRPOP key [key ...] timeout:double"
                [ Write; NoScript; Blocking ]
                (since "2.0.0")
                "Takes the last element of the first of several lists that has any, and waits if none has."
                brpop
            |> keys [ takes ]
            |> complexity "O(N), N being the number of keys"
            |> history "6.0.0" "The timeout is a decimal number, until then whole seconds."
            command
                "BRPOPLPUSH source destination timeout:double"
                [ Write; DenyOom; NoScript; Blocking ]
                (since "2.2.0")
                "Takes the last element of a list and adds it at the left end of another, and waits if there is none."
                brpoplpush
            |> keys [ takes; inserts ]
            |> deprecated "6.2.0" "`BLMOVE` with the `RIGHT` and `LEFT` arguments"
            |> history "6.0.0" "The timeout is a decimal number, until then whole seconds."
        ]
