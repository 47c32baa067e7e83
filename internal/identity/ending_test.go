package identity_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"citygraph/ent/db"
	"citygraph/ent/db/auditevent"
	"citygraph/ent/db/device"
	"citygraph/ent/db/idempotencyrecord"
	"citygraph/ent/db/identity"
	"citygraph/ent/db/personaldata"
	"citygraph/ent/db/session"
	"citygraph/ent/db/staffrole"
	"citygraph/internal/event"
	"citygraph/internal/fault"
	accounts "citygraph/internal/identity"
	"citygraph/internal/seed/seedtest"
	"citygraph/internal/store"
	"citygraph/internal/viewer"
)

// ask has the viewer of ctx ask for the end of their account.
func (h *house) ask(t *testing.T, ctx context.Context) *db.Person {
	t.Helper()
	me, err := h.DeleteAccount(ctx, uuid.New())
	if err != nil {
		t.Fatal(err)
	}
	return me
}

func TestDeletionIsAskedForAndTakenBack(t *testing.T) {
	h := open(t)
	var heard []accounts.DeletionAsked
	event.On(h.Events, func(_ context.Context, e accounts.DeletionAsked) error { heard = append(heard, e); return nil })
	here, tokens := h.newcomer(t, "lin")
	me := viewer.From(here).PersonID
	_, elsewhere := h.newcomer(t, "lin")
	_, third := h.newcomer(t, "lin")
	watch, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := told(watch, h.Ended, h.viewer(t, elsewhere.AccessToken).SessionID)

	key, due := uuid.New(), h.clock.Now().Add(grace)
	for range 2 { // the phone in the lift sends it again
		asked, err := h.DeleteAccount(here, key)
		if err != nil || asked.DeletionDueAt == nil || !asked.DeletionDueAt.Equal(due) {
			t.Fatalf("due %v, %v", asked, err)
		}
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("open connections of the other session are not told")
	}
	if h.viewerOf(t, elsewhere) != nil || h.viewerOf(t, third) != nil || h.viewerOf(t, tokens) == nil {
		t.Error("the wrong sessions ended")
	}
	h.clock.Turn(time.Minute)
	if again := h.ask(t, here); !again.DeletionDueAt.Equal(due) {
		t.Errorf("to ask again moves the date to %s", again.DeletionDueAt)
	}
	if len(heard) != 1 || heard[0].PersonID != me || !heard[0].DueAt.Equal(due) {
		t.Errorf("told of %+v", heard)
	}
	for range 2 { // the second changes nothing
		kept, err := h.KeepAccount(here)
		if err != nil || kept.DeletionDueAt != nil {
			t.Fatalf("kept %v, %v", kept, err)
		}
	}
	h.clock.Turn(2 * grace)
	if err := h.EndDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p := h.DB.Person.GetX(seedtest.System(t), me); p.DeletedAt != nil {
		t.Error("an account that was kept has ended")
	}
	for action, want := range map[string]int{"deleteMyAccount": 1, "keepMyAccount": 1, "endSession": 2, "endAccount": 0} {
		if n := h.DB.AuditEvent.Query().Where(auditevent.Action(action), auditevent.SubjectID(me)).CountX(seedtest.System(t)); n != want {
			t.Errorf("%d entries of %s, want %d", n, action, want)
		}
	}
}

// An account is ended only by who has signed in just now.
func TestDeletionNeedsARecentSignIn(t *testing.T) {
	h := open(t)
	stale, _ := h.newcomer(t, "lin")
	h.clock.Turn(16 * time.Minute)
	for name, ctx := range map[string]context.Context{
		"a visitor":                    t.Context(),
		"a session of sixteen minutes": stale,
		"a bearer without a session":   viewer.With(t.Context(), h.viewer(t, "firebase:uid-1")),
	} {
		_, err := h.DeleteAccount(ctx, uuid.New())
		if got := fault.CodeOf(err); got != fault.Unauthenticated {
			t.Errorf("%s: %q", name, got)
		}
	}
	_, err := h.KeepAccount(t.Context())
	code(t, err, fault.Unauthenticated)
	if n := h.DB.IdempotencyRecord.Query().Where(idempotencyrecord.Operation("deleteMyAccount")).CountX(seedtest.System(t)); n != 0 {
		t.Errorf("%d requests are remembered", n)
	}
	fresh, _ := h.newcomer(t, "lin")
	if me := h.ask(t, fresh); me.DeletionDueAt == nil {
		t.Error("after a fresh sign-in it is refused")
	}
}

