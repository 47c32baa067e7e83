package household_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/internal/clock"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	"citygraph/internal/household"
	"citygraph/internal/idempotency"
	"citygraph/internal/live"
	"citygraph/internal/personal"
	"citygraph/internal/scope"
	"citygraph/internal/seed"
	"citygraph/internal/seed/seedtest"
)

// home is the demo city with its register, and what the register told others.
type home struct {
	*household.Register
	city     *seedtest.City
	clock    *moved
	proposed []household.Proposed
	accepted []household.Accepted
	revoked  []household.Revoked
}

// moved is the machine's clock, so much ahead; or one that stands still.
type moved struct {
	by time.Duration
	at time.Time
}

func (m *moved) Now() time.Time {
	if !m.at.IsZero() {
		return m.at
	}
	return clock.System{}.Now().Add(m.by)
}

func open(t *testing.T) *home {
	t.Helper()
	city := seedtest.Open(t)
	h := &home{city: city, clock: &moved{}}
	hub := live.NewHub(nil)
	t.Cleanup(hub.Close)
	bus := event.New()
	event.On(bus, func(_ context.Context, e household.Proposed) error { h.proposed = append(h.proposed, e); return nil })
	event.On(bus, func(_ context.Context, e household.Accepted) error { h.accepted = append(h.accepted, e); return nil })
	event.On(bus, func(_ context.Context, e household.Revoked) error { h.revoked = append(h.revoked, e); return nil })
	h.Register = &household.Register{
		DB: city.DB, Store: city.Store, Clock: h.clock, Events: bus, Hub: hub,
		Once:    idempotency.Ledger{DB: city.DB, Store: city.Store, Clock: h.clock},
		Records: &personal.Records{DB: city.DB, Store: city.Store, Vault: seedtest.Vault(t)},
		Joint:   scope.Of(scope.ReadRecord),
		Limit:   func(context.Context) error { return nil },
	}
	return h
}

// As is a context in which a member of the cast asks.
func (h *home) As(t *testing.T, key string) context.Context { t.Helper(); return h.city.As(t, key) }

// proposal asks a member of the cast to act in some things.
func proposal(t *testing.T, delegate string, scopes ...scope.Scope) household.Proposal {
	t.Helper()
	return household.Proposal{Key: uuid.New(), DelegateID: seedtest.Person(t, delegate), DelegateName: name(t, delegate), Scopes: scopes}
}

// name is the full name of a member of the cast, or of one of the children.
func name(t *testing.T, key string) string {
	t.Helper()
	for _, m := range slices.Concat(seed.Cast, seed.Children) {
		if m.Key == key {
			return m.Name
		}
	}
	t.Fatalf("nobody is called %q", key)
	return ""
}

// given is a delegation from one member of the cast to another that has been accepted.
func (h *home) given(t *testing.T, from, to string, scopes ...scope.Scope) *db.Delegation {
	t.Helper()
	d, err := h.Propose(h.As(t, from), proposal(t, to, scopes...))
	if err != nil {
		t.Fatal(err)
	}
	if d, err = h.Accept(h.As(t, to), d.ID); err != nil {
		t.Fatal(err)
	}
	return d
}

// may reports whether one may do something for another now.
func (h *home) may(t *testing.T, who, whom string, s scope.Scope) bool {
	t.Helper()
	_, err := h.For(h.As(t, who), new(seedtest.Person(t, whom)), s)
	if code := fault.CodeOf(err); code != "" && code != fault.DelegationScope {
		t.Fatal(err)
	}
	return err == nil
}

// told are the keys of who is told what somebody is told.
func (h *home) told(t *testing.T, whom string, among ...string) []string {
	t.Helper()
	ids, err := h.Told(t.Context(), seedtest.Person(t, whom))
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, key := range among {
		if slices.Contains(ids, seedtest.Person(t, key)) {
			keys = append(keys, key)
		}
	}
	if len(keys) != len(ids) {
		t.Fatalf("%d are told, known are %v", len(ids), keys)
	}
	return keys
}
