package wiring

import (
	"cmp"
	"context"
	"time"

	"citygraph/internal/blobstore"
	"citygraph/internal/clinic/billing"
	"citygraph/internal/idempotency"
	"citygraph/internal/insurance"
	"citygraph/internal/jobs"
)

// settleBills opens the room of clinics' bills and registers its jobs. It follows the room of credit lines.
func (c *City) settleBills(registry *jobs.Registry, rounds time.Duration) {
	o := c.options
	c.insurance = insurance.New(o.Insurance, cmp.Or(o.InsurancePatience, 300*time.Millisecond), o.Log)
	c.ClinicBills = &billing.Desk{
		DB: c.DB, Store: c.Store, Clock: o.Clock, Events: c.bus, Book: c.Book, Records: c.Records, Insurance: c.insurance,
		Once:  idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: o.Clock},
		Files: c.blobs, Links: blobstore.Links{Key: o.LinkKey, Base: o.Base, Clock: o.Clock},
		DueDays: cmp.Or(o.BillDueDays, 7), Lender: c.Credit.Lender, For: c.register.For,
		ActsFor: c.register.ActsFor,
		// The queue stands before anybody can ask.
		Claim:  func(ctx context.Context, job billing.Claim) error { return c.Queue.Enqueue(ctx, job) },
		Cancel: func(ctx context.Context, job billing.Cancel) error { return c.Queue.Enqueue(ctx, job) },
		Print:  func(ctx context.Context, job billing.Print) error { return c.Queue.Enqueue(ctx, job) },
		Shred:  func(ctx context.Context, job billing.Shred) error { return c.Queue.Enqueue(ctx, job) },
	}
	jobs.Register(registry, func(ctx context.Context, job jobs.Job[billing.Claim]) error {
		return c.ClinicBills.Settle(ctx, job.Args)
	})
	jobs.Register(registry, func(ctx context.Context, job jobs.Job[billing.Cancel]) error {
		return c.ClinicBills.CancelClaim(ctx, job.Args)
	})
	jobs.Register(registry, func(ctx context.Context, job jobs.Job[billing.Print]) error {
		return c.ClinicBills.PrintReceipt(ctx, job.Args)
	})
	jobs.Register(registry, func(ctx context.Context, job jobs.Job[billing.Shred]) error {
		return c.ClinicBills.ShredReceipts(ctx, job.Args)
	})
	jobs.Register(registry, func(ctx context.Context, _ jobs.Job[billing.Round]) error { return c.ClinicBills.Collect(ctx) })
	jobs.Every(registry, rounds, billing.Round{})
}

// receipt hands out the file of a receipt. The room of bills stands before anybody can ask.
func (c *City) receipt(ctx context.Context, name string) (*blobstore.File, error) {
	return c.ClinicBills.Download(ctx, name)
}
