/// The commands that read and write whole strings: https://redis.io/docs/latest/commands/?group=string
module RedisClone.Protocol.StringCommands

open System

// ---- reads

let get (call: Call) =
    let mutable entry = Entry()

    match call.ReadString(call.Take(), &entry) with
    | Lookup.Found -> call.Reply.Bulk entry.Value
    | Lookup.Missing -> call.Reply.Null()
    | _ -> ()

    Outcome.Unchanged

// ---- SET and its kin

let private setOptions =
    StringOptionNames.Existence
    ||| StringOptionNames.Comparison
    ||| StringOptionNames.OldValue
    ||| StringOptionNames.KeepTtl

let set (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let value = call.Take()
    let mutable options = StringOptions()
    let mutable deadline = Page.NoDeadline

    if
        not (StringOptions.take call setOptions &options)
        || not (StringOptions.deadline call "set" &options &deadline)
    then
        Outcome.Unchanged
    else
        let found =
            if options.ReturnsOld then
                call.Read(key, &entry)
            else
                call.Find(key, &entry)

        let isString = found && Kinds.isString entry.Kind

        if
            found
            && not isString
            && (options.ReturnsOld || options.Condition = Condition.IfEqual)
        then
            call.Fail Errors.wrongType
        else
            let holds =
                match options.Condition with
                | Condition.IfMissing -> not found
                | Condition.IfExists -> found
                | Condition.IfEqual -> isString && entry.Value.SequenceEqual options.Comparison
                | _ -> true

            if options.ReturnsOld && isString then
                call.Reply.Bulk entry.Value
            elif options.ReturnsOld || not holds then
                call.Reply.Null()
            else
                call.Reply.Ok()

            if not holds then
                Outcome.Unchanged
            else
                let kept =
                    if options.KeepsTtl && found then
                        entry.Deadline
                    else
                        deadline

                call.Store(&entry, key, Kind.String, value, kept)
                call.Changed(EventClass.String, "set", key)

                if options.HasTime then
                    call.Notify(EventClass.Generic, "expire", key)

                if call.Args.Count = 3 then
                    Outcome.AsReceived
                else
                    Logged.set call key value deadline options.KeepsTtl

let private setWithTime (unit: TimeUnit) (name: string) (call: Call) =
    let mutable entry = Entry()
    let mutable deadline = 0L
    let key = call.Take()
    let time = call.Take()

    if not (Deadlines.ofOption call unit time name &deadline) then
        Outcome.Unchanged
    else
        let value = call.Take()
        call.Find(key, &entry) |> ignore
        call.Store(&entry, key, Kind.String, value, deadline)
        call.Changed(EventClass.String, "set", key)
        call.Notify(EventClass.Generic, "expire", key)
        call.Reply.Ok()
        Logged.set call key value deadline false

let setex call =
    setWithTime Deadlines.seconds "setex" call

let psetex call =
    setWithTime Deadlines.milliseconds "psetex" call

let setnx (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()

    if call.Find(key, &entry) then
        call.Reply.Integer 0L
        Outcome.Unchanged
    else
        call.Store(&entry, key, Kind.String, call.Take(), Page.NoDeadline)
        call.Changed(EventClass.String, "set", key)
        call.Reply.Integer 1L
        Outcome.AsReceived

let getset (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let value = call.Take()

    match call.ReadString(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | found ->
        if found = Lookup.Found then
            call.Reply.Bulk entry.Value
        else
            call.Reply.Null()

        call.Store(&entry, key, Kind.String, value, Page.NoDeadline)
        call.Changed(EventClass.String, "set", key)
        Logged.set call key value Page.NoDeadline false

let getdel (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()

    match call.ReadString(key, &entry) with
    | Lookup.Found ->
        call.Reply.Bulk entry.Value
        call.Table.Remove &entry
        call.Changed(EventClass.Generic, "del", key)
        Logged.delete call key
    | Lookup.Missing ->
        call.Reply.Null()
        Outcome.Unchanged
    | _ -> Outcome.Unchanged

let delifeq (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()

    match call.FindString(key, &entry) with
    | Lookup.Found when entry.Value.SequenceEqual(call.Take()) ->
        call.Table.Remove &entry
        call.Changed(EventClass.Generic, "del", key)
        call.Reply.Integer 1L
        Logged.delete call key
    | Lookup.WrongType -> Outcome.Unchanged
    | _ ->
        call.Reply.Integer 0L
        Outcome.Unchanged

let getex (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    let mutable options = StringOptions()
    let mutable deadline = Page.NoDeadline

    if not (StringOptions.take call StringOptionNames.Persist &options) then
        Outcome.Unchanged
    else
        match call.ReadString(key, &entry) with
        | Lookup.Missing ->
            call.Reply.Null()
            Outcome.Unchanged
        | Lookup.WrongType -> Outcome.Unchanged
        | _ when not (StringOptions.deadline call "getex" &options &deadline) -> Outcome.Unchanged
        | _ ->
            call.Reply.Bulk entry.Value

            if options.HasTime && deadline <= call.Now && not call.Loading then
                call.Table.Remove &entry
                call.Changed(EventClass.Generic, "del", key)
                Logged.delete call key
            elif options.HasTime then
                call.Table.SetDeadline(&entry, deadline)
                call.Changed(EventClass.Generic, "expire", key)
                Logged.deadline call key deadline
            elif options.Persists && entry.Deadline <> Page.NoDeadline then
                call.Table.SetDeadline(&entry, Page.NoDeadline)
                call.Changed(EventClass.Generic, "persist", key)
                call.Journal.Begin 2
                call.Journal.Add "PERSIST"
                call.Journal.Add key
                Outcome.Rewritten
            else
                Outcome.Unchanged

// ---- rows

open Rows

/// SET reads its key only with GET.
let private setKeyFlags (arguments: Arguments) : KeyFlags =
    let mutable readsOld = false

    for i in 3 .. arguments.Count - 1 do
        readsOld <- readsOld || Bytes.isWord "GET" arguments[i]

    if readsOld then readsAndUpdates else overwrites

let rows: Row<Handler> list =
    family
        Group.String
        [
            command
                "DELIFEQ key comparison-value"
                [ Write; Fast ]
                (since "9.0.0")
                "Removes a string if it has the given value."
                delifeq
            |> keys [ takes ]
            command "GET key" [ ReadOnly; Fast ] (since "1.0.0") "Returns a string." get
            command "GETDEL key" [ Write; Fast ] (since "6.2.0") "Returns a string and removes it." getdel
            |> keys [ takes ]
            command
                "GETEX key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]"
                [ Write; Fast ]
                (since "6.2.0")
                "Returns a string and changes when it expires."
                getex
            |> keys [ readsAndUpdates ]
            command
                "GETSET key value"
                [ Write; DenyOom; Fast ]
                (since "1.0.0")
                "Sets a string and returns the one before."
                getset
            |> keys [ readsAndUpdates ]
            |> deprecated "6.2.0" "`SET` with `GET`"
            command
                "PSETEX key milliseconds value"
                [ Write; DenyOom ]
                (since "2.6.0")
                "Sets a string that expires after some milliseconds."
                psetex
            |> keys [ overwrites ]
            command
                "SET key value [NX | XX | IFEQ comparison-value] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]"
                [ Write; DenyOom ]
                (since "1.0.0")
                "Sets a string."
                set
            |> keys [ readsAndUpdates ||| KeyFlags.VariableFlags ]
            |> variableFlags setKeyFlags
            |> history "2.6.12" "Conditions and expiry: `NX`, `XX`, `EX`, `PX`."
            |> history "6.0.0" "`KEEPTTL`."
            |> history "6.2.0" "`GET`, `EXAT`, `PXAT`."
            |> history "7.0.0" "NX and GET go together."
            |> history "8.1.0" "`IFEQ`."
            command
                "SETEX key seconds value"
                [ Write; DenyOom ]
                (since "2.0.0")
                "Sets a string that expires after some seconds."
                setex
            |> keys [ overwrites ]
            command
                "SETNX key value"
                [ Write; DenyOom; Fast ]
                (since "1.0.0")
                "Sets a string if the key does not exist."
                setnx
            |> keys [ creates ]
        ]
