namespace RedisClone.Protocol

[<RequireQualifiedAccess>]
module internal OwnerPlaceholder =
    let none = ()
