/// A list in all its forms: packed in its record, packed in a blob, as a tree; by what Redis 7.2 calls it.
module RedisClone.Protocol.Tests.Values.ListValueTests

open System
open System.Collections.Generic
open FsCheck.FSharp
open global.FsCheck.Xunit
open Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open RedisClone.Protocol.Tests.Evaluation

type Operation =
    | Push of atLeft: bool * elements: string list
    | Pop of atLeft: bool * count: int
    | Insert of before: bool * pivot: string * element: string
    | Set of index: int * element: string
    | Remove of count: int * element: string
    | Trim of start: int * stop: int
    | Rotate of fromLeft: bool * intoLeft: bool
    | Freeze

type Operations =
    static member Operation() =
        let element =
            Gen.frequency
                [
                    8, Gen.elements [ "a"; "b"; "1"; "-500"; "9223372036854775807"; "" ]
                    2, Gen.elements [ String('x', 100); String('x', 254); String('x', 255); String('x', 300) ]
                    1, Gen.elements [ String('y', 1_000); String('y', 1_001); String('y', 5_000) ]
                ]

        let few =
            Gen.choose (1, 4) |> Gen.bind (fun count -> Gen.listOfLength count element)

        let many =
            Gen.choose (30, 200)
            |> Gen.bind (fun count ->
                Gen.listOfLength count (Gen.elements [ "a"; "b"; "12345"; "some longer element" ]))

        let index = Gen.oneof [ Gen.choose (-4, 4); Gen.choose (-150, 150) ]
        let side = Gen.elements [ true; false ]

        Gen.frequency
            [
                6, Gen.map2 (fun l e -> Push(l, e)) side few
                2, Gen.map2 (fun l e -> Push(l, e)) side many
                4, Gen.map2 (fun l c -> Pop(l, c)) side (Gen.oneof [ Gen.choose (0, 3); Gen.choose (0, 150) ])
                2, Gen.map3 (fun b p e -> Insert(b, p, e)) side element element
                3, Gen.map2 (fun i e -> Set(i, e)) index element
                3, Gen.map2 (fun c e -> Remove(c, e)) (Gen.choose (-3, 3)) element
                2, Gen.map2 (fun s e -> Trim(s, e)) index index
                2, Gen.map2 (fun f i -> Rotate(f, i)) side side
                1, Gen.constant Freeze
            ]
        |> Arb.fromGen

let private key = "l"

/// The bytes of a listpack with these elements, by the description of its format.
let private listpackBytes (elements: string seq) =
    let bytesOf (element: string) =
        let content =
            match Int64.TryParse element with
            | true, number when string number = element ->
                if number >= 0L && number <= 127L then 1
                elif number >= -4096L && number <= 4095L then 2
                elif number >= -32768L && number <= 32767L then 3
                elif number >= -8388608L && number <= 8388607L then 4
                elif number >= -2147483648L && number <= 2147483647L then 5
                else 9
            | _ when element.Length < 64 -> 1 + element.Length
            | _ when element.Length < 4096 -> 2 + element.Length
            | _ -> 5 + element.Length

        content + (if content < 128 then 1 else 2)

    7 + Seq.sumBy bytesOf elements

