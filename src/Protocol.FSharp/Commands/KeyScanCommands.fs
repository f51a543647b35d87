/// The commands that find keys: https://redis.io/docs/latest/commands/?group=generic
module RedisClone.Protocol.KeyScanCommands

let randomkey (call: Call) =
    let mutable entry = Entry()
    let mutable searching = true

    while searching && call.FindRandom(call.Table, &entry) do
        if call.IsDue &entry then
            call.Expire &entry
        else
            searching <- false

    if searching then
        call.Reply.Null()
    else
        call.Reply.Bulk entry.Key

    Outcome.Unchanged

let keysOf (call: Call) =
    let pattern = call.Take()
    let mutable walk = call.Table.Walk()
    let mutable entry = Entry()
    let mutable count = 0
    let all = Glob.isAll pattern
    let start = call.Reply.Length

    while walk.Next &entry do
        if (all || Glob.isMatch (pattern, entry.Key, false)) && not (call.IsDue &entry) then
            call.Reply.Bulk entry.Key
            count <- count + 1

    call.Reply.InsertArray(start, count)
    Outcome.Unchanged

type private ScanVisitor(call: Call, options: ScanOptions) =
    /// How many keys were written.
    member val Written = 0 with get, set

    interface IEntryVisitor with
        member this.Visit(entry: byref<Entry>) =
            if
                not (call.IsDue &entry)
                && ScanOptions.fits call options entry.Key
                && (options.Type = 0
                    || Bytes.isWord (Kinds.typeName entry.Kind) call.Args[options.Type])
            then
                call.Reply.Bulk entry.Key
                this.Written <- this.Written + 1

let scan (call: Call) =
    let mutable options = Unchecked.defaultof<ScanOptions>

    if
        ScanOptions.takeCursor call &options
        && ScanOptions.takeRest call true false &options
    then
        let visitor = ScanVisitor(call, options)
        let start = call.Reply.Length
        let next = call.Table.Scan(options.Cursor, options.Count, visitor)
        ScanOptions.finish call start next visitor.Written

    Outcome.Unchanged

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Generic
        [
            command "KEYS pattern" [ ReadOnly ] (since "1.0.0") "Returns all keys that match a pattern." keysOf
            |> complexity "O(N), N being the number of keys there are"
            |> categories AclCategories.Dangerous
            |> tips [ "request_policy:all_shards"; nondeterministicOrder ]
            command "RANDOMKEY" [ ReadOnly ] (since "1.0.0") "Returns a key chosen at random." randomkey
            |> tips [ "request_policy:all_shards"; nondeterministic ]
            command
                "SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]"
                [ ReadOnly ]
                (since "2.8.0")
                "Goes through the keys, some at a time."
                scan
            |> complexity "O(1) a call, O(N) for all N keys"
            |> history "6.0.0" "`TYPE`."
            |> tips [ nondeterministic; "request_policy:special" ]
        ]
