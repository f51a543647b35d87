namespace RedisClone.Protocol.Tests

open System
open FsCheck.FSharp
open FsCheck.Xunit
open RedisClone.Protocol
open Xunit

module private Usages =

    /// A tree on one line: `name:Type=TOKEN(parts)` and `?` for optional, `*` for multiple, `+` for a repeated token.
    let rec show (parameter: Parameter) : string =
        let token =
            match parameter.Token with
            | Some token -> $"={token}"
            | None -> ""

        let parts =
            if parameter.Parts.IsEmpty then
                ""
            else
                "(" + String.Join(" ", parameter.Parts |> List.map show) + ")"

        let flag isSet sign = if isSet then sign else ""

        $"{parameter.Name}:{parameter.Type}{token}{parts}"
        + flag parameter.Optional "?"
        + flag parameter.Multiple "*"
        + flag parameter.MultipleToken "+"

    let tree (line: string) =
        String.Join(" ", (Usage.parse line).Parameters |> List.map show)

    /// Pieces of a usage line, right and wrong, in any order.
    let pieces =
        Gen.elements
            [
                "key"
                "value"
                "TOKEN"
                "["
                "]"
                "<"
                ">"
                "|"
                "..."
                "name:"
                "n:integer"
                "numkeys"
                "*"
                "\"\""
            ]

