namespace RedisClone.Protocol

open System

/// Which keys make room for others when the memory limit is reached (maxmemory-policy).
type EvictionPolicy =
    | NoEviction = 0
    | AllKeysLru = 1
    | AllKeysLfu = 2
    | AllKeysRandom = 3
    | VolatileLru = 4
    | VolatileLfu = 5
    | VolatileRandom = 6
    | VolatileTtl = 7

/// The policies, by what they look at.
[<RequireQualifiedAccess>]
module Policies =
    /// Whether the use of keys is counted, rather than dated.
    let countsUse (policy: EvictionPolicy) =
        policy = EvictionPolicy.AllKeysLfu || policy = EvictionPolicy.VolatileLfu

    let isRandom (policy: EvictionPolicy) =
        policy = EvictionPolicy.AllKeysRandom || policy = EvictionPolicy.VolatileRandom

    /// Whether only keys with a deadline may go.
    let isVolatile (policy: EvictionPolicy) = policy >= EvictionPolicy.VolatileLru

/// How often a key is used, in the 24 bits that a record has for its use.
///
///     | minute of the last use, 16 bits | counter, 8 bits |
///
/// The counter is logarithmic: a use raises it with a probability that falls as it grows, so that eight bits tell keys
/// apart that are used a hundred and a million times. Minutes without use lower it.
[<RequireQualifiedAccess>]
module Frequency =
    /// The counter of a new key: not so low that it is the next to go.
    [<Literal>]
    let Initial = 5

    [<Literal>]
    let Most = 255

    let private minuteOf (now: int64) = int (now / 60_000L) &&& 0xFFFF

    let make (now: int64) (counter: int) = (minuteOf now <<< 8) ||| counter

    /// The counter as it is now, after the minutes without use. `decayMinutes` lower it by one; with 0, none do.
    let counterOf (stamp: int) (now: int64) (decayMinutes: int64) : int =
        let counter = stamp &&& 0xFF

        if decayMinutes = 0L then
            counter
        else
            let idle = int64 ((minuteOf now - (stamp >>> 8)) &&& 0xFFFF)
            int (max 0L (int64 counter - idle / decayMinutes))

    /// The counter after one more use.
    let raised (counter: int) (logFactor: int64) (random: byref<SplitMix64>) : int =
        let beyond = uint64 (max 0 (counter - Initial))

        if counter < Most && random.Below(beyond * uint64 logFactor + 1UL) = 0UL then
            counter + 1
        else
            counter
