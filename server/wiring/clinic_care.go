package wiring

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"citygraph/internal/clinic/care"
	"citygraph/internal/edge"
	"citygraph/internal/household"
	"citygraph/internal/idempotency"
	"citygraph/internal/jobs"
)

// lookAfter opens the room of care at home and registers its job, which looks more often than others: somebody calls for help.
func (c *City) lookAfter(registry *jobs.Registry, rounds time.Duration) {
	c.Care = &care.Office{
		DB: c.DB, Store: c.Store, Clock: c.options.Clock, Events: c.bus, Hub: c.hub, Log: c.options.Log,
		Once:   idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: c.options.Clock},
		ForAny: c.register.ForAny, Told: c.register.Told, Rights: household.Topic,
		Admit: c.Accounts.Standing, Fail: edge.Fail, Pace: cmp.Or(c.options.HelpPace, care.Usual()),
	}
	if m := c.options.Metrics; m != nil {
		c.Care.Lost = func(_ context.Context, level int) { m.HelpUnanswered(strconv.Itoa(level)) }
	}
	jobs.Register(registry, func(ctx context.Context, _ jobs.Job[care.Round]) error { return c.Care.Escalate(ctx) })
	jobs.Every(registry, min(rounds, care.Every), care.Round{})
}
