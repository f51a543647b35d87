namespace RedisClone.Protocol.Tests.Resp

open System
open System.IO
open System.Net
open System.Net.Sockets
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open Xunit

/// What a real server answers to bytes, sent raw.
[<RequireQualifiedAccess>]
module private RawExchange =

    let private timeoutMs = 30_000

    /// Sends the bytes, says that no more will come, and returns the replies up to the end of the connection.
    let replies (port: int) (bytes: byte[]) : Reply list =
        use client =
            new TcpClient(NoDelay = true, ReceiveTimeout = timeoutMs, SendTimeout = timeoutMs)

        client.Connect(IPAddress.Loopback, port)
        let stream = client.GetStream()
        stream.Write bytes
        client.Client.Shutdown SocketShutdown.Send
        use answer = new MemoryStream()
        stream.CopyTo answer
        let reading = ReplyHarness.readWhole (answer.ToArray())
        Assert.Equal(None, reading.ReplyError)
        Assert.Equal(int answer.Length, reading.Taken)
        reading.Replies

    /// The commands in the bytes, and the error at their end if there is one.
    let reading (isAuthenticated: bool) (bytes: byte[]) : Reading =
        Harness.read (RespReader(RespLimits(), IsAuthenticated = isAuthenticated)) [ bytes ]

    /// An error text as it arrives at a client.
    let sent (text: string) =
        text.Replace('\r', ' ').Replace('\n', ' ')

    /// Compares what the reader makes of the bytes with what a server does: as many commands, the same ones where the
    /// server tells (it does not know them and quotes them), and the same error.
    let compare (port: int) (isAuthenticated: bool) (bytes: byte[]) =
        let reading = reading isAuthenticated bytes
        let replies = replies port bytes

        let expectedEnd =
            reading.Error
            |> Option.map (fun text -> Reply.Error(sent text))
            |> Option.toList

        Assert.Equal(reading.Commands.Length + expectedEnd.Length, replies.Length)

        if reading.Error.IsSome then
            Assert.Equal<Reply list>(expectedEnd, [ List.last replies ])

        for command, reply in Seq.zip reading.Commands replies do
            match reply with
            | Reply.Error text when text.StartsWith "ERR unknown command" ->
                let arguments =
                    command |> List.map Bytes.ofString |> Array.ofList |> Arguments.OfArrays

                Assert.Equal(sent (Errors.unknownCommand arguments), text)
            | _ -> ()

