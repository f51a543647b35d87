/// The commands on sets: https://redis.io/docs/latest/commands/?group=set
module RedisClone.Protocol.SetCommands

open System
open System.Collections.Generic

// ---- shapes

[<RequireQualifiedAccess>]
type private Operation =
    | Intersection
    | Union
    | Difference

/// Shows members of SSCAN that fit the pattern.
type private ScanVisitor(call: Call, options: ScanOptions) =
    /// How many members were written.
    member val Written = 0 with get, set

    member this.Show(m: ReadOnlySpan<byte>) =
        if ScanOptions.fits call options m then
            call.Reply.Bulk m
            this.Written <- this.Written + 1

    interface IEntryVisitor with
        member this.Visit(entry: byref<Entry>) = this.Show entry.Key

/// Removes a set that has lost its last member.
let private dropIfEmpty (call: Call) (key: ReadOnlySpan<byte>) (entry: byref<Entry>) =
    if SetValue.count &entry = 0 then
        call.Table.Remove &entry
        call.Notify(EventClass.Generic, "del", key)

// ---- reads

let scard (call: Call) =
    let mutable entry = Entry()

    match call.ReadSet(call.Take(), &entry) with
    | Lookup.Found -> call.Reply.Integer(int64 (SetValue.count &entry))
    | Lookup.WrongType -> ()
    | _ -> call.Reply.Integer 0L

    Outcome.Unchanged

let sismember (call: Call) =
    let mutable entry = Entry()

    match call.ReadSet(call.Take(), &entry) with
    | Lookup.Found -> call.Reply.Integer(if SetValue.contains &entry (call.Take()) then 1L else 0L)
    | Lookup.WrongType -> ()
    | _ -> call.Reply.Integer 0L

    Outcome.Unchanged

let smismember (call: Call) =
    let mutable entry = Entry()

    match call.ReadSet(call.Take(), &entry) with
    | Lookup.WrongType -> ()
    | found ->
        call.Reply.Array call.Remaining

        while call.Remaining > 0 do
            let m = call.Take()

            call.Reply.Integer(
                if found = Lookup.Found && SetValue.contains &entry m then
                    1L
                else
                    0L
            )

    Outcome.Unchanged

let private writeMembers (reply: RespWriter) (set: SetView) =
    let mutable members = SetValue.membersOf set
    reply.Set set.Count

    while members.Next() do
        reply.Bulk members.Member

let smembers (call: Call) =
    let mutable entry = Entry()

    match call.ReadSet(call.Take(), &entry) with
    | Lookup.Found -> writeMembers call.Reply (SetValue.view &entry)
    | Lookup.WrongType -> ()
    | _ -> call.Reply.Set 0

    Outcome.Unchanged

let sscan (call: Call) =
    let mutable entry = Entry()
    let mutable options = Unchecked.defaultof<ScanOptions>
    let key = call.Take()

    if ScanOptions.takeCursor call &options then
        match call.ReadSet(key, &entry) with
        | Lookup.WrongType -> ()
        | Lookup.Missing ->
            call.Reply.Array 2
            call.Reply.BulkInteger 0L
            call.Reply.Array 0
        | _ when not (ScanOptions.takeRest call false &options) -> ()
        | _ ->
            let visitor = ScanVisitor(call, options)
            let start = call.Reply.Length

            let next =
                match SetValue.tableOf &entry with
                | null ->
                    let mutable members = SetValue.members &entry

                    while members.Next() do
                        visitor.Show members.Member

                    0UL
                | table -> table.Scan(options.Cursor, options.Count, visitor)

            ScanOptions.finish call start next visitor.Written

    Outcome.Unchanged

// ---- several sets

/// Looks up the next keys, which must hold sets if they exist, and leaves them behind; null, with the error written, if
/// one has another type.
let private takeSets (call: Call) (count: int) : SetView[] =
    let mutable entry = Entry()
    let mutable valid = true
    let mutable i = 0

    // A key that is due goes when it is looked at, which may move others. So all are looked at before one is kept.
    while valid && i < count do
        valid <- call.ReadSet(call.Ahead i, &entry) <> Lookup.WrongType
        i <- i + 1

    if not valid then
        null
    else
        let sets = Array.create count SetValue.emptyView

        for i in 0 .. count - 1 do
            if call.Table.Find(call.Ahead i, &entry) then
                sets[i] <- SetValue.view &entry

        call.Skip count
        sets

let private bySize =
    Comparison<SetView>(fun first second -> compare first.Count second.Count)

