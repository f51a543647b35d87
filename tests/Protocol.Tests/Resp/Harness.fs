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
