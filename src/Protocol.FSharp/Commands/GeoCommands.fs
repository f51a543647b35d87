/// Places as members of sorted sets: adding them, and what is known of each.
/// https://redis.io/docs/latest/commands/?group=geo
module RedisClone.Protocol.GeoCommands

open System

// ---- shapes

/// Takes a longitude and a latitude in degrees; writes the error if they are none.
let internal takePlace (call: Call) (longitude: byref<double>) (latitude: byref<double>) : bool =
    if
        not (Numbers.tryParseDouble (call.Take(), &longitude))
        || not (Numbers.tryParseDouble (call.Take(), &latitude))
    then
        call.Reply.Error Errors.notFloat
        false
    elif not (Geohash.isValid longitude latitude) then
        call.Reply.Error(Errors.coordinates longitude latitude)
        false
    else
        true

/// Takes a unit; how many metres it has, or 0 with the error written.
let internal takeUnit (call: Call) : double =
    if call.TakeWord "M" then
        1.0
    elif call.TakeWord "KM" then
        1000.0
    elif call.TakeWord "FT" then
        0.3048
    elif call.TakeWord "MI" then
        1609.34
    else
        call.Reply.Error Errors.unitUnknown
        0.0

/// Writes a distance with four decimals.
let internal writeDistance (call: Call) (distance: double) =
    let text = call.NumberText
    let mutable written = 0
    text.Truncate 0

    if distance.TryFormat(text.Reserve 400, &written, "F4", Globalization.CultureInfo.InvariantCulture) then
        text.Advance written

    call.Reply.Bulk text.Written

/// Writes a longitude and a latitude as a list of two.
let internal writePlace (call: Call) (longitude: double) (latitude: double) =
    call.Reply.Array 2
    call.Reply.LongDouble(call.TextOf(Extended.ofDouble longitude))
    call.Reply.LongDouble(call.TextOf(Extended.ofDouble latitude))

/// The sorted set that a look-up found, or an empty one.
let private viewOf (found: Lookup) (entry: byref<Entry>) : SortedSetView =
    if found = Lookup.Found then
        SortedSetValue.view &entry
    else
        SortedSetValue.emptyView

/// Where a member is, if a set has it.
let internal tryPlace
    (set: SortedSetView inref, m: ReadOnlySpan<byte>, longitude: byref<double>, latitude: byref<double>)
    : bool =
    let mutable score = 0.0
    let found = SortedSetValue.tryScore (&set, m, &score)

    if found then
        Geohash.decode (Geohash.ofScore score, &longitude, &latitude)

    found

// ---- reads

let geodist (call: Call) =
    let mutable entry = Entry()
    let mutable longitude = 0.0
    let mutable latitude = 0.0
    let mutable otherLongitude = 0.0
    let mutable otherLatitude = 0.0
    let key = call.Take()
    let first = call.Take()
    let second = call.Take()

    if call.Remaining > 1 then
        call.Fail Errors.syntax
    else
        let unit = if call.Remaining = 1 then takeUnit call else 1.0

        if unit > 0.0 then
            match call.ReadSortedSet(key, &entry) with
            | Lookup.WrongType -> ()
            | found ->
                let set = viewOf found &entry

                if
                    tryPlace (&set, first, &longitude, &latitude)
                    && tryPlace (&set, second, &otherLongitude, &otherLatitude)
                then
                    writeDistance call (Geohash.distance longitude latitude otherLongitude otherLatitude / unit)
                else
                    call.Reply.Null()

        Outcome.Unchanged

let geopos (call: Call) =
    let mutable entry = Entry()
    let mutable longitude = 0.0
    let mutable latitude = 0.0

    match call.ReadSortedSet(call.Take(), &entry) with
    | Lookup.WrongType -> ()
    | found ->
        let set = viewOf found &entry
        call.Reply.Array call.Remaining

        while call.Remaining > 0 do
            if tryPlace (&set, call.Take(), &longitude, &latitude) then
                writePlace call longitude latitude
            else
                call.Reply.NullArray()

    Outcome.Unchanged

