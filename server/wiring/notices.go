package wiring

import (
	"context"

	"citygraph/internal/alert"
	"citygraph/internal/delivery"
	"citygraph/internal/edge"
	"citygraph/internal/idempotency"
	"citygraph/internal/jobs"
	"citygraph/internal/notice"
	"citygraph/internal/reaction"
)

// tell opens the desk that writes inboxes and the room of alerts, and registers their jobs.
func (c *City) tell(registry *jobs.Registry) {
	c.desk = &notice.Desk{
		DB: c.DB, Store: c.Store, Clock: c.options.Clock, Hub: c.hub, Admit: c.Accounts.Standing, Fail: edge.Fail,
		Enqueue: func(ctx context.Context, args jobs.Args, options ...jobs.Option) error {
			return c.Queue.Enqueue(ctx, args, options...)
		},
		Deliver: func(ctx context.Context, notificationIDs []string) error {
			return delivery.Enqueue(ctx, c.Queue, notificationIDs...)
		},
	}
	jobs.Register(registry, c.desk.EndSnooze)
	jobs.Register(registry, c.desk.Plan)
	jobs.Register(registry, c.desk.Spell)
	c.Alerts = &alert.Alerts{
		DB: c.DB, Store: c.Store, Clock: c.options.Clock, Events: c.bus, Hub: c.hub, Fail: edge.Fail,
		Once: idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: c.options.Clock},
	}
	tellFollowers := func(ctx context.Context, f reaction.Follow) error { return c.Queue.Enqueue(ctx, f) }
	c.followers = &reaction.Followers{DB: c.DB, Store: c.Store, Desk: c.desk, Enqueue: tellFollowers}
	reaction.CityCases(c.bus, c.DB, c.desk, c.register, tellFollowers)
	reaction.Cards(c.bus, c.desk, c.cards)
	reaction.Households(c.bus, c.desk, c.register)
	reaction.Accounts(c.bus, c.DB, c.desk, c.Exports, c.Photos)
	reaction.Alerts(c.bus, c.desk)
	reaction.Charges(c.bus, c.desk)
	reaction.TopUps(c.bus, c.desk)
	reaction.Rides(c.bus, c.desk, c.Transit)
	reaction.Credit(c.bus, c.desk, c.Credit)
	reaction.Bills(c.bus, c.desk, c.register, c.Credit, c.ClinicBills)
	reaction.Care(c.bus, c.desk, c.register, c.Care)
}
