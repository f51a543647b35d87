namespace RedisClone.Protocol

open System
open System.Buffers.Binary
open System.Numerics

// HyperLogLog: how many different elements were there, in 12 KiB
// ---------------------------------------------------------------
// The hash of an element chooses one of 16384 registers with 14 bits, and of the other 50 the number of zeros at the end,
// plus one, goes into the register if it is more than what is there. From how many registers hold which number, the
// number of different elements is estimated with a standard error of 0.81 % (Ertl, "New cardinality estimation algorithms
// for HyperLogLog sketches", 2017).
//
// The value is a string that GET shows, byte for byte the one that Redis makes:
//
//      | HYLL | encoding 1 | unused 3 | cardinality 8 | registers |
//
// The cardinality is the last estimate, the lowest byte first; the highest bit says that it is out of date. Dense
// registers are 6 bits each, the lowest first. Sparse ones are runs:
//
//      00xxxxxx            x + 1 registers of 0
//      01xxxxxx yyyyyyyy   xy + 1 registers of 0
//      1vvvvvxx            x + 1 registers of v + 1
//
// A sparse string becomes dense when it would get longer than a setting, or when a register gets more than 32. It does
// not go back.

/// Reading and writing the bytes of a HyperLogLog.
[<RequireQualifiedAccess>]
module HyperLogLog =
    [<Literal>]
    let Registers = 16384

    [<Literal>]
    let HeaderBytes = 16

    /// The bytes of a dense one.
    [<Literal>]
    let DenseBytes = 12304

    /// The most that a register counts to: 50 bits of a hash, all zero, and one.
    [<Literal>]
    let private RegisterMax = 51

    [<Literal>]
    let private SparseRegisterMax = 32

    [<Literal>]
    let private ValueRunMax = 4

    [<Literal>]
    let private ShortZeroRunMax = 64

    let private magic = "HYLL"B

    // ---- the header

    let isDense (bytes: ReadOnlySpan<byte>) = bytes[4] = 0uy

    /// Whether a string looks like a HyperLogLog; its sparse registers may still be nonsense.
    let isValid (bytes: ReadOnlySpan<byte>) : bool =
        bytes.Length >= HeaderBytes
        && bytes.StartsWith(ReadOnlySpan<byte> magic)
        && bytes[4] <= 1uy
        && (bytes[4] = 1uy || bytes.Length = DenseBytes)

    /// The estimate in the header, or -1 if it is out of date.
    let cached (bytes: ReadOnlySpan<byte>) : int64 =
        let value = BinaryPrimitives.ReadInt64LittleEndian(bytes.Slice 8)
        if value < 0L then -1L else value

    let setCached (bytes: Span<byte>) (cardinality: int64) =
        BinaryPrimitives.WriteInt64LittleEndian(bytes.Slice 8, cardinality)

    let invalidate (bytes: Span<byte>) = bytes[15] <- bytes[15] ||| 0x80uy

    // ---- hashing

    /// MurmurHash64A (Austin Appleby) under the seed that Redis uses.
    let private hash (element: ReadOnlySpan<byte>) : uint64 =
        let factor = 0xC6A4A7935BD1E995UL
        let mutable state = 0xADC83B19UL ^^^ (uint64 element.Length * factor)
        let mutable at = 0

        while at + 8 <= element.Length do
            let word = BinaryPrimitives.ReadUInt64LittleEndian(element.Slice at) * factor
            state <- (state ^^^ ((word ^^^ (word >>> 47)) * factor)) * factor
            at <- at + 8

        if at < element.Length then
            let mutable tail = 0UL

            for i in element.Length - 1 .. -1 .. at do
                tail <- (tail <<< 8) ||| uint64 element[i]

            state <- (state ^^^ tail) * factor

        let mixed = (state ^^^ (state >>> 47)) * factor
        mixed ^^^ (mixed >>> 47)

    /// The register of an element, and what it must hold at least.
    let locate (element: ReadOnlySpan<byte>) (register: byref<int>) : int =
        let hashed = hash element
        register <- int hashed &&& (Registers - 1)

        BitOperations.TrailingZeroCount((hashed >>> 14) ||| (1UL <<< (RegisterMax - 1)))
        + 1

    // ---- dense registers

    let getDense (bytes: ReadOnlySpan<byte>) (register: int) : int =
        let at = HeaderBytes + register * 6 / 8
        let shift = register * 6 &&& 7
        let next = if at + 1 < bytes.Length then int bytes[at + 1] else 0
        ((int bytes[at] ||| (next <<< 8)) >>> shift) &&& 63

    let private putDense (bytes: Span<byte>) (register: int) (value: int) =
        let at = HeaderBytes + register * 6 / 8
        let shift = register * 6 &&& 7
        bytes[at] <- byte ((int bytes[at] &&& ~~~(63 <<< shift)) ||| (value <<< shift))

        if shift > 2 then
            bytes[at + 1] <- byte ((int bytes[at + 1] &&& ~~~(63 >>> (8 - shift))) ||| (value >>> (8 - shift)))

    /// Raises a register to a value; false if it holds as much.
    let raiseDense (bytes: Span<byte>) (register: int) (value: int) : bool =
        let raises = getDense (Span.op_Implicit bytes) register < value

        if raises then
            putDense bytes register value

        raises

    // ---- sparse registers

    let private isValueRun (code: byte) = code >= 0x80uy
    let private isLongZeroRun (code: byte) = code &&& 0xC0uy = 0x40uy

    /// How many bytes the run takes that begins with a byte.
    let private runBytes (code: byte) = if isLongZeroRun code then 2 else 1

    /// How many registers the run at an index is for; 0 if it is cut off.
    let private runLength (bytes: ReadOnlySpan<byte>) (at: int) : int =
        let code = bytes[at]

        if isValueRun code then
            int (code &&& 3uy) + 1
        elif not (isLongZeroRun code) then
            int code + 1
        elif at + 1 < bytes.Length then
            ((int (code &&& 0x3Fuy) <<< 8) ||| int bytes[at + 1]) + 1
        else
            0

    let private runValue (code: byte) =
        if isValueRun code then
            int ((code >>> 2) &&& 31uy) + 1
        else
            0

    let private valueRun (value: int) (length: int) =
        0x80uy ||| (byte (value - 1) <<< 2) ||| byte (length - 1)

    /// Writes a run of zeros, which takes no bytes where it is empty. Returns the index behind it.
    let private writeZeros (target: Span<byte>) (at: int) (length: int) : int =
        if length = 0 then
            at
        elif length > ShortZeroRunMax then
            target[at] <- 0x40uy ||| byte ((length - 1) >>> 8)
            target[at + 1] <- byte (length - 1)
            at + 2
        else
            target[at] <- byte (length - 1)
            at + 1

    /// Writes an empty HyperLogLog.
    let create (writer: RespWriter) =
        writer.Truncate 0
        let target = writer.Reserve(HeaderBytes + 2)
        target.Slice(0, HeaderBytes).Clear()
        (ReadOnlySpan<byte> magic).CopyTo target
        target[4] <- 1uy
        writer.Advance(writeZeros target HeaderBytes Registers)

    /// Makes a sparse one dense, in the same writer, which then holds nothing else; false if its runs make no sense.
    let makeDense (writer: RespWriter) : bool =
        let sparse = writer.Length
        let target = writer.Reserve(DenseBytes).Slice(0, DenseBytes)
        target.Clear()
        let source = ReadOnlySpan<byte>(writer.Buffer, 0, sparse)
        source.Slice(0, HeaderBytes).CopyTo target
        target[4] <- 0uy
        let mutable at = HeaderBytes
        let mutable register = 0
        let mutable valid = true

        while valid && at < sparse do
            let code = source[at]
            let length = runLength source at
            valid <- length > 0 && register + length <= Registers

            if valid && isValueRun code then
                for i in register .. register + length - 1 do
                    putDense target i (runValue code)

            register <- register + length
            at <- at + runBytes code

        valid <- valid && register = Registers

        if valid then
            target.CopyTo(Span<byte>(writer.Buffer, 0, DenseBytes))
            writer.Truncate 0
            writer.Advance DenseBytes

        valid

    /// Joins neighbouring runs of the same value, from a run on and over the next few.
    let private joinRuns (writer: RespWriter) (first: int) =
        let bytes = writer.Buffer
        let mutable at = first
        let mutable left = 5

        while left > 0 && at < writer.Length do
            left <- left - 1
            let code = bytes[at]

            if not (isValueRun code) then
                at <- at + runBytes code
            else
                let joined =
                    if
                        at + 1 < writer.Length
                        && isValueRun bytes[at + 1]
                        && runValue bytes[at + 1] = runValue code
                    then
                        int (code &&& 3uy) + int (bytes[at + 1] &&& 3uy) + 2
                    else
                        0

                if joined > 0 && joined <= ValueRunMax then
                    bytes[at + 1] <- valueRun (runValue code) joined
                    Buffer.BlockCopy(bytes, at + 1, bytes, at, writer.Length - at - 1)
                    writer.Truncate(writer.Length - 1)
                else
                    at <- at + 1

    /// Splits a run around one of its registers. Returns the bytes written; at most five.
    let private split (target: Span<byte>) (code: byte) (before: int) (value: int) (behind: int) : int =
        let mutable at = 0

        if isValueRun code then
            if before > 0 then
                target[at] <- valueRun (runValue code) before
                at <- at + 1

            target[at] <- valueRun value 1
            at <- at + 1

            if behind > 0 then
                target[at] <- valueRun (runValue code) behind
                at <- at + 1

            at
        else
            at <- writeZeros target at before
            target[at] <- valueRun value 1
            writeZeros target (at + 1) behind

    /// How raising a register of a HyperLogLog in a writer ended.
    type Raised =
        | Unchanged = 0
        | Changed = 1
        | Corrupt = 2

    let private raiseAsDense (writer: RespWriter) (register: int) (value: int) : Raised =
        if not (makeDense writer) then
            Raised.Corrupt
        elif raiseDense (Span<byte>(writer.Buffer, 0, writer.Length)) register value then
            Raised.Changed
        else
            Raised.Unchanged

    let private raiseSparse (writer: RespWriter) (register: int) (value: int) (sparseBytesMax: int64) : Raised =
        // Room for the longest that a run can be replaced by.
        let _ = writer.Reserve 5
        let bytes = ReadOnlySpan<byte>(writer.Buffer, 0, writer.Length)
        let mutable at = HeaderBytes
        let mutable previous = HeaderBytes
        let mutable first = 0
        let mutable length = 0

        // The run that holds the register.
        while at < bytes.Length && first + length <= register do
            if length > 0 then
                previous <- at
                at <- at + runBytes bytes[at]
                first <- first + length

            length <- if at < bytes.Length then runLength bytes at else 0

            if length = 0 then
                at <- bytes.Length

        if at >= bytes.Length then
            Raised.Corrupt
        else
            let code = bytes[at]

            if isValueRun code && runValue code >= value then
                Raised.Unchanged
            else
                let before = register - first
                let behind = length - before - 1
                let parts = Span<byte>(writer.Buffer, writer.Length, 5)
                // Behind what is written, where nobody looks.
                let inserted = split parts code before value behind
                let removed = runBytes code
                let total = writer.Length + inserted - removed

                if inserted > removed && int64 total > sparseBytesMax then
                    raiseAsDense writer register value
                else
                    let mutable fresh = 0UL

                    for i in inserted - 1 .. -1 .. 0 do
                        fresh <- (fresh <<< 8) ||| uint64 parts[i]

                    Buffer.BlockCopy(
                        writer.Buffer,
                        at + removed,
                        writer.Buffer,
                        at + inserted,
                        writer.Length - at - removed
                    )

                    for i in 0 .. inserted - 1 do
                        writer.Buffer[at + i] <- byte (fresh >>> (8 * i))

                    writer.Truncate 0
                    writer.Advance total
                    joinRuns writer previous
                    Raised.Changed

    /// Raises a register of a HyperLogLog, which the writer holds and nothing else.
    let raise (writer: RespWriter) (register: int) (value: int) (sparseBytesMax: int64) : Raised =
        if isDense writer.Written then
            if raiseDense (Span<byte>(writer.Buffer, 0, writer.Length)) register value then
                Raised.Changed
            else
                Raised.Unchanged
        elif value > SparseRegisterMax then
            raiseAsDense writer register value
        else
            raiseSparse writer register value sparseBytesMax

    // ---- reading all registers

    /// Raises each of 16384 registers of a byte each to what a HyperLogLog holds; false if its runs make no sense.
    let mergeInto (registers: Span<byte>) (bytes: ReadOnlySpan<byte>) : bool =
        if isDense bytes then
            for i in 0 .. Registers - 1 do
                registers[i] <- max registers[i] (byte (getDense bytes i))

            true
        else
            let mutable at = HeaderBytes
            let mutable register = 0
            let mutable valid = true

            while valid && at < bytes.Length do
                let length = runLength bytes at
                valid <- length > 0 && register + length <= Registers

                if valid && isValueRun bytes[at] then
                    let value = byte (runValue bytes[at])

                    for i in register .. register + length - 1 do
                        registers[i] <- max registers[i] value

                register <- register + length
                at <- at + runBytes bytes[at]

            valid && register = Registers

    /// Writes the runs of a sparse one as text, whether or not they make sense: z and Z for zeros in one and two bytes,
    /// v for values.
    let describe (bytes: ReadOnlySpan<byte>) (text: Text.StringBuilder) =
        let mutable at = HeaderBytes

        while at < bytes.Length do
            let code = bytes[at]
            let length = runLength bytes at

            if isValueRun code then
                text.Append("v:").Append(runValue code).Append(',').Append(length).Append(' ')
                |> ignore
            else
                text.Append(if isLongZeroRun code then "Z:" else "z:").Append(length).Append(' ')
                |> ignore

            at <- at + runBytes code

    // ---- the estimate

    /// What registers with the highest value add.
    let private tau (share: float) : float =
        if share = 0.0 || share = 1.0 then
            0.0
        else
            let mutable x = share
            let mutable y = 1.0
            let mutable z = 1.0 - share
            let mutable previous = Double.NaN

            while z <> previous do
                x <- sqrt x
                previous <- z
                y <- y * 0.5
                z <- z - (1.0 - x) * (1.0 - x) * y

            z / 3.0

    /// What registers that nothing fell into add.
    let private sigma (share: float) : float =
        if share = 1.0 then
            Double.PositiveInfinity
        else
            let mutable x = share
            let mutable y = 1.0
            let mutable z = share
            let mutable previous = Double.NaN

            while z <> previous do
                x <- x * x
                previous <- z
                z <- z + x * y
                y <- y + y

            z

    /// The number of different elements, from registers of a byte each.
    let estimate (registers: ReadOnlySpan<byte>) : int64 =
        let counts: int[] = Array.zeroCreate 64

        for i in 0 .. registers.Length - 1 do
            let value = int registers[i]
            counts[value] <- counts[value] + 1

        let m = float Registers
        let mutable z = m * tau ((m - float counts[RegisterMax]) / m)

        for value in RegisterMax - 1 .. -1 .. 1 do
            z <- (z + float counts[value]) * 0.5

        z <- z + m * sigma (float counts[0] / m)
        int64 (Math.Round(0.721347520444481703680 * m * m / z, MidpointRounding.AwayFromZero))
