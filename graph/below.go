package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"citygraph/ent/db"
	"citygraph/ent/db/casecategory"
	"citygraph/ent/db/citycase"
	"citygraph/ent/db/district"
	cases "citygraph/internal/citycase"
)

// collectable is what every ent query of a node offers.
type collectable[Q, T any] interface {
	CollectFields(ctx context.Context, satisfies ...string) (Q, error)
	All(ctx context.Context) ([]T, error)
}

// listed reads the rows of a query whose making may have failed, with what is asked of them.
func listed[Q collectable[Q, T], T any](ctx context.Context, q Q, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	if q, err = q.CollectFields(ctx); err != nil {
		return nil, err
	}
	return q.All(ctx)
}

// below reads the rows of a query that a field of the list being resolved shows, with what is asked of
// them there: one statement for the whole list. It reads nothing when the field is not asked for.
func below[Q collectable[Q, T], T any](ctx context.Context, q Q, typeName, field string) (rows []T, err error) {
	asked := false
	list := graphql.GetFieldContext(ctx).Field
	for _, f := range graphql.CollectFields(graphql.GetOperationContext(ctx), list.Selections, []string{typeName}) {
		if f.Name != field {
			continue
		}
		asked = true
		if q, err = q.CollectFields(graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: typeName, Field: f})); err != nil {
			return nil, err
		}
	}
	if !asked {
		return nil, nil
	}
	return q.All(ctx)
}

// mapView is a map view with the cases that stand alone in it.
func (r *Resolver) mapView(ctx context.Context, clusters []*cases.Cluster, err error) ([]*cases.Cluster, error) {
	ids := cases.Singles(clusters)
	if err != nil || len(ids) == 0 {
		return clusters, err
	}
	found, err := below(ctx, r.DB.CityCase.Query().Where(citycase.IDIn(ids...)), "CaseCluster", "cityCase")
	cases.Place(clusters, found)
	return clusters, err
}

// statistics are open statistics with the districts and categories they are of.
func (r *Resolver) statistics(ctx context.Context, stats []*cases.Stat, err error) ([]*cases.Stat, error) {
	if err != nil {
		return nil, err
	}
	districtIDs, categoryIDs := cases.StatIDs(stats)
	districts, categories := []*db.District(nil), []*db.CaseCategory(nil)
	if len(districtIDs) > 0 {
		if districts, err = below(ctx, r.DB.District.Query().Where(district.IDIn(districtIDs...)), "CaseStat", "district"); err != nil {
			return nil, err
		}
	}
	if len(categoryIDs) > 0 {
		if categories, err = below(ctx, r.DB.CaseCategory.Query().Where(casecategory.IDIn(categoryIDs...)), "CaseStat", "category"); err != nil {
			return nil, err
		}
	}
	cases.NameStats(stats, districts, categories)
	return stats, nil
}
