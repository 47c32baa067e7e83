// Package citytest runs a whole city for tests: a fresh migrated and seeded database, the fakes that
// speak the providers' protocols, workers, and the real HTTP handler.
package citytest

import (
	"bytes"
	"context"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"citygraph/ent/migrations"
	"citygraph/internal/clock"
	"citygraph/internal/fake/fcmfake"
	"citygraph/internal/identity"
	"citygraph/internal/push"
	"citygraph/internal/redisx/redistest"
	"citygraph/internal/seed"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
	contracts "citygraph/mobile-contracts"
	"citygraph/server/wiring"
)

// City is one replica behind a real HTTP listener.
type City struct {
	*wiring.City
	URL      string // of the listener, without a path
	FCM      *fcmfake.Server
	Manifest *contracts.Manifest

	options  wiring.Options
	listener *httptest.Server
	stopping sync.Once
	meter    *meter
}

// Option changes how the city is wired.
type Option func(*wiring.Options)

// Redis has the city and its replicas share a Redis.
func Redis(server *redistest.Server) Option {
	return func(o *wiring.Options) { o.RedisURL, o.Redis = server.URL(), server.Options() }
}

// Start runs a city on a fresh database: SQLite, or PostgreSQL where the environment names a server.
// It is stopped when the test ends.
func Start(t testing.TB, options ...Option) *City {
	t.Helper()
	fcm := fcmfake.New()
	google := httptest.NewServer(fcm.Handler())
	t.Cleanup(google.Close)
	sender, err := push.NewFCM(t.Context(), push.FCMOptions{ProjectID: "citygraph-test", Endpoint: google.URL + "/v1"})
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := contracts.Load()
	if err != nil {
		t.Fatal(err)
	}
	o := wiring.Options{
		Database:   store.Options{URL: storetest.URL(t, migrations.Files), Synchronous: "OFF", MaxConns: 8},
		SigningKey: bytes.Repeat([]byte("k"), 32), CursorKey: bytes.Repeat([]byte("c"), 32),
		AccessTTL: 15 * time.Minute, RefreshTTL: 24 * time.Hour,
		Vault: seedtest.Vault(t), Verifier: identity.Sandbox{},
		Push: sender, Development: true, Introspection: true, Unlimited: true, Documents: manifest,
		Clock: clock.System{}, Log: zerolog.New(os.Stderr).Level(zerolog.WarnLevel),
	}
	for _, option := range options {
		option(&o)
	}
	c := open(t, o, manifest, fcm)
	err = seed.City(t.Context(), c.Store, c.DB, seed.Options{Citizens: 20, Seed: 1, Clock: o.Clock, Vault: o.Vault})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// DatabaseURL is where the city keeps its rows.
func (c *City) DatabaseURL() string { return c.options.Database.URL }

// Replica runs another replica on the same database, and the same Redis where there is one.
func (c *City) Replica(t testing.TB) *City {
	t.Helper()
	return open(t, c.options, c.Manifest, c.FCM)
}

func open(t testing.TB, o wiring.Options, manifest *contracts.Manifest, fcm *fcmfake.Server) *City {
	t.Helper()
	city, err := wiring.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := city.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	counting := &meter{next: city.Edge}
	server := httptest.NewServer(counting)
	c := &City{City: city, URL: server.URL, FCM: fcm, Manifest: manifest, options: o, listener: server, meter: counting}
	t.Cleanup(func() { c.Stop(t) })
	return c
}

// Stop ends the replica as SIGTERM does: streams are told to go elsewhere, requests and jobs are
// finished. The end of the test does it for every replica still running.
func (c *City) Stop(t testing.TB) {
	t.Helper()
	c.stopping.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		for _, stop := range []func() error{
			func() error { return c.Edge.Shutdown(ctx) },
			func() error { c.listener.Close(); return c.Queue.Stop(ctx) },
			c.Close,
		} {
			if err := stop(); err != nil {
				t.Error(err)
			}
		}
	})
}

// Eventually fails the test unless ok holds within a generous time; it polls.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
