package geo_test

import (
	"math"
	"testing"

	"citygraph/internal/geo"
)

func TestShiftInHangzhou(t *testing.T) {
	shown := geo.FromWGS84(westLake, geo.GCJ02)
	if d := geo.Distance(westLake, shown); d < 400 || d > 600 {
		t.Errorf("GCJ-02 shows West Lake %.0f m off; it is about 500 m there", d)
	}
	if shown.Lng < westLake.Lng || shown.Lat > westLake.Lat {
		t.Errorf("the shift in Hangzhou is to the south-east, got %v", shown)
	}
}

// The pair is the one that other implementations of the transform publish.
func TestShiftAgreesWithOthers(t *testing.T) {
	got := geo.FromWGS84(geo.Point{Lat: 39.915, Lng: 116.404}, geo.GCJ02)
	if math.Abs(got.Lat-39.91640428150164) > 1e-9 || math.Abs(got.Lng-116.41024449916938) > 1e-9 {
		t.Errorf("got %v", got)
	}
}

func TestNoShift(t *testing.T) {
	paris := geo.Point{Lat: 48.8566, Lng: 2.3522}
	for _, got := range []geo.Point{geo.ToWGS84(paris, geo.GCJ02), geo.FromWGS84(paris, geo.GCJ02)} {
		if got != paris {
			t.Errorf("Paris moved to %v", got)
		}
	}
	if geo.ToWGS84(westLake, geo.WGS84) != westLake || geo.FromWGS84(westLake, geo.WGS84) != westLake {
		t.Error("WGS-84 moved")
	}
	if !geo.WGS84.Valid() || !geo.GCJ02.Valid() || geo.Datum("BD09").Valid() {
		t.Error("the datums are WGS84 and GCJ02")
	}
}

func FuzzDatumRoundTrip(f *testing.F) {
	f.Add(30.2462, 120.1486)
	f.Add(29.6042, 119.0443)
	f.Add(53.48, 122.37)
	f.Add(3.85, 112.28)
	f.Fuzz(func(t *testing.T, lat, lng float64) {
		p := geo.Point{Lat: lat, Lng: lng}
		// At the rectangle's own edge a point may be shown on the other side of it.
		if !(lat > 0.9 && lat < 55.7 && lng > 72.1 && lng < 137.7) {
			return
		}
		back := geo.ToWGS84(geo.FromWGS84(p, geo.GCJ02), geo.GCJ02)
		if math.Abs(back.Lat-lat) > 1e-9 || math.Abs(back.Lng-lng) > 1e-9 {
			t.Errorf("%v came back as %v", p, back)
		}
	})
}
