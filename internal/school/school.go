// Package school finds schools.
package school

import (
	"citygraph/ent/db"
	"citygraph/ent/db/district"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/school"
	"citygraph/internal/search"
)

// Filter narrows the catalogue; nil parts do not.
type Filter struct {
	DistrictCode *string // statistics bureau code
	Text         *string // characters, pinyin or initials of the name
}

// Find narrows a query to the schools of the filter. Anyone may. BAD_USER_INPUT for a text that
// cannot be searched.
func Find(q *db.SchoolQuery, f Filter) (*db.SchoolQuery, error) {
	if f.DistrictCode != nil {
		q.Where(school.HasDistrictWith(district.Code(*f.DistrictCode)))
	}
	matches, err := search.Matching[predicate.School](school.FieldSearchKeys, f.Text)
	if err != nil {
		return nil, err
	}
	return q.Where(matches...), nil
}
