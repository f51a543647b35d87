namespace RedisClone.Protocol

open System

// A set: members without values
// ------------------------------
// A small set is packed into one run of bytes (see `Packed`):
//
//      | count 2 | length 1 or 3 | member | length | member | ...
//
// A set with more than `PackedMembersMax` members or `Packed.BytesMax` bytes is a `PageTable` of its own, a record a
// member. It does not go back when it shrinks. A set of whole numbers is kept like any other: `Kind.IntSet` is only
// what Redis would call it.
//
// All tables of a keyspace hash alike, and a walk goes in the order of hashes. So whoever walks one large set and probes
// another goes along the pages of both from the first to the last, and each page is read from memory once.

/// A set to be read; good until the keyspace is next written to. Without members where there is no key.
[<Struct; NoEquality; NoComparison>]
type SetView =
    {
        /// The members as keys, or null when they are packed.
        Table: PageTable
        /// The array of the packed members, and where they begin.
        Data: byte[]
        Start: int
        Count: int
    }

/// Goes along the members of a set. The set must not be written to meanwhile.
[<Struct; NoEquality; NoComparison>]
type SetMembers =
    val mutable private data: byte[]
    val mutable private position: int
    val mutable private left: int
    val mutable private walk: Walk
    val mutable private entry: Entry
    val mutable private length: int

    /// The members of a packed set that begins at `start`.
    new(data: byte[], start: int) =
        {
            data = data
            position = start + Packed.HeadBytes
            left = Packed.countAt data start
            walk = Walk()
            entry = Entry()
            length = 0
        }

    new(table: PageTable) =
        {
            data = null
            position = 0
            left = 0
            walk = table.Walk()
            entry = Entry()
            length = 0
        }

    /// Goes to the next member; false at the end.
    member this.Next() : bool =
        if isNull this.data then
            this.walk.Next &this.entry
        elif this.left = 0 then
            false
        else
            this.position <- this.position + this.length
            this.left <- this.left - 1
            this.length <- Packed.takeLength (this.data, &this.position)
            true

    member this.Member: ReadOnlySpan<byte> =
        if isNull this.data then
            this.entry.Key
        else
            ReadOnlySpan<byte>(this.data, this.position, this.length)

    /// Of a packed set: the index of the first byte behind the member.
    member internal this.EndsAt = this.position + this.length

