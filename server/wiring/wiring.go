// Package wiring puts the rooms together into one running city.
package wiring

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"citygraph/ent/db"
	_ "citygraph/ent/db/runtime" // the row rules
	"citygraph/ent/migrations"
	"citygraph/internal/cache"
	"citygraph/internal/clock"
	"citygraph/internal/delivery"
	"citygraph/internal/edge"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/firebase"
	"citygraph/internal/identity"
	"citygraph/internal/jobs"
	"citygraph/internal/live"
	"citygraph/internal/observe"
	"citygraph/internal/personal"
	"citygraph/internal/push"
	"citygraph/internal/ratelimit"
	"citygraph/internal/redisx"
	"citygraph/internal/store"
	"citygraph/internal/vault"
	"citygraph/internal/wechat"
)

// Options say what a city is made of. Zero values leave a part out or take its default.
type Options struct {
	Database store.Options
	RedisURL string          // empty keeps cache, limits and wake-ups in process
	Redis    []redisx.Option // how to connect there: its defaults are for production

	SigningKey []byte // of sessions, 32 bytes or more
	CursorKey  []byte // of page cursors
	AccessTTL  time.Duration
	RefreshTTL time.Duration
	Vault      *vault.Vault // seals personal data

	Firebase  *firebase.Options // nil turns Firebase sign-in off
	Wechat    *wechat.Options   // nil turns WeChat sign-in off; its token cache is wired here
	WechatAPI wechat.API        // used instead of Wechat when set
	Push      push.Sender       // nil turns push off
	Verifier  identity.Verifier // nil turns real-name binding off

	Development   bool // sign in as the cast
	Introspection bool // run any document, and answer schema queries
	Unlimited     bool // no rate limits: for benchmarks and load tests
	Origins       []string
	Documents     edge.Documents
	Address       func(*http.Request) string
	Limits        edge.Limits

	Clock   clock.Clock
	Log     zerolog.Logger
	Metrics *observe.Metrics // may be nil
}

// City is one replica: everything a process serves and works.
type City struct {
	Store    *store.Store
	DB       *db.Client
	Queue    *jobs.Queue
	Edge     *edge.Handler
	Accounts *identity.Accounts
	Records  *personal.Records

	options  Options
	redis    *redisx.Client
	cache    *cache.Cache
	hub      *live.Hub
	bus      *event.Bus
	verifier *firebase.Verifier
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
	if err := c.signIn(); err != nil {
		return nil, err
	}
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
		Mint:  identity.Mint{Key: o.SigningKey, Clock: o.Clock, AccessTTL: o.AccessTTL, RefreshTTL: o.RefreshTTL},
		Limit: limitByAddress(signInLimit),
	}
	if o.Firebase != nil {
		if c.verifier, err = firebase.New(*o.Firebase); err != nil {
			return err
		}
		c.Accounts.FirebaseUser = func(ctx context.Context, idToken string) (string, time.Time, error) {
			claims, err := c.verifier.Verify(ctx, idToken)
			return claims.UID, claims.ExpiresAt, err
		}
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
		c.Accounts.WechatUser = func(ctx context.Context, code string) (string, error) {
			s, err := api.CodeToSession(ctx, code)
			return s.OpenID, err
		}
	}
	return nil
}

// work registers the workers of every kind of job.
func (c *City) work() (err error) {
	registry := jobs.NewRegistry()
	courier := &delivery.Courier{DB: c.DB, Clock: c.options.Clock, Pool: push.Pool{Sender: c.options.Push}}
	if c.options.Push == nil {
		courier.Pool.Sender = noChannel{}
	}
	options := jobs.Options{Clock: c.options.Clock, Log: c.options.Log}
	if m := c.options.Metrics; m != nil {
		courier.Observe = m.Push
		options.Observe = func(_ context.Context, o jobs.Outcome) { m.Job(o.Kind, string(o.Result), o.Ran) }
	}
	jobs.Register(registry, courier.Work)
	c.Queue, err = jobs.New(c.Store, registry, options)
	return err
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

func (c *City) limiter(rule ratelimit.Rule) (edge.Limiter, error) {
	if c.options.Unlimited {
		return nil, nil //nolint:nilnil // no limiter is no limit
	}
	return ratelimit.New(c.redis, c.options.Clock, rule)
}

// limitByAddress holds callers of a verb to a limit by their network address.
func limitByAddress(l edge.Limiter) func(context.Context) error {
	return func(ctx context.Context) error {
		address := edge.AddressFrom(ctx)
		if l == nil || address == "" {
			return nil
		}
		if wait, ok := l.Take(ctx, []string{address}, 1); !ok {
			return fault.New(fault.RateLimited).After(wait)
		}
		return nil
	}
}
