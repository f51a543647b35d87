namespace RedisClone.Protocol

open System

/// Where an argument is: relative to the first byte of its command.
[<Struct; NoEquality; NoComparison>]
type internal ArgumentPlace = { Offset: int; Length: int }

[<RequireQualifiedAccess>]
module private Places =
    /// Places that are always kept: enough for nearly every command.
    [<Literal>]
    let Min = 8

    /// Above this many, places are kept only while commands use a quarter of them now and then ...
    [<Literal>]
    let Kept = 1024

    /// ... which is to say, in one of so many commands ...
    [<Literal>]
    let KeptCommands = 16

    /// ... and above this many, never.
    [<Literal>]
    let KeptMax = 65536

    /// Apart, so that the access itself stays small enough to be inlined.
    let refuse (index: int) =
        raise (ArgumentOutOfRangeException(nameof index, index, "no such argument"))

/// The arguments of one command, as views into the buffer it was read from: nothing is copied until somebody keeps it.
///
/// Offsets are relative to the first byte of the command, so a buffer may move its bytes between two reads of a command
/// that has not arrived whole. The views hold until the next command is read, or the buffer is written to.
[<Sealed; AllowNullLiteral>]
type Arguments() =
    let mutable places: ArgumentPlace[] = Array.zeroCreate Places.Min
    let mutable count = 0
    // Commands in a row that used less than a quarter of very many places.
    let mutable commandsBelow = 0

    /// Where the bytes are.
    member val Buffer: byte[] = Array.Empty() with get, set

    /// The index of the first byte of the command in `Buffer`.
    member val Start = 0 with get, set

    /// The bytes of the whole command in `Buffer`, protocol included.
    member val RawLength = 0 with get, set

    /// Whether `Raw` is a multibulk written the way every client writes it, so that it can go into a log as it is.
    /// False for inline commands, and for the few odd terminators that Redis forgives.
    member val IsMultibulk = true with get, set

    /// How many arguments there are; the name of the command is the first.
    member _.Count = count

    /// The bytes of an argument; `index` is less than `Count`.
    member this.Item
        with get (index: int): ReadOnlySpan<byte> =
            if uint index >= uint count then
                Places.refuse index

            let place = &places[index]
            ReadOnlySpan<byte>(this.Buffer, this.Start + place.Offset, place.Length)

    /// The command as it was received; of an inline command with quotes, the unquoted arguments one after the other.
    member this.Raw = ReadOnlySpan<byte>(this.Buffer, this.Start, this.RawLength)

    member private _.Grow() =
        Array.Resize(&places, Bytes.grownCapacity places.Length (count + 1))

    /// Takes one more argument, given by its place relative to `Start`.
    member this.Add(offset: int, length: int) =
        if count = places.Length then
            this.Grow()

        places[count] <- { Offset = offset; Length = length }
        count <- count + 1

    member private _.Shrink() =
        commandsBelow <- if count < places.Length / 4 then commandsBelow + 1 else 0

        if places.Length > Places.KeptMax || commandsBelow = Places.KeptCommands then
            commandsBelow <- 0
            places <- Array.zeroCreate Places.Min

    /// Forgets the arguments; gives back the room that unusually long commands took.
    member this.Clear() =
        if places.Length > Places.Kept then
            this.Shrink()

        count <- 0

    /// A copy with its own bytes, for who must keep a command longer than its buffer.
    member this.Keep() : Arguments =
        let kept = Arguments()
        kept.Buffer <- this.Raw.ToArray()
        kept.RawLength <- this.RawLength
        kept.IsMultibulk <- this.IsMultibulk

        for i in 0 .. count - 1 do
            kept.Add(places[i].Offset, places[i].Length)

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
