namespace RedisClone.Protocol

open System

/// What a command shows of each field of a hash.
[<Flags>]
type internal HashPart =
    | Field = 1
    | Value = 2

[<RequireQualifiedAccess>]
module internal HashParts =
    let write (reply: RespWriter) (part: HashPart) (fields: byref<HashFields>) =
        if (part &&& HashPart.Field = HashPart.Field) then
            reply.Bulk fields.Field

        if (part &&& HashPart.Value = HashPart.Value) then
            reply.Bulk fields.Value
