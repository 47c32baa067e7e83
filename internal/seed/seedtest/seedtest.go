// Package seedtest gives the tests of a room the demo city to work in: a database of their own with
// the catalogue and the cast, and no server around it.
package seedtest

import (
	"bytes"
	"context"
	"encoding/base64"
	"slices"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/citizencard"
	_ "citygraph/ent/db/runtime" // the row rules
	"citygraph/ent/db/staffrole"
	"citygraph/ent/migrations"
	"citygraph/internal/clock"
	"citygraph/internal/seed"
	"citygraph/internal/store"
	"citygraph/internal/store/storetest"
	"citygraph/internal/vault"
	"citygraph/internal/viewer"
)

// City is a seeded database.
type City struct {
	Store *store.Store
	DB    *db.Client
}

// Open seeds a fresh database: SQLite, or PostgreSQL where the environment names a server. It is
// removed when the test ends.
func Open(t testing.TB) *City {
	t.Helper()
	c := Bare(t)
	if err := seed.City(t.Context(), c.Store, c.DB, seed.Options{Citizens: 5, Seed: 1, Clock: clock.System{}, Vault: Vault(t)}); err != nil {
		t.Fatal(err)
	}
	return c
}

// Vault seals under keys that every test has.
func Vault(t testing.TB) *vault.Vault {
	t.Helper()
	key := bytes.Repeat([]byte("v"), 32)
	ring, err := vault.ParseRing("test:" + base64.StdEncoding.EncodeToString(key))
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.New(ring, vault.AES256GCM, key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Bare is a migrated database with nobody in it.
func Bare(t testing.TB) *City {
	t.Helper()
	s := storetest.Open(t, migrations.Files)
	return &City{Store: s, DB: db.NewClient(db.Driver(s.Driver()))}
}

// Person is the id of a member of the cast, or of one of the children.
func Person(t testing.TB, key string) string {
	t.Helper()
	for _, m := range slices.Concat(seed.Cast, seed.Children) {
		if m.Key == key {
			return m.PersonID()
		}
	}
	t.Fatalf("nobody in the cast is called %q", key)
	return ""
}

// As is a context in which a member of the cast asks, with their roles; nobody for "".
func (c *City) As(t testing.TB, key string) context.Context {
	t.Helper()
	if key == "" {
		return t.Context()
	}
	v := &viewer.Viewer{PersonID: Person(t, key)}
	held, err := c.DB.StaffRole.Query().Where(staffrole.PersonID(v.PersonID)).All(System(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range held {
		v.Roles = append(v.Roles, viewer.Role{Kind: viewer.RoleKind(r.Kind), OrganisationID: r.OrganisationID})
	}
	return viewer.With(t.Context(), v)
}

// System is a context in which the system acts, for what a test looks up or lays out.
func System(t testing.TB) context.Context {
	t.Helper()
	return viewer.AsSystem(t.Context(), "lay out and look at a test")
}

// Clock is a clock that a test turns.
type Clock struct{ now time.Time }

// NewClock shows the present instant until it is turned.
func NewClock() *Clock { return &Clock{now: clock.System{}.Now()} }

// Now is the instant it shows.
func (c *Clock) Now() time.Time { return c.now }

// Turn moves it on. Nobody may read it meanwhile.
func (c *Clock) Turn(d time.Duration) { c.now = c.now.Add(d) }

// PutCard puts a card into a status, as its verbs would but for its account: one that has ended is nobody's.
func PutCard(t testing.TB, c *db.Client, cardID string, status citizencard.Status) {
	t.Helper()
	ctx := System(t)
	card, err := c.CitizenCard.Get(ctx, cardID)
	if err != nil {
		t.Fatal(err)
	}
	update := card.Update().SetStatus(status)
	if status == citizencard.StatusReplaced || status == citizencard.StatusClosed {
		update.ClearHolderID()
	} else {
		update.SetHolderID(card.PersonID)
	}
	if err := update.Exec(ctx); err != nil {
		t.Fatal(err)
	}
}
