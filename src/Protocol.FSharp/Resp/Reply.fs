namespace RedisClone.Protocol

open System

/// Any reply of RESP2 or RESP3, as a value. Text is Latin-1, one character a byte.
///
/// This is for clients, tools and tests: the server writes replies without making them values first. Two replies are
/// equal when their contents are.
[<RequireQualifiedAccess>]
type Reply =
    | Simple of string
    | Error of string
    | Integer of int64
    | Bulk of byte[]
    | Null
    /// RESP2's `*-1`. RESP3 has one null for all.
    | NullArray
    | Array of Reply[]
    | Map of struct (Reply * Reply)[]
    | Set of Reply[]
    | Push of Reply[]
    | Double of double
    | Boolean of bool
    /// The decimal digits, perhaps behind a sign.
    | BigNumber of string
    /// A format of three letters, and the text.
    | Verbatim of format: string * text: byte[]
    /// Attributes, and the reply that they are about.
    | Attribute of attributes: struct (Reply * Reply)[] * about: Reply

[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
[<RequireQualifiedAccess>]
module Reply =

    /// Writes a reply. Only as deep as the stack allows: what `ReplyReader` read is never too deep.
    let rec write (writer: RespWriter) (reply: Reply) : unit =
        match reply with
        | Reply.Simple text -> writer.Simple text
        | Reply.Error text -> writer.Error text
        | Reply.Integer value -> writer.Integer value
        | Reply.Bulk bytes -> writer.Bulk bytes
        | Reply.Null -> writer.Null()
        | Reply.NullArray -> writer.NullArray()
        | Reply.Array items ->
            writer.Array items.Length
            writeAll writer items
        | Reply.Map pairs ->
            writer.Map pairs.Length
            writePairs writer pairs
        | Reply.Set items ->
            writer.Set items.Length
            writeAll writer items
        | Reply.Push items ->
            writer.Push items.Length
            writeAll writer items
        | Reply.Double value -> writer.Double value
        | Reply.Boolean value -> writer.Boolean value
        | Reply.BigNumber digits -> writer.BigNumber(Bytes.ofString digits)
        | Reply.Verbatim(format, text) -> writer.Verbatim(format, text)
        | Reply.Attribute(attributes, about) ->
            if writer.Attribute attributes.Length then
                writePairs writer attributes

            write writer about

    and private writeAll writer items =
        for item in items do
            write writer item

    and private writePairs writer pairs =
        for struct (key, value) in pairs do
            write writer key
            write writer value

    /// A double as the writer prints it.
    let private doubleText (value: double) : byte[] =
        let writer = RespWriter(64, Protocol = 3)
        writer.Double value
        writer.Written.Slice(1, writer.Length - 3).ToArray()

    /// What a client who speaks a protocol version gets to see of a reply: RESP2 lacks most types, and RESP3 the second
    /// null. Reading what was written in that version gives exactly this.
    let rec seenIn (protocol: int) (reply: Reply) : Reply =
        let seen = seenIn protocol
        let isResp3 = protocol >= 3

        let seenPairs pairs =
            [| for struct (key, value) in pairs -> struct (seen key, seen value) |]

        let flat pairs =
            [|
                for struct (key, value) in pairs do
                    seen key
                    seen value
            |]

        let text (line: string) =
            line.Replace('\r', ' ').Replace('\n', ' ')

        match reply with
        | Reply.Simple line -> Reply.Simple(text line)
        | Reply.Error line -> Reply.Error(text line)
        | Reply.Integer _
        | Reply.Bulk _
        | Reply.Null -> reply
        | Reply.NullArray -> if isResp3 then Reply.Null else reply
        | Reply.Array items -> Reply.Array(Array.map seen items)
        | Reply.Map pairs when isResp3 -> Reply.Map(seenPairs pairs)
        | Reply.Map pairs -> Reply.Array(flat pairs)
        | Reply.Set items when isResp3 -> Reply.Set(Array.map seen items)
        | Reply.Push items when isResp3 -> Reply.Push(Array.map seen items)
        | Reply.Set items
        | Reply.Push items -> Reply.Array(Array.map seen items)
        | Reply.Double _
        | Reply.Boolean _
        | Reply.BigNumber _
        | Reply.Verbatim _ when isResp3 -> reply
        | Reply.Double value -> Reply.Bulk(doubleText value)
        | Reply.Boolean value -> Reply.Integer(if value then 1L else 0L)
        | Reply.BigNumber digits -> Reply.Bulk(Bytes.ofString digits)
        | Reply.Verbatim(_, text) -> Reply.Bulk text
        | Reply.Attribute(attributes, about) when isResp3 -> Reply.Attribute(seenPairs attributes, seen about)
        | Reply.Attribute(_, about) -> seen about
