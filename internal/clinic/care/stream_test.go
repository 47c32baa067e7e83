package care_test

import (
	"context"
	"testing"
	"time"

	"citygraph/ent/db"
	"citygraph/ent/db/delegation"
	"citygraph/ent/db/helpcall"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/household"
	"citygraph/internal/seed/seedtest"
)

// watched is somebody's stream.
func (w *town) watched(t *testing.T, name string) <-chan *db.HelpCall {
	t.Helper()
	ctx, cancel := context.WithCancel(w.as(t, name))
	t.Cleanup(cancel)
	out, err := w.HelpCalls(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// next fails unless a call comes soon that stands so.
func next(t *testing.T, out <-chan *db.HelpCall, status helpcall.Status, times int) *db.HelpCall {
	t.Helper()
	select {
	case c := <-out:
		if c == nil || c.Status != status || c.Times != times {
			t.Fatalf("watched: %+v, want %s, %d times", c, status, times)
		}
		return c
	case <-time.After(20 * time.Second):
		t.Fatalf("nothing comes; want %s", status)
		return nil
	}
}

func TestWhoWatchesSeesEachChange(t *testing.T) {
	w := open(t)
	w.contract(t)
	_, err := w.HelpCalls(t.Context())
	faulttest.Refused(t, "a visitor", err, fault.Unauthenticated)
	nurse, daughter, stranger := w.watched(t, "xumin"), w.watched(t, "chenjing"), w.watched(t, "maming")
	both := func(status helpcall.Status, times int) {
		t.Helper()
		next(t, nurse, status, times)
		next(t, daughter, status, times)
	}
	c := w.call(t)
	both("OPEN", 1)
	w.call(t)
	both("OPEN", 2)
	late := w.watched(t, "lina") // who connects later is sent what is open
	next(t, late, "OPEN", 2)
	if _, err := w.Acknowledge(w.as(t, "lina"), c.ID); err != nil {
		t.Fatal(err)
	}
	both("ACKNOWLEDGED", 2)
	if _, err := w.Resolve(w.as(t, "lina"), c.ID); err != nil {
		t.Fatal(err)
	}
	both("RESOLVED", 2)
	w.call(t)
	both("OPEN", 1)

	// From the commit that ends the delegation nothing more comes under it.
	w.DB.Delegation.Update().Where(delegation.DelegatorID(w.patient)).SetState(delegation.StateRevoked).ExecX(seedtest.System(t))
	w.hub.Publish(household.Topic(seedtest.Person(t, "chenjing")))
	w.call(t)
	next(t, nurse, "OPEN", 2)
	select {
	case c := <-daughter:
		t.Errorf("she is still told: %+v", c)
	case c := <-stranger:
		t.Errorf("a stranger is told: %+v", c)
	default:
	}
}
