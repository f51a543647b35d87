/// The rows of transactions, which the host carries out: https://redis.io/docs/latest/commands/?group=transactions
module RedisClone.Protocol.TransactionCommands

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Transactions
        [
            hosted "DISCARD" [ NoScript; Loading; Stale; Fast; AllowBusy ] (since "2.0.0") "Drops a transaction."
            |> complexity "O(N), N being the number of queued commands"
            hosted
                "EXEC [ROLLBACK]"
                [ NoScript; Loading; Stale; SkipSlowlog ]
                (since "1.2.0")
                "Runs the commands of a transaction."
            |> complexity "Depends on the commands"
            hosted "MULTI" [ NoScript; Loading; Stale; Fast; AllowBusy ] (since "1.2.0") "Starts a transaction."
            hosted
                "UNWATCH"
                [ NoScript; Loading; Stale; Fast; AllowBusy ]
                (since "2.2.0")
                "Forgets the keys that are watched."
            hosted
                "WATCH key [key ...]"
                [ NoScript; Loading; Stale; Fast; AllowBusy ]
                (since "2.2.0")
                "Lets the next transaction fail if any of the keys changes before."
            |> complexity "O(N), N being the number of keys"
            |> keys [ inspects ]
        ]
