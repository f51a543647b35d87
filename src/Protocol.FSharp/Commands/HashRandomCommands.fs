/// HRANDFIELD: fields chosen at random. https://redis.io/docs/latest/commands/hrandfield/
module RedisClone.Protocol.HashRandomCommands

open System
open System.Collections.Generic

/// Goes to the field with a number, counted as `fields` goes along them.
let private moveTo (fields: byref<HashFields>) (number: int) =
    for _ in 0..number do
        fields.Next() |> ignore

/// Writes one field, chosen with equal chance for each.
let private writeRandom (call: Call) (entry: byref<Entry>) (part: HashPart) =
    match HashValue.tableOf &entry with
    | null ->
        let mutable fields = HashValue.fields &entry
        moveTo &fields (int (call.RandomBelow(uint64 (HashValue.count &entry))))
        HashParts.write call.Reply part &fields
    | table ->
        let mutable inner = Entry()
        call.FindRandom(table, &inner) |> ignore

        if (part &&& HashPart.Field = HashPart.Field) then
            call.Reply.Bulk inner.Key

        if (part &&& HashPart.Value = HashPart.Value) then
            call.Reply.Bulk inner.Value

/// Writes so many different fields, each choice of them equally likely: goes along all of them and takes one with the
/// chance that it is among those still wanted.
let private writeDistinct (call: Call) (entry: byref<Entry>) (wanted: int) (writeHeader: bool) (part: HashPart) =
    let mutable fields = HashValue.fields &entry
    let mutable left = HashValue.count &entry
    let mutable wanted = wanted

    while wanted > 0 && fields.Next() do
        if call.RandomBelow(uint64 left) < uint64 wanted then
            wanted <- wanted - 1

            if writeHeader then
                call.Reply.Array 2

            HashParts.write call.Reply part &fields

        left <- left - 1

/// The same where few of many are wanted: draws until enough different ones were drawn.
let private writeFewDistinct (call: Call) (table: PageTable) (wanted: int) (writeHeader: bool) (part: HashPart) =
    let drawn = HashSet<string>(wanted)
    let mutable inner = Entry()

    while drawn.Count < wanted do
        call.FindRandom(table, &inner) |> ignore

        if drawn.Add(Bytes.toString inner.Key) then
            if writeHeader then
                call.Reply.Array 2

            call.Reply.Bulk inner.Key

            if (part &&& HashPart.Value = HashPart.Value) then
                call.Reply.Bulk inner.Value

let private randomFields (call: Call) (entry: byref<Entry>) (count: int64) (part: HashPart) =
    let size = HashValue.count &entry
    let pairs = (part &&& HashPart.Value = HashPart.Value)
    let nested = pairs && call.Reply.Protocol >= 3

    let number =
        if count < 0L then
            int -count
        else
            int (min count (int64 size))

    call.Reply.Array(if pairs && not nested then 2 * number else number)

    if count < 0L then
        let mutable left = number

        // The count may be in the thousands of millions, but a reply that is dropped need not be written to its end.
        while left > 0 && not call.Reply.IsOverflown do
            left <- left - 1

            if nested then
                call.Reply.Array 2

            writeRandom call &entry part
    else
        match HashValue.tableOf &entry with
        | null -> writeDistinct call &entry number nested part
        | table when number > size / 3 -> writeDistinct call &entry number nested part
        | table -> writeFewDistinct call table number nested part

let hrandfield (call: Call) =
    let mutable entry = Entry()
    let mutable count = 0L
    let key = call.Take()
    let hasCount = call.Remaining > 0

    if hasCount && not (call.TakeInteger(&count, -Int64.MaxValue, Int64.MaxValue)) then
        Outcome.Unchanged
    else
        let withValues = call.TakeWord "WITHVALUES"

        if call.Remaining > 0 then
            call.Fail Errors.syntax
        elif withValues && abs count > Int64.MaxValue / 2L then
            call.Fail Errors.outOfRange
        else
            match call.ReadHash(key, &entry) with
            | Lookup.Found when count < -int64 Int32.MaxValue ->
                // More than any reply can hold.
                call.Reply.Error Errors.outOfRange
            | Lookup.Found when hasCount ->
                randomFields
                    call
                    &entry
                    count
                    (if withValues then
                         HashPart.Field ||| HashPart.Value
                     else
                         HashPart.Field)
            | Lookup.Found -> writeRandom call &entry HashPart.Field
            | Lookup.Missing when hasCount -> call.Reply.Array 0
            | Lookup.Missing -> call.Reply.Null()
            | _ -> ()

            Outcome.Unchanged

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Hash
        [
            command
                "HRANDFIELD key [options: count [WITHVALUES]]"
                [ ReadOnly ]
                (since "6.2.0")
                "Returns fields chosen at random."
                hrandfield
            |> complexity "O(N), N being the number of fields returned"
            |> tips [ nondeterministic ]
        ]
