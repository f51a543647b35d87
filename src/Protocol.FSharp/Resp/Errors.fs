namespace RedisClone.Protocol

/// Every error text a client can get, once. The first word is the code that client libraries look at.
[<RequireQualifiedAccess>]
module Errors =
    let syntax = "ERR syntax error"
    let wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"
    let notInteger = "ERR value is not an integer or out of range"
    let notFloat = "ERR value is not a valid float"
    let noSuchKey = "ERR no such key"
    let offsetOutOfRange = "ERR offset is out of range"
    let outOfRange = "ERR value is out of range"
    let overflow = "ERR increment or decrement would overflow"
    let notFinite = "ERR increment would produce NaN or Infinity"
    let stringTooLong = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"

    let wrongArity (command: string) =
        $"ERR wrong number of arguments for '{command}' command"

    let invalidExpire (command: string) =
        $"ERR invalid expire time in '{command}' command"

    // The RESP protocol. After these the connection is closed.

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
    /// Not known to Redis, whose arguments live outside of the query buffer.
    let tooBigCommand = "ERR Protocol error: too big request"

    // Strings

    let decrementOverflow = "ERR decrement would overflow"
    let invalidNumkeys = "ERR invalid numkeys value"
    let lcsNotStrings = "ERR The specified keys must contain string values"

    let lcsLengthAndIndexes =
        "ERR If you want both the length and indexes, please just use IDX."

    let lcsTooLong =
        "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"
