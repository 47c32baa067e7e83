// Package place finds the street and district a point lies in. Street boundaries are not public, so
// the answer is the street whose reference point is nearest.
package place

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/street"
	"citygraph/internal/cache"
	"citygraph/internal/geo"
	"citygraph/internal/viewer"
)

// Finder finds places among the city's streets.
type Finder struct {
	DB    *db.Client
	Cache *cache.Cache
}

// Reference is a street's reference point.
type Reference struct {
	StreetID   string
	DistrictID string
	Point      geo.Point // WGS-84
}

const fresh = time.Hour // streets change with an act of government, not with a deployment

// Nearest returns the street whose reference point is nearest to a WGS-84 point, and its district.
func (f *Finder) Nearest(ctx context.Context, lat, lng float64) (streetID, districtID string, err error) {
	references, err := cache.Fetch(ctx, f.Cache, "place:streets", fresh, f.load)
	if err != nil {
		return "", "", err
	}
	at, nearest, least := geo.Point{Lat: lat, Lng: lng}, Reference{}, math.Inf(1)
	for _, r := range references {
		if d := geo.Distance(at, r.Point); d < least {
			nearest, least = r, d
		}
	}
	return nearest.StreetID, nearest.DistrictID, nil
}

// load reads the reference points; a city without any is an error, which no cache keeps.
func (f *Finder) load(ctx context.Context) ([]Reference, error) {
	streets, err := f.DB.Street.Query().
		Select(street.FieldID, street.FieldDistrictID, street.FieldLat, street.FieldLng).
		All(viewer.AsSystem(ctx, "street reference points are public"))
	if err != nil {
		return nil, fmt.Errorf("load streets: %w", err)
	}
	if len(streets) == 0 {
		return nil, errors.New("the city has no streets: run `server seed`")
	}
	references := make([]Reference, len(streets))
	for i, s := range streets {
		references[i] = Reference{StreetID: s.ID, DistrictID: s.DistrictID, Point: geo.Point{Lat: s.Lat, Lng: s.Lng}}
	}
	return references, nil
}