/// Prepares to go along what all sets have: along the smallest, asking the next larger ones first.
let private intersectionOf (sets: SetView[]) : SetComparison =
    Array.Sort(sets, bySize)
    SetComparison(sets, 0, 1, sets.Length - 1, true)

/// Prepares to go along what the first set has and the others have not.
let private differenceOf (sets: SetView[]) : SetComparison =
    SetComparison(sets, 0, 1, sets.Length - 1, false)

/// Makes a set of what the operation comes to.
let private build (call: Call) (operation: Operation) (sets: SetView[]) (expected: int) : SetBuilder =
    let mutable builder = SetBuilder(call, expected)

    match operation with
    | Operation.Union ->
        for set in sets do
            let mutable members = SetValue.membersOf set

            while members.Next() do
                builder.Add members.Member |> ignore
    | _ ->
        let mutable comparison =
            if operation = Operation.Intersection then
                intersectionOf sets
            else
                differenceOf sets

        while comparison.Next() do
            builder.Add comparison.Member |> ignore

    builder

/// Writes what a walk over a comparison comes to; returns how many members.
let private writeAll (call: Call) (comparison: SetComparison) : int =
    let mutable comparison = comparison
    let mutable count = 0

    while not call.Reply.IsOverflown && comparison.Next() do
        call.Reply.Bulk comparison.Member
        count <- count + 1

    count

let private combine (call: Call) (operation: Operation) =
    let sets = takeSets call call.Remaining
    let start = call.Reply.Length

    if isNull sets then
        ()
    elif operation = Operation.Union && sets.Length > 2 then
        let mutable builder = build call operation sets 0
        writeMembers call.Reply builder.View
    else
        let count =
            match operation with
            | Operation.Intersection -> writeAll call (intersectionOf sets)
            | Operation.Difference -> writeAll call (differenceOf sets)
            | Operation.Union ->
                let mutable written = 0

                // Each set without what those before it had.
                for i in 0 .. sets.Length - 1 do
                    written <- written + writeAll call (SetComparison(sets, i, 0, i - 1, false))

                written

        call.Reply.InsertSet(start, count)

    Outcome.Unchanged

let sinter call = combine call Operation.Intersection
let sunion call = combine call Operation.Union
let sdiff call = combine call Operation.Difference

let sintercard (call: Call) =
    let mutable numkeys = 0L
    let mutable limit = 0L
    let mutable valid = true

    if
        not (Numbers.tryParseInt64 (call.Take(), &numkeys))
        || numkeys < 1L
        || numkeys > int64 Int32.MaxValue
    then
        call.Fail Errors.numkeysNotPositive
    elif numkeys > int64 call.Remaining then
        call.Fail Errors.numkeysBeyondArguments
    else
        let keys = int numkeys
        let first = call.Args.Count - call.Remaining
        call.Skip keys

        while valid && call.Remaining > 0 do
            if call.Remaining > 1 && call.TakeWord "LIMIT" then
                valid <- Numbers.tryParseInt64 (call.Take(), &limit) && limit >= 0L

                if not valid then
                    call.Reply.Error Errors.limitNegative
            else
                valid <- false
                call.Reply.Error Errors.syntax

        if valid then
            call.Rewind first

            match takeSets call keys with
            | null -> ()
            | sets ->
                let mutable comparison = intersectionOf sets
                let mutable count = 0L

                while (limit = 0L || count < limit) && comparison.Next() do
                    count <- count + 1L

                call.Reply.Integer count

        Outcome.Unchanged

let private store (call: Call) (operation: Operation) (event: string) =
    let mutable entry = Entry()
    let target = call.Take()

    match takeSets call call.Remaining with
    | null -> Outcome.Unchanged
    | sets ->
        let mutable most = 0

        for set in sets do
            most <- max most set.Count

        let expected = if operation = Operation.Union then most else 0
        let mutable builder = build call operation sets expected

        // Neither hit nor miss, and what is there goes, whatever it is.
        let exists = call.Locate(target, &entry)
        call.Reply.Integer(int64 builder.Count)

        if builder.Count > 0 then
            builder.Store(&entry, target)
            call.Changed(EventClass.Set, event, target)
            Outcome.AsReceived
        elif exists then
            call.Table.Remove &entry
            call.Changed(EventClass.Generic, "del", target)
            Outcome.AsReceived
        else
            Outcome.Unchanged

let sinterstore call =
    store call Operation.Intersection "sinterstore"

let sunionstore call =
    store call Operation.Union "sunionstore"

let sdiffstore call =
    store call Operation.Difference "sdiffstore"

// ---- random members

