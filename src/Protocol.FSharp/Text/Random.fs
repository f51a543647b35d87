namespace RedisClone.Protocol

[<RequireQualifiedAccess>]
module internal RandomPlaceholder =
    let none = ()