/// Reading and writing the set that an entry of the keyspace holds.
[<RequireQualifiedAccess>]
module SetValue =
    /// A packed set has no more members than this.
    [<Literal>]
    let internal PackedMembersMax = 128

    /// How many bytes a member takes in a run.
    let internal packedBytes (m: ReadOnlySpan<byte>) = Packed.lengthBytes m.Length + m.Length

    /// The table of a set that has one, else null.
    let tableOf (entry: byref<Entry>) : PageTable = Packed.tableOf &entry

    /// The number of members.
    let count (entry: byref<Entry>) : int = Packed.count &entry

    let emptyView: SetView =
        {
            Table = null
            Data = Packed.empty
            Start = 0
            Count = 0
        }

    /// The set of an entry, to be read.
    let view (entry: byref<Entry>) : SetView =
        match Packed.tableOf &entry with
        | null ->
            let mutable start = 0
            let data = Packed.dataOf (&entry, &start)

            {
                Table = null
                Data = data
                Start = start
                Count = Packed.countAt data start
            }
        | table ->
            {
                Table = table
                Data = null
                Start = 0
                Count = table.Count
            }

    /// The members of a set, in no order that means anything.
    let membersOf (set: SetView) : SetMembers =
        if isNull set.Table then
            SetMembers(set.Data, set.Start)
        else
            SetMembers set.Table

    let members (entry: byref<Entry>) : SetMembers = membersOf (view &entry)

    /// Writes all members, as a set.
    let writeAll (reply: RespWriter, set: SetView) =
        let mutable walk = membersOf set
        reply.Set set.Count

        while walk.Next() do
            reply.Bulk walk.Member

    /// Whether a run of packed members has one.
    let internal packedHas (data: byte[]) (start: int) (m: ReadOnlySpan<byte>) : bool =
        let mutable position = start + Packed.HeadBytes
        let mutable left = Packed.countAt data start
        let mutable found = false

        while left > 0 && not found do
            let length = Packed.takeLength (data, &position)
            found <- length = m.Length && m.SequenceEqual(ReadOnlySpan<byte>(data, position, length))
            position <- position + length
            left <- left - 1

        found

    /// Whether a set that is to be read has a member.
    let has (set: SetView inref) (m: ReadOnlySpan<byte>) : bool =
        if isNull set.Table then
            packedHas set.Data set.Start m
        else
            set.Table.Has(set.Table.HashOf m, m)

    /// Whether the set of an entry has a member.
    let contains (entry: byref<Entry>) (m: ReadOnlySpan<byte>) : bool =
        let set = view &entry
        has &set m

    /// Whether Redis would keep so many members, one of them of this length, as a listpack.
    let internal fitsListpack (limits: Limits) (count: int) (length: int) =
        int64 count <= limits.SetListpackEntriesMax
        && int64 length <= limits.SetListpackValueMax

    let internal isInteger (m: ReadOnlySpan<byte>) =
        let mutable number = 0L
        Numbers.tryParseInt64 (m, &number)

    let internal addToTable (table: PageTable) (m: ReadOnlySpan<byte>) : bool =
        let mutable inner = Entry()
        let isNew = not (table.Find(m, &inner))

        if isNew then
            table.Store(&inner, m, Kind.String, ReadOnlySpan<byte>.Empty, null, Page.NoDeadline, 0)

        isNew

    /// Turns a packed set into a table.
    let private unpack (call: Call) (entry: byref<Entry>) (key: ReadOnlySpan<byte>) : PageTable =
        let table = PageTable call.Keyspace.Owner
        let mutable walk = members &entry

        while walk.Next() do
            addToTable table walk.Member |> ignore

        call.StoreObject(&entry, key, entry.Kind, table, entry.Deadline)
        table

    let private longest (entry: byref<Entry>) : int =
        let mutable walk = members &entry
        let mutable length = 0

        while walk.Next() do
            length <- max length walk.Member.Length

        length

    /// Takes note of what Redis would call the set now that a member was added.
    let private setKindAfter (call: Call) (entry: byref<Entry>) (m: ReadOnlySpan<byte>) =
        let limits = call.Limits

        let kind =
            match entry.Kind with
            | Kind.IntSet when isInteger m ->
                if int64 (count &entry) > limits.SetIntsetEntriesMax then
                    Kind.LargeSet
                else
                    Kind.IntSet
            | Kind.IntSet ->
                if
                    fitsListpack limits (count &entry) m.Length
                    && (limits.SetListpackValueMax >= int64 Numbers.Int64LengthMax
                        || int64 (longest &entry) <= limits.SetListpackValueMax)
                then
                    Kind.Set
                else
                    Kind.LargeSet
            | Kind.Set when not (fitsListpack limits (count &entry) m.Length) -> Kind.LargeSet
            | kind -> kind

        if kind <> entry.Kind then
            call.Table.SetKind(&entry, kind)

    /// Adds a member; true if it is new. It may not be a view into the set.
    let add (call: Call, entry: byref<Entry>, key: ReadOnlySpan<byte>, m: ReadOnlySpan<byte>) : bool =
        let isNew =
            match tableOf &entry with
            | null ->
                if contains &entry m then
                    false
                elif
                    count &entry >= PackedMembersMax
                    || entry.Value.Length + packedBytes m > Packed.BytesMax
                then
                    addToTable (unpack call &entry key) m
                else
                    call.Scratch.Truncate 0
                    Packed.writeLength call.Scratch m.Length
                    call.Scratch.Raw m
                    Packed.splice call &entry key entry.Value.Length 0 1
                    true
            | table -> addToTable (Packed.ownTable call &entry table) m

        if isNew then
            setKindAfter call &entry m

        isNew

    /// Takes note that a command brought so many members, which Redis makes room for before it looks at them.
    let announce (call: Call, entry: byref<Entry>, members: int) =
        let most =
            match entry.Kind with
            | Kind.IntSet -> call.Limits.SetIntsetEntriesMax
            | Kind.Set -> call.Limits.SetListpackEntriesMax
            | _ -> Int64.MaxValue

        if int64 members > most then
            call.Table.SetKind(&entry, Kind.LargeSet)

    /// Removes a member, which may be a view into the set; false if there is none. The key stays even when its last
    /// member goes.
    let remove (call: Call, entry: byref<Entry>, key: ReadOnlySpan<byte>, m: ReadOnlySpan<byte>) : bool =
        match tableOf &entry with
        | null ->
            let mutable start = 0
            let data = Packed.dataOf (&entry, &start)
            let mutable walk = SetMembers(data, start)
            let mutable found = false

            while not found && walk.Next() do
                found <- walk.Member.SequenceEqual m

            if found then
                let removed = packedBytes m
                let offset = walk.EndsAt - removed - start
                call.Scratch.Truncate 0
                Packed.splice call &entry key offset removed -1

            found
        | table ->
            let mutable inner = Entry()
            let found = table.Find(m, &inner)

            if found then
                let owned = Packed.ownTable call &entry table
                owned.Find(m, &inner) |> ignore
                owned.Remove &inner

            found

