namespace RedisClone.Protocol

open System
open System.Numerics

/// A pseudo-random generator that depends on nothing but its seed, and can be split into two that are independent.
///
/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): a counter that steps by an
/// odd `gamma` of its own, and a mixing of its bits. Not for secrets: a few results give away the others.
///
/// A mutable structure, so that a command that needs one does not allocate. Hold it in a `let mutable`, pass it by
/// reference: a copy repeats what the original gives.
[<Struct; NoEquality; NoComparison>]
type SplitMix64 =
    val mutable private state: uint64
    val private gamma: uint64

    private new(state, gamma) = { state = state; gamma = gamma }

    /// A generator for a seed. Seeds that differ in one bit give unrelated numbers.
    new(seed: uint64) =
        {
            state = seed
            gamma = 0x9E3779B97F4A7C15UL
        }

    static member private Mix(value: uint64) =
        let once = (value ^^^ (value >>> 30)) * 0xBF58476D1CE4E5B9UL
        let twice = (once ^^^ (once >>> 27)) * 0x94D049BB133111EBUL
        twice ^^^ (twice >>> 31)

    /// An odd step whose bits change often enough for the mixing to work on.
    static member private MixGamma(value: uint64) =
        let once = (value ^^^ (value >>> 33)) * 0xFF51AFD7ED558CCDUL
        let twice = (once ^^^ (once >>> 33)) * 0xC4CEB9FE1A85EC53UL
        let gamma = (twice ^^^ (twice >>> 33)) ||| 1UL

        if BitOperations.PopCount(gamma ^^^ (gamma >>> 1)) < 24 then
            gamma ^^^ 0xAAAAAAAAAAAAAAAAUL
        else
            gamma

    member private this.Step() : uint64 =
        this.state <- this.state + this.gamma
        this.state

    /// The next 64 bits.
    member this.Next() : uint64 = SplitMix64.Mix(this.Step())

    /// A number from 0 up to, not including, `bound`, each as likely as any other. `bound` must not be 0.
    member this.Below(bound: uint64) : uint64 =
        if bound = 0UL then
            invalidArg (nameof bound) "there is no number below 0"

        // The upper half of a product scales 64 bits down to the bound. Of the 2^64 lower halves, the first 2^64 mod bound
        // would make some results likelier than others: those draws are repeated (Lemire 2019).
        let mutable low = 0UL
        let mutable high = Math.BigMul(this.Next(), bound, &low)

        if low < bound then
            let excess = (0UL - bound) % bound

            while low < excess do
                high <- Math.BigMul(this.Next(), bound, &low)

        high

    /// A generator that shares no numbers with this one. Both go on from here.
    member this.Split() : SplitMix64 =
        let state = SplitMix64.Mix(this.Step())
        SplitMix64(state, SplitMix64.MixGamma(this.Step()))
