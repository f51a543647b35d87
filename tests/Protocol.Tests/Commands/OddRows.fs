/// Rows of commands whose keys or arguments are out of the ordinary, from families that are not there yet: what a usage
/// line must be able to express. Only their facts count. A row leaves this file when the table has its command.
module RedisClone.Protocol.Tests.OddRows

open RedisClone.Protocol
open RedisClone.Protocol.Rows

let private row usage flags version =
    command usage flags (since version) "" (fun (_: Call) -> Outcome.Unchanged)
    |> complexity ""

let private firstKey index flags =
    {
        Flags = flags
        Begin = BeginSearch.Index index
        Find = FindKeys.Range(0, 1, 0)
    }

let private lists =
    family
        Group.List
        [
            row "BLPOP key [key ...] timeout:double" [ Write; NoScript; Blocking ] "2.0.0"
            |> keys [ takes ]
            |> history "6.0.0" ""
            row "BLMPOP timeout:double numkeys key [key ...] <LEFT | RIGHT> [COUNT count]" [ Write; Blocking ] "7.0.0"
            |> keys [ takes ]
            row
                "BLMOVE source destination <wherefrom: LEFT | RIGHT> <whereto: LEFT | RIGHT> timeout:double"
                [ Write; DenyOom; NoScript; Blocking ]
                "6.2.0"
            |> keys [ takes; inserts ]
            row "LINSERT key <BEFORE | AFTER> pivot element" [ Write; DenyOom ] "2.2.0"
            |> keys [ inserts ]
            row "LMPOP numkeys key [key ...] <LEFT | RIGHT> [COUNT count]" [ Write ] "7.0.0"
            |> keys [ takes ]
            row "LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]" [ ReadOnly ] "6.0.6"
            row "RPOP key [count]" [ Write; Fast ] "1.0.0"
            |> keys [ takes ]
            |> history "6.2.0" "`count`"
        ]

let private sets =
    family
        Group.Set
        [
            row "SDIFFSTORE destination key [key ...]" [ Write; DenyOom ] "1.0.0"
            row "SINTERCARD numkeys key [key ...] [LIMIT limit]" [ ReadOnly ] "7.0.0"
            row "SINTERSTORE destination key [key ...]" [ Write; DenyOom ] "1.0.0"
            |> keys [ updates; reads ]
            row "SMOVE source destination member" [ Write; Fast ] "1.0.0"
            |> keys [ takes; inserts ]
        ]

let private sortedSets =
    family
        Group.SortedSet
        [
            row
                "ZADD key [NX | XX] [GT | LT] [change: CH] [increment: INCR] score member [score member ...]"
                [ Write; DenyOom; Fast ]
                "1.2.0"
            |> history "2.4.0" ""
            |> history "3.0.2" "`XX`, `NX`, `CH`, `INCR`"
            |> history "6.2.0" "`GT`, `LT`"
            row "ZDIFFSTORE destination numkeys key [key ...]" [ Write; DenyOom ] "6.2.0"
            row
                "ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]"
                [ Write; DenyOom ]
                "2.0.0"
            row
                "ZRANGE key start:string stop:string [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]"
                [ ReadOnly ]
                "1.2.0"
            |> history "6.2.0" "`REV`, `BYSCORE`, `BYLEX`, `LIMIT`"
            row
                "ZRANGESTORE dst src min:string max:string [BYSCORE | BYLEX] [REV] [LIMIT offset count]"
                [ Write; DenyOom ]
                "6.2.0"
            row "BZPOPMAX key [key ...] timeout:double" [ Write; NoScript; Blocking; Fast ] "5.0.0"
            |> keys [ takes ]
            |> history "6.0.0" ""
        ]

let private streams =
    family
        Group.Stream
        [
            row
                "XADD key [NOMKSTREAM] [trim: <strategy: MAXLEN | MINID> [operator: equal: = | approximately: ~] threshold [LIMIT count]] <id_or_auto: auto_id: * | id> field value [field value ...]"
                [ Write; DenyOom; Fast ]
                "5.0.0"
            |> tips [ nondeterministic ]
            |> history "6.2.0" "`NOMKSTREAM`, `MINID`, `LIMIT`"
            |> history "7.0.0" ""
            row
                "XREAD [COUNT count] [BLOCK milliseconds] <streams: STREAMS key [key ...] id [id ...]>"
                [ ReadOnly; Blocking ]
                "5.0.0"
            row
                "XREADGROUP <GROUP group consumer> [COUNT count] [BLOCK milliseconds] [NOACK] <streams: STREAMS key [key ...] id [id ...]>"
                [ Write; Blocking ]
                "5.0.0"
            |> keys [ reads ]
            row
                "XPENDING key group [filters: [IDLE min-idle-time] start:string end:string count [consumer]]"
                [ ReadOnly ]
                "5.0.0"
            |> tips [ nondeterministic ]
            |> history "6.2.0" "`IDLE`"
            container "XGROUP" (since "5.0.0") ""
            row "XGROUP SETID key groupname <id: id | new_id: $> [ENTRIESREAD entries_read:integer]" [ Write ] "5.0.0"
            |> history "7.0.0" ""
        ]

