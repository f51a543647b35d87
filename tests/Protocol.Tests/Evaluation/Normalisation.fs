namespace RedisClone.Protocol.Tests.Evaluation

open RedisClone.Protocol

/// Why two replies to the same command may differ.
[<RequireQualifiedAccess>]
type Freedom =
    /// The order of keys and fields in a table is that of their hashes.
    | Order
    /// What is drawn by chance depends on that order too.
    | Chance
    /// So does a cursor, and what lies between two of them.
    | Cursor
    /// An estimate of memory counts room to spare, and how much there is depends on how a value grew.
    | Memory
    /// When a key was last used is a note on a page, which all versions that share the page see.
    | Use
    /// Keys that are due count until they are removed.
    | Count

/// The one place that says what of a reply two evaluations need not agree on.
[<RequireQualifiedAccess>]
module Normalisation =
    let private freedoms =
        dict
            [
                "hgetall", Freedom.Order
                "smembers", Freedom.Order
                "sinter", Freedom.Order
                "sunion", Freedom.Order
                "sdiff", Freedom.Order
                "hkeys", Freedom.Order
                "hvals", Freedom.Order
                "keys", Freedom.Order
                "randomkey", Freedom.Chance
                "hrandfield", Freedom.Chance
                "srandmember", Freedom.Chance
                "spop", Freedom.Chance
                "scan", Freedom.Cursor
                "hscan", Freedom.Cursor
                "zscan", Freedom.Cursor
                "sscan", Freedom.Cursor
                "memory|usage", Freedom.Memory
                "object|idletime", Freedom.Use
                "dbsize", Freedom.Count
            ]

    let private pairs (items: Reply[]) =
        Array.chunkBySize 2 items |> Array.map (fun pair -> struct (pair[0], pair[1]))

    let private textOf (reply: Reply) =
        match reply with
        | Reply.Bulk bytes -> Bytes.toString (System.ReadOnlySpan bytes)
        | _ -> ""

    let private sorted (command: string) (reply: Reply) =
        let byText struct (field, value) = struct (textOf field, textOf value)

        match reply with
        | Reply.Map items -> Reply.Map(Array.sortBy byText items)
        | Reply.Array items when command = "hgetall" -> Reply.Map(Array.sortBy byText (pairs items))
        | Reply.Array items -> Reply.Array(Array.sortBy textOf items)
        | Reply.Set items -> Reply.Set(Array.sortBy textOf items)
        | other -> other

    /// The reply without its content, if it has any.
    let rec private shape (reply: Reply) =
        match reply with
        | Reply.Array items -> Reply.Array(Array.map shape items)
        | Reply.Set items -> Reply.Set(Array.map shape items)
        | Reply.Bulk _ -> Reply.Simple "bytes"
        | Reply.Integer _ -> Reply.Simple "number"
        | other -> other

    /// Whether there is anything; how much depends on the cursor.
    let private outline (reply: Reply) =
        match reply with
        | Reply.Array _ -> Reply.Simple "array"
        | other -> other

    /// The answer as far as it is determined where these freedoms are taken.
    let answer (taken: Freedom list) (answer: Answer) : Answer =
        match freedoms.TryGetValue answer.Command with
        | true, freedom when List.contains freedom taken ->
            let reply =
                match freedom with
                | Freedom.Order -> sorted answer.Command answer.Reply
                | Freedom.Cursor -> outline answer.Reply
                | _ -> shape answer.Reply

            { answer with Reply = reply }
        | _ -> answer

    /// Raises unless two evaluators answered a step alike, as far as these freedoms allow.
    let expectSameAnswers (taken: Freedom list) (expected: Effect) (actual: Effect) =
        let wanted = List.map (answer taken) expected.Answers
        let got = List.map (answer taken) actual.Answers

        if wanted <> got then
            failwith $"%A{expected.Step} answers %A{got} instead of %A{wanted}"

    /// Raises unless two evaluators logged the same bytes.
    let expectSameJournal (expected: Effect) (actual: Effect) =
        if expected.Journal <> actual.Journal then
            let wanted = Bytes.toString (System.ReadOnlySpan expected.Journal)
            let got = Bytes.toString (System.ReadOnlySpan actual.Journal)
            failwith $"%A{expected.Step} logs %A{got} instead of %A{wanted}"

    /// What was logged, with the keys that expire together in a fixed order: it is by hash that they go.
    let journal (effects: Effect list) : (int * string list) list =
        let isDelete (_, words: string list) = words.Head = "DEL"

        let rec arranged commands =
            match commands with
            | [] -> []
            | first :: _ when isDelete first ->
                List.sort (List.takeWhile isDelete commands)
                @ arranged (List.skipWhile isDelete commands)
            | first :: rest -> first :: arranged rest

        effects |> List.map _.Journal |> Array.concat |> Log.commands |> arranged
