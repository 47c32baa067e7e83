package graph

import (
	"context"

	"citygraph/ent/db"
	"citygraph/internal/clinic/billing"
)

// billPage has the lines of a page of bills opened together, if anybody asks for them.
func billPage(ctx context.Context, page *db.BillConnection, err error) (*db.BillConnection, error) {
	if err != nil {
		return nil, err
	}
	bills := make([]*db.Bill, 0, len(page.Edges))
	for _, e := range page.Edges {
		bills = append(bills, e.Node)
	}
	billing.Together(ctx, bills)
	return page, nil
}
