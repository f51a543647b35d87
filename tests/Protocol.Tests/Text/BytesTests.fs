module RedisClone.Protocol.Tests.BytesTests

open System
open FsCheck.Xunit
open RedisClone.Protocol
open RedisClone.Protocol.Tests
open Xunit

[<RepeatableProperty>]
let ``any bytes survive the way through text and back`` (bytes: byte[]) =
    Bytes.ofString (Bytes.toString (bytes.AsSpan())) = bytes

[<RepeatableProperty>]
let ``byte strings are ordered as lists of unsigned bytes`` (shared: byte[]) (a: byte[]) (b: byte[]) =
    let left = Array.append shared a
    let right = Array.append shared b
    let expected = compare (List.ofArray left) (List.ofArray right)
    sign (Bytes.compare (left.AsSpan(), right.AsSpan())) = sign expected

[<Theory>]
[<InlineData("nx", "NX", true)>]
[<InlineData("Nx", "nX", true)>]
[<InlineData("nx", "nxx", false)>]
[<InlineData("nx", "n", false)>]
[<InlineData("nx", "", false)>]
[<InlineData("[", "{", false)>]
let ``words are compared without case, and nothing else is`` (word: string, text: string, expected: bool) =
    Assert.Equal(expected, Bytes.isWord word ((Bytes.ofString text).AsSpan()))

[<RepeatableProperty>]
let ``a grown capacity holds what is needed and at least doubles`` (current: uint16) (more: uint16) =
    let needed = int current + int more
    let capacity = Bytes.grownCapacity (int current) needed
    capacity >= needed && capacity >= 2 * int current

[<Fact>]
let ``a capacity never grows beyond the longest array`` () =
    Assert.Equal(Bytes.lengthMax, Bytes.grownCapacity (Bytes.lengthMax - 1) Bytes.lengthMax)
