// Package citytest runs a whole city for tests: a fresh migrated and seeded database, the fakes that
// speak the providers' protocols, workers, and the real HTTP handler.
package citytest

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"citygraph/ent/db/notification"
	"citygraph/ent/migrations"
	"citygraph/internal/blobstore"
	"citygraph/internal/clock"
	"citygraph/internal/delivery"
	"citygraph/internal/fake/fcmfake"
	"citygraph/internal/identity"
	bureau "citygraph/internal/insurance/sandbox"
	"citygraph/internal/paycode"
	"citygraph/internal/payment"
	"citygraph/internal/payment/sandbox"
	"citygraph/internal/payment/wechatpay"
	"citygraph/internal/push"
	"citygraph/internal/redisx/redistest"
	"citygraph/internal/seed"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
	"citygraph/internal/transit"
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

// CaseTemplate is the subscribe message in which a city tells of cases.
var CaseTemplate = delivery.Template{ID: "template-of-cases", Title: "thing1", Body: "thing2", Time: "time3"}

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
		Vault: seedtest.Vault(t), PayCodes: payCodes(t), Verifier: identity.Sandbox{}, Payments: []payment.Provider{sandbox.Provider{}},
		Blobs: blobstore.Options{Dir: t.TempDir()}, LinkKey: bytes.Repeat([]byte("l"), 32), CheckInKey: bytes.Repeat([]byte("d"), 32), Grace: 15 * 24 * time.Hour,
		Insurance: bureau.New(), TransitOperators: operators(t),
		WechatTemplates: map[notification.Topic]delivery.Template{notification.TopicCityCase: CaseTemplate},
		Push:            sender, Development: true, Introspection: true, Unlimited: true, Documents: manifest,
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

// FilesDir is the folder the city keeps its files in.
func (c *City) FilesDir() string { return c.options.Blobs.Dir }

// DatabaseURL is where the city keeps its rows.
func (c *City) DatabaseURL() string { return c.options.Database.URL }

// Replica runs another replica on the same database, and the same Redis where there is one, wired alike but for
// the options.
func (c *City) Replica(t testing.TB, options ...Option) *City {
	t.Helper()
	o := c.options
	for _, option := range options {
		option(&o)
	}
	return open(t, o, c.Manifest, c.FCM)
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
	routes := http.NewServeMux()
	routes.Handle("/", counting)
	routes.Handle(blobstore.Root, city.Files)
	routes.Handle(blobstore.Inbox, city.Uploads)
	routes.Handle("GET "+paycode.WellKnown, city.KeySet)
	routes.Handle(transit.Path, city.Rides)
	if city.PayNotices != nil {
		routes.Handle("POST "+wechatpay.NotifyPath, city.PayNotices)
	}
	server := httptest.NewServer(routes)
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

// payCodes is a ring with a key of each suite; the first signs.
func payCodes(t testing.TB) *paycode.Ring {
	t.Helper()
	ring, err := paycode.ParseRing("ed25519:" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("e"), 32)) +
		",sm2:" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("s"), 32)))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// OperatorKey is the key of the operator whose gates a city knows.
const OperatorKey = "the-key-of-an-operator-in-a-test-city"

func operators(t testing.TB) transit.Operators {
	t.Helper()
	list, err := transit.ParseOperators("bus=杭州公交,Hangzhou Bus," + OperatorKey)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
