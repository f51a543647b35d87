namespace RedisClone.Protocol

open System

/// The options that SCAN, HSCAN and their kin share.
[<Struct>]
type ScanOptions =
    {
        Cursor: uint64
        Count: int
        /// The index of the pattern among the arguments; 0 for none.
        Pattern: int
        /// The index of the type name among the arguments; 0 for none.
        Type: int
        /// Whether HSCAN is to show fields without their values.
        HidesValues: bool
    }

[<RequireQualifiedAccess>]
module ScanOptions =
    /// Reads a cursor as C's `strtoul` does, which Redis leaves it to: a sign is allowed, a NUL ends the text, and nothing
    /// at all is 0.
    let private parseCursor (given: ReadOnlySpan<byte>) (cursor: byref<uint64>) =
        let nul = given.IndexOf 0uy
        let text = if nul < 0 then given else given.Slice(0, nul)
        let hasSign = text.Length > 0 && (text[0] = '-'B || text[0] = '+'B)
        let digits = if hasSign then text.Slice 1 else text
        let mutable used = 0

        if text.Length = 0 then
            cursor <- 0UL
            true
        else
            let valid =
                digits.Length > 0
                && digits[0] >= '0'B
                && digits[0] <= '9'B
                && Buffers.Text.Utf8Parser.TryParse(digits, &cursor, &used)
                && used = digits.Length

            if valid && text[0] = '-'B then
                cursor <- 0UL - cursor

            valid

    /// Takes the cursor; writes the error if it is none.
    let takeCursor (call: Call) (options: byref<ScanOptions>) : bool =
        let mutable cursor = 0UL
        let valid = parseCursor (call.Take()) &cursor

        options <-
            {
                Cursor = cursor
                Count = 10
                Pattern = 0
                Type = 0
                HidesValues = false
            }

        if not valid then
            call.Reply.Error Errors.invalidCursor

        valid

    /// Takes the options that follow the cursor, those that only one command has by its name; writes the error if they
    /// make no sense.
    let takeRest (call: Call) (allowsType: bool) (allowsNoValues: bool) (options: byref<ScanOptions>) : bool =
        let mutable valid = true

        while valid && call.Remaining > 0 do
            if call.Remaining > 1 && call.TakeWord "COUNT" then
                let mutable count = 0L
                valid <- call.TakeInteger &count

                if valid && count < 1L then
                    valid <- false
                    call.Reply.Error Errors.syntax

                options <-
                    { options with
                        Count = int (min count (int64 Int32.MaxValue))
                    }
            elif call.Remaining > 1 && call.TakeWord "MATCH" then
                options <-
                    { options with
                        Pattern = call.Args.Count - call.Remaining
                    }

                call.Skip 1
            elif allowsType && call.Remaining > 1 && call.TakeWord "TYPE" then
                options <-
                    { options with
                        Type = call.Args.Count - call.Remaining
                    }

                call.Skip 1
            elif allowsNoValues && call.TakeWord "NOVALUES" then
                options <- { options with HidesValues = true }
            else
                valid <- false
                call.Reply.Error Errors.syntax

        valid

    /// Takes the options for a key that has been looked up. False if there is nothing to go through; the answer, or the
    /// error, is then written. Where there is no key Redis does not look at the options.
    let takeFor (call: Call) (found: Lookup) (allowsNoValues: bool) (options: byref<ScanOptions>) : bool =
        match found with
        | Lookup.WrongType -> false
        | Lookup.Missing ->
            call.Reply.Array 2
            call.Reply.BulkInteger 0L
            call.Reply.Array 0
            false
        | _ -> takeRest call false allowsNoValues &options

    /// Whether a name fits the pattern, if there is one.
    let fits (call: Call) (options: ScanOptions) (name: ReadOnlySpan<byte>) : bool =
        options.Pattern = 0
        || Glob.isAll call.Args[options.Pattern]
        || Glob.isMatch (call.Args[options.Pattern], name, false)

    /// Makes a reply of a cursor and a list out of the `count` values written since `position`.
    let finish (call: Call) (position: int) (cursor: uint64) (count: int) =
        call.Reply.InsertArray(position, count)
        call.Scratch.Truncate 0
        call.Scratch.Array 2
        call.Scratch.BulkInteger(int64 cursor)
        call.Reply.Insert(position, call.Scratch.Written)
