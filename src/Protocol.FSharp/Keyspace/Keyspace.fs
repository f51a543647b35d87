namespace RedisClone.Protocol

/// One logical database.
[<Sealed>]
type Database(index: int, table: PageTable) =
    /// The number that SELECT knows it by.
    member _.Index = index

    /// Its keys; SWAPDB and FLUSHDB put another table here.
    member val Table = table with get, set

/// A version of all databases that nothing will ever change. Safe to read from any thread.
[<Sealed>]
type FrozenKeyspace internal (owner: Owner, tables: FrozenTable[]) =
    member internal _.Owner = owner
    member _.Tables = tables

/// The live databases. Only whoever evaluates commands may hold one; everybody else takes a frozen version.
[<Sealed>]
type Keyspace private (owner: Owner, tables: PageTable[]) =
    let databases = Array.mapi (fun index table -> Database(index, table)) tables

    do
        for table in tables do
            owner.Account.Attach table.Account

    let replace (database: Database) (table: PageTable) =
        owner.Account.Detach database.Table.Account
        owner.Account.Attach table.Account
        database.Table <- table

    /// Empty databases. `seed` makes the hashes of keys, and so their order in SCAN, unpredictable to clients.
    new(seed: uint64, count: int) =
        let owner = Owner(EpochSource(), Hash.secretOfSeed seed)
        Keyspace(owner, Array.init count (fun _ -> PageTable owner))

    /// Live databases that start as a frozen version, independent of those it was taken from.
    new(frozen: FrozenKeyspace) =
        let owner = frozen.Owner.Fork()
        Keyspace(owner, Array.map (fun table -> PageTable.OfFrozen(owner, table)) frozen.Tables)

    member _.Owner = owner

    /// The memory of all databases, in bytes; see `Account`.
    member _.MemoryBytes = owner.Account.Bytes

    /// Counts the same anew, by looking at everything.
    member _.Recount() : int64 =
        Array.sumBy (fun (database: Database) -> database.Table.Recount()) databases

    member _.Databases = databases

    /// The present version, for ever. Takes the same few microseconds whatever the amount of data.
    member _.Freeze() : FrozenKeyspace =
        let tables =
            Array.map (fun (database: Database) -> database.Table.Freeze()) databases

        owner.Advance()
        FrozenKeyspace(owner, tables)

    /// Goes back to a version that was frozen from these databases: what has happened since leaves no trace.
    member _.Restore(frozen: FrozenKeyspace) =
        for i in 0 .. databases.Length - 1 do
            replace databases[i] (PageTable.OfFrozen(owner, frozen.Tables[i]))

    /// Removes all keys of a database; returns how many there were.
    member _.Clear(index: int) : int =
        let database = databases[index]
        let removed = database.Table.Count
        replace database (PageTable owner)
        removed

    /// Exchanges the keys of two databases.
    member _.Swap(first: int, second: int) =
        let table = databases[first].Table
        databases[first].Table <- databases[second].Table
        databases[second].Table <- table
