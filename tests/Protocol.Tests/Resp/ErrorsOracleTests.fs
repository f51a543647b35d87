namespace RedisClone.Protocol.Tests.Resp

open System
open System.Diagnostics
open System.IO
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open Xunit

/// Every error text is what a real server says, shown by making it say so.
///
/// Left out are those that need a full disk, a server that takes long to load, or a client from another machine.
type ErrorsOracleTests() =

    let server =
        lazy OracleServer.Start [ "--enable-debug-command"; "yes"; "--maxmemory-policy"; "allkeys-lru" ]

    /// The error in answer to the last of some lines, each an inline command, sent all at once.
    let errorOf (client: OracleClient) (lines: string list) =
        client.Send(Bytes.ofString (String.Join("\r\n", lines) + "\r\n"))

        match lines |> List.map (fun _ -> client.Read()) |> List.last with
        | OracleReply.Error text -> text
        | other -> $"no error, but {other}"

    /// Compares texts with the errors that lines give, on a new connection each.
    let compareAll (expectations: (string * string list) list) =
        let actual =
            [
                for _, lines in expectations do
                    use client = server.Value.Connect()
                    lines, errorOf client lines
            ]

        Assert.Equal<(string list * string) list>([ for text, lines in expectations -> lines, text ], actual)

    let waitMaxMs = 20_000L

    /// Asks until the answer is yes.
    let until (condition: unit -> bool) =
        let started = Stopwatch.StartNew()

        while not (condition ()) do
            if started.ElapsedMilliseconds > waitMaxMs then
                failwith "waited too long"

    let info (client: OracleClient) (section: string) =
        match client.Call("INFO", section) with
        | OracleReply.Bulk text -> Bytes.toString text
        | reply -> failwith $"{reply} is no text"

    let contains (part: string) (text: string) = text.Contains part

    let span (text: string) = ReadOnlySpan<byte>(Bytes.ofString text)

    let arguments (words: string list) =
        words |> List.map Bytes.ofString |> Array.ofList |> Arguments.OfArrays

    [<OracleFact>]
    member _.``errors of any command``() =
        let long = String('x', 300)
        let many = [ for i in 0..99 -> string i ]

        compareAll
            [
                Errors.syntax, [ "SET k v nx xx" ]
                Errors.notInteger, [ "INCRBY k x" ]
                Errors.notPositive, [ "SPOP k x" ]
                Errors.notFloat, [ "INCRBYFLOAT k x" ]
                Errors.outOfRange, [ "HRANDFIELD k -9223372036854775807 WITHVALUES" ]
                Errors.outOfRangeBetween -Int64.MaxValue Int64.MaxValue, [ "HRANDFIELD k -9223372036854775808" ]
                Errors.wrongType, [ "SET s 1"; "HGET s f" ]
                Errors.noSuchKey, [ "RENAME nokey k" ]
                Errors.wrongArity "get", [ "GeT" ]
                Errors.wrongArity "config|get", [ "ConFig GeT" ]
                Errors.unknownCommand (arguments [ "No" ]), [ "No" ]
                Errors.unknownCommand (arguments [ "no"; "a"; ""; "'b'" ]), [ "no a '' \"'b'\"" ]
                Errors.unknownCommand (arguments [ long; long; "a" ]), [ $"{long} {long} a" ]
                Errors.unknownCommand (arguments ("no" :: many)), [ "no " + String.Join(' ', many) ]
                Errors.unknownCommand (arguments [ "a\000b"; "c\000d"; "e" ]), [ "\"a\\x00b\" \"c\\x00d\" e" ]
                Errors.unknownSubcommand ("CONFIG", span "No"), [ "config No" ]
                Errors.unknownSubcommand ("OBJECT", span long), [ $"OBJECT {long}" ]
                Errors.unknownSubcommandOrArity ("DEBUG", span "No"), [ "DEBUG No" ]
                Errors.unknownSubcommandOrArity ("DEBUG", span long), [ $"DEBUG {long}" ]
            ]

    [<OracleFact>]
    member _.``errors of transactions``() =
        compareAll
            [
                Errors.multiNested, [ "MULTI"; "MULTI" ]
                Errors.execWithoutMulti, [ "EXEC" ]
                Errors.discardWithoutMulti, [ "DISCARD" ]
                Errors.watchInsideMulti, [ "MULTI"; "WATCH k" ]
                Errors.notInsideMulti, [ "MULTI"; "SAVE" ]
                Errors.execAborted, [ "MULTI"; "GET"; "EXEC" ]
            ]

    [<OracleFact>]
    member _.``errors of connections and CLIENT``() =
        compareAll
            [
                Errors.authWithoutPassword, [ "AUTH x" ]
                Errors.wrongPass, [ "AUTH nobody x" ]
                Errors.helloVersionNotInteger, [ "HELLO x" ]
                Errors.unsupportedProtocol, [ "HELLO 4" ]
                Errors.helloOption (span "Auth"), [ "HELLO 3 Auth a" ]
                Errors.databaseOutOfRange, [ "SELECT 16" ]
                Errors.invalidFirstDatabase, [ "SWAPDB x 0" ]
                Errors.invalidSecondDatabase, [ "SWAPDB 0 x" ]
                Errors.subscribedContext "get", [ "SUBSCRIBE c"; "GET k" ]
                Errors.subscribedContext "config|get", [ "SUBSCRIBE c"; "CONFIG GET port" ]
                Errors.clientName, [ "CLIENT SETNAME 'a b'" ]
                Errors.noSuchClient, [ "CLIENT KILL 1.2.3.4:5" ]
                Errors.clientIdNotPositive, [ "CLIENT KILL ID 0" ]
                Errors.invalidClientId, [ "CLIENT LIST ID x" ]
                Errors.unknownClientType (span "No"), [ "CLIENT LIST TYPE No" ]
                Errors.noSuchUser (span "no"), [ "CLIENT KILL USER no" ]
                Errors.pauseMode, [ "CLIENT PAUSE 1 x" ]
                Errors.timeoutNotInteger, [ "CLIENT PAUSE x" ]
                Errors.timeoutNegative, [ "BLPOP k -1" ]
                Errors.timeoutNotFloat, [ "BLPOP k x" ]
                Errors.unblockReason, [ "CLIENT UNBLOCK 1 x" ]
                Errors.cachingWithoutTracking, [ "CLIENT CACHING YES" ]
                Errors.cachingYesWithoutOptin, [ "CLIENT TRACKING ON OPTOUT"; "CLIENT CACHING YES" ]
                Errors.cachingNoWithoutOptout, [ "CLIENT TRACKING ON OPTIN"; "CLIENT CACHING NO" ]
                Errors.redirectTargetMissing, [ "CLIENT TRACKING ON REDIRECT 999999" ]
                Errors.prefixWithoutBcast, [ "CLIENT TRACKING ON PREFIX a" ]
                Errors.optinAndOptout, [ "CLIENT TRACKING ON OPTIN OPTOUT" ]
                Errors.optinWithBcast, [ "CLIENT TRACKING ON OPTIN BCAST" ]
                Errors.switchBcast, [ "CLIENT TRACKING ON"; "CLIENT TRACKING ON BCAST" ]
                Errors.switchOptin, [ "CLIENT TRACKING ON OPTIN"; "CLIENT TRACKING ON OPTOUT" ]
                Errors.prefixesOverlap (span "aa", span "aab"), [ "CLIENT TRACKING ON BCAST PREFIX aa PREFIX aab" ]
                Errors.prefixOverlapsExisting (span "ab", span "a"),
                [ "CLIENT TRACKING ON BCAST PREFIX a"; "CLIENT TRACKING ON BCAST PREFIX ab" ]
            ]

    [<OracleFact>]
    member _.``errors of CONFIG``() =
        let failed name reason setting =
            Errors.configSetFailed name reason, [ $"CONFIG SET {name} {setting}" ]

        let policies =
            [|
                "volatile-lru"
                "volatile-lfu"
                "volatile-random"
                "volatile-ttl"
                "allkeys-lru"
                "allkeys-lfu"
                "allkeys-random"
                "noeviction"
            |]

        compareAll
            [
                Errors.configUnknownOption (span "No"), [ "CONFIG SET No 1" ]
                Errors.configWithoutFile, [ "CONFIG REWRITE" ]
                failed "maxmemory" Errors.ConfigReason.duplicate "1 maxmemory 2"
                failed "databases" Errors.ConfigReason.immutable "1"
                failed "dir" Errors.ConfigReason.protectedConfig "/"
                failed "appendonly" Errors.ConfigReason.yesOrNo "x"
                failed "maxmemory" Errors.ConfigReason.memory "x"
                failed "maxmemory-clients" Errors.ConfigReason.memoryOrPercent "x"
                failed "maxmemory-clients" Errors.ConfigReason.percent "200%"
                failed "timeout" Errors.ConfigReason.integer "x"
                failed "port" (Errors.ConfigReason.between 0L 65535L) "65536"
                failed "maxmemory-policy" (Errors.ConfigReason.oneOf policies) "x"
                failed "save" Errors.ConfigReason.save "1"
                failed "oom-score-adj-values" Errors.ConfigReason.wrongCount "1"
                failed "notify-keyspace-events" Errors.ConfigReason.eventClass "?"
                failed "client-output-buffer-limit" Errors.ConfigReason.bufferLimitCount "'normal 1'"
                failed "client-output-buffer-limit" Errors.ConfigReason.bufferLimitClass "'no 1 2 3'"
                failed "bind" Errors.ConfigReason.bindFailed "203.0.113.1"
                failed "bind" Errors.ConfigReason.tooManyAddresses ("'" + String.replicate 17 "127.0.0.1 " + "'")
                failed "latency-tracking-info-percentiles" Errors.ConfigReason.percentiles "101"
            ]

    [<OracleFact>]
    member _.``errors of COMMAND, OBJECT, DEBUG, SLOWLOG and LATENCY``() =
        compareAll
            [
                Errors.commandInvalid, [ "COMMAND GETKEYS no k" ]
                Errors.commandWithoutKeys, [ "COMMAND GETKEYS ping a" ]
                Errors.commandArity, [ "COMMAND GETKEYS get a b" ]
                Errors.commandArguments, [ "COMMAND GETKEYS zunionstore a 9 b" ]
                Errors.frequencyWithoutLfu, [ "SET s 1"; "OBJECT FREQ s" ]
                Errors.idleTimeUnderLfu, [ "SET s 1"; "CONFIG SET maxmemory-policy allkeys-lfu"; "OBJECT IDLETIME s" ]
                Errors.debugReloadOption, [ "DEBUG RELOAD x" ]
                Errors.slowlogCount, [ "SLOWLOG GET -2" ]
                Errors.latencyEvent (span "No"), [ "LATENCY GRAPH No" ]
                Errors.shutdownNotInProgress, [ "SHUTDOWN ABORT" ]
            ]

    [<OracleFact>]
    member _.``errors of keys, strings and hashes``() =
        let setup = [ "FLUSHALL"; "SET s abc"; "SET n 9223372036854775807"; "HSET h f abc" ]
        let after line = setup @ [ line ]

        compareAll
            [
                Errors.sameObject, after "COPY s s"
                Errors.invalidCursor, after "SCAN x"
                Errors.invalidExpire "set", after "SET s 1 EX 0"
                Errors.invalidExpire "pexpire", after "PEXPIRE s 9223372036854775807"
                Errors.expireNxWithOther, after "EXPIRE s 1 NX GT"
                Errors.expireGtAndLt, after "EXPIRE s 1 GT LT"
                Errors.unsupportedOption (span "No"), after "EXPIRE s 1 No"
                Errors.sortNotDouble, setup @ [ "RPUSH l a b"; "SORT l" ]
                Errors.offsetOutOfRange, after "SETRANGE s -1 x"
                Errors.stringTooLong, after "SETRANGE s 536870912 x"
                Errors.overflow, after "INCR n"
                Errors.decrementOverflow, after "DECRBY s -9223372036854775808"
                Errors.notFinite, setup @ [ "SET f 1"; "INCRBYFLOAT f inf" ]
                Errors.lcsNotStrings, after "LCS s h"
                Errors.lcsLengthAndIndexes, after "LCS s s LEN IDX"
                Errors.bitOffset, after "SETBIT s -1 1"
                Errors.bitNotBinary, after "SETBIT s 1 2"
                Errors.bitArgument, after "BITPOS s 2"
                Errors.bitopNot, after "BITOP NOT d s s"
                Errors.bitfieldType, after "BITFIELD s GET u64 0"
                Errors.bitfieldOverflow, after "BITFIELD s OVERFLOW x"
                Errors.bitfieldReadOnly, after "BITFIELD_RO s SET u8 0 1"
                Errors.hashNotInteger, after "HINCRBY h f 1"
                Errors.hashNotFloat, after "HINCRBYFLOAT h f 1"
                Errors.incrementNotFinite, after "HINCRBYFLOAT h g inf"
            ]

    [<OracleFact>]
    member _.``errors of admission``() =
        use server = OracleServer.Start []
        use client = server.Connect()

        let check (expected: string) (lines: string list) =
            Assert.Equal(expected, errorOf client lines)

        check Errors.debugNotAllowed [ "DEBUG SLEEP 0" ]

        check
            (Errors.noPermissionForCommand "config|get")
            [ "ACL SETUSER bob on >p ~k* +get"; "AUTH bob p"; "CONFIG GET port" ]

        check Errors.noPermissionForKey [ "GET s" ]
        client.Call "RESET" |> ignore
        check Errors.noPermissionForChannel [ "ACL SETUSER bob +publish"; "AUTH bob p"; "PUBLISH c m" ]
        client.Call "RESET" |> ignore
        check Errors.outOfMemory [ "CONFIG SET maxmemory 1"; "SET k v" ]
        check Errors.noAuth [ "CONFIG SET maxmemory 0 requirepass x"; "RESET"; "GET k" ]
        check Errors.helloUnauthenticated [ "HELLO 3" ]
        Assert.Equal(OracleReply.Simple "OK", client.Call("AUTH", "x"))
        Assert.Equal(OracleReply.Simple "OK", client.Call("CONFIG", "SET", "requirepass", "", "maxclients", "1"))
        use refused = server.Connect()
        Assert.Equal(OracleReply.Error Errors.maxClients, refused.Read())

    [<OracleFact>]
    member _.``errors of those whom something keeps waiting``() =
        use server = OracleServer.Start []
        use client = server.Connect()
        use other = server.Connect()

        let idOf (client: OracleClient) =
            match client.Call("CLIENT", "ID") with
            | OracleReply.Integer id -> string id
            | reply -> failwith $"{reply} is no id"

        let id = idOf client
        client.Send("BLPOP nolist 0\r\n"B)
        until (fun () -> other.Call("CLIENT", "UNBLOCK", id, "ERROR") = OracleReply.Integer 1L)
        Assert.Equal(OracleReply.Error Errors.unblocked, client.Read())

    [<OracleFact>]
    member _.``errors of saving``() =
        let slow =
            [ "SET a 1"; "SET b 1"; "SET c 1"; "CONFIG SET rdb-key-save-delay 30000" ]

        let check (expected: string) (lines: string list) =
            use server = OracleServer.Start []
            use client = server.Connect()
            Assert.Equal(expected, errorOf client (slow @ lines))

            // A child left behind would write into the directory while it is being removed.
            until (fun () ->
                let persistence = info client "persistence"

                contains "rdb_bgsave_in_progress:0" persistence
                && contains "aof_rewrite_in_progress:0" persistence)

        check Errors.rewriteInProgress [ "BGREWRITEAOF"; "BGREWRITEAOF" ]

    interface IDisposable with
        member _.Dispose() =
            if server.IsValueCreated then
                (server.Value :> IDisposable).Dispose()
