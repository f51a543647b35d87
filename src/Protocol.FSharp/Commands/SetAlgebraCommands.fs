/// What several sets have in common, together, or not: SINTER, SUNION, SDIFF and their kin.
module RedisClone.Protocol.SetAlgebraCommands

open System

// ---- shapes

[<RequireQualifiedAccess>]
type private Operation =
    | Intersection
    | Union
    | Difference

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
        SetValue.writeAll (call.Reply, builder.View)
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

/// Takes LIMIT, the one option of SINTERCARD and ZINTERCARD; false with the error written.
let internal takeLimit (call: Call) (limit: byref<int64>) : bool =
    let mutable valid = true

    while valid && call.Remaining > 0 do
        if call.Remaining > 1 && call.TakeWord "LIMIT" then
            valid <- Numbers.tryParseInt64 (call.Take(), &limit) && limit >= 0L

            if not valid then
                call.Reply.Error Errors.limitNegative
        else
            valid <- false
            call.Reply.Error Errors.syntax

    valid

let sintercard (call: Call) =
    let mutable numkeys = 0L
    let mutable limit = 0L

    if not (Numbers.tryParseInt64 (call.Take(), &numkeys)) || numkeys < 1L then
        call.Fail Errors.numkeysNotPositive
    elif numkeys > int64 call.Remaining then
        call.Fail Errors.numkeysBeyondArguments
    else
        let keys = int numkeys
        let first = call.Args.Count - call.Remaining
        call.Skip keys

        if takeLimit call &limit then
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

        if builder.Count > 0 then
            builder.Store(&entry, target)

        Elements.finishStore call target &entry exists builder.Count EventClass.Set event

let sinterstore call =
    store call Operation.Intersection "sinterstore"

let sunionstore call =
    store call Operation.Union "sunionstore"

let sdiffstore call =
    store call Operation.Difference "sdiffstore"

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Set
        [
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
            command "SUNION key [key ...]" [ ReadOnly ] (since "1.0.0") "Returns what any of the sets has." sunion
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
