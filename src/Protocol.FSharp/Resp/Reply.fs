namespace RedisClone.Protocol

[<RequireQualifiedAccess>]
module internal ReplyPlaceholder =
    let none = ()
