// Package wiring puts the rooms together into one running city.
package wiring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"citygraph/ent/db"
	"citygraph/ent/db/deliveryattempt"
	_ "citygraph/ent/db/runtime" // the row rules
	"citygraph/ent/migrations"
	"citygraph/internal/alert"
	"citygraph/internal/blobstore"
	"citygraph/internal/cache"
	"citygraph/internal/card"
	"citygraph/internal/casephoto"
	"citygraph/internal/citycase"
	"citygraph/internal/clinic/billing"
	"citygraph/internal/clinic/booking"
	"citygraph/internal/clinic/care"
	"citygraph/internal/clinic/day"
	"citygraph/internal/clinic/record"
	"citygraph/internal/clock"
	"citygraph/internal/consent"
	"citygraph/internal/credit"
	"citygraph/internal/dataexport"
	"citygraph/internal/delivery"
	"citygraph/internal/edge"
	"citygraph/internal/event"
	"citygraph/internal/firebase"
	"citygraph/internal/grant"
	"citygraph/internal/household"
	"citygraph/internal/idempotency"
	"citygraph/internal/identity"
	"citygraph/internal/insurance"
	"citygraph/internal/jobs"
	"citygraph/internal/ledger"
	"citygraph/internal/live"
	"citygraph/internal/notice"
	"citygraph/internal/payment"
	"citygraph/internal/payment/reconcile"
	"citygraph/internal/personal"
	"citygraph/internal/push"
	"citygraph/internal/ratelimit"
	"citygraph/internal/reaction"
	"citygraph/internal/redisx"
	"citygraph/internal/school/announcement"
	"citygraph/internal/school/attachment"
	"citygraph/internal/school/attendance"
	"citygraph/internal/school/bureau"
	"citygraph/internal/school/leave"
	"citygraph/internal/school/roster"
	"citygraph/internal/school/thread"
	"citygraph/internal/school/timetabling"
	"citygraph/internal/store"
	"citygraph/internal/transit"
	"citygraph/internal/wechat"
)

// City is one replica: everything a process serves and works.
type City struct {
	Store    *store.Store
	DB       *db.Client
	Queue    *jobs.Queue
	Courier  *delivery.Courier
	Grants   *grant.Grants
	Edge     *edge.Handler
	Accounts *identity.Accounts
	Records  *personal.Records
	Exports  *dataexport.Exports
	Photos   *casephoto.Photos
	Files    *blobstore.Files   // below blobstore.Root
	Uploads  *blobstore.Uploads // below blobstore.Inbox
	Cases    *citycase.Cases
	Book     *ledger.Book
	TopUps   *payment.TopUps
	Bills    *reconcile.Desk // compares the book with payment providers
	Transit  *transit.Office
	Rides    http.Handler // at transit.Path
	Credit   *credit.Lines
	Day      *day.Day
	// ClinicBills are what visits cost; Bills, what providers of payments say.
	ClinicBills *billing.Desk
	Care        *care.Office
	Booking     *booking.Office
	Open311     http.Handler // below Open311Root
	KeySet      http.Handler // at paycode.WellKnown
	Rosters     *roster.Office
	Board       *announcement.Board
	Attachments *attachment.Room
	Bureau      *bureau.Office
	Talk        *thread.Talk
	Attendance  *attendance.Book
	Leave       *leave.Desk
	Planner     *timetabling.Planner
	// PayNotices is at wechatpay.NotifyPath; nil without an account at WeChat Pay.
	PayNotices http.Handler

	Alerts *alert.Alerts

	options   Options
	register  *household.Register
	blobs     *blobstore.Store
	redis     *redisx.Client
	cache     *cache.Cache
	hub       *live.Hub
	bus       *event.Bus
	desk      *notice.Desk
	cards     *card.Cards
	consents  *consent.Consents
	archive   *record.Archive
	insurance *insurance.Accounts
	verifier  *firebase.Verifier
	wechat    wechat.API // nil where WeChat is turned off
	followers *reaction.Followers
}

// Open connects the city to its database and its Redis and puts the rooms together. It changes no
// schema and works no job; see Migrate and Start.
func Open(ctx context.Context, o Options) (_ *City, err error) {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if err := Unruled(db.Policies()); err != nil {
		return nil, err
	}
	c := &City{options: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if c.Store, err = store.Open(ctx, c.databaseOptions()); err != nil {
		return nil, err
	}
	c.DB = db.NewClient(db.Driver(c.Store.Driver()))
	if c.redis, err = redisx.Open(o.RedisURL, o.Log, o.Redis...); err != nil {
		return nil, err
	}
	c.cache = cache.New(c.redis, o.Clock, cacheSize)
	c.hub = live.NewHub(c.redis)
	c.bus = event.New()
	c.Records = &personal.Records{DB: c.DB, Store: c.Store, Vault: o.Vault}
	if err := c.keepFiles(ctx); err != nil {
		return nil, err
	}
	if err := c.signIn(); err != nil {
		return nil, err
	}
	c.register = &household.Register{
		DB: c.DB, Store: c.Store, Clock: o.Clock, Events: c.bus, Hub: c.hub, Records: c.Records,
		Once:  idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: o.Clock},
		Joint: o.JointConsent, Limit: c.Accounts.Limit,
	}
	c.enrol()
	if err := c.work(); err != nil {
		return nil, err
	}
	if err := c.serve(); err != nil {
		return nil, err
	}
	return c, nil
}

