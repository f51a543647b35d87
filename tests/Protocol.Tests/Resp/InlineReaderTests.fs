module RedisClone.Protocol.Tests.Resp.InlineReaderTests

open System
open FsCheck.FSharp
open FsCheck.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open Xunit

let private hex (value: byte) = $"\\x{value:x2}"

/// A word between double quotes.
let private doubleQuoted (word: byte[]) =
    let escaped (value: byte) =
        match value with
        | '\n'B -> "\\n"
        | '\r'B -> "\\r"
        | '\t'B -> "\\t"
        | '\b'B -> "\\b"
        | 7uy -> "\\a"
        | '"'B -> "\\\""
        | '\\'B -> "\\\\"
        | other when other < 32uy || other > 126uy -> hex other
        | other -> string (char other)

    "\"" + String.Join("", Array.map escaped word) + "\""

let private canBePlain (word: byte[]) =
    word.Length > 0
    && Array.forall (fun value -> value > 32uy && value <> '"'B && value <> '\''B) word

/// Between single quotes there is no way to write a LF, a backslash before a quote, or one at the end.
let private canBeSingleQuoted (word: byte[]) =
    Array.forall (fun value -> value <> '\n'B && value <> '\\'B) word

let private singleQuoted (word: byte[]) =
    "'" + (Bytes.toString word).Replace("'", "\\'") + "'"

/// A word in one of the ways to write it.
let private written (style: int) (word: byte[]) =
    if style % 3 = 0 && canBePlain word then
        Bytes.toString word
    elif style % 3 = 1 && canBeSingleQuoted word then
        singleQuoted word
    else
        doubleQuoted word

[<Properties(Arbitrary = [| typeof<Generators.Arbitraries> |], MaxTest = 300)>]
module Properties =

    [<RepeatableProperty>]
    let ``words written in any style are the words read, however the bytes are cut``
        (CommandParts words)
        (styles: FsCheck.NonEmptyArray<FsCheck.NonNegativeInt>)
        (crlf: bool)
        (sizes: ChunkSizes)
        =
        let style i = styles.Get[i % styles.Get.Length].Get

        // A star at the start would be a multibulk.
        let quoted =
            words
            |> Array.mapi (fun i word ->
                if i = 0 && word.Length > 0 && word[0] = '*'B then
                    doubleQuoted word
                else
                    written (style i) word)

        let blanks i =
            [| " "; "  "; "\t"; " \t "; " \v " |][style i % 5]

        let line = quoted |> Array.mapi (fun i text -> text + blanks i) |> String.Concat

        let bytes = Bytes.ofString (line + (if crlf then "\r\n" else "\n"))

        let expected =
            {
                Commands = [ [ for word in words -> Bytes.toString word ] ]
                Error = None
                Consumed = bytes.Length
            }

        Assert.Equal(expected, Harness.readWhole bytes)
        Assert.Equal(expected, Harness.readCut sizes bytes)

let private words (line: string) =
    match (Harness.readWhole (Bytes.ofString (line + "\r\n"))) with
    | { Error = Some text } -> text
    | { Commands = [ found ] } -> String.Join("|", found)
    | other -> failwith $"not one command: {other}"

[<Theory>]
[<InlineData("a b  c", "a|b|c")>]
[<InlineData("a \"\" ''", "a||")>]
[<InlineData("a\"b c\"", "ab c")>]
[<InlineData("a'b c'", "ab c")>]
[<InlineData("\"\\x41\\n\\q\\xZZ\\x4\"", "A\nqxZZx4")>]
[<InlineData("\"\\xaF\\xFa\\xgf\"", "\u00af\u00faxgf")>]
[<InlineData("'\\x41\\n\\'\\\\'x", "ERR Protocol error: unbalanced quotes in request")>]
[<InlineData("'\\x41\\n\\'\\ '", "\\x41\\n'\\ ")>]
[<InlineData("a\\nb", "a\\nb")>]
[<InlineData("a\vb", "a\vb")>]
[<InlineData("a \vb", "a|b")>]
[<InlineData("a\rb", "a|b")>]
[<InlineData("\"a\"b", "ERR Protocol error: unbalanced quotes in request")>]
[<InlineData("\"a\"\"b\"", "ERR Protocol error: unbalanced quotes in request")>]
[<InlineData("\"a", "ERR Protocol error: unbalanced quotes in request")>]
[<InlineData("\"a\\", "ERR Protocol error: unbalanced quotes in request")>]
[<InlineData("a 'b", "ERR Protocol error: unbalanced quotes in request")>]
[<InlineData("a\000b", "a\000b")>]
let ``words and quotes are told apart as Redis does`` (line: string) (expected: string) =
    Assert.Equal(expected, words line)

[<Fact>]
let ``an inline command with quotes can be kept and logged by its arguments`` () =
    let reader = RespReader(RespLimits())
    let bytes = "SET k \"a b\"\n"B
    Assert.Equal(ReadStatus.Command, reader.Read(bytes, 0, bytes.Length))
    Assert.False reader.Arguments.IsMultibulk
    let kept = reader.Arguments.Keep()
    Assert.Equal(ReadStatus.Command, reader.Read("GET \"other key\"\n"B, 0, 16))
    Assert.Equal<string list>([ "SET"; "k"; "a b" ], Harness.textsOf kept)
