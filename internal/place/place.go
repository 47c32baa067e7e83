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
	at := nearest(references, geo.Point{Lat: lat, Lng: lng})
	return at.StreetID, at.DistrictID, nil
}

// NearestAll returns for each of many WGS-84 points the street whose reference point is nearest, and its
// district. The reference points are read once for all of them.
func (f *Finder) NearestAll(ctx context.Context, points []geo.Point) (streetIDs, districtIDs []string, err error) {
	references, err := cache.Fetch(ctx, f.Cache, "place:streets", fresh, f.load)
	if err != nil {
		return nil, nil, err
	}
	streetIDs, districtIDs = make([]string, len(points)), make([]string, len(points))
	for i, p := range points {
		at := nearest(references, p)
		streetIDs[i], districtIDs[i] = at.StreetID, at.DistrictID
	}
	return streetIDs, districtIDs, nil
}

func nearest(references []Reference, at geo.Point) Reference {
	found, least := Reference{}, math.Inf(1)
	for _, r := range references {
		if d := geo.Distance(at, r.Point); d < least {
			found, least = r, d
		}
	}
	return found
}

// NearestIn returns the street of a district whose reference point is nearest to a WGS-84 point, and how
// many metres away that is; none for a district without streets.
func (f *Finder) NearestIn(ctx context.Context, districtID string, lat, lng float64) (streetID string, metres float64, err error) {
	references, err := cache.Fetch(ctx, f.Cache, "place:streets", fresh, f.load)
	if err != nil {
		return "", 0, err
	}
	at, metres := geo.Point{Lat: lat, Lng: lng}, math.Inf(1)
	for _, r := range references {
		if d := geo.Distance(at, r.Point); r.DistrictID == districtID && d < metres {
			streetID, metres = r.StreetID, d
		}
	}
	return streetID, metres, nil
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
