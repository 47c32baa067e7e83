package citycase

import (
	"context"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/casecategory"
	"citygraph/ent/db/citycase"
	"citygraph/internal/cache"
	"citygraph/internal/fault"
	"citygraph/internal/id"
	"citygraph/internal/scope"
	"citygraph/internal/viewer"
)

// ByID narrows a query to a case. A forged id is NOT_FOUND before any statement.
func ByID(q *db.CityCaseQuery, caseID string) (*db.CityCaseQuery, error) {
	if !id.Is(caseID, id.CityCase) {
		return nil, fault.New(fault.NotFound)
	}
	return q.Where(citycase.ID(caseID)), nil
}

// Mine narrows a query to the cases the viewer has reported, or those of a person they have CASE for.
// UNAUTHENTICATED for a visitor, DELEGATION_SCOPE for anybody else's.
func (c *Cases) Mine(ctx context.Context, q *db.CityCaseQuery, personID *string) (*db.CityCaseQuery, error) {
	ctx, err := c.For(ctx, personID, scope.Case)
	if err != nil {
		return nil, fault.From(err).At("person")
	}
	return q.Where(citycase.ReporterID(viewer.From(ctx).Subject())), nil
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
