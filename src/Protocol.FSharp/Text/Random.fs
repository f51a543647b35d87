namespace RedisClone.Protocol

[<Struct>]
type SplitMix =
    val mutable private state: uint64
    new(seed: uint64) = { state = seed }
    member this.Next() : uint64 =
        this.state <- this.state + 0x9E3779B97F4A7C15UL
        let z = (this.state ^^^ (this.state >>> 30)) * 0xBF58476D1CE4E5B9UL
        let z = (z ^^^ (z >>> 27)) * 0x94D049BB133111EBUL
        z ^^^ (z >>> 31)
