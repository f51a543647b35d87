/// The commands that take elements off the ends of lists: https://redis.io/docs/latest/commands/?group=list
///
/// `popOne`, `popSome` and `moveOne` do the work for a list that is there; commands that wait for one call them too.
module RedisClone.Protocol.ListPopCommands

open System

// ---- shapes

/// Answers with elements from an end on and takes them out of the list, which has as many.
let private take (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) (from: ListEnd) (items: int) =
    let count = ListValue.count &entry
    let isLeft = (from = ListEnd.Left)
    let mutable cursor = ListValue.cursorAt (&entry, (if isLeft then 0 else count))
    let mutable left = items

    while left > 0 && not call.Reply.IsOverflown do
        (if isLeft then cursor.Next() else cursor.Previous()) |> ignore
        call.Reply.Bulk cursor.Item
        left <- left - 1

    ListValue.removeRange (call, &entry, key, (if isLeft then 0 else count - items), items)
    call.Changed(EventClass.List, ListEnds.popEvent from, key)
    Elements.dropIfEmpty call key &entry

// ---- what others call too

/// Answers with the element at an end of a list and takes it out.
let popOne (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) (from: ListEnd) = take call &entry key from 1

/// Answers with an array of elements from an end on, as many as there are up to a number, and takes them out. How many.
let popSome (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) (from: ListEnd) (most: int64) : int =
    let items = int (min most (int64 (ListValue.count &entry)))
    call.Reply.Array items

    if items > 0 then
        take call &entry key from items

    items

/// Takes an element off an end of the list that the entry found, adds it to an end of another list or the same, and
/// answers with it. A destination of another type is an error.
let moveOne
    (call: Call)
    (entry: byref<Entry>)
    (source: ReadOnlySpan<byte>)
    (destination: ReadOnlySpan<byte>)
    (from: ListEnd)
    (into: ListEnd)
    : Outcome =
    // Long elements are not kept for long.
    let heldBytesMax = 64 * 1024
    let mutable target = Entry()
    let isSame = source.SequenceEqual destination

    let found =
        if isSame then
            Lookup.Found
        else
            call.FindList(destination, &target)

    if found = Lookup.WrongType then
        Outcome.Unchanged
    else
        // The destination may have been due, and its record gone.
        call.Table.Find(source, &entry) |> ignore
        let held = call.NumberText

        let index =
            if from = ListEnd.Left then
                0
            else
                ListValue.count &entry - 1

        let mutable cursor = ListValue.cursorAt (&entry, index)
        cursor.Next() |> ignore
        held.Truncate 0
        held.Raw cursor.Item
        call.Reply.Bulk cursor.Item
        ListValue.removeRange (call, &entry, source, index, 1)

        if not (call.Table.Find(destination, &target)) then
            ListValue.create call &target destination

        let place = if into = ListEnd.Left then 0 else ListValue.count &target
        ListValue.insert (call, &target, destination, place, held.Written)
        held.Reset heldBytesMax
        call.Changed(EventClass.List, ListEnds.pushEvent into, destination)
        call.Changed(EventClass.List, ListEnds.popEvent from, source)
        call.Table.Find(source, &entry) |> ignore
        Elements.dropIfEmpty call source &entry
        Outcome.AsReceived

// ---- writes

/// LPOP and RPOP.
let private pop (call: Call) (name: string) (from: ListEnd) =
    let mutable entry = Entry()
    let mutable count = 0L
    let key = call.Take()
    let hasCount = call.Remaining > 0

    if call.Remaining > 1 then
        call.Fail(Errors.wrongArity name)
    elif hasCount && not (call.TakeInteger(&count, Errors.notPositive)) then
        Outcome.Unchanged
    elif count < 0L then
        call.Fail Errors.notPositive
    else
        match call.FindList(key, &entry) with
        | Lookup.WrongType -> Outcome.Unchanged
        | Lookup.Missing ->
            if hasCount then
                call.Reply.NullArray()
            else
                call.Reply.Null()

            Outcome.Unchanged
        | _ when hasCount ->
            if popSome call &entry key from count > 0 then
                Outcome.AsReceived
            else
                Outcome.Unchanged
        | _ ->
            popOne call &entry key from
            Outcome.AsReceived

let lpop (call: Call) = pop call "lpop" ListEnd.Left
let rpop (call: Call) = pop call "rpop" ListEnd.Right

