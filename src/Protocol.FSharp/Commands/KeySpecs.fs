namespace RedisClone.Protocol

open System

// Key specifications tell clients and the server where the keys of a command are, and what is done to them: how to find
// the first key (an index, or a word to look for), and how the others follow (up to an argument, or as many as an argument
// says). See https://redis.io/docs/latest/develop/reference/key-specs/

/// What a command does to a key: how the key as a whole is treated, and what happens to the data of the user in it.
[<Flags>]
type KeyFlags =
    | None = 0
    | RO = 0x1
    | RW = 0x2
    | OW = 0x4
    | RM = 0x8
    | Access = 0x10
    | Update = 0x20
    | Insert = 0x40
    | Delete = 0x80
    /// Looks like a key, and goes where a key goes, but names something else, such as a channel.
    | NotKey = 0x100
    /// The specification does not find every key.
    | Incomplete = 0x200
    /// Depends on the arguments; the flags are the widest.
    | VariableFlags = 0x400

/// How to find the first key.
[<RequireQualifiedAccess>]
type BeginSearch =
    | Index of int
    /// After the word, looked for from an argument on; if that is negative, from so far from the end and backwards.
    | Keyword of word: string * startFrom: int
    | Unknown

/// How the keys follow from the first.
[<RequireQualifiedAccess>]
type FindKeys =
    /// Up to `lastKey`, counted from the first, or if negative, from the end; of those left, the first `limit`-th part.
    | Range of lastKey: int * step: int * limit: int
    /// An argument says how many.
    | KeyNum of keyNumIndex: int * firstKey: int * step: int
    | Unknown

type KeySpec =
    {
        Flags: KeyFlags
        Begin: BeginSearch
        Find: FindKeys
    }

/// The positions of the keys of one command, and what is done to each; reused, so that looking allocates nothing.
[<Sealed>]
type KeyPositions() =
    let mutable positions: int[] = Array.zeroCreate 8
    let mutable flags: KeyFlags[] = Array.zeroCreate 8

    member val Count = 0 with get, set
    member _.Position(index: int) = positions[index]
    member _.Flags(index: int) = flags[index]

    member this.Add(position: int, keyFlags: KeyFlags) =
        if this.Count = positions.Length then
            Array.Resize(&positions, 2 * this.Count)
            Array.Resize(&flags, 2 * this.Count)

        positions[this.Count] <- position
        flags[this.Count] <- keyFlags
        this.Count <- this.Count + 1

    /// Says the same of all keys.
    member this.OverrideFlags(keyFlags: KeyFlags) =
        for i in 0 .. this.Count - 1 do
            flags[i] <- keyFlags

[<RequireQualifiedAccess>]
module KeySpecs =

    /// Whether the keys cannot be told by first, last and step alone.
    let areMovable (specs: KeySpec list) : bool =
        specs
        |> List.exists (fun spec ->
            match spec.Begin, spec.Find with
            | BeginSearch.Index _, FindKeys.Range _ -> false
            | _ -> true)

    /// The first and last key (negative from the end) and the step between keys, as COMMAND has told since its beginning:
    /// what the specifications by index say together, as far as they are one row of keys. Zeros if there are none.
    let toRange (specs: KeySpec list) : struct (int * int * int) =
        let ranges =
            specs
            |> List.choose (fun spec ->
                match spec.Begin, spec.Find with
                | BeginSearch.Index index, FindKeys.Range(last, step, _) ->
                    Some(struct (index, (if last < 0 then last else index + last), step))
                | _ -> None)

        match ranges with
        | [] -> struct (0, 0, 0)
        | first :: rest ->
            let join struct (first, last, step) struct (nextFirst, nextLast, nextStep) =
                if last > 0 && nextFirst = last + 1 && step = 1 && nextStep = 1 then
                    struct (first, nextLast, step)
                else
                    struct (first, last, step)

            List.fold join first rest

    let private indexOfWord (arguments: Arguments) (word: string) (startFrom: int) =
        let mutable index =
            if startFrom > 0 then
                startFrom
            else
                arguments.Count + startFrom

        let step = if startFrom > 0 then 1 else -1

        while index > 0 && index < arguments.Count && not (Bytes.isWord word arguments[index]) do
            index <- index + step

        if index > 0 && index < arguments.Count then index else -1

    let private addRange (found: KeyPositions) flags first last step =
        let mutable index = first

        while index <= last do
            found.Add(index, flags)
            index <- index + step

    /// Adds the keys that one specification finds. False if the arguments contradict it.
    let private collectOne (spec: KeySpec) (arguments: Arguments) (found: KeyPositions) : bool =
        let first =
            match spec.Begin with
            | BeginSearch.Index index -> index
            | BeginSearch.Keyword(word, startFrom) ->
                let index = indexOfWord arguments word startFrom
                if index < 0 then -1 else index + 1
            | BeginSearch.Unknown -> -1

        if first < 0 then
            true // a word that is not there brings no keys
        elif first >= arguments.Count then
            false
        else
            match spec.Find with
            | FindKeys.Range(last, step, limit) ->
                let last =
                    if last >= 0 then first + last
                    elif limit <= 1 then arguments.Count + last
                    else first + (arguments.Count - first) / limit + last

                if last >= first && last < arguments.Count then
                    addRange found spec.Flags first last step
                    true
                else
                    false
            | FindKeys.KeyNum(keyNumIndex, firstKey, step) ->
                let mutable count = 0L

                if
                    first + keyNumIndex < arguments.Count
                    && Numbers.tryParseInt64 (arguments[first + keyNumIndex], &count)
                    && count >= 1L
                    && count <= int64 arguments.Count
                    && int64 (first + firstKey) + (count - 1L) * int64 step < int64 arguments.Count
                then
                    addRange found spec.Flags (first + firstKey) (first + firstKey + (int count - 1) * step) step
                    true
                else
                    false
            | FindKeys.Unknown -> true

    /// The keys of a command as received, in the order of the specifications. False if the arguments contradict them,
    /// such as a number of keys that are not there; `found` then has those that could be made out all the same.
    let collect (specs: KeySpec[], arguments: Arguments, found: KeyPositions) : bool =
        found.Count <- 0
        let mutable fits = true
        let mutable i = 0

        while i < specs.Length do
            fits <- collectOne specs[i] arguments found && fits
            i <- i + 1

        fits
