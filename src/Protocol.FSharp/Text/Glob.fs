namespace RedisClone.Protocol

open System

/// Glob patterns as KEYS, SCAN MATCH, PSUBSCRIBE and CONFIG GET have them.
///
/// `?` is any byte, `*` any number of them, `[a-z_]` one of a class, `[^a-z_]` one of no class, `\x` the byte x itself.
/// What is unusual is as in Redis: a class that is not closed ends with the pattern; `[]` holds nothing and `[^]`
/// anything; a range may run backwards; a range takes any byte as its end, `]` too; the empty text fits the empty pattern
/// and no other, `*` neither (KEYS and the SCAN commands find empty names under `*` because they do not ask: `isAll`).
///
/// Everything but `*` takes exactly one byte. So if the part of a pattern between two stars fits at all, the leftmost
/// place is as good as any, and only the last star met ever needs to give another byte away: the work is at most the
/// product of the two lengths, whatever the pattern.
[<RequireQualifiedAccess>]
module Glob =

    let inline private fold (ignoreCase: bool) (value: byte) =
        if ignoreCase && value - 'A'B <= 25uy then
            value + 32uy
        else
            value

    /// Whether a byte is in the class that starts behind `pattern[at] = '['`. `next` becomes the place behind the class.
    let private isInClass
        (pattern: ReadOnlySpan<byte>, at: int, value: byte, ignoreCase: bool, next: byref<int>)
        : bool =
        let negated = at + 1 < pattern.Length && pattern[at + 1] = '^'B
        let value = fold ignoreCase value
        let mutable i = if negated then at + 2 else at + 1
        let mutable found = false
        let mutable inside = true

        while inside && i < pattern.Length do
            if pattern[i] = '\\'B && i + 1 < pattern.Length then
                found <- found || fold ignoreCase pattern[i + 1] = value
                i <- i + 2
            elif pattern[i] = ']'B then
                inside <- false
                i <- i + 1
            elif i + 2 < pattern.Length && pattern[i + 1] = '-'B then
                // The ends are ordered before they lose their case.
                let first = fold ignoreCase (min pattern[i] pattern[i + 2])
                let last = fold ignoreCase (max pattern[i] pattern[i + 2])
                found <- found || (first <= value && value <= last)
                i <- i + 3
            else
                found <- found || fold ignoreCase pattern[i] = value
                i <- i + 1

        next <- i
        found <> negated

    /// Whether a byte fits the part of the pattern at `at`, which is not a star. `next` becomes the place behind that part.
    let inline private fits
        (pattern: ReadOnlySpan<byte>, at: int, value: byte, ignoreCase: bool, next: byref<int>)
        : bool =
        match pattern[at] with
        | '?'B ->
            next <- at + 1
            true
        | '['B -> isInClass (pattern, at, value, ignoreCase, &next)
        | '\\'B when at + 1 < pattern.Length ->
            next <- at + 2
            fold ignoreCase pattern[at + 1] = fold ignoreCase value
        | literal ->
            next <- at + 1
            fold ignoreCase literal = fold ignoreCase value

    let private special = System.Buffers.SearchValues.Create("*?[\\"B)

    /// Whether a pattern stands for nothing but its own bytes, so that a look-up answers as well as a search.
    let isLiteral (pattern: ReadOnlySpan<byte>) : bool = not (pattern.ContainsAny special)

    /// The first place from `at` on where it is worth trying the part of the pattern at `part`: a literal is searched for.
    let private nextTry
        (pattern: ReadOnlySpan<byte>, part: int, text: ReadOnlySpan<byte>, at: int, ignoreCase: bool)
        : int =
        if ignoreCase || not (isLiteral (pattern.Slice(part, 1))) then
            at
        else
            match text.Slice(at).IndexOf pattern[part] with
            | -1 -> text.Length
            | distance -> at + distance

    /// Whether a pattern is just `*`, with which KEYS and the SCAN commands return everything.
    let isAll (pattern: ReadOnlySpan<byte>) : bool = pattern.Length = 1 && pattern[0] = '*'B

    /// Whether all of `text` fits the pattern. `ignoreCase` is about ASCII letters.
    let isMatch (pattern: ReadOnlySpan<byte>, text: ReadOnlySpan<byte>, ignoreCase: bool) : bool =
        let mutable p = 0
        let mutable t = 0
        // Behind the last star met, and where in the text the part behind it is being tried.
        let mutable afterStar = -1
        let mutable tried = 0
        let mutable deciding = not text.IsEmpty
        let mutable matched = text.IsEmpty && pattern.IsEmpty

        while deciding do
            if p < pattern.Length && pattern[p] = '*'B then
                p <- p + 1
                afterStar <- p
                tried <- t

                if p = pattern.Length then
                    matched <- true
                    deciding <- false
            elif t = text.Length then
                // A byte given to a star leaves even fewer for the rest.
                matched <- (p = pattern.Length)
                deciding <- false
            else
                let mutable next = p

                if p < pattern.Length && fits (pattern, p, text[t], ignoreCase, &next) then
                    p <- next
                    t <- t + 1
                elif afterStar >= 0 then
                    tried <- nextTry (pattern, afterStar, text, tried + 1, ignoreCase)
                    t <- tried
                    p <- afterStar
                else
                    deciding <- false

        matched
