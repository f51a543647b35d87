/// SORT and SORT_RO: the elements of a list, a set or a sorted set in order, by themselves or by other keys.
/// https://redis.io/docs/latest/commands/sort/
///
/// SORT ... STORE is logged as received. What it reads is the same when the log is replayed: keys and fields that were due
/// left the log as deletions before it, and nothing about the order of the result depends on how a set lies in memory.
///
/// As in Redis, a small sorted set is called a large one once it was sorted. That is not logged.
module RedisClone.Protocol.SortCommands

open System
open System.Collections.Generic

// ---- patterns

/// A pattern among the arguments, such as `weight_*` or `object_*->field`: the `*` stands for an element.
[<Struct; NoEquality; NoComparison>]
type private Pattern =
    {
        /// The index of the argument.
        At: int
        /// The element itself.
        IsElement: bool
        /// Where the `*` is; -1 if there is none, and the pattern so names nothing.
        Star: int
        /// Where the name of the key ends.
        KeyEnd: int
        /// Where the name of the field begins; 0 if the key is to be a string.
        FieldAt: int
    }

let private arrow = "->"B

/// The part that is searched for marks: up to a NUL, as Redis sees it.
let private searched (text: ReadOnlySpan<byte>) : ReadOnlySpan<byte> =
    let nul = text.IndexOf 0uy
    if nul < 0 then text else text.Slice(0, nul)

let private patternAt (call: Call) (at: int) : Pattern =
    let text = call.Args[at]
    let searched = searched text
    let star = searched.IndexOf '*'B

    let found =
        if star < 0 then
            -1
        else
            searched.Slice(star + 1).IndexOf(ReadOnlySpan<byte> arrow)

    // An arrow with nothing behind it is part of the key's name.
    let arrowAt = if found < 0 then -1 else star + 1 + found
    let hasField = arrowAt >= 0 && arrowAt + arrow.Length < searched.Length

    {
        At = at
        IsElement = text.Length = 1 && text[0] = '#'B
        Star = star
        KeyEnd = if hasField then arrowAt else text.Length
        FieldAt = if hasField then arrowAt + arrow.Length else 0
    }

/// Finds what patterns name.
[<Sealed>]
type private PatternReader(call: Call) =
    let name = RespWriter 64
    let mutable entry = Entry()
    let mutable cell = Unchecked.defaultof<HashCell>
    let mutable inHash = false

    /// Looks for the value that a pattern names for an element.
    member _.Find(pattern: Pattern, element: ReadOnlySpan<byte>) : bool =
        if pattern.Star < 0 then
            false
        else
            let text = call.Args[pattern.At]
            name.Truncate 0
            name.Raw(text.Slice(0, pattern.Star))
            name.Raw element
            name.Raw(text.Slice(pattern.Star + 1, pattern.KeyEnd - pattern.Star - 1))
            inHash <- pattern.FieldAt > 0

            if not (call.Read(name.Written, &entry)) then
                false
            elif inHash then
                Kinds.isHash entry.Kind
                && HashValue.tryFind (&entry, text.Slice pattern.FieldAt, &cell)
            else
                Kinds.isString entry.Kind

    /// The value that was found; good until the next search.
    member _.Value: ReadOnlySpan<byte> = if inHash then cell.Span else entry.Value

// ---- arguments

/// All that the arguments say.
[<Sealed>]
type private Request() =
    /// The index of the last pattern to sort by; 0 for none.
    member val By = 0 with get, set

    /// Whether elements stay as they are: a pattern to sort by was the same for all.
    member val IsUnsorted = false with get, set

    member val Offset = 0L with get, set
    /// How many elements at most; negative for all.
    member val Count = -1L with get, set
    member val Descends = false with get, set
    member val IsAlpha = false with get, set
    /// What is returned of each element; the element itself if this is empty.
    member val Gets = List<Pattern>()

    /// The index of the name of the key to store in; 0 for none.
    member val Target = 0 with get, set

