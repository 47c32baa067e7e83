package geo_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"citygraph/internal/geo"
)

// Cells are two metres square in Hangzhou, and four of them make one of the next grid.
func TestCellsAreSquareInHangzhou(t *testing.T) {
	step := func(dLat, dLng float64) float64 {
		here := westLake
		for geo.CellOf(here) == geo.CellOf(westLake) {
			here.Lat, here.Lng = here.Lat+dLat, here.Lng+dLng
		}
		from := here
		for geo.CellOf(here) == geo.CellOf(from) {
			here.Lat, here.Lng = here.Lat+dLat, here.Lng+dLng
		}
		return geo.Distance(from, here)
	}
	north, east := step(1e-8, 0), step(0, 1e-8)
	if math.Abs(north-east) > 0.05 || math.Abs(north-2.06) > 0.05 {
		t.Errorf("a cell is %.2f m by %.2f m", north, east)
	}
	c := geo.CellOf(westLake)
	if c.Tile(geo.FinestDepth) != c || c.Tile(geo.FinestDepth-1) != c>>2 {
		t.Errorf("%d lies in tiles %d and %d", c, c.Tile(geo.FinestDepth), c.Tile(geo.FinestDepth-1))
	}
}

func in(c geo.Cell, runs [4]geo.CellRange) bool {
	return slices.ContainsFunc(runs[:], func(r geo.CellRange) bool { return c >= r.First && c <= r.Last })
}

// Every point of a rectangle lies in its runs and in its tiles; few others do.
func TestRunsHoldTheRectangle(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		size := math.Pow(10, -4+4*r.Float64())
		b := geo.Bounds{South: 29 + r.Float64(), West: 118 + 2*r.Float64()}
		b.North, b.East = b.South+size*r.Float64(), b.West+size*r.Float64()
		runs := b.CellRanges()
		tiles, ok := b.Tiles(10, 1000)
		if !ok {
			t.Fatalf("%v touches more than a thousand tiles", b)
		}
		for range 20 {
			p := geo.Point{Lat: b.South + (b.North-b.South)*r.Float64(), Lng: b.West + (b.East-b.West)*r.Float64()}
			if !in(geo.CellOf(p), runs) {
				t.Fatalf("%v is not in the runs %v of %v", p, runs, b)
			}
			if !slices.Contains(tiles, geo.CellOf(p).Tile(10)) {
				t.Fatalf("%v is not in the tiles %v of %v", p, tiles, b)
			}
		}
		if far := (geo.Point{Lat: b.South - 5*size - 0.001, Lng: b.West - 5*size - 0.001}); in(geo.CellOf(far), runs) {
			t.Errorf("%v is in the runs of %v", far, b)
		}
	}
	if tiles, ok := (geo.Bounds{South: 29, West: 118, North: 31, East: 121}).Tiles(16, 100); ok {
		t.Errorf("%d tiles are not more than a hundred", len(tiles))
	}
}

// A square holds the same places however the map is panned, and a view has no more than asked.
func TestSquaresDoNotMoveWithTheMap(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		zoom := 3 + r.IntN(18)
		width := 360 / math.Pow(2, float64(zoom))
		b := geo.Bounds{South: 30, West: 120, North: 30 + 2*width, East: 120 + width}
		panned := geo.Bounds{South: b.South + width/7, West: b.West + width/5, North: b.North + width/7, East: b.East + width/5}
		one, two := geo.MosaicOf(b, zoom, 400), geo.MosaicOf(panned, zoom, 400)
		if one.Shift() != two.Shift() || one.Key() == two.Key() && width > 0.001 && one.Shift() == 0 {
			t.Fatalf("at zoom %d the squares are %d and %d bits", zoom, one.Shift(), two.Shift())
		}
		p := geo.Point{Lat: 30 + width, Lng: 120 + width/2} // in both views
		square := geo.CellOf(p) >> one.Shift()
		if !one.Holds(square) || !two.Holds(square) || !in(geo.CellOf(p), one.Ranges()) {
			t.Fatalf("at zoom %d a square in the view is not held", zoom)
		}
		if away := geo.CellOf(geo.Point{Lat: 30 - 2*width, Lng: 120 - 2*width}) >> one.Shift(); one.Holds(away) {
			t.Fatalf("at zoom %d a square outside is held", zoom)
		}
	}
	world := geo.Bounds{South: -90, West: -180, North: 90, East: 180}
	for _, zoom := range []int{-5, 0, 20, 99} {
		m := geo.MosaicOf(world, zoom, 100)
		if k := m.Key(); (k[3]-k[1]+1)*(k[4]-k[2]+1) > 100 {
			t.Errorf("at zoom %d the world is %v", zoom, k)
		}
	}
}

func TestBoxInput(t *testing.T) {
	good := geo.BoxInput{South: 30, West: 120, North: 30.1, East: 120.1, CRS: geo.WGS84}
	if b, ok := good.WGS84(); !ok || b != (geo.Bounds{South: 30, West: 120, North: 30.1, East: 120.1}) {
		t.Errorf("%+v, %v", b, ok)
	}
	shown := good
	shown.CRS = geo.GCJ02
	if b, ok := shown.WGS84(); !ok || math.Abs(b.West-120) < 0.001 || geo.Distance(geo.Point{Lat: 30, Lng: 120}, geo.Point{Lat: b.South, Lng: b.West}) > 1000 {
		t.Errorf("%+v, %v", b, ok)
	}
	for name, change := range map[string]func(*geo.BoxInput){
		"upside down": func(b *geo.BoxInput) { b.South = 31 },
		"turned":      func(b *geo.BoxInput) { b.West = 121 },
		"off":         func(b *geo.BoxInput) { b.North = 91 },
		"nowhere":     func(b *geo.BoxInput) { b.East = math.NaN() },
		"endless":     func(b *geo.BoxInput) { b.West = math.Inf(-1) },
	} {
		b := good
		change(&b)
		if got, ok := b.WGS84(); ok {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
