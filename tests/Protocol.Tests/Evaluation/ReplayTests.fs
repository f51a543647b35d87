/// What is logged is enough: a log, or a snapshot written as one, makes the same databases again.
module RedisClone.Protocol.Tests.Evaluation.ReplayTests

open System
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open Xunit

[<Law(300)>]
let ``replaying the log gives the live databases after every step`` (Steps steps) (freezes: bool) =
    let live = Evaluator(Freezes = freezes)
    let replica = Replayer()

    for step in steps do
        replica.Replay (live.Do step).Journal
        Contents.expectSame live.Contents replica.Contents

    Assert.Equal<byte>(live.Digest(), replica.Digest())

[<Law(60)>]
let ``digests agree after every step of a replay`` (Steps steps) =
    let live = Evaluator()
    let replica = Replayer()

    for step in steps do
        replica.Replay (live.Do step).Journal
        Assert.Equal<byte>(live.Digest(), replica.Digest())

[<Law(200)>]
let ``what changed without an entry in the log did not change`` (Steps steps) =
    let live = Evaluator()

    for step in steps do
        let before = live.Contents
        let effect = live.Do step

        if effect.Journal.Length = 0 then
            Contents.expectSame before live.Contents

/// The keys whose content is not the same, with their databases.
let private changedKeys (before: Contents) (after: Contents) =
    // Redis announces no change of what a group has pending.
    let before = Contents.withoutNotes true before
    let after = Contents.withoutNotes true after

    [
        for index in 0 .. before.Length - 1 do
            for key in Seq.append before[index].Keys after[index].Keys do
                if before[index].TryFind key <> after[index].TryFind key then
                    index, key
    ]

[<Law(100)>]
let ``a key that changed was announced to who watches it`` (Steps steps) =
    let live = Evaluator()
    live.Call.Observed <- true

    for step in steps do
        let before = live.Contents
        live.Call.Events.Clear()
        live.Do step |> ignore

        let announced =
            set
                [
                    for event in live.Call.Events ->
                        event.Database,
                        (if isNull event.Key then
                             null
                         else
                             Bytes.toString (ReadOnlySpan event.Key))
                ]

        // Who watches a key is not told of what its value is called.
        for index, key in changedKeys (Contents.values before) (Contents.values live.Contents) do
            Assert.True(
                announced.Contains((index, key)) || announced.Contains((index, null)),
                $"%A{key} of database {index} changed silently"
            )

// ---- digests

[<Law(100)>]
let ``databases that differ in anything but encodings have other digests`` (Steps steps) =
    let live = Evaluator()
    let mutable before = live.Contents
    let mutable digest = live.Digest()

    for step in steps do
        live.Do step |> ignore
        let after = live.Contents
        let next = live.Digest()

        // A digest tells of a deadline only that there is one.
        let told (contents: Contents) =
            Contents.values contents
            |> Contents.withoutNotes false
            |> Array.map (
                Map.map (fun _ content ->
                    content.Value, Set.ofSeq content.FieldDeadlines.Keys, content.Deadline = Page.NoDeadline)
            )

        Assert.Equal((told before = told after), (ReadOnlySpan<byte>(digest).SequenceEqual(ReadOnlySpan<byte> next)))
        before <- after
        digest <- next

/// Commands after which the databases differ from those after any other line, though the same bytes lie in them.
let private distinct =
    [
        []
        [ "SET a b" ]
        [ "SET b a" ]
        [ "SELECT 1"; "SET a b" ]
        [ "SET a b"; "SET b a" ]
        [ "SET a a"; "SET b b" ]
        [ "SET ab c" ]
        [ "SET a bc" ]
        [ "SET a b"; "EXPIRE a 100" ]
        [ "SET a b"; "SET c d"; "EXPIRE a 100" ]
        [ "SET a b"; "SET c d"; "EXPIRE c 100" ]
        [ "ZADD a 1 b" ]
        [ "ZADD a 2 b" ]
        [ "ZADD a 1 b 2 c" ]
        [ "ZADD a 2 b 1 c" ]
        [ "ZADD a 1 b"; "ZADD c 1 b" ]
        [ "SADD a b" ]
        [ "SADD a b c" ]
        [ "SADD a c"; "SADD b c" ]
        [ "HSET a b c" ]
        [ "HSET a c b" ]
        [ "HSET a b c d e" ]
        [ "HSET a b e d c" ]
        [ "HSET a b c"; "HSET d e f" ]
        [ "XADD a 1 b c" ]
        [ "XADD a 2 b c" ]
        [ "XADD a 1-2 b c" ]
        [ "XADD a 1 c b" ]
        [ "XADD a 1 b c"; "XADD a 2 d e" ]
        [ "XADD a 1 b c d e" ]
        [ "XADD a 1 b c"; "XADD d 1 e f" ]
        [ "HSET a b f"; "HSET d e c" ]
    ]

let private after (lines: string list) =
    let live = Evaluator()

    for line in lines do
        match line.Split ' ' with
        | [| "SELECT"; index |] -> live.SelectDatabase(int index)
        | words -> live.Run words |> ignore

    live

