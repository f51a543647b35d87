/// The commands on lists that know where: at the ends, by index, by range.
/// https://redis.io/docs/latest/commands/?group=list
module RedisClone.Protocol.ListCommands

// ---- reads

let llen (call: Call) =
    let mutable entry = Entry()

    match call.ReadList(call.Take(), &entry) with
    | Lookup.Found -> call.Reply.Integer(int64 (ListValue.count &entry))
    | Lookup.Missing -> call.Reply.Integer 0L
    | _ -> ()

    Outcome.Unchanged

let lindex (call: Call) =
    let mutable entry = Entry()
    let mutable index = 0L

    match call.ReadList(call.Take(), &entry) with
    | Lookup.Missing -> call.Reply.Null()
    | Lookup.Found when call.TakeInteger &index ->
        let count = ListValue.count &entry
        let index = ListEnds.indexOf count index

        if index >= 0L && index < int64 count then
            let mutable cursor = ListValue.cursorAt (&entry, int index)
            cursor.Next() |> ignore
            call.Reply.Bulk cursor.Item
        else
            call.Reply.Null()
    | _ -> ()

    Outcome.Unchanged

let lrange (call: Call) =
    let mutable entry = Entry()
    let mutable start = 0L
    let mutable stop = 0L
    let key = call.Take()

    if call.TakeInteger &start && call.TakeInteger &stop then
        match call.ReadList(key, &entry) with
        | Lookup.Missing -> call.Reply.Array 0
        | Lookup.Found ->
            let struct (first, items) = ListEnds.range (ListValue.count &entry) start stop
            let mutable cursor = ListValue.cursorAt (&entry, first)
            let mutable left = items
            call.Reply.Array items

            while left > 0 && not call.Reply.IsOverflown do
                cursor.Next() |> ignore
                call.Reply.Bulk cursor.Item
                left <- left - 1
        | _ -> ()

    Outcome.Unchanged

// ---- writes

/// Adds all elements from the cursor on; `makes` tells whether to make a list where there is none.
let private push (call: Call) (at: ListEnd) (makes: bool) =
    let mutable entry = Entry()
    let key = call.Take()

    match call.FindList(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | Lookup.Missing when not makes ->
        call.Reply.Integer 0L
        Outcome.Unchanged
    | found ->
        if found = Lookup.Missing then
            ListValue.create call &entry key

        ListValue.pushArguments (call, &entry, key, (at = ListEnd.Left))
        call.Changed(EventClass.List, ListEnds.pushEvent at, key)
        call.Reply.Integer(int64 (ListValue.count &entry))
        Outcome.AsReceived

let lpush (call: Call) = push call ListEnd.Left true
let rpush (call: Call) = push call ListEnd.Right true
let lpushx (call: Call) = push call ListEnd.Left false
let rpushx (call: Call) = push call ListEnd.Right false

let lset (call: Call) =
    let mutable entry = Entry()
    let mutable index = 0L
    let key = call.Take()

    match call.FindList(key, &entry) with
    | Lookup.Missing -> call.Fail Errors.noSuchKey
    | Lookup.Found when call.TakeInteger &index ->
        let count = ListValue.count &entry
        let index = ListEnds.indexOf count index

        if index < 0L || index >= int64 count then
            call.Fail Errors.indexOutOfRange
        else
            ListValue.set (call, &entry, key, int index, call.Take())
            call.Changed(EventClass.List, "lset", key)
            call.Reply.Ok()
            Outcome.AsReceived
    | _ -> Outcome.Unchanged

let ltrim (call: Call) =
    let mutable entry = Entry()
    let mutable start = 0L
    let mutable stop = 0L
    let key = call.Take()

    if not (call.TakeInteger &start && call.TakeInteger &stop) then
        Outcome.Unchanged
    else
        match call.FindList(key, &entry) with
        | Lookup.WrongType -> Outcome.Unchanged
        | Lookup.Missing ->
            call.Reply.Ok()
            Outcome.Unchanged
        | _ ->
            let count = ListValue.count &entry
            let struct (first, items) = ListEnds.range count start stop
            let behind = count - first - items

            if behind > 0 then
                ListValue.removeRange (call, &entry, key, first + items, behind)

            if first > 0 then
                ListValue.removeRange (call, &entry, key, 0, first)

            // Redis says so even when nothing went.
            call.Changed(EventClass.List, "ltrim", key)
            Elements.dropIfEmpty call key &entry
            call.Reply.Ok()

            if items < count then
                Outcome.AsReceived
            else
                Outcome.Unchanged

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.List
        [
            command
                "LINDEX key index"
                [ ReadOnly ]
                (since "1.0.0")
                "Returns an element of a list by its position."
                lindex
            |> complexity "O(log N), N being the length of the list"
            command "LLEN key" [ ReadOnly; Fast ] (since "1.0.0") "Returns the length of a list." llen
            |> keys [ inspects ]
            command
                "LPUSH key element [element ...]"
                [ Write; DenyOom; Fast ]
                (since "1.0.0")
                "Adds elements at the left end of a list, which is made if there is none."
                lpush
            |> keys [ inserts ]
            |> complexity "O(N), N being the number of elements given"
            |> history "2.4.0" "Several elements at once."
            command
                "LPUSHX key element [element ...]"
                [ Write; DenyOom; Fast ]
                (since "2.2.0")
                "Adds elements at the left end of a list if there is one."
                lpushx
            |> keys [ inserts ]
            |> complexity "O(N), N being the number of elements given"
            |> history "4.0.0" "Several elements at once."
            command
                "LRANGE key start stop"
                [ ReadOnly ]
                (since "1.0.0")
                "Returns the elements from one position to another."
                lrange
            |> complexity "O(log N + M), N being the length of the list and M the number of elements returned"
            command
                "LSET key index element"
                [ Write; DenyOom ]
                (since "1.0.0")
                "Replaces an element of a list by its position."
                lset
            |> keys [ updates ]
            |> complexity "O(log N), N being the length of the list"
            command
                "LTRIM key start stop"
                [ Write ]
                (since "1.0.0")
                "Removes all elements of a list but those from one position to another."
                ltrim
            |> keys [ deletes ]
            |> complexity "O(log N), N being the length of the list"
            command
                "RPUSH key element [element ...]"
                [ Write; DenyOom; Fast ]
                (since "1.0.0")
                "Adds elements at the right end of a list, which is made if there is none."
                rpush
            |> keys [ inserts ]
            |> complexity "O(N), N being the number of elements given"
            |> history "2.4.0" "Several elements at once."
            command
                "RPUSHX key element [element ...]"
                [ Write; DenyOom; Fast ]
                (since "2.2.0")
                "Adds elements at the right end of a list if there is one."
                rpushx
            |> keys [ inserts ]
            |> complexity "O(N), N being the number of elements given"
            |> history "4.0.0" "Several elements at once."
        ]
