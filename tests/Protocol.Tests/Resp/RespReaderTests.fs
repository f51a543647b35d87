module RedisClone.Protocol.Tests.Resp.RespReaderTests

open System
open FsCheck.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open Xunit

let private texts (parts: byte[][]) =
    [ for part in parts -> Bytes.toString part ]

let private reading commands error consumed =
    {
        Commands = commands
        Error = error
        Consumed = consumed
    }

let private rawOf (parts: byte[][]) = Arguments.OfArrays(parts).Raw.ToArray()

/// Limits that generated commands run into.
let private tightLimits () =
    RespLimits(BulkBytesMax = 0L, LineBytesMax = 0, ArgumentsMax = 0, CommandBytesMax = 60)

[<Properties(Arbitrary = [| typeof<Generators.Arbitraries> |], MaxTest = 300)>]
module Properties =

    [<RepeatableProperty>]
    let ``commands written are commands read, however the bytes are cut``
        (commands: CommandParts list)
        (sizes: ChunkSizes)
        =
        let parts = [ for CommandParts parts in commands -> parts ]
        let bytes = [| for part in parts -> rawOf part |] |> Array.concat
        let expected = reading (parts |> List.map texts) None bytes.Length
        Assert.Equal(expected, Harness.readWhole bytes)
        Assert.Equal(expected, Harness.readCut sizes bytes)

    [<RepeatableProperty>]
    let ``any bytes read the same however they are cut`` (HostileBytes bytes) (sizes: ChunkSizes) =
        Assert.Equal(Harness.readWhole bytes, Harness.readCut sizes bytes)

    [<RepeatableProperty>]
    let ``any bytes read the same however they are cut, under the tightest limits, by who has yet to authenticate``
        (HostileBytes bytes)
        (sizes: ChunkSizes)
        =
        let reader () =
            RespReader(tightLimits (), IsAuthenticated = false)

        Assert.Equal(Harness.read (reader ()) [ bytes ], Harness.read (reader ()) (Harness.cut sizes bytes))

    [<RepeatableProperty>]
    let ``whatever the bytes, memory is in proportion to them`` (HostileBytes bytes) =
        let reader = RespReader(RespLimits())
        let before = GC.GetAllocatedBytesForCurrentThread()
        let mutable at = 0

        while reader.Read(bytes, at, bytes.Length) = ReadStatus.Command do
            at <- at + reader.Consumed

        let allocated = GC.GetAllocatedBytesForCurrentThread() - before
        Assert.InRange(allocated, 0L, 1024L + 20L * int64 bytes.Length)

    [<RepeatableProperty>]
    let ``what may be logged as it came is what the arguments would be written as`` (HostileBytes bytes) =
        let reader = RespReader(RespLimits())
        let mutable at = 0

        while reader.Read(bytes, at, bytes.Length) = ReadStatus.Command do
            let arguments = reader.Arguments

            if arguments.IsMultibulk && arguments.Count > 0 then
                let parts = [| for i in 0 .. arguments.Count - 1 -> arguments[i].ToArray() |]
                Assert.Equal<byte[]>(rawOf parts, arguments.Raw.ToArray())
                Assert.Equal(reader.Consumed, arguments.RawLength)

            at <- at + reader.Consumed

    [<RepeatableProperty>]
    let ``a command that is kept outlives its buffer`` (CommandParts parts) =
        let bytes = rawOf parts
        let reader = RespReader(RespLimits())
        Assert.Equal(ReadStatus.Command, reader.Read(bytes, 0, bytes.Length))
        let kept = reader.Arguments.Keep()
        Array.fill bytes 0 bytes.Length 0uy
        reader.Read("no\n"B, 0, 3) |> ignore
        Assert.Equal<string list>(texts parts, Harness.textsOf kept)

    [<RepeatableProperty>]
    let ``a reader that is reset reads as a new one`` (HostileBytes before) (HostileBytes bytes) =
        let reader = RespReader(RespLimits())
        Harness.read reader [ before ] |> ignore
        reader.Reset()
        Assert.Equal(Harness.readWhole bytes, Harness.read reader [ bytes ])

[<Theory>]
[<InlineData("*0\r\nPING\r\n")>]
[<InlineData("*-5\r\n*1\r\n$4\r\nPING\r\n")>]
[<InlineData("\r\n\n   \r\n\011\r\nPING\n")>]
[<InlineData("*1\r\n$4\r\nPINGxx")>]
[<InlineData("*1\r!$4\r?PING\r\n")>]
[<InlineData("  \"PI\\x4eG\"   \r\n")>]
let ``unusual forms of PING are taken as Redis takes them`` (text: string) =
    Assert.Equal(reading [ [ "PING" ] ] None text.Length, Harness.readWhole (Bytes.ofString text))

