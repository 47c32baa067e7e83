package wiring

import (
	"cmp"
	"context"
	"time"

	"citygraph/internal/clinic/day"
	"citygraph/internal/edge"
	"citygraph/internal/idempotency"
	"citygraph/internal/jobs"
	"citygraph/internal/reaction"
)

// openDays opens the room of the day at a clinic, and registers its job.
func (c *City) openDays(registry *jobs.Registry) {
	o := c.options
	c.Day = &day.Day{
		DB: c.DB, Store: c.Store, Clock: o.Clock, Events: c.bus, Once: idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: o.Clock},
		Key: o.CheckInKey, Rules: cmp.Or(o.ClinicDay, day.DefaultRules()),
		For: c.register.For, ActsFor: c.register.ActsFor, Age: c.Records.Age,
		Window: func(now time.Time) (from, before time.Time) { return c.Booking.Terms.Window(now) },
		Soon:   func(ctx context.Context, rest day.Rest) error { return c.Queue.Enqueue(ctx, rest) },
		Hub:    c.hub, Admit: c.Accounts.Standing, Fail: edge.Fail,
	}
	jobs.Register(registry, func(ctx context.Context, job jobs.Job[day.Rest]) error { return c.Day.GoOn(ctx, job.Args) })
	reaction.ClinicDays(c.bus, c.desk, c.register, c.Day)
}
