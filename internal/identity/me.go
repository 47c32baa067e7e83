package identity

import (
	"context"

	"citygraph/ent/db"
	"citygraph/ent/db/person"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// Me narrows a query to the viewer. UNAUTHENTICATED for a visitor.
func Me(ctx context.Context, q *db.PersonQuery) (*db.PersonQuery, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	return q.Where(person.ID(v.PersonID)), nil
}
