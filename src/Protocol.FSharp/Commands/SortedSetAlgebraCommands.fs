/// What several sorted sets have in common, together, or not: ZINTER, ZUNION, ZDIFF and their kin. Sets without scores
/// may be among them: their members have the score 1.
module RedisClone.Protocol.SortedSetAlgebraCommands

open System

// ---- shapes

[<RequireQualifiedAccess>]
type private Operation =
    | Intersection
    | Union
    | Difference

/// One of the sets of an operation.
[<Struct; NoEquality; NoComparison>]
type private Input =
    {
        Sorted: SortedSetView
        Plain: SetView
        IsPlain: bool
        Weight: double
    }

    member this.Count = if this.IsPlain then this.Plain.Count else this.Sorted.Count

/// A score with the weight of its set; what is no number is 0.
let private weighted (input: Input inref) (score: double) =
    let product = input.Weight * score
    if Double.IsNaN product then 0.0 else product

/// Whether a set has a member, and its score there.
let private tryScore (input: Input inref) (m: ReadOnlySpan<byte>) (score: byref<double>) : bool =
    if input.IsPlain then
        score <- 1.0
        SetValue.has &input.Plain m
    else
        SortedSetValue.tryScore (&input.Sorted, m, &score)

/// Goes along the members of a set, in any order.
[<Struct; NoEquality; NoComparison>]
type private Walker =
    val private isPlain: bool
    val private isTable: bool
    val mutable private members: SetMembers
    val mutable private cursor: SortedSetCursor
    val mutable private walk: Walk
    val mutable private entry: Entry

    new(input: Input inref) =
        let isTable = not input.IsPlain && not (isNull input.Sorted.Large)

        {
            isPlain = input.IsPlain
            isTable = isTable
            members =
                (if input.IsPlain then
                     SetValue.membersOf input.Plain
                 else
                     Unchecked.defaultof<SetMembers>)
            cursor = SortedSetValue.cursorAt (if isTable then SortedSetValue.emptyView else input.Sorted) 0
            walk =
                (if isTable then
                     input.Sorted.Large.Members.Walk()
                 else
                     Walk())
            entry = Entry()
        }

    member this.Next() : bool =
        if this.isPlain then this.members.Next()
        elif this.isTable then this.walk.Next &this.entry
        else this.cursor.Next()

    member this.Member: ReadOnlySpan<byte> =
        if this.isPlain then this.members.Member
        elif this.isTable then this.entry.Key
        else this.cursor.Member

    member this.Score: double =
        if this.isPlain then 1.0
        elif this.isTable then ScoreTable.Score &this.entry
        else this.cursor.Score

// ---- the sets

/// Takes the number of keys; writes the error if it makes no sense.
let private takeNumkeys (call: Call) (name: string) (keys: byref<int>) : bool =
    let mutable numkeys = 0L

    if not (call.TakeInteger &numkeys) then
        false
    elif numkeys < 1L then
        call.Reply.Error(Errors.noInputKey name)
        false
    elif numkeys > int64 call.Remaining then
        call.Reply.Error Errors.syntax
        false
    else
        keys <- int numkeys
        true

/// Looks up the keys at some arguments; null, with the error written, if one has another type.
let private lookUp (call: Call) (first: int) (keys: int) : Input[] =
    let mutable entry = Entry()
    let mutable valid = true
    let mutable i = 0

    // A key that is due goes when it is looked at, which may move others. So all are looked at before one is kept.
    while valid && i < keys do
        valid <- call.ReadAnySet(call.Args[first + i], &entry) <> Lookup.WrongType
        i <- i + 1

    if not valid then
        null
    else
        let inputs = Array.zeroCreate keys

        for i in 0 .. keys - 1 do
            let found = call.Table.Find(call.Args[first + i], &entry)
            let isPlain = found && Kinds.isSet entry.Kind

            inputs[i] <-
                {
                    Sorted =
                        if found && not isPlain then
                            SortedSetValue.view &entry
                        else
                            SortedSetValue.emptyView
                    Plain = if isPlain then SetValue.view &entry else SetValue.emptyView
                    IsPlain = isPlain
                    Weight = 1.0
                }

        inputs

