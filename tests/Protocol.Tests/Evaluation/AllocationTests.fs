/// The usual commands allocate nothing once a server is warm.
module RedisClone.Protocol.Tests.Evaluation.AllocationTests

open System
open RedisClone.Protocol
open RedisClone.Protocol.Interop
open Xunit

/// Bytes in, bytes out: what a connection and the engine do with commands that have arrived.
[<Sealed>]
type private Server() =
    let commands = CommandSet()
    let keyspace = Keyspace(1UL, 1)
    let journal = Journal(RespWriter 65536)
    let call = Call(keyspace, journal, Limits(), Now = 1_000_000L)
    let reader = RespReader(RespLimits())
    let reply = RespWriter 65536

    member _.Keyspace = keyspace
    member _.Replies = Bytes.toString reply.Written

    member _.Receive(bytes: byte[]) =
        let mutable position = 0
        let mutable command = null
        reply.Truncate 0
        journal.Writer.Truncate 0

        while reader.Read(bytes, position, bytes.Length) = ReadStatus.Command do
            position <- position + reader.Consumed

            if commands.Lookup(reader.Arguments, &command) <> CommandLookup.Found then
                failwith "no such command"

            call.Args <- reader.Arguments
            call.Reply <- reply
            call.Database <- keyspace.Databases[0]
            call.Seed <- 5UL
            command.Run call

let private bytesOf (commands: string list) =
    commands
    |> List.map (fun line -> line.Split ' ' |> Array.map Bytes.ofString |> Arguments.OfArrays)
    |> List.map _.Raw.ToArray()
    |> Array.concat

/// The bytes that a round of commands allocates once it is warm. That takes a while: code that the runtime has not yet
/// optimised allocates where optimised code does not, and when it turns to that is its own affair.
let private allocatedBy (server: Server) (bytes: byte[]) =
    let roundsMax = 20_000
    let mutable rounds = 0
    let mutable allocated = 1L

    while allocated > 0L && rounds < roundsMax do
        let before = GC.GetAllocatedBytesForCurrentThread()

        for _ in 1..200 do
            server.Receive bytes

        allocated <- GC.GetAllocatedBytesForCurrentThread() - before
        rounds <- rounds + 1

    allocated

let private sixteen (letter: char) = String(letter, 16)

