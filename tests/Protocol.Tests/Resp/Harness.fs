namespace RedisClone.Protocol.Tests.Resp

open System
open RedisClone.Protocol

/// What a reader made of some bytes: the commands, an error if it met one, and how many bytes it has taken.
type Reading =
    {
        Commands: string list list
        Error: string option
        Consumed: int
    }

/// Drives a reader as a connection does, only less kindly: before every chunk, the bytes not consumed yet move to another
/// place in another buffer, among rubbish.
[<RequireQualifiedAccess>]
module Harness =

    let private rubbish = 0xA5uy

    let textsOf (arguments: Arguments) : string list =
        [ for i in 0 .. arguments.Count - 1 -> Bytes.toString arguments[i] ]

    /// Cuts bytes into pieces of the given sizes, round and round.
    let cut (ChunkSizes sizes) (bytes: byte[]) : byte[] list =
        let rec go at round =
            if at = bytes.Length then
                []
            else
                let size = min sizes[round % sizes.Length] (bytes.Length - at)
                Array.sub bytes at size :: go (at + size) (round + 1)

        go 0 0

    /// Reads all commands out of the chunks. Empty commands are skipped.
    let read (reader: RespReader) (chunks: byte[] list) : Reading =
        let mutable held: byte[] = [||]
        let mutable consumed = 0
        let mutable error = None
        let commands = ResizeArray<string list>()

        for chunk in chunks do
            if error.IsNone then
                held <- Array.append held chunk
                let offset = 1 + (chunk.Length * 7 + consumed) % 13
                let buffer = Array.create (offset + held.Length + 5) rubbish
                Array.blit held 0 buffer offset held.Length
                let last = offset + held.Length
                let mutable start = offset
                let mutable status = ReadStatus.Command

                while status = ReadStatus.Command do
                    status <- reader.Read(buffer, start, last)

                    if status = ReadStatus.Command then
                        if reader.Consumed <= 0 || start + reader.Consumed > last then
                            failwith $"consumed {reader.Consumed} of {last - start} bytes"

                        if reader.Arguments.Count > 0 then
                            commands.Add(textsOf reader.Arguments)

                        start <- start + reader.Consumed
                    elif status = ReadStatus.Error then
                        error <- Some reader.ErrorText

                consumed <- consumed + (start - offset)
                held <- Array.sub buffer start (last - start)

        {
            Commands = List.ofSeq commands
            Error = error
            Consumed = consumed
        }

    let readWhole (bytes: byte[]) : Reading =
        read (RespReader(RespLimits())) [ bytes ]

    let readCut (sizes: ChunkSizes) (bytes: byte[]) : Reading =
        read (RespReader(RespLimits())) (cut sizes bytes)

/// What a reader made of the bytes of replies.
type ReplyReading =
    {
        Replies: Reply list
        ReplyError: string option
        Taken: int
    }

[<RequireQualifiedAccess>]
module ReplyHarness =

    /// A reply that equals itself even where it has a double that is no number.
    let rec comparable (reply: Reply) : Reply =
        let pairs items =
            [|
                for struct (key, value) in items -> struct (comparable key, comparable value)
            |]

        match reply with
        | Reply.Double value when Double.IsNaN value -> Reply.Simple "a double that is no number"
        | Reply.Array items -> Reply.Array(Array.map comparable items)
        | Reply.Set items -> Reply.Set(Array.map comparable items)
        | Reply.Push items -> Reply.Push(Array.map comparable items)
        | Reply.Map items -> Reply.Map(pairs items)
        | Reply.Attribute(attributes, about) -> Reply.Attribute(pairs attributes, comparable about)
        | other -> other

    /// Reads all replies out of the chunks, moving what is left over as `Harness.read` does.
    let read (reader: ReplyReader) (chunks: byte[] list) : ReplyReading =
        let mutable held: byte[] = [||]
        let mutable taken = 0
        let mutable error = None
        let replies = ResizeArray<Reply>()

        for chunk in chunks do
            if error.IsNone then
                held <- Array.append held chunk
                let mutable again = true

                while again do
                    let offset = (taken + held.Length) % 11
                    let buffer = Array.create (offset + held.Length + 3) 0x2Buy
                    Array.blit held 0 buffer offset held.Length
                    let status = reader.Read(buffer, offset, offset + held.Length)

                    if reader.Consumed < 0 || reader.Consumed > held.Length then
                        failwith $"consumed {reader.Consumed} of {held.Length} bytes"

                    held <- Array.skip reader.Consumed held
                    taken <- taken + reader.Consumed
                    again <- status = ReplyStatus.Reply

                    if status = ReplyStatus.Reply then
                        replies.Add(comparable reader.Value)
                    elif status = ReplyStatus.Error then
                        error <- Some reader.ErrorText

        {
            Replies = List.ofSeq replies
            ReplyError = error
            Taken = taken
        }

    let readWhole (bytes: byte[]) : ReplyReading =
        read (ReplyReader(ReplyLimits())) [ bytes ]

    let readCut (sizes: ChunkSizes) (bytes: byte[]) : ReplyReading =
        read (ReplyReader(ReplyLimits())) (Harness.cut sizes bytes)
