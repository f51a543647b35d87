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
