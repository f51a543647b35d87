namespace RedisClone.Protocol

open System

/// How a command gives a time: in seconds or milliseconds, from now on or since the Unix epoch.
[<Struct>]
type TimeUnit = { Milliseconds: bool; Absolute: bool }

/// Deadlines as commands give them.
[<RequireQualifiedAccess>]
module Deadlines =
    let seconds =
        {
            Milliseconds = false
            Absolute = false
        }

    let milliseconds =
        {
            Milliseconds = true
            Absolute = false
        }

    let unixSeconds =
        {
            Milliseconds = false
            Absolute = true
        }

    let unixMilliseconds = { Milliseconds = true; Absolute = true }

    /// The latest deadline a field of a hash can have, as in Redis.
    [<Literal>]
    let FieldDeadlineMax = 0x3FFFFFFFFFFFL

    let private takeWord (call: Call) (word: string) (wanted: TimeUnit) (given: bool) (unit: byref<TimeUnit>) =
        let taken = (not given || unit = wanted) && call.TakeWord word

        if taken then
            unit <- wanted

        taken

    /// Takes the next word if it is one of EX, PX, EXAT and PXAT. Where one was given before, only the same one may follow.
    let takeUnit (call: Call) (given: bool) (unit: byref<TimeUnit>) : bool =
        takeWord call "EX" seconds given &unit
        || takeWord call "PX" milliseconds given &unit
        || takeWord call "EXAT" unixSeconds given &unit
        || takeWord call "PXAT" unixMilliseconds given &unit

    /// The deadline that a number means, in milliseconds since the Unix epoch; false if no such time can be held.
    let ofNumber (now: int64) (unit: TimeUnit) (number: int64) (deadline: byref<int64>) : bool =
        let inRange =
            unit.Milliseconds
            || (number <= Int64.MaxValue / 1000L && number >= Int64.MinValue / 1000L)

        let milliseconds = if unit.Milliseconds then number else number * 1000L

        if not inRange then
            false
        elif unit.Absolute then
            deadline <- milliseconds
            true
        elif milliseconds > Int64.MaxValue - now then
            false
        else
            deadline <- now + milliseconds
            true

    /// The deadline that an option of SET, GETEX and their kin means: it must be positive. Writes the error if it is not.
    let ofOption
        (call: Call)
        (unit: TimeUnit)
        (text: ReadOnlySpan<byte>)
        (command: string)
        (deadline: byref<int64>)
        : bool =
        let mutable number = 0L

        if not (Numbers.tryParseInt64 (text, &number)) then
            call.Reply.Error Errors.notInteger
            false
        elif number <= 0L || not (ofNumber call.Now unit number &deadline) then
            call.Reply.Error(Errors.invalidExpire command)
            false
        else
            true
