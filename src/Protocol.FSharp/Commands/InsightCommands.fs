/// The rows of what looks inside the server, all of which the host does: SLOWLOG, LATENCY, MONITOR, the parts of MEMORY
/// that are about the whole server, and LOLWUT.
module RedisClone.Protocol.InsightCommands

open Rows

let private onAllNodes =
    [ nondeterministic; "request_policy:all_nodes"; "response_policy:special" ]

let private onAllShards =
    [ nondeterministic; "request_policy:all_shards"; "response_policy:special" ]

let private resets = [ "request_policy:all_nodes"; "response_policy:all_succeeded" ]

let private latencyFlags = [ Admin; NoScript; Loading; Stale ]

let rows: Row<Handler> list =
    family
        Group.Server
        [
            container "LATENCY" (since "2.8.13") "Tells where time is spent."
            hosted "LATENCY DOCTOR" latencyFlags (since "2.8.13") "Reports on latency in words."
            |> tips onAllNodes
            hosted "LATENCY GRAPH event" latencyFlags (since "2.8.13") "Draws the latencies of an event."
            |> tips onAllNodes
            hosted "LATENCY HELP" [ Loading; Stale ] (since "2.8.13") "Lists the subcommands."
            hosted
                "LATENCY HISTOGRAM [command [command ...]]"
                latencyFlags
                (since "7.0.0")
                "Returns how long commands have taken, as cumulative distributions."
            |> complexity "O(N), N being the number of commands with a distribution"
            |> tips onAllNodes
            hosted "LATENCY HISTORY event" latencyFlags (since "2.8.13") "Returns the latencies of an event."
            |> tips onAllNodes
            hosted "LATENCY LATEST" latencyFlags (since "2.8.13") "Returns the last latency of each event."
            |> tips onAllNodes
            hosted "LATENCY RESET [event [event ...]]" latencyFlags (since "2.8.13") "Forgets the latencies of events."
            |> tips resets
            hosted "LOLWUT [VERSION version]" [ ReadOnly; Fast ] (since "5.0.0") "Draws a picture."
            hosted "MEMORY DOCTOR" [] (since "4.0.0") "Reports on memory in words."
            |> tips onAllShards
            hosted "MEMORY MALLOC-STATS" [] (since "4.0.0") "Returns the figures of the allocator."
            |> complexity "Depends on how much memory there is"
            |> tips onAllShards
            hosted "MEMORY PURGE" [] (since "4.0.0") "Has unused memory given back."
            |> complexity "Depends on how much memory there is"
            |> tips [ "request_policy:all_shards"; "response_policy:all_succeeded" ]
            hosted "MEMORY STATS" [] (since "4.0.0") "Returns what memory is used for."
            |> tips onAllShards
            hosted "MONITOR" latencyFlags (since "1.0.0") "Shows every command that is carried out."
            |> complexity "O(1) for each command that is shown"
            container "SLOWLOG" (since "2.2.12") "Keeps the commands that took long."
            hosted "SLOWLOG GET [count]" [ Admin; Loading; Stale ] (since "2.2.12") "Returns commands that took long."
            |> complexity "O(N), N being the number of commands returned"
            |> history "4.0.0" "The address and the name of the client."
            |> tips [ "request_policy:all_nodes"; nondeterministic ]
            hosted "SLOWLOG HELP" [ Loading; Stale ] (since "6.2.0") "Lists the subcommands."
            hosted "SLOWLOG LEN" [ Admin; Loading; Stale ] (since "2.2.12") "Counts the commands that took long."
            |> tips [ "request_policy:all_nodes"; "response_policy:agg_sum"; nondeterministic ]
            hosted "SLOWLOG RESET" [ Admin; Loading; Stale ] (since "2.2.12") "Forgets the commands that took long."
            |> complexity "O(N), N being the number of commands kept"
            |> tips resets
        ]
