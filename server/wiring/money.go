package wiring

import (
	"cmp"
	"context"
	"errors"
	"time"

	"citygraph/internal/card"
	"citygraph/internal/consent/terms"
	"citygraph/internal/credit"
	"citygraph/internal/idempotency"
	"citygraph/internal/jobs"
	"citygraph/internal/ledger"
	"citygraph/internal/payment"
	"citygraph/internal/payment/reconcile"
	"citygraph/internal/payment/sandbox"
	"citygraph/internal/payment/wechatpay"
	"citygraph/internal/transit"
)

// verifyAt is when the whole book is verified.
var verifyAt = jobs.Daily{Hour: 3}

// reconcileAt is when yesterday is reconciled: providers have the records of a day ready by ten the next morning.
var reconcileAt = jobs.Daily{Hour: 11}

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

// issueCards opens the room of the cards.
func (c *City) issueCards() {
	caps := c.options.CardCaps
	c.cards = &card.Cards{
		DB: c.DB, Store: c.Store, Clock: c.options.Clock, Book: c.Book, Events: c.bus, For: c.register.For,
		Once: idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: c.options.Clock},
		Caps: card.Caps{Named: cmp.Or(caps.Named, 5_000_00), Anonymous: cmp.Or(caps.Anonymous, 1_000_00)},
	}
}

// lend opens the room of credit lines and registers its job.
func (c *City) lend(registry *jobs.Registry, rounds time.Duration) {
	o := c.options.Credit
	c.Credit = &credit.Lines{
		DB: c.DB, Store: c.Store, Clock: c.options.Clock, Events: c.bus, Book: c.Book,
		Once: idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: c.options.Clock},
		Cap:  cmp.Or(o.Cap, 3_000_00), Days: cmp.Or(o.Days, 30), Notice: cmp.Or(o.Notice, 3),
		// The room of consents stands before anybody can ask.
		Agreed: func(ctx context.Context, personID string) (bool, error) {
			return c.consents.Given(ctx, personID, terms.CreditRecord)
		},
		Age: c.Records.Age,
	}
	jobs.Register(registry, func(ctx context.Context, _ jobs.Job[credit.Round]) error { return c.Credit.Collect(ctx) })
	jobs.Every(registry, rounds, credit.Round{})
}

// takePayments opens the room of topping up and registers its jobs. WeChat Pay, where there is an account, is the usual provider.
func (c *City) takePayments(registry *jobs.Registry, rounds time.Duration) error {
	providers := make([]payment.Provider, len(c.options.Payments))
	for i, p := range c.options.Payments {
		if s, ok := p.(sandbox.Provider); ok {
			p = s.In(c.DB)
		}
		providers[i] = p
	}
	var merchant *wechatpay.Provider
	if c.options.WechatPay != nil {
		o := *c.options.WechatPay
		o.OpenID, o.Clock, o.Log = c.Accounts.OpenID, c.options.Clock, c.options.Log
		var err error
		if merchant, err = wechatpay.New(o); err != nil {
			return err
		}
		providers = append([]payment.Provider{merchant}, providers...)
	}
	c.TopUps = &payment.TopUps{
		DB: c.DB, Store: c.Store, Clock: c.options.Clock, Book: c.Book, Log: c.options.Log, Events: c.bus,
		Once:      idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: c.options.Clock},
		Providers: providers, Most: cmp.Or(c.options.TopUpMost, 1_000_00), Life: cmp.Or(c.options.TopUpLife, 30*time.Minute),
		// The queue stands before anybody can ask.
		Soon: func(ctx context.Context, topUpID string) error {
			return c.Queue.Enqueue(ctx, payment.Follow{TopUpID: topUpID})
		},
	}
	jobs.Register(registry, func(ctx context.Context, job jobs.Job[payment.Follow]) error {
		return c.TopUps.Follow(ctx, job.Args.TopUpID)
	})
	jobs.Register(registry, func(ctx context.Context, _ jobs.Job[payment.Round]) error { return c.TopUps.FollowDue(ctx) })
	jobs.Every(registry, rounds, payment.Round{})
	if merchant != nil {
		c.PayNotices = merchant.Notices(c.TopUps)
	}
	c.reconcile(registry, providers)
	return nil
}

// letRide opens the room of rides and registers its job.
func (c *City) letRide(registry *jobs.Registry) {
	o := c.options
	c.Transit = &transit.Office{
		DB: c.DB, Store: c.Store, Clock: o.Clock, Events: c.bus, Book: c.Book, Ring: o.PayCodes, For: c.register.For,
		Once:  idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: o.Clock},
		Terms: cmp.Or(o.TransitTerms, transit.DefaultTerms()),
		Soon:  func(ctx context.Context, r transit.Recovery) error { return c.Queue.Enqueue(ctx, r) },
	}
	jobs.Register(registry, func(ctx context.Context, job jobs.Job[transit.Recovery]) error {
		_, err := c.Transit.Recover(ctx, job.Args.PersonID)
		return err
	})
}

// reconcile opens the room that compares providers' records with the book, and has it done each day for those that offer them.
func (c *City) reconcile(registry *jobs.Registry, providers []payment.Provider) {
	c.Bills = &reconcile.Desk{Store: c.Store}
	var recorders []payment.Recorder
	for _, p := range providers {
		if r, ok := p.(payment.Recorder); ok {
			recorders = append(recorders, r)
		}
	}
	if len(recorders) == 0 {
		return
	}
	count := func(string, string, int64) {}
	if m := c.options.Metrics; m != nil {
		count = m.ReconciliationDifferences
	}
	jobs.Register(registry, func(ctx context.Context, _ jobs.Job[reconcile.Night]) error {
		var errs []error
		for _, r := range recorders {
			errs = append(errs, c.Bills.Watch(ctx, r, c.options.Clock.Now(), c.options.Log, count))
		}
		return errors.Join(errs...)
	})
	jobs.Nightly(registry, reconcileAt, reconcile.Night{})
}
