// Package near narrows and orders statements by the distance of a row's position.
package near

import (
	"fmt"
	"math"

	"entgo.io/ent/dialect/sql"

	"citygraph/internal/geo"
)

// SquaredMetres writes the square of the distance from a point of a position in columns of degrees: on a
// plane, which errs by less than a metre within five kilometres.
func SquaredMetres(b *sql.Builder, lat, lng string, at geo.Point) {
	perLat := geo.Distance(geo.Point{Lat: at.Lat - 0.5, Lng: at.Lng}, geo.Point{Lat: at.Lat + 0.5, Lng: at.Lng})
	perLng := perLat * math.Cos(at.Lat*math.Pi/180)
	for i, part := range []struct {
		column string
		from   float64
		scale  float64
	}{{lat, at.Lat, perLat}, {lng, at.Lng, perLng}} {
		if i > 0 {
			b.WriteString(" + ")
		}
		// The numbers are ours, not a client's text; an argument would have no type of its own on PostgreSQL.
		b.WriteString(fmt.Sprintf("(%[1]s - %[2]f) * (%[1]s - %[2]f) * %[3]f", part.column, part.from, part.scale*part.scale))
	}
}

// Within holds for the rows of a table with lat and lng that lie within so many metres of a point.
func Within(at geo.Point, metres float64) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			SquaredMetres(b, s.C("lat"), s.C("lng"), at)
			b.WriteString(" <= ").Arg(metres * metres)
		}))
	}
}
