/// Ranges of sorted sets, by rank, by score and by member: ZRANGE and its kin, ZRANGESTORE, ZCOUNT, ZREMRANGEBY....
module RedisClone.Protocol.SortedSetRangeCommands

open System

// ---- shapes

[<RequireQualifiedAccess>]
type private By =
    | Rank
    | Score
    | Lex

/// What the options behind the bounds say.
[<Struct; NoEquality; NoComparison>]
type private Options =
    {
        By: By
        Reverse: bool
        WithScores: bool
        Offset: int64
        Count: int64
    }

/// The bounds of one call: the indices of their arguments, and what they mean if they are numbers.
[<Struct; NoEquality; NoComparison>]
type private Bounds =
    {
        Least: int
        Most: int
        Start: int64
        Stop: int64
        LeastScore: SortedSetBounds.ScoreBound
        MostScore: SortedSetBounds.ScoreBound
    }

/// The options that a command may be given; the others it has by its name.
[<Flags>]
type private Allowed =
    | None = 0
    | By = 1
    | Reverse = 2
    | Scores = 4

let private allows (allowed: Allowed) (what: Allowed) = allowed &&& what <> Allowed.None

/// Takes the options behind the bounds; writes the error if they make no sense.
let private takeOptions (call: Call) (by: By) (reverse: bool) (allowed: Allowed) (options: byref<Options>) : bool =
    let mutable sortBy = by
    let mutable isChosen = not (allows allowed Allowed.By)
    let mutable reverse = reverse
    let mutable mayReverse = allows allowed Allowed.Reverse
    let mutable withScores = false
    let mutable offset = 0L
    let mutable count = -1L
    let mutable valid = true

    while valid && call.Remaining > 0 do
        if allows allowed Allowed.Scores && call.TakeWord "WITHSCORES" then
            withScores <- true
        elif call.Remaining > 2 && call.TakeWord "LIMIT" then
            valid <- call.TakeInteger &offset && call.TakeInteger &count
        elif mayReverse && call.TakeWord "REV" then
            reverse <- true
            mayReverse <- false
        elif not isChosen && call.TakeWord "BYLEX" then
            sortBy <- By.Lex
            isChosen <- true
        elif not isChosen && call.TakeWord "BYSCORE" then
            sortBy <- By.Score
            isChosen <- true
        else
            valid <- false
            call.Reply.Error Errors.syntax

    options <-
        {
            By = sortBy
            Reverse = reverse
            WithScores = withScores
            Offset = offset
            Count = count
        }

    if not valid then
        false
    elif count <> -1L && sortBy = By.Rank then
        call.Reply.Error Errors.limitWithoutBounds
        false
    elif withScores && sortBy = By.Lex then
        call.Reply.Error Errors.scoresWithLex
        false
    else
        true

/// Understands the two bounds at an argument; writes the error if they are none.
let private readBounds (call: Call) (at: int) (by: By) (reverse: bool) (bounds: byref<Bounds>) : bool =
    let swap = reverse && by <> By.Rank
    let least = if swap then at + 1 else at
    let most = if swap then at else at + 1
    let mutable start = 0L
    let mutable stop = 0L
    let mutable leastScore = Unchecked.defaultof<SortedSetBounds.ScoreBound>
    let mutable mostScore = Unchecked.defaultof<SortedSetBounds.ScoreBound>

    let error =
        match by with
        | By.Rank when
            Numbers.tryParseInt64 (call.Args[at], &start)
            && Numbers.tryParseInt64 (call.Args[at + 1], &stop)
            ->
            null
        | By.Rank -> Errors.notInteger
        | By.Score when
            SortedSetBounds.tryScore (call.Args[least], &leastScore)
            && SortedSetBounds.tryScore (call.Args[most], &mostScore)
            ->
            null
        | By.Score -> Errors.boundNotFloat
        | By.Lex when SortedSetBounds.isLex call.Args[least] && SortedSetBounds.isLex call.Args[most] -> null
        | By.Lex -> Errors.boundNotString

    bounds <-
        {
            Least = least
            Most = most
            Start = start
            Stop = stop
            LeastScore = leastScore
            MostScore = mostScore
        }

    if isNull error then
        true
    else
        call.Reply.Error error
        false

/// The members that a range has, as indices from the low end of the set: the first, and the first behind them.
let private find
    (call: Call)
    (set: SortedSetView inref)
    (by: By)
    (reverse: bool)
    (bounds: Bounds inref)
    (first: byref<int>)
    (last: byref<int>)
    =
    match by with
    | By.Score -> SortedSetBounds.ofScores &set bounds.LeastScore bounds.MostScore &first &last
    | By.Lex -> SortedSetBounds.ofLex call &set call.Args[bounds.Least] call.Args[bounds.Most] reverse &first &last
    | By.Rank ->
        let size = int64 set.Count

        let start =
            max
                0L
                (if bounds.Start < 0L then
                     bounds.Start + size
                 else
                     bounds.Start)

        let stop =
            min (size - 1L) (if bounds.Stop < 0L then bounds.Stop + size else bounds.Stop)

        if start > stop then
            first <- 0
            last <- 0
        elif reverse then
            first <- int (size - 1L - stop)
            last <- int (size - start)
        else
            first <- int start
            last <- int stop + 1

