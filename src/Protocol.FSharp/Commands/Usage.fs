namespace RedisClone.Protocol

open System

// A usage line is the one place where the shape of a command is written down, and people read it in the documentation:
//
//     SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL]
//
// From it follow the name, the arity, where the keys are, and the argument tree of COMMAND DOCS. The notation is the one
// of the Redis documentation, and what it cannot say is added in a form that `Usage.display` takes out again:
//
//     NAME SUBNAME          capitals are words to send as they are; a second one right after the name is a subcommand
//     key                   small letters are a place for a value; its type comes from the table below
//     increment:double      ... or from here, where the table would say something else
//     [a b]                 optional
//     <A | B>               one of several; < > around one thing alone only holds it together
//     key [key ...]         one or more; so is [key ...] zero or more, and `a ...` one or more of just `a`
//     ...                   with nothing before it: anything may follow, and COMMAND DOCS says nothing of it
//     <where: LEFT | RIGHT> the name of a group in COMMAND DOCS, where the ordinary one is not wanted
//     TOKEN place           a word belongs to all the places, or the < > group, right behind it
//
// What is not done: a usage line does not tell that two options exclude each other unless they are alternatives of one
// group. A line that cannot be read is a defect of this library and throws when the table is made.

/// A usage line, understood.
type Usage =
    {
        /// The name in small letters; of a subcommand, the last word only.
        Name: string
        /// The container of a subcommand, in small letters.
        Parent: string option
        Parameters: Parameter list
        /// How many arguments, names included: exactly, or if negative, at least its opposite.
        Arity: int
        /// The line as documentation shows it.
        Text: string
    }