/// Goes to the member with a number, counted as `members` goes along them.
let private moveTo (members: byref<SetMembers>) (number: int) =
    for _ in 0..number do
        members.Next() |> ignore

/// One member, chosen with equal chance for each; good until the set is next written to.
let private randomMember (call: Call) (entry: byref<Entry>) : ReadOnlySpan<byte> =
    match SetValue.tableOf &entry with
    | null ->
        let mutable members = SetValue.members &entry
        moveTo &members (int (call.RandomBelow(uint64 (SetValue.count &entry))))
        members.Member
    | table ->
        let mutable inner = Entry()
        call.FindRandom(table, &inner) |> ignore
        inner.Key

/// Writes so many different members, each choice of them equally likely: goes along all of them and takes one with the
/// chance that it is among those still wanted.
let private writeDistinct (call: Call) (entry: byref<Entry>) (wanted: int) =
    let mutable members = SetValue.members &entry
    let mutable left = SetValue.count &entry
    let mutable wanted = wanted

    while wanted > 0 && members.Next() do
        if call.RandomBelow(uint64 left) < uint64 wanted then
            wanted <- wanted - 1
            call.Reply.Bulk members.Member

        left <- left - 1

/// The same where few of many are wanted: draws until enough different ones were drawn.
let private writeFewDistinct (call: Call) (table: PageTable) (wanted: int) =
    let drawn = HashSet<string>(wanted)
    let mutable inner = Entry()

    while drawn.Count < wanted do
        call.FindRandom(table, &inner) |> ignore

        if drawn.Add(Bytes.toString inner.Key) then
            call.Reply.Bulk inner.Key

let private writeRandom (call: Call) (entry: byref<Entry>) (count: int64) =
    let size = SetValue.count &entry

    if count < 0L then
        // The count may be in the thousands of millions, but a reply that is dropped need not be written to its end.
        let mutable left = int -count
        call.Reply.Array left

        while left > 0 && not call.Reply.IsOverflown do
            left <- left - 1
            call.Reply.Bulk(randomMember call &entry)
    else
        let number = int (min count (int64 size))
        call.Reply.Array number

        match SetValue.tableOf &entry with
        | null -> writeDistinct call &entry number
        | _ when number > size / 3 -> writeDistinct call &entry number
        | table -> writeFewDistinct call table number

let srandmember (call: Call) =
    let mutable entry = Entry()
    let mutable count = 0L
    let key = call.Take()
    let hasCount = call.Remaining > 0

    if call.Remaining > 1 then
        call.Fail Errors.syntax
    elif hasCount && not (call.TakeInteger(&count, -Int64.MaxValue, Int64.MaxValue)) then
        Outcome.Unchanged
    else
        match call.ReadSet(key, &entry) with
        | Lookup.Found when count < -int64 Int32.MaxValue ->
            // More than any reply can hold.
            call.Reply.Error Errors.outOfRange
        | Lookup.Found when hasCount -> writeRandom call &entry count
        | Lookup.Found -> call.Reply.Bulk(randomMember call &entry)
        | Lookup.Missing when hasCount -> call.Reply.Array 0
        | Lookup.Missing -> call.Reply.Null()
        | _ -> ()

        Outcome.Unchanged

// ---- writes

/// The most members that one SREM in the log takes away.
[<Literal>]
let private LoggedMembersMax = 1024

let private logDelete (call: Call) (key: ReadOnlySpan<byte>) =
    call.Journal.Begin 2
    call.Journal.Add "DEL"
    call.Journal.Add key

let private beginRemoval (call: Call) (key: ReadOnlySpan<byte>) (members: int) =
    call.Journal.Begin(2 + members)
    call.Journal.Add "SREM"
    call.Journal.Add key

/// Takes one member out at random, and writes it to the reply and the journal.
let private popOne (call: Call) (key: ReadOnlySpan<byte>) (entry: byref<Entry>) =
    let popped = randomMember call &entry
    call.Reply.Bulk popped
    call.Journal.Add popped
    SetValue.remove (call, &entry, key, popped) |> ignore

let private popAll (call: Call) (key: ReadOnlySpan<byte>) (entry: byref<Entry>) =
    call.Table.Remove &entry
    call.Changed(EventClass.Set, "spop", key)
    call.Notify(EventClass.Generic, "del", key)
    logDelete call key
    Outcome.Rewritten

let private popSome (call: Call) (key: ReadOnlySpan<byte>) (entry: byref<Entry>) (count: int) =
    let mutable left = count
    call.Reply.Set count

    while left > 0 do
        let some = min left LoggedMembersMax
        left <- left - some
        beginRemoval call key some

        for _ in 1..some do
            popOne call key &entry

    call.Changed(EventClass.Set, "spop", key)
    Outcome.Rewritten

