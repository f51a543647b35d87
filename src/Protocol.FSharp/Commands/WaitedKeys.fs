namespace RedisClone.Protocol

/// How the search for a key to take from ended.
type Search =
    | Found = 0
    | Nothing = 1
    /// The error is written.
    | WrongType = 2

/// What the commands have in common that take from the first of several keys, and may wait for one.
[<RequireQualifiedAccess>]
module WaitedKeys =
    /// Takes `numkeys key [key ...]`, behind which there must be more: the argument of the first key, and how many there
    /// are. Writes the error if they make no sense.
    let takeKeys (call: Call) (first: byref<int>) (count: byref<int>) : bool =
        let mutable numkeys = 0L

        if not (Numbers.tryParseInt64 (call.Take(), &numkeys)) || numkeys <= 0L then
            call.Reply.Error Errors.numkeysNotPositive
            false
        elif numkeys >= int64 call.Remaining then
            call.Reply.Error Errors.syntax
            false
        else
            first <- call.Position
            count <- int numkeys
            call.Skip count
            true

    /// Finds the first value of the right type among `count` keys, the arguments from `first` on; `index` tells the
    /// argument. A command that is evaluated again passes over values of other types: it goes on waiting.
    let inline findFirst
        (call: Call)
        ([<InlineIfLambda>] isRight: Kind -> bool)
        (first: int)
        (count: int)
        (entry: byref<Entry>)
        (index: byref<int>)
        : Search =
        let mutable search = Search.Nothing
        index <- first

        while search = Search.Nothing && index < first + count do
            let key = call.Args[index]

            if not (call.IsUp key) || not (call.Find(key, &entry)) then
                index <- index + 1
            elif isRight entry.Kind then
                search <- Search.Found
            elif isNull call.ReadyKey then
                call.Reply.Error Errors.wrongType
                search <- Search.WrongType
            else
                index <- index + 1

        search
