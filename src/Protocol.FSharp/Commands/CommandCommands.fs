/// COMMAND and its subcommands, which tell of the table they are in: https://redis.io/docs/latest/commands/command/
module RedisClone.Protocol.CommandCommands

open Rows

/// The rows for the table that is made of them and of all others.
let rows (table: unit -> CommandTable<Handler>) : Row<Handler> list =
    let reads write (call: Call) =
        write (table ()) call
        Outcome.Unchanged

    let commandAll = reads (fun table call -> CommandInfo.all table call.Reply)
    let commandCount = reads (fun table call -> CommandInfo.count table call.Reply)

    let commandDocs =
        reads (fun table call -> CommandDocs.docs table call.Args call.Reply)

    let commandInfo =
        reads (fun table call -> CommandInfo.info table call.Args call.Reply)

    let commandList =
        reads (fun table call -> CommandInfo.list table call.Args call.Reply)

    let commandGetkeys =
        reads (fun table call -> CommandInfo.getKeys table call.Args call.Reply)

    let commandGetkeysandflags =
        reads (fun table call -> CommandInfo.getKeysAndFlags table call.Args call.Reply)

    family
        Group.Server
        [
            command "COMMAND ..." [ Loading; Stale ] (since "2.8.13") "Describes all commands." commandAll
            |> complexity "O(N), N being the number of commands"
            |> categories AclCategories.Connection
            |> tips [ nondeterministicOrder ]
            command "COMMAND COUNT" [ Loading; Stale ] (since "2.8.13") "Counts the commands." commandCount
            |> categories AclCategories.Connection
            command
                "COMMAND DOCS [command-name [command-name ...]]"
                [ Loading; Stale ]
                (since "7.0.0")
                "Documents commands."
                commandDocs
            |> complexity "O(N), N being the number of commands asked for"
            |> categories AclCategories.Connection
            |> tips [ nondeterministicOrder ]
            command
                "COMMAND GETKEYS command arg [arg ...]"
                [ Loading; Stale ]
                (since "2.8.13")
                "Returns the keys of a whole command."
                commandGetkeys
            |> complexity "O(N), N being the number of arguments"
            |> categories AclCategories.Connection
            command
                "COMMAND GETKEYSANDFLAGS command arg [arg ...]"
                [ Loading; Stale ]
                (since "7.0.0")
                "Returns the keys of a whole command, and what it does to them."
                commandGetkeysandflags
            |> complexity "O(N), N being the number of arguments"
            |> categories AclCategories.Connection
            hosted "COMMAND HELP" [ Loading; Stale ] (since "5.0.0") "Lists the subcommands."
            |> categories AclCategories.Connection
            command
                "COMMAND INFO [command-name [command-name ...]]"
                [ Loading; Stale ]
                (since "2.8.13")
                "Describes commands."
                commandInfo
            |> complexity "O(N), N being the number of commands asked for"
            |> categories AclCategories.Connection
            |> history "7.0.0" "Without a name, all of them."
            |> tips [ nondeterministicOrder ]
            command
                "COMMAND LIST [FILTERBY <filterby: MODULE module-name | ACLCAT category | PATTERN pattern>]"
                [ Loading; Stale ]
                (since "7.0.0")
                "Returns the names of commands."
                commandList
            |> complexity "O(N), N being the number of commands"
            |> categories AclCategories.Connection
            |> tips [ nondeterministicOrder ]
        ]
