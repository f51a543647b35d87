module RedisClone.Protocol.Tests.Resp.AllocationTests

open System
open RedisClone.Protocol
open Xunit

/// The bytes that an action allocates once it is warm: the least of several rounds, since a collection that another
/// test causes counts the rest of a thread's room as allocated.
let private allocatedBy (action: unit -> unit) =
    let roundsMax = 20
    let mutable rounds = 0
    let mutable least = Int64.MaxValue

    while least > 0L && rounds < roundsMax do
        let before = GC.GetAllocatedBytesForCurrentThread()

        for _ in 1..100 do
            action ()

        least <- min least (GC.GetAllocatedBytesForCurrentThread() - before)
        rounds <- rounds + 1

    least

/// Reads every command of the bytes, which arrive in pieces of a size.
let private readAll (reader: RespReader) (bytes: byte[]) (piece: int) =
    let mutable start = 0
    let mutable last = 0

    while last < bytes.Length do
        last <- min bytes.Length (last + piece)

        while reader.Read(bytes, start, last) = ReadStatus.Command do
            start <- start + reader.Consumed

    if start < bytes.Length then
        failwith "the commands were not read to the end"

let private commands =
    [|
        [| "GET"; "key:000001" |]
        [| "SET"; "key:000001"; String('v', 200) |]
        [| "MSET" + String('x', 5000); "a" |]
        Array.init 2000 string
    |]
    |> Array.collect (fun words -> Arguments.OfArrays(Array.map Bytes.ofString words).Raw.ToArray())

[<Theory>]
[<InlineData(1000000)>]
[<InlineData(100)>]
[<InlineData(1)>]
let ``reading commands allocates nothing once the reader is warm`` (piece: int) =
    let reader = RespReader(RespLimits())
    Assert.Equal(0L, allocatedBy (fun () -> readAll reader commands piece))

[<Fact>]
let ``reading inline commands allocates nothing once the reader is warm`` () =
    let reader = RespReader(RespLimits())
    let bytes = "GET key\r\nSET key \"a b\\n\"\r\n\r\nPING\n"B
    Assert.Equal(0L, allocatedBy (fun () -> readAll reader bytes 7))

[<Theory>]
[<InlineData(2)>]
[<InlineData(3)>]
let ``writing replies allocates nothing once the buffer is long enough`` (protocol: int) =
    let writer = RespWriter(16, Protocol = protocol)
    let value = Array.zeroCreate<byte> 300
    let digits = "12345678901234567890"B
    let error = Errors.wrongType

    let write () =
        writer.Reset 100000
        writer.Simple "PONG"
        writer.Error error
        writer.Integer 12345678L
        writer.Bulk value
        writer.BulkText "text"
        writer.BulkInteger -5L
        writer.Ok()
        writer.Null()
        writer.NullArray()
        writer.Boolean true
        writer.Double 0.1
        writer.BigNumber digits
        writer.Verbatim("txt", value)
        writer.Array 100
        writer.Map 1
        writer.Set 1
        writer.Push 1
        writer.Attribute 1 |> ignore
        writer.InsertArray(0, 5)

    Assert.Equal(0L, allocatedBy write)

[<Fact>]
let ``a header that announces a million arguments reserves nothing`` () =
    let reader = RespReader(RespLimits())
    let bytes = "*2000000000\r\n$3\r\nSET\r\n$500000000\r\n"B
    let before = GC.GetAllocatedBytesForCurrentThread()
    Assert.Equal(ReadStatus.Incomplete, reader.Read(bytes, 0, bytes.Length))
    Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0L, 1024L)

[<Fact>]
let ``room for many arguments is given back when usual commands follow for long`` () =
    let many = Arguments.OfArrays(Array.create 5000 [||]).Raw.ToArray()
    let usual = "*1\r\n$4\r\nPING\r\n"B
    let reader = RespReader(RespLimits())
    readAll reader many many.Length

    for _ in 1..20 do
        readAll reader usual usual.Length

    let before = GC.GetAllocatedBytesForCurrentThread()
    readAll reader many many.Length
    // Had the room been kept, this would be nothing.
    Assert.True(GC.GetAllocatedBytesForCurrentThread() - before > 5000L * 8L)

[<Fact>]
let ``room for very many arguments is given back when a usual command follows`` () =
    let many = Arguments.OfArrays(Array.create 70000 [||]).Raw.ToArray()
    let usual = "*1\r\n$4\r\nPING\r\n"B
    let reader = RespReader(RespLimits())
    readAll reader many many.Length
    readAll reader usual usual.Length
    let before = GC.GetAllocatedBytesForCurrentThread()
    readAll reader many many.Length
    // Had the room been kept, this would be nothing.
    Assert.True(GC.GetAllocatedBytesForCurrentThread() - before > 70000L * 8L)