let geohash (call: Call) =
    let mutable entry = Entry()
    let mutable longitude = 0.0
    let mutable latitude = 0.0

    match call.ReadSortedSet(call.Take(), &entry) with
    | Lookup.WrongType -> ()
    | found ->
        let set = viewOf found &entry
        call.Reply.Array call.Remaining

        while call.Remaining > 0 do
            if tryPlace (&set, call.Take(), &longitude, &latitude) then
                call.NumberText.Truncate 0
                call.NumberText.Advance(Geohash.writeText (call.NumberText.Reserve 11) longitude latitude)
                call.Reply.Bulk call.NumberText.Written
            else
                call.Reply.Null()

    Outcome.Unchanged

// ---- writes

/// Whether the arguments ahead are places, each followed by a member; writes the error if not.
let private arePlaces (call: Call) : bool =
    let first = call.Args.Count - call.Remaining
    let mutable longitude = 0.0
    let mutable latitude = 0.0
    let mutable valid = true

    while valid && call.Remaining > 0 do
        valid <- takePlace call &longitude &latitude

        if valid then
            call.Skip 1

    call.Rewind first
    valid

let private addPlaces (call: Call) (key: ReadOnlySpan<byte>) (rule: AddRule) (countsMoved: bool) =
    let mutable entry = Entry()
    let mutable longitude = 0.0
    let mutable latitude = 0.0
    let mutable added = 0
    let mutable moved = 0

    match call.FindSortedSet(key, &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | found ->
        if found = Lookup.Missing && rule = AddRule.OnlyOld then
            call.Skip call.Remaining
        elif found = Lookup.Missing then
            SortedSetValue.create call &entry key (call.Ahead 2)

        while call.Remaining > 0 do
            takePlace call &longitude &latitude |> ignore
            let mutable score = double (Geohash.encode longitude latitude)

            match SortedSetValue.add (call, &entry, key, call.Take(), rule, &score) with
            | Addition.Added -> added <- added + 1
            | Addition.Moved -> moved <- moved + 1
            | _ -> ()

        call.Reply.Integer(int64 (if countsMoved then added + moved else added))

        if added + moved > 0 then
            call.Changed(EventClass.SortedSet, "zadd", key)
            Outcome.AsReceived
        else
            Outcome.Unchanged

let geoadd (call: Call) =
    let mutable rule = AddRule.None
    let mutable countsMoved = false
    let mutable more = true
    let key = call.Take()

    while more do
        if call.TakeWord "NX" then
            rule <- rule ||| AddRule.OnlyNew
        elif call.TakeWord "XX" then
            rule <- rule ||| AddRule.OnlyOld
        elif call.TakeWord "CH" then
            countsMoved <- true
        else
            more <- false

    if
        call.Remaining % 3 <> 0
        || call.Remaining = 0
        || rule = (AddRule.OnlyNew ||| AddRule.OnlyOld)
    then
        call.Fail Errors.syntax
    elif not (arePlaces call) then
        Outcome.Unchanged
    else
        addPlaces call key rule countsMoved

// ---- rows

open Rows

let rows: Row<Handler> list =
    family
        Group.Geo
        [
            command
                "GEOADD key [NX | XX] [change: CH] longitude latitude member [longitude latitude member ...]"
                [ Write; DenyOom ]
                (since "3.2.0")
                "Adds places, or moves them."
                geoadd
            |> complexity "O(log N) for each place, N being the members of the set"
            |> history "6.2.0" "`CH`, `NX` and `XX`."
            command
                "GEODIST key member1 member2 [M | KM | FT | MI]"
                [ ReadOnly ]
                (since "3.2.0")
                "Returns the distance of two places."
                geodist
            |> complexity "O(log N), N being the members of the set"
            command
                "GEOHASH key member [member ...]"
                [ ReadOnly ]
                (since "3.2.0")
                "Returns the geohashes of places, as other software writes them."
                geohash
            |> complexity "O(N), N being the number of members given"
            |> arity -2
            command
                "GEOPOS key member [member ...]"
                [ ReadOnly ]
                (since "3.2.0")
                "Returns longitudes and latitudes of places."
                geopos
            |> complexity "O(N), N being the number of members given"
            |> arity -2
        ]