// cacheSize is how many values a replica keeps in process.
const cacheSize = 10_000

// Migrate brings the database to this version.
func (c *City) Migrate(ctx context.Context) error {
	return store.Migrate(ctx, c.Store, migrations.Files)
}

// Migrated fails while the database lacks a migration of this version.
func (c *City) Migrated(ctx context.Context) error {
	pending, err := store.Pending(ctx, c.Store, migrations.Files)
	if err == nil && pending > 0 {
		err = fmt.Errorf("%d migrations are pending: run `server migrate`", pending)
	}
	return err
}

// Start works jobs until Stop or Close.
func (c *City) Start(ctx context.Context) error { return c.Queue.Start(ctx) }

// Close releases everything. Requests and jobs must have ended; see edge.Handler.Shutdown and
// jobs.Queue.Stop.
func (c *City) Close() error {
	var errs []error
	if c.verifier != nil {
		c.verifier.Close()
	}
	if c.hub != nil {
		c.hub.Close()
	}
	if c.redis != nil {
		errs = append(errs, c.redis.Close())
	}
	if c.blobs != nil {
		errs = append(errs, c.blobs.Close())
	}
	if c.Store != nil {
		errs = append(errs, c.Store.Close())
	}
	return errors.Join(errs...)
}

// signIn opens the ways of signing in.
func (c *City) signIn() error {
	o := c.options
	signInLimit, err := c.limiter(ratelimit.SignIn())
	if err != nil {
		return err
	}
	c.Accounts = &identity.Accounts{
		DB: c.DB, Store: c.Store, Clock: o.Clock, Cache: c.cache, Hub: c.hub, Development: o.Development,
		Events: c.bus, Records: c.Records, Verifier: o.Verifier,
		Once: idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: o.Clock}, Grace: o.Grace,
		Mint:  identity.Mint{Key: o.SigningKey, Clock: o.Clock, AccessTTL: o.AccessTTL, RefreshTTL: o.RefreshTTL},
		Limit: limitByAddress(signInLimit),
	}
	if o.Firebase != nil {
		if c.verifier, err = firebase.New(*o.Firebase); err != nil {
			return err
		}
		c.Accounts.FirebaseUser = c.verifier.Verify
	}
	if o.FirebaseAccounts != nil {
		directory, err := firebase.NewDirectory(context.Background(), *o.FirebaseAccounts)
		if err != nil {
			return err
		}
		c.Accounts.FirebaseStanding = telling(o.Log, directory.Standing)
	}
	api := o.WechatAPI
	if api == nil && o.Wechat != nil {
		w := *o.Wechat
		w.Tokens = cache.NewTokens(c.redis, o.Clock)
		if api, err = wechat.New(w); err != nil {
			return err
		}
	}
	if api != nil {
		c.wechat = api
		c.Accounts.WechatUser = func(ctx context.Context, code string) (string, error) {
			s, err := api.CodeToSession(ctx, code)
			return s.OpenID, err
		}
	}
	return nil
}

// fadeEvery is how long a birthday may take to be noticed.
const fadeEvery = 6 * time.Hour

// telling logs that Firebase does not answer, at most once a minute.
func telling(log zerolog.Logger, ask func(context.Context, string) (firebase.Standing, error)) func(context.Context, string) (firebase.Standing, error) {
	quiet := log.Sample(&zerolog.BurstSampler{Burst: 1, Period: time.Minute})
	return func(ctx context.Context, uid string) (firebase.Standing, error) {
		standing, err := ask(ctx, uid)
		if err != nil {
			quiet.Warn().Err(err).Msg("firebase accounts: cannot be looked up; no sign-in succeeds, and only young bearer tokens are believed")
		}
		return standing, err
	}
}

