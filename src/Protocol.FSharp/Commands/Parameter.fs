namespace RedisClone.Protocol

/// What a client sends in one place of a command.
[<RequireQualifiedAccess>]
type ParameterType =
    | String
    | Integer
    | Double
    | Key
    | Pattern
    | UnixTime
    /// A word sent as it is.
    | PureToken
    /// Exactly one of the parts.
    | OneOf
    /// All the parts, in order.
    | Block

/// One node of the argument tree that COMMAND DOCS shows.
type Parameter =
    {
        Name: string
        Type: ParameterType
        /// The word that goes before it (or, of a pure token, that it is).
        Token: string option
        Optional: bool
        /// Whether it can be repeated, and whether the token is then repeated too.
        Multiple: bool
        MultipleToken: bool
        Parts: Parameter list
        /// The version that brought it, unless it came with the command. Known once the row's history is.
        Since: string option
        /// The key specification that finds it, or -1. Known once the row's key specifications are.
        KeySpec: int
    }

/// What the parts of a usage line are: their types and names, and how much they take.
[<RequireQualifiedAccess>]
module Parameter =

    /// The type of a place, by its name. Everything else is a string.
    let private types: (ParameterType * string) list =
        [
            ParameterType.Key, "key key1 key2 newkey source sourcekey src destination destkey dst"
            ParameterType.Integer, "seconds milliseconds ttl timeout min-idle-time ms"
            ParameterType.Integer, "increment decrement offset start stop end index index1 index2 count limit len rank"
            ParameterType.Integer,
            "num-matches numkeys numreplicas numlocal db destination-db cursor bit bits frequency"
            ParameterType.Integer, "client-id port protover version slot start-slot end-slot weight entries-read"
            ParameterType.Double, "score min max longitude latitude radius width height"
            ParameterType.Pattern, "pattern"
            ParameterType.UnixTime, "unix-time-seconds unix-time-milliseconds"
        ]

    let private typeByName =
        dict
            [
                for kind, names in types do
                    for name in names.Split ' ' -> name, kind
            ]

    let private typeBySuffix =
        dict
            [
                "string", ParameterType.String
                "integer", ParameterType.Integer
                "double", ParameterType.Double
                "key", ParameterType.Key
                "pattern", ParameterType.Pattern
                "unix-time", ParameterType.UnixTime
            ]

    /// The name of a group of alternatives, by the name of the first; other groups are called after all of them.
    let private groupByFirst =
        dict
            [
                "nx", "condition"
                "gt", "comparison"
                "asc", "order"
                "seconds", "expiration"
                "left", "where"
                "before", "where"
                "min", "where"
                "m", "unit"
                "sum", "aggregate"
                "byscore", "sortby"
                "async", "async"
            ]

    let private make name kind token parts =
        {
            Name = name
            Type = kind
            Token = token
            Optional = false
            Multiple = false
            MultipleToken = false
            Parts = parts
            Since = None
            KeySpec = -1
        }

    /// The name and the type of a word such as `increment` or `increment:double`; `ip:port` is a name altogether.
    let internal split (word: string) : struct (string * ParameterType) =
        let colon = word.LastIndexOf ':'
        let suffix = word.Substring(colon + 1)

        if colon > 0 && typeBySuffix.ContainsKey suffix then
            struct (word.Substring(0, colon), typeBySuffix[suffix])
        else
            match typeByName.TryGetValue word with
            | true, kind -> struct (word, kind)
            | _ -> struct (word, ParameterType.String)

    let internal place (word: string) : Parameter =
        let struct (name, kind) = split word
        make name kind None []

    let internal token (word: string) : Parameter =
        let name =
            if word = "\"\"" then
                "empty_string"
            else
                word.ToLowerInvariant()

        make name ParameterType.PureToken (Some(if word = "\"\"" then "" else word)) []

    let private joined (parts: Parameter list) =
        parts |> List.map _.Name |> String.concat "_"

    /// Several parameters as one.
    let internal block (parts: Parameter list) : Parameter =
        match parts with
        | [ one ] -> one
        | _ -> make (joined (parts |> List.filter (fun part -> not part.Optional))) ParameterType.Block None parts

    let internal oneOf (parts: Parameter list) : Parameter =
        match parts with
        | [ one ] -> one
        | _ ->
            let name =
                match groupByFirst.TryGetValue parts.Head.Name with
                | true, name -> name
                | _ -> joined parts

            make name ParameterType.OneOf None parts

    /// The fewest arguments it takes.
    let rec least (parameter: Parameter) : int =
        if parameter.Optional then 0 else leastPresent parameter

    /// The fewest arguments it takes when it is there at all.
    and leastPresent (parameter: Parameter) : int =
        let own =
            match parameter.Type with
            | ParameterType.PureToken -> 0
            | ParameterType.OneOf -> parameter.Parts |> List.map least |> List.min
            | ParameterType.Block -> parameter.Parts |> List.sumBy least
            | _ -> 1

        if parameter.Token.IsNone then own else own + 1

    /// Whether it always takes the same number of arguments.
    let rec isFixed (parameter: Parameter) : bool =
        not parameter.Optional
        && not parameter.Multiple
        && List.forall isFixed parameter.Parts
        && (parameter.Type <> ParameterType.OneOf
            || (parameter.Parts |> List.map least |> List.distinct |> List.length) = 1)