type UsageTests() =

    [<Theory>]
    [<InlineData("HINCRBY key field increment", "key:Key field:String increment:Integer")>]
    [<InlineData("HINCRBYFLOAT key field increment:double", "key:Key field:String increment:Double")>]
    [<InlineData("MSET key value [key value ...]", "key_value:Block(key:Key value:String)*")>]
    [<InlineData("EVAL [key [key ...]]", "key:Key?*")>]
    [<InlineData("EVAL [key ...]", "key:Key?*")>]
    [<InlineData("DEL key ...", "key:Key*")>]
    [<InlineData("COPY source destination [DB destination-db] [REPLACE]",
                 "source:Key destination:Key destination-db:Integer=DB? replace:PureToken=REPLACE?")>]
    [<InlineData("HRANDFIELD key [count [WITHVALUES]]",
                 "key:Key count:Block(count:Integer withvalues:PureToken=WITHVALUES?)?")>]
    [<InlineData("EXPIRE key seconds [NX | XX]",
                 "key:Key seconds:Integer condition:OneOf(nx:PureToken=NX xx:PureToken=XX)?")>]
    [<InlineData("GETEX key [EX seconds | PERSIST]",
                 "key:Key expiration:OneOf(seconds:Integer=EX persist:PureToken=PERSIST)?")>]
    [<InlineData("ZRANGE [LIMIT offset count]", "offset_count:Block=LIMIT(offset:Integer count:Integer)?")>]
    [<InlineData("SORT [GET pattern [GET pattern ...]]", "pattern:Pattern=GET?*+")>]
    [<InlineData("ZINTER [WEIGHTS weight [weight ...]]", "weight:Integer=WEIGHTS?*")>]
    [<InlineData("ZADD [change: CH]", "change:PureToken=CH?")>]
    [<InlineData("LMOVE <wherefrom: LEFT | RIGHT>", "wherefrom:OneOf(left:PureToken=LEFT right:PureToken=RIGHT)")>]
    [<InlineData("X [AGGREGATE <SUM | MIN>]", "aggregate:OneOf=AGGREGATE(sum:PureToken=SUM min:PureToken=MIN)?")>]
    [<InlineData("REPLICAOF <args: host-port: host port | no-one: NO ONE>",
                 "args:OneOf(host-port:Block(host:String port:Integer) no-one:Block(no:PureToken=NO one:PureToken=ONE))")>]
    [<InlineData("XREAD <streams: STREAMS key [key ...] id [id ...]>", "streams:Block=STREAMS(key:Key* id:String*)")>]
    [<InlineData("KILL ip:port", "ip:port:String")>]
    [<InlineData("QUIT ...", "")>]
    member _.``a usage line is a tree of parameters`` (line: string) (tree: string) =
        Assert.Equal(tree, Usages.tree line)

    [<Theory>]
    [<InlineData("PING [message]", -1)>]
    [<InlineData("QUIT ...", -1)>]
    [<InlineData("GET key", 2)>]
    [<InlineData("OBJECT ENCODING key", 3)>]
    [<InlineData("MSET key value [key value ...]", -3)>]
    [<InlineData("SPOP key [count]", -2)>]
    [<InlineData("DEL key ...", -2)>]
    [<InlineData("X <A | B c>", -2)>]
    [<InlineData("X <A b | C d>", 3)>]
    [<InlineData("XREAD [COUNT count] <streams: STREAMS key [key ...] id [id ...]>", -4)>]
    member _.``the arity counts what must be there`` (line: string) (arity: int) =
        Assert.Equal(arity, (Usage.parse line).Arity)

    [<Theory>]
    [<InlineData("HRANDFIELD key [options: count [WITHVALUES]]", "HRANDFIELD key [count [WITHVALUES]]")>]
    [<InlineData("INCRBYFLOAT key increment:double", "INCRBYFLOAT key increment")>]
    [<InlineData("LMOVE <wherefrom: LEFT | RIGHT>", "LMOVE <LEFT | RIGHT>")>]
    [<InlineData("XREADGROUP <GROUP group consumer> [COUNT count]", "XREADGROUP GROUP group consumer [COUNT count]")>]
    [<InlineData("X <by: <BYBOX width> height | R> ip:port", "X <BYBOX width height | R> ip:port")>]
    member _.``documentation shows a line without what only the table needs`` (line: string) (shown: string) =
        Assert.Equal(shown, (Usage.parse line).Text)

    [<Theory>]
    [<InlineData("")>]
    [<InlineData("get key")>]
    [<InlineData("GET [key")>]
    [<InlineData("GET key]")>]
    [<InlineData("GET <A | B]")>]
    [<InlineData("GET [A | ]")>]
    [<InlineData("GET []")>]
    [<InlineData("GET <... A>")>]
    [<InlineData("GET key | value")>]
    member _.``a line that makes no sense is refused``(line: string) =
        Assert.ThrowsAny<ArgumentException>(fun () -> Usage.parse line |> ignore)

    [<RepeatableProperty(MaxTest = 1000)>]
    member _.``any line is understood or refused, and what is shown of it has the same arity``() =
        Prop.forAll (Arb.fromGen (Gen.listOf Usages.pieces)) (fun pieces ->
            let line = String.Join(" ", "NAME" :: "key" :: pieces)

            let parsed =
                try
                    Some(Usage.parse line)
                with :? ArgumentException ->
                    None

            // What a label of a label should mean is not said; no row has one.
            let isLabel (piece: string) = piece.EndsWith ':'

            let hasLabelOfLabel =
                List.pairwise pieces
                |> List.exists (fun (first, second) -> isLabel first && isLabel second)

            // Brackets that are not shown may have kept a word from the place behind them.
            let brackets (text: string) =
                text |> Seq.filter (fun letter -> letter = '<') |> Seq.length

            match parsed with
            | Some usage when not hasLabelOfLabel && brackets usage.Text = brackets line ->
                (Usage.parse usage.Text).Arity = usage.Arity
            | _ -> true)

    [<Theory>]
    [<InlineData("X [COUNT count] key")>]
    [<InlineData("X key [key ...] [COUNT count]")>]
    [<InlineData("X [A] key value [key value ...]")>]
    member _.``keys whose place nobody can tell are refused``(line: string) =
        let usage = Usage.parse line
        Assert.ThrowsAny<ArgumentException>(fun () -> UsageKeys.ofUsage usage true [] |> ignore)

    [<Theory>]
    [<InlineData(1)>]
    [<InlineData(3)>]
    member _.``a row must state the flags of all keys or of none``(count: int) =
        let usage = Usage.parse "RENAME key newkey"

        Assert.ThrowsAny<ArgumentException>(fun () ->
            UsageKeys.ofUsage usage true (List.replicate count KeyFlags.RW) |> ignore)
