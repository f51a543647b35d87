namespace RedisClone.Protocol

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics.X86

// Fetching memory ahead
// ----------------------
// With more keys than the processor's caches hold, a look-up is mostly waiting: for the lines of the page with the tags
// and slots, and then for the line of the record. When a client has sent many commands at once, their waits can overlap:
// before the first of them is carried out, all their pages are asked for, and then all their records. Nothing but time
// depends on it; a wrong guess (an argument that is no key) costs a few instructions.

/// Asks the processor for the memory that look-ups of several keys will need.
[<Sealed>]
type Prefetch() =
    let hashes: uint64[] = Array.zeroCreate Prefetch.KeysMax
    let pages: byte[][] = Array.zeroCreate Prefetch.KeysMax

    static let line (page: byte[]) (offset: int) =
        let place = &Unsafe.Add(&MemoryMarshal.GetArrayDataReference page, offset)
        Sse.Prefetch0(Unsafe.AsPointer &place)

    /// The most keys at once: about as many reads of memory as a core has under way at a time.
    static member KeysMax = 16

    member private _.AskForPage(table: PageTable, slot: int, key: ReadOnlySpan<byte>) =
        hashes[slot] <- table.HashOf key
        pages[slot] <- table.PageOf hashes[slot]
        line pages[slot] 0
        line pages[slot] Page.TagsAt
        line pages[slot] Page.SlotsAt
        line pages[slot] (Page.SlotsAt + 64)

    member private _.AskForRecords(count: int) =
        for i in 0 .. count - 1 do
            if not (isNull pages[i]) then
                let found = Page.matches pages[i] (Page.tagOf hashes[i])

                if found <> 0UL then
                    line pages[i] (Page.recordAt pages[i] (BitOperations.TrailingZeroCount found))

                // The page may be replaced and used for another purpose; nobody should keep it alive from here.
                pages[i] <- null

    /// Asks for what looking up the first argument of each of these commands will read. At most `KeysMax` commands.
    member this.Run(table: PageTable, commands: Arguments[], count: int) =
        if Sse.IsSupported then
            for i in 0 .. count - 1 do
                if commands[i].Count > 1 then
                    this.AskForPage(table, i, commands[i][1])

            this.AskForRecords count

    /// Asks for what looking up several arguments of one command will read: every `step`th from `first` on. At most
    /// `KeysMax` of them.
    member this.Run(table: PageTable, command: Arguments, first: int, step: int, count: int) =
        if Sse.IsSupported then
            for i in 0 .. count - 1 do
                this.AskForPage(table, i, command[first + i * step])

            this.AskForRecords count
