/// Places in an area: GEOSEARCH and GEOSEARCHSTORE, and GEORADIUS and its kin, which they replace.
module RedisClone.Protocol.GeoSearchCommands

open System
open System.Collections.Generic

// ---- shapes

/// What the reply tells of each place beside its member.
[<Flags>]
type private Shown =
    | Nothing = 0
    | Distance = 1
    | Hash = 2
    | Place = 4

/// Which command it is, as far as that decides what it takes.
[<RequireQualifiedAccess>]
type private Form =
    /// The centre and the area come as options.
    | Search
    /// A longitude, a latitude and a radius come first.
    | Around
    /// A member and a radius come first.
    | AroundMember

/// All that the arguments say.
[<Sealed>]
type private Request() =
    member val Query = GeoQuery()
    member val Shown = Shown.Nothing with get, set

    /// The index of the name of the key to store in; 0 for none.
    member val Target = 0 with get, set

    member val StoresDistance = false with get, set
    member val HasMember = false with get, set
    member val HasPlace = false with get, set
    member val HasRadius = false with get, set
    member val HasBox = false with get, set

let private hasWords (call: Call) (count: int) = call.Remaining > count

// ---- arguments

let private takeNumber (call: Call) (value: byref<double>) (error: string) : bool =
    let valid = Numbers.tryParseDouble (call.Take(), &value)

    if not valid then
        call.Reply.Error error

    valid

/// Takes a radius and its unit; writes the error if they are none.
let private takeRadius (call: Call) (request: Request) : bool =
    let mutable radius = 0.0

    if not (takeNumber call &radius Errors.radiusNotNumeric) then
        false
    elif radius < 0.0 then
        call.Reply.Error Errors.radiusNegative
        false
    else
        let unit = GeoCommands.takeUnit call
        request.Query.Unit <- unit
        request.Query.Radius <- radius * unit
        request.HasRadius <- true
        unit > 0.0

/// Takes a width, a height and their unit; writes the error if they are none.
let private takeBox (call: Call) (request: Request) : bool =
    let mutable width = 0.0
    let mutable height = 0.0

    if
        not (takeNumber call &width Errors.widthNotNumeric)
        || not (takeNumber call &height Errors.heightNotNumeric)
    then
        false
    elif width < 0.0 || height < 0.0 then
        call.Reply.Error Errors.boxNegative
        false
    else
        let unit = GeoCommands.takeUnit call
        request.Query.Unit <- unit
        request.Query.IsBox <- true
        request.Query.Width <- width * unit
        request.Query.Height <- height * unit
        request.HasBox <- true
        unit > 0.0

let private takePlace (call: Call) (request: Request) : bool =
    let mutable longitude = 0.0
    let mutable latitude = 0.0
    let valid = GeoCommands.takePlace call &longitude &latitude
    request.Query.Longitude <- longitude
    request.Query.Latitude <- latitude
    request.HasPlace <- true
    valid

/// Takes a member, whose place becomes the centre; writes the error if a set that exists does not have it.
let private takeMember (call: Call) (set: SortedSetView) (request: Request) : bool =
    let mutable longitude = 0.0
    let mutable latitude = 0.0
    request.HasMember <- true

    let valid =
        GeoCommands.tryPlace (&set, call.Take(), &longitude, &latitude) || set.Count = 0

    request.Query.Longitude <- longitude
    request.Query.Latitude <- latitude

    if not valid then
        call.Reply.Error Errors.memberWithoutPlace

    valid

let private takeCount (call: Call) (request: Request) : bool =
    let mutable count = 0L

    if not (call.TakeInteger &count) then
        false
    elif count <= 0L then
        call.Reply.Error Errors.geoCount
        false
    else
        request.Query.Count <- count
        true

/// Takes one of the options that say what is shown, and how much of it; false if the next word is none of them.
let private takeCommon (call: Call) (request: Request) (valid: byref<bool>) : bool =
    let query = request.Query
    let mutable taken = true

    if call.TakeWord "WITHDIST" then
        request.Shown <- request.Shown ||| Shown.Distance
    elif call.TakeWord "WITHHASH" then
        request.Shown <- request.Shown ||| Shown.Hash
    elif call.TakeWord "WITHCOORD" then
        request.Shown <- request.Shown ||| Shown.Place
    elif call.TakeWord "ANY" then
        query.IsAny <- true
    elif call.TakeWord "ASC" then
        query.Order <- 1
    elif call.TakeWord "DESC" then
        query.Order <- -1
    elif hasWords call 1 && call.TakeWord "COUNT" then
        valid <- takeCount call request
    else
        taken <- false

    taken

