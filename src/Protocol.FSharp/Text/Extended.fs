namespace RedisClone.Protocol

[<RequireQualifiedAccess>]
module internal ExtendedPlaceholder =
    let none = ()
