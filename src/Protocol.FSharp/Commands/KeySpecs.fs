namespace RedisClone.Protocol

open System

// Where the keys of a command are. Redis describes that with key specifications: how to find the first key (an index, or
// a word to look for), how the others follow (up to an argument, or as many as an argument says), and what is done to
// them. Nearly all follow from the usage line: parameters of type key, a `numkeys` before them, a word in front of those
// whose index depends on options. Rows state them only where that cannot do (SORT, MIGRATE).
//
// What is not done: a key whose place depends on what came before in another way is refused when the table is made.

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

    let private fail (why: string) : 'a = invalidArg "usage" why

    let private isKey (parameter: Parameter) =
        parameter.Type = ParameterType.Key || parameter.Name = "shardchannel"

    let rec private holdsKey (parameter: Parameter) =
        isKey parameter || List.exists holdsKey parameter.Parts

    let private isDestination (parameter: Parameter) =
        match parameter.Name with
        | "destination"
        | "destkey"
        | "dst"
        | "newkey" -> true
        | _ -> false

    let rec private exists (predicate: Parameter -> bool) (parameters: Parameter list) =
        parameters
        |> List.exists (fun parameter -> predicate parameter || exists predicate parameter.Parts)

    /// What is done to a key unless the row says otherwise: a destination is overwritten and the keys beside it are
    /// read; else a command that writes, updates, and any other reads.
    let private usualFlags (parameters: Parameter list) (writes: bool) (parameter: Parameter) =
        if parameter.Name = "shardchannel" then
            KeyFlags.NotKey
        elif writes && isDestination parameter then
            KeyFlags.OW ||| KeyFlags.Update
        elif writes && not (exists isDestination parameters) then
            KeyFlags.RW ||| KeyFlags.Update
        else
            KeyFlags.RO ||| KeyFlags.Access

    /// Neighbours of the same flags are found by one specification.
    let private joins (previous: KeySpec) (next: KeySpec) =
        match previous, next with
        | {
              Begin = BeginSearch.Index first
              Find = FindKeys.Range(last, 1, 0)
          },
          {
              Begin = BeginSearch.Index index
              Find = FindKeys.Range(0, 1, 0)
          } -> last >= 0 && index = first + last + 1 && previous.Flags = next.Flags
        | _ -> false

    /// Finds the keys of a usage line. `stated` are the flags of its key parameters in order, or empty for the usual
    /// ones. Returns the specifications, and the parameters with the numbers of theirs.
    let ofUsage (usage: Usage) (writes: bool) (stated: KeyFlags list) : struct (KeySpec list * Parameter list) =
        let mutable specs: KeySpec list = [] // the last one first
        let mutable statedLeft = stated

        let flagsOf parameter =
            match statedLeft with
            | [] when stated.IsEmpty -> usualFlags usage.Parameters writes parameter
            | [] -> fail $"more keys than flags: {usage.Text}"
            | next :: rest ->
                statedLeft <- rest
                next

        let add (spec: KeySpec) =
            match specs with
            | previous :: rest when joins previous spec ->
                match previous.Find with
                | FindKeys.Range(last, step, limit) ->
                    specs <-
                        { previous with
                            Find = FindKeys.Range(last + 1, step, limit)
                        }
                        :: rest
                | _ -> ()
            | _ -> specs <- spec :: specs

            specs.Length - 1

        // `position` is the index of the parameter, or -1 when options before it make that unknown; `word` is what goes
        // right before it; `required` is how many arguments certainly come before it.
        let rec visit
            position
            required
            (word: string option)
            (before: Parameter list)
            (after: Parameter list)
            parameter
            =
            let word = parameter.Token |> Option.orElse word

            let inside =
                if position < 0 || parameter.Token.IsNone then
                    position
                else
                    position + 1

            if isKey parameter then
                let first =
                    match word with
                    | None when position < 0 -> fail $"where is {parameter.Name}? {usage.Text}"
                    | Some word when position < 0 || parameter.Optional -> BeginSearch.Keyword(word, required + 1)
                    | _ -> BeginSearch.Index inside

                let spec = found first 1 before after parameter

                let index =
                    add
                        {
                            Flags = flagsOf parameter
                            Begin = fst spec
                            Find = snd spec
                        }

                if parameter.Type = ParameterType.Key then
                    { parameter with KeySpec = index }
                else
                    parameter
            elif not (holdsKey parameter) then
                parameter
            elif parameter.Type = ParameterType.OneOf then
                { parameter with
                    Parts = parameter.Parts |> List.map (visit inside required word before after)
                }
            elif parameter.Multiple then
                multipleBlock inside before after parameter
            else
                { parameter with
                    Parts = walk inside required word after parameter.Parts
                }

        // The keys from a first one on, `step` apart.
        and found first step (before: Parameter list) (after: Parameter list) parameter =
            match before, first with
            | previous :: _, BeginSearch.Index index when previous.Name = "numkeys" ->
                BeginSearch.Index(index - 1), FindKeys.KeyNum(0, 1, step)
            | _ when not parameter.Multiple -> first, FindKeys.Range(0, 1, 0)
            | _ ->
                // Lists that follow have as many elements each; single arguments that follow are counted off the end.
                let lists, others = after |> List.partition _.Multiple

                if not (List.forall Parameter.isFixed others) then
                    fail $"where do the keys end? {usage.Text}"

                let limit = if lists.IsEmpty then 0 else 1 + lists.Length
                first, FindKeys.Range(-1 - List.sumBy Parameter.least others, step, limit)

        // Such as `key value [key value ...]`.
        and multipleBlock position before after (parameter: Parameter) =
            if position < 0 || not (List.forall Parameter.isFixed parameter.Parts) then
                fail $"where are the keys? {usage.Text}"

            let index = parameter.Parts |> List.findIndex isKey
            let step = List.sumBy Parameter.least parameter.Parts

            let first, find =
                found (BeginSearch.Index(position + index)) step before after parameter

            let number =
                add
                    {
                        Flags = flagsOf parameter.Parts[index]
                        Begin = first
                        Find = find
                    }

            { parameter with
                Parts =
                    parameter.Parts
                    |> List.mapi (fun i part -> if i = index then { part with KeySpec = number } else part)
            }

        and walk position required (word: string option) after (parameters: Parameter list) =
            let rec next position required word before (rest: Parameter list) =
                match rest with
                | [] -> []
                | parameter :: rest ->
                    let visited = visit position required word before (rest @ after) parameter
                    let least = Parameter.least parameter

                    let position =
                        if position >= 0 && Parameter.isFixed parameter then
                            position + least
                        else
                            -1

                    visited :: next position (required + least) None (parameter :: before) rest

            next position required word [] parameters

        let parameters =
            walk (if usage.Parent.IsNone then 1 else 2) 0 None [] usage.Parameters

        if not statedLeft.IsEmpty then
            fail $"more flags than keys: {usage.Text}"

        struct (List.rev specs, parameters)

    /// Gives the key parameters the numbers of specifications that a row states, if there is one for each.
    let number (specs: KeySpec list) (parameters: Parameter list) : Parameter list =
        let mutable next = 0

        let rec visit (parameter: Parameter) : Parameter =
            if parameter.Type = ParameterType.Key then
                next <- next + 1
                { parameter with KeySpec = next - 1 }
            else
                { parameter with
                    Parts = List.map visit parameter.Parts
                }

        let numbered = List.map visit parameters
        if next = specs.Length then numbered else parameters

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
    /// such as a number of keys that are not there; `found` is then of no use.
    let collect (specs: KeySpec[], arguments: Arguments, found: KeyPositions) : bool =
        found.Count <- 0
        let mutable fits = true
        let mutable i = 0

        while fits && i < specs.Length do
            fits <- collectOne specs[i] arguments found
            i <- i + 1

        fits