[<RequireQualifiedAccess>]
module Usage =

    let private fail (line: string) (why: string) : 'a = invalidArg "usage" $"{why}: {line}"

    let private isOpening (lexeme: string) = lexeme = "[" || lexeme = "<"
    let private isClosing (lexeme: string) = lexeme = "]" || lexeme = ">"
    let private isPlace (lexeme: string) = Char.IsAsciiLetterLower lexeme[0]

    let private isLabel (lexeme: string) = isPlace lexeme && lexeme.EndsWith(':')

    let private isName (lexeme: string) =
        Char.IsAsciiLetterUpper lexeme[0]
        && lexeme
           |> Seq.forall (fun c -> c = '-' || c = '_' || Char.IsAsciiLetterUpper c || Char.IsAsciiDigit c)

    let private lex (line: string) : string list =
        let spaced =
            line.Replace("[", "[ ").Replace("]", " ]").Replace("<", "< ").Replace(">", " >")

        List.ofArray (spaced.Split(' ', StringSplitOptions.RemoveEmptyEntries))

    /// What the brackets say, before words and places are joined.
    [<RequireQualifiedAccess>]
    type private Node =
        | Word of string
        | Place of string
        | Group of optional: bool * label: string option * alternatives: Node list list
        | Repeated of Node list
        | Ellipsis

    let private labelled (label: string option) (parameter: Parameter) =
        match label with
        | None -> parameter
        | Some name -> { parameter with Name = name }

    /// `a b [a b ...]` and `[a b ...]` become the repetition that they mean.
    let private repetitions (nodes: Node list) : Node list =
        let add (before: Node list) node =
            match node with
            | Node.Group(true, None, [ alternative ]) when
                List.length alternative > 1 && List.last alternative = Node.Ellipsis
                ->
                let repeated = List.take (alternative.Length - 1) alternative
                let from = before.Length - repeated.Length

                if from >= 0 && List.skip from before = repeated then
                    List.take from before @ [ Node.Repeated repeated ]
                else
                    before @ [ Node.Group(true, None, [ [ Node.Repeated repeated ] ]) ]
            | Node.Ellipsis when not before.IsEmpty ->
                List.take (before.Length - 1) before @ [ Node.Repeated [ List.last before ] ]
            | node -> before @ [ node ]

        List.fold add [] nodes

    let private isPlaces (node: Node) =
        match node with
        | Node.Place _ -> true
        | Node.Repeated nodes -> nodes |> List.forall _.IsPlace
        | _ -> false

    let rec private parameters (nodes: Node list) : Parameter list =
        match nodes with
        | [] -> []
        | Node.Place word :: _ when isLabel word -> fail word "a name of nothing"
        | Node.Place word :: rest -> Parameter.place word :: parameters rest
        | Node.Group(optional, label, alternatives) :: rest -> group optional label alternatives :: parameters rest
        | Node.Repeated nodes :: rest -> repeated nodes :: parameters rest
        | Node.Ellipsis :: rest -> parameters rest
        | Node.Word word :: Node.Group(false, label, alternatives) :: rest ->
            { group false label alternatives with
                Token = Some word
            }
            :: parameters rest
        | Node.Word word :: rest ->
            match List.takeWhile isPlaces rest with
            | [] -> Parameter.token word :: parameters rest
            | places ->
                let argument = Parameter.block (parameters places)
                { argument with Token = Some word } :: parameters (List.skip places.Length rest)

    and private repeated nodes =
        let whole = Parameter.block (parameters nodes)
        let startsWithWord = not nodes.IsEmpty && nodes.Head.IsWord

        { whole with
            Multiple = true
            MultipleToken = startsWithWord && whole.Type <> ParameterType.PureToken
        }

    and private group optional label alternatives =
        let block nodes =
            match nodes with
            | Node.Ellipsis :: _ -> fail "..." "nothing to repeat in a group"
            | nodes -> Parameter.block (parameters (repetitions nodes))

        let alternative nodes =
            match nodes with
            | Node.Place word :: rest when isLabel word && not rest.IsEmpty ->
                labelled (Some(word.TrimEnd ':')) (block rest)
            | nodes -> block nodes

        let whole = labelled label (Parameter.oneOf (List.map alternative alternatives))

        { whole with
            Optional = whole.Optional || optional
        }

    /// Reads nodes up to the end of the alternative, the group or the line.
    let rec private sequence line (lexemes: string list) : struct (Node list * string list) =
        match lexemes with
        | [] -> struct ([], [])
        | "|" :: _ -> struct ([], lexemes)
        | closing :: _ when isClosing closing -> struct ([], lexemes)
        | opening :: rest when isOpening opening ->
            let struct (label, rest) =
                match rest with
                | word :: rest when isLabel word -> struct (Some(word.TrimEnd ':'), rest)
                | rest -> struct (None, rest)

            let closing = if opening = "[" then "]" else ">"
            let struct (all, rest) = alternatives line closing rest
            let struct (nodes, rest) = sequence line rest
            struct (Node.Group((opening = "["), label, all) :: nodes, rest)
        | "..." :: rest ->
            let struct (nodes, rest) = sequence line rest
            struct (Node.Ellipsis :: nodes, rest)
        | word :: rest ->
            let struct (nodes, rest) = sequence line rest
            struct ((if isPlace word then Node.Place word else Node.Word word) :: nodes, rest)

    and private alternatives line closing lexemes : struct (Node list list * string list) =
        let struct (first, rest) = sequence line lexemes

        if first.IsEmpty then
            fail line "an empty alternative"

        match rest with
        | "|" :: rest ->
            let struct (others, rest) = alternatives line closing rest
            struct (first :: others, rest)
        | found :: rest when found = closing -> struct ([ first ], rest)
        | _ -> fail line $"no {closing}"

    /// The line without what only the table needs: labels, types, and brackets that hold one thing.
    let private display (line: string) (lexemes: string list) : string =
        let rec hasChoice depth (rest: string list) =
            match rest with
            | [] -> fail line "no >"
            | "|" :: _ when depth = 0 -> true
            | closing :: _ when isClosing closing && depth = 0 -> false
            | lexeme :: rest when isClosing lexeme -> hasChoice (depth - 1) rest
            | lexeme :: rest -> hasChoice (if isOpening lexeme then depth + 1 else depth) rest

        let rec shown (shownClosings: bool list) (rest: string list) =
            match rest, shownClosings with
            | [], _ -> []
            | "<" :: rest, _ when not (hasChoice 0 rest) -> shown (false :: shownClosings) rest
            | lexeme :: rest, _ when isOpening lexeme -> lexeme :: shown (true :: shownClosings) rest
            | lexeme :: rest, isShown :: outer when isClosing lexeme ->
                if isShown then
                    lexeme :: shown outer rest
                else
                    shown outer rest
            | lexeme :: rest, _ when isLabel lexeme -> shown shownClosings rest
            | lexeme :: rest, _ when isPlace lexeme ->
                let struct (name, _) = Parameter.split lexeme
                name :: shown shownClosings rest
            | lexeme :: rest, _ -> lexeme :: shown shownClosings rest

        (String.concat " " (shown [] lexemes))
            .Replace("[ ", "[")
            .Replace(" ]", "]")
            .Replace("< ", "<")
            .Replace(" >", ">")

    /// Understands a usage line. A line that makes no sense throws ArgumentException.
    let parse (line: string) : Usage =
        let lexemes = lex line

        let struct (parent, name, rest) =
            match lexemes with
            | container :: name :: rest when isName container && isName name ->
                struct (Some(container.ToLowerInvariant()), name.ToLowerInvariant(), rest)
            | name :: rest when isName name -> struct (None, name.ToLowerInvariant(), rest)
            | _ -> fail line "no name"

        let struct (nodes, left) = sequence line rest

        if not left.IsEmpty then
            fail line $"unexpected {left.Head}"

        let nodes = repetitions nodes
        let all = parameters nodes
        let fewest = (if parent.IsNone then 1 else 2) + List.sumBy Parameter.least all

        let isExact =
            List.forall Parameter.isFixed all && not (List.contains Node.Ellipsis nodes)

        {
            Name = name
            Parent = parent
            Parameters = all
            Arity = if isExact then fewest else -fewest
            Text = display line lexemes
        }
