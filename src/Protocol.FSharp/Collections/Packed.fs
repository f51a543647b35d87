namespace RedisClone.Protocol

[<RequireQualifiedAccess>]
module internal PackedPlaceholder =
    let none = ()
