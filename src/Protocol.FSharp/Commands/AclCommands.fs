/// Who may do what: https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/
///
/// The rows alone: users are the host's affair.
module RedisClone.Protocol.AclCommands

open Rows

let private aboutUsers = [ Admin; NoScript; Loading; Stale ]
let private forAll = [ NoScript; Loading; Stale ]
let private byUsers = "O(N), N being the number of users"

let rows: Row<Handler> list =
    family
        Group.Server
        [
            container "ACL" (since "6.0.0") "Looks at and governs users and what they may do."
            hosted "ACL CAT [categoryname]" forAll (since "6.0.0") "Lists the categories, or the commands of one."
            hosted "ACL DELUSER username [username ...]" aboutUsers (since "6.0.0") "Removes users."
            hosted
                "ACL DRYRUN username command [arg [arg ...]]"
                aboutUsers
                (since "7.0.0")
                "Tells whether a user may carry out a command."
            hosted "ACL GENPASS [bits:integer]" forAll (since "6.0.0") "Makes a password up."
            hosted "ACL GETUSER username" aboutUsers (since "6.0.0") "Describes a user."
            |> complexity "O(N), N being the number of the user's rules"
            |> history "6.2.0" "Channel patterns."
            |> history "7.0.0" "Selectors; patterns as the rules that make them."
            hosted "ACL HELP" [ Loading; Stale ] (since "6.0.0") "Lists the subcommands."
            hosted "ACL LIST" aboutUsers (since "6.0.0") "Returns all users as lines of an ACL file."
            |> complexity byUsers
            hosted "ACL LOAD" aboutUsers (since "6.0.0") "Reads the ACL file."
            |> complexity byUsers
            hosted "ACL LOG [operation: count | RESET]" aboutUsers (since "6.0.0") "Shows what was refused last."
            |> complexity "O(N), N being the number of entries shown"
            |> history "7.2.0" "The fields entry-id, timestamp-created and timestamp-last-updated."
            hosted "ACL SAVE" aboutUsers (since "6.0.0") "Writes the ACL file."
            |> complexity byUsers
            hosted "ACL SETUSER username [rule [rule ...]]" aboutUsers (since "6.0.0") "Makes or changes a user."
            |> complexity "O(N), N being the number of rules"
            |> history "6.2.0" "Channel patterns."
            |> history "7.0.0" "Selectors, and key patterns for reading or writing."
            hosted "ACL USERS" aboutUsers (since "6.0.0") "Returns the names of all users."
            |> complexity byUsers
            hosted "ACL WHOAMI" forAll (since "6.0.0") "Returns the name of the user of this connection."
        ]
    @ family
        Group.Connection
        [
            hosted
                "AUTH [username] password"
                [ NoScript; Loading; Stale; Fast; NoAuth; AllowBusy ]
                (since "1.0.0")
                "Makes this connection that of a user."
            |> complexity "O(N), N being the number of the user's passwords"
            |> history "6.0.0" "`username`."
        ]