/// Takes as many weights as there are sets; writes the error if there are not so many.
let private takeWeights (call: Call) (inputs: Input[]) : bool =
    let mutable valid = true
    let mutable weight = 0.0
    let mutable i = 0

    while valid && i < inputs.Length do
        valid <- Numbers.tryParseDouble (call.Take(), &weight)

        if valid then
            inputs[i] <- { inputs[i] with Weight = weight }
        else
            call.Reply.Error Errors.weightNotFloat

        i <- i + 1

    valid

/// Takes WEIGHTS, AGGREGATE and WITHSCORES; writes the error if they make no sense.
let private takeOptions
    (call: Call)
    (operation: Operation)
    (mayShowScores: bool)
    (inputs: Input[])
    (aggregate: byref<ScoreAggregate>)
    (withScores: byref<bool>)
    : bool =
    let mayWeigh = operation <> Operation.Difference
    let mutable valid = true

    while valid && call.Remaining > 0 do
        if mayWeigh && call.Remaining > inputs.Length && call.TakeWord "WEIGHTS" then
            valid <- takeWeights call inputs
        elif mayWeigh && call.Remaining > 1 && call.TakeWord "AGGREGATE" then
            if call.TakeWord "SUM" then
                aggregate <- ScoreAggregate.Sum
            elif call.TakeWord "MIN" then
                aggregate <- ScoreAggregate.Min
            elif call.TakeWord "MAX" then
                aggregate <- ScoreAggregate.Max
            else
                valid <- false
                call.Reply.Error Errors.syntax
        elif mayShowScores && call.TakeWord "WITHSCORES" then
            withScores <- true
        else
            valid <- false
            call.Reply.Error Errors.syntax

    valid

// ---- the operations

/// Sorts sets by size; those of one size stay in the order in which they were named. It decides in which order scores are
/// added up, and so what their sum is to the last bit.
let private sortBySize (inputs: Input[]) =
    for i in 1 .. inputs.Length - 1 do
        let moved = inputs[i]
        let mutable at = i

        while at > 0 && inputs[at - 1].Count > moved.Count do
            inputs[at] <- inputs[at - 1]
            at <- at - 1

        inputs[at] <- moved

/// The score of a member of the first set in an intersection; false if another set lacks it.
let private tryIntersect
    (inputs: Input[])
    (m: ReadOnlySpan<byte>)
    (aggregate: ScoreAggregate)
    (score: byref<double>)
    : bool =
    let mutable total = weighted &inputs[0] score
    let mutable other = 0.0
    let mutable isEverywhere = true
    let mutable i = 1

    while isEverywhere && i < inputs.Length do
        isEverywhere <- tryScore &inputs[i] m &other

        if isEverywhere then
            // No number stays none here: a sum with it is 0, and it is neither the least nor the greatest.
            total <- ScoreAggregate.combine aggregate total (inputs[i].Weight * other)

        i <- i + 1

    score <- total
    isEverywhere

/// Whether another set than the first has a member.
let private isElsewhere (inputs: Input[]) (m: ReadOnlySpan<byte>) : bool =
    let mutable unused = 0.0
    let mutable found = false
    let mutable i = 1

    while not found && i < inputs.Length do
        found <- tryScore &inputs[i] m &unused
        i <- i + 1

    found

/// Collects what the operation comes to.
let private build (call: Call) (operation: Operation) (inputs: Input[]) (aggregate: ScoreAggregate) : SortedSetBuilder =
    let builder = SortedSetBuilder call

    match operation with
    | Operation.Union ->
        sortBySize inputs

        for i in 0 .. inputs.Length - 1 do
            let mutable walker = Walker(&inputs[i])

            while walker.Next() do
                builder.Add(walker.Member, weighted &inputs[i] walker.Score, aggregate)
    | Operation.Intersection ->
        sortBySize inputs
        let mutable walker = Walker(&inputs[0])

        while walker.Next() do
            let mutable score = walker.Score

            if tryIntersect inputs walker.Member aggregate &score then
                builder.Add(walker.Member, score, aggregate)
    | Operation.Difference ->
        let mutable walker = Walker(&inputs[0])

        while walker.Next() do
            if not (isElsewhere inputs walker.Member) then
                builder.Add(walker.Member, walker.Score, aggregate)

    builder