/// Takes one of the options of GEOSEARCH that say where to look; false if the next word is none of them.
let private takeArea (call: Call) (set: SortedSetView) (request: Request) (valid: byref<bool>) : bool =
    let mutable taken = true

    if hasWords call 1 && not request.HasPlace && call.TakeWord "FROMMEMBER" then
        valid <- takeMember call set request
    elif hasWords call 2 && not request.HasMember && call.TakeWord "FROMLONLAT" then
        valid <- takePlace call request
    elif hasWords call 2 && not request.HasBox && call.TakeWord "BYRADIUS" then
        valid <- takeRadius call request
    elif hasWords call 3 && not request.HasRadius && call.TakeWord "BYBOX" then
        valid <- takeBox call request
    else
        taken <- false

    taken

/// Takes one of the options that say where to store; false if the next word is none of them.
let private takeStore (call: Call) (form: Form) (request: Request) : bool =
    let mutable taken = true

    if form = Form.Search then
        if request.Target > 0 && call.TakeWord "STOREDIST" then
            request.StoresDistance <- true
        else
            taken <- false
    elif hasWords call 1 && call.TakeWord "STORE" then
        request.Target <- call.Args.Count - call.Remaining
        request.StoresDistance <- false
        call.Skip 1
    elif hasWords call 1 && call.TakeWord "STOREDIST" then
        request.Target <- call.Args.Count - call.Remaining
        request.StoresDistance <- true
        call.Skip 1
    else
        taken <- false

    taken

/// Whether the options make sense together; writes the error if not.
let private isWhole (call: Call) (form: Form) (request: Request) : bool =
    let fault =
        if request.Target > 0 && request.Shown <> Shown.Nothing then
            Errors.geoStoreWith (
                if form = Form.Search then
                    "GEOSEARCHSTORE"
                else
                    "STORE option in GEORADIUS"
            )
        elif form = Form.Search && not request.HasMember && not request.HasPlace then
            Errors.geoFrom call.Args[0]
        elif form = Form.Search && not request.HasRadius && not request.HasBox then
            Errors.geoBy call.Args[0]
        elif request.Query.IsAny && request.Query.Count = 0L then
            Errors.geoAnyWithoutCount
        else
            null

    if not (isNull fault) then
        call.Reply.Error fault

    isNull fault

/// Takes all arguments behind the key; writes the error if they make no sense.
let private takeRequest (call: Call) (set: SortedSetView) (form: Form) (mayStore: bool) (request: Request) : bool =
    let mutable valid =
        match form with
        | Form.Search -> true
        | Form.Around -> takePlace call request && takeRadius call request
        | Form.AroundMember when set.Count = 0 ->
            // Redis does not look at a radius around a member that cannot be there.
            call.Skip 3
            true
        | Form.AroundMember -> takeMember call set request && takeRadius call request

    while valid && call.Remaining > 0 do
        let taken =
            takeCommon call request &valid
            || (form = Form.Search && takeArea call set request &valid)
            || (mayStore && takeStore call form request)

        if not taken then
            valid <- false
            call.Reply.Error Errors.syntax

    valid && isWhole call form request

// ---- answers

let private memberOf (call: Call) (place: GeoPlace) =
    call.Scratch.Written.Slice(place.At, place.Length)

let private answer (call: Call) (request: Request) (found: List<GeoPlace>) =
    let parts = Numerics.BitOperations.PopCount(uint32 request.Shown)
    let shows (part: Shown) = request.Shown &&& part <> Shown.Nothing
    call.Reply.Array found.Count

    for place in found do
        if parts > 0 then
            call.Reply.Array(1 + parts)

        call.Reply.Bulk(memberOf call place)

        if shows Shown.Distance then
            GeoCommands.writeDistance call (place.Distance / request.Query.Unit)

        if shows Shown.Hash then
            call.Reply.Integer(Geohash.wholeOf place.Score)

        if shows Shown.Place then
            GeoCommands.writePlace call place.Longitude place.Latitude