/// Takes the pattern to sort by; false, with the error written, if the user may not read what it names.
let private takeBy (call: Call) (request: Request) : bool =
    request.By <- call.Position
    let isSame = (searched (call.Take())).IndexOf '*'B < 0
    request.IsUnsorted <- request.IsUnsorted || isSame
    let allowed = isSame || call.MayReadAllKeys

    if not allowed then
        call.Reply.Error(Errors.sortDenied "BY")

    allowed

let private takeGet (call: Call) (request: Request) : bool =
    request.Gets.Add(patternAt call call.Position)
    call.Skip 1

    if not call.MayReadAllKeys then
        call.Reply.Error(Errors.sortDenied "GET")

    call.MayReadAllKeys

let private takeLimit (call: Call) (request: Request) : bool =
    let mutable offset = 0L
    let mutable count = 0L
    let valid = call.TakeInteger &offset && call.TakeInteger &count
    request.Offset <- offset
    request.Count <- count
    valid

/// Takes all arguments behind the key; writes the error if they make no sense.
let private takeRequest (call: Call) (mayStore: bool) (request: Request) : bool =
    let mutable valid = true

    while valid && call.Remaining > 0 do
        if call.TakeWord "ASC" then
            request.Descends <- false
        elif call.TakeWord "DESC" then
            request.Descends <- true
        elif call.TakeWord "ALPHA" then
            request.IsAlpha <- true
        elif call.Remaining > 2 && call.TakeWord "LIMIT" then
            valid <- takeLimit call request
        elif mayStore && call.Remaining > 1 && call.TakeWord "STORE" then
            request.Target <- call.Position
            call.Skip 1
        elif call.Remaining > 1 && call.TakeWord "BY" then
            valid <- takeBy call request
        elif call.Remaining > 1 && call.TakeWord "GET" then
            valid <- takeGet call request
        else
            valid <- false
            call.Reply.Error Errors.syntax

    valid

/// The elements that LIMIT leaves, out of so many: the first, and how many.
let private limited (request: Request) (count: int) : struct (int * int) =
    let first = min (max 0L request.Offset) (int64 count)
    let rest = int64 count - first
    let wanted = if request.Count < 0L then rest else min rest request.Count
    struct (int first, int wanted)

// ---- elements

let private isSortable (kind: Kind) =
    Kinds.isList kind || Kinds.isSet kind || Kinds.isSortedSet kind

let private countOf (entry: byref<Entry>) : int =
    if Kinds.isList entry.Kind then ListValue.count &entry
    elif Kinds.isSet entry.Kind then SetValue.count &entry
    else SortedSetValue.count &entry

/// Copies some elements: those from an index on, counted from the end and then backwards if asked so.
let private load (entry: byref<Entry>) (first: int) (count: int) (backwards: bool) : SortTexts =
    let texts = SortTexts count
    let start = if backwards then countOf &entry - first else first

    if Kinds.isList entry.Kind then
        let mutable cursor = ListValue.cursorAt (&entry, start)

        for _ in 1..count do
            (if backwards then cursor.Previous() else cursor.Next()) |> ignore
            texts.Add cursor.Item
    elif Kinds.isSortedSet entry.Kind then
        let mutable cursor = SortedSetValue.cursorAt (SortedSetValue.view &entry) start

        for _ in 1..count do
            (if backwards then cursor.Previous() else cursor.Next()) |> ignore
            texts.Add cursor.Member
    else
        // It has no order, so backwards is as good as forwards.
        let mutable walk = SetValue.members &entry

        for _ in 1..first do
            walk.Next() |> ignore

        for _ in 1..count do
            walk.Next() |> ignore
            texts.Add walk.Member

    texts

/// The weights that other keys give to elements.
let private weightsOf (call: Call) (by: Pattern) (elements: SortTexts) : SortTexts =
    let reader = PatternReader call
    let weights = SortTexts elements.Count

    for i in 0 .. elements.Count - 1 do
        if reader.Find(by, elements.Item i) then
            weights.Add reader.Value
        else
            weights.AddMissing()

    weights

