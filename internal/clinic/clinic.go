// Package clinic finds hospitals and clinics.
package clinic

import (
	"citygraph/ent/db"
	"citygraph/ent/db/clinic"
	"citygraph/ent/db/department"
	"citygraph/ent/db/district"
	"citygraph/ent/db/predicate"
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
		at, err := near.Middle(*f.Near, maxRadius)
		if err != nil {
			return nil, err
		}
		q.Where(near.Within(at, float64(f.Near.RadiusMetres)))
	}
	matches, err := search.Matching[predicate.Clinic](clinic.FieldSearchKeys, f.Text)
	if err != nil {
		return nil, err
	}
	return q.Where(matches...), nil
}
