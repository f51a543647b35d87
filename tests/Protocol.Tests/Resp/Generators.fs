namespace RedisClone.Protocol.Tests.Resp

open System
open FsCheck
open FsCheck.FSharp
open RedisClone.Protocol

/// The arguments of a command.
type CommandParts = CommandParts of byte[][]

/// Sizes in which bytes arrive; used round and round. All are positive.
type ChunkSizes = ChunkSizes of int[]

/// Bytes that often look like RESP.
type RespLikeBytes = RespLikeBytes of byte[]

/// What a client might send: any bytes, bytes like RESP, and valid commands with a few bytes changed.
type HostileBytes = HostileBytes of byte[]

/// Any reply that a server may send; texts are Latin-1 without CR and LF.
type AnyReply = AnyReply of Reply

/// What a server might send: bytes like RESP, and valid replies with a few bytes changed.
type HostileReplyBytes = HostileReplyBytes of byte[]

[<RequireQualifiedAccess>]
module Generators =

    /// Byte strings rich in what matters to a parser.
    let bytes: Gen<byte[]> =
        let marks = "\r\n$*:+-_,#!=(%~>|0123456789 \t\"'\\x\000"B

        let byte =
            Gen.frequency
                [
                    3, Gen.elements [ 'a'B .. 'z'B ]
                    2, Gen.elements marks
                    1, Gen.choose (0, 255) |> Gen.map byte
                ]

        Gen.frequency
            [
                20, Gen.sized (fun size -> Gen.choose (0, size / 4) |> Gen.bind (fun n -> Gen.arrayOfLength n byte))
                4, Gen.choose (8, 12) |> Gen.bind (fun n -> Gen.arrayOfLength n byte)
                2, Gen.choose (97, 103) |> Gen.bind (fun n -> Gen.arrayOfLength n byte)
                1, Gen.choose (0, 3000) |> Gen.map (fun n -> Array.create n 'x'B)
            ]

    let parts: Gen<byte[][]> =
        Gen.frequency [ 9, Gen.choose (1, 6); 1, Gen.choose (7, 30) ]
        |> Gen.bind (fun count -> Gen.arrayOfLength count bytes)

    let private shrinkBytes (value: byte[]) =
        if value.Length > 300 then
            Seq.singleton (Array.truncate (value.Length / 2) value)
        else
            seq { for i in 0 .. value.Length - 1 -> Array.removeAt i value }

    let private shrinkParts (value: byte[][]) =
        seq {
            for i in 0 .. value.Length - 1 do
                if value.Length > 1 then
                    yield Array.removeAt i value

                for smaller in shrinkBytes value[i] -> Array.updateAt i smaller value
        }

    let chunkSizes: Gen<int[]> =
        Gen.frequency
            [
                2, Gen.constant [| 1 |]
                3, Gen.choose (1, 5) |> Gen.nonEmptyListOf |> Gen.map Array.ofList
                3, Gen.choose (1, 200) |> Gen.nonEmptyListOf |> Gen.map Array.ofList
            ]

    /// Tokens of the protocol, in an order that makes no sense.
    let respLike: Gen<byte[]> =
        let count =
            Gen.frequency
                [
                    8, Gen.choose (-2, 12) |> Gen.map string
                    2, Gen.choose (10, 120) |> Gen.map string
                    1,
                    Gen.elements
                        [
                            ""
                            "-"
                            "+1"
                            "01"
                            "-0"
                            " 1"
                            "1 "
                            "2147483647"
                            "2147483648"
                            "536870913"
                            "99999999999999999999"
                            "1073741823"
                        ]
                ]

        let lineEnd =
            Gen.frequency [ 20, Gen.constant "\r\n"; 1, Gen.elements [ "\r"; "\n"; "\n\r"; "" ] ]

        let token =
            Gen.frequency
                [
                    4, Gen.map2 (fun n e -> Bytes.ofString ("*" + n + e)) count lineEnd
                    8, Gen.map2 (fun n e -> Bytes.ofString ("$" + n + e)) count lineEnd
                    3, Gen.map2 (fun (b: byte[]) e -> Array.append b (Bytes.ofString e)) bytes lineEnd
                    1,
                    Gen.map3
                        (fun (m: char) n e -> Bytes.ofString (string m + n + e))
                        (Gen.elements ":+-_,#!=(%~>|.")
                        count
                        lineEnd
                ]

        Gen.listOf token |> Gen.map Array.concat

    let private mutate (source: byte[]) : Gen<byte[]> =
        gen {
            let! times = Gen.choose (1, 4)
            let mutable mutated = source

            for _ in 1..times do
                let! at = Gen.choose (0, max 0 (mutated.Length - 1))

                let! value =
                    Gen.frequency [ 1, Gen.choose (0, 255) |> Gen.map byte; 2, Gen.elements "\r\n$*-0129"B ]

                let! kind = Gen.choose (0, 2)

                mutated <-
                    if mutated.Length = 0 then [| value |]
                    elif kind = 0 then Array.updateAt at value mutated
                    elif kind = 1 then Array.removeAt at mutated
                    else Array.insertAt at value mutated

            return mutated
        }

    let hostile: Gen<byte[]> =
        let valid =
            Gen.listOf parts
            |> Gen.map (fun commands ->
                commands
                |> List.map (fun c -> Arguments.OfArrays(c).Raw.ToArray())
                |> Array.concat)

        Gen.frequency [ 1, bytes; 4, respLike; 4, Gen.bind mutate valid ]

    /// A reply at most `depth` aggregates deep.
    let rec private replyOf (depth: int) : Gen<Reply> =
        let line =
            bytes
            |> Gen.map (fun b -> (Bytes.toString b).Replace('\r', ' ').Replace('\n', ' '))

        let double =
            Gen.oneof
                [
                    ArbMap.defaults |> ArbMap.generate<double>
                    Gen.choose (-1000, 1000) |> Gen.map (fun n -> double n / 8.0)
                    Gen.elements
                        [
                            nan
                            infinity
                            -infinity
                            0.0
                            -0.0
                            Double.Epsilon
                            Double.MaxValue
                            1e17
                            1e16
                        ]
                ]

        let digits =
            Gen.choose (1, 40)
            |> Gen.bind (fun n -> Gen.arrayOfLength n (Gen.elements "0123456789"))
            |> Gen.map String

        let integer =
            Gen.oneof
                [
                    Gen.choose64 (Int64.MinValue, Int64.MaxValue)
                    Gen.choose (-1, 1000) |> Gen.map int64
                    Gen.elements [ Int64.MinValue; Int64.MaxValue ]
                ]

        let format = Gen.elements [ "txt"; "mkd" ]

        let leaf =
            Gen.oneof
                [
                    Gen.map Reply.Simple line
                    Gen.map Reply.Error line
                    Gen.map Reply.Integer integer
                    Gen.map Reply.Bulk bytes
                    Gen.constant Reply.Null
                    Gen.constant Reply.NullArray
                    Gen.map Reply.Double double
                    Gen.map Reply.Boolean (Gen.elements [ true; false ])
                    Gen.map2 (fun sign d -> Reply.BigNumber(sign + d)) (Gen.elements [ ""; "-"; "+" ]) digits
                    Gen.map2 (fun f b -> Reply.Verbatim(f, b)) format bytes
                ]

        if depth = 0 then
            leaf
        else
            let inner = replyOf (depth - 1)
            let size = Gen.frequency [ 10, Gen.choose (0, 4); 1, Gen.choose (5, 15) ]
            let items = size |> Gen.bind (fun n -> Gen.arrayOfLength n inner)

            let pairs =
                size
                |> Gen.bind (fun n -> Gen.arrayOfLength n (Gen.map2 (fun k v -> struct (k, v)) inner inner))

            Gen.frequency
                [
                    3, leaf
                    2, Gen.map Reply.Array items
                    1, Gen.map Reply.Map pairs
                    1, Gen.map Reply.Set items
                    1, Gen.map Reply.Push items
                    1, Gen.map2 (fun a r -> Reply.Attribute(a, r)) pairs inner
                ]

    let reply: Gen<Reply> = Gen.choose (0, 3) |> Gen.bind replyOf

    let private shrinkReply (value: Reply) : Reply seq =
        let parts (items: Reply[]) (make: Reply[] -> Reply) =
            Seq.append (Seq.ofArray items) (seq { for i in 0 .. items.Length - 1 -> make (Array.removeAt i items) })

        let pairParts (pairs: struct (Reply * Reply)[]) make =
            seq {
                for struct (key, value) in pairs do
                    yield key
                    yield value

                for i in 0 .. pairs.Length - 1 do
                    yield make (Array.removeAt i pairs)
            }

        match value with
        | Reply.Array items -> parts items Reply.Array
        | Reply.Set items -> parts items Reply.Set
        | Reply.Push items -> parts items Reply.Push
        | Reply.Map pairs -> pairParts pairs Reply.Map
        | Reply.Attribute(pairs, about) ->
            Seq.append (Seq.singleton about) (pairParts pairs (fun p -> Reply.Attribute(p, about)))
        | Reply.Bulk b -> shrinkBytes b |> Seq.map Reply.Bulk
        | _ -> Seq.empty

    let bytesOfReply (protocol: int) (value: Reply) : byte[] =
        let writer = RespWriter(16, Protocol = protocol)
        Reply.write writer value
        writer.Written.ToArray()

    let hostileReply: Gen<byte[]> =
        let valid =
            Gen.choose (2, 3)
            |> Gen.bind (fun protocol -> Gen.map (bytesOfReply protocol) reply)

        Gen.frequency [ 1, bytes; 4, respLike; 5, Gen.bind mutate valid ]

    type Arbitraries =
        static member AnyReply() =
            Arb.fromGenShrink (Gen.map AnyReply reply, fun (AnyReply r) -> shrinkReply r |> Seq.map AnyReply)

        static member HostileReplyBytes() =
            Arb.fromGenShrink (
                Gen.map HostileReplyBytes hostileReply,
                fun (HostileReplyBytes b) -> shrinkBytes b |> Seq.map HostileReplyBytes
            )

        static member CommandParts() =
            Arb.fromGenShrink (
                Gen.map CommandParts parts,
                fun (CommandParts p) -> shrinkParts p |> Seq.map CommandParts
            )

        static member ChunkSizes() =
            Arb.fromGenShrink (
                Gen.map ChunkSizes chunkSizes,
                fun (ChunkSizes s) ->
                    if s.Length > 1 then
                        Seq.singleton (ChunkSizes(Array.truncate (s.Length / 2) s))
                    else
                        Seq.empty
            )

        static member RespLikeBytes() =
            Arb.fromGenShrink (
                Gen.map RespLikeBytes respLike,
                fun (RespLikeBytes b) -> shrinkBytes b |> Seq.map RespLikeBytes
            )

        static member HostileBytes() =
            Arb.fromGenShrink (
                Gen.map HostileBytes hostile,
                fun (HostileBytes b) -> shrinkBytes b |> Seq.map HostileBytes
            )
