namespace RedisClone.Protocol

/// All commands there are.
[<RequireQualifiedAccess>]
module Commands =

    /// The table, with every family. Made once for a server: it is the same each time.
    let makeTable () : CommandTable<Handler> =
        // COMMAND tells of the table that it is a row of.
        let made = ref null

        made.Value <-
            CommandTable(
                List.concat
                    [
                        StringCommands.rows
                        StringPartCommands.rows
                        CounterCommands.rows
                        MultiStringCommands.rows
                        LcsCommands.rows
                        BitmapCommands.rows
                        BitopCommands.rows
                        BitfieldCommands.rows
                        HyperLogLogCommands.rows
                        HashCommands.rows
                        HashRandomCommands.rows
                        HashExpiryCommands.rows
                        SetCommands.rows
                        SetAlgebraCommands.rows
                        SetRandomCommands.rows
                        ListCommands.rows
                        ListSearchCommands.rows
                        ListPopCommands.rows
                        SortedSetCommands.rows
                        SortedSetRangeCommands.rows
                        SortedSetPopCommands.rows
                        SortedSetWaitCommands.rows
                        SortedSetAlgebraCommands.rows
                        GeoCommands.rows
                        GeoSearchCommands.rows
                        ListWaitCommands.rows
                        StreamCommands.rows
                        StreamReadCommands.rows
                        StreamGroupReadCommands.rows
                        StreamGroupCommands.rows
                        StreamPendingCommands.rows
                        StreamClaimCommands.rows
                        StreamInfoCommands.rows
                        KeyCommands.rows
                        KeyNameCommands.rows
                        KeyScanCommands.rows
                        SortCommands.rows
                        ExpiryCommands.rows
                        ObjectCommands.rows
                        ConnectionCommands.rows
                        ServerCommands.rows
                        AclCommands.rows
                        InsightCommands.rows
                        TransactionCommands.rows
                        PubSubCommands.rows
                        CommandCommands.rows (fun () -> made.Value)
                    ]
            )

        made.Value

/// Evaluation: from a keyspace and a command to a reply, a keyspace and effects.
[<RequireQualifiedAccess>]
module Evaluate =

    /// Evaluates one command, whose arguments the call holds. Its name takes `names` of them.
    let run (call: Call) (names: int) (handler: Handler) =
        call.Rewind names

        match handler call with
        | Outcome.AsReceived -> call.Journal.Append call.Args
        | _ -> ()

    /// Removes up to `most` keys and fields of hashes that are due, the databases one after another, and returns how many
    /// it removed.
    let expireDue (call: Call) (most: int) : int =
        let mutable entry = Entry()
        let mutable removed = 0

        for database in call.Keyspace.Databases do
            call.Database <- database

            while removed < most && database.Table.FindDue(call.Now, &entry) do
                if entry.Deadline <= call.Now then
                    call.Expire &entry
                    removed <- removed + 1
                else
                    removed <- removed + call.ExpireFields(&entry, most - removed)

        removed
