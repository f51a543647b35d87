namespace RedisClone.Protocol

open System

/// Writes a frozen keyspace as the shortest list of commands that makes it again. One pass, chunk by chunk, so that a
/// background thread can write it to a file while commands go on.
[<Sealed>]
type SnapshotWriter(frozen: FrozenKeyspace) =
    /// A chunk ends after the record with which it gets this long, in bytes.
    let chunkBytes = 256 * 1024

    /// The most fields in one HSET, and members in one ZADD.
    let fieldsMax = 64

    /// The most members in one SADD: no more than a set may have to be called an intset or a listpack, by default.
    let membersMax = 128

    /// The most elements in one RPUSH.
    let elementsMax = 64

    let mutable database = -1
    let mutable walk = Walk()
    let mutable entry = Entry()
    let mutable written = 0L

    /// Where the list or the sorted set that is being written goes on, and how many of its elements are left.
    let mutable elements = ListCursor()
    let mutable scores = SortedSetCursor()
    let mutable elementsLeft = 0

    /// What is left of a stream; null when there is none.
    let mutable stream: StreamSnapshot = null

    /// How many keys were written so far.
    member _.KeysWritten = written

    member private _.WriteString(writer: RespWriter) =
        let hasDeadline = entry.Deadline <> Page.NoDeadline
        writer.Array(if hasDeadline then 5 else 3)
        writer.BulkText "SET"
        writer.Bulk entry.Key
        writer.Bulk entry.Value

        if hasDeadline then
            writer.BulkText "PXAT"
            writer.BulkInteger entry.Deadline

    member private this.WriteHash(writer: RespWriter) =
        let mutable fields = HashValue.fields &entry
        let mutable left = HashValue.count &entry

        while left > 0 do
            let some = min left fieldsMax
            left <- left - some
            writer.Array(2 + 2 * some)
            writer.BulkText "HSET"
            writer.Bulk entry.Key

            for _ in 1..some do
                fields.Next() |> ignore
                writer.Bulk fields.Field
                writer.Bulk fields.Value

        if Kinds.isExpiringHash entry.Kind then
            this.WriteFieldDeadlines writer

    member private _.WriteFieldDeadlines(writer: RespWriter) =
        let mutable fields = HashValue.fields &entry

        while fields.Next() do
            if fields.Deadline <> Page.NoDeadline then
                writer.Array 6
                writer.BulkText "HPEXPIREAT"
                writer.Bulk entry.Key
                writer.BulkInteger fields.Deadline
                writer.BulkText "FIELDS"
                writer.BulkText "1"
                writer.Bulk fields.Field

    member private _.WriteSet(writer: RespWriter) =
        let mutable members = SetValue.members &entry
        let mutable left = SetValue.count &entry

        while left > 0 do
            let some = min left membersMax
            left <- left - some
            writer.Array(2 + some)
            writer.BulkText "SADD"
            writer.Bulk entry.Key

            for _ in 1..some do
                members.Next() |> ignore
                writer.Bulk members.Member

    /// Writes some of the elements of a list: a long one comes in several chunks.
    member private _.WriteElements(writer: RespWriter) =
        let some = min elementsLeft elementsMax
        elementsLeft <- elementsLeft - some
        writer.Array(2 + some)
        writer.BulkText "RPUSH"
        writer.Bulk entry.Key

        for _ in 1..some do
            elements.Next() |> ignore
            writer.Bulk elements.Item

    /// The same for a sorted set.
    member private _.WriteScores(writer: RespWriter) =
        let some = min elementsLeft fieldsMax
        elementsLeft <- elementsLeft - some
        writer.Array(2 + 2 * some)
        writer.BulkText "ZADD"
        writer.Bulk entry.Key

        for _ in 1..some do
            scores.Next() |> ignore
            writer.BulkDouble scores.Score
            writer.Bulk scores.Member

    member private _.WriteDeadline(writer: RespWriter) =
        if entry.Deadline <> Page.NoDeadline then
            writer.Array 3
            writer.BulkText "PEXPIREAT"
            writer.Bulk entry.Key
            writer.BulkInteger entry.Deadline

    /// Writes the next chunk; false when there is nothing left to write.
    member this.WriteNext(writer: RespWriter) : bool =
        let start = writer.Length
        let mutable more = true

        while more && writer.Length - start < chunkBytes do
            if elementsLeft > 0 then
                if Kinds.isList entry.Kind then
                    this.WriteElements writer
                else
                    this.WriteScores writer

                if elementsLeft = 0 then
                    this.WriteDeadline writer
            elif not (isNull stream) then
                if not (stream.WriteNext(writer, entry.Key)) then
                    stream <- null
                    this.WriteDeadline writer
            elif database >= 0 && walk.Next &entry then
                written <- written + 1L

                if Kinds.isString entry.Kind then
                    this.WriteString writer
                elif Kinds.isList entry.Kind then
                    elements <- ListValue.cursorAt (&entry, 0)
                    elementsLeft <- ListValue.count &entry
                elif Kinds.isSortedSet entry.Kind then
                    scores <- SortedSetValue.cursorAt (SortedSetValue.view &entry) 0
                    elementsLeft <- SortedSetValue.count &entry
                elif Kinds.isStream entry.Kind then
                    stream <- StreamSnapshot(StreamValue.dataOf &entry)
                else
                    if Kinds.isSet entry.Kind then
                        this.WriteSet writer
                    else
                        this.WriteHash writer

                    this.WriteDeadline writer
            elif database + 1 < frozen.Tables.Length then
                database <- database + 1
                walk <- frozen.Tables[database].Walk()

                if frozen.Tables[database].Count > 0 then
                    writer.Array 2
                    writer.BulkText "SELECT"
                    writer.BulkInteger(int64 database)
            else
                more <- false

        writer.Length > start