/// A new set in the making, to be stored under a key at the end. Packed in the scratch of the call while it is small, so
/// nobody else may use the scratch meanwhile.
[<Struct; NoEquality; NoComparison>]
type SetBuilder =
    val private call: Call
    val mutable private table: PageTable
    val mutable private count: int
    val mutable private onlyIntegers: bool
    val mutable private longest: int

    /// `expected` is how many members may come.
    new(call: Call, expected: int) =
        call.Scratch.Truncate 0
        call.Scratch.Raw(ReadOnlySpan<byte> Packed.empty)

        {
            call = call
            table =
                if expected > SetValue.PackedMembersMax then
                    PageTable call.Keyspace.Owner
                else
                    null
            count = 0
            onlyIntegers = true
            longest = 0
        }

    member this.Count = this.count

    /// The set as it is now, to be read.
    member this.View: SetView =
        {
            Table = this.table
            Data = if isNull this.table then this.call.Scratch.Buffer else null
            Start = 0
            Count = this.count
        }

    member private this.Unpack() =
        let table = PageTable this.call.Keyspace.Owner
        let mutable walk = SetMembers(this.call.Scratch.Buffer, 0)

        while walk.Next() do
            SetValue.addToTable table walk.Member |> ignore

        this.table <- table

    member private this.AddPacked(m: ReadOnlySpan<byte>) : bool =
        let scratch = this.call.Scratch

        if SetValue.packedHas scratch.Buffer 0 m then
            false
        elif
            this.count >= SetValue.PackedMembersMax
            || scratch.Length + SetValue.packedBytes m > Packed.BytesMax
        then
            this.Unpack()
            SetValue.addToTable this.table m
        else
            Packed.writeLength scratch m.Length
            scratch.Raw m
            Packed.setCount (Span<byte>(scratch.Buffer, 0, Packed.HeadBytes)) (this.count + 1)
            true

    /// Adds a member; true if it is new. It may not be a view into the scratch.
    member this.Add(m: ReadOnlySpan<byte>) : bool =
        let isNew =
            if isNull this.table then
                this.AddPacked m
            else
                SetValue.addToTable this.table m

        if isNew then
            this.count <- this.count + 1
            this.longest <- max this.longest m.Length
            this.onlyIntegers <- this.onlyIntegers && SetValue.isInteger m

        isNew

    /// What Redis would call the set, where it decides from the whole of it.
    member private this.Kind: Kind =
        let limits = this.call.Limits

        if this.onlyIntegers && int64 this.count <= limits.SetIntsetEntriesMax then
            Kind.IntSet
        elif SetValue.fitsListpack limits this.count this.longest then
            Kind.Set
        else
            Kind.LargeSet

    /// What Redis would call the set, where it is made for so many members, of which the first is a whole number or not.
    member private this.KindFor(announced: int, startsWithInteger: bool) : Kind =
        let limits = this.call.Limits

        let startsAsIntSet =
            startsWithInteger && int64 announced <= limits.SetIntsetEntriesMax

        if startsAsIntSet && this.onlyIntegers then
            Kind.IntSet
        elif
            (startsAsIntSet || int64 announced <= limits.SetListpackEntriesMax)
            && SetValue.fitsListpack limits this.count this.longest
        then
            Kind.Set
        else
            Kind.LargeSet

    member private this.StoreAs(entry: byref<Entry>, key: ReadOnlySpan<byte>, kind: Kind) =
        if isNull this.table then
            this.call.Store(&entry, key, kind, this.call.Scratch.Written, Page.NoDeadline)
        else
            this.call.StoreObject(&entry, key, kind, this.table, Page.NoDeadline)

    /// Stores the result of a computation, which must have members, over what the entry found.
    member this.Store(entry: byref<Entry>, key: ReadOnlySpan<byte>) = this.StoreAs(&entry, key, this.Kind)

    /// Stores what SADD makes of so many arguments, of which the first is a whole number or not.
    member this.StoreNew(entry: byref<Entry>, key: ReadOnlySpan<byte>, announced: int, startsWithInteger: bool) =
        this.StoreAs(&entry, key, this.KindFor(announced, startsWithInteger))

/// Goes along the members of one of several sets that all others have, or that none of them has: an intersection or a
/// difference. The sets must not be written to meanwhile.
[<Struct; NoEquality; NoComparison>]
type SetComparison =
    val private sets: SetView[]
    val private first: int
    val private last: int
    val private wanted: bool
    val private hasher: PageTable
    val mutable private walk: SetMembers

    /// Goes along the members of the set at `walked`, and asks the sets from `first` to `last` for each: it counts if
    /// all say what is `wanted`.
    new(sets: SetView[], walked: int, first: int, last: int, wanted: bool) =
        let mutable hasher: PageTable = null

        for i in first..last do
            if not (isNull sets[i].Table) then
                hasher <- sets[i].Table

        {
            sets = sets
            first = first
            last = last
            wanted = wanted
            hasher = hasher
            walk = SetValue.membersOf sets[walked]
        }

    member private this.Counts(m: ReadOnlySpan<byte>) : bool =
        // All tables hash alike.
        let hash = if isNull this.hasher then 0UL else this.hasher.HashOf m
        let mutable i = this.first
        let mutable counts = true

        while counts && i <= this.last do
            let set = &this.sets[i]

            let isThere =
                if isNull set.Table then
                    SetValue.packedHas set.Data set.Start m
                else
                    set.Table.Has(hash, m)

            counts <- (isThere = this.wanted)
            i <- i + 1

        counts

    /// Goes to the next member that counts; false at the end.
    member this.Next() : bool =
        let mutable more = this.walk.Next()

        while more && not (this.Counts this.walk.Member) do
            more <- this.walk.Next()

        more

    member this.Member: ReadOnlySpan<byte> = this.walk.Member