let private combine (call: Call) (operation: Operation) (name: string) =
    let mutable keys = 0
    let mutable aggregate = ScoreAggregate.Sum
    let mutable withScores = false

    if takeNumkeys call name &keys then
        match lookUp call (call.Args.Count - call.Remaining) keys with
        | null -> ()
        | inputs ->
            call.Skip keys

            if takeOptions call operation true inputs &aggregate &withScores then
                let builder = build call operation inputs aggregate
                SortedSetReplies.header call builder.Count withScores

                for item in builder.Sorted() do
                    SortedSetReplies.item call item.Member item.Score withScores

    Outcome.Unchanged

let zunion call = combine call Operation.Union "zunion"

let zinter call =
    combine call Operation.Intersection "zinter"

let zdiff call =
    combine call Operation.Difference "zdiff"

let private store (call: Call) (operation: Operation) (name: string) =
    let mutable keys = 0
    let mutable aggregate = ScoreAggregate.Sum
    let mutable withScores = false
    let mutable entry = Entry()
    let target = call.Take()

    if not (takeNumkeys call name &keys) then
        Outcome.Unchanged
    else
        match lookUp call (call.Args.Count - call.Remaining) keys with
        | null -> Outcome.Unchanged
        | inputs ->
            call.Skip keys

            if not (takeOptions call operation false inputs &aggregate &withScores) then
                Outcome.Unchanged
            else
                let builder = build call operation inputs aggregate
                // Neither hit nor miss, and what is there goes, whatever it is.
                let exists = call.Locate(target, &entry)

                if builder.Count > 0 then
                    builder.Store(&entry, target)

                Elements.finishStore call target &entry exists builder.Count EventClass.SortedSet name

let zunionstore call =
    store call Operation.Union "zunionstore"

let zinterstore call =
    store call Operation.Intersection "zinterstore"

let zdiffstore call =
    store call Operation.Difference "zdiffstore"

let zintercard (call: Call) =
    let mutable keys = 0
    let mutable limit = 0L

    if takeNumkeys call "zintercard" &keys then
        match lookUp call (call.Args.Count - call.Remaining) keys with
        | null -> ()
        | inputs ->
            call.Skip keys

            if SetAlgebraCommands.takeLimit call &limit then
                sortBySize inputs
                let mutable walker = Walker(&inputs[0])
                let mutable count = 0L

                while (limit = 0L || count < limit) && walker.Next() do
                    let mutable score = 0.0

                    if tryIntersect inputs walker.Member ScoreAggregate.Sum &score then
                        count <- count + 1L

                call.Reply.Integer count

    Outcome.Unchanged

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.SortedSet
        [
            command
                "ZDIFF numkeys key [key ...] [WITHSCORES]"
                [ ReadOnly ]
                (since "6.2.0")
                "Returns what the first sorted set has and the others have not."
                zdiff
            |> complexity "O(N * K + M * log M), N being the members of the first set, K the keys and M the result"
            command
                "ZDIFFSTORE destination numkeys key [key ...]"
                [ Write; DenyOom ]
                (since "6.2.0")
                "Stores what the first sorted set has and the others have not."
                zdiffstore
            |> complexity "O(N * K + M * log M), N being the members of the first set, K the keys and M the result"
            command
                "ZINTER numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]"
                [ ReadOnly ]
                (since "6.2.0")
                "Returns what all the sorted sets have."
                zinter
            |> complexity "O(N * K + M * log M), N being the members of the smallest set, K the keys and M the result"
            command
                "ZINTERCARD numkeys key [key ...] [LIMIT limit]"
                [ ReadOnly ]
                (since "7.0.0")
                "Counts what all the sorted sets have."
                zintercard
            |> complexity "O(N * K), N being the members of the smallest set and K the keys"
            command
                "ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]"
                [ Write; DenyOom ]
                (since "2.0.0")
                "Stores what all the sorted sets have."
                zinterstore
            |> complexity "O(N * K + M * log M), N being the members of the smallest set, K the keys and M the result"
            command
                "ZUNION numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]"
                [ ReadOnly ]
                (since "6.2.0")
                "Returns what any of the sorted sets has."
                zunion
            |> complexity "O(N + M * log M), N being the members of all sets and M those of the result"
            command
                "ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]"
                [ Write; DenyOom ]
                (since "2.0.0")
                "Stores what any of the sorted sets has."
                zunionstore
            |> complexity "O(N + M * log M), N being the members of all sets and M those of the result"
        ]
