package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"citygraph/internal/blobstore"
	"citygraph/internal/clock"
	"citygraph/internal/httpserver"
	"citygraph/internal/observe"
	"citygraph/internal/paycode"
	"citygraph/internal/payment/wechatpay"
	"citygraph/internal/push"
	"citygraph/internal/requestid"
	"citygraph/internal/seed"
	"citygraph/internal/transit"
	contracts "citygraph/mobile-contracts"
	"citygraph/server/graphiql"
	"citygraph/server/wiring"
)

// process is one replica with everything it serves.
type process struct {
	cfg     Config
	log     zerolog.Logger
	metrics *observe.Metrics
	health  *observe.Health
	tracing *observe.Tracing
	city    *wiring.City
	outbox  *push.Outbox
}

// serve runs a replica until ctx ends.
func serve(ctx context.Context, cfg Config, out io.Writer) error {
	p, err := start(ctx, cfg, out)
	if err != nil {
		return err
	}
	listeners, err := p.listen()
	if err != nil {
		return errors.Join(err, p.city.Close())
	}
	if err := p.city.Start(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(err, p.city.Close())
	}
	if !cfg.IsProduction() {
		welcome(out, listeners[0].Net.Addr())
	}
	p.log.Info().Str("addr", listeners[0].Net.Addr().String()).Msg("serving")
	return httpserver.Life{
		Listeners: listeners, NotReady: p.health.Drain, Delay: cfg.HTTP.DrainDelay, Timeout: cfg.HTTP.Shutdown, Log: p.log,
		Drain: []httpserver.Hook{{Name: "streams", Run: p.city.Edge.Shutdown}, {Name: "jobs", Run: p.city.Queue.Stop}},
		Close: []httpserver.Hook{
			{Name: "traces", Run: p.tracing.Shutdown},
			{Name: "city", Run: func(context.Context) error { return p.city.Close() }},
		},
	}.Run(ctx)
}

// start opens the city, alone on a SQLite file, and in development migrates and seeds it.
func start(ctx context.Context, cfg Config, out io.Writer) (*process, error) {
	p := &process{cfg: cfg}
	var err error
	if p.log, err = newLogger(cfg); err != nil {
		return nil, err
	}
	manifest, err := contracts.Load()
	if err != nil {
		return nil, err
	}
	p.metrics = observe.NewMetrics(version, manifest.Names())
	if p.tracing, err = observe.NewTracing(ctx, p.log, observe.TraceOptions{
		Endpoint: cfg.Telemetry.OTLPEndpoint, Service: service, Version: version,
	}); err != nil {
		return nil, err
	}
	options, err := cityOptions(ctx, cfg, p.log)
	if err != nil {
		return nil, err
	}
	if !cfg.IsProduction() {
		p.outbox = push.NewOutbox(clock.System{})
		options.Aside = func(next push.Channel) push.Channel { return alsoInto(p.outbox, next) }
	}
	options.Documents, options.Metrics = manifest, p.metrics
	if p.city, err = wiring.Open(ctx, options); err != nil {
		return nil, err
	}
	if err := p.city.Store.HoldAlone(); err != nil {
		return nil, errors.Join(err, p.city.Close())
	}
	if err := p.prepare(ctx, out); err != nil {
		return nil, errors.Join(err, p.city.Close())
	}
	p.health = observe.NewHealth(p.log,
		observe.Check{Name: "database", Run: p.city.Store.Ping},
		observe.Check{Name: "migrations", Run: p.city.Migrated})
	return p, nil
}

// prepare makes the database fit to serve: production expects it to be, development sees to it.
func (p *process) prepare(ctx context.Context, out io.Writer) error {
	if p.cfg.IsProduction() {
		return p.city.Migrated(ctx)
	}
	if err := p.city.Migrate(ctx); err != nil {
		return err
	}
	if empty, err := seed.Empty(ctx, p.city.DB); err != nil || !empty {
		return err
	}
	err := seedCity(ctx, p.city, seedSize{Citizens: defaultCitizens, Seed: 1}, out)
	if errors.Is(err, seed.ErrNotEmpty) {
		return nil // another replica was quicker
	}
	return err
}

