package geo

import "math"

// Located is a point in the datum it is to be shown in.
type Located struct {
	Lat float64
	Lng float64
	CRS Datum
}

// Locate shows a WGS-84 point in a datum, to the sixth decimal: a tenth of a metre.
func Locate(p Point, crs Datum) Located {
	p = FromWGS84(p, crs)
	return Located{Lat: math.Round(p.Lat*1e6) / 1e6, Lng: math.Round(p.Lng*1e6) / 1e6, CRS: crs}
}
