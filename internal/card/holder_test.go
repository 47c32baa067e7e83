package card_test

import (
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"citygraph/ent/db/citizencard"
	"citygraph/ent/db/ledgeraccount"
	"citygraph/internal/fault"
	"citygraph/internal/fault/faulttest"
	"citygraph/internal/ledger"
	"citygraph/internal/seed/seedtest"
)

// Of many who ask for another card at once one gets it, with the money that was on the lost one; the same key gets the
// same card.
func TestReplaced(t *testing.T) {
	o := open(t)
	lost := o.of(t, "wangguiying")
	holder := o.city.As(t, "wangguiying")
	_, err := o.Replace(holder, uuid.New(), lost.ID)
	faulttest.Refused(t, "a card in use", err, fault.InvalidTransition)
	if _, err := o.ReportLoss(holder, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"chenjing", "fanglei", "maming"} {
		_, err := o.Replace(o.city.As(t, name), uuid.New(), lost.ID)
		faulttest.Refused(t, name, err, fault.NotFound)
	}
	_, err = o.Replace(t.Context(), uuid.New(), lost.ID)
	faulttest.Refused(t, "a visitor", err, fault.Unauthenticated)

	var mu sync.Mutex
	keys := map[string]uuid.UUID{}
	codes := crowd(8, func() error {
		key := uuid.New()
		made, err := o.Replace(holder, key, lost.ID)
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			keys[made.ID] = key
		}
		return err
	})
	if want := map[fault.Code]int{"": 1, fault.InvalidTransition: 7}; !maps.Equal(codes, want) || len(keys) != 1 {
		t.Fatalf("of eight %v, want %v", codes, want)
	}
	now := o.of(t, "wangguiying")
	again, err := o.Replace(holder, keys[now.ID], lost.ID)
	if err != nil || again.ID != now.ID || again.Status != citizencard.StatusActive {
		t.Errorf("asked again: %+v, %v; the card is %s", again, err, now.ID)
	}
	if now.ID == lost.ID || now.AccountID != lost.AccountID || now.Kind != lost.Kind || now.Edges.Account.Balance != lost.Edges.Account.Balance {
		t.Errorf("%+v came for %+v", now, lost)
	}
	if err := o.spend(t, now, 1); err != nil {
		t.Errorf("the new card pays nothing: %v", err)
	}
	_, err = o.CancelLoss(holder, lost.ID)
	faulttest.Refused(t, "the old card is found", err, fault.InvalidTransition)
	if want := []string{"REPORT_LOSS", "REPLACE", "REPLACED"}; !slices.Equal(o.told, want) {
		t.Errorf("told %q, want %q", o.told, want)
	}
	o.sound(t)
}

// A card ends with nothing on it, and its holder can have another, with the account they had.
func TestClosed(t *testing.T) {
	o := open(t)
	mine := o.of(t, "chenjing")
	holder := o.city.As(t, "chenjing")
	_, err := o.Close(holder, mine.ID)
	faulttest.Refused(t, "with money on it", err, fault.CardNotEmpty)
	_, err = o.Issue(holder, uuid.New())
	faulttest.Refused(t, "another card", err, fault.InvalidTransition)
	if o.of(t, "chenjing").Edges.Account.Blocked || len(o.told) != 0 {
		t.Errorf("a refusal left traces: told %q", o.told)
	}
	if err := o.spend(t, mine, mine.Edges.Account.Balance); err != nil {
		t.Fatal(err)
	}
	owed, err := o.Book.Open(t.Context(), ledger.Account{Kind: ledgeraccount.KindSuspense, OwnerID: seedtest.Person(t, "chenjing")})
	if err != nil {
		t.Fatal(err)
	}
	o.move(t, owed.ID, 5)
	_, err = o.Close(holder, mine.ID)
	faulttest.Refused(t, "with debts", err, fault.CreditOwed)
	o.move(t, owed.ID, -5)
	_, err = o.Close(o.city.As(t, "maming"), mine.ID)
	faulttest.Refused(t, "by a stranger", err, fault.NotFound)
	closed, err := o.Close(holder, mine.ID)
	if err != nil || closed.Status != citizencard.StatusClosed {
		t.Fatalf("%+v, %v", closed, err)
	}
	_, err = o.Close(holder, mine.ID)
	faulttest.Refused(t, "closed again", err, fault.InvalidTransition)
	_, err = o.ReportLoss(holder, nil)
	faulttest.Refused(t, "lost without a card", err, fault.CardNotActive)

	next, err := o.Issue(holder, uuid.New())
	if err != nil || next.ID == mine.ID || next.AccountID != mine.AccountID || next.Kind != citizencard.KindNamed {
		t.Errorf("another: %+v, %v", next, err)
	}
	if a := o.of(t, "chenjing").Edges.Account; a.Blocked || *a.Ceiling != caps.Named {
		t.Errorf("its account is %+v", a)
	}
	o.sound(t)
}

// A court's order stops a card that its holder cannot put back; the log alone has the reason.
func TestFrozen(t *testing.T) {
	o := open(t)
	hers := o.of(t, "wangguiying")
	admin, holder := o.city.As(t, "fanglei"), o.city.As(t, "wangguiying")
	for name, c := range map[string]struct {
		as, card, reason string
		want             fault.Code
	}{
		"a visitor":     {"", hers.ID, "x", fault.Unauthenticated},
		"the holder":    {"wangguiying", hers.ID, "x", fault.Forbidden},
		"staff":         {"xumin", hers.ID, "x", fault.Forbidden},
		"no reason":     {"fanglei", hers.ID, " \n", fault.BadUserInput},
		"two lines":     {"fanglei", hers.ID, "a\nb", fault.BadUserInput},
		"a long reason": {"fanglei", hers.ID, longText, fault.BadUserInput},
		"no card":       {"fanglei", hers.AccountID, "x", fault.NotFound},
	} {
		_, err := o.Freeze(o.city.As(t, c.as), c.card, c.reason)
		faulttest.Refused(t, name, err, c.want)
	}
	_, err := o.Unfreeze(admin, hers.ID, "x")
	faulttest.Refused(t, "one in use", err, fault.InvalidTransition)

	if codes := crowd(4, func() error { _, err := o.Freeze(admin, hers.ID, "order 12"); return err }); codes[""] != 1 || codes[fault.InvalidTransition] != 3 {
		t.Errorf("of four %v", codes)
	}
	faulttest.Refused(t, "it pays", o.spend(t, hers, 1), fault.CardNotActive)
	_, err = o.CancelLoss(holder, hers.ID)
	faulttest.Refused(t, "its holder puts it back", err, fault.InvalidTransition)
	if status, err := o.Unfreeze(admin, hers.ID, "order 13"); err != nil || *status != citizencard.StatusActive {
		t.Errorf("unfrozen: %v, %v", status, err)
	}
	if err := o.spend(t, hers, 1); err != nil {
		t.Errorf("it pays nothing: %v", err)
	}
	reasons := []string{}
	for _, deed := range o.DB.AuditEvent.Query().AllX(seedtest.System(t)) {
		if deed.TargetID == hers.ID {
			reasons = append(reasons, deed.Action+" "+deed.Reason)
		}
	}
	slices.Sort(reasons)
	if want := []string{"freezeCard order 12", "unfreezeCard order 13"}; !slices.Equal(reasons, want) {
		t.Errorf("the log has %q, want %q", reasons, want)
	}
}