/// The same after LIMIT.
let private select
    (call: Call)
    (set: SortedSetView inref)
    (options: Options inref)
    (bounds: Bounds inref)
    (first: byref<int>)
    (last: byref<int>)
    =
    find call &set options.By options.Reverse &bounds &first &last

    if options.By <> By.Rank then
        SortedSetBounds.limit options.Reverse options.Offset options.Count &first &last

// ---- reads

let private range (call: Call) (by: By) (reverse: bool) (allowed: Allowed) =
    let mutable entry = Entry()
    let mutable options = Unchecked.defaultof<Options>
    let mutable bounds = Unchecked.defaultof<Bounds>
    let mutable first = 0
    let mutable last = 0
    let key = call.Take()
    let at = call.Args.Count - call.Remaining
    call.Skip 2

    if
        takeOptions call by reverse allowed &options
        && readBounds call at options.By options.Reverse &bounds
    then
        match call.ReadSortedSet(key, &entry) with
        | Lookup.WrongType -> ()
        | Lookup.Missing -> call.Reply.Array 0
        | _ ->
            let set = SortedSetValue.view &entry
            select call &set &options &bounds &first &last
            SortedSetReplies.range call set first last options.Reverse options.WithScores

    Outcome.Unchanged

let zrange call =
    range call By.Rank false (Allowed.By ||| Allowed.Reverse ||| Allowed.Scores)

let zrevrange call = range call By.Rank true Allowed.Scores

let zrangebyscore call =
    range call By.Score false Allowed.Scores

let zrevrangebyscore call = range call By.Score true Allowed.Scores

let zrangebylex call = range call By.Lex false Allowed.Scores

let zrevrangebylex call = range call By.Lex true Allowed.Scores

let private countBetween (call: Call) (by: By) =
    let mutable entry = Entry()
    let mutable bounds = Unchecked.defaultof<Bounds>
    let mutable first = 0
    let mutable last = 0
    let key = call.Take()

    if readBounds call (call.Args.Count - call.Remaining) by false &bounds then
        match call.ReadSortedSet(key, &entry) with
        | Lookup.WrongType -> ()
        | Lookup.Missing -> call.Reply.Integer 0L
        | _ ->
            let set = SortedSetValue.view &entry
            find call &set by false &bounds &first &last
            call.Reply.Integer(int64 (last - first))

    Outcome.Unchanged

let zcount call = countBetween call By.Score
let zlexcount call = countBetween call By.Lex

// ---- writes

let private removeBetween (call: Call) (by: By) (event: string) =
    let mutable entry = Entry()
    let mutable bounds = Unchecked.defaultof<Bounds>
    let mutable first = 0
    let mutable last = 0
    let key = call.Take()

    if not (readBounds call (call.Args.Count - call.Remaining) by false &bounds) then
        Outcome.Unchanged
    else
        match call.FindSortedSet(key, &entry) with
        | Lookup.WrongType -> Outcome.Unchanged
        | Lookup.Missing ->
            call.Reply.Integer 0L
            Outcome.Unchanged
        | _ ->
            let set = SortedSetValue.view &entry
            find call &set by false &bounds &first &last
            call.Reply.Integer(int64 (last - first))

            if first = last then
                Outcome.Unchanged
            else
                call.Changed(EventClass.SortedSet, event, key)

                if last - first = set.Count then
                    Elements.drop call key &entry
                else
                    SortedSetValue.removeRange (call, &entry, key, first, last)

                Outcome.AsReceived

let zremrangebyrank call =
    removeBetween call By.Rank "zremrangebyrank"

let zremrangebyscore call =
    removeBetween call By.Score "zremrangebyscore"

let zremrangebylex call =
    removeBetween call By.Lex "zremrangebylex"

/// Stores the members from one index up to, not including, another.
let private storeRange
    (call: Call)
    (target: ReadOnlySpan<byte>)
    (entry: byref<Entry>)
    (set: SortedSetView)
    (first: int)
    (last: int)
    =
    let mutable cursor = SortedSetValue.cursorAt set first
    let mutable longest = 0
    let mutable bytes = 0L

    for _ in first .. last - 1 do
        cursor.Next() |> ignore
        longest <- max longest cursor.Member.Length
        bytes <- bytes + int64 cursor.Member.Length

    let cursor = SortedSetValue.cursorAt set first
    SortedSetValue.storeSorted (call, &entry, target, cursor, last - first, longest, bytes)