[<Collection("oracle")>]
[<FsCheck.Xunit.Properties(Arbitrary = [| typeof<Generators.Arbitraries> |], MaxTest = 300)>]
type ProtocolOracleTests(oracle: Oracle) =

    /// Servers read this much at once; what is unread when they close may cost replies on their way.
    let bytesMax = 8000

    let compare (text: string) =
        RawExchange.compare oracle.Server.Port true (Bytes.ofString text)

    [<OracleProperty>]
    member _.``any bytes are the same commands and errors to a real server``(HostileBytes bytes) =
        // A NUL in a line makes a real server wait for ever.
        let bytes =
            bytes
            |> Array.truncate bytesMax
            |> Array.map (fun b -> if b = 0uy then 1uy else b)

        RawExchange.compare oracle.Server.Port true bytes

    [<OracleFact>]
    member _.``headers that are wrong are refused as a real server refuses them``() =
        for count in
            [
                ""
                "x"
                "-"
                "+1"
                "01"
                "-0"
                " 1"
                "1 "
                "2147483648"
                "9223372036854775808"
                "1\n$4"
            ] do
            compare $"*{count}\r\n$4\r\nPING\r\n"
            compare $"PING\r\n*1\r\n${count}\r\nPING\r\n"

        for count in [ "0"; "-1"; "-9223372036854775808"; "-9223372036854775809" ] do
            compare $"*{count}\r\nPING\r\n"

        for length in [ "-1"; "536870912"; "536870913"; "9223372036854775807" ] do
            compare $"*1\r\n${length}\r\n"

        for mark in [ "x"; ":"; "*"; "\r"; "\n"; "\255"; "\t" ] do
            compare $"*1\r\n{mark}4\r\nPING\r\n"

        compare "*1\r$4\r\nPING\r\n"
        compare "*1\r!$4\r?PINGxxPING\r\n"
        compare "*2147483647\r\n$1\r\na\r\n"

    [<OracleFact>]
    member _.``lines may be 64 KiB long and no longer``() =
        for length in 65535..65537 do
            compare (String('x', length))
            compare ("*" + String('1', length - 1))
            compare ("*1\r\n$" + String('1', length - 1))
            compare ("*1\r\n" + String('x', length))

    [<OracleFact>]
    member _.``quotes are understood as a real server understands them``() =
        for line in
            [
                "no \"a"
                "no 'a"
                "no \"a\"b"
                "no 'a'b"
                "no \"a\"\"b\""
                "no a\"b\"'c'"
                "no a'b c'"
                "no \"\\x41\\n\\r\\t\\b\\a\\q\\xZZ\\X41\\x4\" b"
                "no \"\\xaF\\xFa\\xgf\""
                "no 'a\\'b\\n'"
                "no 'a\\\\'"
                "no \"\\\""
                "no \"\\"
                "no \"\" ''"
                "no\va \vb \fc"
                "no a\rb\r"
                "\v\f\r"
                "no \"a\"\vb"
                "\"no\" \"a\"\tb"
                "no \160\133b"
            ] do
            compare (line + "\r\nno\n")

    [<OracleFact>]
    member _.``who has not authenticated is held to tighter limits``() =
        use server = OracleServer.Start [ "--requirepass"; "secret" ]

        for text in
            [
                "*10\r\n$2\r\nno\r\n"
                "*11\r\n$2\r\nno\r\n"
                "*2147483648\r\n"
                "*1\r\n$16384\r\n"
                "*1\r\n$16385\r\n"
                "*1\r\n$536870913\r\n"
                "*1\r\n$-1\r\n"
                "no 1 2 3 4 5 6 7 8 9 10 11 12\r\n"
            ] do
            RawExchange.compare server.Port false (Bytes.ofString text)

    [<OracleFact>]
    member _.``replies of every type have the bytes that a real server sends``() =
        let pairs (items: (Reply * Reply) list) =
            [| for key, value in items -> struct (key, value) |]

        let numbers = Array.init 3 (int64 >> Reply.Integer)
        let bulk (text: string) = Reply.Bulk(Bytes.ofString text)

        let samples =
            [
                "string", bulk "Hello World"
                "integer", Reply.Integer 12345L
                "double", Reply.Double 3.141
                "bignum", Reply.BigNumber "1234567999999999999999999999999999999"
                "null", Reply.Null
                "array", Reply.Array numbers
                "set", Reply.Set numbers
                "map", Reply.Map(pairs [ for i in 0L .. 2L -> Reply.Integer i, Reply.Boolean(i = 1L) ])
                "attrib",
                Reply.Attribute(
                    pairs [ bulk "key-popularity", Reply.Array [| bulk "key:123"; Reply.Integer 90L |] ],
                    bulk "Some real reply following the attribute"
                )
                "verbatim", Reply.Verbatim("txt", "This is a verbatim\nstring"B)
                "true", Reply.Boolean true
                "false", Reply.Boolean false
            ]

        use server = OracleServer.Start [ "--enable-debug-command"; "yes" ]

        for protocol in 2..3 do
            let requests =
                [ for name, _ in samples -> $"DEBUG PROTOCOL {name}\r\n" ] |> String.concat ""

            let answers =
                RawExchange.replies server.Port (Bytes.ofString $"HELLO {protocol}\r\n{requests}")

            let written (reply: Reply) =
                Bytes.toString (Generators.bytesOfReply protocol reply)

            let expected = [ for _, reply in samples -> written reply ]
            Assert.Equal<string list>(expected, List.map written (List.tail answers))
