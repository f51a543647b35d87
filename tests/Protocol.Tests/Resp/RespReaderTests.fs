module RedisClone.Protocol.Tests.Resp.RespReaderTests

open System
open FsCheck.Xunit
open Xunit
open RedisClone.Protocol

let private texts (parts: byte[][]) =
    [ for part in parts -> Bytes.toString part ]

let private reading commands error consumed =
    {
        Commands = commands
        Error = error
        Consumed = consumed
    }

[<Properties(Arbitrary = [| typeof<Generators.Arbitraries> |], MaxTest = 300)>]
module Properties =

    [<Property>]
    let ``commands written are commands read, however the bytes are cut``
        (commands: CommandParts list)
        (sizes: ChunkSizes)
        =
        let parts = [ for CommandParts parts in commands -> parts ]

        let bytes =
            [| for part in parts -> Arguments.OfArrays(part).Raw.ToArray() |]
            |> Array.concat

        let expected = reading (parts |> List.map texts) None bytes.Length
        Assert.Equal(expected, Harness.readWhole bytes)
        Assert.Equal(expected, Harness.readCut sizes bytes)

    [<Property>]
    let ``any bytes read the same however they are cut`` (HostileBytes bytes) (sizes: ChunkSizes) =
        Assert.Equal(Harness.readWhole bytes, Harness.readCut sizes bytes)

[<Theory>]
[<InlineData("*0\r\nPING\r\n")>]
[<InlineData("*-5\r\n*1\r\n$4\r\nPING\r\n")>]
[<InlineData("\r\n\n   \r\n\011\r\nPING\n")>]
[<InlineData("*1\r\n$4\r\nPINGxx")>]
[<InlineData("*1\r!$4\r?PING\r\n")>]
[<InlineData("  \"PI\"   \r\n")>]
let ``unusual forms of PING that Redis takes`` (text: string) =
    let result =
        Harness.readWhole (Bytes.ofString (text.Replace("\"PI\"", "\"PI\\x4eG\"")))

    Assert.Equal(reading [ [ "PING" ] ] None result.Consumed, result)
