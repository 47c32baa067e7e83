// Package card reads the citizen card.
package card

import (
	"context"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	"citygraph/internal/fault"
	"citygraph/internal/viewer"
)

// Mine narrows a query to the viewer's own card. UNAUTHENTICATED for a visitor.
func Mine(ctx context.Context, q *db.CitizenCardQuery) (*db.CitizenCardQuery, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, fault.New(fault.Unauthenticated)
	}
	return q.Where(citizencard.PersonID(v.PersonID)), nil
}