// However many sessions a person has, ending the others costs the same.
func TestEndingTheOthersCostsTheSameForMany(t *testing.T) {
	h := open(t)
	cost := func(name string, sessions int) int {
		t.Helper()
		for range sessions {
			h.newcomer(t, name)
		}
		asks, _ := h.newcomer(t, name)
		ctx, counter := store.CountStatements(asks)
		h.ask(t, ctx)
		return counter.Statements()
	}
	if few, many := cost("few", 1), cost("many", 30); few != many {
		t.Errorf("%d statements for one session, %d for thirty", few, many)
	}
}

// settled is a bound person with everything the room keeps: an account, a phone, a role.
func (h *house) settled(t *testing.T, name string, order int) (context.Context, string) {
	t.Helper()
	ctx, _ := h.newcomer(t, name)
	me := viewer.From(ctx).PersonID
	if _, err := h.BindIdentity(ctx, claim(order)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.RegisterDevice(ctx, phone("phone-of-"+name)); err != nil {
		t.Fatal(err)
	}
	h.DB.StaffRole.Create().SetPersonID(me).SetKind(staffrole.KindAuditor).ExecX(seedtest.System(t))
	return ctx, me
}

// left counts the rows of a person that must go.
func (h *house) left(t *testing.T, personID string) map[string]int {
	t.Helper()
	system := seedtest.System(t)
	return map[string]int{
		"personal data": h.DB.PersonalData.Query().Where(personaldata.PersonID(personID)).CountX(system),
		"accounts":      h.DB.Identity.Query().Where(identity.PersonID(personID)).CountX(system),
		"sessions":      h.DB.Session.Query().Where(session.PersonID(personID)).CountX(system),
		"devices":       h.DB.Device.Query().Where(device.PersonID(personID)).CountX(system),
		"roles":         h.DB.StaffRole.Query().Where(staffrole.PersonID(personID)).CountX(system),
		"requests":      h.DB.IdempotencyRecord.Query().Where(idempotencyrecord.ActorID(personID)).CountX(system),
	}
}

// holds fails unless every kind of row is there, or none is.
func (h *house) holds(t *testing.T, personID string, want bool) {
	t.Helper()
	for what, n := range h.left(t, personID) {
		if (n > 0) != want {
			t.Errorf("%d %s of %s", n, what, personID)
		}
	}
}

func TestTheEndLeavesATombstone(t *testing.T) {
	h := open(t)
	ctx, me := h.settled(t, "lin", 20)
	system := seedtest.System(t)
	h.DB.Person.UpdateOneID(me).SetMaskedPhone("138****0000").SetLanguage("en").SetDistrictID(h.DB.District.Query().FirstIDX(system)).ExecX(system)
	before := h.DB.PersonalData.Query().Where(personaldata.PersonID(me)).OnlyX(system)
	h.ask(t, ctx)
	gone := told(t.Context(), h.Gone, me)

	h.clock.Turn(grace - time.Second)
	if err := h.EndDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.holds(t, me, true)
	h.clock.Turn(time.Second)
	for range 2 { // the job runs twice
		if err := h.EndDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	h.holds(t, me, false)
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Error("open connections are not told")
	}
	stone := h.DB.Person.GetX(system, me)
	if stone.DeletedAt == nil || stone.Name != "" || stone.MaskedIDNumber != "" || stone.MaskedPhone != "" || stone.DistrictID != "" || stone.Language == "en" {
		t.Errorf("the tombstone says %v", stone)
	}
	if n := h.DB.AuditEvent.Query().Where(auditevent.Action("endAccount"), auditevent.SubjectID(me), auditevent.ActorID("")).CountX(system); n != 1 {
		t.Errorf("%d entries of the end", n)
	}
	// Neither the row nor its key is anywhere to open it with, not even under the same number.
	if n := h.DB.PersonalData.Query().Where(personaldata.Or(
		personaldata.ID(before.ID), personaldata.DataKey(before.DataKey), personaldata.IDNumberIndex(before.IDNumberIndex))).CountX(system); n != 0 {
		t.Errorf("%d rows of the data are left", n)
	}
	if data, err := h.Records.Mine(ctx, me); data != nil || err != nil {
		t.Errorf("the data open: %v", err)
	}
	// Whoever signs in with the same account is somebody new, also under the same number.
	again, _ := h.newcomer(t, "lin")
	if viewer.From(again).PersonID == me {
		t.Error("the account signs in as who is gone")
	}
	bound, err := h.BindIdentity(again, claim(20))
	if err != nil || bound.PersonID != viewer.From(again).PersonID {
		t.Errorf("the number is bound to %+v, %v", bound, err)
	}
}

// What a request under way wrote after the end goes with the next round, and handlers are told again.
func TestStragglersAreSweptUp(t *testing.T) {
	h := open(t)
	told := 0
	event.On(h.Events, func(context.Context, accounts.Deleted) error { told++; return nil })
	ctx, me := h.settled(t, "lin", 22)
	h.ask(t, ctx)
	h.clock.Turn(grace)
	if err := h.EndDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	late := viewer.With(t.Context(), &viewer.Viewer{PersonID: me})
	if _, err := h.RegisterDevice(late, phone("late")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.BindIdentity(late, claim(22)); err != nil {
		t.Fatal(err)
	}
	h.clock.Turn(time.Minute)
	if err := h.EndDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.holds(t, me, false)
	h.clock.Turn(time.Hour)
	if err := h.EndDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if told != 2 {
		t.Errorf("told %d times", told)
	}
}

// An account that cannot be ended stays whole and keeps none of the others.
func TestOneEndThatFailsKeepsNoOther(t *testing.T) {
	h := open(t)
	stuck := errors.New("stuck")
	first, one := h.settled(t, "one", 24)
	second, two := h.settled(t, "two", 26)
	event.On(h.Events, func(_ context.Context, e accounts.Deleted) error {
		if e.PersonID == one {
			return stuck
		}
		return nil
	})
	h.ask(t, first)
	h.ask(t, second)
	h.clock.Turn(grace)
	if err := h.EndDue(t.Context()); !errors.Is(err, stuck) {
		t.Errorf("nobody learns of it: %v", err)
	}
	h.holds(t, one, true)
	h.holds(t, two, false)
	if p := h.DB.Person.GetX(seedtest.System(t), one); p.DeletedAt != nil || p.Name == "" {
		t.Errorf("the one that failed is %v", p)
	}
}

// Whoever keeps the account while its end is under way has all of it or nothing, whichever came first.
func TestKeepingRacesWithTheEnd(t *testing.T) {
	h := open(t)
	people := map[string]context.Context{}
	for i, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		ctx, me := h.settled(t, name, 30+2*i)
		h.ask(t, ctx)
		people[me] = ctx
	}
	h.clock.Turn(grace)
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			if err := h.EndDue(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	for _, ctx := range people {
		all.Go(func() {
			if _, err := h.KeepAccount(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for me := range people {
		p := h.DB.Person.GetX(seedtest.System(t), me)
		if p.DeletionDueAt != nil {
			t.Errorf("%s is neither kept nor ended", me)
		}
		h.holds(t, me, p.DeletedAt == nil)
	}
}
