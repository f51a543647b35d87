namespace RedisClone.Protocol

open System

/// What commands on hashes, sets, lists and sorted sets do alike: removing elements, storing results.
[<RequireQualifiedAccess>]
module Elements =
    let private count (entry: byref<Entry>) : int =
        if Kinds.isList entry.Kind then
            ListValue.count &entry
        elif Kinds.isSortedSet entry.Kind then
            SortedSetValue.count &entry
        else
            Packed.count &entry

    /// Removes a key, because its last element has gone.
    let drop (call: Call) (key: ReadOnlySpan<byte>) (entry: byref<Entry>) =
        call.Table.Remove &entry
        call.Notify(EventClass.Generic, "del", key)

    /// Removes a key if its last element has gone.
    let dropIfEmpty (call: Call) (key: ReadOnlySpan<byte>) (entry: byref<Entry>) =
        if count &entry = 0 then
            drop call key &entry

    /// Removes a field of a hash, or a member of a set or sorted set; whether it was there.
    let private remove (call: Call) (key: ReadOnlySpan<byte>) (entry: byref<Entry>) (name: ReadOnlySpan<byte>) : bool =
        if Kinds.isHash entry.Kind then
            HashValue.remove (call, &entry, key, name)
        elif Kinds.isSet entry.Kind then
            SetValue.remove (call, &entry, key, name)
        else
            SortedSetValue.remove (call, &entry, key, name)

    /// Removes what the arguments name, as HDEL, SREM and ZREM do. `found` tells how the look-up of the key ended.
    let removeNamed
        (call: Call)
        (found: Lookup)
        (key: ReadOnlySpan<byte>)
        (entry: byref<Entry>)
        (eventClass: EventClass)
        (event: string)
        : Outcome =
        let mutable removed = 0

        if found = Lookup.Found then
            while call.Remaining > 0 && count &entry > 0 do
                if remove call key &entry (call.Take()) then
                    removed <- removed + 1

        if found <> Lookup.WrongType then
            call.Reply.Integer(int64 removed)

        if removed > 0 then
            call.Changed(eventClass, event, key)
            dropIfEmpty call key &entry
            Outcome.AsReceived
        else
            Outcome.Unchanged

    /// What remains to be done once a result is stored, or there is none to store: `exists` tells whether the key had a
    /// value.
    let finishStore
        (call: Call)
        (key: ReadOnlySpan<byte>)
        (entry: byref<Entry>)
        (exists: bool)
        (count: int)
        (eventClass: EventClass)
        (event: string)
        : Outcome =
        call.Reply.Integer(int64 count)

        if count > 0 then
            call.Changed(eventClass, event, key)
            Outcome.AsReceived
        elif exists then
            call.Table.Remove &entry
            call.Changed(EventClass.Generic, "del", key)
            Outcome.AsReceived
        else
            Outcome.Unchanged