/// The indices of the elements in ascending order; null, with the error written, if they cannot be sorted.
let private sort (call: Call) (request: Request) (by: int) (isAlpha: bool) (isOrdered: bool) (elements: SortTexts) =
    let weights =
        if by = 0 then
            elements
        else
            weightsOf call (patternAt call by) elements

    let numbers =
        if weights.IsOverflown then null
        elif isAlpha then Sorting.ofTexts weights
        else Sorting.ofNumbers weights

    if isNull numbers then
        call.Reply.Error(
            if weights.IsOverflown then
                Errors.sortTooLong
            else
                Errors.sortNotDouble
        )

        null
    else
        let byWeight = isAlpha && by > 0
        Sorting.order numbers elements weights byWeight (isOrdered && byWeight) request.Descends

// ---- answers

/// What was chosen of the elements: so many, from one in the order on.
[<Struct; NoEquality; NoComparison>]
type private Chosen =
    {
        Elements: SortTexts
        /// Null for the order that they are in.
        Order: int[]
        First: int
        Count: int
        Descends: bool
    }

    /// The index of the element in a place.
    member this.At(place: int) : int =
        if isNull this.Order then
            this.First + place
        elif this.Descends then
            this.Order[this.Order.Length - 1 - this.First - place]
        else
            this.Order[this.First + place]

let private answer (call: Call) (gets: List<Pattern>) (chosen: Chosen) =
    let reply = call.Reply
    let reader = PatternReader call
    let mutable place = 0
    reply.Header('*'B, int64 chosen.Count * int64 (max 1 gets.Count))

    while place < chosen.Count && not reply.IsOverflown do
        let element = chosen.Elements.Item(chosen.At place)

        if gets.Count = 0 then
            reply.Bulk element

        for get in 0 .. gets.Count - 1 do
            if gets[get].IsElement then
                reply.Bulk element
            elif reader.Find(gets[get], element) then
                reply.Bulk reader.Value
            else
                reply.Null()

        place <- place + 1

/// What GET patterns find, in order; what they do not find is empty.
let private collect (call: Call) (gets: List<Pattern>) (chosen: Chosen) : SortTexts =
    let reader = PatternReader call
    let found = SortTexts 0
    let mutable place = 0

    while place < chosen.Count && not found.IsOverflown do
        let element = chosen.Elements.Item(chosen.At place)

        for get in 0 .. gets.Count - 1 do
            if gets[get].IsElement then
                found.Add element
            elif reader.Find(gets[get], element) then
                found.Add reader.Value
            else
                found.AddMissing()

        place <- place + 1

    found

/// Puts the result into a list of its own, over whatever the key holds.
let private store (call: Call) (target: ReadOnlySpan<byte>) (chosen: Chosen) : Outcome =
    let mutable entry = Entry()
    // Neither hit nor miss.
    let exists = call.Locate(target, &entry)

    if chosen.Count > 0 then
        ListValue.create call &entry target

        for place in 0 .. chosen.Count - 1 do
            ListValue.insert (call, &entry, target, place, chosen.Elements.Item(chosen.At place))

    Elements.finishStore call target &entry exists chosen.Count EventClass.List "sortstore"

/// Answers with what was chosen, or stores it.
let private finish (call: Call) (request: Request) (chosen: Chosen) : Outcome =
    if request.Target = 0 then
        answer call request.Gets chosen
        Outcome.Unchanged
    elif request.Gets.Count = 0 then
        store call call.Args[request.Target] chosen
    else
        let found = collect call request.Gets chosen

        if found.IsOverflown then
            call.Fail Errors.sortTooLong
        else
            store
                call
                call.Args[request.Target]
                {
                    Elements = found
                    Order = null
                    First = 0
                    Count = found.Count
                    Descends = false
                }

