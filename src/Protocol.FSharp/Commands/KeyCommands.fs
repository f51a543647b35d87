/// The commands that tell of keys of any type, and remove them: https://redis.io/docs/latest/commands/?group=generic
module RedisClone.Protocol.KeyCommands

// ---- reads

let exists (call: Call) =
    let mutable entry = Entry()
    let mutable existing = 0L

    while call.Remaining > 0 do
        if call.Peek(call.Take(), &entry) then
            existing <- existing + 1L

    call.Reply.Integer existing
    Outcome.Unchanged

let touch (call: Call) =
    let mutable entry = Entry()
    let mutable existing = 0L

    while call.Remaining > 0 do
        if call.Peek(call.Take(), &entry) then
            // This is what it is for, whatever CLIENT NO-TOUCH says.
            call.Touch &entry
            existing <- existing + 1L

    call.Reply.Integer existing
    Outcome.Unchanged

let typeOf (call: Call) =
    let mutable entry = Entry()

    call.Reply.Simple(
        if call.Peek(call.Take(), &entry) then
            Kinds.typeName entry.Kind
        else
            "none"
    )

    Outcome.Unchanged

// ---- removing

let private delete (call: Call) =
    let mutable entry = Entry()
    let mutable removed = 0L

    while call.Remaining > 0 do
        let key = call.Take()

        if call.Find(key, &entry) then
            call.Table.Remove &entry
            call.Changed(EventClass.Generic, "del", key)
            removed <- removed + 1L

    call.Reply.Integer removed

    if removed > 0L then
        Outcome.AsReceived
    else
        Outcome.Unchanged

let del call = delete call
let unlink call = delete call

// ---- rows

open Rows

/// What proxies do with a command over keys of several shards.
let private multiShardSum =
    [ "request_policy:multi_shard"; "response_policy:agg_sum" ]

let rows: Row<Handler> list =
    family
        Group.Generic
        [
            command "DEL key [key ...]" [ Write ] (since "1.0.0") "Removes keys." del
            |> complexity "O(N), N being the number of keys and of the elements they hold"
            |> keys [ removes ]
            |> tips multiShardSum
            command
                "EXISTS key [key ...]"
                [ ReadOnly; Fast ]
                (since "1.0.0")
                "Counts how many of the keys exist."
                exists
            |> complexity "O(N), N being the number of keys"
            |> keys [ inspects ]
            |> history "3.0.3" "Several keys at once."
            |> tips multiShardSum
            command
                "TOUCH key [key ...]"
                [ ReadOnly; Fast ]
                (since "3.2.1")
                "Counts keys as used, and how many of them exist."
                touch
            |> complexity "O(N), N being the number of keys"
            |> keys [ inspects ]
            |> tips multiShardSum
            command "TYPE key" [ ReadOnly; Fast ] (since "1.0.0") "Returns the type of a value." typeOf
            |> keys [ inspects ]
            command
                "UNLINK key [key ...]"
                [ Write; Fast ]
                (since "4.0.0")
                "Removes keys, and frees their values later."
                unlink
            |> complexity "O(N), N being the number of keys"
            |> keys [ removes ]
            |> tips multiShardSum
        ]
