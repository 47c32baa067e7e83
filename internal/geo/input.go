package geo

// Input is a position as a client sends it.
type Input struct {
	Lat float64
	Lng float64
	CRS Datum
}

// WGS84 is the position in the datum CityGraph stores.
func (i Input) WGS84() Point { return ToWGS84(Point{Lat: i.Lat, Lng: i.Lng}, i.CRS) }

// Circle is a place with what is so near to it, as a client sends it.
type Circle struct {
	Point        Input
	RadiusMetres int
}
