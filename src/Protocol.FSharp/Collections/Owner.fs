namespace RedisClone.Protocol

open System
open System.Threading

// How a value can be edited in place and still never change under whoever holds an older version of it
// -----------------------------------------------------------------------------------------------------
// Every node (a page, a segment of a directory, a blob) carries the epoch it was made in. A live keyspace has one Owner,
// and the Owner has one current epoch that nobody else has. A write looks at the node: made in the current epoch, it is
// reachable from the live keyspace only and is edited in place; made earlier, it may be part of a snapshot and is copied
// first. Taking a snapshot is therefore nothing but remembering the root and drawing a new epoch: no node carries the
// new epoch yet, so every node is copied the first time it is written to afterwards, and never again.
//
// A page that was made in the current epoch and is replaced in the same epoch is garbage the moment that happens, since
// no snapshot can hold it. Its array goes to a pool and serves again. That is what lets a store under steady load make
// no garbage at all. A page of an older epoch is left to the garbage collector.

/// Draws epochs. One for a keyspace and all that was ever forked from it, so that no two of them share an epoch.
[<Sealed>]
type EpochSource() =
    let mutable last = 0L
    /// A number that was not drawn before. Safe from any thread.
    member _.Next() = Interlocked.Increment &last

/// Arrays for pages, kept by size for the next page that needs one. Sizes are multiples of `Step`, long ones of
/// `LongStep`: pages of long records would otherwise need so many sizes that few arrays ever served again.
///
/// Fresh arrays are pinned: the collector then neither moves nor promotes them, which keeps its pauses far below a
/// millisecond with ten million keys. That goes for the copies that a snapshot forces too: as plain arrays they all
/// survive the young generations, and moving them made pauses of 15 ms and more.
[<Sealed>]
type PagePool() =
    let classes = 64
    let mutable keptBytes = 0
    let free: byte[][][] = Array.init classes (fun _ -> Array.empty)
    let counts: int[] = Array.zeroCreate classes

    /// The difference between one size class and the next, in bytes.
    static member Step = 256

    /// The same for arrays of more than `LongFrom` bytes.
    static member LongStep = 1024

    static member LongFrom = 4096

    /// The most memory kept for later, in bytes.
    static member KeptBytesMax = 64 * 1024 * 1024

    /// The length of the array that `Rent` gives for so many bytes.
    static member SizeFor(bytes: int) =
        let step =
            if bytes <= PagePool.LongFrom then
                PagePool.Step
            else
                PagePool.LongStep

        (bytes + step - 1) &&& ~~~(step - 1)

    /// An array of `SizeFor bytes` bytes with arbitrary content.
    member _.Rent(bytes: int) : byte[] =
        let size = PagePool.SizeFor bytes
        let index = size / PagePool.Step - 1

        if index < classes && counts[index] > 0 then
            let last = counts[index] - 1
            counts[index] <- last
            let page = free[index][last]
            free[index][last] <- null
            keptBytes <- keptBytes - size
            page
        else
            GC.AllocateUninitializedArray<byte>(size, pinned = true)

    /// Takes back an array that nobody can reach any more.
    member _.Return(page: byte[]) =
        let index = page.Length / PagePool.Step - 1

        if index < classes && keptBytes < PagePool.KeptBytesMax then
            keptBytes <- keptBytes + page.Length

            if counts[index] = free[index].Length then
                let grown = Array.zeroCreate (max 16 (free[index].Length * 2))
                Array.blit free[index] 0 grown 0 free[index].Length
                free[index] <- grown

            free[index][counts[index]] <- page
            counts[index] <- counts[index] + 1

// What the live data take, counted
// --------------------------------
// The collector knows what is in use only after it has looked at everything, and what it finds includes garbage and old
// versions. So the bytes of the live version are counted where they change: a structure (a table, a tree, a stream) has an
// account; where a page, a directory, a node or a blob takes the place of another, the difference is added.
//
// What is counted is the shape of the live version, not who made which array when. A page that is copied because a snapshot
// shares it changes nothing: another of the same length is in its place. What only a snapshot still holds is not counted,
// as Redis does not count what its child process holds; and arrays that wait in the pool are free memory.
//
//      Owner.Account ◄── the tables of the databases ◄── tables, trees and streams that are values
//
// A structure that is a value adds to the account of the table that it is stored in, so that adding a field to a large hash
// changes all three at once. It is attached when it is stored in a record, and detached when it leaves it; in between, while
// it is being built, it counts for itself only. Only structures of the current epoch are ever written to, so the accounts
// of frozen ones stand still: going back to a frozen version brings back the sum of that time.

