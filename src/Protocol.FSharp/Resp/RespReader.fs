namespace RedisClone.Protocol

[<RequireQualifiedAccess>]
module internal RespReaderPlaceholder =
    let none = ()