/// Elements under a key, beside a model of them and of what Redis 7.2 calls the list.
type private Model(bytesMax: int, setting: int64, itemsMax: int) =
    let evaluator = Evaluator()
    let elements = List<string>()
    let mutable isLarge = false
    let frozen = List<struct (FrozenKeyspace * string[] * bool)>()

    do evaluator.Call.Limits.ListListpackSize <- setting

    let run (words: string list) = evaluator.Run(Array.ofList words)

    /// A list that is to have more elements grows before they come.
    let grow (added: string list) =
        if elements.Count = 0 then
            isLarge <- false

        let bytes = listpackBytes elements + List.sumBy String.length added

        if bytes > bytesMax || elements.Count + added.Length > itemsMax then
            isLarge <- true

    let shrink () =
        if listpackBytes elements <= bytesMax / 2 && elements.Count <= itemsMax / 2 then
            isLarge <- false

    let indexOf index =
        if index < 0 then elements.Count + index else index

    let expect (reply: Reply) (actual: Reply) = Assert.Equal(reply, actual)
    let bulk (text: string) = Reply.Bulk(Bytes.ofString text)
    let side isLeft = if isLeft then "LEFT" else "RIGHT"

    member _.Elements = elements
    member _.IsLarge = isLarge
    member _.Frozen = frozen
    member _.Keyspace = evaluator.Keyspace

    member _.Do(operation: Operation) =
        match operation with
        | Push(atLeft, added) ->
            grow added

            for element in added do
                elements.Insert((if atLeft then 0 else elements.Count), element)

            run ((if atLeft then "LPUSH" else "RPUSH") :: key :: added)
            |> expect (Reply.Integer(int64 elements.Count))
        | Pop(atLeft, count) when elements.Count > 0 ->
            let count' = min count elements.Count
            let first = if atLeft then 0 else elements.Count - count'
            let popped = elements.GetRange(first, count')
            elements.RemoveRange(first, count')

            if not atLeft then
                popped.Reverse()

            if count' > 0 then
                shrink ()

            run [ (if atLeft then "LPOP" else "RPOP"); key; string count ]
            |> expect (Reply.Array [| for element in popped -> bulk element |])
        | Insert(before, pivot, element) when elements.Count > 0 ->
            let at = elements.IndexOf pivot

            if at >= 0 then
                grow [ element ]
                elements.Insert((if before then at else at + 1), element)

            run [ "LINSERT"; key; (if before then "BEFORE" else "AFTER"); pivot; element ]
            |> expect (Reply.Integer(if at >= 0 then int64 elements.Count else -1L))
        | Set(index, element) when elements.Count > 0 ->
            let at = indexOf index

            if at >= 0 && at < elements.Count then
                grow [ element ]
                elements[at] <- element
                shrink ()
                run [ "LSET"; key; string index; element ] |> expect (Reply.Simple "OK")
        | Remove(count, element) when elements.Count > 0 ->
            let places =
                [
                    for i in 0 .. elements.Count - 1 do
                        if elements[i] = element then
                            i
                ]

            let places = if count < 0 then List.rev places else places

            let going =
                if count = 0 then
                    places
                else
                    List.truncate (abs count) places

            for place in List.sortDescending going do
                elements.RemoveAt place

            if not going.IsEmpty then
                shrink ()

            run [ "LREM"; key; string count; element ]
            |> expect (Reply.Integer(int64 going.Length))
        | Trim(start, stop) when elements.Count > 0 ->
            let first = max 0 (indexOf start)
            let last = min (elements.Count - 1) (indexOf stop)
            let before = elements.Count

            if first > last then
                elements.Clear()
            else
                elements.RemoveRange(last + 1, elements.Count - last - 1)
                elements.RemoveRange(0, first)

            if elements.Count < before then
                shrink ()

            run [ "LTRIM"; key; string start; string stop ] |> expect (Reply.Simple "OK")
        | Rotate(fromLeft, intoLeft) when elements.Count > 0 ->
            let at = if fromLeft then 0 else elements.Count - 1
            let element = elements[at]
            elements.RemoveAt at
            shrink ()
            let wasEmpty = elements.Count = 0
            let large = isLarge
            grow [ element ]

            if wasEmpty then
                isLarge <- large || isLarge

            elements.Insert((if intoLeft then 0 else elements.Count), element)
            run [ "LMOVE"; key; key; side fromLeft; side intoLeft ] |> expect (bulk element)
        | Freeze -> frozen.Add(struct (evaluator.Keyspace.Freeze(), elements.ToArray(), isLarge))
        | _ -> ()

let private check (table: PageTable) (elements: string seq) (isLarge: bool) =
    let expected = Seq.toArray elements
    let mutable entry = Entry()

    if table.Find(ReadOnlySpan(Bytes.ofString key), &entry) then
        let found = List<string>()
        let mutable cursor = ListValue.cursorAt (&entry, 0)

        while cursor.Next() do
            Assert.Equal(found.Count, cursor.Index)
            found.Add(Bytes.toString cursor.Item)

        let backward = List<string>()
        let mutable cursor = ListValue.cursorAt (&entry, expected.Length)

        while cursor.Previous() do
            backward.Add(Bytes.toString cursor.Item)

        backward.Reverse()
        Assert.Equal<string[]>(expected, found.ToArray())
        Assert.Equal<string[]>(expected, backward.ToArray())
        Assert.Equal((if isLarge then Kind.LargeList else Kind.List), entry.Kind)
    else
        Assert.Empty expected

let private checkModel (operations: Operation list) (model: Model) =
    for operation in operations do
        model.Do operation
        check (model.Keyspace.Databases[0].Table) model.Elements model.IsLarge

    for struct (frozen, elements, isLarge) in model.Frozen do
        check (Keyspace(frozen).Databases[0].Table) elements isLarge

[<Properties(Arbitrary = [| typeof<Operations> |], MaxTest = 300, EndSize = 40)>]
module Laws =

    [<RepeatableProperty>]
    let ``a list is a list, whatever its form, and is called a listpack up to 8 KiB`` (operations: Operation list) =
        checkModel operations (Model(8192, -2L, Int32.MaxValue))

    [<RepeatableProperty>]
    let ``a smaller limit of bytes is kept`` (operations: Operation list) =
        checkModel operations (Model(4096, -1L, Int32.MaxValue))

    [<RepeatableProperty>]
    let ``a limit of elements is kept, and that of 8 KiB with it`` (operations: Operation list) =
        checkModel operations (Model(8192, 100L, 100))

[<RepeatableProperty>]
let ``a cursor steps both ways from any place of a list``
    (first: byte)
    (others: byte[])
    (steps: bool list)
    (place: int)
    =
    let evaluator = Evaluator()
    let elements = first :: List.ofArray others |> List.map string
    evaluator.Run(Array.ofList ("RPUSH" :: key :: elements)) |> ignore
    let mutable entry = Entry()

    evaluator.Keyspace.Databases[0].Table.Find(ReadOnlySpan(Bytes.ofString key), &entry)
    |> ignore

    let mutable gap = abs (place % (elements.Length + 1))
    let mutable cursor = ListValue.cursorAt (&entry, gap)

    for forward in steps do
        let isThere = if forward then gap < elements.Length else gap > 0
        Assert.Equal(isThere, (if forward then cursor.Next() else cursor.Previous()))

        if isThere then
            let at = if forward then gap else gap - 1
            Assert.Equal(at, cursor.Index)
            Assert.Equal(elements[at], Bytes.toString cursor.Item)
            gap <- if forward then gap + 1 else gap - 1

let private objectAfter (elements: string list) : obj =
    let evaluator = Evaluator()
    let mutable entry = Entry()
    evaluator.Run(Array.ofList ("RPUSH" :: key :: elements)) |> ignore

    Assert.True(evaluator.Keyspace.Databases[0].Table.Find(ReadOnlySpan(Bytes.ofString key), &entry))
    entry.Object

[<Fact>]
let ``a list lies in its record up to a kilobyte, then in a blob, and beyond 128 elements or 2 KiB in a tree`` () =
    Assert.Null(objectAfter (List.replicate 128 "abcdef"))

    Assert.IsType<Blob>(objectAfter (List.replicate 11 (String('x', 100))))
    |> ignore

    Assert.IsType<Blob>(objectAfter [ String('x', 1_500) ]) |> ignore
    Assert.IsType<ListTree>(objectAfter (List.replicate 129 "a")) |> ignore
    Assert.IsType<ListTree>(objectAfter [ String('x', 2_048) ]) |> ignore

[<Fact>]
let ``a long list that loses most of its elements at once is a listpack again`` () =
    let model = Model(8192, -2L, Int32.MaxValue)

    for number in 1..100 do
        model.Do(Push(false, [ for i in 1..500 -> string (number * i) ]))

    model.Do(Trim(10_000, -10_001))
    model.Do(Pop(true, 20_000))
    check (model.Keyspace.Databases[0].Table) model.Elements true

    while model.Elements.Count > 200 do
        model.Do(Pop(false, 300))
        check (model.Keyspace.Databases[0].Table) model.Elements model.IsLarge

    Assert.False model.IsLarge
