/// Members chosen at random: SRANDMEMBER and SPOP.
module RedisClone.Protocol.SetRandomCommands

open System
open System.Collections.Generic

// ---- reads

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
    Logged.delete call key

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
            SetValue.writeAll (call.Reply, SetValue.view &entry)
            popAll call key &entry
        | _ -> popSome call key &entry (int count)

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Set
        [
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
        ]
