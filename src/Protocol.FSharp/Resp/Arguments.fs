namespace RedisClone.Protocol

open System

/// The arguments of one command, as views into the buffer it was read from: nothing is copied until somebody keeps it.
///
/// Offsets are relative to the first byte of the command, so a buffer may move its bytes between two reads of a command
/// that has not arrived whole. The views hold until the buffer is read into again.
[<Sealed; AllowNullLiteral>]
type Arguments() =
    let mutable offsets: int[] = Array.zeroCreate 8
    let mutable lengths: int[] = Array.zeroCreate 8

    /// Where the bytes are.
    member val Buffer: byte[] = Array.Empty() with get, set
    /// The index of the first byte of the command in `Buffer`.
    member val Start = 0 with get, set
    /// The bytes of the whole command, protocol included.
    member val RawLength = 0 with get, set
    /// Whether the command came as a multibulk, so that its raw bytes can go into a log as they are.
    member val IsMultibulk = true with get, set
    /// How many arguments there are; the name of the command is the first.
    member val Count = 0 with get, set

    /// The bytes of an argument.
    member this.Item
        with get (index: int): ReadOnlySpan<byte> =
            ReadOnlySpan<byte>(this.Buffer, this.Start + offsets[index], lengths[index])

    /// The command as it was received.
    member this.Raw = ReadOnlySpan<byte>(this.Buffer, this.Start, this.RawLength)

    /// Takes one more argument, given by its place relative to `Start`.
    member this.Add(offset: int, length: int) =
        if this.Count = offsets.Length then
            let capacity = Bytes.grownCapacity offsets.Length (this.Count + 1)
            Array.Resize(&offsets, capacity)
            Array.Resize(&lengths, capacity)

        offsets[this.Count] <- offset
        lengths[this.Count] <- length
        this.Count <- this.Count + 1

    /// Forgets the arguments; gives back the room that an unusually long command took.
    member this.Clear() =
        this.Count <- 0

        if offsets.Length > 1024 then
            offsets <- Array.zeroCreate 8
            lengths <- Array.zeroCreate 8

    /// A copy with its own bytes, for who must keep a command longer than its buffer.
    member this.Keep() : Arguments =
        let kept = Arguments()
        kept.Buffer <- this.Raw.ToArray()
        kept.RawLength <- this.RawLength
        kept.IsMultibulk <- this.IsMultibulk

        for i in 0 .. this.Count - 1 do
            kept.Add(offsets[i], lengths[i])

        kept

    /// Arguments made from byte strings, as a client would have sent them.
    static member OfArrays(parts: byte[][]) : Arguments =
        let header (mark: char) (count: int) = Bytes.ofString $"{mark}{count}\r\n"
        let made = Arguments()
        let buffer = Collections.Generic.List<byte>()
        buffer.AddRange(header '*' parts.Length)

        for part in parts do
            buffer.AddRange(header '$' part.Length)
            made.Add(buffer.Count, part.Length)
            buffer.AddRange part
            buffer.AddRange("\r\n"B)

        made.Buffer <- buffer.ToArray()
        made.RawLength <- made.Buffer.Length
        made