/// Chooses from the elements of a value that exists.
let private run (call: Call) (request: Request) (entry: byref<Entry>) : Outcome =
    let count = countOf &entry

    // Redis sorts no listpack, and keeps what it has made of it.
    if entry.Kind = Kind.SortedSet then
        call.Table.SetKind(&entry, Kind.LargeSortedSet)

    let isSet = Kinds.isSet entry.Kind
    let struct (first, wanted) = limited request count
    // A set is stored in an order in any case: its own is another one after a restart.
    let isImposed = isSet && request.IsUnsorted && request.Target > 0
    let isSorted = not request.IsUnsorted || isImposed

    let elements =
        if isSorted then
            load &entry 0 count false
        else
            load &entry first wanted (request.Descends && not isSet)

    let by = if isImposed then 0 else request.By

    if elements.IsOverflown then
        call.Fail Errors.sortTooLong
    elif not isSorted then
        finish
            call
            request
            {
                Elements = elements
                Order = null
                First = 0
                Count = wanted
                Descends = false
            }
    else
        match sort call request by (request.IsAlpha || isImposed) (not isSet) elements with
        | null -> Outcome.Unchanged
        | order ->
            finish
                call
                request
                {
                    Elements = elements
                    Order = order
                    First = first
                    Count = wanted
                    Descends = request.Descends
                }

let private sortKey (call: Call) (mayStore: bool) : Outcome =
    let mutable entry = Entry()
    let request = Request()
    let key = call.Take()

    if not (takeRequest call mayStore request) then
        Outcome.Unchanged
    elif not (call.Read(key, &entry)) then
        finish
            call
            request
            {
                Elements = SortTexts 0
                Order = null
                First = 0
                Count = 0
                Descends = false
            }
    elif isSortable entry.Kind then
        run call request &entry
    else
        call.Fail Errors.wrongType

let sortAny call = sortKey call true
let sortRo call = sortKey call false

// ---- rows

open Rows

/// The key, and the key of the last STORE.
let private findSortKeys (arguments: Arguments) (found: KeyPositions) : bool =
    let mutable target = 0
    let mutable i = 2

    while i < arguments.Count do
        let argument = arguments[i]

        if Bytes.isWord "LIMIT" argument then
            i <- i + 2
        elif Bytes.isWord "GET" argument || Bytes.isWord "BY" argument then
            i <- i + 1
        elif Bytes.isWord "STORE" argument && i + 1 < arguments.Count then
            target <- i + 1

        i <- i + 1

    if arguments.Count > 1 then
        found.Add(1, reads)

    if target > 0 then
        found.Add(target, overwrites)

    arguments.Count > 1

let private unknownKeys (flags: KeyFlags) : KeySpec =
    {
        Flags = flags
        Begin = BeginSearch.Unknown
        Find = FindKeys.Unknown
    }

let private sortedKey: KeySpec =
    {
        Flags = reads
        Begin = BeginSearch.Index 1
        Find = FindKeys.Range(0, 1, 0)
    }

let private byElements =
    "O(N * log N), N being the elements; O(M) for a list or a sorted set that is left in its order, M being those returned"

let private sortCategories =
    AclCategories.Set
    ||| AclCategories.SortedSet
    ||| AclCategories.List
    ||| AclCategories.Dangerous

let rows: Row<Handler> list =
    family
        Group.Generic
        [
            command
                "SORT key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [sorting: ALPHA] [STORE destination]"
                [ Write; DenyOom ]
                (since "1.0.0")
                "Returns or stores the elements of a list, a set or a sorted set in order."
                sortAny
            |> complexity byElements
            |> keySpecs [ sortedKey; unknownKeys reads; unknownKeys overwrites ]
            |> findKeys findSortKeys
            |> categories sortCategories
            |> notCategories AclCategories.Keyspace
            command
                "SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [sorting: ALPHA]"
                [ ReadOnly ]
                (since "7.0.0")
                "Returns the elements of a list, a set or a sorted set in order."
                sortRo
            |> complexity byElements
            |> keySpecs [ sortedKey; unknownKeys reads ]
            |> categories sortCategories
            |> notCategories AclCategories.Keyspace
        ]
