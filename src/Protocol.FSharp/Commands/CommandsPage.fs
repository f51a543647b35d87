namespace RedisClone.Protocol

open System.Text

/// The page `docs/commands.md`: every command of a table, by group, from the rows alone.
[<RequireQualifiedAccess>]
module CommandsPage =

    let private groups: (Group * string) list =
        [
            Group.String, "Strings"
            Group.Hash, "Hashes"
            Group.List, "Lists"
            Group.Set, "Sets"
            Group.SortedSet, "Sorted sets"
            Group.Stream, "Streams"
            Group.Bitmap, "Bitmaps"
            Group.HyperLogLog, "HyperLogLog"
            Group.Geo, "Geospatial"
            Group.Generic, "Keys"
            Group.Transactions, "Transactions"
            Group.Scripting, "Scripting"
            Group.PubSub, "Publish and subscribe"
            Group.Connection, "Connections"
            Group.Server, "Server"
            Group.Cluster, "Cluster"
        ]

    let private isContainer (command: Command<'handler>) =
        match command.Row.Body with
        | Body.Container -> true
        | _ -> false

    let private facts (command: Command<'handler>) : string =
        let row = command.Row
        let (Since since) = row.Since

        let flags =
            CommandWords.ofFlags command.Flags
            |> List.map (fun word -> $"`{word}`")
            |> String.concat " "

        let categories =
            CommandWords.ofCategories command.Categories
            |> List.map (fun word -> $"`@{word}`")
            |> String.concat " "

        [
            $"since {since}"
            row.Complexity
            if flags <> "" then
                flags
            categories
        ]
        |> String.concat " · "

    let private section (page: StringBuilder) (command: Command<'handler>) =
        let row = command.Row

        let line (text: string) =
            page.Append(text).Append('\n') |> ignore

        line $"### {command.FullName.ToUpperInvariant().Replace('|', ' ')}"
        line ""
        line $"    {command.Usage}"
        line ""
        line $"{row.Summary}  "
        line (facts command)

        match row.Deprecated with
        | ValueSome(version, replacement) ->
            line ""
            line $"Deprecated since {version} in favour of {replacement}."
        | ValueNone -> ()

        if not row.History.IsEmpty then
            line ""

            for version, change in row.History do
                line $"- {version}: {change}"

        line ""

    /// The text of the page. `regenerate` is what to run after rows have changed.
    let ofTable (table: CommandTable<'handler>) (regenerate: string) : string =
        let page = StringBuilder()

        let commands =
            table.Commands
            |> Array.filter (fun command -> not (isContainer command))
            |> Array.sortBy _.FullName

        page
            .Append("# Commands\n\n")
            .Append($"{commands.Length} commands and subcommands. Made from the command table; do not edit, ")
            .Append($"but run `{regenerate}`.\n\n")
        |> ignore

        for group, title in groups do
            let own = commands |> Array.filter (fun command -> command.Row.Group = group)

            if own.Length > 0 then
                page.Append($"## {title}\n\n") |> ignore
                Array.iter (section page) own

        page.ToString().TrimEnd('\n') + "\n"
