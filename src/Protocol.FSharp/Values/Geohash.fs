namespace RedisClone.Protocol

open System

// Places on the earth as scores of a sorted set
// ----------------------------------------------
// A place is a number of 52 bits: the longitude and the latitude, each as a fraction of its range in 26 bits, with their
// bits taken in turn. Numbers that begin alike are near each other, so a cell (a square that is halved `Step` times in
// both directions) is a range of scores:
//
//      step 1:   01 | 11          a cell is twice as wide as the range of latitudes and
//               ----+----         of longitudes divided by 2^step says
//                00 | 10
//
// A search covers its area with the cell of its centre and the eight around it, at the finest step where nine cells are
// enough, and looks at every place in those.
//
// The Web Mercator projection leaves out what is beyond 85 degrees; Redis follows it, and so does this.

/// A cell: the first `2 * Step` bits of the numbers of the places in it. A step of 0 is no cell.
[<Struct>]
type GeoCell = { Bits: uint64; Step: int }

/// A rectangle, in degrees.
[<Struct>]
type GeoRectangle =
    {
        West: double
        East: double
        South: double
        North: double
    }

[<RequireQualifiedAccess>]
module Geohash =
    [<Literal>]
    let LongitudeMax = 180.0

    [<Literal>]
    let LatitudeMax = 85.05112878

    /// Bits of each of longitude and latitude.
    [<Literal>]
    let StepMax = 26

    [<Literal>]
    let private EarthRadiusMeters = 6372797.560856

    /// Half the length of the equator as Web Mercator has it.
    [<Literal>]
    let private MercatorMaxMeters = 20037726.37

    [<Literal>]
    let private RadiansPerDegree = 0.017453292519943295

    let private alphabet = "0123456789bcdefghjkmnpqrstuvwxyz"B

    /// Whether Redis takes such a place, in degrees.
    let isValid (longitude: double) (latitude: double) : bool =
        abs longitude <= LongitudeMax && abs latitude <= LatitudeMax

    /// Puts each of 32 bits at twice its place.
    let private spread (value: uint32) : uint64 =
        let mutable x = uint64 value
        x <- (x ||| (x <<< 16)) &&& 0x0000FFFF0000FFFFUL
        x <- (x ||| (x <<< 8)) &&& 0x00FF00FF00FF00FFUL
        x <- (x ||| (x <<< 4)) &&& 0x0F0F0F0F0F0F0F0FUL
        x <- (x ||| (x <<< 2)) &&& 0x3333333333333333UL
        (x ||| (x <<< 1)) &&& 0x5555555555555555UL

    /// The inverse of `spread`.
    let private gather (value: uint64) : uint32 =
        let mutable x = value &&& 0x5555555555555555UL
        x <- (x ||| (x >>> 1)) &&& 0x3333333333333333UL
        x <- (x ||| (x >>> 2)) &&& 0x0F0F0F0F0F0F0F0FUL
        x <- (x ||| (x >>> 4)) &&& 0x00FF00FF00FF00FFUL
        x <- (x ||| (x >>> 8)) &&& 0x0000FFFF0000FFFFUL
        uint32 (x ||| (x >>> 16))

    let private interleave (longitude: uint32) (latitude: uint32) =
        spread latitude ||| (spread longitude <<< 1)

    let private encodeIn (latitudeMax: double) (longitude: double) (latitude: double) (step: int) : uint64 =
        let cells = double (1UL <<< step)
        let x = (longitude + LongitudeMax) / (2.0 * LongitudeMax) * cells
        let y = (latitude + latitudeMax) / (2.0 * latitudeMax) * cells
        interleave (uint32 x) (uint32 y)

    /// The cell of a place, in degrees.
    let cellOf (longitude: double) (latitude: double) (step: int) : GeoCell =
        {
            Bits = encodeIn LatitudeMax longitude latitude step
            Step = step
        }

    /// The number of a place, in degrees.
    let encode (longitude: double) (latitude: double) : uint64 =
        encodeIn LatitudeMax longitude latitude StepMax

    /// What a cell covers.
    let rectangleOf (cell: GeoCell) : GeoRectangle =
        let cells = double (1UL <<< cell.Step)
        let x = double (gather (cell.Bits >>> 1))
        let y = double (gather cell.Bits)

        {
            West = -LongitudeMax + x / cells * (2.0 * LongitudeMax)
            East = -LongitudeMax + (x + 1.0) / cells * (2.0 * LongitudeMax)
            South = -LatitudeMax + y / cells * (2.0 * LatitudeMax)
            North = -LatitudeMax + (y + 1.0) / cells * (2.0 * LatitudeMax)
        }

    /// The place of a number, in degrees: the middle of the smallest cell.
    let decode (bits: uint64, longitude: byref<double>, latitude: byref<double>) =
        let area = rectangleOf { Bits = bits; Step = StepMax }
        longitude <- Math.Clamp((area.West + area.East) / 2.0, -LongitudeMax, LongitudeMax)
        latitude <- Math.Clamp((area.South + area.North) / 2.0, -LatitudeMax, LatitudeMax)

    [<Literal>]
    let private TwoTo63 = 9223372036854775808.0

    /// A score as a whole number, as an x86 processor converts it: what is out of range is the least number.
    let wholeOf (score: double) : int64 =
        if score >= -TwoTo63 && score < TwoTo63 then
            int64 score
        else
            Int64.MinValue

    /// The bits of a score. Any sorted set may be asked for places, whatever its scores.
    let ofScore (score: double) : uint64 =
        if score < TwoTo63 then
            uint64 (wholeOf score)
        else
            uint64 (wholeOf (score - TwoTo63)) ^^^ 0x8000000000000000UL

    /// The cell so many cells to the east and to the north; it goes round the world in both directions. A place at the
    /// very end of a range has a number one beyond the last, which stays as it is unless it is moved.
    let neighbour (cell: GeoCell) (east: int) (north: int) : GeoCell =
        let mask = uint32 ((1UL <<< cell.Step) - 1UL)
        let x = gather (cell.Bits >>> 1)
        let y = gather cell.Bits
        let movedX = if east = 0 then x else (x + uint32 east) &&& mask
        let movedY = if north = 0 then y else (y + uint32 north) &&& mask

        { cell with
            Bits = interleave movedX movedY
        }

    /// The number of the first place of a cell; that of the first behind it is one cell further on.
    let firstOf (cell: GeoCell) : uint64 =
        cell.Bits <<< (2 * (StepMax - cell.Step))

    let private northSouthMeters (latitude: double) (otherLatitude: double) =
        EarthRadiusMeters
        * abs (otherLatitude * RadiansPerDegree - latitude * RadiansPerDegree)

    /// The distance of two places along a great circle, in metres.
    let distance (longitude: double) (latitude: double) (otherLongitude: double) (otherLatitude: double) : double =
        let longitudeRadians = longitude * RadiansPerDegree
        let otherLongitudeRadians = otherLongitude * RadiansPerDegree
        let v = sin ((otherLongitudeRadians - longitudeRadians) / 2.0)

        if v = 0.0 then
            northSouthMeters latitude otherLatitude
        else
            let latitudeRadians = latitude * RadiansPerDegree
            let otherLatitudeRadians = otherLatitude * RadiansPerDegree
            let u = sin ((otherLatitudeRadians - latitudeRadians) / 2.0)
            let a = u * u + cos latitudeRadians * cos otherLatitudeRadians * v * v
            2.0 * EarthRadiusMeters * asin (sqrt a)

    /// Whether a place lies in a rectangle around a centre, and how far from that, in metres.
    let isInBox
        (
            widthMeters: double,
            heightMeters: double,
            longitude: double,
            latitude: double,
            otherLongitude: double,
            otherLatitude: double,
            meters: byref<double>
        ) : bool =
        if northSouthMeters latitude otherLatitude > heightMeters / 2.0 then
            false
        elif distance otherLongitude otherLatitude longitude otherLatitude > widthMeters / 2.0 then
            false
        else
            meters <- distance longitude latitude otherLongitude otherLatitude
            true

    /// The step at which nine cells cover a radius around a latitude.
    let private stepFor (radiusMeters: double) (latitude: double) : int =
        if radiusMeters = 0.0 then
            StepMax
        else
            let mutable step = 1
            let mutable reach = radiusMeters

            while reach < MercatorMaxMeters do
                reach <- reach * 2.0
                step <- step + 1

            // Cells are narrower towards the poles.
            step <- step - 2
            let degrees = abs latitude

            if degrees > 66.0 then
                step <- step - 1

            if degrees > 80.0 then
                step <- step - 1

            Math.Clamp(step, 1, StepMax)

    /// The rectangle around a centre that reaches so far to each side.
    let private boundsOf (longitude: double) (latitude: double) (eastMeters: double) (northMeters: double) =
        let north = northMeters / EarthRadiusMeters / RadiansPerDegree

        let eastAt (at: double) =
            eastMeters / EarthRadiusMeters / cos (at * RadiansPerDegree) / RadiansPerDegree

        // Degrees are shortest on the side that is nearer to a pole.
        let east =
            if latitude < 0.0 then
                eastAt (latitude - north)
            else
                eastAt (latitude + north)

        {
            West = longitude - east
            East = longitude + east
            South = latitude - north
            North = latitude + north
        }

    /// Where the nine cells lie, in the order in which they are searched: steps to the east and to the north.
    let private around: struct (int * int)[] =
        [|
            struct (0, 0)
            struct (0, 1)
            struct (0, -1)
            struct (1, 0)
            struct (-1, 0)
            struct (1, 1)
            struct (-1, 1)
            struct (1, -1)
            struct (-1, -1)
        |]

    /// The cells that cover what is within a radius of a centre, as far as it is within a rectangle of `eastMeters` and
    /// `northMeters` to each side. Places that cells have in common come from the first of them. Nine cells; those that
    /// are not needed have the step 0.
    let cover
        (longitude: double)
        (latitude: double)
        (radiusMeters: double)
        (eastMeters: double)
        (northMeters: double)
        : GeoCell[] =
        let bounds = boundsOf longitude latitude eastMeters northMeters
        let mutable centre = cellOf longitude latitude (stepFor radiusMeters latitude)

        let isTooSmall =
            (rectangleOf (neighbour centre 0 1)).North < bounds.North
            || (rectangleOf (neighbour centre 0 -1)).South > bounds.South
            || (rectangleOf (neighbour centre 1 0)).East < bounds.East
            || (rectangleOf (neighbour centre -1 0)).West > bounds.West

        if centre.Step > 1 && isTooSmall then
            centre <- cellOf longitude latitude (centre.Step - 1)

        let area = rectangleOf centre
        let cells = Array.zeroCreate around.Length

        for i in 0 .. around.Length - 1 do
            let struct (east, north) = around[i]

            let isNeeded =
                centre.Step < 2
                || not (
                    (north < 0 && area.South < bounds.South)
                    || (north > 0 && area.North > bounds.North)
                    || (east < 0 && area.West < bounds.West)
                    || (east > 0 && area.East > bounds.East)
                )

            if isNeeded then
                cells[i] <- neighbour centre east north

        cells

    /// Writes the geohash of eleven letters that others use: with latitudes from -90 to 90 degrees, its last letter being
    /// always 0, since 52 bits do not fill it.
    let writeText (target: Span<byte>) (longitude: double) (latitude: double) : int =
        let bits = encodeIn 90.0 longitude latitude StepMax

        for i in 0..9 do
            target[i] <- alphabet[int ((bits >>> (52 - 5 * (i + 1))) &&& 0x1FUL)]

        target[10] <- '0'B
        11
