namespace RedisClone.Protocol

open System
open System.Buffers.Binary
open System.Security.Cryptography

// A digest of a keyspace that does not depend on order
// -----------------------------------------------------
// Two keyspaces with the same keys, values and "has a deadline" have the same digest, whatever the order in which they
// were made; it is the one that DEBUG DIGEST of Redis computes, so the two can be compared.
//
// An ordered part is chained: the digest so far, exclusive-or the SHA-1 of the new bytes, is itself hashed. An unordered
// part (the keys of a database, the fields of a hash) is exclusive-ored in.

/// Digests of values and keyspaces, 20 bytes each.
[<RequireQualifiedAccess>]
module Digest =
    [<Literal>]
    let Length = 20

    let private expireMark = "!!expire!!"B
    let private fieldExpireMark = "!!hexpire!!"B

    /// The numbers that stand for the types.
    let private typeNumber (kind: Kind) =
        if Kinds.isString kind then 0
        elif Kinds.isList kind then 1
        elif Kinds.isSet kind then 2
        elif Kinds.isSortedSet kind then 3
        elif Kinds.isStream kind then 6
        else 4

    let private combine (digest: byte[]) (bytes: ReadOnlySpan<byte>) =
        let hashed = SHA1.HashData bytes

        for i in 0 .. Length - 1 do
            digest[i] <- digest[i] ^^^ hashed[i]

    let private chain (digest: byte[]) (bytes: ReadOnlySpan<byte>) =
        combine digest bytes
        SHA1.HashData(ReadOnlySpan<byte> digest).CopyTo(Span<byte> digest)

    let private chainNumber (digest: byte[]) (number: int) =
        let bytes: byte[] = Array.zeroCreate 4
        BinaryPrimitives.WriteInt32BigEndian(Span<byte> bytes, number)
        chain digest (ReadOnlySpan<byte> bytes)

    let private addValue (digest: byte[]) (entry: byref<Entry>) =
        chainNumber digest (typeNumber entry.Kind)

        if Kinds.isString entry.Kind then
            chain digest entry.Value
        elif Kinds.isSet entry.Kind then
            let mutable members = SetValue.members &entry

            while members.Next() do
                combine digest members.Member
        elif Kinds.isList entry.Kind then
            let mutable elements = ListValue.cursorAt (&entry, 0)

            while elements.Next() do
                chain digest elements.Item
        elif Kinds.isSortedSet entry.Kind then
            let mutable cursor = SortedSetValue.cursorAt (SortedSetValue.view &entry) 0
            let text: byte[] = Array.zeroCreate Numbers.DoubleLengthMax

            while cursor.Next() do
                let pair: byte[] = Array.zeroCreate Length
                // Whether zero has a sign depends on the encoding.
                let score = if cursor.Score = 0.0 then 0.0 else cursor.Score
                let written = Numbers.writeDouble (Span<byte> text, score)
                chain pair cursor.Member
                chain pair (ReadOnlySpan<byte>(text, 0, written))
                combine digest (ReadOnlySpan<byte> pair)
        elif Kinds.isStream entry.Kind then
            let text = RespWriter StreamIds.TextLengthMax
            // Here, unlike elsewhere, a point stands between the two numbers of an id.
            let mutable cursor =
                StreamCursor(StreamValue.dataOf &entry, StreamIds.min, StreamIds.max, false)

            while cursor.Next() do
                let length = (StreamIds.textInto text cursor.Id).Length
                let id = Span<byte>(text.Buffer, 0, length)
                id[id.IndexOf '-'B] <- '.'B
                chain digest (Span.op_Implicit id)

                for _ in 1 .. cursor.Fields do
                    cursor.NextField()
                    chain digest cursor.Field
                    chain digest cursor.Value
        else
            let mutable fields = HashValue.fields &entry

            while fields.Next() do
                let pair: byte[] = Array.zeroCreate Length
                chain pair fields.Field
                chain pair fields.Value

                if fields.Deadline <> Page.NoDeadline then
                    chain pair (ReadOnlySpan<byte> fieldExpireMark)

                combine digest (ReadOnlySpan<byte> pair)

        if entry.Deadline <> Page.NoDeadline then
            combine digest (ReadOnlySpan<byte> expireMark)

    /// The digest of a value alone.
    let ofValue (entry: byref<Entry>) : byte[] =
        let digest: byte[] = Array.zeroCreate Length
        addValue digest &entry
        digest

    /// The digest of all keys of all databases; zeros if there are none.
    let ofKeyspace (frozen: FrozenKeyspace) : byte[] =
        let total: byte[] = Array.zeroCreate Length

        for index in 0 .. frozen.Tables.Length - 1 do
            let table = frozen.Tables[index]

            if table.Count > 0 then
                chainNumber total index
                let mutable walk = table.Walk()
                let mutable entry = Entry()

                while walk.Next &entry do
                    let digest: byte[] = Array.zeroCreate Length
                    chain digest entry.Key
                    addValue digest &entry
                    combine total (ReadOnlySpan<byte> digest)

        total
