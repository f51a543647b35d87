module RedisClone.Protocol.Tests.Resp.RespWriterTests

open System
open FsCheck.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open Xunit

let private text (protocol: int) (write: RespWriter -> unit) =
    let writer = RespWriter(1, Protocol = protocol)
    write writer
    Bytes.toString writer.Written

/// What the same calls write in RESP2 and in RESP3.
let private both write = struct (text 2 write, text 3 write)

let private check (resp2: string) (resp3: string) write =
    Assert.Equal(struct (resp2, resp3), both write)

[<Fact>]
let ``every type is written as Redis writes it, in RESP2 and in RESP3`` () =
    check "+a b\r\n" "+a b\r\n" _.Simple("a b")
    check "+a b c\r\n" "+a b c\r\n" _.Simple("a\rb\nc")
    check "-ERR a\r\n" "-ERR a\r\n" _.Error("ERR a")
    check "-ERR a b\r\n" "-ERR a b\r\n" _.Error("ERR a\nb")
    check "-ERR a  b\r\n" "-ERR a  b\r\n" _.Error("ERR a\r\nb")
    check ":-7\r\n" ":-7\r\n" _.Integer(-7L)
    check "$2\r\nab\r\n" "$2\r\nab\r\n" (fun w -> w.Bulk("ab"B))
    check "$3\r\n-12\r\n" "$3\r\n-12\r\n" _.BulkInteger(-12L)
    check "$2\r\n\u00ff\u0001\r\n" "$2\r\n\u00ff\u0001\r\n" _.BulkText("\u00ff\u0001")
    check "$-1\r\n" "_\r\n" _.Null()
    check "*-1\r\n" "_\r\n" _.NullArray()
    check "+OK\r\n" "+OK\r\n" _.Ok()

    check ":1\r\n:0\r\n" "#t\r\n#f\r\n" (fun w ->
        w.Boolean true
        w.Boolean false)

    check "$3\r\n1.5\r\n" ",1.5\r\n" _.Double(1.5)
    check "$5\r\n1e+20\r\n" ",1e+20\r\n" _.Double(1e20)
    check "$19\r\n0.10000000000000001\r\n" ",0.10000000000000001\r\n" _.Double(0.1)
    check "$9\r\n123456.75\r\n" ",123456.75\r\n" _.Double(123456.75)
    check "$10\r\n1234567.75\r\n" ",1234567.75\r\n" _.Double(1234567.75)
    check "$4\r\n-inf\r\n" ",-inf\r\n" _.Double(Double.NegativeInfinity)
    check "$3\r\nnan\r\n" ",nan\r\n" _.Double(nan)
    check "$3\r\nnan\r\n" ",nan\r\n" _.Double(-nan)
    check "$2\r\n-0\r\n" ",-0\r\n" _.Double(-0.0)
    check "$3\r\n123\r\n" "(123\r\n" (fun w -> w.BigNumber("123"B))
    check "$2\r\nab\r\n" "=6\r\ntxt:ab\r\n" (fun w -> w.Verbatim("txt", "ab"B))
    check "*3\r\n" "*3\r\n" _.Array(3)
    check "*6\r\n" "%3\r\n" _.Map(3)
    check "*12\r\n" "~12\r\n" _.Set(12)
    check "*3\r\n" ">3\r\n" _.Push(3)
    check "" "|2\r\n" (fun w -> Assert.Equal(w.Protocol = 3, w.Attribute 2))

[<RepeatableProperty>]
let ``integers of any size are written in decimal`` (value: int64) =
    check $":{value}\r\n" $":{value}\r\n" _.Integer(value)
    let digits = string value
    let bulk = $"${digits.Length}\r\n{digits}\r\n"
    check bulk bulk _.BulkInteger(value)

[<RepeatableProperty>]
let ``a header put before what was written is the header written first`` (before: string[]) (items: int64[]) =
    let fill (writer: RespWriter) =
        for item in items do
            writer.Integer item

    let first (writer: RespWriter) =
        for word in before do
            writer.BulkText word

        writer.Array items.Length
        fill writer

    let later (writer: RespWriter) =
        for word in before do
            writer.BulkText word

        let position = writer.Length
        fill writer
        writer.InsertArray(position, items.Length)

    Assert.Equal(text 2 first, text 2 later)

[<Fact>]
let ``a writer that may not drop says that there is no room`` () =
    let writer = RespWriter(4, LengthMax = 40)

    Assert.Throws<OutOfMemoryException>(fun () -> writer.Bulk(Array.zeroCreate<byte> 100))
    |> ignore

    writer.Ok()
    Assert.Equal("+OK\r\n", Bytes.toString writer.Written)

[<Fact>]
let ``a writer that may drop drops everything until it is reset`` () =
    let writer = RespWriter(4, LengthMax = 40, DropsOverflow = true)
    writer.Ok()
    let position = writer.Length
    writer.Bulk(Array.zeroCreate<byte> 100)
    Assert.True writer.IsOverflown
    writer.InsertArray(position, 1)
    writer.Truncate position
    writer.Error "ERR no"
    writer.Reserve(7).Fill 1uy
    writer.Advance 7
    writer.Reserve(1000).Fill 1uy
    writer.Advance 1000
    Assert.Equal(0, writer.Length)
    writer.Reset 1024
    Assert.False writer.IsOverflown
    writer.Ok()
    Assert.Equal("+OK\r\n", Bytes.toString writer.Written)

[<Fact>]
let ``a reset gives back a buffer that has become too long`` () =
    let writer = RespWriter 16
    writer.Bulk(Array.zeroCreate<byte> 5000)
    writer.Reset 8192
    Assert.InRange(writer.Buffer.Length, 5000, 8192 * 2)
    writer.Bulk(Array.zeroCreate<byte> 50000)
    writer.Reset 8192
    Assert.Equal(16, writer.Buffer.Length)
