namespace RedisClone.Protocol

[<RequireQualifiedAccess>]
module internal GlobPlaceholder =
    let none = ()
