package geo

import "math"

// Datum says what the degrees of a point mean.
type Datum string

// The datums clients speak. WeChat and every licensed map in mainland China use GCJ-02, which lies some
// hundred metres off WGS-84 by a fixed, wavy rule.
const (
	WGS84 Datum = "WGS84"
	GCJ02 Datum = "GCJ02"
)

// Valid reports whether the datum is known.
func (d Datum) Valid() bool { return d == WGS84 || d == GCJ02 }

// FromWGS84 returns a WGS-84 point in the datum. Outside the area where GCJ-02 applies, and for WGS84,
// it is the same point.
func FromWGS84(p Point, d Datum) Point {
	if d != GCJ02 || !shifted(p) {
		return p
	}
	return shift(p)
}

// ToWGS84 returns a point given in the datum as WGS-84, within 1e-9 degree of the exact inverse of FromWGS84.
func ToWGS84(p Point, d Datum) Point {
	if d != GCJ02 || !shifted(p) {
		return p
	}
	// The shift hardly changes over its own length, so each step leaves under a hundredth of the error.
	guess := p
	for range 10 {
		image := shift(guess)
		dLat, dLng := p.Lat-image.Lat, p.Lng-image.Lng
		guess.Lat += dLat
		guess.Lng += dLng
		if math.Abs(dLat) < 1e-12 && math.Abs(dLng) < 1e-12 {
			break
		}
	}
	return guess
}

// shifted reports whether the point lies in the rectangle in which GCJ-02 differs from WGS-84.
func shifted(p Point) bool {
	return p.Lng >= 72.004 && p.Lng <= 137.8347 && p.Lat >= 0.8293 && p.Lat <= 55.8271
}

// The Krasovsky 1940 ellipsoid, on which GCJ-02 measures its shift.
const (
	semiMajorAxis  = 6_378_245.0
	eccentricitySq = 0.00669342162296594323
)

// shift moves a WGS-84 point to where GCJ-02 draws it: metres from two wavy surfaces, turned into degrees
// on the ellipsoid.
func shift(p Point) Point {
	x, y := p.Lng-105, p.Lat-35
	phi := radians(p.Lat)
	w := 1 - eccentricitySq*square(math.Sin(phi))
	meridian := semiMajorAxis * (1 - eccentricitySq) / (w * math.Sqrt(w))
	parallel := semiMajorAxis / math.Sqrt(w) * math.Cos(phi)
	return Point{
		Lat: p.Lat + northing(x, y)/meridian*180/math.Pi,
		Lng: p.Lng + easting(x, y)/parallel*180/math.Pi,
	}
}

func northing(x, y float64) float64 {
	return -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*math.Sqrt(math.Abs(x)) +
		ripple(x) + waves(y, 20, 1, 40, 1./3, 160, 1./12, 320, 1./30)
}

func easting(x, y float64) float64 {
	return 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*math.Sqrt(math.Abs(x)) +
		ripple(x) + waves(x, 20, 1, 40, 1./3, 150, 1./12, 300, 1./30)
}

func ripple(x float64) float64 { return waves(x, 20, 6, 20, 2, 0, 0, 0, 0) }

// waves sums two thirds of four sine waves, each an amplitude in metres and half-turns per degree.
func waves(v, a1, f1, a2, f2, a3, f3, a4, f4 float64) float64 {
	v *= math.Pi
	return (a1*math.Sin(f1*v) + a2*math.Sin(f2*v) + a3*math.Sin(f3*v) + a4*math.Sin(f4*v)) * 2 / 3
}
