package grant_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"citygraph/internal/clock"
	"citygraph/internal/fault"
	"citygraph/internal/grant"
	"citygraph/internal/idempotency"
	"citygraph/internal/seed/seedtest"
)

const template, other = "template-1", "template-2"

func open(t *testing.T) (*seedtest.City, *grant.Grants) {
	t.Helper()
	c := seedtest.Open(t)
	return c, &grant.Grants{
		DB: c.DB, Store: c.Store, Clock: clock.System{}, Templates: []string{template, other},
		Once: idempotency.Ledger{DB: c.DB, Store: c.Store, Clock: clock.System{}},
	}
}

func accept(t *testing.T, c *seedtest.City, g *grant.Grants, member, template string) {
	t.Helper()
	if _, err := g.Record(c.As(t, member), grant.Accept{Key: uuid.New(), Template: template}); err != nil {
		t.Fatal(err)
	}
}

// left are the viewer's counters by template.
func left(t *testing.T, c *seedtest.City, g *grant.Grants, member string) map[string]int {
	t.Helper()
	counters, err := g.Mine(c.As(t, member))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, counter := range counters {
		found[counter.Template] = counter.Remaining
	}
	return found
}

func TestEachPersonAndTemplateHasACounter(t *testing.T) {
	c, g := open(t)
	accept(t, c, g, "chenjing", template)
	accept(t, c, g, "chenjing", template)
	accept(t, c, g, "chenjing", other)
	accept(t, c, g, "maming", template)
	chenjing := seedtest.Person(t, "chenjing")
	if taken, err := g.Take(t.Context(), chenjing, template); err != nil || !taken {
		t.Fatal(taken, err)
	}
	if err := g.Zero(t.Context(), chenjing, other); err != nil {
		t.Fatal(err)
	}
	if got := left(t, c, g, "chenjing"); len(got) != 2 || got[template] != 1 || got[other] != 0 {
		t.Errorf("chenjing has %v", got)
	}
	if got := left(t, c, g, "maming"); len(got) != 1 || got[template] != 1 {
		t.Errorf("maming has %v", got)
	}
	if err := g.GiveBack(t.Context(), chenjing, template); err != nil {
		t.Fatal(err)
	}
	if got := left(t, c, g, "chenjing"); got[template] != 2 {
		t.Errorf("after giving back, chenjing has %v", got)
	}
	if taken, err := g.Take(t.Context(), seedtest.Person(t, "lina"), template); err != nil || taken {
		t.Errorf("lina has accepted nothing: %v, %v", taken, err)
	}
}

// However many take at once, no more is taken than was accepted.
func TestNoMoreIsTakenThanWasAccepted(t *testing.T) {
	c, g := open(t)
	const accepts, takers = 30, 100
	var all sync.WaitGroup
	for range accepts {
		all.Go(func() { accept(t, c, g, "chenjing", template) })
	}
	var taken atomic.Int64
	for range takers {
		all.Go(func() {
			ok, err := g.Take(t.Context(), seedtest.Person(t, "chenjing"), template)
			if err != nil {
				t.Error(err)
			}
			if ok {
				taken.Add(1)
			}
		})
	}
	all.Wait()
	if got := left(t, c, g, "chenjing")[template]; got != accepts-int(taken.Load()) || got < 0 {
		t.Errorf("%d are left of %d after %d were taken", got, accepts, taken.Load())
	}
}

func TestRecordRefuses(t *testing.T) {
	c, g := open(t)
	key := uuid.New()
	if _, err := g.Record(t.Context(), grant.Accept{Key: key, Template: template}); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a visitor: %v", err)
	}
	if _, err := g.Mine(t.Context()); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a visitor asks: %v", err)
	}
	for _, unknown := range []string{"", "another city's"} {
		if _, err := g.Record(c.As(t, "chenjing"), grant.Accept{Key: key, Template: unknown}); fault.CodeOf(err) != fault.BadUserInput {
			t.Errorf("%q: %v", unknown, err)
		}
	}
	for range 2 {
		if got, err := g.Record(c.As(t, "chenjing"), grant.Accept{Key: key, Template: template}); err != nil || got.Remaining != 1 {
			t.Errorf("the same key: %+v, %v", got, err)
		}
	}
	if _, err := g.Record(c.As(t, "chenjing"), grant.Accept{Key: key, Template: other}); fault.CodeOf(err) != fault.IdempotencyKeyReused {
		t.Errorf("the key for another template: %v", err)
	}
}
