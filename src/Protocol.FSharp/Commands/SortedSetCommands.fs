/// The commands on members of one sorted set: https://redis.io/docs/latest/commands/?group=sorted-set
module RedisClone.Protocol.SortedSetCommands

open System

// ---- shapes

/// Shows members of ZSCAN, with their scores, that fit the pattern.
type private ScanVisitor(call: Call, options: ScanOptions, kind: Kind) =
    /// How many bulk strings were written.
    member val Written = 0 with get, set

    /// Redis shows whole numbers in a listpack as they are kept there.
    member private _.ShowScore(score: double) =
        if kind = Kind.SortedSet && abs score < 9.2e18 && score = Math.Truncate score then
            call.Reply.BulkInteger(int64 score)
        else
            call.NumberText.Truncate 0

            call.NumberText.Advance(Numbers.writeDouble (call.NumberText.Reserve Numbers.DoubleLengthMax, score))

            call.Reply.Bulk call.NumberText.Written

    member this.Show(m: ReadOnlySpan<byte>, score: double) =
        if ScanOptions.fits call options m then
            call.Reply.Bulk m
            this.ShowScore score
            this.Written <- this.Written + 2

    interface IEntryVisitor with
        member this.Visit(entry: byref<Entry>) =
            this.Show(entry.Key, ScoreTable.Score &entry)

// ---- reads

let zcard (call: Call) =
    let mutable entry = Entry()

    match call.ReadSortedSet(call.Take(), &entry) with
    | Lookup.Found -> call.Reply.Integer(int64 (SortedSetValue.count &entry))
    | Lookup.WrongType -> ()
    | _ -> call.Reply.Integer 0L

    Outcome.Unchanged

/// Writes the score of the next argument, or that there is none.
let private writeScore (call: Call) (set: SortedSetView inref) =
    let mutable score = 0.0

    if SortedSetValue.tryScore (&set, call.Take(), &score) then
        call.Reply.Double score
    else
        call.Reply.Null()

let zscore (call: Call) =
    let mutable entry = Entry()

    match call.ReadSortedSet(call.Take(), &entry) with
    | Lookup.Found ->
        let set = SortedSetValue.view &entry
        writeScore call &set
    | Lookup.WrongType -> ()
    | _ -> call.Reply.Null()

    Outcome.Unchanged

let zmscore (call: Call) =
    let mutable entry = Entry()

    match call.ReadSortedSet(call.Take(), &entry) with
    | Lookup.WrongType -> ()
    | found ->
        let set =
            if found = Lookup.Found then
                SortedSetValue.view &entry
            else
                SortedSetValue.emptyView

        call.Reply.Array call.Remaining

        while call.Remaining > 0 do
            writeScore call &set

    Outcome.Unchanged

let private rank (call: Call) (reverse: bool) (name: string) =
    let mutable entry = Entry()
    let mutable score = 0.0
    let key = call.Take()
    let m = call.Take()
    let withScore = call.Remaining > 0

    if call.Remaining > 1 then
        call.Fail(Errors.wrongArity name)
    elif withScore && not (call.TakeWord "WITHSCORE") then
        call.Fail Errors.syntax
    else
        match call.ReadSortedSet(key, &entry) with
        | Lookup.WrongType -> ()
        | found ->
            let set =
                if found = Lookup.Found then
                    SortedSetValue.view &entry
                else
                    SortedSetValue.emptyView

            if SortedSetValue.tryScore (&set, m, &score) then
                let index = SortedSetValue.rankOf (&set, call, score, m)

                if withScore then
                    call.Reply.Array 2

                call.Reply.Integer(int64 (if reverse then set.Count - 1 - index else index))

                if withScore then
                    call.Reply.Double score
            elif withScore then
                call.Reply.NullArray()
            else
                call.Reply.Null()

        Outcome.Unchanged

let zrank call = rank call false "zrank"
let zrevrank call = rank call true "zrevrank"

