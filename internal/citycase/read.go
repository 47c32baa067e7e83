package citycase

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/casecategory"
	"citygraph/ent/db/citycase"
	"citygraph/internal/cache"
	"citygraph/internal/citycase/machine"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/viewer"
)

// ByID narrows a query to a case. A forged id is NOT_FOUND before any statement.
func ByID(q *db.CityCaseQuery, caseID string) (*db.CityCaseQuery, error) {
	if !id.Is(caseID, id.CityCase) {
		return nil, fault.New(fault.NotFound)
	}
	return q.Where(citycase.ID(caseID)), nil
}

// Mine narrows a query to the cases the viewer has reported. UNAUTHENTICATED for a visitor.
func Mine(ctx context.Context, q *db.CityCaseQuery) (*db.CityCaseQuery, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	return q.Where(citycase.ReporterID(v.PersonID)), nil
}

// Queue narrows a query to the cases of an officer's districts, in a status if one is given.
// UNAUTHENTICATED for a visitor, FORBIDDEN to anyone who is not a case officer.
func Queue(ctx context.Context, q *db.CityCaseQuery, status *machine.Status) (*db.CityCaseQuery, error) {
	v := viewer.From(ctx)
	switch {
	case !v.SignedIn():
		return nil, fault.New(fault.Unauthenticated)
	case !v.Has(viewer.CaseOfficer):
		return nil, fault.New(fault.Forbidden)
	}
	q.Where(citycase.DistrictIDIn(v.Organisations(viewer.CaseOfficer)...))
	if status != nil {
		q.Where(citycase.StatusEQ(*status))
	}
	return q, nil
}

// categoriesFresh is how long a change of the categories may take to be seen.
const categoriesFresh = 10 * time.Minute

// Categories lists the categories of a kind, or all, by code. Anyone may.
func (c *Cases) Categories(ctx context.Context, kind *casecategory.Kind) ([]*db.CaseCategory, error) {
	key := "categories:"
	if kind != nil {
		key += string(*kind)
	}
	return cache.Fetch(ctx, c.Cache, key, categoriesFresh, func(ctx context.Context) ([]*db.CaseCategory, error) {
		q := c.DB.CaseCategory.Query().Order(casecategory.ByID())
		if kind != nil {
			q.Where(casecategory.KindEQ(*kind))
		}
		return q.All(ctx)
	})
}
