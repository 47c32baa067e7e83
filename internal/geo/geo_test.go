package geo_test

import (
	"math"
	"testing"

	"citygraph/internal/geo"
)

var (
	westLake = geo.Point{Lat: 30.2462, Lng: 120.1486}
	bund     = geo.Point{Lat: 31.2400, Lng: 121.4900}
)

func TestValid(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		p    geo.Point
		want bool
	}{
		{westLake, true}, {geo.Point{}, true}, {geo.Point{Lat: -90, Lng: 180}, true},
		{geo.Point{Lat: 90.1}, false}, {geo.Point{Lng: -180.1}, false},
		{geo.Point{Lat: nan}, false}, {geo.Point{Lng: nan}, false},
		{geo.Point{Lat: inf}, false}, {geo.Point{Lng: -inf}, false},
	} {
		if got := c.p.Valid(); got != c.want {
			t.Errorf("%v.Valid() = %v", c.p, got)
		}
		if !c.want && geo.InHangzhou(c.p) {
			t.Errorf("%v is in Hangzhou", c.p)
		}
	}
}

func TestDistance(t *testing.T) {
	degree := 6_371_008.8 * math.Pi / 180
	for _, c := range []struct {
		name   string
		a, b   geo.Point
		metres float64
	}{
		{"nowhere", westLake, westLake, 0},
		{"a degree of meridian", geo.Point{Lat: 30, Lng: 120}, geo.Point{Lat: 31, Lng: 120}, degree},
		{"a degree of the equator", geo.Point{Lng: 120}, geo.Point{Lng: 121}, degree},
		{"over the date line", geo.Point{Lng: 179.5}, geo.Point{Lng: -179.5}, degree},
		{"to the antipodes", geo.Point{Lat: 30, Lng: 120}, geo.Point{Lat: -30, Lng: -60}, 180 * degree},
	} {
		if got := geo.Distance(c.a, c.b); math.Abs(got-c.metres) > 0.1 {
			t.Errorf("%s: %.2f m, want %.2f", c.name, got, c.metres)
		}
	}
	if d := geo.Distance(westLake, bund); d < 160_000 || d > 180_000 {
		t.Errorf("West Lake to the Bund is %.0f m", d)
	}
}

func FuzzBox(f *testing.F) {
	f.Add(30.25, 120.15, 1500.0, 1.0, 0.5)
	f.Add(89.99, 10.0, 50_000.0, 3.0, 1.0)
	f.Add(0.0, 179.99, 5_000.0, 1.57, 1.0)
	f.Fuzz(func(t *testing.T, lat, lng, radius, bearing, part float64) {
		centre := geo.Point{Lat: lat, Lng: lng}
		if !centre.Valid() || !(radius >= 0 && radius < 5e6) || !(part >= 0 && part <= 1) || math.IsNaN(bearing) || math.IsInf(bearing, 0) {
			return
		}
		p := travel(centre, radius*part, bearing)
		if geo.Distance(centre, p) > radius {
			return // rounding carried it over the edge
		}
		if box := geo.Box(centre, radius); !box.Contains(p) {
			t.Errorf("%v is %.3f m from %v but outside %v", p, geo.Distance(centre, p), centre, box)
		}
	})
}

// travel returns the point so many metres from a along the bearing in radians.
func travel(a geo.Point, metres, bearing float64) geo.Point {
	d, lat := metres/6_371_008.8, a.Lat*math.Pi/180
	sin := math.Sin(lat)*math.Cos(d) + math.Cos(lat)*math.Sin(d)*math.Cos(bearing)
	dLng := math.Atan2(math.Sin(bearing)*math.Sin(d)*math.Cos(lat), math.Cos(d)-math.Sin(lat)*sin)
	lng := math.Remainder(a.Lng+dLng*180/math.Pi, 360)
	return geo.Point{Lat: math.Asin(max(-1, min(1, sin))) * 180 / math.Pi, Lng: lng}
}
