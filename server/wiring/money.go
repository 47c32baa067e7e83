package wiring

import (
	"context"
	"time"

	"citygraph/internal/jobs"
	"citygraph/internal/ledger"
)

// verifyAt is when the whole book is verified.
var verifyAt = jobs.Daily{Hour: 3}

// keepBook opens the ledger and registers its jobs.
func (c *City) keepBook(registry *jobs.Registry, rounds time.Duration) {
	c.Book = &ledger.Book{DB: c.DB, Store: c.Store, Clock: c.options.Clock}
	jobs.Register(registry, func(ctx context.Context, _ jobs.Job[ledger.Round]) error {
		_, err := c.Book.TimeOut(ctx)
		return err
	})
	jobs.Every(registry, rounds, ledger.Round{})
	count := func(string, int) {}
	if m := c.options.Metrics; m != nil {
		count = m.LedgerViolations
	}
	jobs.Register(registry, func(ctx context.Context, _ jobs.Job[ledger.Night]) error {
		return c.Book.Watch(ctx, c.options.Log, count)
	})
	jobs.Nightly(registry, verifyAt, ledger.Night{})
}
