// Package geo knows places: points on the WGS-84 ellipsoid, the shifted datum of Chinese maps, distances,
// boxes for SQL, and whether a place lies in Hangzhou.
package geo

import "math"

// Point is a place in degrees. Unless a Datum says otherwise it is WGS-84, as everything stored is.
type Point struct{ Lat, Lng float64 }

// Valid reports whether the point is on the globe: finite, latitude within ±90, longitude within ±180.
func (p Point) Valid() bool {
	return p.Lat >= -90 && p.Lat <= 90 && p.Lng >= -180 && p.Lng <= 180 // false for NaN
}

// earthRadius is the mean radius in metres; on a sphere of it distances are true within half a percent.
const earthRadius = 6_371_008.8

// Distance returns the metres along the great circle between two valid points.
func Distance(a, b Point) float64 {
	dLat, dLng := radians(b.Lat-a.Lat), radians(b.Lng-a.Lng)
	h := square(math.Sin(dLat/2)) + math.Cos(radians(a.Lat))*math.Cos(radians(b.Lat))*square(math.Sin(dLng/2))
	return 2 * earthRadius * math.Asin(math.Sqrt(min(h, 1)))
}

// Bounds is a rectangle in degrees, its edges included.
type Bounds struct{ South, West, North, East float64 }

// Contains reports whether p lies in the rectangle.
func (b Bounds) Contains(p Point) bool {
	return p.Lat >= b.South && p.Lat <= b.North && p.Lng >= b.West && p.Lng <= b.East
}

// Box returns a rectangle that holds every point within radius metres of the valid centre, so that an
// index can narrow a search before Distance decides. Near a pole or the date line it is all longitudes.
func Box(centre Point, radius float64) Bounds {
	const slack = 1e-9 // a tenth of a millimetre, for rounding at the edge
	angle := max(radius, 0) / earthRadius
	dLat := angle*180/math.Pi + slack
	b := Bounds{max(centre.Lat-dLat, -90), -180, min(centre.Lat+dLat, 90), 180}
	if b.South == -90 || b.North == 90 {
		return b
	}
	dLng := math.Asin(min(math.Sin(angle)/math.Cos(radians(centre.Lat)), 1))*180/math.Pi + slack
	if west, east := centre.Lng-dLng, centre.Lng+dLng; west >= -180 && east <= 180 {
		b.West, b.East = west, east
	}
	return b
}

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }

func square(x float64) float64 { return x * x }
