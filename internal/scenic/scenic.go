// Package scenic finds scenic spots.
package scenic

import (
	"citygraph/ent/db"
	"citygraph/ent/db/district"
	"citygraph/ent/db/predicate"
	"citygraph/ent/db/scenicspot"
	"citygraph/internal/search"
)

// Filter narrows the catalogue; nil parts do not.
type Filter struct {
	Grade        *scenicspot.Grade
	DistrictCode *string // statistics bureau code
	Text         *string // characters, pinyin or initials of the name
}

// Find narrows a query to the spots of the filter. Anyone may. BAD_USER_INPUT for a text that cannot
// be searched.
func Find(q *db.ScenicSpotQuery, f Filter) (*db.ScenicSpotQuery, error) {
	if f.Grade != nil {
		q.Where(scenicspot.GradeEQ(*f.Grade))
	}
	if f.DistrictCode != nil {
		q.Where(scenicspot.HasDistrictWith(district.Code(*f.DistrictCode)))
	}
	matches, err := search.Matching[predicate.ScenicSpot](scenicspot.FieldSearchKeys, f.Text)
	if err != nil {
		return nil, err
	}
	return q.Where(matches...), nil
}