/// LMOVE and RPOPLPUSH, once the ends are known.
let private move (call: Call) (source: ReadOnlySpan<byte>) (destination: ReadOnlySpan<byte>) from into =
    let mutable entry = Entry()

    match call.FindList(source, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | Lookup.Missing ->
        call.Reply.Null()
        Outcome.Unchanged
    | _ -> moveOne call &entry source destination from into

let lmove (call: Call) =
    let mutable from = ListEnd.Left
    let mutable into = ListEnd.Left
    let source = call.Take()
    let destination = call.Take()

    if ListEnds.take call &from && ListEnds.take call &into then
        move call source destination from into
    else
        Outcome.Unchanged

let rpoplpush (call: Call) =
    let source = call.Take()
    move call source (call.Take()) ListEnd.Right ListEnd.Left

/// Takes what follows the keys of LMPOP: the end, and perhaps COUNT; false with the error written.
let takeEndAndCount (call: Call) (from: byref<ListEnd>) (count: byref<int64>) : bool =
    count <- 1L

    if not (ListEnds.take call &from) then
        false
    elif call.Remaining = 0 then
        true
    elif call.Remaining <> 2 || not (call.TakeWord "COUNT") then
        call.Reply.Error Errors.syntax
        false
    elif not (call.TakeInteger(&count, Errors.countNotPositive)) then
        false
    elif count <= 0L then
        call.Reply.Error Errors.countNotPositive
        false
    else
        true

/// Answers with the name of a list, which is an argument, and with elements from an end on, and takes them out. Logged
/// is how many they were.
let popNamed (call: Call) (entry: byref<Entry>) (index: int) (from: ListEnd) (most: int64) : Outcome =
    let key = call.Args[index]
    call.Reply.Array 2
    call.Reply.Bulk key
    let popped = popSome call &entry key from most
    call.Journal.Begin 3
    call.Journal.Add(if from = ListEnd.Left then "LPOP" else "RPOP")
    call.Journal.Add key
    call.Journal.Add(int64 popped)
    Outcome.Rewritten

let lmpop (call: Call) =
    let mutable entry = Entry()
    let mutable first = 0
    let mutable keys = 0
    let mutable count = 0L
    let mutable from = ListEnd.Left
    let mutable index = 0

    if
        not (WaitedKeys.takeKeys call &first &keys)
        || not (takeEndAndCount call &from &count)
    then
        Outcome.Unchanged
    else
        match WaitedKeys.findFirst call Kinds.isList first keys &entry &index with
        | Search.Found -> popNamed call &entry index from count
        | Search.Nothing ->
            call.Reply.NullArray()
            Outcome.Unchanged
        | _ -> Outcome.Unchanged

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.List
        [
            command
                "LMOVE source destination <wherefrom: LEFT | RIGHT> <whereto: LEFT | RIGHT>"
                [ Write; DenyOom ]
                (since "6.2.0")
                "Takes an element off an end of a list and adds it to an end of another."
                lmove
            |> keys [ takes; inserts ]
            command
                "LMPOP numkeys key [key ...] <where: LEFT | RIGHT> [COUNT count]"
                [ Write ]
                (since "7.0.0")
                "Takes elements off an end of the first of several lists that has any, and returns them."
                lmpop
            |> keys [ takes ]
            |> complexity "O(N + M), N being the number of keys and M the number of elements returned"
            command
                "LPOP key [count]"
                [ Write; Fast ]
                (since "1.0.0")
                "Takes elements off the left end of a list and returns them."
                lpop
            |> keys [ takes ]
            |> complexity "O(N), N being the number of elements returned"
            |> history "6.2.0" "The parameter `count`."
            command
                "RPOP key [count]"
                [ Write; Fast ]
                (since "1.0.0")
                "Takes elements off the right end of a list and returns them."
                rpop
            |> keys [ takes ]
            |> complexity "O(N), N being the number of elements returned"
            |> history "6.2.0" "The parameter `count`."
            command
                "RPOPLPUSH source destination"
                [ Write; DenyOom ]
                (since "1.2.0")
                "Takes the last element of a list and adds it at the left end of another."
                rpoplpush
            |> keys [ takes; inserts ]
            |> deprecated "6.2.0" "`LMOVE` with the `RIGHT` and `LEFT` arguments"
        ]
