package geo

// BoxInput is a rectangle of the map as a client sends it.
type BoxInput struct {
	South float64
	West  float64
	North float64
	East  float64
	CRS   Datum
}

// WGS84 is the rectangle in the datum CityGraph stores, and false when it is none: a corner off the
// globe, or corners in the wrong order. Its edges are as good as straight within a city.
func (b BoxInput) WGS84() (Bounds, bool) {
	low, high := Point{Lat: b.South, Lng: b.West}, Point{Lat: b.North, Lng: b.East}
	if !low.Valid() || !high.Valid() || low.Lat > high.Lat || low.Lng > high.Lng {
		return Bounds{}, false
	}
	low, high = ToWGS84(low, b.CRS), ToWGS84(high, b.CRS)
	return Bounds{South: low.Lat, West: low.Lng, North: max(low.Lat, high.Lat), East: max(low.Lng, high.Lng)}, true
}
