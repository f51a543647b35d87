namespace RedisClone.Protocol

open System
open System.Buffers.Binary
open System.Collections.Generic

// The order of SORT
// -----------------
// Elements are copied once, end to end, into one buffer. Looking at other keys for their weights may remove some that are
// due, which moves records, so nothing may point into the keyspace meanwhile.
//
// Each weight becomes a number of 64 bits that sorts as the weight does: a double's bits, or the first eight bytes behind
// what all texts begin with. The numbers are sorted, with the indices of the elements along, by the runtime's own sort
// for primitives. Only where numbers are equal are elements compared.
//
// Equal weights as numbers are ordered by the elements themselves, equal weights as texts by where the elements were.
// A set has no order of its own that a replay of the log would have too, so there the elements decide again.
//
// What is not done: the first few of many are not found without sorting all.

/// Byte strings end to end, one of which may be missing. There is room for as many bytes as an array has: what goes beyond
/// that is dropped, and `IsOverflown` tells.
[<Sealed; AllowNullLiteral>]
type internal SortTexts(expected: int) =
    let bytes = RespWriter(max 64 (8 * min expected 1_000_000), DropsOverflow = true)
    // Where each ends in the buffer; of a missing one, the complement of that.
    let mutable ends: int[] = Array.zeroCreate (max 4 expected)
    let mutable count = 0

    let endOf (index: int) =
        if index < 0 then 0
        elif ends[index] < 0 then ~~~ends[index]
        else ends[index]

    let add (position: int) =
        if count = ends.Length then
            Array.Resize(&ends, Bytes.grownCapacity count (count + 1))

        ends[count] <- position
        count <- count + 1

    member _.Count = count
    member _.IsOverflown = bytes.IsOverflown

    member _.Add(text: ReadOnlySpan<byte>) =
        bytes.Raw text
        add bytes.Length

    member _.AddMissing() = add ~~~bytes.Length

    member _.IsMissing(index: int) = ends[index] < 0

    /// A text; empty if it is missing.
    member _.Item
        with get (index: int): ReadOnlySpan<byte> =
            let start = endOf (index - 1)
            ReadOnlySpan<byte>(bytes.Buffer, start, endOf index - start)

/// Decides between two elements, given by index, whose weights became the same number.
[<Sealed>]
type private TieBreaker(elements: SortTexts, weights: SortTexts, byWeight: bool, isOrdered: bool, descends: bool) =
    interface IComparer<int> with
        member _.Compare(a: int, b: int) : int =
            let byText =
                if not byWeight then
                    Bytes.compare (elements.Item a, elements.Item b)
                else
                    match compare (weights.IsMissing b) (weights.IsMissing a) with
                    | 0 -> Bytes.compare (weights.Item a, weights.Item b)
                    | missing -> missing

            if byText <> 0 then
                byText
            else
                let byElement =
                    if isOrdered then
                        0
                    else
                        Bytes.compare (elements.Item a, elements.Item b)

                if byElement <> 0 then byElement
                // The result of a descending sort is read from its end.
                elif descends then b.CompareTo a
                else a.CompareTo b

/// Puts elements in order.
[<RequireQualifiedAccess>]
module internal Sorting =
    /// The least number above zero that `strtod` reads without complaint.
    [<Literal>]
    let private NormalMin = 2.2250738585072014e-308

    let private isSpace (value: byte) =
        value = ' 'B || (value >= '\t'B && value <= '\r'B)

    /// Reads a weight as Redis does: what `strtod` takes, up to a NUL, with spaces before it; nothing at all is 0.
    let tryWeight (text: ReadOnlySpan<byte>) (weight: byref<double>) : bool =
        let mutable whole = 0L

        if Numbers.tryParseInt64 (text, &whole) then
            weight <- double whole
            true
        else
            let nul = text.IndexOf 0uy
            let text = if nul < 0 then text else text.Slice(0, nul)
            let mutable first = 0

            while first < text.Length && isSpace text[first] do
                first <- first + 1

            if text.IsEmpty then
                weight <- 0.0
                true
            else
                Numbers.tryParseDouble (text.Slice first, &weight)
                && (weight = 0.0 || abs weight >= NormalMin)

    /// What all texts begin with: how many bytes.
    let private commonPrefix (texts: SortTexts) : int =
        let mutable length = texts.Item(0).Length
        let mutable i = 1

        while length > 0 && i < texts.Count do
            length <- texts.Item(0).Slice(0, length).CommonPrefixLength(texts.Item i)
            i <- i + 1

        length

    /// The first eight bytes from an index on, as a number that sorts as they do.
    let private leading (text: ReadOnlySpan<byte>) (from: int) : uint64 =
        if text.Length >= from + 8 then
            BinaryPrimitives.ReadUInt64BigEndian(text.Slice from)
        else
            let mutable number = 0UL

            for i in from .. text.Length - 1 do
                number <- number ||| (uint64 text[i] <<< 8 * (7 - (i - from)))

            number

    /// The numbers for weights that are texts.
    let ofTexts (weights: SortTexts) : uint64[] =
        let numbers = Array.zeroCreate weights.Count

        if numbers.Length > 0 then
            let prefix = commonPrefix weights

            for i in 0 .. numbers.Length - 1 do
                numbers[i] <- leading (weights.Item i) prefix

        numbers

    /// The numbers for weights that are numbers, a missing one being 0; null if one is no number.
    let ofNumbers (weights: SortTexts) : uint64[] =
        let numbers = Array.zeroCreate weights.Count
        let mutable weight = 0.0
        let mutable valid = true
        let mutable i = 0

        while valid && i < numbers.Length do
            valid <- tryWeight (weights.Item i) &weight
            numbers[i] <- ScoreOrder.ofScore weight
            i <- i + 1

        if valid then numbers else null

    /// The indices of the elements, in ascending order of the numbers, which are sorted too. `byWeight` tells that equal
    /// numbers need not be equal weights, and `isOrdered` that the elements came in an order that counts.
    let order
        (numbers: uint64[])
        (elements: SortTexts)
        (weights: SortTexts)
        (byWeight: bool)
        (isOrdered: bool)
        (descends: bool)
        : int[] =
        let indices = Array.init numbers.Length id
        Array.Sort(numbers, indices)
        let ties = TieBreaker(elements, weights, byWeight, isOrdered, descends)
        let mutable first = 0

        while first < numbers.Length do
            let mutable next = first + 1

            while next < numbers.Length && numbers[next] = numbers[first] do
                next <- next + 1

            if next - first > 1 then
                Array.Sort(indices, first, next - first, ties)

            first <- next

        indices