/// Puts the places found in order, with the scores that they are to have, into the run of a new sorted set.
let private store (call: Call) (request: Request) (found: List<GeoPlace>) (event: string) : Outcome =
    let mutable entry = Entry()
    let target = call.Args[request.Target]
    let members = call.Scratch.Written.ToArray()
    let builder = SortedSetBuilder call

    for place in found do
        let score =
            if request.StoresDistance then
                place.Distance / request.Query.Unit
            else
                place.Score

        builder.Add(ReadOnlySpan<byte>(members, place.At, place.Length), score, ScoreAggregate.Max)

    // Neither hit nor miss, and what is there goes, whatever it is.
    let exists = call.Locate(target, &entry)

    if builder.Count > 0 then
        builder.Store(&entry, target)

    Elements.finishStore call target &entry exists builder.Count EventClass.SortedSet event

/// Searches the key under the cursor. `target` is the index of the name of the key to store in, or 0.
let private search (call: Call) (form: Form) (mayStore: bool) (target: int) (event: string) : Outcome =
    let mutable entry = Entry()
    let request = Request(Target = target)

    match call.ReadSortedSet(call.Take(), &entry) with
    | Lookup.WrongType -> Outcome.Unchanged
    | found ->
        let set =
            if found = Lookup.Found then
                SortedSetValue.view &entry
            else
                SortedSetValue.emptyView

        if not (takeRequest call set form mayStore request) then
            Outcome.Unchanged
        else
            let places = GeoSearch.run call set request.Query

            if request.Target > 0 then
                store call request places event
            else
                answer call request places
                Outcome.Unchanged

let geosearch call = search call Form.Search false 0 ""

let geosearchstore (call: Call) =
    let target = call.Args.Count - call.Remaining
    call.Skip 1
    search call Form.Search true target "geosearchstore"

let georadius call =
    search call Form.Around true 0 "georadiusstore"

let georadiusRo call = search call Form.Around false 0 ""

let georadiusbymember call =
    search call Form.AroundMember true 0 "georadiusstore"

let georadiusbymemberRo call =
    search call Form.AroundMember false 0 ""

// ---- rows

open Rows

let private byMatches =
    "O(N + M), N being the places in the cells that cover the area, and M those in it"

let rows: Row<Handler> list =
    family
        Group.Geo
        [
            command
                "GEORADIUS key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key] [STOREDIST key]"
                [ Write; DenyOom ]
                (since "3.2.0")
                "Returns or stores the places within a radius of a point."
                georadius
            |> complexity byMatches
            |> keys [ reads; overwrites; overwrites ]
            |> history "6.2.0" "`ANY`."
            |> history "7.0.0" "Units in capitals."
            |> deprecated "6.2.0" "`GEOSEARCH` and `GEOSEARCHSTORE` with `BYRADIUS`"
            command
                "GEORADIUSBYMEMBER key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key] [STOREDIST key]"
                [ Write; DenyOom ]
                (since "3.2.0")
                "Returns or stores the places within a radius of a member."
                georadiusbymember
            |> complexity byMatches
            |> keys [ reads; overwrites; overwrites ]
            |> history "7.0.0" "Units in capitals."
            |> deprecated "6.2.0" "`GEOSEARCH` and `GEOSEARCHSTORE` with `BYRADIUS` and `FROMMEMBER`"
            command
                "GEORADIUSBYMEMBER_RO key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]"
                [ ReadOnly ]
                (since "3.2.10")
                "Returns the places within a radius of a member."
                georadiusbymemberRo
            |> complexity byMatches
            |> deprecated "6.2.0" "`GEOSEARCH` with `BYRADIUS` and `FROMMEMBER`"
            command
                "GEORADIUS_RO key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]"
                [ ReadOnly ]
                (since "3.2.10")
                "Returns the places within a radius of a point."
                georadiusRo
            |> complexity byMatches
            |> history "6.2.0" "`ANY`."
            |> deprecated "6.2.0" "`GEOSEARCH` with `BYRADIUS`"
            command
                "GEOSEARCH key <from: FROMMEMBER member | FROMLONLAT longitude latitude> <by: circle: BYRADIUS radius <M | KM | FT | MI> | box: <BYBOX width> height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]"
                [ ReadOnly ]
                (since "6.2.0")
                "Returns the places within a circle or a box."
                geosearch
            |> complexity byMatches
            |> history "7.0.0" "Units in capitals."
            command
                "GEOSEARCHSTORE destination source <from: FROMMEMBER member | FROMLONLAT longitude latitude> <by: circle: BYRADIUS radius <M | KM | FT | MI> | box: <BYBOX width> height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [STOREDIST]"
                [ Write; DenyOom ]
                (since "6.2.0")
                "Stores the places within a circle or a box."
                geosearchstore
            |> complexity byMatches
            |> history "7.0.0" "Units in capitals."
        ]
