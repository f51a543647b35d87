/// Commands on whole databases, and the rows of what the host does: https://redis.io/docs/latest/commands/?group=server
module RedisClone.Protocol.ServerCommands

open System

let dbsize (call: Call) =
    call.Reply.Integer(int64 call.Table.Count)
    Outcome.Unchanged

/// FLUSHALL and FLUSHDB may say when memory is to be freed. Here that is always later, by the garbage collector, and no
/// caller ever waits for it.
let private takesFlushMode (call: Call) : bool =
    let valid =
        call.Remaining = 0
        || (call.Remaining = 1 && (call.TakeWord "ASYNC" || call.TakeWord "SYNC"))

    if not valid then
        call.Reply.Error Errors.syntax

    valid

let private clear (call: Call) (index: int) =
    call.ChangedDatabase(index, "flushdb")
    call.Changes <- call.Changes + int64 (call.Keyspace.Clear index)

let flushdb (call: Call) =
    if takesFlushMode call then
        clear call call.Database.Index
        call.Reply.Ok()
        Outcome.AsReceived
    else
        Outcome.Unchanged

let flushall (call: Call) =
    if takesFlushMode call then
        for index in 0 .. call.Keyspace.Databases.Length - 1 do
            clear call index

        call.Reply.Ok()
        Outcome.AsReceived
    else
        Outcome.Unchanged

let swapdb (call: Call) =
    let mutable first = 0L
    let mutable second = 0L
    let count = int64 call.Keyspace.Databases.Length

    if
        not (call.TakeInteger(&first, Errors.invalidFirstDatabase))
        || not (call.TakeInteger(&second, Errors.invalidSecondDatabase))
    then
        Outcome.Unchanged
    elif first > int64 Int32.MaxValue || first < int64 Int32.MinValue then
        call.Fail Errors.invalidFirstDatabase
    elif second > int64 Int32.MaxValue || second < int64 Int32.MinValue then
        call.Fail Errors.invalidSecondDatabase
    elif first < 0L || first >= count || second < 0L || second >= count then
        call.Fail Errors.databaseOutOfRange
    else
        call.Keyspace.Swap(int first, int second)

        if first <> second then
            call.ChangedDatabase(int first, "swapdb")
            call.ChangedDatabase(int second, "swapdb")

        call.Changes <- call.Changes + 1L
        call.Reply.Ok()
        Outcome.AsReceived

// ---- rows

open Rows

let private allShards =
    [ "request_policy:all_shards"; "response_policy:all_succeeded" ]

let rows: Row<Handler> list =
    family
        Group.Server
        [
            hosted
                "BGREWRITEAOF"
                [ Admin; NoScript; NoAsyncLoading ]
                (since "1.0.0")
                "Compacts the append-only log in the background."
            container "CONFIG" (since "2.0.0") "Reads and changes the configuration."
            hosted
                "CONFIG GET parameter [parameter ...]"
                [ Admin; NoScript; Loading; Stale ]
                (since "2.0.0")
                "Returns the settings that match patterns."
            |> complexity "O(N), N being the number of patterns"
            |> history "7.0.0" "Several patterns at once."
            hosted "CONFIG HELP" [ Loading; Stale ] (since "5.0.0") "Lists the subcommands."
            hosted
                "CONFIG RESETSTAT"
                [ Admin; NoScript; Loading; Stale ]
                (since "2.0.0")
                "Starts the statistics of INFO anew."
            hosted
                "CONFIG REWRITE"
                [ Admin; NoScript; Loading; Stale ]
                (since "2.8.0")
                "Writes the settings to the configuration file."
            hosted
                "CONFIG SET parameter value [parameter value ...]"
                [ Admin; NoScript; Loading; Stale ]
                (since "2.0.0")
                "Changes settings."
            |> complexity "O(N), N being the number of settings"
            |> history "7.0.0" "Several settings at once."
            |> tips [ "request_policy:all_nodes"; "response_policy:all_succeeded" ]
            command "DBSIZE" [ ReadOnly; Fast ] (since "1.0.0") "Counts the keys of the database." dbsize
            |> categories AclCategories.Keyspace
            |> tips [ "request_policy:all_shards"; "response_policy:agg_sum" ]
            hosted
                "DEBUG subcommand [arg ...]"
                [ Admin; NoScript; Loading; Stale ]
                (since "1.0.0")
                "Helps to develop and test the server."
            |> complexity "Depends on the subcommand"
            |> system
            command "FLUSHALL [ASYNC | SYNC]" [ Write ] (since "1.0.0") "Removes the keys of all databases." flushall
            |> complexity "O(N), N being the number of keys"
            |> categories (AclCategories.Keyspace ||| AclCategories.Dangerous)
            |> history "4.0.0" "`ASYNC`."
            |> history "6.2.0" "`SYNC`."
            |> tips allShards
            command "FLUSHDB [ASYNC | SYNC]" [ Write ] (since "1.0.0") "Removes the keys of the database." flushdb
            |> complexity "O(N), N being the number of keys"
            |> categories (AclCategories.Keyspace ||| AclCategories.Dangerous)
            |> history "4.0.0" "`ASYNC`."
            |> history "6.2.0" "`SYNC`."
            |> tips allShards
            hosted "INFO [section [section ...]]" [ Loading; Stale ] (since "1.0.0") "Reports on the server."
            |> categories AclCategories.Dangerous
            |> history "7.0.0" "Several sections at once."
            |> tips [ nondeterministic; "request_policy:all_shards"; "response_policy:special" ]
            hosted "LASTSAVE" [ Loading; Stale; Fast ] (since "1.0.0") "Returns when the data was last saved."
            |> categories (AclCategories.Admin ||| AclCategories.Dangerous)
            |> tips [ nondeterministic ]
            container "MEMORY" (since "4.0.0") "Looks at the use of memory."
            hosted "MEMORY HELP" [ Loading; Stale ] (since "4.0.0") "Lists the subcommands."
            command
                "MEMORY USAGE key [SAMPLES count]"
                [ ReadOnly ]
                (since "4.0.0")
                "Estimates the memory that a key takes."
                ObjectCommands.memoryUsage
            |> complexity "O(N), N being the number of samples"
            |> keys [ inspects ]
            hosted
                "SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]"
                [ Admin; NoScript; Loading; Stale; NoMulti; AllowBusy ]
                (since "1.0.0")
                "Makes the data safe and stops the server."
            |> complexity "O(N) where it saves, N being the number of keys, else O(1)"
            |> history "7.0.0" "`NOW`, `FORCE`, `ABORT`."
            command "SWAPDB index1 index2" [ Write; Fast ] (since "4.0.0") "Exchanges two databases." swapdb
            |> complexity "O(N), N being the number of clients that watch or wait for keys of the two"
            |> categories (AclCategories.Keyspace ||| AclCategories.Dangerous)
            hosted "TIME" [ Loading; Stale; Fast ] (since "2.6.0") "Returns the time of the server."
            |> tips [ nondeterministic ]
        ]
