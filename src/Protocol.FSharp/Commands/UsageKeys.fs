namespace RedisClone.Protocol

// Nearly all key specifications follow from usage lines: from parameters of type key, a `numkeys` before them, and a word
// in front of those whose index depends on options. Rows state them only where that cannot do (SORT, MIGRATE).
//
// What is not done: a key whose place depends on what came before in another way is refused when the table is made.

[<RequireQualifiedAccess>]
module UsageKeys =

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

    /// Gives the key parameters, and the patterns that name keys, the numbers of specifications that a row states, if there
    /// is one for each key and one for all patterns.
    let number (specs: KeySpec list) (parameters: Parameter list) : Parameter list =
        let mutable next = 0
        let mutable ofPatterns = -1

        let take () =
            next <- next + 1
            next - 1

        let rec visit (parameter: Parameter) : Parameter =
            match parameter.Type with
            | ParameterType.Key -> { parameter with KeySpec = take () }
            | ParameterType.Pattern ->
                if ofPatterns < 0 then
                    ofPatterns <- take ()

                { parameter with KeySpec = ofPatterns }
            | _ ->
                { parameter with
                    Parts = List.map visit parameter.Parts
                }

        let numbered = List.map visit parameters
        if next = specs.Length then numbered else parameters