let zscan (call: Call) =
    let mutable entry = Entry()
    let mutable options = Unchecked.defaultof<ScanOptions>
    let key = call.Take()

    if
        ScanOptions.takeCursor call &options
        && ScanOptions.takeFor call (call.ReadSortedSet(key, &entry)) false &options
    then
        let visitor = ScanVisitor(call, options, entry.Kind)
        let start = call.Reply.Length

        let next =
            match SortedSetValue.largeOf &entry with
            | null ->
                let mutable cursor = SortedSetValue.cursorAt (SortedSetValue.view &entry) 0

                while cursor.Next() do
                    visitor.Show(cursor.Member, cursor.Score)

                0UL
            | large -> large.Members.Scan(options.Cursor, options.Count, visitor)

        ScanOptions.finish call start next visitor.Written

    Outcome.Unchanged

// ---- writes

/// Takes the words between the key and the scores.
let private takeRule (call: Call) (countsMoved: byref<bool>) : AddRule =
    let mutable rule = AddRule.None
    let mutable more = true

    while more do
        if call.TakeWord "NX" then
            rule <- rule ||| AddRule.OnlyNew
        elif call.TakeWord "XX" then
            rule <- rule ||| AddRule.OnlyOld
        elif call.TakeWord "GT" then
            rule <- rule ||| AddRule.OnlyGreater
        elif call.TakeWord "LT" then
            rule <- rule ||| AddRule.OnlyLess
        elif call.TakeWord "INCR" then
            rule <- rule ||| AddRule.Increment
        elif call.TakeWord "CH" then
            countsMoved <- true
        else
            more <- false

    rule

let private isSet (rule: AddRule) (bit: AddRule) = rule &&& bit <> AddRule.None

/// What is wrong with a rule for so many pairs; null if nothing.
let private faultOf (rule: AddRule) (pairs: int) : string =
    let isNew = isSet rule AddRule.OnlyNew
    let isGreater = isSet rule AddRule.OnlyGreater
    let isLess = isSet rule AddRule.OnlyLess

    if isNew && isSet rule AddRule.OnlyOld then
        Errors.addXxAndNx
    elif (isGreater && isNew) || (isLess && isNew) || (isGreater && isLess) then
        Errors.addGtLtAndNx
    elif isSet rule AddRule.Increment && pairs > 1 then
        Errors.addIncrementOfOne
    else
        null

/// Whether the arguments ahead are scores, each followed by a member.
let private areScores (call: Call) : bool =
    let mutable score = 0.0
    let mutable valid = true
    let mutable i = 0

    while valid && i < call.Remaining do
        valid <- Numbers.tryParseDouble (call.Ahead i, &score)
        i <- i + 2

    valid

