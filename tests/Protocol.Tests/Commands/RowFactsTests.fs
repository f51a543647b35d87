namespace RedisClone.Protocol.Tests

open System
open System.Text.RegularExpressions
open RedisClone.Protocol
open Xunit

/// What the table says of commands, beside what a real server says of them, in the replies to COMMAND INFO and COMMAND
/// DOCS. Commands and subcommands that one of the two lacks are left out.
module private Facts =

    /// The differences that are meant: what is different, of which command ("" for all), and why.
    let tolerated: (string * string * string) list =
        [
            "", "texts", "summaries, complexities, histories, replacements and notes are in words of our own"
            "", "alternative", "one of several alternatives is not optional by itself, even where the oracle says so"
            "", "block", "a block around one argument says nothing, and a usage line does not show it"
            "watch", "complexity", "the oracle tells that of each key"
            "set", "arguments", "knows IFEQ, which is younger than the oracle"
            "set", "history", "the version of IFEQ"
            "bitop", "arguments", "names the operations, of which four are younger than the oracle"
            "bitop", "history", "the version of these four"
            "pfmerge", "arguments", "sources may be missing, which the oracle allows and forgets to document"
            "hscan", "arguments", "knows NOVALUES, which is younger than the oracle"
            "hscan", "history", "the version of NOVALUES"
            "exec", "arguments", "knows ROLLBACK, which Redis does not"
            "exec", "arity", "that of ROLLBACK"
            "zrank", "arguments", "knows WITHSCORE, which is younger than the oracle"
            "zrank", "history", "the version of WITHSCORE"
            "zrank", "arity", "that of WITHSCORE"
            "zrevrank", "arguments", "knows WITHSCORE, which is younger than the oracle"
            "zrevrank", "history", "the version of WITHSCORE"
            "zrevrank", "arity", "that of WITHSCORE"
            "xadd", "arguments", "knows what becomes of references, which is younger than the oracle"
            "xadd", "history", "the version of that"
            "xtrim", "arguments", "knows what becomes of references, which is younger than the oracle"
            "xtrim", "history", "the version of that"
            "xinfo|consumers", "history", "tells what is younger than the oracle"
            "xinfo|stream", "history", "tells what is younger than the oracle"
            "xinfo|stream", "arguments", "FULL is an argument, which the oracle only puts in front of another"
            "acl|log", "history", "the version of fields that are younger than the oracle"
            "client|kill", "arguments", "the name of a group counts REPLICA in, which the oracle's forgets"
            "command|getkeys", "arguments", "the oracle does not document them"
            "command|getkeysandflags", "arguments", "the oracle does not document them"
            "pubsub|shardnumsub", "arguments", "a shard channel is found as keys are, and here the oracle does not look"
            "debug", "arguments", "the oracle does not document them"
        ]

    let tolerates (command: string) (fact: string) =
        tolerated
        |> List.exists (fun (name, what, _) -> what = fact && (name = "" || name = command))

    let text (reply: OracleReply) =
        match reply with
        | OracleReply.Bulk bytes -> Bytes.toString (ReadOnlySpan bytes)
        | OracleReply.Simple text -> text
        | OracleReply.Integer number -> string number
        | other -> failwith $"no text: {other}"

    let items (reply: OracleReply) =
        match reply with
        | OracleReply.Array items
        | OracleReply.Set items -> items
        | other -> failwith $"no items: {other}"

    let pairs (reply: OracleReply) =
        match reply with
        | OracleReply.Map pairs -> pairs |> List.map (fun (key, value) -> text key, value)
        | other -> failwith $"no map: {other}"

    let tryGet (name: string) (map: (string * OracleReply) list) =
        map |> List.tryFind (fun (key, _) -> key = name) |> Option.map snd

    /// A fact of one command, as text that can be compared.
    type Fact =
        {
            Command: string
            Name: string
            Value: string
        }

    let private texts (reply: OracleReply) =
        reply |> items |> List.map text |> String.concat " "

    let private searchPart (reply: OracleReply) =
        let part = pairs reply
        let spec = part |> tryGet "spec" |> Option.get |> pairs |> List.sortBy fst

        let words = [ for key, value in spec -> $"{key}={text value}" ]
        let kind = part |> tryGet "type" |> Option.get |> text
        String.concat " " (kind :: words)

    let private keySpec (reply: OracleReply) =
        let spec = pairs reply
        let get name = spec |> tryGet name |> Option.get
        $"""[{texts (get "flags")}; {searchPart (get "begin_search")}; {searchPart (get "find_keys")}]"""

    /// The facts of an entry of COMMAND INFO, and of its subcommands.
    let rec ofInfo (entry: OracleReply) : Fact list =
        match items entry with
        | [ name; arity; flags; first; last; step; categories; tips; keySpecs; subcommands ] ->
            let name = text name

            let fact what value =
                {
                    Command = name
                    Name = what
                    Value = value
                }

            [
                fact "arity" (text arity)
                fact "flags" (texts flags)
                fact "keys" $"{text first} {text last} {text step}"
                fact "categories" (texts categories)
                fact "tips" (texts tips)
                fact "key specs" (keySpecs |> items |> List.map keySpec |> String.concat " ")
                yield! subcommands |> items |> List.collect ofInfo
            ]
        | other -> failwith $"not ten items: {other}"

    let rec private argument (command: string) (isAlternative: bool) (reply: OracleReply) : string =
        let map = pairs reply

        let parts =
            match tryGet "arguments" map with
            | Some parts -> items parts
            | None -> []

        let flags =
            match tryGet "flags" map with
            | Some flags -> flags |> items |> List.map text
            | None -> []
            |> List.filter (fun flag -> not (flag = "optional" && isAlternative && tolerates command "alternative"))

        let shown sign name =
            match tryGet name map with
            | Some value -> $"{sign}{text value}"
            | None -> ""

        let kind = map |> tryGet "type" |> Option.get |> text

        match kind, parts with
        | "block", [ part ] when tolerates command "block" ->
            // What the block says goes to the part.
            let inner = pairs part

            let joined =
                [
                    for key in [ "name"; "type"; "key_spec_index"; "token"; "since"; "flags"; "arguments" ] do
                        match key, tryGet key inner, tryGet key map with
                        | "flags", Some mine, Some outer ->
                            key, OracleReply.Set(List.distinct (items outer @ items mine))
                        | ("token" | "since" | "flags"), None, Some outer -> key, outer
                        | _, Some mine, _ -> key, mine
                        | _ -> ()
                ]

            argument
                command
                isAlternative
                (OracleReply.Map [ for key, value in joined -> OracleReply.Bulk(Bytes.ofString key), value ])
        | _ ->
            let inside =
                parts |> List.map (argument command (kind = "oneof")) |> String.concat " "

            let flagged = String.concat "," flags
            let own = (map |> tryGet "name" |> Option.get |> text) + ":" + kind

            $"""{own}{shown "=" "token"}{shown "#" "key_spec_index"}{shown "@" "since"}({inside})<{flagged}>"""

    /// The facts of a name and its value in COMMAND DOCS, and of its subcommands.
    let rec ofDocs (name: string, docs: OracleReply) : Fact list =
        let map = pairs docs

        let fact what value =
            {
                Command = name
                Name = what
                Value = value
            }

        let show what present =
            match tryGet what map with
            | Some value -> fact what (present value)
            | None -> fact what ""

        // All that can be compared of complexities in different words.
        let isConstant (complexity: OracleReply) =
            string (not (Regex.IsMatch(text complexity, @"^(?!O)|O\((?!1\))")))

        [
            show "since" text
            show "group" text
            match tryGet "complexity" map with
            | Some stated when text stated <> "" -> fact "complexity" (isConstant stated)
            | _ -> ()
            show "doc_flags" texts
            show "deprecated_since" text
            show "replaced_by" (fun _ -> "something")
            show "history" (fun entries ->
                entries
                |> items
                |> List.map (fun entry -> entry |> items |> List.head |> text)
                |> List.distinct
                |> String.concat " ")
            show "arguments" (fun arguments ->
                arguments |> items |> List.map (argument name false) |> String.concat " ")
            match tryGet "subcommands" map with
            | Some subcommands -> yield! subcommands |> pairs |> List.collect ofDocs
            | None -> ()
        ]

    /// Every fact of ours that the oracle contradicts, apart from what is tolerated.
    let contradictions (ours: Fact list) (theirs: Fact list) : string list =
        let known =
            theirs
            |> List.map (fun fact -> (fact.Command, fact.Name), fact.Value)
            |> Map.ofList

        [
            for fact in ours do
                match Map.tryFind (fact.Command, fact.Name) known with
                | Some value when value <> fact.Value && not (tolerates fact.Command fact.Name) ->
                    $"{fact.Command} {fact.Name}: '{fact.Value}', oracle '{value}'"
                | _ -> ()
        ]

