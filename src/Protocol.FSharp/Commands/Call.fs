namespace RedisClone.Protocol

open System
open System.Collections.Generic

/// One evaluation: the arguments, read through a cursor; the keyspace; the time; and the places where the reply and the
/// effects go. One `Call` serves all commands of an engine, one after another.
///
/// Everything a handler may depend on is here, so evaluation is a function of it. Members that return `bool` and can
/// fail have written the error reply when they return false; the handler then returns `Outcome.Unchanged`.
[<Sealed; AllowNullLiteral>]
type Call(keyspace: Keyspace, journal: Journal, limits: Limits) =
    let mutable position = 1
    let mutable random = SplitMix64(0UL)
    let mutable database = keyspace.Databases[0]
    let prefetch = Prefetch()

    member val Keyspace = keyspace with get, set
    member _.Journal = journal
    member _.Limits = limits

    member val Args: Arguments = null with get, set
    member val Reply: RespWriter = null with get, set

    /// Milliseconds since the Unix epoch. The same during the whole of a command, a transaction or a script.
    member val Now = 0L with get, set

    /// While a log is loaded nothing expires: the log says what did.
    member val Loading = false with get, set

    /// While clients may not write, what is due is hidden and stays.
    member val KeepsDue = false with get, set

    /// Whether reading a key counts as using it (CLIENT NO-TOUCH).
    member val NoTouch = false with get, set

    /// Whether the client gets messages in between in RESP2, where a reply must look like one of them (PING).
    member val IsListening = false with get, set
    /// Whether the user may read every key, so that keys may be read that the arguments do not name.
    member val MayReadAllKeys = true with get, set

    /// How many changes of keys there were.
    member val Changes = 0L with get, set

    member val Hits = 0L with get, set
    member val Misses = 0L with get, set
    member val ExpiredKeys = 0L with get, set
    member val ExpiredFields = 0L with get, set
    member val EvictedKeys = 0L with get, set

    /// Whether somebody wants to know which keys change; without, events are not recorded.
    member val Observed = false with get, set

    /// Which events that are no changes are recorded too: `KeyMiss`, `New`.
    member val Noticed = EventClass.None with get, set

    member val Events = List<KeyEvent>() with get

    /// Room for building a value; each handler may clear and use it.
    member val Scratch = RespWriter(256) with get

    /// Room for the text of a number; each handler may clear and use it.
    member val NumberText = RespWriter(64) with get

    /// The selected database.
    member _.Database
        with get () = database
        and set (value: Database) =
            database <- value
            journal.Database <- value.Index

    member _.Table = database.Table

    member _.RandomBits() : uint64 = random.Next()

    /// A number from 0 up to, not including, `bound`.
    member _.RandomBelow(bound: uint64) = random.Below bound

    member _.Seed
        with set (seed: uint64) = random <- SplitMix64(seed)

    member _.FindRandom(table: PageTable, entry: byref<Entry>) = table.FindRandom(&random, &entry)

    // ---- the cursor over the arguments

    /// Puts the cursor behind the name of the command: one word, or two for a subcommand.
    member _.Rewind(names: int) = position <- names

    /// How many arguments are left.
    member this.Remaining = this.Args.Count - position

    /// The next argument, which is then behind the cursor. There must be one.
    member this.Take() : ReadOnlySpan<byte> =
        let taken = this.Args[position]
        position <- position + 1
        taken

    /// An argument ahead of the cursor: 0 is the next.
    member this.Ahead(offset: int) : ReadOnlySpan<byte> = this.Args[position + offset]

    /// To be called before each of many keys is taken, of which every `step`th argument is one: now and then asks for
    /// the memory of the next ones, so that their waits overlap.
    member this.FetchAhead(taken: int, step: int) =
        if taken % Prefetch.KeysMax = 0 then
            let keys = min Prefetch.KeysMax (this.Remaining / step)

            if keys > 1 then
                prefetch.Run(database.Table, this.Args, position, step, keys)

    /// Where the cursor is: the index of the next argument.
    member _.Position = position

    member _.Skip(count: int) = position <- position + count

    /// Takes the next argument if it is this word, without case.
    member this.TakeWord(word: string) : bool =
        let matches = this.Remaining > 0 && Bytes.isWord word this.Args[position]

        if matches then
            position <- position + 1

        matches

    /// Takes a whole number.
    member this.TakeInteger(value: byref<int64>) : bool =
        this.TakeInteger(&value, Errors.notInteger)

    /// Takes a whole number, with a text of one's own for what is not one.
    member this.TakeInteger(value: byref<int64>, error: string) : bool =
        let valid = Numbers.tryParseInt64 (this.Take(), &value)

        if not valid then
            this.Reply.Error error

        valid

    /// Takes a whole number between two bounds, both allowed.
    member this.TakeInteger(value: byref<int64>, least: int64, most: int64) : bool =
        if not (this.TakeInteger &value) then
            false
        elif value < least || value > most then
            this.Reply.Error(Errors.outOfRangeBetween least most)
            false
        else
            true

    // ---- waiting

    /// Whether the command may wait for keys. Not within a transaction or a script, and not while a log is loaded.
    member val MayWait = false with get, set

    /// The key for whose sake a command that waits is evaluated again; null the first time. Another type of value than
    /// the command needs is then no error, the wait goes on.
    member val ReadyKey: byte[] = null with get, set

    /// What the command waits for, if it could not be carried out. The host takes it from here.
    member val Waiting: Wait = null with get, set

    /// Whether the command is to look at this key: it looks at all, or at the one that became ready.
    member this.IsUp(key: ReadOnlySpan<byte>) =
        isNull this.ReadyKey || key.SequenceEqual(ReadOnlySpan<byte> this.ReadyKey)

    /// Reads how long a command may wait, in seconds, as the millisecond at which the time is up. Zero is for ever.
    member this.TimeoutOf(seconds: ReadOnlySpan<byte>, deadline: byref<int64>) : bool =
        let mutable number = 0.0

        if not (Numbers.tryParseDouble (seconds, &number)) then
            this.Reply.Error Errors.timeoutNotFloat
            false
        else
            let milliseconds = Math.Ceiling(number * 1000.0)

            // What does not fit 64 bits counts as negative, as in Redis.
            if milliseconds < 0.0 || milliseconds >= 9.2233720368547758e18 then
                this.Reply.Error Errors.timeoutNegative
                false
            else
                deadline <- this.DeadlineIn(int64 milliseconds)
                true

    /// The millisecond at which a wait of so many milliseconds is over. Zero is for ever.
    member this.DeadlineIn(milliseconds: int64) : int64 =
        if milliseconds = 0L || milliseconds > Int64.MaxValue - this.Now then
            Int64.MaxValue
        else
            this.Now + milliseconds

    /// Has the command wait for `count` keys, the arguments from `first` on. Where it may not wait, the time is up.
    member this.WaitFor(first: int, count: int, deadline: int64) : Outcome =
        if this.MayWait then
            let keys = Array.zeroCreate count

            for i in 0 .. count - 1 do
                keys[i] <- this.Args[first + i].ToArray()

            this.Waiting <- Wait(database.Index, keys, deadline)
        else
            this.Reply.NullArray()

        Outcome.Unchanged

    // ---- replies

    /// Answers with an error.
    member this.Fail(error: string) : Outcome =
        this.Reply.Error error
        Outcome.Unchanged

    // ---- keys

    /// 24 bits of the time in seconds, for the age of a key's last use.
    member this.Clock = int (this.Now / 1000L) &&& 0xFFFFFF

    /// Takes note that a key changed.
    member this.Changed(eventClass: EventClass, name: string, key: ReadOnlySpan<byte>) =
        this.Changes <- this.Changes + 1L
        this.Notify(eventClass, name, key)

    /// Takes note of an event that is no change by itself.
    member this.Notify(eventClass: EventClass, name: string, key: ReadOnlySpan<byte>) =
        if this.Observed then
            this.Events.Add
                {
                    Database = database.Index
                    Class = eventClass
                    Name = name
                    Key = key.ToArray()
                    IsChange = true
                }

    /// Takes note of a change that those who watch the key are not told of: that of a group of a stream.
    member this.ChangedQuietly(eventClass: EventClass, name: string, key: ReadOnlySpan<byte>) =
        this.Changes <- this.Changes + 1L

        if this.Observed then
            this.Events.Add
                {
                    Database = database.Index
                    Class = eventClass
                    Name = name
                    Key = key.ToArray()
                    IsChange = false
                }

    /// Takes note of an event that is no change, if somebody wants to know: of a key missed, or made.
    member this.Notice(eventClass: EventClass, name: string, key: ReadOnlySpan<byte>) =
        if this.Noticed &&& eventClass <> EventClass.None then
            this.Events.Add
                {
                    Database = database.Index
                    Class = eventClass
                    Name = name
                    Key = key.ToArray()
                    IsChange = false
                }

    /// Takes note that a key is made.
    member this.NoticeNew(key: ReadOnlySpan<byte>) = this.Notice(EventClass.New, "new", key)

    /// Takes note that a whole database changed.
    member this.ChangedDatabase(index: int, name: string) =
        if this.Observed then
            this.Events.Add
                {
                    Database = index
                    Class = EventClass.Generic
                    Name = name
                    Key = null
                    IsChange = true
                }

    /// Removes an entry that is due, and logs that.
    member this.Expire(entry: byref<Entry>) =
        journal.Begin 2
        journal.Add "DEL"
        journal.Add entry.Key
        this.ExpiredKeys <- this.ExpiredKeys + 1L
        this.Notify(EventClass.Expired, "expired", entry.Key)
        this.Table.Remove(&entry)

    /// Removes an entry so that its memory serves others, and logs that. Its page is packed if that saves so many bytes.
    member this.Evict(entry: byref<Entry>, packedBytesMin: int) =
        journal.Begin 2
        journal.Add "DEL"
        journal.Add entry.Key
        this.EvictedKeys <- this.EvictedKeys + 1L
        this.Notify(EventClass.Evicted, "evicted", entry.Key)
        this.Table.RemoveAndPack(&entry, packedBytesMin)

    /// Removes up to `most` fields of a hash that are due, and logs that; then the key, if it has no more. How many.
    member this.ExpireFields(entry: byref<Entry>, most: int) : int =
        let mutable field = Entry()
        let mutable removed = 0
        let mutable table = entry.Object :?> PageTable

        while removed < most && table.FindDue(this.Now, &field) do
            if removed = 0 then
                table <- table.Edit keyspace.Owner
                this.Table.SetObject(&entry, table)
                table.Find(field.Key, &field) |> ignore

            journal.Begin 3
            journal.Add "HDEL"
            journal.Add entry.Key
            journal.Add field.Key
            table.Remove &field
            removed <- removed + 1

        if removed > 0 then
            this.ExpiredFields <- this.ExpiredFields + int64 removed
            this.Notify(EventClass.Hash, "hexpired", entry.Key)

            if table.Count = 0 then
                this.Notify(EventClass.Generic, "del", entry.Key)
                this.Table.Remove &entry

        removed

    /// Looks a key up without counting that as anything. A key that is due is removed, and so are fields that are.
    member this.Locate(key: ReadOnlySpan<byte>, entry: byref<Entry>) : bool =
        if not (this.Table.Find(key, &entry)) then
            false
        elif entry.Deadline <= this.Now && not this.Loading then
            if this.KeepsDue then
                false
            else
                this.Expire(&entry)
                // Removing may have moved the place where the key would be.
                this.Table.Find(key, &entry)
        elif
            Kinds.isExpiringHash entry.Kind
            && not this.Loading
            && (entry.Object :?> IHasDeadlines).EarliestDeadline <= this.Now
        then
            this.ExpireFields(&entry, Int32.MaxValue) |> ignore
            this.Table.Find(key, &entry)
        else
            true

    /// The note about its use that a record gets which is made, or written anew.
    member private this.StampFor(entry: byref<Entry>) : int =
        if not (Policies.countsUse limits.EvictionPolicy) then
            this.Clock
        elif entry.Exists then
            entry.Stamp
        else
            Frequency.make this.Now Frequency.Initial

    /// Takes note that a key that was found is used now, whatever the client wants.
    member this.Touch(entry: byref<Entry>) =
        entry.Stamp <-
            if Policies.countsUse limits.EvictionPolicy then
                let counter = Frequency.counterOf entry.Stamp this.Now limits.LfuDecayMinutes
                Frequency.make this.Now (Frequency.raised counter limits.LfuLogFactor &random)
            else
                this.Clock

    /// Takes note that a key that was found is used now.
    member private this.Use(entry: byref<Entry>) =
        if not this.NoTouch then
            this.Touch &entry

    /// Looks a key up before writing: a use of the key, and neither a hit nor a miss.
    member this.Find(key: ReadOnlySpan<byte>, entry: byref<Entry>) : bool =
        let found = this.Locate(key, &entry)

        if found then
            this.Use &entry

        found

    /// Looks a key up for reading: counted as a hit or a miss, and as a use of the key.
    member this.Read(key: ReadOnlySpan<byte>, entry: byref<Entry>) : bool =
        let found = this.Peek(key, &entry)

        if found then
            this.Use &entry

        found

    /// Looks a key up for reading without counting that as a use of the key.
    member this.Peek(key: ReadOnlySpan<byte>, entry: byref<Entry>) : bool =
        let found = this.Inspect(key, &entry)

        if not found then
            this.Notice(EventClass.KeyMiss, "keymiss", key)

        found

    /// Looks a key up for what is known of it: counted as a hit or a miss, of which nobody is told.
    member this.Inspect(key: ReadOnlySpan<byte>, entry: byref<Entry>) : bool =
        let found = this.Locate(key, &entry)

        if found then
            this.Hits <- this.Hits + 1L
        else
            this.Misses <- this.Misses + 1L

        found

    member private this.Checked(found: bool, right: bool) : Lookup =
        if not found then
            Lookup.Missing
        elif right then
            Lookup.Found
        else
            this.Reply.Error Errors.wrongType
            Lookup.WrongType

    /// Whether all fields of a hash are due.
    member private this.AllFieldsAreDue(table: PageTable) =
        let mutable all =
            table.DeadlineCount = table.Count
            && (table :> IHasDeadlines).EarliestDeadline <= this.Now

        let mutable walk = table.Walk()
        let mutable field = Entry()

        while all && walk.Next &field do
            all <- field.Deadline <= this.Now

        all

    /// Whether a record of the table that was reached without `Find` is due, and so must not be shown.
    member this.IsDue(entry: byref<Entry>) =
        not this.Loading
        && (entry.Deadline <= this.Now
            || (Kinds.isExpiringHash entry.Kind
                && this.AllFieldsAreDue(entry.Object :?> PageTable)))

    /// A number in decimal; good until the next.
    member this.TextOf(number: int64) : ReadOnlySpan<byte> =
        this.NumberText.Truncate 0

        let digits =
            Numbers.writeInt64 (this.NumberText.Reserve Numbers.Int64LengthMax, number)

        this.NumberText.Advance digits
        this.NumberText.Written

    /// A `long double` in decimal; good until the next.
    member this.TextOf(number: Extended) : ReadOnlySpan<byte> =
        this.NumberText.Truncate 0
        let digits = Extended.write (this.NumberText.Reserve Extended.LengthMax, number)
        this.NumberText.Advance digits
        this.NumberText.Written

    /// Looks up a key that must hold a string if it exists.
    member this.ReadString(key: ReadOnlySpan<byte>, entry: byref<Entry>) : Lookup =
        let found = this.Read(key, &entry)
        this.Checked(found, found && Kinds.isString entry.Kind)

    /// The same, before writing: neither hit nor miss.
    member this.FindString(key: ReadOnlySpan<byte>, entry: byref<Entry>) : Lookup =
        let found = this.Find(key, &entry)
        this.Checked(found, found && Kinds.isString entry.Kind)

    /// Looks up a key that must hold a hash if it exists.
    member this.ReadHash(key: ReadOnlySpan<byte>, entry: byref<Entry>) : Lookup =
        let found = this.Read(key, &entry)
        this.Checked(found, found && Kinds.isHash entry.Kind)

    /// The same, before writing: neither hit nor miss.
    member this.FindHash(key: ReadOnlySpan<byte>, entry: byref<Entry>) : Lookup =
        let found = this.Find(key, &entry)
        this.Checked(found, found && Kinds.isHash entry.Kind)

    /// Looks up a key that must hold a set if it exists.
    member this.ReadSet(key: ReadOnlySpan<byte>, entry: byref<Entry>) : Lookup =
        let found = this.Read(key, &entry)
        this.Checked(found, found && Kinds.isSet entry.Kind)

    /// The same, before writing: neither hit nor miss.
    member this.FindSet(key: ReadOnlySpan<byte>, entry: byref<Entry>) : Lookup =
        let found = this.Find(key, &entry)
        this.Checked(found, found && Kinds.isSet entry.Kind)

    /// Looks up a key that must hold a list if it exists.
    member this.ReadList(key: ReadOnlySpan<byte>, entry: byref<Entry>) : Lookup =
        let found = this.Read(key, &entry)
        this.Checked(found, found && Kinds.isList entry.Kind)

    /// The same, before writing: neither hit nor miss.
    member this.FindList(key: ReadOnlySpan<byte>, entry: byref<Entry>) : Lookup =
        let found = this.Find(key, &entry)
        this.Checked(found, found && Kinds.isList entry.Kind)

    /// Looks up a key that must hold a sorted set if it exists.
    member this.ReadSortedSet(key: ReadOnlySpan<byte>, entry: byref<Entry>) : Lookup =
        let found = this.Read(key, &entry)
        this.Checked(found, found && Kinds.isSortedSet entry.Kind)

    /// The same, before writing: neither hit nor miss.
    member this.FindSortedSet(key: ReadOnlySpan<byte>, entry: byref<Entry>) : Lookup =
        let found = this.Find(key, &entry)
        this.Checked(found, found && Kinds.isSortedSet entry.Kind)

    /// Looks up a key that must hold a sorted set, or a set, if it exists.
    member this.ReadAnySet(key: ReadOnlySpan<byte>, entry: byref<Entry>) : Lookup =
        let found = this.Read(key, &entry)
        this.Checked(found, found && (Kinds.isSortedSet entry.Kind || Kinds.isSet entry.Kind))

    /// Looks up a key that must hold a stream if it exists.
    member this.ReadStream(key: ReadOnlySpan<byte>, entry: byref<Entry>) : Lookup =
        let found = this.Read(key, &entry)
        this.Checked(found, found && Kinds.isStream entry.Kind)

    /// The same, before writing: neither hit nor miss.
    member this.FindStream(key: ReadOnlySpan<byte>, entry: byref<Entry>) : Lookup =
        let found = this.Find(key, &entry)
        this.Checked(found, found && Kinds.isStream entry.Kind)

    /// Stores bytes under a key, over what the entry found.
    member this.Store
        (entry: byref<Entry>, key: ReadOnlySpan<byte>, kind: Kind, value: ReadOnlySpan<byte>, deadline: int64)
        =
        if not entry.Exists then
            this.NoticeNew key

        this.Table.Store(&entry, key, kind, value, null, deadline, this.StampFor &entry)

    /// Stores an object under a key, over what the entry found.
    member this.StoreObject(entry: byref<Entry>, key: ReadOnlySpan<byte>, kind: Kind, value: obj, deadline: int64) =
        if not entry.Exists then
            this.NoticeNew key

        this.Table.Store(&entry, key, kind, ReadOnlySpan<byte>.Empty, value, deadline, this.StampFor &entry)

    /// The bytes of a string for editing in place, at a new length; bytes beyond the old length are zero. Makes the key
    /// if the entry found none. Redis calls the encoding of such a string `raw`.
    member this.EditString(entry: byref<Entry>, key: ReadOnlySpan<byte>, length: int) : Span<byte> =
        if entry.Exists && not (isNull entry.Object) then
            this.Table.Resize(this.Table.WritableBlob &entry, length)
            this.Table.SetKind(&entry, Kind.RawString)
        else
            let old =
                if entry.Exists then
                    entry.Value
                else
                    ReadOnlySpan<byte>.Empty

            let deadline = if entry.Exists then entry.Deadline else Page.NoDeadline
            this.Scratch.Truncate 0
            this.Scratch.Raw old
            this.Scratch.Reserve(length - old.Length).Slice(0, length - old.Length).Clear()
            this.Scratch.Advance(length - old.Length)
            this.Store(&entry, key, Kind.RawString, this.Scratch.Written, deadline)

        this.Table.WritableValue &entry

/// Carries a command out: reads the arguments from the call, writes the reply, and tells what to log.
type Handler = Call -> Outcome
