namespace RedisClone.Protocol

open System
open System.Numerics

// Which key makes room
// --------------------
// To know the key that was not used for longest, all keys would have to be kept in that order. Instead a few are looked at
// by chance, and the best of them are remembered from one time to the next: after some rounds the pool holds keys that
// are among the oldest of all.
//
//      a page by chance ─► some of its records ─► pool of 16, best last ─► the best that still is what it was
//
// All that is asked of a key is its score: the greater, the sooner it goes. Records of a page have nothing in common but
// the first bits of their hashes, so a page is a fair sample of the keys, and costs one look at memory for many of them.
// Of keys with a deadline only the pages are looked at that have some, and all of these records where the deadline itself
// is the score.
//
// A key's score may fall while it is in the pool (it is used); that is seen when its turn comes, and it is let go.

/// Chooses keys that make room for others and removes them. Depends on the call, its seed and its limits only.
[<Sealed>]
type Eviction(call: Call) =
    /// Keys remembered from one choice to the next.
    static let poolMax = 16

    /// The most records looked at for one choice, whatever the setting says.
    static let samplesMax = 1024L

    /// How often a pool of keys that are not what they were is filled anew, before there is no key.
    static let roundsMax = 16

    /// Bytes that packing a page must save to be worth it.
    static let packedBytesMin = 256

    let keys: byte[][] = Array.zeroCreate poolMax
    let databases: int[] = Array.zeroCreate poolMax
    let scores: int64[] = Array.zeroCreate poolMax
    let mutable count = 0

    /// The database that a random choice begins with.
    let mutable turn = 0

    let policy () = call.Limits.EvictionPolicy

    let scoreOf (entry: byref<Entry>) : int64 =
        match policy () with
        | EvictionPolicy.AllKeysLru
        | EvictionPolicy.VolatileLru -> int64 ((call.Clock - entry.Stamp) &&& 0xFFFFFF)
        | EvictionPolicy.VolatileTtl -> Int64.MaxValue - entry.Deadline
        | _ ->
            int64 (
                Frequency.Most
                - Frequency.counterOf entry.Stamp call.Now call.Limits.LfuDecayMinutes
            )

    let isCandidate (entry: byref<Entry>) =
        not (Policies.isVolatile (policy ())) || entry.Deadline <> Page.NoDeadline

    let isPooled (database: int) (key: ReadOnlySpan<byte>) =
        let mutable found = false

        for i in 0 .. count - 1 do
            if databases[i] = database && key.SequenceEqual(ReadOnlySpan<byte> keys[i]) then
                found <- true

        found

    let takeOut (index: int) =
        count <- count - 1

        for i in index .. count - 1 do
            keys[i] <- keys[i + 1]
            databases[i] <- databases[i + 1]
            scores[i] <- scores[i + 1]

        keys[count] <- null

    let offer (database: int) (entry: byref<Entry>) =
        let score = scoreOf &entry

        if (count < poolMax || score > scores[0]) && not (isPooled database entry.Key) then
            if count = poolMax then
                takeOut 0

            let mutable at = count

            while at > 0 && scores[at - 1] > score do
                keys[at] <- keys[at - 1]
                databases[at] <- databases[at - 1]
                scores[at] <- scores[at - 1]
                at <- at - 1

            keys[at] <- entry.Key.ToArray()
            databases[at] <- database
            scores[at] <- score
            count <- count + 1

    /// Looks at some keys of a database, which must have such keys.
    let sample (database: Database) =
        let isVolatile = Policies.isVolatile (policy ())
        let wholePages = policy () = EvictionPolicy.VolatileTtl
        let mutable wanted = int (min call.Limits.EvictionSamples samplesMax)
        let mutable entry = Entry()
        let mutable slots = 0UL

        while wanted > 0
              && database.Table.FindPage(call.RandomBits(), isVolatile, &entry, &slots) do
            // From any slot on, around: the first ones are no more likely than others.
            let first = int (call.RandomBelow 64UL)
            slots <- BitOperations.RotateRight(slots, first)
            let mutable left = if wholePages then 64 else wanted

            while left > 0 && slots <> 0UL do
                let slot = (BitOperations.TrailingZeroCount slots + first) &&& 63
                slots <- slots &&& (slots - 1UL)
                entry.Pick slot
                offer database.Index &entry
                left <- left - 1
                wanted <- wanted - (if wholePages then 0 else 1)

            if wholePages then
                wanted <- wanted - 1

    let candidatesOf (database: Database) =
        if Policies.isVolatile (policy ()) then
            database.Table.DeadlineCount
        else
            database.Table.Count

    let evict (database: Database) (entry: byref<Entry>) =
        call.Database <- database
        call.Evict(&entry, packedBytesMin)

    let evictRandom () : bool =
        let all = call.Keyspace.Databases
        let mutable tried = 0
        let mutable done' = false
        let mutable entry = Entry()
        let mutable slots = 0UL

        while not done' && tried < all.Length do
            let database = all[turn % all.Length]
            turn <- (turn + 1) % all.Length
            tried <- tried + 1

            if candidatesOf database > 0 then
                if Policies.isVolatile (policy ()) then
                    if database.Table.FindPage(call.RandomBits(), true, &entry, &slots) then
                        for _ in 1 .. int (call.RandomBelow(uint64 (BitOperations.PopCount slots))) do
                            slots <- slots &&& (slots - 1UL)

                        entry.Pick(BitOperations.TrailingZeroCount slots)
                        evict database &entry
                        done' <- true
                else
                    call.FindRandom(database.Table, &entry) |> ignore
                    evict database &entry
                    done' <- true

        done'

    /// Takes the best key of the pool that is there and no better to keep than it was.
    let evictPooled () : bool =
        let mutable entry = Entry()
        let mutable done' = false

        while not done' && count > 0 do
            let best = count - 1
            let database = call.Keyspace.Databases[databases[best]]
            let key = keys[best]
            let score = scores[best]
            takeOut best

            if
                database.Table.Find(ReadOnlySpan<byte> key, &entry)
                && isCandidate &entry
                && scoreOf &entry >= score
            then
                evict database &entry
                done' <- true

        done'

    let evictBest () : bool =
        let mutable rounds = 0
        let mutable done' = false
        let mutable any = true

        while not done' && any && rounds < roundsMax do
            any <- false

            for database in call.Keyspace.Databases do
                if candidatesOf database > 0 then
                    any <- true
                    sample database

            done' <- any && evictPooled ()
            rounds <- rounds + 1

        done'

    /// Forgets what is remembered of keys: scores under another policy mean nothing.
    member _.Forget() =
        Array.Clear keys
        count <- 0

    /// Removes one key, logs that as DEL, and lets the events tell of it. False when the policy allows none to go.
    member _.Next() : bool =
        match policy () with
        | EvictionPolicy.NoEviction -> false
        | policy when Policies.isRandom policy -> evictRandom ()
        | _ -> evictBest ()
