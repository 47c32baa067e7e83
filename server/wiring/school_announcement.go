package wiring

import (
	"context"
	"time"

	"citygraph/internal/edge"
	"citygraph/internal/idempotency"
	"citygraph/internal/jobs"
	"citygraph/internal/reaction"
	"citygraph/internal/school/announcement"
)

// announce opens the room of school announcements and registers its jobs; the desk that writes inboxes stands.
func (c *City) announce(registry *jobs.Registry, rounds time.Duration) {
	c.Board = &announcement.Board{
		DB: c.DB, Store: c.Store, Clock: c.options.Clock, Events: c.bus, Hub: c.hub, For: c.register.For,
		Once:  idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: c.options.Clock},
		Admit: c.Accounts.Standing, Fail: edge.Fail, Attach: c.Attachments.GiveAnnouncement,
		Enqueue: func(ctx context.Context, args jobs.Args, options ...jobs.Option) error {
			return c.Queue.Enqueue(ctx, args, options...)
		},
	}
	jobs.Register(registry, func(ctx context.Context, job jobs.Job[announcement.Spread]) error {
		return c.Board.Plan(ctx, job.Args.AnnouncementID)
	})
	jobs.Register(registry, func(ctx context.Context, job jobs.Job[announcement.Batch]) error {
		return c.Board.Deliver(ctx, job.Args)
	})
	jobs.Register(registry, func(ctx context.Context, job jobs.Job[announcement.Chasing]) error {
		return c.Board.GoOn(ctx, job.Args)
	})
	jobs.Register(registry, func(ctx context.Context, _ jobs.Job[announcement.Round]) error { return c.Board.PublishDue(ctx) })
	jobs.Every(registry, min(rounds, announcement.Every), announcement.Round{})
	reaction.Announcements(c.bus, c.DB, c.desk, c.Board)
}