// listen opens the public listener and, when there is one, the admin listener.
func (p *process) listen() ([]httpserver.Listener, error) {
	routes, err := p.routes()
	if err != nil {
		return nil, err
	}
	public, err := p.listener("public", "HTTP_ADDR", p.cfg.HTTP.Addr, routes)
	if err != nil {
		return nil, err
	}
	if p.cfg.HTTP.AdminAddr == "" {
		return []httpserver.Listener{public}, nil
	}
	admin, err := p.listener("admin", "ADMIN_ADDR", p.cfg.HTTP.AdminAddr, observe.AdminHandler(p.metrics, p.health))
	if err != nil {
		return nil, errors.Join(err, public.Net.Close())
	}
	return []httpserver.Listener{public, admin}, nil
}

func (p *process) listener(name, variable, addr string, h http.Handler) (httpserver.Listener, error) {
	l, err := net.Listen("tcp", addr) //nolint:noctx // a listener lives as long as the process
	if err != nil {
		return httpserver.Listener{}, fmt.Errorf("%s: %w", variable, err)
	}
	server := httpserver.New(httpserver.Options{Handler: h, MaxHeader: p.cfg.HTTP.MaxHeader, Log: p.log})
	return httpserver.Listener{Name: name, Server: server, Net: l}, nil
}

// routes are the public paths. What is for development only does not exist in production.
func (p *process) routes() (http.Handler, error) {
	r := chi.NewRouter()
	r.Use(requestid.Middleware, observe.Record, httpserver.ClientIP(p.cfg.HTTP.TrustedProxies),
		observe.AccessLog(p.log, p.metrics), p.tracing.Middleware, httpserver.SecurityHeaders(p.cfg.IsProduction()))
	r.Get("/healthz", p.health.Live)
	r.Get("/readyz", p.health.Ready)
	r.Handle("/graphql", p.city.Edge)
	r.Handle(blobstore.Root+"*", p.city.Files)
	r.Handle(blobstore.Inbox+"*", p.city.Uploads)
	r.Method(http.MethodGet, paycode.WellKnown, p.city.KeySet)
	r.Handle(transit.Path, p.city.Rides)
	if p.city.PayNotices != nil {
		r.Method(http.MethodPost, wechatpay.NotifyPath, p.city.PayNotices)
	}
	r.Mount(wiring.Open311Root, http.StripPrefix(wiring.Open311Root, p.city.Open311))
	if p.cfg.IsProduction() {
		return r, nil
	}
	page := graphiql.Page{Endpoint: "/graphql", Query: firstQuery}
	for _, m := range seed.Cast {
		page.Cast = append(page.Cast, graphiql.Member{Name: m.Key, Roles: m.Roles()})
	}
	playground, err := graphiql.Handler(page)
	if err != nil {
		return nil, err
	}
	r.Handle("/", playground)
	r.Handle("/graphiql/*", playground)
	r.Handle("/dev/outbox", p.outbox)
	return r, nil
}

// clientAddress is the address limits count by.
func clientAddress(r *http.Request) string { return httpserver.ClientIPFrom(r.Context()).String() }

// seedCity fills the database with a progress bar.
func seedCity(ctx context.Context, city *wiring.City, size seedSize, out io.Writer) error {
	bar := newProgress(out, "seeding Hangzhou")
	started := time.Now()
	err := seed.City(ctx, city.Store, city.DB, seed.Options{
		Citizens: size.Citizens, Seed: size.Seed, Clock: clock.System{}, Vault: city.Records.Vault, Progress: bar.set,
	})
	if err != nil {
		return err
	}
	bar.done(fmt.Sprintf("Hangzhou is seeded: %s citizens in %s", strconv.Itoa(size.Citizens+len(seed.Cast)), time.Since(started).Round(time.Millisecond)))
	return nil
}