/// Bytes of memory that something takes, and with it whatever it is part of. Each array counts with its header.
[<Sealed; AllowNullLiteral>]
type Account(start: int64) =
    let mutable bytes = start
    let mutable whole: Account = null

    member _.Bytes = bytes

    member private _.Whole
        with get () = whole
        and set (value: Account) = whole <- value

    /// Takes note that more, or less, is taken.
    member this.Add(change: int64) =
        bytes <- bytes + change

        if not (isNull whole) then
            whole.Add change

    /// Takes something in that from now on is part of this.
    member this.Attach(part: Account) =
        part.Whole <- this
        this.Add part.Bytes

    /// Takes it out again.
    member this.Detach(part: Account) =
        if obj.ReferenceEquals(part.Whole, this) then
            part.Whole <- null

        this.Add -part.Bytes

/// A value that counts its memory in accounts of its own.
[<AllowNullLiteral>]
type IAccounted =
    abstract CountIn: account: Account -> unit
    abstract CountOut: account: Account -> unit

    /// Counts anew by looking at everything, in bytes.
    abstract Recount: unit -> int64

/// The sizes of what is made of objects, in bytes.
[<RequireQualifiedAccess>]
module Sizeof =
    /// What an array takes beyond its elements: its header.
    [<Literal>]
    let ArrayHead = 24L

    let array (elements: int) (each: int) = ArrayHead + int64 elements * int64 each

/// Who may edit: the live keyspace. Holds the current epoch, the pool of pages and the secret of the hashes.
[<Sealed; AllowNullLiteral>]
type Owner(source: EpochSource, secret: HashSecret) =
    let mutable epoch = source.Next()
    let mutable hashSecret = secret

    /// Nodes of this epoch belong to this owner alone and may be edited in place.
    member _.Epoch = epoch

    /// Makes all nodes there are read-only for this owner, by drawing a new epoch.
    member _.Advance() = epoch <- source.Next()

    /// The hash of a key, the same for all versions and forks of a keyspace.
    member _.Hash(key: ReadOnlySpan<byte>) : uint64 = Hash.ofBytes (&hashSecret, key)

    member val Pool = PagePool()

    /// The memory of all databases, in bytes.
    member val Account = Account 0L

    /// An owner for a fork: same hashes, an epoch and a pool of its own.
    member _.Fork() = Owner(source, secret)

/// A run of bytes too long for a page: a long string, or a collection packed into one array.
[<Sealed; AllowNullLiteral>]
type Blob(epoch: int64, data: byte[], length: int) =
    let mutable data = data
    let mutable length = length

    member _.Epoch = epoch
    member _.Length = length
    member _.Span = ReadOnlySpan<byte>(data, 0, length)

    /// The bytes of memory that the run takes.
    member _.Capacity = data.Length

    /// The same, with the object and the header of its array.
    member _.MemoryBytes = Sizeof.ArrayHead + int64 data.Length + 32L

    /// The array that begins with the bytes of the run.
    member _.Data = data

    /// The bytes for editing in place; only for the owner of the epoch.
    member _.Writable = Span<byte>(data, 0, length)

    /// Changes the length; new bytes are zero. Growing step by step costs constant time a byte.
    member _.Resize(needed: int) =
        if needed > data.Length then
            let grown =
                GC.AllocateUninitializedArray<byte>(Bytes.grownCapacity data.Length needed)

            Buffer.BlockCopy(data, 0, grown, 0, length)
            data <- grown

        if needed > length then
            Span<byte>(data, length, needed - length).Clear()

        length <- needed

    static member OfSpan(epoch: int64, bytes: ReadOnlySpan<byte>) =
        let data = GC.AllocateUninitializedArray<byte> bytes.Length
        bytes.CopyTo(Span<byte>(data))
        Blob(epoch, data, bytes.Length)
