namespace RedisClone.Protocol

[<RequireQualifiedAccess>]
module internal PageTablePlaceholder =
    let none = ()