let zrangestore (call: Call) =
    let mutable source = Entry()
    let mutable entry = Entry()
    let mutable options = Unchecked.defaultof<Options>
    let mutable bounds = Unchecked.defaultof<Bounds>
    let mutable first = 0
    let mutable last = 0
    let target = call.Take()
    let key = call.Take()
    let at = call.Args.Count - call.Remaining
    call.Skip 2

    if
        not (takeOptions call By.Rank false (Allowed.By ||| Allowed.Reverse) &options)
        || not (readBounds call at options.By options.Reverse &bounds)
        || call.ReadSortedSet(key, &source) = Lookup.WrongType
    then
        Outcome.Unchanged
    else
        // A target that is due goes when it is looked at, which may move the source.
        let exists = call.Locate(target, &entry)

        if call.Table.Find(key, &source) then
            let set = SortedSetValue.view &source
            select call &set &options &bounds &first &last

            if first < last then
                storeRange call target &entry set first last

        Elements.finishStore call target &entry exists (last - first) EventClass.SortedSet "zrangestore"

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.SortedSet
        [
            command
                "ZCOUNT key min max"
                [ ReadOnly; Fast ]
                (since "2.0.0")
                "Counts the members with scores in a range."
                zcount
            |> complexity "O(log N), N being the members of the set"
            command
                "ZLEXCOUNT key min:string max:string"
                [ ReadOnly; Fast ]
                (since "2.8.9")
                "Counts the members in a range, in a set of equal scores."
                zlexcount
            |> complexity "O(log N), N being the members of the set"
            command
                "ZRANGE key start:string stop:string [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]"
                [ ReadOnly ]
                (since "1.2.0")
                "Returns a range of members, by rank, by score or by themselves."
                zrange
            |> complexity "O(log N + M), N being the members of the set and M those returned"
            |> history "6.2.0" "`REV`, `BYSCORE`, `BYLEX` and `LIMIT`."
            command
                "ZRANGEBYLEX key min:string max:string [LIMIT offset count]"
                [ ReadOnly ]
                (since "2.8.9")
                "Returns the members in a range, in a set of equal scores."
                zrangebylex
            |> complexity "O(log N + M), N being the members of the set and M those returned"
            |> deprecated "6.2.0" "`ZRANGE` with `BYLEX`"
            command
                "ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]"
                [ ReadOnly ]
                (since "1.0.5")
                "Returns the members with scores in a range."
                zrangebyscore
            |> complexity "O(log N + M), N being the members of the set and M those returned"
            |> history "2.0.0" "`WITHSCORES`."
            |> deprecated "6.2.0" "`ZRANGE` with `BYSCORE`"
            command
                "ZRANGESTORE dst src min:string max:string [BYSCORE | BYLEX] [REV] [LIMIT offset count]"
                [ Write; DenyOom ]
                (since "6.2.0")
                "Stores a range of members of another sorted set."
                zrangestore
            |> complexity "O(log N + M), N being the members of the set and M those stored"
            command
                "ZREMRANGEBYLEX key min:string max:string"
                [ Write ]
                (since "2.8.9")
                "Removes the members in a range, in a set of equal scores."
                zremrangebylex
            |> complexity "O(log N + M), N being the members of the set and M those removed"
            |> keys [ deletes ]
            command
                "ZREMRANGEBYRANK key start stop"
                [ Write ]
                (since "2.0.0")
                "Removes the members in a range of ranks."
                zremrangebyrank
            |> complexity "O(log N + M), N being the members of the set and M those removed"
            |> keys [ deletes ]
            command
                "ZREMRANGEBYSCORE key min max"
                [ Write ]
                (since "1.2.0")
                "Removes the members with scores in a range."
                zremrangebyscore
            |> complexity "O(log N + M), N being the members of the set and M those removed"
            |> keys [ deletes ]
            command
                "ZREVRANGE key start stop [WITHSCORES]"
                [ ReadOnly ]
                (since "1.2.0")
                "Returns a range of members by rank, from the last on."
                zrevrange
            |> complexity "O(log N + M), N being the members of the set and M those returned"
            |> deprecated "6.2.0" "`ZRANGE` with `REV`"
            command
                "ZREVRANGEBYLEX key max:string min:string [LIMIT offset count]"
                [ ReadOnly ]
                (since "2.8.9")
                "Returns the members in a range backwards, in a set of equal scores."
                zrevrangebylex
            |> complexity "O(log N + M), N being the members of the set and M those returned"
            |> deprecated "6.2.0" "`ZRANGE` with `REV` and `BYLEX`"
            command
                "ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]"
                [ ReadOnly ]
                (since "2.2.0")
                "Returns the members with scores in a range, from the highest on."
                zrevrangebyscore
            |> complexity "O(log N + M), N being the members of the set and M those returned"
            |> history "2.1.6" ""
            |> deprecated "6.2.0" "`ZRANGE` with `REV` and `BYSCORE`"
        ]