[<Theory>]
[<InlineData("*1\r\n$4\r\nPING\r\n", true)>]
[<InlineData("*1\r\n$4\r\nPINGxx", false)>]
[<InlineData("*1\r!$4\r\nPING\r\n", false)>]
[<InlineData("*1\r\n$4\r!PING\r\n", false)>]
[<InlineData("PING\r\n", false)>]
let ``only what every client would have sent so may be logged as it came`` (text: string) (expected: bool) =
    let reader = RespReader(RespLimits())
    Assert.Equal(ReadStatus.Command, reader.Read(Bytes.ofString text, 0, text.Length))
    Assert.Equal(expected, reader.Arguments.IsMultibulk)

[<Fact>]
let ``arguments of every length are read`` () =
    for length in
        [
            0
            1
            9
            10
            11
            99
            100
            101
            999
            1000
            9999
            10000
            99999
            100000
            1000000
        ] do
        let bytes = rawOf [| Array.create length 'x'B; "end"B |]
        let result = Harness.read (RespReader(RespLimits())) [ bytes; bytes ]
        let command = [ String('x', length); "end" ]
        Assert.Equal(reading [ command; command ] None (2 * bytes.Length), result)

[<Fact>]
let ``an empty read finds nothing`` () =
    let reader = RespReader(RespLimits())
    Assert.Equal(ReadStatus.Incomplete, reader.Read([||], 0, 0))
    Assert.Equal(0, reader.NeededBytes)

[<Fact>]
let ``the bytes needed are known while an argument comes in, and only then`` () =
    let reader = RespReader(RespLimits())
    let bytes = "*2\r\n$3\r\nSET\r\n$1000\r\n"B

    let neededAfter count =
        Assert.Equal(ReadStatus.Incomplete, reader.Read(bytes, 0, count))
        reader.NeededBytes

    Assert.Equal(0, neededAfter 3)
    Assert.Equal(13, neededAfter 8)
    Assert.Equal(0, neededAfter 13)
    Assert.Equal(0, neededAfter 16)
    Assert.Equal(20 + 1000 + 2, neededAfter 20)

[<Fact>]
let ``an error stays until the reader is reset`` () =
    let reader = RespReader(RespLimits())
    let bytes = "*x\r\nPING\r\n"B
    Assert.Equal(ReadStatus.Error, reader.Read(bytes, 0, bytes.Length))
    Assert.Equal(ReadStatus.Error, reader.Read(bytes, 4, bytes.Length))
    Assert.Equal(Errors.invalidMultibulkLength, reader.ErrorText)
    reader.Reset()
    Assert.Equal(ReadStatus.Command, reader.Read(bytes, 4, bytes.Length))

[<Fact>]
let ``limits hold to the byte`` () =
    let errorOf (limits: RespLimits) (text: string) =
        (Harness.read (RespReader limits) [ Bytes.ofString text ]).Error |> Option.toObj

    let bulk = RespLimits(BulkBytesMax = 10000L)
    Assert.Null(errorOf bulk "*1\r\n$10000\r\n")
    Assert.Equal(Errors.invalidBulkLength, errorOf bulk "*1\r\n$10001\r\n")
    let count = RespLimits(ArgumentsMax = 10)
    Assert.Null(errorOf count "*10\r\n")
    Assert.Equal(Errors.invalidMultibulkLength, errorOf count "*11\r\n")
    let whole = RespLimits(CommandBytesMax = 20)
    Assert.Null(errorOf whole "*2\r\n$1\r\na\r\n$3\r\nabc\r\n")
    Assert.Equal(Errors.tooBigCommand, errorOf whole "*2\r\n$1\r\na\r\n$4\r\n")
    Assert.Equal(Errors.tooBigCommand, errorOf whole "*1\r\n$10000\r\n")

[<Fact>]
let ``arguments beyond the last are refused`` () =
    let arguments = Arguments.OfArrays [| "a"B |]

    Assert.Throws<ArgumentOutOfRangeException>(fun () -> arguments[1].Length |> ignore)
    |> ignore

    Assert.Throws<ArgumentOutOfRangeException>(fun () -> arguments[-1].Length |> ignore)
    |> ignore
