package wiring

import (
	"context"
	"time"

	"citygraph/internal/clinic/booking"
	"citygraph/internal/edge"
	"citygraph/internal/idempotency"
	"citygraph/internal/jobs"
	"citygraph/internal/reaction"
)

// takeBookings opens the room of booking and registers its job. The desk that tells of it stands already.
func (c *City) takeBookings(registry *jobs.Registry, rounds time.Duration) {
	terms := c.options.Booking
	if terms == (booking.Terms{}) {
		terms = booking.DefaultTerms
	}
	c.Booking = &booking.Office{
		DB: c.DB, Store: c.Store, Clock: c.options.Clock, Events: c.bus, Log: c.options.Log, Terms: terms,
		Once: idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: c.options.Clock},
		For:  c.register.For, ActsFor: c.register.ActsFor,
		Hub: c.hub, Admit: c.Accounts.Standing, Fail: edge.Fail,
	}
	jobs.Register(registry, func(ctx context.Context, _ jobs.Job[booking.Round]) error { return c.Booking.Tend(ctx) })
	jobs.Every(registry, rounds, booking.Round{})
	reaction.Booking(c.bus, c.desk, c.register, c.Booking)
}
