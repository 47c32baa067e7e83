package geo

// Cell is a square of the finest grid in Z-order: nearby places have nearby numbers, and each step to a
// coarser grid drops two bits. So one indexed column serves maps of every zoom, and the squares lie where
// they lie, however a map is panned.
type Cell int64

const (
	// FinestDepth is the depth of the finest grid: the world is 2^24 of its cells wide.
	FinestDepth = 24
	// Cells per degree. Their ratio is the cosine of Hangzhou's latitude, so that cells are square there:
	// two metres each way.
	cellsPerLng = 46_600
	cellsPerLat = 53_950
)

// CellOf is the cell of a valid WGS-84 point.
func CellOf(p Point) Cell {
	x, y := fine(p)
	return interleave(x, y)
}

// fine is the place of a point in the finest grid.
func fine(p Point) (x, y int64) {
	return int64((p.Lng + 180) * cellsPerLng), int64((p.Lat + 90) * cellsPerLat)
}

func interleave(x, y int64) Cell { return Cell(spread(x) | spread(y)<<1) }

// spread moves the low 32 bits apart, each to twice its place.
func spread(v int64) int64 {
	v = (v | v<<16) & 0x0000FFFF0000FFFF
	v = (v | v<<8) & 0x00FF00FF00FF00FF
	v = (v | v<<4) & 0x0F0F0F0F0F0F0F0F
	v = (v | v<<2) & 0x3333333333333333
	return (v | v<<1) & 0x5555555555555555
}

// gather undoes spread.
func gather(v int64) int64 {
	v &= 0x5555555555555555
	v = (v | v>>1) & 0x3333333333333333
	v = (v | v>>2) & 0x0F0F0F0F0F0F0F0F
	v = (v | v>>4) & 0x00FF00FF00FF00FF
	v = (v | v>>8) & 0x0000FFFF0000FFFF
	return (v | v>>16) & 0x00000000FFFFFFFF
}

// CellRange is a run of cells, its ends included.
type CellRange struct{ First, Last Cell }

// window is a rectangle of cells of a grid that is shift steps coarser than the finest.
type window struct {
	shift          uint
	x0, y0, x1, y1 int64
}

func windowOf(b Bounds, shift uint) window {
	x0, y0 := fine(Point{Lat: b.South, Lng: b.West})
	x1, y1 := fine(Point{Lat: b.North, Lng: b.East})
	return window{shift, x0 >> shift, y0 >> shift, x1 >> shift, y1 >> shift}
}

// coarser is the smallest rectangle of the next coarser grid that holds the window.
func (w window) coarser() window {
	return window{w.shift + 1, w.x0 >> 1, w.y0 >> 1, w.x1 >> 1, w.y1 >> 1}
}

func (w window) cells() int64 { return (w.x1 - w.x0 + 1) * (w.y1 - w.y0 + 1) }

// ranges are runs that hold the window and at most four times its area: its corners in the finest grid
// of which it touches two columns and two rows. Runs of a window that touches fewer come twice.
func (w window) ranges() [4]CellRange {
	for w.x1-w.x0 > 1 || w.y1-w.y0 > 1 {
		w = w.coarser()
	}
	var runs [4]CellRange
	for i, corner := range [4][2]int64{{w.x0, w.y0}, {w.x1, w.y0}, {w.x0, w.y1}, {w.x1, w.y1}} {
		first := interleave(corner[0], corner[1]) << (2 * w.shift)
		runs[i] = CellRange{first, first + 1<<(2*w.shift) - 1}
	}
	return runs
}

// CellRanges are four runs of cells that hold every point of the rectangle, and others besides.
func (b Bounds) CellRanges() [4]CellRange { return windowOf(b, 0).ranges() }

// Tiles are the numbers of the squares of a grid that the rectangle touches, and false when they are
// more than most.
func (b Bounds) Tiles(depth, most int) ([]Cell, bool) {
	w := windowOf(b, uint(FinestDepth-depth))
	if w.cells() > int64(most) {
		return nil, false
	}
	var tiles []Cell
	for y := w.y0; y <= w.y1; y++ {
		for x := w.x0; x <= w.x1; x++ {
			tiles = append(tiles, interleave(x, y))
		}
	}
	return tiles, true
}

// Tile is the number of the square of a grid in which the cell lies.
func (c Cell) Tile(depth int) Cell { return c >> (2 * (FinestDepth - depth)) }

// Mosaic is a map view in whole squares, those at its edges included: what a square holds does not
// depend on how the map lies over it.
type Mosaic struct{ window }

// MosaicOf lays squares half as wide as a map tile of the zoom over a rectangle, or as much wider as it
// takes for them to be no more than most.
func MosaicOf(b Bounds, zoom, most int) Mosaic {
	depth := min(max(zoom+1, 1), FinestDepth)
	w := windowOf(b, uint(FinestDepth-depth))
	for w.cells() > int64(most) {
		w = w.coarser()
	}
	return Mosaic{w}
}

// Shift is by how many bits a cell is to be shifted for the number of its square.
func (m Mosaic) Shift() int { return 2 * int(m.shift) }

// Ranges are runs of cells that hold the mosaic, and others besides; see Holds.
func (m Mosaic) Ranges() [4]CellRange { return m.ranges() }

// Holds reports whether a square belongs to the mosaic.
func (m Mosaic) Holds(square Cell) bool {
	x, y := gather(int64(square)), gather(int64(square)>>1)
	return x >= m.x0 && x <= m.x1 && y >= m.y0 && y <= m.y1
}

// Key names the mosaic, the same for every view that it serves.
func (m Mosaic) Key() [5]int64 { return [5]int64{int64(m.shift), m.x0, m.y0, m.x1, m.y1} } //nolint:gosec // up to 24
