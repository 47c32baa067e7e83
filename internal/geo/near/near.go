// Package near narrows and orders statements by the distance of a row's position.
package near

import (
	"fmt"
	"math"

	"entgo.io/ent/dialect/sql"

	"citygraph/internal/fault"
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

// Middle is the point that a client's circle lies around. BAD_USER_INPUT for a point that is none, and for a radius that
// is not 1 to most metres.
func Middle(c geo.Circle, most int) (geo.Point, error) {
	at := c.Point.WGS84()
	switch {
	case !at.Valid():
		return at, fault.BadInput("point", "坐标无效。", "The coordinates are not valid.")
	case c.RadiusMetres < 1 || c.RadiusMetres > most:
		return at, fault.BadInput("radiusMetres",
			fmt.Sprintf("半径应为1到%d米。", most), fmt.Sprintf("The radius must be 1 to %d metres.", most))
	}
	return at, nil
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
