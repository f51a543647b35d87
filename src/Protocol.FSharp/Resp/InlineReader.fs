namespace RedisClone.Protocol

open System

[<RequireQualifiedAccess>]
module private Inline =
    /// The room for unquoted words that is kept between commands.
    [<Literal>]
    let ScratchKept = 4096

    /// What may stand between words, beside the LF that ends the line.
    let isBlank (char: byte) =
        char = ' 'B || (char >= '\t'B && char <= '\r'B)

    /// What ends a word. Vertical tabs and form feeds do not, though they may stand between words.
    let isWordEnd (char: byte) =
        char = ' 'B || char = '\t'B || char = '\r'B

    let hexDigit (char: byte) =
        if char >= '0'B && char <= '9'B then
            int (char - '0'B)
        elif char >= 'a'B && char <= 'f'B then
            int (char - 'a'B) + 10
        elif char >= 'A'B && char <= 'F'B then
            int (char - 'A'B) + 10
        else
            -1

    /// The byte that a backslash and a letter stand for between double quotes.
    let unescaped (char: byte) =
        match char with
        | 'n'B -> '\n'B
        | 'r'B -> '\r'B
        | 't'B -> '\t'B
        | 'b'B -> '\b'B
        | 'a'B -> 7uy
        | other -> other

/// Splits the line of an inline command into words, as Redis does.
///
/// Words are separated by blanks. Parts of a word may be quoted: between double quotes `\xHH`, `\n`, `\r`, `\t`, `\b`,
/// `\a` and a backslash before any other byte are escapes, between single quotes only `\'`; the quote that closes must
/// be followed by a blank or the end. Without quotes words are views of the line; with quotes they are written, one after
/// the other, into a scratch buffer, which is never longer than the line.
[<Sealed; AllowNullLiteral>]
type internal InlineReader() =
    let mutable scratch: byte[] = Array.Empty()

    /// Where `AddQuotedWords` has put the words.
    member _.Scratch = scratch

    /// Gives back the room that an unusually long line took.
    member _.Trim() =
        if scratch.Length > Inline.ScratchKept then
            scratch <- Array.Empty()

    /// Adds the words of a line without quotes, as places in the line; false as soon as there is a quote.
    static member AddPlainWords(line: ReadOnlySpan<byte>, words: Arguments) : bool =
        let mutable isPlain = true
        let mutable at = 0

        while isPlain && at < line.Length do
            if Inline.isBlank line[at] then
                at <- at + 1
            else
                let first = at

                while isPlain && at < line.Length && not (Inline.isWordEnd line[at]) do
                    if line[at] = '"'B || line[at] = '\''B then
                        isPlain <- false

                    at <- at + 1

                if isPlain then
                    words.Add(first, at - first)

        isPlain

    /// Adds the words of any line, as places in `Scratch`, and returns how many bytes of it they take; -1 when a quote is
    /// not closed as it must be.
    member _.AddQuotedWords(line: ReadOnlySpan<byte>, words: Arguments) : int =
        if scratch.Length < line.Length then
            scratch <- Array.zeroCreate (Bytes.grownCapacity scratch.Length line.Length)

        let mutable at = 0
        let mutable written = 0
        let mutable isBalanced = true

        while isBalanced && at < line.Length do
            if Inline.isBlank line[at] then
                at <- at + 1
            else
                let first = written
                // The quote that is open, or zero.
                let mutable quote = 0uy
                let mutable isWord = true

                while isWord do
                    if at = line.Length then
                        isBalanced <- quote = 0uy
                        isWord <- false
                    elif quote = 0uy && Inline.isWordEnd line[at] then
                        isWord <- false
                    elif quote = 0uy && (line[at] = '"'B || line[at] = '\''B) then
                        quote <- line[at]
                        at <- at + 1
                    elif quote <> 0uy && line[at] = quote then
                        at <- at + 1
                        isBalanced <- at = line.Length || Inline.isBlank line[at]
                        isWord <- false
                    else
                        let mutable char = line[at]
                        let mutable taken = 1

                        if char = '\\'B && at + 1 < line.Length then
                            if quote = '\''B && line[at + 1] = '\''B then
                                char <- '\''B
                                taken <- 2
                            elif quote = '"'B then
                                char <- Inline.unescaped line[at + 1]
                                taken <- 2

                                if line[at + 1] = 'x'B && at + 3 < line.Length then
                                    let value = (Inline.hexDigit line[at + 2] <<< 4) ||| Inline.hexDigit line[at + 3]

                                    if value >= 0 then
                                        char <- byte value
                                        taken <- 4

                        scratch[written] <- char
                        written <- written + 1
                        at <- at + taken

                words.Add(first, written - first)

        if isBalanced then written else -1
