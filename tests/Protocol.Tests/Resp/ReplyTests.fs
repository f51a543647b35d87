module RedisClone.Protocol.Tests.Resp.ReplyTests

open System
open FsCheck.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open Xunit

[<Properties(Arbitrary = [| typeof<Generators.Arbitraries> |], MaxTest = 300)>]
module Properties =

    [<RepeatableProperty>]
    let ``replies written are the replies that a client of that protocol sees, however the bytes are cut``
        (replies: AnyReply list)
        (sizes: ChunkSizes)
        =
        for protocol in 2..3 do
            let bytes =
                [| for AnyReply reply in replies -> Generators.bytesOfReply protocol reply |]
                |> Array.concat

            let expected =
                {
                    Replies =
                        [
                            for AnyReply reply in replies -> ReplyHarness.comparable (Reply.seenIn protocol reply)
                        ]
                    ReplyError = None
                    Taken = bytes.Length
                }

            Assert.Equal(expected, ReplyHarness.readWhole bytes)
            Assert.Equal(expected, ReplyHarness.readCut sizes bytes)

    [<RepeatableProperty>]
    let ``any bytes read the same however they are cut`` (HostileReplyBytes bytes) (sizes: ChunkSizes) =
        Assert.Equal(ReplyHarness.readWhole bytes, ReplyHarness.readCut sizes bytes)

    [<RepeatableProperty>]
    let ``whatever the bytes, memory is in proportion to them`` (HostileReplyBytes bytes) =
        let reader = ReplyReader(ReplyLimits())
        let before = GC.GetAllocatedBytesForCurrentThread()
        let mutable at = 0

        while reader.Read(bytes, at, bytes.Length) = ReplyStatus.Reply do
            at <- at + reader.Consumed

        let allocated = GC.GetAllocatedBytesForCurrentThread() - before
        Assert.InRange(allocated, 0L, 16384L + 100L * int64 bytes.Length)

let private read (limits: ReplyLimits) (text: string) =
    ReplyHarness.read (ReplyReader limits) [ Bytes.ofString text ]

let private error (text: string) =
    (read (ReplyLimits()) text).ReplyError |> Option.toObj

[<Theory>]
[<InlineData("x\r\n", "unknown type of reply 'x'")>]
[<InlineData("\r\n", "malformed line")>]
[<InlineData("+a\rb\r\n", "malformed line")>]
[<InlineData(":\r\n", "malformed number")>]
[<InlineData(":+1\r\n", "malformed number")>]
[<InlineData(":9223372036854775808\r\n", "malformed number")>]
[<InlineData("$-2\r\n", "malformed length")>]
[<InlineData("%-1\r\n", "malformed length")>]
[<InlineData("*2147483648\r\n", "malformed length")>]
[<InlineData("$?\r\n", "malformed number")>]
[<InlineData("$1\r\nabc", "malformed end of a bulk string")>]
[<InlineData("$536870913\r\n", "bulk string too long")>]
[<InlineData("=3\r\ntxt\r\n", "malformed verbatim string")>]
[<InlineData("=5\r\nplain\r\n", "malformed verbatim string")>]
[<InlineData("_0\r\n", "malformed null")>]
[<InlineData("#x\r\n", "malformed boolean")>]
[<InlineData(",\r\n", "malformed double")>]
[<InlineData(",1.5.2\r\n", "malformed double")>]
[<InlineData("(\r\n", "malformed big number")>]
[<InlineData("(12a\r\n", "malformed big number")>]
let ``bytes that are no reply are an error that says why`` (text: string) (expected: string) =
    Assert.Equal(expected, error text)

[<Fact>]
let ``errors of RESP3 as bulks read as errors`` () =
    let expected =
        {
            Replies = [ Reply.Error "SYNTAX invalid syntax" ]
            ReplyError = None
            Taken = 28
        }

    Assert.Equal(expected, read (ReplyLimits()) "!21\r\nSYNTAX invalid syntax\r\n")

[<Fact>]
let ``an error stays until the reader is reset`` () =
    let reader = ReplyReader(ReplyLimits())
    Assert.Equal(ReplyStatus.Error, reader.Read("x\r\n"B, 0, 3))
    Assert.Equal(ReplyStatus.Error, reader.Read(":1\r\n"B, 0, 4))
    reader.Reset()
    Assert.Equal(ReplyStatus.Reply, reader.Read(":1\r\n"B, 0, 4))
    Assert.Equal(Reply.Integer 1L, reader.Value)

[<Theory>]
[<InlineData(2, null)>]
[<InlineData(3, "reply nested too deep")>]
let ``replies nest as deep as the limit`` (depth: int) (expected: string | null) =
    let limits = ReplyLimits(DepthMax = 2)
    let text = String.replicate depth "*1\r\n" + ":1\r\n"
    Assert.Equal(expected, Option.toObj (read limits text).ReplyError)

[<Theory>]
[<InlineData("+12345\r\n", null)>]
[<InlineData("+123456\r\n", "line too long")>]
[<InlineData("+12345", null)>]
[<InlineData("+123456", "line too long")>]
let ``lines are as long as the limit`` (text: string) (expected: string | null) =
    let limits = ReplyLimits(LineBytesMax = 6)
    Assert.Equal(expected, Option.toObj (read limits text).ReplyError)

[<Theory>]
[<InlineData("*2\r\n$1\r\na\r\n:1\r\n", null)>]
[<InlineData("*2\r\n$1\r\na\r\n:12\r\n", "reply too long")>]
[<InlineData("$20\r\n", "reply too long")>]
[<InlineData(":1\r\n:1\r\n:1\r\n:1\r\n:1\r\n", null)>]
let ``each reply is as long as the limit`` (text: string) (expected: string | null) =
    let limits = ReplyLimits(ReplyBytesMax = 15L)
    Assert.Equal(expected, Option.toObj (read limits text).ReplyError)

[<Fact>]
let ``a long bulk says how many bytes it needs`` () =
    let reader = ReplyReader(ReplyLimits())
    let bytes = "*1\r\n$1000\r\nabc"B
    Assert.Equal(ReplyStatus.Incomplete, reader.Read(bytes, 0, bytes.Length))
    Assert.Equal(11, reader.Consumed)
    Assert.Equal(1002, reader.NeededBytes)
