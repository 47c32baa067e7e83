package geo

// Located is a point in the datum it is to be shown in.
type Located struct {
	Lat float64
	Lng float64
	CRS Datum
}

// Locate shows a WGS-84 point in a datum.
func Locate(p Point, crs Datum) Located {
	p = FromWGS84(p, crs)
	return Located{Lat: p.Lat, Lng: p.Lng, CRS: crs}
}
