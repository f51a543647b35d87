module RedisClone.Protocol.Tests.GlobTests

open System
open Xunit
open FsCheck
open FsCheck.FSharp
open RedisClone.Protocol

let private isMatch (ignoreCase: bool) (pattern: string) (text: string) =
    Glob.isMatch ((Bytes.ofString pattern).AsSpan(), (Bytes.ofString text).AsSpan(), ignoreCase)

[<Theory>]
[<InlineData("", "", true)>]
[<InlineData("", "a", false)>]
[<InlineData("*", "", false)>]
[<InlineData("**", "", false)>]
[<InlineData("**", "abc", true)>]
[<InlineData("a*", "a", true)>]
[<InlineData("?", "", false)>]
[<InlineData("h?llo", "hello", true)>]
[<InlineData("h*llo", "heeello", true)>]
[<InlineData("h*llo", "heeell", false)>]
[<InlineData("*b*b", "abab", true)>]
[<InlineData("h[ae]llo", "hallo", true)>]
[<InlineData("h[ae]llo", "hillo", false)>]
[<InlineData("h[^e]llo", "hello", false)>]
[<InlineData("h[^e]llo", "hallo", true)>]
[<InlineData("h[a-c]llo", "hbllo", true)>]
[<InlineData("h[c-a]llo", "hbllo", true)>]
[<InlineData("[a-]", "]", true)>]
[<InlineData("[a-]", "-", false)>]
[<InlineData("[a-", "-", true)>]
[<InlineData("[ab", "b", true)>]
[<InlineData("[^", "x", true)>]
[<InlineData("[]", "]", false)>]
[<InlineData("[^]", "]", true)>]
[<InlineData("[\\]]", "]", true)>]
[<InlineData("\\*", "*", true)>]
[<InlineData("\\*", "a", false)>]
[<InlineData("\\", "\\", true)>]
[<InlineData("A", "a", false)>]
let ``patterns mean what they mean in Redis`` (pattern: string, text: string, expected: bool) =
    Assert.Equal(expected, isMatch false pattern text)

[<Theory>]
[<InlineData("MAX*", "maxmemory", true)>]
[<InlineData("[A-C]", "b", true)>]
[<InlineData("[^A-C]", "b", false)>]
[<InlineData("\\A", "a", true)>]
[<InlineData("@", "`", false)>]
[<InlineData("\\[", "{", false)>]
[<InlineData("\196", "\228", false)>]
let ``case is ignored for ASCII letters only`` (pattern: string, text: string, expected: bool) =
    Assert.Equal(expected, isMatch true pattern text)

[<Theory>]
[<InlineData("key:1", true)>]
[<InlineData("a]^-", true)>]
[<InlineData("", true)>]
[<InlineData("a*", false)>]
[<InlineData("a?", false)>]
[<InlineData("[a", false)>]
[<InlineData("a\\b", false)>]
let ``a literal pattern has nothing special in it`` (pattern: string, expected: bool) =
    Assert.Equal(expected, Glob.isLiteral ((Bytes.ofString pattern).AsSpan()))

[<Fact>]
let ``hostile patterns with many stars come to an end`` () =
    let text = String('a', 3000)
    let stars (part: string) = String.replicate 1000 part
    Assert.False(isMatch false (stars "a*" + "b") text)
    Assert.False(isMatch false (stars "*a" + "[b]") text)
    Assert.False(isMatch true (stars "?*" + "B") text)
    Assert.True(isMatch false (stars "*a" + "*") text)
    Assert.False(isMatch false (stars "[^b]*" + "\\b") text)

/// Texts over a few bytes, most of which mean something in a pattern.
let private over (alphabet: string) (lengthMax: int) =
    Gen.choose (0, lengthMax)
    |> Gen.bind (fun length -> Gen.listOfLength length (Gen.elements (List.ofSeq alphabet)))
    |> Gen.map (fun chars -> String(Array.ofList chars))

type Cases =
    {
        Patterns: string list
        Texts: string list
    }

let private cases (patternAlphabet: string) (textAlphabet: string) =
    Gen.map2
        (fun patterns texts -> { Patterns = patterns; Texts = texts })
        (Gen.listOfLength 40 (over patternAlphabet 9))
        (Gen.listOfLength 60 (over textAlphabet 6))

type Arbitraries =
    static member Cases() : Arbitrary<Cases> =
        Arb.fromGen (
            Gen.oneof
                [
                    cases "aabbc***???[[]]^^--\\\\" "abc"
                    cases "ab*?[]^-\\" "ab*?[]^-\\"
                    cases "ab*" "ab"
                    cases "[^]a-c\\_[]" "abc]^-\\_"
                ]
        )

[<Collection("oracle")>]
type GlobAgainstOracle(oracle: Oracle) =
    let bytes = Bytes.ofString

    let names (reply: OracleReply) =
        match reply with
        | OracleReply.Array items ->
            set
                [
                    for item in items do
                        match item with
                        | OracleReply.Bulk name -> Bytes.toString (name.AsSpan())
                        | other -> failwith $"not a name: {other}"
                ]
        | other -> failwith $"not a list of names: {other}"

    [<OracleProperty(Arbitrary = [| typeof<Arbitraries> |], MaxTest = 150)>]
    member _.``KEYS finds the keys that fit``(cases: Cases) =
        let replies =
            oracle.Pipeline
                [
                    [| bytes "FLUSHDB" |]
                    for text in cases.Texts do
                        [| bytes "SET"; bytes text; [||] |]
                    for pattern in cases.Patterns do
                        [| bytes "KEYS"; bytes pattern |]
                ]

        let found = List.skip (1 + cases.Texts.Length) replies |> List.map names
        let texts = set cases.Texts

        found =
            [
                for pattern in cases.Patterns ->
                    if Glob.isAll ((Bytes.ofString pattern).AsSpan()) then
                        texts
                    else
                        Set.filter (isMatch false pattern) texts
            ]

    [<OracleFact>]
    member _.``patterns without case find the commands that fit``() =
        let commands = names (oracle.Call("COMMAND", "LIST"))
        let alphabet = "gGeEtTsSxX**??[[]]^-\\aZ_`"
        let patterns = Gen.sampleWithSeed (Rnd 20260117UL) 10 2000 (over alphabet 6)

        let replies =
            oracle.Pipeline
                [
                    for pattern in patterns do
                        [|
                            bytes "COMMAND"
                            bytes "LIST"
                            bytes "FILTERBY"
                            bytes "PATTERN"
                            bytes pattern
                        |]
                ]

        for pattern, reply in Seq.zip patterns replies do
            Assert.Equal<Set<string>>(names reply, Set.filter (isMatch true pattern) commands)