let private popOneOf (call: Call) (key: ReadOnlySpan<byte>) =
    let mutable entry = Entry()

    match call.FindSet(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | Lookup.Missing ->
        call.Reply.Null()
        Outcome.Unchanged
    | _ when SetValue.count &entry = 1 ->
        call.Reply.Bulk(randomMember call &entry)
        popAll call key &entry
    | _ ->
        beginRemoval call key 1
        popOne call key &entry
        call.Changed(EventClass.Set, "spop", key)
        Outcome.Rewritten

let spop (call: Call) =
    let mutable entry = Entry()
    let mutable count = 0L
    let key = call.Take()

    if call.Remaining = 0 then
        popOneOf call key
    elif call.Remaining > 1 then
        call.Fail Errors.syntax
    elif not (call.TakeInteger(&count, Errors.notPositive)) then
        Outcome.Unchanged
    elif count < 0L then
        call.Fail Errors.notPositive
    else
        match call.FindSet(key, &entry) with
        | Lookup.WrongType -> Outcome.Unchanged
        | found when found = Lookup.Missing || count = 0L ->
            call.Reply.Set 0
            Outcome.Unchanged
        | _ when count >= int64 (SetValue.count &entry) ->
            writeMembers call.Reply (SetValue.view &entry)
            popAll call key &entry
        | _ -> popSome call key &entry (int count)

/// Adds all members from the cursor on to a key that does not exist.
let private addNew (call: Call) (key: ReadOnlySpan<byte>) (entry: byref<Entry>) : int =
    let announced = call.Remaining
    let startsWithInteger = SetValue.isInteger (call.Ahead 0)
    let mutable builder = SetBuilder(call, announced)

    while call.Remaining > 0 do
        builder.Add(call.Take()) |> ignore

    builder.StoreNew(&entry, key, announced, startsWithInteger)
    builder.Count

/// Adds all members from the cursor on to a set.
let private addMore (call: Call) (key: ReadOnlySpan<byte>) (entry: byref<Entry>) : int =
    let announced = call.Remaining
    let mutable added = 0

    while call.Remaining > 0 do
        if SetValue.add (call, &entry, key, call.Take()) then
            added <- added + 1

    if added > 0 then
        SetValue.announce (call, &entry, announced)

    added

let sadd (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()

    match call.FindSet(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | found ->
        let added =
            if found = Lookup.Missing then
                addNew call key &entry
            else
                addMore call key &entry

        call.Reply.Integer(int64 added)

        if added > 0 then
            call.Changed(EventClass.Set, "sadd", key)
            Outcome.AsReceived
        else
            Outcome.Unchanged

let srem (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()

    match call.FindSet(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | Lookup.Missing ->
        call.Reply.Integer 0L
        Outcome.Unchanged
    | _ ->
        let mutable removed = 0

        while call.Remaining > 0 && SetValue.count &entry > 0 do
            if SetValue.remove (call, &entry, key, call.Take()) then
                removed <- removed + 1

        if removed > 0 then
            call.Changed(EventClass.Set, "srem", key)

        dropIfEmpty call key &entry
        call.Reply.Integer(int64 removed)

        if removed > 0 then
            Outcome.AsReceived
        else
            Outcome.Unchanged

/// Takes a member that is there from one set to another, which may be missing.
let private moveMember (call: Call) (source: ReadOnlySpan<byte>) (target: ReadOnlySpan<byte>) =
    let mutable entry = Entry()
    let m = call.Take()
    call.Table.Find(source, &entry) |> ignore

    if not (SetValue.remove (call, &entry, source, m)) then
        call.Reply.Integer 0L
        Outcome.Unchanged
    else
        call.Changed(EventClass.Set, "srem", source)
        dropIfEmpty call source &entry

        let isNew =
            if call.Table.Find(target, &entry) then
                SetValue.add (call, &entry, target, m)
            else
                let mutable builder = SetBuilder(call, 1)
                let added = builder.Add m
                builder.StoreNew(&entry, target, 1, SetValue.isInteger m)
                added

        if isNew then
            call.Changed(EventClass.Set, "sadd", target)

        call.Reply.Integer 1L
        Outcome.AsReceived

let smove (call: Call) =
    let mutable entry = Entry()
    let source = call.Take()
    let target = call.Take()

    match call.FindSet(source, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | Lookup.Missing ->
        call.Reply.Integer 0L
        Outcome.Unchanged
    | _ when call.FindSet(target, &entry) = Lookup.WrongType -> Outcome.Unchanged
    | _ when source.SequenceEqual target ->
        call.Reply.Integer(if SetValue.contains &entry (call.Take()) then 1L else 0L)
        Outcome.Unchanged
    | _ -> moveMember call source target

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Set
        [
            command
                "SADD key member [member ...]"
                [ Write; DenyOom; Fast ]
                (since "1.0.0")
                "Adds members to a set."
                sadd
            |> complexity "O(N), N being the number of members given"
            |> keys [ inserts ]
            |> history "2.4.0" "Several members at once."
            command "SCARD key" [ ReadOnly; Fast ] (since "1.0.0") "Returns the number of members." scard
            |> keys [ inspects ]
            command
                "SDIFF key [key ...]"
                [ ReadOnly ]
                (since "1.0.0")
                "Returns what the first set has and the others have not."
                sdiff
            |> complexity "O(N * M), N being the members of the first set and M the number of sets"
            |> tips [ nondeterministicOrder ]
            command
                "SDIFFSTORE destination key [key ...]"
                [ Write; DenyOom ]
                (since "1.0.0")
                "Stores what the first set has and the others have not."
                sdiffstore
            |> complexity "O(N * M), N being the members of the first set and M the number of sets"
            command "SINTER key [key ...]" [ ReadOnly ] (since "1.0.0") "Returns what all the sets have." sinter
            |> complexity "O(N * M), N being the members of the smallest set and M the number of sets"
            |> tips [ nondeterministicOrder ]
            command
                "SINTERCARD numkeys key [key ...] [LIMIT limit]"
                [ ReadOnly ]
                (since "7.0.0")
                "Counts what all the sets have."
                sintercard
            |> complexity "O(N * M), N being the members of the smallest set and M the number of sets"
            command
                "SINTERSTORE destination key [key ...]"
                [ Write; DenyOom ]
                (since "1.0.0")
                "Stores what all the sets have."
                sinterstore
            |> complexity "O(N * M), N being the members of the smallest set and M the number of sets"
            |> keys [ updates; reads ]
            command
                "SISMEMBER key member"
                [ ReadOnly; Fast ]
                (since "1.0.0")
                "Tells whether a set has a member."
                sismember
            |> keys [ inspects ]
            command "SMEMBERS key" [ ReadOnly ] (since "1.0.0") "Returns all members." smembers
            |> complexity "O(N), N being the number of members"
            |> tips [ nondeterministicOrder ]
            command
                "SMISMEMBER key member [member ...]"
                [ ReadOnly; Fast ]
                (since "6.2.0")
                "Tells which of several members a set has."
                smismember
            |> complexity "O(N), N being the number of members given"
            command
                "SMOVE source destination member"
                [ Write; Fast ]
                (since "1.0.0")
                "Moves a member from one set to another."
                smove
            |> keys [ takes; inserts ]
            command
                "SPOP key [count]"
                [ Write; Fast ]
                (since "1.0.0")
                "Takes members out of a set, chosen at random."
                spop
            |> complexity "O(N), N being the number of members taken"
            |> keys [ takes ]
            |> history "3.2.0" "`count`."
            |> tips [ nondeterministic ]
            command
                "SRANDMEMBER key [count]"
                [ ReadOnly ]
                (since "1.0.0")
                "Returns members chosen at random."
                srandmember
            |> complexity "O(N), N being the number of members returned"
            |> history "2.6.0" "`count`."
            |> tips [ nondeterministic ]
            command
                "SREM key member [member ...]"
                [ Write; Fast ]
                (since "1.0.0")
                "Removes members of a set."
                srem
            |> complexity "O(N), N being the number of members given"
            |> keys [ deletes ]
            |> history "2.4.0" "Several members at once."
            command
                "SSCAN key cursor [MATCH pattern] [COUNT count]"
                [ ReadOnly ]
                (since "2.8.0")
                "Goes through the members of a set, some at a time."
                sscan
            |> complexity "O(1) a call, O(N) for all N members"
            |> tips [ nondeterministic ]
            command
                "SUNION key [key ...]"
                [ ReadOnly ]
                (since "1.0.0")
                "Returns what any of the sets has."
                sunion
            |> complexity "O(N), N being the members of all sets"
            |> tips [ nondeterministicOrder ]
            command
                "SUNIONSTORE destination key [key ...]"
                [ Write; DenyOom ]
                (since "1.0.0")
                "Stores what any of the sets has."
                sunionstore
            |> complexity "O(N), N being the members of all sets"
        ]
