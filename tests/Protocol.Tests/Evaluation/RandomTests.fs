/// What is drawn by chance: each choice has the same chance, and what must differ does.
module RedisClone.Protocol.Tests.Evaluation.RandomTests

open System
open System.Collections.Generic
open RedisClone.Protocol
open Xunit

let private textOf (reply: Reply) =
    match reply with
    | Reply.Bulk bytes -> Bytes.toString (ReadOnlySpan bytes)
    | other -> failwith $"%A{other} is no text"

let private textsOf (reply: Reply) =
    match reply with
    | Reply.Array items
    | Reply.Set items -> Array.map textOf items
    | one -> [| textOf one |]

/// Whether draws look as if each of `size` things had the same chance. Each draw takes `taken` of them, all different
/// or, if `repeats`, each on its own. The statistic has `size` - 1 degrees of freedom; five standard deviations to either
/// side are allowed, and the seeds are fixed.
let private assertUniform (size: int) (taken: int) (repeats: bool) (draws: string[] list) =
    let counts = Dictionary<string, int>()

    for draw in draws do
        for name in draw do
            counts[name] <- 1 + counts.GetValueOrDefault name

    let expected = float (draws.Length * taken) / float size
    // Things that cannot come twice in a draw vary less.
    let spread =
        if repeats then
            1.0
        else
            float (size - taken) / float (size - 1)

    let statistic =
        Seq.sumBy (fun count -> (float count - expected) ** 2.0 / expected) counts.Values
        / spread

    let degrees = float (size - 1)
    let margin = 5.0 * sqrt (2.0 * degrees)
    Assert.Equal(size, counts.Count)
    Assert.InRange(statistic, degrees - margin, degrees + margin)

/// A hash of so many fields; the value of each is its name and more.
let private hashOf (fields: int) (valueLength: int) =
    let evaluator = Evaluator()

    for number in 1..fields do
        evaluator.Run("HSET", "h", $"f{number}", $"f{number}" + String('v', valueLength))
        |> ignore

    evaluator

/// A hash in a record, one packed beside the page, and one that is a table.
let private forms = [ 10, 5; 40, 50; 150, 5 ]

[<Fact>]
let ``HRANDFIELD without a count gives each field the same chance`` () =
    for fields, valueLength in forms do
        let evaluator = hashOf fields valueLength

        [ for _ in 1 .. 60 * fields -> textsOf (evaluator.Run("HRANDFIELD", "h")) ]
        |> assertUniform fields 1 true

[<Fact>]
let ``HRANDFIELD with a negative count draws each field anew`` () =
    for fields, valueLength in forms do
        let evaluator = hashOf fields valueLength

        let draws =
            [
                for _ in 1 .. 6 * fields -> textsOf (evaluator.Run("HRANDFIELD", "h", "-10"))
            ]

        Assert.All(draws, (fun draw -> Assert.Equal(10, draw.Length)))
        assertUniform fields 10 true draws

[<Fact>]
let ``HRANDFIELD with a count gives different fields, each with the same chance`` () =
    for fields, valueLength in forms do
        let evaluator = hashOf fields valueLength

        // Few of many, about half, and nearly all.
        for count in [ 3; fields / 2; fields - 2 ] do
            let draws =
                [ for _ in 1..600 -> textsOf (evaluator.Run("HRANDFIELD", "h", $"{count}")) ]

            for draw in draws do
                Assert.Equal(count, draw.Length)
                Assert.Equal(count, (set draw).Count)

            assertUniform fields count false draws

[<Fact>]
let ``HRANDFIELD with a count as large as the hash gives all its fields`` () =
    for fields, valueLength in forms do
        let evaluator = hashOf fields valueLength

        for count in [ fields; fields + 1; Int32.MaxValue ] do
            let drawn = textsOf (evaluator.Run("HRANDFIELD", "h", $"{count}"))
            Assert.Equal<Set<string>>(set [ for number in 1..fields -> $"f{number}" ], set drawn)
            Assert.Equal(fields, drawn.Length)

[<Fact>]
let ``HRANDFIELD gives each field its own value`` () =
    for fields, valueLength in forms do
        let evaluator = hashOf fields valueLength

        for count in [ -20; 3; fields - 1 ] do
            evaluator.Protocol <- 2
            let flat = textsOf (evaluator.Run("HRANDFIELD", "h", $"{count}", "WITHVALUES"))

            for pair in Array.chunkBySize 2 flat do
                Assert.Equal(pair[0] + String('v', valueLength), pair[1])

            evaluator.Protocol <- 3

            match evaluator.Run("HRANDFIELD", "h", $"{count}", "WITHVALUES") with
            | Reply.Array nested ->
                Assert.Equal(abs count, nested.Length)

                for pair in Array.map textsOf nested do
                    Assert.Equal(pair[0] + String('v', valueLength), pair[1])
            | other -> failwith $"%A{other} is no array"

[<Fact>]
let ``two draws of several fields are independent`` () =
    // All pairs of two out of six fields: 15 of them, each as likely as any other.
    let evaluator = hashOf 6 5

    [
        for _ in 1..1500 ->
            let pair = textsOf (evaluator.Run("HRANDFIELD", "h", "2"))
            [| String.Join("+", Array.sort pair) |]
    ]
    |> assertUniform 15 1 true

