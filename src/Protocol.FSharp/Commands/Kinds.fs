namespace RedisClone.Protocol

/// The types of values, by the names of the TYPE command.
[<RequireQualifiedAccess>]
module Kinds =
    let isString (kind: Kind) = kind <= Kind.TextString

    /// Whether the value is a hash of which fields have had deadlines, and so a table.
    let isExpiringHash (kind: Kind) = kind >= Kind.ExpiringHash

    let isHash (kind: Kind) =
        kind = Kind.Hash || kind = Kind.LargeHash || isExpiringHash kind

    let isSet (kind: Kind) =
        kind >= Kind.IntSet && kind <= Kind.LargeSet

    let isList (kind: Kind) =
        kind = Kind.List || kind = Kind.LargeList

    let isSortedSet (kind: Kind) =
        kind = Kind.SortedSet || kind = Kind.LargeSortedSet

    let isStream (kind: Kind) = kind = Kind.Stream

    let typeName (kind: Kind) =
        if isString kind then "string"
        elif isHash kind then "hash"
        elif isSet kind then "set"
        elif isList kind then "list"
        elif isSortedSet kind then "zset"
        else "stream"