// work registers the workers of every kind of job.
func (c *City) work() (err error) {
	registry := jobs.NewRegistry()
	c.grants()
	c.Courier = &delivery.Courier{
		DB: c.DB, Store: c.Store, Clock: c.options.Clock, Pool: push.NewPool(c.options.Places, 0),
		Channels: c.channels(), Templates: c.options.WechatTemplates, Grants: c.Grants,
		Phone: c.Records.Phone,
	}
	options := jobs.Options{
		Queues: map[string]int{jobs.DefaultQueue: 16, delivery.Queue: delivery.Workers},
		Clock:  c.options.Clock, Log: c.options.Log,
	}
	if m := c.options.Metrics; m != nil {
		c.Courier.Observe, c.Courier.GivenUp = m.Push, m.DeadLetter
		options.Observe = func(_ context.Context, o jobs.Outcome) { m.Job(o.Kind, string(o.Result), o.Ran) }
	}
	jobs.Register(registry, c.Courier.Work)
	jobs.Register(registry, c.Courier.Resend)
	jobs.Register(registry, c.Courier.Prune)
	jobs.Every(registry, delivery.SilentEvery, delivery.Silent{})
	jobs.Register(registry, c.Exports.Work)
	jobs.Register(registry, func(ctx context.Context, _ jobs.Job[household.Round]) error {
		_, err := c.register.Fade(ctx)
		return err
	})
	jobs.Every(registry, fadeEvery, household.Round{})
	rounds := cmp.Or(c.options.Rounds, time.Minute)
	jobs.Register(registry, func(ctx context.Context, _ jobs.Job[identity.Round]) error { return c.Accounts.EndDue(ctx) })
	jobs.Every(registry, rounds, identity.Round{})
	jobs.Register(registry, func(ctx context.Context, _ jobs.Job[dataexport.Round]) error { return c.Exports.Sweep(ctx) })
	jobs.Every(registry, rounds, dataexport.Round{})
	jobs.Register(registry, func(ctx context.Context, _ jobs.Job[casephoto.Round]) error { return c.Photos.Sweep(ctx) })
	jobs.Every(registry, casephoto.Every, casephoto.Round{})
	// No job runs before Start, and by then the rooms stand.
	jobs.Register(registry, func(ctx context.Context, job jobs.Job[reaction.Follow]) error { return c.followers.Work(ctx, job) })
	jobs.Register(registry, func(ctx context.Context, _ jobs.Job[citycase.Escalation]) error {
		_, err := c.Cases.Escalate(ctx)
		return err
	})
	jobs.Every(registry, rounds, citycase.Escalation{})
	c.keepBook(registry, rounds)
	c.issueCards()
	if err := c.takePayments(registry, rounds); err != nil {
		return err
	}
	c.letRide(registry)
	c.lend(registry, rounds)
	c.settleBills(registry, rounds)
	c.lookAfter(registry, rounds)
	c.tell(registry)
	c.openDays(registry)
	c.takeBookings(registry, rounds)
	c.announce(registry, rounds)
	c.attach(registry)
	c.passOn(registry)
	c.converse()
	c.keepSchoolLife()
	c.Queue, err = jobs.New(c.Store, registry, options)
	if err != nil {
		return err
	}
	c.Courier.Jobs, c.Courier.DeadJobs = c.Queue, c.Queue.Dead
	return nil
}

// grants opens the room of what people allow to be sent in WeChat.
func (c *City) grants() {
	c.Grants = &grant.Grants{
		DB: c.DB, Store: c.Store, Clock: c.options.Clock,
		Once: idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: c.options.Clock},
	}
	for _, template := range c.options.WechatTemplates {
		c.Grants.Templates = append(c.Grants.Templates, template.ID)
	}
}

// channels are the ways to a phone that this city has.
func (c *City) channels() map[deliveryattempt.Channel]push.Channel {
	all := map[deliveryattempt.Channel]push.Channel{deliveryattempt.ChannelFcm: c.options.Push}
	if c.wechat != nil && len(c.options.WechatTemplates) > 0 {
		all[deliveryattempt.ChannelWechat] = &push.Wechat{API: c.wechat, Clock: c.options.Clock}
	}
	if c.options.SMS != nil {
		all[deliveryattempt.ChannelSms] = c.options.SMS
	}
	if c.options.Aside != nil {
		for name, channel := range all {
			all[name] = c.options.Aside(channel)
		}
	}
	if all[deliveryattempt.ChannelFcm] == nil {
		all[deliveryattempt.ChannelFcm] = noChannel{}
	}
	return all
}

// noChannel stands where no push channel is configured: a notice stays in the inbox alone.
type noChannel struct{}

func (noChannel) Send(context.Context, push.Message) push.Result {
	return push.Result{Outcome: push.Rejected, Code: "NO_CHANNEL"}
}

func (c *City) databaseOptions() store.Options {
	o := c.options.Database
	o.Log = c.options.Log
	o.Observe = func(ctx context.Context, kind store.Kind, took time.Duration) {
		traceStatement(ctx, kind, took)
		if m := c.options.Metrics; m != nil {
			m.Statement(string(kind), took)
		}
	}
	return o
}