[<Fact>]
let ``the same bytes in other places have another digest`` () =
    let digests =
        [ for lines in distinct -> Convert.ToHexString((after lines).Digest()) ]

    Assert.Equal(distinct.Length, (set digests).Count)

/// Databases with values in all their forms.
let private various =
    [
        "SET short v"
        "SET number 12"
        "SETEX due 1000 v"
        $"SET long {String('v', 3000)}"
        "APPEND short w"
        "HSET small f v g w"
        "HINCRBYFLOAT small f2 1.5"
        $"HSET blob f {String('v', 2000)} g {String('w', 500)}"
        yield! [ for number in 1..100 -> $"HSET table f{number} v{number}" ]
        "PEXPIRE table 1000000"
        yield!
            [
                for number in 1..250 -> $"XADD stream {number}-{number % 3} f{number / 200} v{number}"
            ]
        "XDEL stream 17-2"
        "XTRIM stream MAXLEN 220"
        "SELECT 2"
        "SET short v"
        "COPY short other DB 1"
    ]

[<Collection("oracle")>]
type DigestTests() =
    [<OracleFact>]
    member _.``the digest is that of DEBUG DIGEST``() =
        use server = OracleServer.Start [ "--enable-debug-command"; "yes" ]
        use client = server.Connect()

        for lines in various :: distinct do
            client.Call "FLUSHALL" |> ignore
            client.Call("SELECT", "0") |> ignore

            for line in lines do
                client.Call(line.Split ' ') |> ignore

            let digest = Convert.ToHexString((after lines).Digest()).ToLowerInvariant()
            Assert.Equal(OracleReply.Simple digest, client.Call("DEBUG", "DIGEST"))

// ---- snapshots

/// A frozen version as commands, and how many chunks those came in.
let private written (frozen: FrozenKeyspace) =
    let writer = SnapshotWriter frozen
    let chunk = RespWriter 1024
    let chunks = ResizeArray<byte[]>()

    while writer.WriteNext chunk do
        chunks.Add(chunk.Written.ToArray())
        chunk.Truncate 0

    Array.concat chunks, chunks.Count, writer.KeysWritten

[<Law(200)>]
let ``a snapshot that is replayed is the keyspace again`` (Steps steps) =
    let live = Evaluator()
    live.DoAll steps |> ignore
    let bytes, _, keys = written (live.Keyspace.Freeze())
    let replica = Replayer()
    replica.Replay bytes
    Contents.expectSame (Contents.values live.Contents) (Contents.values replica.Contents)
    Assert.Equal<byte>(live.Digest(), replica.Digest())
    Assert.Equal(Seq.sumBy (fun (keys: Map<string, Content>) -> int64 keys.Count) live.Contents, keys)

[<Law(200)>]
let ``a snapshot and the log from there on are the keyspace`` (Steps steps) (Steps later) =
    let live = Evaluator()
    live.DoAll steps |> ignore
    let snapshot, _, _ = written (live.Keyspace.Freeze())
    let replica = Replayer()
    replica.Replay snapshot
    live.Journal.LoggedDatabase <- -1

    for effect in live.DoAll later do
        replica.Replay effect.Journal

    Contents.expectSame (Contents.values live.Contents) (Contents.values replica.Contents)
    Assert.Equal<byte>(live.Digest(), replica.Digest())

[<Fact>]
let ``a snapshot of much data comes in chunks, and a large hash in several commands`` () =
    let live = Evaluator()

    for number in 1..2000 do
        live.Run("SET", $"key:{number}", String('v', 500)) |> ignore
        live.Run("HSET", "large", $"field:{number}", $"{number}") |> ignore

    live.Run("PEXPIRE", "large", "5000") |> ignore
    let bytes, chunks, _ = written (live.Keyspace.Freeze())
    let replica = Replayer()
    replica.Replay bytes
    Assert.InRange(chunks, 4, 8)
    Contents.expectSame live.Contents replica.Contents
    Assert.Equal<byte>(live.Digest(), replica.Digest())

[<Fact>]
let ``a long list comes in several chunks`` () =
    let live = Evaluator()

    for number in 1..2000 do
        live.Run("RPUSH", "long", String('v', 500), $"{number}") |> ignore

    live.Run("PEXPIRE", "long", "5000") |> ignore
    let bytes, chunks, keys = written (live.Keyspace.Freeze())
    let replica = Replayer()
    replica.Replay bytes
    Assert.InRange(chunks, 4, 8)
    Assert.Equal(1L, keys)
    Contents.expectSame live.Contents replica.Contents
    Assert.Equal<byte>(live.Digest(), replica.Digest())

[<Fact>]
let ``a snapshot of empty databases is empty`` () =
    let bytes, chunks, keys = written (Evaluator().Keyspace.Freeze())
    Assert.Empty bytes
    Assert.Equal(0, chunks)
    Assert.Equal(0L, keys)
