namespace RedisClone.Protocol

open System

/// Where elements come to a list and leave it.
type ListEnd =
    | Left = 0
    | Right = 1

/// What the commands on lists have in common.
[<RequireQualifiedAccess>]
module ListEnds =
    /// Takes LEFT or RIGHT; false, with the error written, for anything else.
    let take (call: Call) (chosen: byref<ListEnd>) : bool =
        if call.TakeWord "LEFT" then
            chosen <- ListEnd.Left
            true
        elif call.TakeWord "RIGHT" then
            chosen <- ListEnd.Right
            true
        else
            call.Reply.Error Errors.syntax
            false

    let word (at: ListEnd) =
        if at = ListEnd.Left then "LEFT" else "RIGHT"

    let pushEvent (at: ListEnd) =
        if at = ListEnd.Left then "lpush" else "rpush"

    let popEvent (at: ListEnd) =
        if at = ListEnd.Left then "lpop" else "rpop"

    /// The index of an element, counted from the end when it is negative; it may be out of range.
    let indexOf (count: int) (index: int64) : int64 =
        if index < 0L then index + int64 count else index

    /// The elements from one index up to and with another, either counted from the end when negative: the first index,
    /// and how many there are.
    let range (count: int) (start: int64) (stop: int64) : struct (int * int) =
        let first = max 0L (indexOf count start)
        let last = min (int64 count - 1L) (indexOf count stop)

        if first > last then
            struct (0, 0)
        else
            struct (int first, int (last - first + 1L))
