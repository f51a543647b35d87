/// Commands on the connection: https://redis.io/docs/latest/commands/?group=connection
module RedisClone.Protocol.ConnectionCommands

open System

let ping (call: Call) =
    if call.Remaining > 1 then
        call.Fail(Errors.wrongArity "ping")
    else
        if call.IsListening then
            call.Reply.Array 2
            call.Reply.BulkText "pong"

            call.Reply.Bulk(
                if call.Remaining = 0 then
                    ReadOnlySpan<byte>.Empty
                else
                    call.Take()
            )
        elif call.Remaining = 0 then
            call.Reply.Simple "PONG"
        else
            call.Reply.Bulk(call.Take())

        Outcome.Unchanged

let echo (call: Call) =
    call.Reply.Bulk(call.Take())
    Outcome.Unchanged

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Connection
        [
            container "CLIENT" (since "2.4.0") "Looks at and governs connections."
            hosted
                "CLIENT CACHING <mode: YES | NO>"
                [ NoScript; Loading; Stale ]
                (since "6.0.0")
                "Has the keys of the next command remembered, or not."
            hosted "CLIENT GETNAME" [ NoScript; Loading; Stale ] (since "2.6.9") "Returns the name of this connection."
            hosted
                "CLIENT GETREDIR"
                [ NoScript; Loading; Stale ]
                (since "6.0.0")
                "Tells which client is told of keys that change."
            hosted "CLIENT HELP" [ Loading; Stale ] (since "5.0.0") "Lists the subcommands."
            hosted "CLIENT ID" [ NoScript; Loading; Stale ] (since "5.0.0") "Returns the number of this connection."
            hosted "CLIENT INFO" [ NoScript; Loading; Stale ] (since "6.2.0") "Describes this connection."
            |> tips [ nondeterministic ]
            hosted
                "CLIENT KILL <filter: ip:port | new-format: <ID client-id | TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB> | USER username | ADDR ip:port | LADDR ip:port | SKIPME yes/no> ...>"
                [ Admin; NoScript; Loading; Stale ]
                (since "2.4.0")
                "Closes connections."
            |> complexity "O(N), N being the number of connections"
            |> history "2.8.12" "Filters: `ID`, `TYPE`, ADDR, SKIPME."
            |> history "3.2.0" "Type `MASTER`."
            |> history "5.0.0" "Type `REPLICA`, until then SLAVE."
            |> history "6.2.0" "`LADDR`."
            hosted
                "CLIENT LIST [TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]"
                [ Admin; NoScript; Loading; Stale ]
                (since "2.4.0")
                "Describes all connections, or some."
            |> complexity "O(N), N being the number of connections"
            |> history "2.8.12" "The field id."
            |> history "5.0.0" "`TYPE`."
            |> history "6.0.0" "The field user."
            |> history "6.2.0" "`ID`, and the fields argv-mem, tot-mem, laddr and redir."
            |> history "7.0.0" "The fields resp, multi-mem, rbs and rbp."
            |> history "7.0.3" "The field ssub."
            |> tips [ nondeterministic ]
            hosted
                "CLIENT NO-EVICT <enabled: ON | OFF>"
                [ Admin; NoScript; Loading; Stale ]
                (since "7.0.0")
                "Keeps this connection when clients take too much memory, or no longer."
            hosted
                "CLIENT NO-TOUCH <enabled: ON | OFF>"
                [ NoScript; Loading; Stale ]
                (since "7.2.0")
                "Lets commands of this connection not count as use of the keys, or count again."
            hosted
                "CLIENT PAUSE timeout [mode: WRITE | ALL]"
                [ Admin; NoScript; Loading; Stale ]
                (since "2.9.50")
                "Holds the commands of clients for some milliseconds, all or those that write."
            |> history "6.2.0" "`WRITE` and `ALL`."
            hosted
                "CLIENT REPLY <ON | OFF | SKIP>"
                [ NoScript; Loading; Stale ]
                (since "3.2.0")
                "Tells which replies to send."
            hosted
                "CLIENT SETINFO <attr: LIB-NAME libname | LIB-VER libver>"
                [ NoScript; Loading; Stale ]
                (since "7.2.0")
                "Tells which library the client uses."
            hosted
                "CLIENT SETNAME connection-name"
                [ NoScript; Loading; Stale ]
                (since "2.6.9")
                "Names this connection."
            hosted
                "CLIENT TRACKING <status: ON | OFF> [REDIRECT client-id] [PREFIX prefix ...] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]"
                [ NoScript; Loading; Stale ]
                (since "6.0.0")
                "Tells this client, or another, when what it has read changes."
            |> complexity "O(1); some options add to that"
            hosted
                "CLIENT TRACKINGINFO"
                [ NoScript; Loading; Stale ]
                (since "6.2.0")
                "Describes how this client tracks keys."
            hosted
                "CLIENT UNBLOCK client-id [TIMEOUT | ERROR]"
                [ Admin; NoScript; Loading; Stale ]
                (since "5.0.0")
                "Ends the wait of a connection that waits for a key."
            |> complexity "O(log N), N being the number of connections"
            hosted
                "CLIENT UNPAUSE"
                [ Admin; NoScript; Loading; Stale ]
                (since "6.2.0")
                "Ends CLIENT PAUSE; the commands held are carried out."
            |> complexity "O(N), N being the number of paused connections"
            command "ECHO message" [ Loading; Stale; Fast ] (since "1.0.0") "Returns the message." echo
            hosted
                "HELLO [arguments: protover [AUTH username password] [SETNAME clientname]]"
                [ NoScript; Loading; Stale; Fast; NoAuth; AllowBusy ]
                (since "6.0.0")
                "Agrees on the protocol, and may authenticate and name the connection."
            |> history "6.2.0" "Without arguments, describes the connection."
            command "PING [message]" [ Fast ] (since "1.0.0") "Shows that the server is there." ping
            |> tips [ "request_policy:all_shards"; "response_policy:all_succeeded" ]
            hosted
                "QUIT ..."
                [ NoScript; Loading; Stale; Fast; NoAuth; AllowBusy ]
                (since "1.0.0")
                "Closes this connection."
            hosted
                "RESET"
                [ NoScript; Loading; Stale; Fast; NoAuth; AllowBusy ]
                (since "6.2.0")
                "Makes this connection as good as new."
            hosted "SELECT index" [ Loading; Stale; Fast ] (since "1.0.0") "Chooses the database of this connection."
        ]
