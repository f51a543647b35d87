namespace RedisClone.Protocol

/// Settings that commands depend on.
[<Sealed>]
type Limits() =
    /// The longest string, in bytes.
    member val StringLengthMax = 512L * 1024L * 1024L with get, set
    /// The most fields, and the longest field or value, with which OBJECT ENCODING calls a hash a listpack.
    member val HashListpackEntriesMax = 512L with get, set
    member val HashListpackValueMax = 64L with get, set
    /// The most members with which OBJECT ENCODING calls a set of whole numbers an intset.
    member val SetIntsetEntriesMax = 512L with get, set
    /// The most members, and the longest member, with which it calls another set a listpack.
    member val SetListpackEntriesMax = 128L with get, set
    member val SetListpackValueMax = 64L with get, set
    /// The most members, and the longest member, with which it calls a sorted set a listpack.
    member val SortedSetListpackEntriesMax = 128L with get, set
    member val SortedSetListpackValueMax = 64L with get, set
    /// The most elements with which it calls a list a listpack; from -1 to -5, the most bytes: 4, 8, 16, 32, 64 KiB.
    member val ListListpackSize = -2L with get, set
    /// The longest HyperLogLog in the sparse form, in bytes.
    member val HllSparseBytesMax = 3000L with get, set
    /// The most bytes, and the most entries, in one block of a stream.
    member val StreamNodeBytesMax = 4096L with get, set
    member val StreamNodeEntriesMax = 100L with get, set
    /// Which keys make room when the memory limit is reached.
    member val EvictionPolicy = EvictionPolicy.NoEviction with get, set
    /// How many keys are looked at to find one that does.
    member val EvictionSamples = 5L with get, set
    /// How much harder each step of the counter of a key's use is, and after how many minutes without use it goes back one.
    member val LfuLogFactor = 10L with get, set
    member val LfuDecayMinutes = 1L with get, set
