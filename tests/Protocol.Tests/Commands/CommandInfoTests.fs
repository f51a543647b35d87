namespace RedisClone.Protocol.Tests

open System
open System.Diagnostics
open System.Text.RegularExpressions
open RedisClone.Protocol
open Xunit

/// The replies to COMMAND beside those of a real server, and the tools that read them.
[<Collection("oracle")>]
type CommandInfoTests(oracle: Oracle) =
    let table = OddRows.table

    /// The replies of both servers to the same commands, in RESP2 and RESP3.
    let both (lines: string list) : (string * OracleReply * OracleReply) list =
        use server = new TableServer<Handler>(table)

        [
            for version in [ "2"; "3" ] do
                use ours = new OracleClient(server.Port)
                use theirs = oracle.Server.Connect()
                ours.Call("HELLO", version) |> ignore
                theirs.Call("HELLO", version) |> ignore

                for line in lines do
                    let arguments = line.Split ' '
                    $"RESP{version} {line}", ours.Call arguments, theirs.Call arguments
        ]

    let rec show (reply: OracleReply) : string =
        let all items =
            items |> List.map show |> String.concat " "

        match reply with
        | OracleReply.Simple text -> $"+{text}"
        | OracleReply.Error text -> $"-{text}"
        | OracleReply.Bulk bytes -> Bytes.toString (ReadOnlySpan bytes)
        | OracleReply.Array items -> $"[{all items}]"
        | OracleReply.Set items -> $"~[{all items}]"
        | OracleReply.Map pairs ->
            let entries = [ for key, value in pairs -> $"{show key}: {show value}" ]
            "{" + String.concat ", " entries + "}"
        | other -> string other

    let agree (lines: string list) (normal: OracleReply -> OracleReply) =
        for line, ours, theirs in both lines do
            if normal ours <> normal theirs then
                Assert.Fail $"{line}\nours   {show (normal ours)}\noracle {show (normal theirs)}"

    /// Without the texts, which are of our own words.
    let rec withoutTexts (reply: OracleReply) : OracleReply =
        let isText (key: OracleReply) =
            match key with
            | OracleReply.Bulk bytes ->
                List.contains (Bytes.toString (ReadOnlySpan bytes)) [ "summary"; "complexity"; "replaced_by" ]
            | _ -> false

        let rec flat (items: OracleReply list) =
            match items with
            | key :: _ :: rest when isText key -> key :: OracleReply.Null :: flat rest
            | item :: rest -> withoutTexts item :: flat rest
            | [] -> []

        match reply with
        | OracleReply.Array [ OracleReply.Bulk version; OracleReply.Bulk _ ] when version[0] < '9'B && version[0] > '0'B ->
            OracleReply.Array [ OracleReply.Bulk version; OracleReply.Null ] // an entry of a history
        | OracleReply.Array items -> OracleReply.Array(flat items)
        | OracleReply.Set items -> OracleReply.Set(List.map withoutTexts items)
        | OracleReply.Map pairs ->
            OracleReply.Map
                [
                    for key, value in pairs -> key, (if isText key then OracleReply.Null else withoutTexts value)
                ]
        | other -> other

    /// Names in order, those that both servers know.
    let knownNames (reply: OracleReply) : OracleReply =
        let theirs =
            set
                [
                    match oracle.Call("COMMAND", "LIST") with
                    | OracleReply.Array names -> yield! names
                    | _ -> ()
                ]

        let ours =
            set
                [
                    for command in table.Commands -> OracleReply.Bulk(Bytes.ofString command.FullName)
                ]

        match reply with
        | OracleReply.Array names ->
            OracleReply.Array(names |> List.filter (Set.intersect ours theirs).Contains |> List.sort)
        | other -> other

    [<OracleFact>]
    member _.``COMMAND INFO has the very shape of Redis``() =
        agree
            [
                "COMMAND INFO hget nosuch MSET"
                "COMMAND INFO copy keys ping watch time"
                "COMMAND INFO object|freq client|nosuch OBJECT|help get|x"
                "COMMAND INFO lmpop zdiffstore xread blpop"
            ]
            id

    [<OracleFact>]
    member _.``COMMAND DOCS has the very shape of Redis``() =
        agree
            [
                "COMMAND DOCS hget"
                "COMMAND DOCS nosuch hset GETSET expire"
                "COMMAND DOCS client|id flushall shutdown scan copy"
                "COMMAND DOCS object|freq lcs lmpop zadd"
                "COMMAND DOCS nosuch"
            ]
            withoutTexts

    [<OracleFact>]
    member _.``COMMAND LIST filters as Redis does``() =
        agree
            [
                "COMMAND LIST"
                "COMMAND LIST FILTERBY ACLCAT hash"
                "COMMAND LIST filterby aclcat CONNECTION"
                "COMMAND LIST FILTERBY ACLCAT dangerous"
                "COMMAND LIST FILTERBY ACLCAT @hash"
                "COMMAND LIST FILTERBY ACLCAT nosuch"
                "COMMAND LIST FILTERBY PATTERN CLIENT*"
                "COMMAND LIST FILTERBY PATTERN *get*"
                "COMMAND LIST FILTERBY MODULE nosuch"
                "COMMAND LIST FILTERBY PATTERN"
                "COMMAND LIST FILTERBY NOSUCH x"
                "COMMAND LIST nosuch"
            ]
            knownNames

    [<OracleFact>]
    member _.``COMMAND GETKEYS finds what Redis finds``() =
        let calls =
            [
                "get k"
                "get k v"
                "nosuch k"
                "ping x"
                "set k v"
                "set k v get"
                "set k v ex 10 GET"
                "mset a b"
                "mset a b c"
                "mset a 1 b 2"
                "mget a a"
                "eval x 0"
                "eval x 1 a b"
                "eval x 2 a"
                "eval x foo a"
                "eval x -1 a"
                "eval x"
                "xread streams a b"
                "xread streams a b c"
                "xread count 1 streams a b 0 0"
                "xread count 1 b"
                "xreadgroup group g c streams s 0"
                "zinterstore d 2 a b"
                "zinterstore d 3 a b"
                "zinterstore d 0 a b"
                "zinterstore d 99999999999999999999 a b"
                "georadius k 1 1 1 m"
                "georadius k 1 1 1 m store d"
                "georadius k 1 1 1 m storedist d store e"
                "lmpop 2 a b left"
                "lmpop 2 a b"
                "lmpop 0 a left"
                "blpop a b 1"
                "blpop a"
                "object encoding k"
                "object freq"
                "object nosuch k"
                "client kill x"
                "client|kill x"
                "lcs a b"
                "bitop and d a b"
                "spublish c m"
                "keys *"
                "copy a b"
                "rename a b"
                "del a b c"
                "watch a b"
                "memory usage k"
                "command getkeys get k"
            ]

        agree
            [
                for call in calls do
                    $"COMMAND GETKEYS {call}"
                    $"COMMAND GETKEYSANDFLAGS {call}"
            ]
            id

    [<OracleFact>]
    member _.``COMMAND answers mistakes as Redis does``() =
        agree
            [
                "COMMAND NOSUCH"
                "COMMAND COUNT x"
                "COMMAND GETKEYS"
                "COMMAND GETKEYSANDFLAGS get"
                "COMMAND HELP x"
            ]
            id

    [<OracleFact>]
    member _.``redis-cli shows the same usage of hashes, keys and connections as of Redis``() =
        let timeoutMs = 30_000
        use server = new TableServer<Handler>(table)

        let usages (port: int) =
            let start =
                ProcessStartInfo(
                    "redis-cli",
                    [ "-p"; string port ],
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true
                )

            use client = Process.Start start |> Unchecked.nonNull

            for group in [ "hash"; "generic"; "connection" ] do
                client.StandardInput.WriteLine $"help @{group}"

            client.StandardInput.Close()
            let text = client.StandardOutput.ReadToEnd()
            Assert.True(client.WaitForExit timeoutMs)

            set
                [
                    for found in Regex.Matches(text, "\x1b\\[1m(.*)\x1b\\[0m \x1b\\[90m(.*)\x1b\\[0m") ->
                        found.Groups[1].Value, found.Groups[2].Value
                ]

        let ours, theirs = usages server.Port, usages oracle.Server.Port
        Assert.True(Set.count ours > 60, $"{Set.count ours} commands")

        // Alternatives that Redis calls optional by themselves are bracketed there; HSCAN had no NOVALUES yet.
        let contradicted =
            [
                for name, usage in ours do
                    for theirName, theirUsage in theirs do
                        if
                            name = theirName
                            && usage <> theirUsage
                            && name <> "CLIENT KILL"
                            && name <> "MIGRATE"
                            && name <> "HSCAN"
                        then
                            $"{name} {usage}, with Redis {theirUsage}"
            ]

        Assert.True(contradicted.IsEmpty, String.concat "\n" contradicted)

    [<Fact>]
    member _.``HELP of a container lists its subcommands``() =
        let writer = RespWriter 1024

        match table.Find(ReadOnlySpan "object"B) with
        | null -> Assert.Fail "no OBJECT"
        | container -> CommandDocs.help container writer

        let reply = Bytes.toString writer.Written
        Assert.StartsWith("*11\r\n+OBJECT <subcommand> [arg ...]. The subcommands:\r\n", reply)
        Assert.Contains("+ENCODING key\r\n+    Returns the encoding of a value.\r\n", reply)

    [<Fact>]
    member _.``the page of commands has each command once, in the order of the groups``() =
        let page = CommandsPage.ofTable table "make"

        let headings =
            Regex.Matches(page, "^### (.*)$", RegexOptions.Multiline)
            |> Seq.map _.Groups[1].Value
            |> List.ofSeq

        let containers =
            set
                [
                    "ACL"
                    "OBJECT"
                    "CLIENT"
                    "CONFIG"
                    "LATENCY"
                    "MEMORY"
                    "PUBSUB"
                    "SLOWLOG"
                    "XGROUP"
                    "XINFO"
                ]

        let expected =
            set
                [
                    for command in table.Commands do
                        command.FullName.ToUpperInvariant().Replace('|', ' ')
                ]
            - containers

        Assert.Equal<Set<string>>(expected, set headings)
        Assert.Equal(expected.Count, headings.Length)
        Assert.True(page.IndexOf "## Strings" < page.IndexOf "## Hashes")
        Assert.Contains("### HSET\n\n    HSET key field value [field value ...]\n\nSets fields of a hash.", page)
