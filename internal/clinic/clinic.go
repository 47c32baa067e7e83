// Package clinic finds hospitals and clinics.
package clinic

import (
	"fmt"

	"citygraph/ent/db"
	"citygraph/ent/db/clinic"
	"citygraph/ent/db/department"
	"citygraph/ent/db/district"
	"citygraph/ent/db/predicate"
	"citygraph/internal/fault"
	"citygraph/internal/geo"
	"citygraph/internal/geo/near"
	"citygraph/internal/search"
)

// Filter narrows the catalogue; nil parts do not.
type Filter struct {
	DistrictCode   *string // statistics bureau code
	DepartmentCode *string // national code of the medical subject
	Text           *string // characters, pinyin or initials of the name
	Near           *geo.Circle
}

// maxRadius is how far around a point clinics are looked for, in metres.
const maxRadius = 50_000

// Find narrows a query to the clinics of the filter. Anyone may. BAD_USER_INPUT for a text that
// cannot be searched, and for a circle that is none.
func Find(q *db.ClinicQuery, f Filter) (*db.ClinicQuery, error) {
	if f.DistrictCode != nil {
		q.Where(clinic.HasDistrictWith(district.Code(*f.DistrictCode)))
	}
	if f.DepartmentCode != nil {
		q.Where(clinic.HasDepartmentsWith(department.Code(*f.DepartmentCode)))
	}
	if f.Near != nil {
		within, err := circle(*f.Near)
		if err != nil {
			return nil, err
		}
		q.Where(within)
	}
	matches, err := search.Matching[predicate.Clinic](clinic.FieldSearchKeys, f.Text)
	if err != nil {
		return nil, err
	}
	return q.Where(matches...), nil
}

func circle(c geo.Circle) (predicate.Clinic, error) {
	at := c.Point.WGS84()
	switch {
	case !at.Valid():
		return nil, fault.BadInput("point", "坐标无效。", "The coordinates are not valid.")
	case c.RadiusMetres < 1 || c.RadiusMetres > maxRadius:
		return nil, fault.BadInput("radiusMetres",
			fmt.Sprintf("半径应为1到%d米。", maxRadius), fmt.Sprintf("The radius must be 1 to %d metres.", maxRadius))
	}
	return near.Within(at, float64(c.RadiusMetres)), nil
}