/// The commands that make the data, those that are measured, and what these answer.
let cases () =
    let fields (count: int) (length: int) =
        [ for number in 1..count -> $"HSET h field:{number} {String('v', length)}" ]

    [
        struct ("PING", [], [ "PING" ], "+PONG\r\n")
        struct ("GET hit", [ $"SET k {sixteen 'v'}" ], [ "GET k" ], $"$16\r\n{sixteen 'v'}\r\n")
        struct ("GET miss", [], [ "GET k" ], "$-1\r\n")
        struct ("GET of 4000 bytes", [ $"SET k {String('v', 4000)}" ], [ "GET k" ], $"$4000\r\n{String('v', 4000)}\r\n")
        struct ("SET of the same size", [], [ $"SET k {sixteen 'v'}" ], "+OK\r\n")
        struct ("SETs of two sizes", [], [ "SET k short"; $"SET k {sixteen 'v'}" ], "+OK\r\n+OK\r\n")
        struct ("SET with an expiry", [], [ $"SET k {sixteen 'v'} EX 100" ], "+OK\r\n")
        struct ("INCR", [ "SET k 1000000" ], [ "INCR k"; "DECR k" ], ":1000001\r\n:1000000\r\n")
        struct ("SISMEMBER of a large set",
                [ for number in 1..300 -> $"SADD s member:{number}" ],
                [ "SISMEMBER s member:7" ],
                ":1\r\n")
        struct ("RPUSH and LPOP, packed", [ "RPUSH l a b c" ], [ "RPUSH l a"; "LPOP l" ], ":4\r\n$1\r\na\r\n")
        struct ("RPUSH and LPOP, large",
                [ for number in 1..300 -> "RPUSH l a" ],
                [ "RPUSH l a"; "LPOP l" ],
                ":301\r\n$1\r\na\r\n")
        struct ("LMOVE and LINDEX, large",
                [ for number in 1..300 -> "RPUSH l a" ],
                [ "LMOVE l l LEFT RIGHT"; "LINDEX l 150" ],
                "$1\r\na\r\n$1\r\na\r\n")
        struct ("SADD and SREM, packed", [ "SADD s 1 2 3" ], [ "SADD s four"; "SREM s four" ], ":1\r\n:1\r\n")
        struct ("SADD and SREM, large",
                [ for number in 1..300 -> $"SADD s member:{number}" ],
                [ "SADD s four"; "SREM s four" ],
                ":1\r\n:1\r\n")
        struct ("ZADD, ZINCRBY, ZRANK and ZPOPMIN, packed",
                [ "ZADD z 1 a 2 b 3 c" ],
                [ "ZADD z 0 d"; "ZINCRBY z 1 a"; "ZADD z 1 a"; "ZRANK z b"; "ZPOPMIN z" ],
                ":1\r\n$1\r\n2\r\n:0\r\n:2\r\n*2\r\n$1\r\nd\r\n$1\r\n0\r\n")
        struct ("ZADD, ZINCRBY, ZRANK and ZPOPMIN, large",
                [ for number in 1..300 -> $"ZADD z {number} member:{number}" ],
                [
                    "ZADD z 0 d"
                    "ZINCRBY z 2.5 member:1"
                    "ZADD z 1 member:1"
                    "ZRANK z member:9"
                    "ZPOPMIN z"
                ],
                ":1\r\n$3\r\n3.5\r\n:0\r\n:9\r\n*2\r\n$1\r\nd\r\n$1\r\n0\r\n")
        struct ("ZRANGE and ZRANGEBYSCORE, large",
                [ for number in 1..300 -> $"ZADD z {number} member:{number}" ],
                [ "ZRANGE z 5 5"; "ZRANGEBYSCORE z (7 8 WITHSCORES" ],
                "*1\r\n$8\r\nmember:6\r\n*2\r\n$8\r\nmember:8\r\n$1\r\n8\r\n")
        struct ("XADD and XTRIM, in one block",
                [ "XADD s 1 field value" ],
                [ "XTRIM s MAXLEN 0"; "XSETID s 1"; "XADD s 1-1 field value other 5" ],
                ":1\r\n+OK\r\n$3\r\n1-1\r\n")
        struct ("XRANGE of many blocks",
                [ for number in 1..300 -> $"XADD s {number} field {number}" ],
                [ "XRANGE s 150 150" ],
                "*1\r\n*2\r\n$5\r\n150-0\r\n*2\r\n$5\r\nfield\r\n$3\r\n150\r\n")
        struct ("SADD of a new key", [], [ "SADD new 1 2 3"; "DEL new" ], ":3\r\n:1\r\n")
        struct ("DEL and SET", [], [ $"SET k {sixteen 'v'}"; "DEL k" ], "+OK\r\n:1\r\n")
        struct ("EXPIRE", [ "SET k v EX 5" ], [ "EXPIRE k 100" ], ":1\r\n")
        struct ("HGET, packed", fields 10 10, [ "HGET h field:7" ], $"$10\r\n{String('v', 10)}\r\n")
        struct ("HSET, packed", fields 10 10, [ "HSET h field:7 wwwwwwwwww" ], ":0\r\n")
        struct ("HGET, packed in a blob", fields 40 40, [ "HGET h field:7" ], $"$40\r\n{String('v', 40)}\r\n")
        struct ("HSET, packed in a blob", fields 40 40, [ $"HSET h field:7 {String('w', 40)}" ], ":0\r\n")
        struct ("HGET, table", fields 200 10, [ "HGET h field:7" ], $"$10\r\n{String('v', 10)}\r\n")
        struct ("HSET, table", fields 200 10, [ "HSET h field:7 wwwwwwwwww" ], ":0\r\n")
        struct ("HINCRBY", [ "HSET h f 1000000" ], [ "HINCRBY h f 1"; "HINCRBY h f -1" ], ":1000001\r\n:1000000\r\n")
    ]
    |> List.map (fun struct (name: string, before: string list, measured: string list, answers: string) ->
        [| box name; box before; box measured; box answers |])

[<Theory>]
[<MemberData(nameof cases)>]
let ``from received bytes to written reply nothing is allocated``
    (_: string, before: string list, measured: string list, answers: string)
    =
    let server = Server()
    server.Receive(bytesOf before)
    Assert.Equal(0L, allocatedBy server (bytesOf measured))
    Assert.Equal<string>(answers, server.Replies)

[<Fact>]
let ``after a freeze a page is copied once, and then nothing is allocated`` () =
    let server = Server()
    let bytes = bytesOf [ $"SET k {sixteen 'v'}"; "GET k" ]
    server.Receive bytes
    let frozen = server.Keyspace.Freeze()
    Assert.Equal(0L, allocatedBy server bytes)
    Assert.Equal(1, frozen.Tables[0].Count)

[<Fact>]
let ``what XADD allocates is what the stream takes`` () =
    let server = Server()
    let bytes = bytesOf [ for _ in 1..100 -> "XADD s * field value" ]
    let mutable entry = Entry()

    // Warm, see above: code that is not yet optimised allocates.
    allocatedBy server (bytesOf [ "XADD warm 1-1 field value"; "XTRIM warm MAXLEN 0"; "XSETID warm 1" ])
    |> ignore

    let memory () =
        let found =
            server.Keyspace.Databases[0].Table.Find(ReadOnlySpan(Bytes.ofString "s"), &entry)

        if found then
            (StreamValue.dataOf &entry).Account.Bytes
        else
            0L

    server.Receive bytes
    let memoryBefore = memory ()
    let before = GC.GetAllocatedBytesForCurrentThread()

    for _ in 1..1_000 do
        server.Receive bytes

    let allocated = GC.GetAllocatedBytesForCurrentThread() - before
    let grown = memory () - memoryBefore
    Assert.True(grown > 100_000L, $"{grown}")
    // Pages that are filled were smaller before: each is allocated at a few sizes.
    Assert.True(allocated < 3L * grown, $"{allocated} bytes allocated, of which {grown} are in use")
