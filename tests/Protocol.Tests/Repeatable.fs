namespace RedisClone.Protocol.Tests

open System
open FsCheck.Xunit

/// How many times the usual number of cases to try, from the environment variable RC_LONG.
[<RequireQualifiedAccess>]
module LongRun =
    let private wanted = Environment.GetEnvironmentVariable "RC_LONG"

    let isWanted = not (isNull wanted)

    let times =
        match Int32.TryParse wanted with
        | true, times when times > 0 -> times
        | _ -> 1

/// A property. A normal run tries the same cases every time, so that what one machine accepts no other refuses by bad
/// luck; a long run (RC_LONG) draws others each time, and more of them where the property says so.
type RepeatablePropertyAttribute() as this =
    inherit PropertyAttribute()

    do
        if not LongRun.isWanted then
            this.Replay <- "20090510,1"