/// A set of so many members, which are told apart by their first letters.
let private setOf (members: int) (length: int) =
    let evaluator = Evaluator()

    for number in 1..members do
        evaluator.Run("SADD", "s", $"m{number}-" + String('v', length)) |> ignore

    evaluator

[<Fact>]
let ``SRANDMEMBER without a count and with a negative one gives each member the same chance`` () =
    for members, length in forms do
        let evaluator = setOf members length

        [ for _ in 1 .. 60 * members -> textsOf (evaluator.Run("SRANDMEMBER", "s")) ]
        |> assertUniform members 1 true

        let draws =
            [
                for _ in 1 .. 6 * members -> textsOf (evaluator.Run("SRANDMEMBER", "s", "-10"))
            ]

        assertUniform members 10 true draws

[<Fact>]
let ``SRANDMEMBER and SPOP with a count give different members, each with the same chance`` () =
    for members, length in forms do
        let evaluator = setOf members length

        // Few of many, about half, and nearly all.
        for count in [ 3; members / 2; members - 2 ] do
            let draw (words: string list) =
                evaluator.Run("SUNIONSTORE", "s2", "s") |> ignore
                let drawn = textsOf (evaluator.Run(Array.ofList words))
                Assert.Equal(count, drawn.Length)
                Assert.Equal(count, (set drawn).Count)
                drawn

            [ for _ in 1..600 -> draw [ "SRANDMEMBER"; "s2"; $"{count}" ] ]
            |> assertUniform members count false

            [ for _ in 1..600 -> draw [ "SPOP"; "s2"; $"{count}" ] ]
            |> assertUniform members count false

[<Fact>]
let ``SPOP takes out what it gives, and nothing else`` () =
    for members, length in forms do
        let evaluator = setOf members length
        let all = set (textsOf (evaluator.Run("SMEMBERS", "s")))
        let first = set (textsOf (evaluator.Run("SPOP", "s")))
        let more = set (textsOf (evaluator.Run("SPOP", "s", "5")))
        let left = set (textsOf (evaluator.Run("SMEMBERS", "s")))
        Assert.Equal(members - 6, left.Count)
        Assert.Equal<Set<string>>(all, Set.unionMany [ first; more; left ])
        Assert.Equal(members - 6, (set (textsOf (evaluator.Run("SPOP", "s", "1000")))).Count)
        Assert.Equal(Reply.Integer 0L, evaluator.Run("EXISTS", "s"))

[<Fact>]
let ``SPOP without a count takes each member with the same chance`` () =
    for members, length in forms do
        let evaluator = setOf members length

        [
            for _ in 1 .. 60 * members ->
                let popped = textsOf (evaluator.Run("SPOP", "s"))
                evaluator.Run("SADD", "s", popped[0]) |> ignore
                popped
        ]
        |> assertUniform members 1 true

[<Fact>]
let ``ZRANDMEMBER gives each member the same chance, and with a positive count different ones`` () =
    for members, length in forms do
        let evaluator = Evaluator()

        for number in 1..members do
            evaluator.Run("ZADD", "z", $"{number % 5}", $"m{number}-" + String('v', length))
            |> ignore

        [ for _ in 1 .. 60 * members -> textsOf (evaluator.Run("ZRANDMEMBER", "z")) ]
        |> assertUniform members 1 true

        [
            for _ in 1 .. 6 * members -> textsOf (evaluator.Run("ZRANDMEMBER", "z", "-10"))
        ]
        |> assertUniform members 10 true

        // Few of many, about half, and nearly all.
        for count in [ 3; members / 2; members - 2 ] do
            [
                for _ in 1..600 ->
                    let drawn = textsOf (evaluator.Run("ZRANDMEMBER", "z", $"{count}"))
                    Assert.Equal(count, (set drawn).Count)
                    drawn
            ]
            |> assertUniform members count false

[<Fact>]
let ``RANDOMKEY gives each key the same chance`` () =
    // One page; two or three that are not equally deep; several.
    for keys in [ 5; 135; 140; 200 ] do
        let evaluator = Evaluator()

        for number in 1..keys do
            evaluator.Run("SET", $"k{number}", "") |> ignore

        [ for _ in 1 .. 60 * keys -> textsOf (evaluator.Run "RANDOMKEY") ]
        |> assertUniform keys 1 true

[<Fact>]
let ``RANDOMKEY passes over keys that are due`` () =
    let evaluator = Evaluator()

    for number in 1..100 do
        evaluator.Run("SET", $"due{number}", "", "PX", "10") |> ignore

    for number in 1..20 do
        evaluator.Run("SET", $"k{number}", "") |> ignore

    evaluator.Do(Advance 10L) |> ignore
    let draws = [ for _ in 1..1200 -> textsOf (evaluator.Run "RANDOMKEY") ]
    assertUniform 20 1 true draws
    evaluator.Run("FLUSHDB") |> ignore
    evaluator.Run("SET", "due", "", "PX", "10") |> ignore
    evaluator.Do(Advance 10L) |> ignore
    Assert.Equal(Reply.Null, evaluator.Run "RANDOMKEY")
