/// Which commands count as a use of a key; asked of redis-server 7.0.15.
module RedisClone.Protocol.Tests.Evaluation.UseTests

open System
open RedisClone.Protocol
open Xunit

/// Commands that use the key k, a number, the key long, a long string, the key h, a hash, the key s, a set,
/// or the key l, a list.
let private uses =
    [
        "GET k"
        "STRLEN k"
        "GETRANGE k 0 1"
        "MGET k"
        "LCS k other"
        "LCS other k"
        "GETEX k"
        "GETEX k EX 100"
        "GETEX k PERSIST"
        "GETSET k 1"
        "SET k 1"
        "SET k 1 NX"
        "SET k 1 XX"
        "SET k 1 GET"
        "SETNX k 1"
        "MSETNX k 1"
        "MSETNX other 1 k 1"
        "APPEND k 1"
        "APPEND long 1"
        "SETRANGE k 0 1"
        "SETRANGE long 0 1"
        "INCR k"
        "INCRBYFLOAT k 1"
        "TOUCH k"
        "EXPIRE k 100"
        "EXPIRE k 100 XX"
        "PERSIST k"
        "RENAMENX k k"
        "RENAME k other"
        "COPY k copied"
        "COPY other k"
        "HGET h f1"
        "HMGET h f1"
        "HLEN h"
        "HEXISTS h f1"
        "HSTRLEN h f1"
        "HGETALL h"
        "HKEYS h"
        "HVALS h"
        "HSCAN h 0"
        "HRANDFIELD h"
        "SORT l ALPHA"
        "SORT s BY nosort"
        "SORT_RO l ALPHA"
        "HSET h f1 1"
        "HSET h f1 v"
        "HSET h f1 longer"
        "HSET h new 1"
        "HSETNX h f1 1"
        "HINCRBY h n 1"
        "HINCRBYFLOAT h n 1"
        "HDEL h none"
        "HDEL h f1"
        "LLEN l"
        "LINDEX l 0"
        "LRANGE l 0 -1"
        "LPOS l f1"
        "LPUSH l f1"
        "RPUSHX l f1"
        "LPOP l"
        "RPOP l 1"
        "LSET l 0 v"
        "LREM l 1 none"
        "LTRIM l 0 -1"
        "LINSERT l BEFORE none v"
        "LMOVE l l LEFT RIGHT"
        "RPOPLPUSH l moved"
        "LMPOP 1 l LEFT"
        "ZCARD z"
        "ZSCORE z f1"
        "ZMSCORE z f1"
        "ZRANK z f1"
        "ZREVRANK z none"
        "ZRANGE z 0 1"
        "ZRANGEBYSCORE z 0 1"
        "ZRANGESTORE other z 0 1"
        "ZCOUNT z 0 1"
        "ZLEXCOUNT z - +"
        "ZSCAN z 0"
        "ZRANDMEMBER z"
        "ZADD z 1 f1"
        "ZADD z 1 new"
        "ZINCRBY z 1 f1"
        "ZREM z none"
        "ZREMRANGEBYRANK z 0 0"
        "ZPOPMIN z"
        "ZMPOP 1 z MAX"
        "ZUNION 2 z none"
        "ZINTER 1 z"
        "ZDIFF 1 z"
        "ZINTERCARD 1 z"
        "ZUNIONSTORE other 1 z"
        "GEOADD z 1 1 f1"
        "GEODIST z f1 f1"
        "GEOPOS z f1"
        "GEOHASH z f1"
        "GEOSEARCH z FROMLONLAT 1 1 BYRADIUS 1 m"
        "GEOSEARCHSTORE other z FROMLONLAT 1 1 BYRADIUS 1 m"
        "SCARD s"
        "SISMEMBER s f1"
        "SMISMEMBER s f1"
        "SMEMBERS s"
        "SSCAN s 0"
        "SRANDMEMBER s"
        "SRANDMEMBER s 2"
        "SINTER s none"
        "SUNION none s"
        "SDIFF s s"
        "SINTERCARD 1 s"
        "SINTERSTORE other s"
        "SADD s f1"
        "SADD s new"
        "SREM s none"
        "SREM s f1"
        "SPOP s"
        "SPOP s 2"
        "SMOVE s s f1"
        "SMOVE s moved f1"
        "SMOVE s moved none"
    ]

let private looks =
    [
        "EXISTS k"
        "TYPE k"
        "TTL k"
        "PTTL k"
        "EXPIRETIME k"
        "PEXPIRETIME k"
        "OBJECT ENCODING k"
        "OBJECT REFCOUNT k"
        "OBJECT IDLETIME k"
        "MEMORY USAGE k"
        "KEYS *"
        "SCAN 0"
        "RANDOMKEY"
        "DBSIZE"
    ]

/// How long each key has not been used after a command ten seconds after all were made.
let private idleTimes (fields: int) (line: string) (noTouch: bool) =
    let evaluator = Evaluator()

    for key in [ "k"; "other" ] do
        evaluator.Run("SET", key, "1234567") |> ignore

    evaluator.Run("SET", "long", String('v', 3000)) |> ignore
    evaluator.Run("HSET", "h", "n", "5") |> ignore

    for number in 1..fields do
        evaluator.Run("HSET", "h", $"f{number}", "v") |> ignore
        evaluator.Run("SADD", "s", $"f{number}", $"g{number}") |> ignore

        evaluator.Run("ZADD", "z", $"{number}", $"f{number}", "0", $"g{number}")
        |> ignore

        evaluator.Run("RPUSH", "l", $"f{number}", $"g{number}") |> ignore

    evaluator.Do(Advance 10_000L) |> ignore
    evaluator.Call.NoTouch <- noTouch
    evaluator.Run(line.Split ' ') |> ignore

    let idle (key: string) =
        evaluator.Run("OBJECT", "IDLETIME", key)

    // RENAME takes the time along with the value.
    let keys =
        if line.StartsWith "RENAME k" then
            [ "other"; "long"; "h"; "s"; "l"; "z" ]
        else
            [ "k"; "long"; "h"; "s"; "l"; "z" ]

    List.map idle keys

[<Fact>]
let ``reading and writing a key count as using it`` () =
    for fields in [ 2; 100 ] do
        for line in uses do
            Assert.True(List.contains (Reply.Integer 0L) (idleTimes fields line false), $"{line} is no use of a key")

[<Fact>]
let ``looking at what is known of a key does not count as using it`` () =
    for line in looks do
        Assert.Equal<Reply list>(List.replicate 6 (Reply.Integer 10L), idleTimes 2 line false)

[<Fact>]
let ``of a client that wants it so, only TOUCH counts as using a key`` () =
    for line in [ "GET k"; "EXPIRE k 100"; "HGET h f1"; "HSET h f1 w" ] do
        Assert.Equal<Reply list>(List.replicate 6 (Reply.Integer 10L), idleTimes 2 line true)

    Assert.Equal(Reply.Integer 0L, (idleTimes 2 "TOUCH k" true).Head)
