namespace RedisClone.Protocol

open System

/// What evaluation says must be logged: commands whose replay, without a clock and without chance, gives the same state.
///
/// Commands name no database; the journal writes SELECT where the database changes, and MULTI and EXEC around what
/// belongs together, so that the log is one a real Redis loads.
[<Sealed>]
type Journal(writer: RespWriter) =
    let select = "SELECT"B
    let multi = "*1\r\n$5\r\nMULTI\r\n"B
    let exec = "*1\r\n$4\r\nEXEC\r\n"B
    let mutable inBatch = false
    let mutable batchOpened = false
    let mutable lengthBefore = 0
    let mutable databaseBefore = -1

    /// Where the commands are written. Whoever writes the log replaces it when it has taken what is there.
    member val Writer = writer with get, set

    /// Off while a log is being replayed, and where there is none.
    member val Enabled = true with get, set

    /// The database that the next command is for.
    member val Database = 0 with get, set

    /// The database that a reader of the log would have selected by now; -1 makes the next command say SELECT.
    member val LoggedDatabase = -1 with get, set

    member private this.Prepare() =
        if inBatch && not batchOpened then
            batchOpened <- true
            this.Writer.Raw multi

        if this.LoggedDatabase <> this.Database then
            this.LoggedDatabase <- this.Database
            this.Writer.Array 2
            this.Writer.Bulk select
            this.Writer.BulkInteger(int64 this.Database)

    /// Logs a command as it was received.
    member this.Append(args: Arguments) =
        if this.Enabled then
            this.Prepare()

            if args.IsMultibulk then
                this.Writer.Raw args.Raw
            else
                this.Writer.Array args.Count

                for i in 0 .. args.Count - 1 do
                    this.Writer.Bulk args[i]

    /// Begins a command of `count` arguments, its name included; `Add` gives them one by one.
    member this.Begin(count: int) =
        if this.Enabled then
            this.Prepare()
            this.Writer.Array count

    member this.Add(argument: ReadOnlySpan<byte>) =
        if this.Enabled then
            this.Writer.Bulk argument

    member this.Add(word: string) =
        if this.Enabled then
            this.Writer.BulkText word

    member this.Add(number: int64) =
        if this.Enabled then
            this.Writer.BulkInteger number

    /// Whether a batch has begun and not ended.
    member _.InBatch = inBatch

    /// What is logged until `EndBatch` takes effect as a whole or not at all.
    member this.BeginBatch() =
        inBatch <- true
        batchOpened <- false
        lengthBefore <- this.Writer.Length
        databaseBefore <- this.LoggedDatabase

    /// Takes back what the batch has logged so far.
    member this.RollBack() =
        this.Writer.Truncate lengthBefore
        this.LoggedDatabase <- databaseBefore
        batchOpened <- false

    member this.EndBatch() =
        inBatch <- false

        if batchOpened then
            this.Writer.Raw exec
