namespace RedisClone.Protocol.Tests.Evaluation

open System
open FsCheck
open FsCheck.FSharp
open FsCheck.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests

/// One command as a client sends it: its words, Latin-1, the name first.
[<StructuredFormatDisplay("{Text}")>]
type Request =
    {
        Words: string list
    }

    /// The words in quotes; long ones as their beginning and their length.
    member this.Text =
        let quoted (word: string) =
            if word.Length > 40 then
                $"\"{word.Substring(0, 4)}..{word.Length}\""
            else
                $"%A{word}"

        this.Words |> List.map quoted |> String.concat " "

    member this.Arguments =
        Arguments.OfArrays(this.Words |> List.map Bytes.ofString |> Array.ofList)

/// What happens to an evaluator, one thing after another.
type Step =
    | Request of Request
    /// Commands between MULTI and EXEC.
    | Batch of Request list
    | Select of database: int
    | Advance of milliseconds: int64
    /// Keys that are due go without being asked for, up to so many.
    | ExpireDue of most: int

/// A sequence that begins with empty databases.
type Steps = Steps of Step list

/// For each command that is evaluated here, one call whose arguments are any bytes, as many as the arity allows.
type Nonsense = Nonsense of Request list

[<RequireQualifiedAccess>]
module Generators =

    /// How many databases an evaluator has.
    [<Literal>]
    let Databases = 3

    /// The time when a sequence begins, in milliseconds.
    [<Literal>]
    let Start = 1_000_000L

    /// The longest string there may be.
    [<Literal>]
    let StringLengthMax = 20_000L

    /// Blocks of streams are short, so that there are many.
    [<Literal>]
    let StreamNodeEntriesMax = 6L

    let private table = Commands.makeTable ()

    let private isHandler (command: Command<Handler>) =
        match command.Body with
        | Body.Handler _ -> true
        | _ -> false

    /// The commands that are evaluated by this library. PFSELFTEST, which takes most of a second and depends on nothing,
    /// is left to its script.
    let evaluated: Command<Handler>[] =
        table.Commands
        |> Array.filter (fun command -> isHandler command && command.FullName <> "pfselftest")

    // ---- values, out of pools so small that they meet again

    /// Lengths on both sides of every limit of records, pages, packed hashes and encodings.
    let private lengths =
        [
            0
            1
            43
            44
            45
            63
            64
            65
            253
            254
            255
            256
            257
            511
            512
            513
            1023
            1024
            1025
            2000
            4090
            4096
            4097
        ]

    let private text =
        Gen.map2 (fun (letter: char) length -> String(letter, length)) (Gen.elements "xyz") (Gen.elements lengths)

    let private oddIntegers =
        [
            ""
            "-"
            "+1"
            "01"
            "-0"
            " 1"
            "1 "
            "1.5"
            "0x10"
            "ten"
            "2147483647"
            "2147483648"
            "-2147483648"
            "4294967296"
            "9223372036854775807"
            "9223372036854775806"
            "-9223372036854775808"
            "9223372036854775808"
            "-9223372036854775809"
            "9223372036854775"
            "9223372036854776"
            "99999999999999999999"
            "1\0002"
        ]

    let private between (least: int) (most: int) =
        Gen.choose (least, most) |> Gen.map string

    let private integer (usual: Gen<string>) =
        Gen.frequency [ 20, usual; 1, Gen.elements oddIntegers ]

    let private double =
        Gen.elements
            [
                "1.5"
                "-0.25"
                "3"
                "0.1"
                "10"
                "-3"
                "1e3"
                "5e-324"
                "1e400"
                "1e4932"
                "3.0"
                "nan"
                "inf"
                "-inf"
                "0x1p3"
                " 1"
                "1 "
                "1,5"
                ""
                "ten"
                "123456789.123456789"
            ]

    let private number =
        integer (
            Gen.frequency
                [
                    6, between -3 12
                    1, Gen.elements [ "9223372036854775806"; "-9223372036854775807" ]
                ]
        )

    let private word =
        Gen.elements [ "one"; "two"; "abcab"; "bcabc"; "5"; "10"; "-7"; "2.5"; "" ]

    let private value = Gen.frequency [ 5, word; 3, number; 1, double; 3, text ]

    let private stringKeys = [ "a"; "b" ]
    let private hashKeys = [ "h"; "i" ]
    let private setKeys = [ "s"; "t"; "u" ]
    let private sortedSetKeys = [ "z"; "y" ]
    let private listKeys = [ "l"; "m"; "n" ]
    let private streamKeys = [ "x"; "w" ]

    /// Keys that differ in where a record keeps them.
    let private oddKeys =
        [
            ""
            "a\r\nb"
            "\255\000"
            String('k', 255)
            String('k', 256)
            String('k', 512)
            String('k', 513)
        ]

    let private many = between 0 150

    let private key (group: Group) =
        let any =
            Gen.elements (
                stringKeys
                @ hashKeys
                @ setKeys
                @ listKeys
                @ sortedSetKeys
                @ streamKeys
                @ [ "p"; "q" ]
            )

        let own =
            match group with
            | Group.String
            | Group.Bitmap -> Gen.elements stringKeys
            | Group.HyperLogLog -> Gen.elements [ "p"; "q" ]
            | Group.Hash -> Gen.elements hashKeys
            | Group.Set -> Gen.elements setKeys
            | Group.List -> Gen.elements listKeys
            | Group.SortedSet -> Gen.frequency [ 8, Gen.elements sortedSetKeys; 1, Gen.elements setKeys ]
            | Group.Geo -> Gen.elements sortedSetKeys
            | Group.Stream -> Gen.elements streamKeys
            | _ -> any

        Gen.frequency
            [
                20, own
                3, any
                1, Gen.elements oddKeys
                2, many |> Gen.map (fun n -> "k" + n)
            ]

    let private field =
        Gen.frequency
            [
                10, between 0 6
                2, Gen.elements [ ""; String('f', 64); String('f', 65); String('f', 254); String('f', 255) ]
                1, Gen.elements [ String('f', 513); String('f', 2000) ]
            ]

    /// Few, so that a list has them more than once.
    let private element =
        Gen.frequency
            [
                8, Gen.elements [ "1"; "2"; "3"; "a"; "b"; "" ]
                2, word
                1,
                Gen.elements
                    [
                        String('e', 254)
                        String('e', 255)
                        String('e', 1000)
                        String('e', 1001)
                        String('e', 2100)
                    ]
            ]

    /// The id of an entry of a stream, among so few that there often is one.
    let private streamId =
        let whole =
            Gen.map2 (fun ms seq -> $"{ms}-{seq}") (Gen.choose (0, 30)) (Gen.choose (0, 2))

        Gen.frequency
            [
                8, Gen.choose (0, 30) |> Gen.map string
                6, whole
                2, Gen.choose (0, 260) |> Gen.map string
                2, Gen.elements [ "$"; ">"; "+"; "-"; "30-*"; "260-*" ]
                1,
                Gen.elements
                    [
                        "0-0"
                        "0"
                        "1-"
                        "-1"
                        "(1"
                        "x"
                        "18446744073709551615-18446744073709551614"
                    ]
            ]

    let private streamBound =
        Gen.frequency
            [
                4, streamId
                3, Gen.elements [ "-"; "+"; "-" ]
                1, Gen.choose (0, 30) |> Gen.map (fun ms -> $"({ms}")
            ]

    let private memberOfSet =
        Gen.frequency
            [
                8, between 0 12
                4, word
                1,
                Gen.elements
                    [
                        "-1"
                        "9223372036854775807"
                        "01"
                        String('m', 64)
                        String('m', 65)
                        String('m', 255)
                    ]
                1, Gen.elements [ String('m', 513); String('m', 2000) ]
            ]

    let private score =
        Gen.frequency
            [
                8, between -3 5
                3,
                Gen.elements
                    [
                        "0.1"
                        "-0.25"
                        "2.5"
                        "1e17"
                        "inf"
                        "-inf"
                        "0"
                        "-0"
                        "3.0000000000000004"
                    ]
                1, double
            ]

    /// The bound of a range, by rank, by score or by member.
    let private bound =
        Gen.frequency
            [
                4, between -6 6
                3, Gen.map2 (+) (Gen.elements [ ""; "(" ]) score
                3, Gen.map2 (+) (Gen.elements [ "["; "(" ]) (between 0 12)
                2, Gen.elements [ "-"; "+"; "-inf"; "+inf" ]
            ]

    let private pattern =
        Gen.frequency
            [
                5, Gen.constant "*"
                4, Gen.elements [ "k*"; "?"; "[a-h]*"; "h"; "\\*"; "["; "*k*k*k*x"; "**"; "[^a]"; "1*"; "" ]
            ]

    /// For SORT: the elements themselves, keys whose names have elements in them, and names that are none.
    let private weightPattern =
        Gen.elements [ "#"; "*"; "k*"; "k*->1"; "h*"; "*->1"; "nosort"; "k*->" ]

    let private commandName =
        Gen.elements [ for command in table.Commands -> command.FullName ]

    let private unixTime (milliseconds: bool) =
        let offset = Gen.frequency [ 1, Gen.choose (-2_000, 0); 6, Gen.choose (1, 6_000) ]

        offset
        |> Gen.map (fun offset -> (Start + int64 offset) / (if milliseconds then 1L else 1_000L) |> string)

    /// A value for a place of a command. In a `long` list the places are all different, or nearly so.
    let private valueOf (group: Group) (long: bool) (parameter: Parameter) : Gen<string> =
        match parameter.Type, parameter.Name with
        | _, ("start" | "end") when group = Group.Stream -> streamBound
        | _, ("id" | "last-id" | "max_deleted_entry_id") when group = Group.Stream -> streamId
        | _, "threshold" -> Gen.oneof [ between 0 12; between 0 260; streamId ]
        | _, ("group" | "groupname") -> Gen.elements [ "g"; "g"; "g"; "h"; "" ]
        | _, ("consumer" | "consumername") -> Gen.elements [ "c"; "d"; "e" ]
        | _, "min-idle-time" -> integer (between -1 1_500)
        | _, ("ms" | "entries_read" | "entries_added") -> integer (between -2 12)
        | _, "field" when group = Group.Stream && not long -> Gen.elements [ "a"; "a"; "a"; "b" ]
        | ParameterType.Key, _ when long -> many |> Gen.map (fun n -> "k" + n)
        | ParameterType.Key, _ -> key group
        | ParameterType.Pattern, _ when parameter.KeySpec >= 0 -> Gen.frequency [ 4, weightPattern; 1, pattern ]
        | ParameterType.Pattern, _ -> pattern
        | _, ("min" | "max") -> bound
        | _, ("start" | "stop") when group = Group.SortedSet -> bound
        | ParameterType.Double, ("score" | "weight") -> score
        | ParameterType.Double, ("longitude" | "latitude") -> Gen.frequency [ 9, between -90 90; 1, double ]
        | ParameterType.Double, ("radius" | "width" | "height") ->
            Gen.frequency [ 9, Gen.elements [ "0"; "5"; "300"; "4000.5"; "100000" ]; 1, double ]
        | ParameterType.Double, _ -> double
        | _, "increment" when group = Group.SortedSet -> score
        | _, "weight" -> score
        | ParameterType.UnixTime, name -> integer (unixTime (name.Contains "milliseconds"))
        | ParameterType.Integer, "seconds" -> integer (between -1 5)
        | ParameterType.Integer, "milliseconds" -> integer (between -5 5_000)
        | ParameterType.Integer, ("stop" | "num-matches" | "len" | "rank") ->
            integer (Gen.oneof [ between -5 5; between -150 150 ])
        | ParameterType.Integer, "start" when group = Group.List ->
            integer (Gen.oneof [ between -4 4; between -150 150 ])
        | ParameterType.Integer, "index" when group = Group.List ->
            integer (Gen.oneof [ between -4 4; between -150 150 ])
        | ParameterType.Integer, ("db" | "destination-db" | "index" | "index1" | "index2") ->
            integer (between 0 (Databases - 1))
        | ParameterType.Integer, "count" -> integer (Gen.oneof [ between -5 5; between -70 70 ])
        | ParameterType.Integer, ("offset" | "start" | "end") ->
            integer (
                Gen.oneof
                    [
                        between -12 12
                        Gen.elements lengths |> Gen.map string
                        between 19_900 20_100
                    ]
            )
        | ParameterType.Integer, _ -> number
        | _, "field" when long -> many
        | _, "element" when group = Group.HyperLogLog -> Gen.choose (0, 3_000) |> Gen.map string
        | _, ("element" | "pivot") -> element
        | _, "member" when long -> many
        | _, ("member" | "member1" | "member2") -> memberOfSet
        | _, "field" -> field
        | _, ("command" | "command-name") -> commandName
        | _, "type" -> Gen.elements [ "string"; "HASH"; "list"; "set"; "zset"; "stream"; "" ]
        | _, "comparison-value" -> word
        | _, "encoding" -> Gen.elements [ "u1"; "i4"; "u8"; "i16"; "u63"; "i64"; "u64"; "x1" ]
        | _, "offset" -> Gen.map2 (fun mark number -> mark + number) (Gen.elements [ ""; "#" ]) (between -1 300)
        | _, "subcommand" -> Gen.elements [ "GETREG"; "DECODE"; "ENCODING"; "TODENSE"; "other" ]
        | _ when long -> word
        | _ -> value

    // ---- requests, from the usage line that a row of the table states

    let private inAnyCase (word: string) =
        Gen.frequency [ 5, Gen.constant word; 1, Gen.constant (word.ToLowerInvariant()) ]

    let private repetitions =
        Gen.frequency [ 12, Gen.choose (1, 3); 1, Gen.elements [ 20; 60; 63; 64; 65; 70 ] ]

    let rec private times (group: Group) (count: int) (parameter: Parameter) : Gen<string list> =
        gen {
            let! items = once group (count > 10) parameter |> Gen.listOfLength count

            match parameter.Token with
            | None -> return List.concat items
            | Some token ->
                let! token = inAnyCase token

                if parameter.MultipleToken then
                    return items |> List.collect (fun item -> token :: item)
                else
                    return token :: List.concat items
        }

    /// The parameter, where it is there, without its token.
    and private once group long parameter : Gen<string list> =
        match parameter.Type with
        | ParameterType.PureToken -> Gen.constant []
        | ParameterType.OneOf -> Gen.elements parameter.Parts |> Gen.bind (places group long << List.singleton)
        | ParameterType.Block -> places group long parameter.Parts
        | _ -> valueOf group long parameter |> Gen.map List.singleton

    and private places group long (parameters: Parameter list) : Gen<string list> =
        match parameters with
        | [] -> Gen.constant []
        | [ keys; ids ] when keys.Name = "key" && keys.Multiple && ids.Name = "id" && ids.Multiple ->
            // As many ids as keys.
            gen {
                let! count = Gen.frequency [ 12, Gen.choose (1, 3); 1, Gen.constant 20 ]
                let! items = times group count keys
                let! others = times group count ids
                return items @ others
            }
        | counter :: counted :: rest when
            counter.Name = "numkeys"
            || counter.Name = "numfields"
            || counter.Name = "numids"
            ->
            gen {
                let! count = repetitions
                let! told = Gen.frequency [ 8, Gen.constant (string count); 1, number ]
                let! items = times group count counted
                let! others = places group long rest
                return told :: items @ others
            }
        | parameter :: rest ->
            gen {
                let! isThere =
                    Gen.frequency [ 2, Gen.constant true; 3, Gen.constant (not parameter.Optional) ]

                let! count = if parameter.Multiple then repetitions else Gen.constant 1

                let! items =
                    if not isThere then Gen.constant []
                    elif parameter.Multiple then times group count parameter
                    elif parameter.Token.IsSome then times group 1 parameter
                    else once group long parameter

                let! others = places group long rest
                return items @ others
            }

    let private namesOf (command: Command<Handler>) =
        command.FullName.Split '|' |> List.ofArray

    /// Every word that is an option of some command.
    let private tokens =
        let rec of' (parameter: Parameter) =
            Option.toList parameter.Token @ List.collect of' parameter.Parts

        [
            for command in evaluated do
                for parameter in command.Parameters do
                    yield! of' parameter
        ]
        |> List.distinct

    let private anyBytes =
        Gen.choose (0, 12)
        |> Gen.bind (fun length -> Gen.arrayOfLength length (Gen.choose (0, 255)))
        |> Gen.map (Array.map char >> String)

    let private anything =
        Gen.frequency
            [
                2, anyBytes
                3, Gen.elements oddIntegers
                3, key Group.Generic
                2, Gen.elements tokens
                2, number
                1, double
                1, text
                1, pattern
            ]

    /// A call that its usage line does not allow, mostly.
    let private spoilt (words: string list) : Gen<string list> =
        gen {
            let! at = Gen.choose (1, max 1 (words.Length - 1))
            let! other = anything

            return!
                Gen.elements
                    [
                        if at < words.Length then
                            List.removeAt at words
                            List.updateAt at other words
                            List.insertAt at words[at] words

                        List.insertAt (min at words.Length) other words
                        words @ [ other ]
                    ]
        }

    let private requestOf (command: Command<Handler>) : Gen<Request> =
        gen {
            let names = namesOf command
            let! name = inAnyCase (names.Head.ToUpperInvariant())
            let! arguments = places command.Row.Group false command.Parameters
            let words = name :: names.Tail @ arguments
            let! words = Gen.frequency [ 12, Gen.constant words; 1, spoilt words ]
            return { Words = words }
        }

    /// How often a command comes, compared with others.
    let private weight (command: Command<Handler>) =
        match command.FullName with
        | "flushall"
        | "flushdb" -> 1
        | "swapdb" -> 2
        // It depends on nothing and takes its time.
        | "pfselftest" -> 1
        | "xadd" -> 30
        | "xreadgroup" -> 20
        | "xgroup|create"
        | "xinfo|stream" -> 8
        | "hrandfield"
        | "srandmember"
        | "sinter"
        | "sunion"
        | "sdiff"
        | "randomkey" -> 8
        | _ when command.Row.Group = Group.Server || command.Row.Group = Group.Connection -> 1
        | _ when command.Has CommandFlags.Write -> 8
        | _ -> 3

    let request: Gen<Request> =
        Gen.frequency [ for command in evaluated -> weight command, requestOf command ]

    let step: Gen<Step> =
        Gen.frequency
            [
                20, Gen.map Request request
                1,
                Gen.choose (0, 4)
                |> Gen.bind (fun count -> Gen.listOfLength count request)
                |> Gen.map Batch
                1, Gen.elements [ 0; 0; 0; 1; 2 ] |> Gen.map Select
                1, Gen.choose (0, 2_000) |> Gen.map (int64 >> Advance)
                1, Gen.choose (0, 5) |> Gen.map ExpireDue
            ]

    let private ofWords (name: string list) (words: string list) = Request { Words = name @ words }

    /// Something to begin with.
    let private little: Gen<Step> =
        Gen.oneof
            [
                Gen.map2 (fun key value -> ofWords [ "SET"; key ] [ value ]) (Gen.elements stringKeys) value
                Gen.map2
                    (fun key values ->
                        ofWords [ "HSET"; key ] (List.concat (List.mapi (fun i v -> [ string i; v ]) values)))
                    (Gen.elements hashKeys)
                    (Gen.choose (1, 6) |> Gen.bind (fun count -> Gen.listOfLength count value))
                Gen.map2
                    (fun key elements -> ofWords [ "RPUSH"; key ] elements)
                    (Gen.elements listKeys)
                    (Gen.choose (1, 8) |> Gen.bind (fun count -> Gen.listOfLength count element))
                Gen.map2
                    (fun key pairs -> ofWords [ "ZADD"; key ] (List.collect (fun (score, m) -> [ score; m ]) pairs))
                    (Gen.elements sortedSetKeys)
                    (Gen.choose (1, 8)
                     |> Gen.bind (fun count -> Gen.listOfLength count (Gen.zip (between -3 3) memberOfSet)))
                Gen.map2
                    (fun key members -> ofWords [ "SADD"; key ] members)
                    (Gen.elements setKeys)
                    (Gen.choose (1, 8) |> Gen.bind (fun count -> Gen.listOfLength count memberOfSet))
                Gen.map2
                    (fun key start -> ofWords [ "XGROUP"; "CREATE"; key; "g" ] [ start; "MKSTREAM" ])
                    (Gen.elements streamKeys)
                    (Gen.elements [ "0"; "$"; "5" ])
            ]

    /// One large command that takes a key, or many of them, beyond some limit at once.
    let private large: Gen<Step> =
        let several (count: Gen<int>) (make: int -> string list) =
            count |> Gen.map (fun count -> List.collect make [ 1..count ])

        let pairs length number =
            [ $"{number}"; $"{number}" + String('v', length) ]

        Gen.oneof
            [
                // Keys for several pages, and pages that merge when they go.
                several (Gen.choose (60, 150)) (fun number -> "k" + string number :: (pairs 0 number).Tail)
                |> Gen.map (ofWords [ "MSET" ])
                several (Gen.choose (40, 150)) (fun number -> [ "k" + string number ])
                |> Gen.map (ofWords [ "DEL" ])
                Gen.map2
                    (fun milliseconds pairs ->
                        ofWords [ "MSETEX"; string (List.length pairs / 2) ] (pairs @ [ "PX"; milliseconds ]))
                    (between 1 4_000)
                    (several (Gen.choose (10, 60)) (fun number -> "k" + string (2 * number) :: (pairs 20 number).Tail))
                // Hashes in all their forms.
                Gen.map2
                    (fun key -> ofWords [ "HSET"; key ])
                    (Gen.elements hashKeys)
                    (Gen.oneof
                        [
                            several (Gen.choose (5, 140)) (pairs 0)
                            several (Gen.choose (5, 20)) (pairs 200)
                            several (Gen.choose (1, 4)) (pairs 1_500)
                        ])
                // Lists in all their forms.
                Gen.map3
                    (fun name key -> ofWords [ name; key ])
                    (Gen.elements [ "LPUSH"; "RPUSH" ])
                    (Gen.elements listKeys)
                    (Gen.oneof
                        [
                            several (Gen.choose (5, 300)) (fun number -> [ string (number % 7) ])
                            several (Gen.choose (5, 50)) (fun number -> [ string number + String('e', 200) ])
                            several (Gen.choose (1, 6)) (fun number -> [ string number + String('e', 1_200) ])
                        ])
                Gen.map2
                    (fun key stop -> ofWords [ "LTRIM"; key ] [ "0"; stop ])
                    (Gen.elements listKeys)
                    (between 0 150)
                // HyperLogLogs that become dense.
                Gen.map2
                    (fun key -> ofWords [ "PFADD"; key ])
                    (Gen.elements [ "p"; "q" ])
                    (several (Gen.choose (100, 3_000)) (fun number -> [ string number ]))
                // Streams of many blocks, and all of one pending.
                Gen.map3
                    (fun key first count ->
                        Batch
                            [
                                for number in first .. first + count do
                                    {
                                        Words = [ "XADD"; key; $"{number}"; "a"; $"{number}"; $"{number % 5}"; "" ]
                                    }
                            ])
                    (Gen.elements streamKeys)
                    (Gen.choose (1, 200))
                    (Gen.choose (5, 60))
                Gen.map2
                    (fun key consumer ->
                        Batch
                            [
                                {
                                    Words = [ "XGROUP"; "CREATE"; key; "g"; "0"; "MKSTREAM" ]
                                }
                                {
                                    Words = [ "XREADGROUP"; "GROUP"; "g"; consumer; "STREAMS"; key; ">" ]
                                }
                            ])
                    (Gen.elements streamKeys)
                    (Gen.elements [ "c"; "d" ])
                Gen.map3
                    (fun key sign length -> ofWords [ "XTRIM"; key; "MAXLEN"; sign; length ] [])
                    (Gen.elements streamKeys)
                    (Gen.elements [ "~"; "=" ])
                    (between 0 60)
                // Sets in all their forms, and of all their names.
                Gen.map2
                    (fun key -> ofWords [ "SADD"; key ])
                    (Gen.elements setKeys)
                    (Gen.oneof
                        [
                            several (Gen.choose (5, 200)) (fun number -> [ string number ])
                            several (Gen.choose (5, 140)) (fun number -> [ $"m{number}" ])
                            several (Gen.choose (1, 30)) (fun number -> [ string number + String('m', 200) ])
                            several (Gen.choose (1, 4)) (fun number -> [ string number + String('m', 1_500) ])
                        ])
                // Sorted sets in all their forms: few scores for all members, and one for each.
                Gen.map2
                    (fun key -> ofWords [ "ZADD"; key ])
                    (Gen.elements sortedSetKeys)
                    (Gen.oneof
                        [
                            several (Gen.choose (5, 200)) (fun number -> [ string (number % 3); string number ])
                            several (Gen.choose (100, 400)) (fun number -> [ string -number; $"m{number}" ])
                            several (Gen.choose (1, 30)) (fun number -> [ "1"; string number + String('m', 200) ])
                            several (Gen.choose (1, 4)) (fun number -> [ "1"; string number + String('m', 1_500) ])
                        ])
                Gen.map2
                    (fun key -> ofWords [ "ZREM"; key ])
                    (Gen.elements sortedSetKeys)
                    (several (Gen.choose (3, 190)) (fun number -> [ string number ]))
                Gen.map2
                    (fun key -> ofWords [ "SREM"; key ])
                    (Gen.elements setKeys)
                    (several (Gen.choose (3, 190)) (fun number -> [ string number ]))
                Gen.map2
                    (fun key -> ofWords [ "HDEL"; key ])
                    (Gen.elements hashKeys)
                    (several (Gen.choose (3, 130)) (fun number -> [ string number ]))
            ]

    let steps: Gen<Step list> =
        gen {
            let! isLarge = Gen.elements [ true; false ]

            let stepOrLarge =
                if isLarge then
                    Gen.frequency [ 1, large; 8, step ]
                else
                    step

            let! first = Gen.listOfLength 3 (if isLarge then large else little)
            let! count = Gen.choose (1, 60)
            let! others = Gen.listOfLength count stepOrLarge
            return first @ others
        }

    let private nonsenseFor (command: Command<Handler>) : Gen<Request> =
        gen {
            let names = namesOf command

            let! more =
                if command.Arity >= 0 then
                    Gen.constant 0
                else
                    Gen.frequency [ 8, Gen.choose (0, 6); 1, Gen.choose (7, 40) ]

            let! arguments = Gen.listOfLength (abs command.Arity - names.Length + more) anything
            return { Words = names @ arguments }
        }

    let nonsense: Gen<Request list> =
        evaluated |> Array.map nonsenseFor |> List.ofArray |> Gen.sequenceToList

    // ---- smaller cases of what failed

    /// The list without a half, a quarter, ... an item.
    let private without (items: 'item list) : 'item list seq =
        seq {
            let mutable size = (items.Length + 1) / 2

            while size > 0 do
                for at in 0..size .. items.Length - 1 do
                    yield List.truncate at items @ List.skip (min items.Length (at + size)) items

                size <- size / 2
        }

    let private shrinkRequest (request: Request) =
        seq {
            if request.Words.Length > 1 then
                for rest in without request.Words.Tail do
                    yield { Words = request.Words.Head :: rest }

            for at in 1 .. request.Words.Length - 1 do
                if request.Words[at].Length > 1 then
                    yield
                        {
                            Words =
                                List.updateAt
                                    at
                                    (request.Words[at].Substring(request.Words[at].Length / 2))
                                    request.Words
                        }
        }

    let private shrinkStep (step: Step) =
        match step with
        | Request request -> shrinkRequest request |> Seq.map Request
        | Batch requests -> Seq.append (without requests |> Seq.map Batch) (requests |> Seq.ofList |> Seq.map Request)
        | Advance milliseconds when milliseconds > 0L -> Seq.singleton (Advance(milliseconds / 2L))
        | _ -> Seq.empty

    let private shrinkSteps (steps: Step list) =
        Seq.append
            (without steps)
            (seq {
                for at in 0 .. steps.Length - 1 do
                    for smaller in shrinkStep steps[at] -> List.updateAt at smaller steps
            })

    type Arbitraries =
        static member Steps() =
            Arb.fromGenShrink (Gen.map Steps steps, (fun (Steps steps) -> shrinkSteps steps |> Seq.map Steps))

        static member Nonsense() =
            Arb.fromGenShrink (
                Gen.map Nonsense nonsense,
                fun (Nonsense requests) ->
                    Seq.append
                        (without requests)
                        (seq {
                            for at in 0 .. requests.Length - 1 do
                                for smaller in shrinkRequest requests[at] -> List.updateAt at smaller requests
                        })
                    |> Seq.map Nonsense
            )

/// A law of evaluation, tried with so many sequences; the environment variable RC_LONG multiplies the number.
type LawAttribute(cases: int) as this =
    inherit RepeatablePropertyAttribute()

    do
        this.Arbitrary <- [| typeof<Generators.Arbitraries> |]
        this.MaxTest <- cases * LongRun.times
