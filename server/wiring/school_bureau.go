package wiring

import (
	"context"

	"citygraph/internal/idempotency"
	"citygraph/internal/jobs"
	"citygraph/internal/reaction"
	"citygraph/internal/school/announcement"
	"citygraph/internal/school/attachment"
	"citygraph/internal/school/bureau"
)

// attach registers what attachments need; their room stands with the file store.
func (c *City) attach(registry *jobs.Registry) {
	jobs.Register(registry, func(ctx context.Context, _ jobs.Job[attachment.Round]) error { return c.Attachments.Sweep(ctx) })
	jobs.Every(registry, attachment.Every, attachment.Round{})
	reaction.Attachments(c.bus, c.DB, c.Attachments)
}

// passOn opens the room of what the bureau has schools say, over the announcements, and registers its jobs.
func (c *City) passOn(registry *jobs.Registry) {
	c.Bureau = &bureau.Office{
		DB: c.DB, Store: c.Store, Clock: c.options.Clock, Once: idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: c.options.Clock},
		Weigh: announcement.WeighNotice, Issue: c.Board.Issue, Withdraw: c.Board.Withdraw,
		Enqueue: func(ctx context.Context, args jobs.Args, options ...jobs.Option) error {
			return c.Queue.Enqueue(ctx, args, options...)
		},
	}
	jobs.Register(registry, func(ctx context.Context, job jobs.Job[bureau.Spread]) error { return c.Bureau.Plan(ctx, job.Args) })
	jobs.Register(registry, func(ctx context.Context, job jobs.Job[bureau.School]) error { return c.Bureau.PassOn(ctx, job.Args) })
	jobs.Register(registry, func(ctx context.Context, job jobs.Job[bureau.TakeBack]) error { return c.Bureau.GoOn(ctx, job.Args) })
}