[<Collection("oracle")>]
type RowFactsTests(oracle: Oracle) =
    /// The replies of a server with our table and of the oracle, in RESP3.
    let ask (arguments: string[]) =
        use server = new TableServer<Handler>(OddRows.table)
        use ours = new OracleClient(server.Port)
        use theirs = oracle.Server.Connect()
        ours.Call("HELLO", "3") |> ignore
        theirs.Call("HELLO", "3") |> ignore
        struct (ours.Call arguments, theirs.Call arguments)

    let agree (contradictions: string list) =
        Assert.True(contradictions.IsEmpty, String.concat "\n" contradictions)

    [<OracleFact>]
    member _.``what COMMAND INFO says follows from the rows``() =
        let struct (ours, theirs) = ask [| "COMMAND" |]

        let facts reply =
            Facts.items reply |> List.collect Facts.ofInfo

        agree (Facts.contradictions (facts ours) (facts theirs))

    [<OracleFact>]
    member _.``what COMMAND DOCS says follows from the rows``() =
        let struct (ours, theirs) = ask [| "COMMAND"; "DOCS" |]

        let facts reply =
            Facts.pairs reply |> List.collect Facts.ofDocs

        agree (Facts.contradictions (facts ours) (facts theirs))

    [<Fact>]
    member _.``every row tells what its command does, since when, and what it costs``() =
        for command in Commands.makeTable().Commands do
            let row = command.Row
            let (Since since) = row.Since
            Assert.Matches(@"^\d+\.\d+\.\d+$", since)
            Assert.Matches(@"^[A-Z].*[^.]\.$", row.Summary)
            Assert.Matches(@"^(O\(|Depends)", row.Complexity)
