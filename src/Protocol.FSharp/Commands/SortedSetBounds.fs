namespace RedisClone.Protocol

open System

/// The bounds of ranges of sorted sets: what a text means, and which members are between two of them.
[<RequireQualifiedAccess>]
module SortedSetBounds =
    /// A score, and whether it is itself left out.
    [<Struct>]
    type ScoreBound = { Score: double; Excludes: bool }

    /// Reads a score as C's `strtod` does, which Redis leaves it to: leading space is allowed, what is too large is
    /// infinite, nothing at all is 0, and a NUL ends the text.
    let private tryParse (text: ReadOnlySpan<byte>, value: byref<double>) : bool =
        let nul = text.IndexOf 0uy
        let text = if nul < 0 then text else text.Slice(0, nul)
        let mutable start = 0

        while start < text.Length
              && (text[start] = ' 'B || (text[start] >= 9uy && text[start] <= 13uy)) do
            start <- start + 1

        if text.Length = 0 then
            value <- 0.0
            true
        else
            Numbers.tryParseBound (text.Slice start, &value)

    /// Reads a bound such as `5`, `(5` or `-inf`.
    let tryScore (text: ReadOnlySpan<byte>, bound: byref<ScoreBound>) : bool =
        let excludes = text.Length > 0 && text[0] = '('B
        let mutable score = 0.0
        let valid = tryParse ((if excludes then text.Slice 1 else text), &score)
        bound <- { Score = score; Excludes = excludes }
        valid

    /// Whether a text is a bound such as `[a`, `(a`, `-` or `+`.
    let isLex (text: ReadOnlySpan<byte>) : bool =
        text.Length > 0
        && (text[0] = '['B
            || text[0] = '('B
            || (text.Length = 1 && (text[0] = '-'B || text[0] = '+'B)))

    /// The members with a score between two bounds, as indices: the first, and the first behind them.
    let ofScores
        (set: SortedSetView inref)
        (least: ScoreBound)
        (most: ScoreBound)
        (first: byref<int>)
        (last: byref<int>)
        =
        first <- SortedSetValue.countBelow (&set, least.Score, least.Excludes)
        last <- max first (SortedSetValue.countBelow (&set, most.Score, not most.Excludes))

    /// Whether a member is not before a lower bound, or not behind an upper one.
    let private meets (bound: ReadOnlySpan<byte>) (m: ReadOnlySpan<byte>) (isLower: bool) : bool =
        match bound[0] with
        | '-'B -> isLower
        | '+'B -> not isLower
        | mark ->
            let order = Bytes.compare (m, bound.Slice 1)

            (order = 0 && mark = '['B) || (if isLower then order > 0 else order < 0)

    /// Of a large set: how many members come before a bound. All members are taken to have the same score.
    let private before (call: Call) (large: ScoreTable) (bound: ReadOnlySpan<byte>) (isLower: bool) : int =
        match bound[0] with
        | '-'B -> 0
        | '+'B -> large.Order.Count
        | mark ->
            let key = call.Scratch
            key.Truncate 0
            key.Raw(large.Order[0].Slice(0, ScoreOrder.Length))
            key.Raw(bound.Slice 1)
            let mutable index = 0

            let isThere = large.Order.Find(key.Written, &index)

            // The bound itself is beyond the cut when it is a lower one and counts, or an upper one and does not.
            if isThere && isLower <> (mark = '['B) then
                index + 1
            else
                index

    /// Whether no member at all can be between two bounds, or Redis says so where scores differ: when the first member is
    /// behind the upper bound, or the last before the lower one.
    let private isNothing (set: SortedSetView inref) (least: ReadOnlySpan<byte>) (most: ReadOnlySpan<byte>) : bool =
        let mutable first = SortedSetValue.cursorAt set 0
        let mutable last = SortedSetValue.cursorAt set set.Count

        let isCrossed =
            least[0] = '+'B
            || most[0] = '-'B
            || (least[0] <> '-'B
                && most[0] <> '+'B
                && not (meets most (least.Slice 1) false && meets least (most.Slice 1) true))

        isCrossed
        || not (first.Next())
        || not (last.Previous())
        || not (meets most first.Member false)
        || not (meets least last.Member true)

    let private step (cursor: byref<SortedSetCursor>) (reverse: bool) : bool =
        if reverse then cursor.Previous() else cursor.Next()

    /// The members between two bounds where all scores are equal, as indices: the first, and the first behind them.
    /// Where scores differ, it is what Redis makes of a listpack: a row of members that all meet the bounds.
    let ofLex
        (call: Call)
        (set: SortedSetView inref)
        (least: ReadOnlySpan<byte>)
        (most: ReadOnlySpan<byte>)
        (reverse: bool)
        (first: byref<int>)
        (last: byref<int>)
        =
        first <- 0
        last <- 0

        if isNothing &set least most then
            ()
        elif not (isNull set.Large) then
            first <- before call set.Large least true
            last <- max first (before call set.Large most false)
        else
            let mutable cursor = SortedSetValue.cursorAt set (if reverse then set.Count else 0)
            let mutable passed = 0
            let mutable more = step &cursor reverse

            while more
                  && not (meets (if reverse then most else least) cursor.Member (not reverse)) do
                more <- step &cursor reverse
                passed <- passed + 1

            let mutable taken = 0

            while more && meets (if reverse then least else most) cursor.Member reverse do
                more <- step &cursor reverse
                taken <- taken + 1

            first <- if reverse then set.Count - passed - taken else passed
            last <- first + taken

    /// Applies LIMIT: leaves out `offset` members from the side where the reply begins, and keeps at most `count`, all if
    /// that is negative.
    let limit (reverse: bool) (offset: int64) (count: int64) (first: byref<int>) (last: byref<int>) =
        let size = int64 (last - first)
        let skipped = if offset < 0L then size else min offset size

        let kept =
            if count < 0L then
                size - skipped
            else
                min count (size - skipped)

        if reverse then
            last <- last - int skipped
            first <- last - int kept
        else
            first <- first + int skipped
            last <- first + int kept
