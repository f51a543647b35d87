namespace RedisClone.Protocol

open System
open System.Globalization
open System.Text

/// Every error text a client can get, once. The first word is the code that client libraries look at. Where a text has
/// holes it is a function; bytes that a client sent are quoted as Redis quotes them, up to a limit.
[<RequireQualifiedAccess>]
module Errors =

    /// The longest quotation of what a client sent, in bytes, where Redis sets no limit.
    let quotedBytesMax = 1024

    /// The longest quotation of a name, and about the longest one of all arguments, of an unknown command.
    let previewBytesMax = 128

    /// Quotes bytes of a client: as text, at most so many of them, and only up to a NUL.
    let private quote (bytesMax: int) (bytes: ReadOnlySpan<byte>) : string =
        let nul = bytes.IndexOf 0uy
        let length = if nul < 0 then bytes.Length else nul
        Bytes.toString (bytes.Slice(0, min length bytesMax))

    // ---- Any command

    let syntax = "ERR syntax error"
    let notInteger = "ERR value is not an integer or out of range"
    let notPositive = "ERR value is out of range, must be positive"
    let notFloat = "ERR value is not a valid float"
    let outOfRange = "ERR value is out of range"

    /// The sign of a number is one of the things that cultures differ in.
    let private decimal (number: int64) =
        number.ToString CultureInfo.InvariantCulture

    let outOfRangeBetween (least: int64) (most: int64) =
        $"ERR value is out of range, value must between {decimal least} and {decimal most}"

    let wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"
    let noSuchKey = "ERR no such key"

    /// `command` in lower case, with its subcommand as `config|get`.
    let wrongArity (command: string) =
        $"ERR wrong number of arguments for '{command}' command"

    /// The name and some of the arguments, as they were sent.
    let unknownCommand (arguments: Arguments) : string =
        let preview = StringBuilder()
        let mutable i = 1

        while i < arguments.Count && preview.Length < previewBytesMax do
            let quoted = quote (previewBytesMax - preview.Length) arguments[i]
            preview.Append('\'').Append(quoted).Append("' ") |> ignore
            i <- i + 1

        let name = quote previewBytesMax arguments[0]
        $"ERR unknown command '{name}', with args beginning with: {preview}"

    /// `command` in upper case.
    let unknownSubcommand (command: string, subcommand: ReadOnlySpan<byte>) : string =
        let quoted = quote previewBytesMax subcommand
        $"ERR unknown subcommand '{quoted}'. Try {command} HELP."

    /// For containers and options that check their arguments by themselves; `command` in upper case.
    let unknownSubcommandOrArity (command: string, subcommand: ReadOnlySpan<byte>) : string =
        let quoted = quote previewBytesMax subcommand
        $"ERR unknown subcommand or wrong number of arguments for '{quoted}'. Try {command} HELP."

    // ---- The RESP protocol. After these the connection is closed.

    let invalidMultibulkLength = "ERR Protocol error: invalid multibulk length"

    let unauthenticatedMultibulkLength =
        "ERR Protocol error: unauthenticated multibulk length"

    let tooBigMultibulkHeader = "ERR Protocol error: too big mbulk count string"

    let expectedBulk (got: byte) =
        $"ERR Protocol error: expected '$', got '{char got}'"

    let invalidBulkLength = "ERR Protocol error: invalid bulk length"
    let unauthenticatedBulkLength = "ERR Protocol error: unauthenticated bulk length"
    let tooBigBulkHeader = "ERR Protocol error: too big bulk count string"
    let tooBigInline = "ERR Protocol error: too big inline request"
    let unbalancedQuotes = "ERR Protocol error: unbalanced quotes in request"

    /// Redis has no such limit, since it copies arguments out of the query buffer one by one.
    let tooBigCommand = "ERR Protocol error: too big request"

    // ---- Admission: why a known command is not even tried

    let noAuth = "NOAUTH Authentication required."
    let wrongPass = "WRONGPASS invalid username-password pair or user is disabled."

    /// `command` in lower case, with its subcommand as `config|get`.
    let noPermissionForCommand (command: string) =
        $"NOPERM this user has no permissions to run the '{command}' command"

    let noPermissionForKey =
        "NOPERM this user has no permissions to access one of the keys used as arguments"

    let noPermissionForChannel =
        "NOPERM this user has no permissions to access one of the channels used as arguments"

    let maxClients = "ERR max number of clients reached"
    let loading = "LOADING Redis is loading the dataset in memory"
    let outOfMemory = "OOM command not allowed when used memory > 'maxmemory'."

    /// `reason` as the operating system words it.
    let logFailed (reason: string) =
        $"MISCONF Errors writing to the AOF file: {reason}"

    /// `command` in lower case, with its subcommand as `config|get`.
    let subscribedContext (command: string) =
        $"ERR Can't execute '{command}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"

    /// Sent, and the connection closed, to who comes from elsewhere than the loopback interface.
    let protectedMode =
        "DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the "
        + "default user. In this mode connections are only accepted from the loopback interface. If you want to connect "
        + "from external computers to Redis you may adopt one of the following solutions: "
        + "1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface "
        + "by connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly "
        + "accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. "
        + "2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and setting "
        + "the protected mode option to 'no', and then restarting the server. "
        + "3) If you started the server manually just for testing, restart it with the '--protected-mode no' option. "
        + "4) Setup a an authentication password for the default user. "
        + "NOTE: You only need to do one of the above things in order for the server to start accepting connections from "
        + "the outside."

    /// `command` is DEBUG or MODULE, `option` what allows it.
    let private notAllowed (command: string) (option: string) =
        $"ERR {command} command not allowed. If the {option} option is set to \"local\", you can run it from a local "
        + "connection, otherwise you need to set this option in the configuration file, and then restart the server."

    let debugNotAllowed = notAllowed "DEBUG" "enable-debug-command"

    // ---- ACL

    /// `option` is BY or GET.
    let sortDenied (option: string) =
        $"ERR {option} option of SORT denied due to insufficient ACL permissions."

    let userName = "ERR Usernames can't contain spaces or null characters"

    /// `reason` as one of AclReason.
    let aclModifier (rule: ReadOnlySpan<byte>, reason: string) : string =
        let quoted = quote quotedBytesMax rule
        $"ERR Error in ACL SETUSER modifier '{quoted}': {reason}"

    let unmatchedSelector (start: ReadOnlySpan<byte>) : string =
        let quoted = quote quotedBytesMax start
        $"ERR Unmatched parenthesis in acl selector starting at '{quoted}'."

    let defaultUserStays = "ERR The 'default' user cannot be removed"

    let aclUserNotFound (name: ReadOnlySpan<byte>) : string =
        let quoted = quote quotedBytesMax name
        $"ERR User '{quoted}' not found"

    let aclCommandNotFound (name: ReadOnlySpan<byte>) : string =
        let quoted = quote quotedBytesMax name
        $"ERR Command '{quoted}' not found"

    let aclUnknownCategory (name: ReadOnlySpan<byte>) : string =
        let quoted = quote quotedBytesMax name
        $"ERR Unknown category '{quoted}'"

    let aclPasswordBits =
        "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096"

    let aclWithoutFile =
        "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER "
        + "command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store "
        + "users in the Redis configuration."

    let aclNotLoaded (problems: string) =
        $"ERR {problems}WARNING: ACL errors detected, no change to the previously active ACL rules was performed"

    let aclNotSaved =
        "ERR There was an error trying to save the ACLs. Please check the server logs for more information"

    /// To a command of a transaction, which was allowed when it was queued. `reason` as one of AclReason.
    let noPermissionAnyMore (reason: string) =
        "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. "
        + $"This command is no longer allowed for the following reason: {reason}"

    /// What is wrong with a rule, and why a command of a transaction is refused.
    [<RequireQualifiedAccess>]
    module AclReason =
        let syntax = "Syntax error"
        let unknown = "Unknown command or category name in ACL"

        let firstArgumentOfSubcommand =
            "Allowing first-arg of a subcommand is not supported"

        let noSuchPassword =
            "The password you are trying to remove from the user does not exist"

        let badHash =
            "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"

        let afterAllKeys =
            "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. "
            + "Try 'resetkeys' to start with an empty list of patterns"

        let afterAllChannels =
            "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. "
            + "Try 'resetchannels' to start with an empty list of channels"

        let command = "no permission to execute the command or subcommand"
        let key = "no permission to touch the specified keys"

        let channel = "no permission to access one of the channels used as arguments"

    // ---- Transactions

    let multiNested = "ERR MULTI calls can not be nested"
    let execWithoutMulti = "ERR EXEC without MULTI"
    let discardWithoutMulti = "ERR DISCARD without MULTI"
    let watchInsideMulti = "ERR WATCH inside MULTI is not allowed"
    let notInsideMulti = "ERR Command not allowed inside a transaction"

    let execAborted = "EXECABORT Transaction discarded because of previous errors."

    /// `refusal` is the error that refuses a queued command.
    let execAbortedBecause (refusal: string) =
        $"EXECABORT Transaction discarded because of: {refusal}"

    /// Answered to EXEC when a command of a transaction that is to leave no trace failed; counted from 1.
    let execRolledBack (number: int) (failure: string) =
        $"EXECABORT Transaction rolled back because command {number} failed: {failure}"

    /// Answered to EXEC when such a transaction holds a command whose effects are not only in the data.
    let cannotRollBack (command: string) = $"'{command}' cannot be rolled back"

    // ---- Blocking commands

    let timeoutNegative = "ERR timeout is negative"
    let timeoutNotInteger = "ERR timeout is not an integer or out of range"
    let timeoutNotFloat = "ERR timeout is not a float or out of range"
    let unblocked = "UNBLOCKED client unblocked via CLIENT UNBLOCK"

    // ---- Connections: AUTH, HELLO, SELECT

    let authWithoutPassword =
        "ERR AUTH <password> called without any password configured for the default user. "
        + "Are you sure your configuration is correct?"

    let helloUnauthenticated =
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option "
        + "can be used to authenticate the client and select the RESP protocol version at the same time"

    let helloVersionNotInteger =
        "ERR Protocol version is not an integer or out of range"

    let unsupportedProtocol = "NOPROTO unsupported protocol version"

    let helloOption (option: ReadOnlySpan<byte>) : string =
        let quoted = quote quotedBytesMax option
        $"ERR Syntax error in HELLO option '{quoted}'"

    let databaseOutOfRange = "ERR DB index is out of range"
    let invalidFirstDatabase = "ERR invalid first DB index"
    let invalidSecondDatabase = "ERR invalid second DB index"

    // ---- CLIENT

    let clientName =
        "ERR Client names cannot contain spaces, newlines or special characters."

    let clientInfoOption (option: ReadOnlySpan<byte>) : string =
        let quoted = quote quotedBytesMax option
        $"ERR Unrecognized option '{quoted}'"

    /// `attribute` is lib-name or lib-ver.
    let clientInfoValue (attribute: string) =
        $"ERR {attribute} cannot contain spaces, newlines or special characters."

    let noSuchClient = "ERR No such client"
    let clientIdNotPositive = "ERR client-id should be greater than 0"
    let invalidClientId = "ERR Invalid client ID"

    let unknownClientType (name: ReadOnlySpan<byte>) : string =
        let quoted = quote quotedBytesMax name
        $"ERR Unknown client type '{quoted}'"

    let noSuchUser (name: ReadOnlySpan<byte>) : string =
        let quoted = quote quotedBytesMax name
        $"ERR No such user '{quoted}'"

    /// `command` in capital letters.
    let denyBlocking (command: string) =
        $"ERR {command} isn't allowed for a DENY BLOCKING client"

    let pauseMode = "ERR CLIENT PAUSE mode must be WRITE or ALL"
    let unblockReason = "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"

    let cachingWithoutTracking =
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"

    let cachingYesWithoutOptin =
        "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."

    let cachingNoWithoutOptout =
        "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."

    let redirectTwice = "ERR A client can only redirect to a single other client"
    let redirectTargetMissing = "ERR The client ID you want redirect to does not exist"

    let prefixWithoutBcast = "ERR PREFIX option requires BCAST mode to be enabled"
    let optinAndOptout = "ERR You can't specify both OPTIN mode and OPTOUT mode"
    let optinWithBcast = "ERR OPTIN and OPTOUT are not compatible with BCAST"

    let private trackingSwitch (mode: string) =
        $"ERR You can't switch {mode} before disabling tracking for this client, and then re-enabling it with a different mode."

    let switchBcast = trackingSwitch "BCAST mode on/off"
    let switchOptin = trackingSwitch "OPTIN/OPTOUT mode"

    /// Two prefixes of one CLIENT TRACKING command.
    let prefixesOverlap (prefix: ReadOnlySpan<byte>, other: ReadOnlySpan<byte>) : string =
        let first = quote quotedBytesMax prefix
        let second = quote quotedBytesMax other

        $"ERR Prefix '{first}' overlaps with another provided prefix '{second}'. Prefixes for a single client must not overlap."

    /// A prefix given and one that the client has had before.
    let prefixOverlapsExisting (prefix: ReadOnlySpan<byte>, existing: ReadOnlySpan<byte>) : string =
        let first = quote quotedBytesMax prefix
        let second = quote quotedBytesMax existing

        $"ERR Prefix '{first}' overlaps with an existing prefix '{second}'. Prefixes for a single client must not overlap."

    // ---- CONFIG

    let configUnknownOption (name: ReadOnlySpan<byte>) : string =
        let quoted = quote quotedBytesMax name
        $"ERR Unknown option or number of arguments for CONFIG SET - '{quoted}'"

    /// `name` as the parameter is called, `reason` one of the texts below or that of the operating system.
    let configSetFailed (name: string) (reason: string) =
        $"ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}"

    let configWithoutFile = "ERR The server is running without a config file"

    /// `reason` as the operating system puts it.
    let configRewriteFailed (reason: string) = $"ERR Rewriting config file: {reason}"

    /// Reasons for `configSetFailed`.
    [<RequireQualifiedAccess>]
    module ConfigReason =
        let duplicate = "duplicate parameter"
        let immutable = "can't set immutable config"
        let protectedConfig = "can't set protected config"
        let yesOrNo = "argument must be 'yes' or 'no'"
        let memory = "argument must be a memory value"
        let memoryOrPercent = "argument must be a memory or percent value"
        let percent = "percentage argument must be less or equal to 100"
        let integer = "argument couldn't be parsed into an integer"

        let between (smallest: int64) (largest: int64) =
            $"argument must be between {decimal smallest} and {decimal largest} inclusive"

        /// `names` in the order of Redis.
        let oneOf (names: string[]) =
            "argument(s) must be one of the following: " + String.Join(", ", names)

        let save = "Invalid save parameters"
        let wrongCount = "wrong number of arguments"
        let eventClass = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."
        let bufferLimitCount = "Wrong number of arguments in buffer limit configuration."

        let bufferLimitClass =
            "Invalid client class specified in buffer limit configuration."

        let bufferLimitNumber =
            "Error in hard, soft or soft_seconds setting in buffer limit configuration."

        let bindFailed = "Failed to bind to specified addresses."
        let tooManyAddresses = "Too many bind addresses specified."

        let percentiles =
            "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"

        let percentilesInvalid = "Invalid latency-tracking-info-percentiles parameters"

        let clientsMax (possible: int) =
            $"The operating system is not able to handle the specified number of clients, try with {possible}"

    // ---- COMMAND

    let commandInvalid = "ERR Invalid command specified"
    let commandWithoutKeys = "ERR The command has no key arguments"
    let commandArity = "ERR Invalid number of arguments specified for command"
    let commandArguments = "ERR Invalid arguments specified for command"

    // ---- OBJECT, DEBUG, MEMORY, LATENCY, SLOWLOG

    let private wrongPolicy (selected: string) (what: string) =
        $"ERR An LFU maxmemory policy is {selected}, {what} not tracked. "
        + "Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."

    let idleTimeUnderLfu = wrongPolicy "selected" "idle time"
    let frequencyWithoutLfu = wrongPolicy "not selected" "access frequency"

    let debugReloadOption =
        "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."

    let slowlogCount = "ERR count should be greater than or equal to -1"

    let latencyEvent (event: ReadOnlySpan<byte>) : string =
        let quoted = quote quotedBytesMax event
        $"ERR No samples available for event '{quoted}'"

    let monitorInTransaction = "ERR MONITOR isn't allowed for DENY BLOCKING client"

    /// Who watches all commands may not send many: so it says in the words of replicas.
    let monitorOfKeys = "ERR Replica can't interact with the keyspace"

    // ---- Saving and stopping

    let rewriteInProgress =
        "ERR Background append only file rewriting already in progress"

    /// Where the setting appendonly is off, there is nothing to compact.
    let withoutLog = "ERR This server keeps no append only file"

    let shutdownNotInProgress = "ERR No shutdown in progress."

    // ---- Keys of any type

    let sameObject = "ERR source and destination objects are the same"
    let invalidNumkeys = "ERR invalid numkeys value"
    let invalidCursor = "ERR invalid cursor"

    /// `command` in lower case.
    let invalidExpire (command: string) =
        $"ERR invalid expire time in '{command}' command"

    let expireNxWithOther =
        "ERR NX and XX, GT or LT options at the same time are not compatible"

    let expireGtAndLt = "ERR GT and LT options at the same time are not compatible"

    let unsupportedOption (option: ReadOnlySpan<byte>) : string =
        let quoted = quote quotedBytesMax option
        $"ERR Unsupported option {quoted}"

    let sortNotDouble = "ERR One or more scores can't be converted into double"
    let sortTooLong = "ERR the elements to sort are longer than any buffer"

    // ---- Strings

    let offsetOutOfRange = "ERR offset is out of range"

    let stringTooLong = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"

    let overflow = "ERR increment or decrement would overflow"
    let decrementOverflow = "ERR decrement would overflow"
    let notFinite = "ERR increment would produce NaN or Infinity"
    let lcsNotStrings = "ERR The specified keys must contain string values"

    let lcsLengthAndIndexes =
        "ERR If you want both the length and indexes, please just use IDX."

    let lcsTooLong =
        "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"

    let bitOffset = "ERR bit offset is not an integer or out of range"
    let bitNotBinary = "ERR bit is not an integer or out of range"
    let bitArgument = "ERR The bit argument must be 1 or 0."
    let bitopNot = "ERR BITOP NOT must be called with a single source key."

    /// `operation` as the client wrote it.
    let bitopFewKeys (operation: ReadOnlySpan<byte>) : string =
        let quoted = quote quotedBytesMax operation
        $"ERR BITOP {quoted.ToUpperInvariant()} must be called with at least two source keys."

    let bitfieldType =
        "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."

    let bitfieldOverflow = "ERR Invalid OVERFLOW type specified"
    let bitfieldReadOnly = "ERR BITFIELD_RO only supports the GET subcommand"

    // ---- Hashes

    let hashNotInteger = "ERR hash value is not an integer"
    let hashNotFloat = "ERR hash value is not a float"

    let fieldsMissing =
        "ERR Mandatory argument FIELDS is missing or not at the right position"

    let numFieldsNotPositive = "ERR Parameter `numFields` should be greater than 0"

    let numFieldsMismatch =
        "ERR The `numfields` parameter must match the number of arguments"

    let fieldExpireNegative = "ERR invalid expire time, must be >= 0"

    /// For an increment, of a hash field, that is infinite.
    let incrementNotFinite = "ERR value is NaN or Infinity"

    // ---- Sets

    let numkeysNotPositive = "ERR numkeys should be greater than 0"

    let numkeysBeyondArguments =
        "ERR Number of keys can't be greater than number of args"

    let limitNegative = "ERR LIMIT can't be negative"

    // ---- Lists

    let indexOutOfRange = "ERR index out of range"

    let countNotPositive = "ERR count should be greater than 0"

    let rankZero =
        "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list"

    let countNegative = "ERR COUNT can't be negative"
    let maxlenNegative = "ERR MAXLEN can't be negative"

    // ---- HyperLogLogs

    let notHyperLogLog = "WRONGTYPE Key is not a valid HyperLogLog string value."

    let corruptHyperLogLog = "INVALIDOBJ Corrupted HLL object detected"
    let hyperLogLogNotSparse = "ERR HLL encoding is not sparse"
    let noSuchSpecifiedKey = "ERR The specified key does not exist"

    let unknownHyperLogLogSubcommand (subcommand: ReadOnlySpan<byte>) : string =
        let quoted = quote quotedBytesMax subcommand
        $"ERR Unknown PFDEBUG subcommand '{quoted}'"

    let selfTestFailed (fault: string) = $"TESTFAILED {fault}"

    // ---- Sorted sets

    let addXxAndNx = "ERR XX and NX options at the same time are not compatible"

    let addGtLtAndNx =
        "ERR GT, LT, and/or NX options at the same time are not compatible"

    let addIncrementOfOne = "ERR INCR option supports a single increment-element pair"
    let scoreNotNumber = "ERR resulting score is not a number (NaN)"
    let boundNotFloat = "ERR min or max is not a float"
    let boundNotString = "ERR min or max not valid string range item"

    let limitWithoutBounds =
        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"

    let scoresWithLex =
        "ERR syntax error, WITHSCORES not supported in combination with BYLEX"

    let weightNotFloat = "ERR weight value is not a float"

    /// `command` in lower case.
    let noInputKey (command: string) =
        $"ERR at least 1 input key is needed for '{command}' command"

    // ---- Geo

    let unitUnknown = "ERR unsupported unit provided. please use M, KM, FT, MI"
    let radiusNotNumeric = "ERR need numeric radius"
    let radiusNegative = "ERR radius cannot be negative"
    let widthNotNumeric = "ERR need numeric width"
    let heightNotNumeric = "ERR need numeric height"
    let boxNegative = "ERR height or width cannot be negative"
    let memberWithoutPlace = "ERR could not decode requested zset member"
    let geoCount = "ERR COUNT must be > 0"
    let geoAnyWithoutCount = "ERR the ANY argument requires COUNT argument"

    /// `command` is what is not compatible: a name in capitals, or `STORE option in GEORADIUS`.
    let geoStoreWith (command: string) =
        $"ERR {command} is not compatible with WITHDIST, WITHHASH and WITHCOORD options"

    /// `command` as it was sent.
    let geoFrom (command: ReadOnlySpan<byte>) =
        let name = quote quotedBytesMax command
        $"ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for {name}"

    /// `command` as it was sent.
    let geoBy (command: ReadOnlySpan<byte>) =
        let name = quote quotedBytesMax command
        $"ERR exactly one of BYRADIUS and BYBOX can be specified for {name}"

    /// Both in degrees.
    let coordinates (longitude: double) (latitude: double) =
        let shown (degrees: double) =
            degrees.ToString("F6", CultureInfo.InvariantCulture)

        $"ERR invalid longitude,latitude pair {shown longitude},{shown latitude}"

    // ---- Streams

    let invalidStreamId = "ERR Invalid stream ID specified as stream command argument"
    let invalidRangeStart = "ERR invalid start ID for the interval"
    let invalidRangeEnd = "ERR invalid end ID for the interval"

    let trimTwice =
        "ERR syntax error, MAXLEN and MINID options at the same time are not compatible"

    let maxLengthNegative = "ERR The MAXLEN argument must be >= 0."
    let streamLimitNegative = "ERR The LIMIT argument must be >= 0."

    let limitWithoutTrim =
        "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"

    let limitOfExactTrim =
        "ERR syntax error, LIMIT cannot be used without the special ~ option"

    let trimMissing = "ERR syntax error, XTRIM must be called with a trimming strategy"

    let streamIdTooSmall =
        "ERR The ID specified in XADD is equal or smaller than the target stream top item"

    let streamIdZero = "ERR The ID specified in XADD must be greater than 0-0"

    let streamExhausted =
        "ERR The stream has exhausted the last possible ID, unable to add more items"

    let entriesAddedNegative = "ERR entries_added must be positive"

    let entriesAddedBelowLength =
        "ERR The entries_added specified in XSETID is smaller than the target stream length"

    let setIdBelowGivenDeleted =
        "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id"

    let setIdBelowTop =
        "ERR The ID specified in XSETID is smaller than the target stream top item"

    let unbalancedStreams =
        "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified."

    let groupOutsideXreadgroup =
        "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead."

    let noackOutsideXreadgroup =
        "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."

    let newIdOutsideXreadgroup =
        "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."

    let groupMissing = "ERR Missing GROUP option for XREADGROUP"

    let lastIdInXreadgroup =
        "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by "
        + "specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set."

    let noGroup (key: ReadOnlySpan<byte>, group: ReadOnlySpan<byte>) : string =
        let key = quote quotedBytesMax key
        let group = quote quotedBytesMax group
        $"NOGROUP No such key '{key}' or consumer group '{group}'"

    let noGroupToRead (key: ReadOnlySpan<byte>, group: ReadOnlySpan<byte>) : string =
        noGroup (key, group) + " in XREADGROUP with GROUP option"

    let noGroupOfKey (key: ReadOnlySpan<byte>, group: ReadOnlySpan<byte>) : string =
        let key = quote quotedBytesMax key
        let group = quote quotedBytesMax group
        $"NOGROUP No such consumer group '{group}' for key name '{key}'"

    let groupExists = "BUSYGROUP Consumer Group name already exists"

    let groupOfMissingKey =
        "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option "
        + "to create an empty stream automatically."

    let entriesReadNegative = "ERR value for ENTRIESREAD must be positive or -1"

    /// `command` in capitals.
    let minIdleTime (command: string) =
        $"ERR Invalid min-idle-time argument for {command}"

    /// `option` in capitals.
    let claimOption (option: string) =
        $"ERR Invalid {option} option argument for XCLAIM"

    let unknownClaimOption (option: ReadOnlySpan<byte>) : string =
        let quoted = quote quotedBytesMax option
        $"ERR Unrecognized XCLAIM option '{quoted}'"

    let claimCount = "ERR COUNT must be > 0"
    let idCountNotPositive = "ERR Number of IDs must be a positive integer"

    let idCountMismatch =
        "ERR The `numids` parameter must match the number of arguments"
