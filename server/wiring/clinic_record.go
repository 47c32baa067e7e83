package wiring

import (
	"cmp"
	"context"

	"citygraph/internal/clinic/record"
	"citygraph/internal/idempotency"
	"citygraph/internal/reaction"
	"citygraph/internal/scope"
)

// keepRecords opens the room of health records.
func (c *City) keepRecords() {
	c.archive = &record.Archive{
		DB: c.DB, Store: c.Store, Clock: c.options.Clock, Events: c.bus, People: c.Records,
		Once: idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: c.options.Clock},
		Days: cmp.Or(c.options.RecordDays, 7), For: c.register.For, Guards: c.register.Guards,
		Children: func(ctx context.Context) ([]string, error) { return c.register.Children(ctx, scope.School) },
	}
	reaction.Records(c.bus, c.DB, c.desk, c.register, c.archive)
}
