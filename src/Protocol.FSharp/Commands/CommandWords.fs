namespace RedisClone.Protocol

open System

/// The families of commands, as COMMAND DOCS groups them.
[<RequireQualifiedAccess>]
type Group =
    | String
    | Hash
    | List
    | Set
    | SortedSet
    | HyperLogLog
    | Geo
    | Stream
    | Bitmap
    | Generic
    | PubSub
    | Server
    | Connection
    | Transactions
    | Scripting
    | Cluster

/// What admission, the log and clients need to know of a command beforehand. The order is that of COMMAND's replies.
[<Flags>]
type CommandFlags =
    | None = 0
    /// May change keys.
    | Write = 0x1
    /// Reads keys and changes none.
    | ReadOnly = 0x2
    /// Refused when memory is short.
    | DenyOom = 0x4
    | Admin = 0x8
    | PubSub = 0x10
    | NoScript = 0x20
    /// May keep the client waiting.
    | Blocking = 0x40
    /// Allowed while data is being loaded.
    | Loading = 0x80
    /// Allowed on a replica whose data is out of date.
    | Stale = 0x100
    | SkipMonitor = 0x200
    | SkipSlowlog = 0x400
    /// Accepted for a slot that is being imported.
    | Asking = 0x800
    /// Takes constant or logarithmic time.
    | Fast = 0x1000
    /// Allowed before the client has authenticated.
    | NoAuth = 0x2000
    /// May write to the log though it does not change keys.
    | MayReplicate = 0x4000
    /// Can do without keys, though its key specifications tell of some.
    | NoMandatoryKeys = 0x8000
    /// Not allowed while data is being loaded in the background.
    | NoAsyncLoading = 0x10000
    | NoMulti = 0x20000
    /// Keys that first, last and step do not tell; derived.
    | MovableKeys = 0x40000
    /// Allowed while a script takes too long.
    | AllowBusy = 0x80000

/// The categories that access control lists speak of; derived, in the order of ACL CAT.
[<Flags>]
type AclCategories =
    | None = 0
    | Keyspace = 0x1
    | Read = 0x2
    | Write = 0x4
    | Set = 0x8
    | SortedSet = 0x10
    | List = 0x20
    | Hash = 0x40
    | String = 0x80
    | Bitmap = 0x100
    | HyperLogLog = 0x200
    | Geo = 0x400
    | Stream = 0x800
    | PubSub = 0x1000
    | Admin = 0x2000
    | Fast = 0x4000
    | Slow = 0x8000
    | Blocking = 0x10000
    | Dangerous = 0x20000
    | Connection = 0x40000
    | Transaction = 0x80000
    | Scripting = 0x100000

/// The words that COMMAND and ACL use for what the table knows, each kind in the order of its replies.
[<RequireQualifiedAccess>]
module CommandWords =

    /// Flags that no reply tells of (MayReplicate) are missing.
    let flags: struct (CommandFlags * string)[] =
        [|
            CommandFlags.Write, "write"
            CommandFlags.ReadOnly, "readonly"
            CommandFlags.DenyOom, "denyoom"
            CommandFlags.Admin, "admin"
            CommandFlags.PubSub, "pubsub"
            CommandFlags.NoScript, "noscript"
            CommandFlags.Blocking, "blocking"
            CommandFlags.Loading, "loading"
            CommandFlags.Stale, "stale"
            CommandFlags.SkipMonitor, "skip_monitor"
            CommandFlags.SkipSlowlog, "skip_slowlog"
            CommandFlags.Asking, "asking"
            CommandFlags.Fast, "fast"
            CommandFlags.NoAuth, "no_auth"
            CommandFlags.NoMandatoryKeys, "no_mandatory_keys"
            CommandFlags.NoAsyncLoading, "no_async_loading"
            CommandFlags.NoMulti, "no_multi"
            CommandFlags.MovableKeys, "movablekeys"
            CommandFlags.AllowBusy, "allow_busy"
        |]
        |> Array.map (fun (flag, word) -> struct (flag, word))

    let categories: struct (AclCategories * string)[] =
        [|
            AclCategories.Keyspace, "keyspace"
            AclCategories.Read, "read"
            AclCategories.Write, "write"
            AclCategories.Set, "set"
            AclCategories.SortedSet, "sortedset"
            AclCategories.List, "list"
            AclCategories.Hash, "hash"
            AclCategories.String, "string"
            AclCategories.Bitmap, "bitmap"
            AclCategories.HyperLogLog, "hyperloglog"
            AclCategories.Geo, "geo"
            AclCategories.Stream, "stream"
            AclCategories.PubSub, "pubsub"
            AclCategories.Admin, "admin"
            AclCategories.Fast, "fast"
            AclCategories.Slow, "slow"
            AclCategories.Blocking, "blocking"
            AclCategories.Dangerous, "dangerous"
            AclCategories.Connection, "connection"
            AclCategories.Transaction, "transaction"
            AclCategories.Scripting, "scripting"
        |]
        |> Array.map (fun (category, word) -> struct (category, word))

    let keyFlags: struct (KeyFlags * string)[] =
        [|
            KeyFlags.RO, "RO"
            KeyFlags.RW, "RW"
            KeyFlags.OW, "OW"
            KeyFlags.RM, "RM"
            KeyFlags.Access, "access"
            KeyFlags.Update, "update"
            KeyFlags.Insert, "insert"
            KeyFlags.Delete, "delete"
            KeyFlags.NotKey, "not_key"
            KeyFlags.Incomplete, "incomplete"
            KeyFlags.VariableFlags, "variable_flags"
        |]
        |> Array.map (fun (flag, word) -> struct (flag, word))

    let ofFlags (value: CommandFlags) : string list =
        [
            for struct (flag, word) in flags do
                if value &&& flag <> CommandFlags.None then
                    word
        ]

    let ofCategories (value: AclCategories) : string list =
        [
            for struct (category, word) in categories do
                if value &&& category <> AclCategories.None then
                    word
        ]

    let ofKeyFlags (value: KeyFlags) : string list =
        [
            for struct (flag, word) in keyFlags do
                if value &&& flag <> KeyFlags.None then
                    word
        ]

    let ofGroup (group: Group) : string =
        match group with
        | Group.String -> "string"
        | Group.Hash -> "hash"
        | Group.List -> "list"
        | Group.Set -> "set"
        | Group.SortedSet -> "sorted-set"
        | Group.HyperLogLog -> "hyperloglog"
        | Group.Geo -> "geo"
        | Group.Stream -> "stream"
        | Group.Bitmap -> "bitmap"
        | Group.Generic -> "generic"
        | Group.PubSub -> "pubsub"
        | Group.Server -> "server"
        | Group.Connection -> "connection"
        | Group.Transactions -> "transactions"
        | Group.Scripting -> "scripting"
        | Group.Cluster -> "cluster"

    let ofParameterType (kind: ParameterType) : string =
        match kind with
        | ParameterType.String -> "string"
        | ParameterType.Integer -> "integer"
        | ParameterType.Double -> "double"
        | ParameterType.Key -> "key"
        | ParameterType.Pattern -> "pattern"
        | ParameterType.UnixTime -> "unix-time"
        | ParameterType.PureToken -> "pure-token"
        | ParameterType.OneOf -> "oneof"
        | ParameterType.Block -> "block"