let private geo =
    family
        Group.Geo
        [
            row
                "GEORADIUS key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key] [STOREDIST key]"
                [ Write; DenyOom ]
                "3.2.0"
            |> keys [ reads; overwrites; overwrites ]
            |> history "6.2.0" "`ANY`"
            |> history "7.0.0" ""
            |> deprecated "6.2.0" ""
            row
                "GEOSEARCH key <from: FROMMEMBER member | FROMLONLAT longitude latitude> <by: circle: BYRADIUS radius <M | KM | FT | MI> | box: <BYBOX width> height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]"
                [ ReadOnly ]
                "6.2.0"
            |> history "7.0.0" ""
        ]

let private bitmaps =
    family
        Group.Bitmap
        [
            row
                "BITFIELD key [operation: <encoding_offset: GET encoding offset | write: [OVERFLOW <WRAP | SAT | FAIL>] <write_operation: SET encoding offset value:integer | INCRBY encoding offset increment>> ...]"
                [ Write; DenyOom ]
                "3.2.0"
            |> keys [ readsAndUpdates ||| KeyFlags.VariableFlags ]
            row "BITFIELD_RO key [GET encoding offset [GET encoding offset ...]]" [ ReadOnly; Fast ] "6.0.0"
            row "BITOP operation destkey key [key ...]" [ Write; DenyOom ] "2.6.0"
            row "BITPOS key bit [index: start [end_index: end [index_unit: BYTE | BIT]]]" [ ReadOnly ] "2.8.7"
            |> history "7.0.0" "`BYTE`, `BIT`"
        ]

let private others =
    family
        Group.Scripting
        [
            row
                "EVAL script numkeys [key [key ...]] [arg [arg ...]]"
                [ NoScript; Stale; SkipMonitor; NoMandatoryKeys ]
                "2.6.0"
            |> keys [ readsAndUpdates ]
            row
                "FCALL_RO function numkeys [key [key ...]] [arg [arg ...]]"
                [ ReadOnly; NoScript; Stale; SkipMonitor; NoMandatoryKeys ]
                "7.0.0"
        ]
    @ family
        Group.PubSub
        [
            row "SPUBLISH shardchannel message" [ PubSub; Loading; Stale; Fast ] "7.0.0"
            row "SUNSUBSCRIBE [shardchannel [shardchannel ...]]" [ PubSub; NoScript; Loading; Stale ] "7.0.0"
        ]
    @ family
        Group.Server
        [
            row "PSYNC replicationid offset" [ Admin; NoScript; NoAsyncLoading; NoMulti ] "2.8.0"
            |> arity -3
            row
                "REPLICAOF <args: host-port: host port | no-one: NO ONE>"
                [ Admin; NoScript; Stale; NoAsyncLoading ]
                "5.0.0"
        ]
    @ family
        Group.Generic
        [
            row
                "MIGRATE host port <key_or_empty_string: key | \"\"> destination-db timeout [COPY] [REPLACE] [authentication: AUTH password | AUTH2 username password] [KEYS key [key ...]]"
                [ Write ]
                "2.6.0"
            |> keySpecs
                [
                    firstKey 3 takes
                    {
                        Flags = takes ||| KeyFlags.Incomplete
                        Begin = BeginSearch.Keyword("KEYS", -2)
                        Find = FindKeys.Range(-1, 1, 0)
                    }
                ]
            |> categories AclCategories.Dangerous
            |> tips [ nondeterministic ]
            |> history "3.0.0" "`COPY`, `REPLACE`"
            |> history "3.0.6" "`KEYS`"
            |> history "4.0.7" "`AUTH`"
            |> history "6.0.0" "`AUTH2`"
        ]

/// The table of the product with the odd rows that it lacks.
let table: CommandTable<Handler> =
    let known = Commands.makeTable ()

    let isNew (row: Row<Handler>) =
        let usage = Usage.parse row.Usage

        let fullName =
            match usage.Parent with
            | Some parent -> $"{parent}|{usage.Name}"
            | None -> usage.Name

        isNull (known.FindFull(Bytes.ofString fullName))

    let odd = List.concat [ lists; sets; sortedSets; streams; geo; bitmaps; others ]
    CommandTable([ for command in known.Commands -> command.Row ] @ List.filter isNew odd)