/// Adds all pairs from the cursor on; the scores were checked.
let private addPairs (call: Call) (key: ReadOnlySpan<byte>) (rule: AddRule) (countsMoved: bool) : Outcome =
    let mutable entry = Entry()
    let increments = isSet rule AddRule.Increment
    let mutable added = 0
    let mutable moved = 0
    let mutable last = Addition.Refused
    let mutable score = 0.0

    match call.FindSortedSet(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | found ->
        if found = Lookup.Missing && isSet rule AddRule.OnlyOld then
            call.Skip call.Remaining
        elif found = Lookup.Missing then
            SortedSetValue.create call &entry key (call.Ahead 1)

        while call.Remaining > 0 do
            Numbers.tryParseDouble (call.Take(), &score) |> ignore
            last <- SortedSetValue.add (call, &entry, key, call.Take(), rule, &score)

            match last with
            | Addition.Added -> added <- added + 1
            | Addition.Moved -> moved <- moved + 1
            | _ -> ()

        if not increments then
            call.Reply.Integer(int64 (if countsMoved then added + moved else added))
        else
            match last with
            | Addition.NotNumber -> call.Reply.Error Errors.scoreNotNumber
            | Addition.Refused -> call.Reply.Null()
            | _ -> call.Reply.Double score

        if added + moved > 0 then
            call.Changed(EventClass.SortedSet, (if increments then "zincr" else "zadd"), key)
            Outcome.AsReceived
        else
            Outcome.Unchanged

let zadd (call: Call) =
    let mutable countsMoved = false
    let key = call.Take()
    let rule = takeRule call &countsMoved
    let fault = faultOf rule (call.Remaining / 2)

    if call.Remaining = 0 || call.Remaining % 2 <> 0 then
        call.Fail Errors.syntax
    elif not (isNull fault) then
        call.Fail fault
    elif not (areScores call) then
        call.Fail Errors.notFloat
    else
        addPairs call key rule countsMoved

let zincrby (call: Call) =
    let mutable countsMoved = false
    let key = call.Take()
    takeRule call &countsMoved |> ignore

    // Redis takes an option of ZADD for one here too, and then misses the increment.
    if call.Remaining <> 2 then call.Fail Errors.syntax
    elif not (areScores call) then call.Fail Errors.notFloat
    else addPairs call key AddRule.Increment false

let zrem (call: Call) =
    let mutable entry = Entry()
    let key = call.Take()
    Elements.removeNamed call (call.FindSortedSet(key, &entry)) key &entry EventClass.SortedSet "zrem"

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.SortedSet
        [
            command
                "ZADD key [NX | XX] [GT | LT] [change: CH] [increment: INCR] score member [score member ...]"
                [ Write; DenyOom; Fast ]
                (since "1.2.0")
                "Adds members to a sorted set, or gives them other scores."
                zadd
            |> complexity "O(log N) for each member, N being the members of the set"
            |> history "2.4.0" "Several members at once."
            |> history "3.0.2" "`XX`, `NX`, `CH` and `INCR`."
            |> history "6.2.0" "`GT` and `LT`."
            command "ZCARD key" [ ReadOnly; Fast ] (since "1.2.0") "Returns the number of members." zcard
            |> keys [ inspects ]
            command
                "ZINCRBY key increment member"
                [ Write; DenyOom; Fast ]
                (since "1.2.0")
                "Adds to the score of a member."
                zincrby
            |> complexity "O(log N), N being the members of the set"
            |> keys [ readsAndUpdates ]
            command
                "ZMSCORE key member [member ...]"
                [ ReadOnly; Fast ]
                (since "6.2.0")
                "Returns the scores of several members."
                zmscore
            |> complexity "O(N), N being the number of members given"
            command
                "ZRANK key member [WITHSCORE]"
                [ ReadOnly; Fast ]
                (since "2.0.0")
                "Returns how many members come before one."
                zrank
            |> complexity "O(log N), N being the members of the set"
            |> history "7.2.0" "`WITHSCORE`."
            command
                "ZREM key member [member ...]"
                [ Write; Fast ]
                (since "1.2.0")
                "Removes members of a sorted set."
                zrem
            |> complexity "O(M * log N), M being the members given and N those of the set"
            |> keys [ deletes ]
            |> history "2.4.0" "Several members at once."
            command
                "ZREVRANK key member [WITHSCORE]"
                [ ReadOnly; Fast ]
                (since "2.0.0")
                "Returns how many members come after one."
                zrevrank
            |> complexity "O(log N), N being the members of the set"
            |> history "7.2.0" "`WITHSCORE`."
            command
                "ZSCAN key cursor [MATCH pattern] [COUNT count]"
                [ ReadOnly ]
                (since "2.8.0")
                "Goes through the members of a sorted set, some at a time."
                zscan
            |> complexity "O(1) a call, O(N) for all N members"
            |> tips [ nondeterministic ]
            command "ZSCORE key member" [ ReadOnly; Fast ] (since "1.2.0") "Returns the score of a member." zscore
        ]
