namespace RedisClone.Protocol

open System
open System.Collections.Generic

/// What a search for places asks for. Distances are in metres, angles in degrees.
[<Sealed>]
type GeoQuery() =
    member val Longitude = 0.0 with get, set
    member val Latitude = 0.0 with get, set

    /// Whether a rectangle is searched, and not a circle.
    member val IsBox = false with get, set

    member val Radius = 0.0 with get, set
    member val Width = 0.0 with get, set
    member val Height = 0.0 with get, set

    /// How many metres the unit of the reply has.
    member val Unit = 1.0 with get, set

    /// At most so many places; 0 for all.
    member val Count = 0L with get, set

    /// Whether any `Count` places will do, not just the nearest.
    member val IsAny = false with get, set

    /// 1 for the nearest first, -1 for the farthest, 0 for no order.
    member val Order = 0 with get, set

/// A place that was found.
[<Struct; NoEquality; NoComparison>]
type GeoPlace =
    {
        /// Where the member is in the scratch of the call.
        At: int
        Length: int
        Longitude: double
        Latitude: double
        Score: double
        /// From the centre, in metres.
        Distance: double
        /// The number in the order in which places were found.
        Number: int
    }

/// Searches sorted sets for places.
[<RequireQualifiedAccess>]
module GeoSearch =
    let private nearestFirst =
        Comparison<GeoPlace>(fun first second ->
            let order = compare first.Distance second.Distance

            if order <> 0 then
                order
            else
                compare first.Number second.Number)

    let private farthestFirst =
        Comparison<GeoPlace>(fun first second ->
            let order = compare second.Distance first.Distance

            if order <> 0 then
                order
            else
                compare first.Number second.Number)

    /// Whether a place is in the area, and how far from its centre.
    let private isInside (query: GeoQuery) (longitude: double) (latitude: double) (meters: byref<double>) : bool =
        if query.IsBox then
            Geohash.isInBox (query.Width, query.Height, query.Longitude, query.Latitude, longitude, latitude, &meters)
        else
            meters <- Geohash.distance query.Longitude query.Latitude longitude latitude
            meters <= query.Radius

    /// Adds the places in a cell that are in the area.
    let private searchCell
        (call: Call)
        (set: SortedSetView)
        (query: GeoQuery)
        (cell: GeoCell)
        (mostFound: int64)
        (found: List<GeoPlace>)
        =
        let least: SortedSetBounds.ScoreBound =
            {
                Score = double (Geohash.firstOf cell)
                Excludes = false
            }

        let most: SortedSetBounds.ScoreBound =
            {
                Score = double (Geohash.firstOf { cell with Bits = cell.Bits + 1UL })
                Excludes = true
            }

        let mutable first = 0
        let mutable last = 0
        SortedSetBounds.ofScores &set least most &first &last
        let mutable cursor = SortedSetValue.cursorAt set first
        let mutable longitude = 0.0
        let mutable latitude = 0.0
        let mutable meters = 0.0

        while first < last && int64 found.Count < mostFound do
            first <- first + 1
            cursor.Next() |> ignore
            let score = cursor.Score
            Geohash.decode (Geohash.ofScore score, &longitude, &latitude)

            if isInside query longitude latitude &meters then
                found.Add
                    {
                        At = call.Scratch.Length
                        Length = cursor.Member.Length
                        Longitude = longitude
                        Latitude = latitude
                        Score = score
                        Distance = meters
                        Number = found.Count
                    }

                call.Scratch.Raw cursor.Member

    /// The places that a query asks for, in its order. Their members are in the scratch of the call.
    let run (call: Call) (set: SortedSetView) (query: GeoQuery) : List<GeoPlace> =
        let found = List<GeoPlace>()
        let mostFound = if query.IsAny then query.Count else Int64.MaxValue

        let east = if query.IsBox then query.Width / 2.0 else query.Radius
        let north = if query.IsBox then query.Height / 2.0 else query.Radius

        let radius =
            if query.IsBox then
                sqrt (east * east + north * north)
            else
                query.Radius

        let cells = Geohash.cover query.Longitude query.Latitude radius east north
        let mutable previous = -1
        call.Scratch.Truncate 0

        for i in 0 .. cells.Length - 1 do
            // Where a cell is half the world, its neighbours on both sides are the same.
            let isNew =
                previous < 0
                || cells[i].Bits <> cells[previous].Bits
                || cells[i].Step <> cells[previous].Step

            if cells[i].Step > 0 && isNew then
                previous <- i
                searchCell call set query cells[i] mostFound found

        let order =
            if query.Order = 0 && query.Count > 0L && not query.IsAny then
                1
            else
                query.Order

        if order > 0 then
            found.Sort nearestFirst
        elif order < 0 then
            found.Sort farthestFirst

        if query.Count > 0L && query.Count < int64 found.Count then
            found.RemoveRange(int query.Count, found.Count - int query.Count)

        found
